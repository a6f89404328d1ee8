// Every op of simt in its written form survives text and generic text.
// RUN: tilesdk-opt %s | tilesdk-opt | FileCheck %s
// RUN: tilesdk-opt %s --mlir-print-op-generic | tilesdk-opt | FileCheck %s

#a = #simt.layout<"(dim0: 64) { register: (32); lane: (1) (2) (4) (8) (16); warp: }">
#b = #simt.layout<"(dim0: 64) { register: (1); lane: (2) (4) (8) (16) (32); warp: }">
#m = #simt.layout<"(dim0: 16, dim1: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: }">
#t = #simt.layout<"(dim0: 8, dim1: 16) { register: (1,0) (0,8); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: }">
#r = #simt.layout<"(dim0: 16) { register: (8); lane: (0) (0) (1) (2) (4); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 64) { offset: (1) (2) (4) (8) (16) (32) }", format = "", alignment = 16>
#k = #simt.shared_layout<layout = "(dim0: 16, dim1: 8) { offset: (0,1) (0,2) (0,4) (1,0) (2,0) (4,0) (8,0) }", format = "swizzle16", alignment = 128>
#k2 = #simt.shared_layout<layout = "(dim0: 8, dim1: 8) { offset: (0,1) (0,2) (0,4) (1,0) (2,0) (4,0) }", format = "", alignment = 16>
#kt = #simt.shared_layout<layout = "(dim0: 8, dim1: 16) { offset: (1,0) (2,0) (4,0) (0,1) (0,2) (0,4) (0,8) }", format = "swizzle16", alignment = 128>

// Equal maps are one attribute, odd repetitions included.
// CHECK-DAG: #[[A:.*]] = #simt.layout<"(dim0: 64) { register: (32); lane: (1) (2) (4) (8) (16); warp: }">
// CHECK-DAG: #[[B:.*]] = #simt.layout<"(dim0: 64) { register: (1); lane: (2) (4) (8) (16) (32); warp: }">
// CHECK-DAG: #[[S:.*]] = #simt.shared_layout<layout = "(dim0: 64) { offset: (1) (2) (4) (8) (16) (32) }", format = "", alignment = 16>
// CHECK-DAG: #[[RED:.*]] = #simt.layout<"(dim0: 16) { register: (8); lane: (0) (0) (1) (2) (4); warp: }">

// CHECK-LABEL: func.func @shared(
// CHECK-SAME: attributes {simt.num_warps = 1 : i32, simt.warp_size = 32 : i32}
func.func @shared(%x: tensor<64xf32, #a>, %y: tensor<16x8xf16, #m>, %i: i32) attributes {simt.num_warps = 1 : i32, simt.warp_size = 32 : i32} {
  // CHECK: simt.convert_layout %{{.*}} {simt.scratch = 0 : i32} : tensor<64xf32, #[[A]]> -> tensor<64xf32, #[[B]]>
  %0 = simt.convert_layout %x {simt.scratch = 0 : i32} : tensor<64xf32, #a> -> tensor<64xf32, #b>
  // CHECK: simt.shared_alloc -> !simt.shared<3x64xf32, #[[S]]>
  %1 = simt.shared_alloc -> !simt.shared<3x64xf32, #s>
  // CHECK: simt.shared_alloc init %{{.*}} : tensor<64xf32, #[[A]]> {offset = 64 : i32} -> !simt.shared<64xf32, #[[S]]>
  %2 = simt.shared_alloc init %x : tensor<64xf32, #a> {offset = 64 : i32} -> !simt.shared<64xf32, #s>
  // CHECK: simt.shared_index %{{.*}}[%{{.*}}] : !simt.shared<3x64xf32, #[[S]]> -> !simt.shared<64xf32, #[[S]]>
  %3 = simt.shared_index %1[%i] : !simt.shared<3x64xf32, #s> -> !simt.shared<64xf32, #s>
  // CHECK: simt.shared_load %{{.*}} : !simt.shared<64xf32, #[[S]]> -> tensor<64xf32, #[[B]]>
  %4 = simt.shared_load %3 : !simt.shared<64xf32, #s> -> tensor<64xf32, #b>
  // CHECK: simt.shared_store %{{.*}}, %{{.*}} : tensor<64xf32, #[[A]]> -> !simt.shared<64xf32, #[[S]]>
  simt.shared_store %x, %3 : tensor<64xf32, #a> -> !simt.shared<64xf32, #s>
  %5 = simt.shared_alloc -> !simt.shared<16x8xf16, #k>
  // CHECK: simt.shared_trans %{{.*}} [1, 0] : !simt.shared<16x8xf16
  %6 = simt.shared_trans %5 [1, 0] : !simt.shared<16x8xf16, #k> -> !simt.shared<8x16xf16, #kt>
  // CHECK: simt.shared_slice %{{.*}} [8, 0] : !simt.shared<16x8xf16
  %7 = simt.shared_slice %5 [8, 0] : !simt.shared<16x8xf16, #k> -> !simt.shared<8x8xf16, #k2>
  return
}

// CHECK-LABEL: func.func @async(
func.func @async(%p: tensor<64x!tile.ptr<f32>, #a>, %mask: tensor<64xi1, #a>, %other: tensor<64xf32, #a>, %b: !simt.shared<64xf32, #s>) {
  // CHECK: simt.async_copy "b32" %{{.*}} to %{{.*}} : tensor<64x!tile.ptr<f32>, #[[A]]> -> !simt.shared<64xf32, #[[S]]>
  %0 = simt.async_copy "b32" %p to %b : tensor<64x!tile.ptr<f32>, #a> -> !simt.shared<64xf32, #s>
  // CHECK: simt.async_copy "b32" %{{.*}} to %{{.*}} mask %{{.*}} other %{{.*}} :
  %1 = simt.async_copy "b32" %p to %b mask %mask other %other : tensor<64x!tile.ptr<f32>, #a> -> !simt.shared<64xf32, #s>
  // CHECK: simt.async_commit(%{{.*}}, %{{.*}})
  %2 = simt.async_commit(%0, %1)
  // CHECK: simt.async_commit()
  %3 = simt.async_commit()
  // CHECK: %[[W:.*]] = simt.async_wait %{{.*}} pending = 1
  %4 = simt.async_wait %2 pending = 1
  // CHECK: simt.shared_load %{{.*}} token %[[W]] :
  %5 = simt.shared_load %b token %4 : !simt.shared<64xf32, #s> -> tensor<64xf32, #a>
  return
}

// CHECK-LABEL: func.func @product(
func.func @product(%a: !simt.shared<16x8xf16, #k>, %b: !simt.shared<8x8xf16, #k2>, %ra: tensor<16x8xf16, #m>, %c: tensor<16x8xf32, #m>, %p: i1, %lo: index, %hi: index) -> tensor<16x8xf32, #m> {
  // CHECK: simt.mma_async "row" %{{.*}}, %{{.*}}, %{{.*}} : !simt.shared<16x8xf16, {{.*}}>, !simt.shared<8x8xf16, {{.*}}> -> tensor<16x8xf32, {{.*}}>
  %0 = simt.mma_async "row" %a, %b, %c : !simt.shared<16x8xf16, #k>, !simt.shared<8x8xf16, #k2> -> tensor<16x8xf32, #m>
  // CHECK: simt.mma_async "row" %{{.*}}, %{{.*}}, %{{.*}} use_acc %{{.*}} : tensor<16x8xf16, {{.*}}>
  %1 = simt.mma_async "row" %ra, %b, %0 use_acc %p : tensor<16x8xf16, #m>, !simt.shared<8x8xf16, #k2> -> tensor<16x8xf32, #m>
  // In flight around a loop.
  %2 = scf.for %i = %lo to %hi step %lo iter_args(%acc = %1) -> (tensor<16x8xf32, #m>) {
    %3 = simt.mma_async "row" %a, %b, %acc : !simt.shared<16x8xf16, #k>, !simt.shared<8x8xf16, #k2> -> tensor<16x8xf32, #m>
    scf.yield %3 : tensor<16x8xf32, #m>
  }
  // CHECK: simt.mma_wait %{{.*}} pending = 0 : tensor<16x8xf32
  %4 = simt.mma_wait %2 pending = 0 : tensor<16x8xf32, #m>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} : !simt.shared<16x8xf16, {{.*}}>, !simt.shared<8x8xf16
  %5 = tile.dot %a, %b, %4 : !simt.shared<16x8xf16, #k>, !simt.shared<8x8xf16, #k2> -> tensor<16x8xf32, #m>
  return %5 : tensor<16x8xf32, #m>
}

// CHECK-LABEL: func.func @boxes(
func.func @boxes(%p: !tile.ptr<f16>, %m: i32, %n: i64, %i: i32, %b: !simt.shared<16x8xf16, #k>) {
  // CHECK: simt.box_map %{{.*}} shape[%{{.*}}, %{{.*}}] strides[%{{.*}}, %{{.*}}] box = [16, 8] format = "swizzle16" : !tile.ptr<f16>
  %0 = simt.box_map %p shape [%m, %m] strides [%n, %n] box = [16, 8] format = "swizzle16" : !tile.ptr<f16>
  // CHECK: %[[R:.*]] = simt.barriers_init count = 1 : !simt.barriers<3>
  %1 = simt.barriers_init count = 1 : !simt.barriers<3>
  // CHECK: simt.barrier_expect %[[R]][%{{.*}}] bytes = 256 : !simt.barriers<3>
  simt.barrier_expect %1[%i] bytes = 256 : !simt.barriers<3>
  // CHECK: simt.box_load %{{.*}}[%{{.*}}, %{{.*}}] to %{{.*}} barrier %[[R]][%{{.*}}] :
  simt.box_load %0[%i, %i] to %b barrier %1[%i] : !simt.shared<16x8xf16, #k>, !simt.barriers<3>
  // CHECK: simt.barrier_wait %[[R]][%{{.*}}], %{{.*}} : !simt.barriers<3>
  simt.barrier_wait %1[%i], %m : !simt.barriers<3>
  // CHECK: simt.barrier_arrive %[[R]][%{{.*}}] : !simt.barriers<3>
  simt.barrier_arrive %1[%i] : !simt.barriers<3>
  // CHECK: simt.fence_async
  simt.fence_async
  // CHECK: simt.box_store %{{.*}} to %{{.*}}[%{{.*}}, %{{.*}}] :
  simt.box_store %b to %0[%i, %i] : !simt.shared<16x8xf16, #k>
  // CHECK: simt.box_store_wait pending = 0{{$}}
  simt.box_store_wait pending = 0
  // CHECK: simt.box_store_wait pending = 0 written
  simt.box_store_wait pending = 0 written
  return
}

// CHECK-LABEL: func.func @partitions(
func.func @partitions() attributes {simt.num_warps = 12 : i32} {
  // CHECK: simt.barrier{{$}}
  simt.barrier
  // CHECK: simt.warp_specialize warps = [4, 8] registers = [40, 232] {
  simt.warp_specialize warps = [4, 8] registers = [40, 232] {
    // CHECK: simt.barrier id = 1 warps = 4
    simt.barrier id = 1 warps = 4
  // CHECK: }, {
  }, {
  }
  return
}

// Ops of tile keep, and infer, layouts.
// CHECK-LABEL: func.func @tile(
func.func @tile(%x: tensor<16x8xf32, #m>, %p: tensor<16x8x!tile.ptr<f32>, #m>, %k: tensor<16x8xi1, #m>) {
  // CHECK: tile.trans {{.*}} -> tensor<8x16xf32, #
  %0 = tile.trans %x [1, 0] : tensor<16x8xf32, #m> -> tensor<8x16xf32, #t>
  // CHECK: tile.reduce {{.*}} -> tensor<16xf32, #[[RED]]>
  %1 = tile.reduce %x axis = 1 : (tensor<16x8xf32, #m>) -> tensor<16xf32, #r> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tile.yield %s : f32
  }
  // CHECK: tile.load %{{.*}} mask %{{.*}} : tensor<16x8x!tile.ptr<f32>, #
  %2 = tile.load %p mask %k : tensor<16x8x!tile.ptr<f32>, #m>
  // CHECK: arith.cmpf {{.*}} : tensor<16x8xf32, #
  %3 = arith.cmpf olt, %2, %x : tensor<16x8xf32, #m>
  return
}
