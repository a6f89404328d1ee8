// RUN: simt-lower %s | FileCheck %s

#v = #simt.layout<"(dim0: 256) { register: (1) (2) (4); lane: (8) (16) (32) (64) (128); warp: }">
#c = #simt.layout<"(dim0: 64) { register: (1); lane: (2) (4) (8) (16) (32); warp: (0) (0) }">
#q = #simt.layout<"(dim0: 16) { register: ; lane: (1) (2) (4) (8) (0); warp: (0) }">

// Without a mask a plain access, 16 bytes wide; pairs of i64 too.
// CHECK-LABEL: define void @plain(
// CHECK: load <4 x i32>, ptr addrspace(1) %{{.*}}, align 16
// CHECK-COUNT-4: load <4 x i32>, ptr addrspace(1) %{{.*}}, align 16
// CHECK: store <4 x i32> %{{.*}}, ptr addrspace(1) %{{.*}}, align 16
func.func @plain(%h: !tile.ptr<f16> {tile.divisibility = 16}, %l: !tile.ptr<i64> {tile.divisibility = 16}) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #v>
  %hs = tile.splat %h : !tile.ptr<f16> -> tensor<256x!tile.ptr<f16>, #v>
  %hp = tile.addptr %hs, %r : tensor<256x!tile.ptr<f16>, #v>, tensor<256xi32, #v>
  %x = tile.load %hp : tensor<256x!tile.ptr<f16>, #v>
  %ls = tile.splat %l : !tile.ptr<i64> -> tensor<256x!tile.ptr<i64>, #v>
  %lp = tile.addptr %ls, %r : tensor<256x!tile.ptr<i64>, #v>, tensor<256xi32, #v>
  %y = tile.load %lp : tensor<256x!tile.ptr<i64>, #v>
  %z = arith.fptosi %x : tensor<256xf16, #v> to tensor<256xi64, #v>
  %s = arith.addi %y, %z : tensor<256xi64, #v>
  %t = arith.sitofp %s : tensor<256xi64, #v> to tensor<256xf16, #v>
  tile.store %hp, %t : tensor<256x!tile.ptr<f16>, #v>
  return
}

// An address that is known to be a multiple of 4 bytes: pairs of halves; a mask
// that changes from element to element: one by one.
// CHECK-LABEL: define void @narrow(
// CHECK-COUNT-4: call i32 @tsdk.global.load.b32.cg.evict_first(ptr addrspace(1) %{{.*}}, i1 true, i32 0)
// CHECK-NOT: tsdk.global.load
// CHECK-COUNT-8: call void @tsdk.global.store.b16.wt(ptr addrspace(1) %{{.*}}, i16 %{{.*}}, i1 %{{.*}})
func.func @narrow(%h: !tile.ptr<f16> {tile.divisibility = 4}, %n: i32) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #v>
  %hs = tile.splat %h : !tile.ptr<f16> -> tensor<256x!tile.ptr<f16>, #v>
  %hp = tile.addptr %hs, %r : tensor<256x!tile.ptr<f16>, #v>, tensor<256xi32, #v>
  %x = tile.load %hp cache = cg evict = evict_first : tensor<256x!tile.ptr<f16>, #v>
  %ns = tile.splat %n : i32 -> tensor<256xi32, #v>
  %m = arith.cmpi slt, %r, %ns : tensor<256xi32, #v>
  tile.store %hp, %x mask %m cache = wt : tensor<256x!tile.ptr<f16>, #v>
  return
}

// Every warp loads for itself, the first one stores.
// CHECK-LABEL: define void @copies(
// CHECK: %[[W:.*]] = and i32 %{{.*}}, 3
// CHECK: %[[FIRST:.*]] = icmp eq i32 %[[W]], 0
// CHECK: load <2 x i32>, ptr addrspace(1)
// CHECK-NOT: load
// CHECK: call void @tsdk.global.store.b64(ptr addrspace(1) %{{.*}}, <2 x i32> %{{.*}}, i1 %[[FIRST]])
func.func @copies(%p: !tile.ptr<i32> {tile.divisibility = 16}) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %r = tile.make_range 0, 64 : tensor<64xi32, #c>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<64x!tile.ptr<i32>, #c>
  %pp = tile.addptr %ps, %r : tensor<64x!tile.ptr<i32>, #c>, tensor<64xi32, #c>
  %x = tile.load %pp : tensor<64x!tile.ptr<i32>, #c>
  tile.store %pp, %x : tensor<64x!tile.ptr<i32>, #c>
  return
}

// A mask and copies in lanes and warps together; i1 is a byte in memory.
// CHECK-LABEL: define void @bits(
// CHECK-DAG: and i32 %{{.*}}, 16
// CHECK-DAG: and i32 %{{.*}}, 1
// CHECK: %[[FIRST:.*]] = icmp eq i32 %{{.*}}, 0
// CHECK: %[[B:.*]] = load i8, ptr addrspace(1)
// CHECK: %[[M:.*]] = icmp ne i8 %[[B]], 0
// CHECK: %[[A:.*]] = and i1 %[[M]], %[[FIRST]]
// CHECK: %[[Z:.*]] = zext i1 %[[M]] to i8
// CHECK: call void @tsdk.global.store.b8(ptr addrspace(1) %{{.*}}, i8 %[[Z]], i1 %[[A]])
func.func @bits(%p: !tile.ptr<i1>) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %r = tile.make_range 0, 16 : tensor<16xi32, #q>
  %ps = tile.splat %p : !tile.ptr<i1> -> tensor<16x!tile.ptr<i1>, #q>
  %pp = tile.addptr %ps, %r : tensor<16x!tile.ptr<i1>, #q>, tensor<16xi32, #q>
  %x = tile.load %pp : tensor<16x!tile.ptr<i1>, #q>
  tile.store %pp, %x mask %x : tensor<16x!tile.ptr<i1>, #q>
  return
}

// Scalars: all threads load, one stores.
// CHECK-LABEL: define void @scalar(
// CHECK: %[[OR:.*]] = or i32 %{{.*}}, %{{.*}}
// CHECK: %[[FIRST:.*]] = icmp eq i32 %[[OR]], 0
// CHECK: %[[X:.*]] = call i32 @tsdk.global.load.b32.volatile(ptr addrspace(1) %{{.*}}, i1 true, i32 0)
// CHECK: call void @tsdk.global.store.b32(ptr addrspace(1) %{{.*}}, i32 %[[X]], i1 %[[FIRST]])
func.func @scalar(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %x = tile.load %p volatile : !tile.ptr<i32>
  tile.store %p, %x : !tile.ptr<i32>
  return
}
