// RUN: simt-lower %s | FileCheck %s

#a = #simt.layout<"(dim0: 256) { register: (1) (2); lane: (4) (8) (16) (32) (64); warp: (128) }">
#turned = #simt.layout<"(dim0: 256) { register: (2) (1); lane: (4) (8) (16) (32) (64); warp: (128) }">
#swapped = #simt.layout<"(dim0: 256) { register: (1) (4); lane: (2) (8) (16) (32) (64); warp: (128) }">
#rows = #simt.layout<"(dim0: 128) { register: (64); lane: (1) (2) (4) (8) (16); warp: (32) }">
#columns = #simt.layout<"(dim0: 128) { register: (1); lane: (4) (8) (16) (32) (64); warp: (2) }">
#low = #simt.layout<"(dim0: 32) { register:; lane: (1) (2) (4) (8) (0); warp: (16) }">
#high = #simt.layout<"(dim0: 32) { register: (1) (2) (4); lane: (0) (0) (0) (0) (8); warp: (16) }">
#three = #simt.layout<"(dim0: 96) { register: 3*(32); lane: (1) (2) (4) (8) (16); warp: (0) }">
#third = #simt.layout<"(dim0: 3*32) { register: 3*(1); lane: (3) (6) (12) (24) (48); warp: (0) }">

// Registers change names, nothing is emitted.
// CHECK-LABEL: define void @rename(
// CHECK-NOT: select
// CHECK-NOT: shuffle
// CHECK: ret void
func.func @rename(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %x = tile.make_range 0, 256 : tensor<256xi32, #a>
  %y = simt.convert_layout %x : tensor<256xi32, #a> -> tensor<256xi32, #turned>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<256x!tile.ptr<i32>, #turned>
  %q = tile.addptr %ps, %y : tensor<256x!tile.ptr<i32>, #turned>, tensor<256xi32, #turned>
  tile.store %q, %y : tensor<256x!tile.ptr<i32>, #turned>
  return
}

// Neighbouring lanes exchange half of their registers: selects before and behind
// one shuffle for each pair; two halves travel in one word.
// CHECK-LABEL: define void @lanes(
// CHECK: %[[ODD:.*]] = icmp ne i32
// CHECK-COUNT-4: select i1 %[[ODD]], i32
// CHECK-COUNT-2: call i32 @tsdk.shuffle.xor.1.b32(i32
// CHECK-NOT: shuffle.xor
// CHECK-COUNT-4: select i1 %[[ODD]], i32
// CHECK: bitcast <2 x i16> %{{.*}} to i32
// CHECK: bitcast <2 x i16> %{{.*}} to i32
// CHECK-COUNT-1: call i32 @tsdk.shuffle.xor.1.b32(i32
// CHECK-NOT: shuffle.xor
// CHECK: ret void
func.func @lanes(%p: !tile.ptr<i32>, %h: !tile.ptr<i16>) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %x = tile.make_range 0, 256 : tensor<256xi32, #a>
  %y = simt.convert_layout %x : tensor<256xi32, #a> -> tensor<256xi32, #swapped>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<256x!tile.ptr<i32>, #swapped>
  %q = tile.addptr %ps, %y : tensor<256x!tile.ptr<i32>, #swapped>, tensor<256xi32, #swapped>
  tile.store %q, %y : tensor<256x!tile.ptr<i32>, #swapped>
  %xs = arith.trunci %x : tensor<256xi32, #a> to tensor<256xi16, #a>
  %z = simt.convert_layout %xs : tensor<256xi16, #a> -> tensor<256xi16, #swapped>
  %hs = tile.splat %h : !tile.ptr<i16> -> tensor<256x!tile.ptr<i16>, #swapped>
  %hq = tile.addptr %hs, %y : tensor<256x!tile.ptr<i16>, #swapped>, tensor<256xi32, #swapped>
  tile.store %hq, %z : tensor<256x!tile.ptr<i16>, #swapped>
  return
}

// Between warps by way of shared memory, at the place that allocation gave.
// CHECK: ; {{.*}}
// CHECK-LABEL: define void @warps(
// CHECK: %[[S:.*]] = getelementptr i8, ptr addrspace(3) %{{.*}}, i32 512
// CHECK: store {{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.barrier()
// CHECK: load {{.*}}, ptr addrspace(3)
// CHECK-NOT: tsdk.barrier
// CHECK: ret void
func.func @warps(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 2 : i32, simt.shared_bytes = 1024 : i32} {
  %x = tile.make_range 0, 128 : tensor<128xi32, #rows>
  %y = simt.convert_layout %x {simt.scratch = 512 : i32} : tensor<128xi32, #rows> -> tensor<128xi32, #columns>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<128x!tile.ptr<i32>, #columns>
  %q = tile.addptr %ps, %y : tensor<128x!tile.ptr<i32>, #columns>, tensor<128xi32, #columns>
  tile.store %q, %y : tensor<128x!tile.ptr<i32>, #columns>
  return
}

// Digits that do not fit together: by linear index.
// CHECK-LABEL: define void @thirds(
// CHECK-COUNT-3: store i32 %{{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.barrier()
// CHECK-COUNT-3: load i32, ptr addrspace(3)
func.func @thirds(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 2 : i32, simt.shared_bytes = 1024 : i32} {
  %x = tile.make_range 0, 96 : tensor<96xi32, #three>
  %y = simt.convert_layout %x {simt.scratch = 0 : i32} : tensor<96xi32, #three> -> tensor<96xi32, #third>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<96x!tile.ptr<i32>, #third>
  %q = tile.addptr %ps, %y : tensor<96x!tile.ptr<i32>, #third>, tensor<96xi32, #third>
  tile.store %q, %y : tensor<96x!tile.ptr<i32>, #third>
  return
}

// Within a warp the lanes meet even where they run in lockstep: nothing else
// keeps a load behind another lane's store.
// CHECK-LABEL: define void @together(
// CHECK: store i64 %{{.*}}, ptr addrspace(3)
// CHECK-NOT: tsdk.barrier
// CHECK: call void @tsdk.warp.sync()
// CHECK-NOT: tsdk.barrier
// CHECK: load <2 x i64>, ptr addrspace(3)
func.func @together(%p: !tile.ptr<i64>) attributes {tile.kernel, simt.num_warps = 2 : i32, simt.shared_bytes = 1024 : i32} {
  %x = tile.make_range 0, 32 : tensor<32xi32, #low>
  %w = arith.extsi %x : tensor<32xi32, #low> to tensor<32xi64, #low>
  %y = simt.convert_layout %w {simt.scratch = 0 : i32} : tensor<32xi64, #low> -> tensor<32xi64, #high>
  %ps = tile.splat %p : !tile.ptr<i64> -> tensor<32x!tile.ptr<i64>, #high>
  %q = tile.addptr %ps, %y : tensor<32x!tile.ptr<i64>, #high>, tensor<32xi64, #high>
  tile.store %q, %y : tensor<32x!tile.ptr<i64>, #high>
  return
}

// What a lane loads is turned inside of its vectors: half words by rotations,
// bytes by these and reversals, no element by itself.
#t16 = #simt.layout<"(dim0: 64, dim1: 8) { register: (1,0) (0,1) (0,2) (0,4); lane: (2,0) (4,0) (8,0) (16,0) (32,0); warp: }">
#u16 = #simt.layout<"(dim0: 64, dim1: 8) { register: (32,0) (1,0) (0,1) (0,4); lane: (8,0) (16,0) (0,2) (2,0) (5,0); warp: }">
// CHECK-LABEL: define void @halves(
// CHECK-COUNT-2: store <8 x i16> %{{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.warp.sync()
// CHECK: load <4 x i32>, ptr addrspace(3)
// CHECK-NOT: select
// CHECK-COUNT-8: call i32 @llvm.fshl.i32(
// CHECK-NOT: select
// CHECK: ret void
func.func @halves(%p: !tile.ptr<i16>) attributes {tile.kernel, simt.num_warps = 1 : i32, simt.shared_bytes = 1024 : i32} {
  %s = tile.splat %p : !tile.ptr<i16> -> tensor<64x8x!tile.ptr<i16>, #t16>
  %x = tile.load %s : tensor<64x8x!tile.ptr<i16>, #t16>
  %y = simt.convert_layout %x {simt.scratch = 0 : i32, simt.strategy = "shared"} : tensor<64x8xi16, #t16> -> tensor<64x8xi16, #u16>
  %d = tile.splat %p : !tile.ptr<i16> -> tensor<64x8x!tile.ptr<i16>, #u16>
  tile.store %d, %y : tensor<64x8x!tile.ptr<i16>, #u16>
  return
}
#t8 = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,16) (0,1) (0,4) (8,0) (2,0) (0,8); lane: (32,0) (0,2) (4,0) (16,0) (1,0); warp: }">
#u8 = #simt.layout<"(dim0: 64, dim1: 32) { register: (2,0) (0,16) (0,8) (8,0) (0,1) (0,4); lane: (32,0) (0,2) (4,0) (16,0) (3,0); warp: }">
// CHECK-LABEL: define void @bytes(
// CHECK: call void @tsdk.warp.sync()
// CHECK: load <4 x i32>, ptr addrspace(3)
// CHECK: call i32 @llvm.bswap.i32(
// CHECK: call i32 @llvm.fshl.i32(
// CHECK: ret void
func.func @bytes(%p: !tile.ptr<i8>) attributes {tile.kernel, simt.num_warps = 1 : i32, simt.shared_bytes = 2048 : i32} {
  %s = tile.splat %p : !tile.ptr<i8> -> tensor<64x32x!tile.ptr<i8>, #t8>
  %x = tile.load %s : tensor<64x32x!tile.ptr<i8>, #t8>
  %y = simt.convert_layout %x {simt.scratch = 0 : i32, simt.strategy = "shared"} : tensor<64x32xi8, #t8> -> tensor<64x32xi8, #u8>
  %d = tile.splat %p : !tile.ptr<i8> -> tensor<64x32x!tile.ptr<i8>, #u8>
  tile.store %d, %y : tensor<64x32x!tile.ptr<i8>, #u8>
  return
}
