// RUN: tilesdk-opt %s --simt-allocate-shared --split-input-file | FileCheck %s

#a = #simt.layout<"(dim0: 128) { register: ; lane: (1) (2) (4) (8) (16); warp: (32) (64) }">
#b = #simt.layout<"(dim0: 128) { register: ; lane: (64) (32) (16) (8) (4); warp: (2) (1) }">
#s = #simt.shared_layout<layout = "(dim0: 128) { offset: (1) (2) (4) (8) (16) (32) (64) }", format = "", alignment = 16>
#t = #simt.shared_layout<layout = "(dim0: 128) { offset: (1) (2) (4) (8) (16) (32) (64) }", format = "", alignment = 1024>

// One after the other: the same bytes. An exchange between warps is scratch.
// CHECK-LABEL: func.func @sequence(
// CHECK-SAME: simt.shared_bytes = 512 : i32
func.func @sequence(%x: tensor<128xf32, #a>) -> (tensor<128xf32, #a>, tensor<128xf32, #b>) {
  // CHECK: simt.shared_alloc init {{.*}} {offset = 0 : i32}
  %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  // CHECK: simt.shared_alloc init {{.*}} {offset = 0 : i32}
  %2 = simt.shared_alloc init %1 : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %3 = simt.shared_load %2 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  // CHECK: simt.convert_layout {{.*}} {simt.scratch = 0 : i32}
  %4 = simt.convert_layout %3 : tensor<128xf32, #a> -> tensor<128xf32, #b>
  return %3, %4 : tensor<128xf32, #a>, tensor<128xf32, #b>
}

// A buffer that a loop reads lives until the end of the loop; what the body
// makes for itself lies beside it.
// CHECK-LABEL: func.func @loop(
// CHECK-SAME: simt.shared_bytes = 1024 : i32
func.func @loop(%x: tensor<128xf32, #a>, %n: index) -> tensor<128xf32, #a> {
  // CHECK: simt.shared_alloc init {{.*}} {offset = 0 : i32}
  %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %r = scf.for %i = %n to %n step %n iter_args(%c = %x) -> tensor<128xf32, #a> {
    %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    // CHECK: simt.shared_alloc init {{.*}} {offset = 512 : i32}
    %2 = simt.shared_alloc init %1 : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %3 = simt.shared_load %2 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    scf.yield %3 : tensor<128xf32, #a>
  }
  // CHECK: simt.shared_alloc init {{.*}} {offset = 0 : i32}
  %4 = simt.shared_alloc init %r : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %5 = simt.shared_load %4 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  return %5 : tensor<128xf32, #a>
}

// Alignment, and barriers that stay for good. What is carried by the loop is
// needed all through it.
// CHECK-LABEL: func.func @aligned(
// CHECK-SAME: simt.shared_bytes = 2576 : i32
func.func @aligned(%x: tensor<128xf32, #a>, %n: index) {
  // CHECK: simt.barriers_init count = 1 {offset = 2560 : i32}
  %b = simt.barriers_init count = 1 : !simt.barriers<2>
  // CHECK: simt.shared_alloc {offset = 0 : i32} -> !simt.shared<2x
  %0 = simt.shared_alloc -> !simt.shared<2x128xf32, #t>
  %c0 = arith.constant 0 : i32
  %1 = simt.shared_index %0[%c0] : !simt.shared<2x128xf32, #t> -> !simt.shared<128xf32, #t>
  scf.for %i = %n to %n step %n iter_args(%v = %1) -> !simt.shared<128xf32, #t> {
    // CHECK: simt.shared_alloc init {{.*}} {offset = 2048 : i32}
    %2 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %3 = simt.shared_load %2 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    simt.shared_store %3, %v : tensor<128xf32, #a> -> !simt.shared<128xf32, #t>
    scf.yield %v : !simt.shared<128xf32, #t>
  }
  return
}

// Partitions run at the same time.
// CHECK-LABEL: func.func @partitions(
// CHECK-SAME: simt.shared_bytes = 1024 : i32
func.func @partitions(%x: tensor<128xf32, #a>) attributes {simt.num_warps = 8 : i32} {
  simt.warp_specialize warps = [4, 4] {
    // CHECK: simt.shared_alloc init {{.*}} {offset = 0 : i32}
    %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  }, {
    // CHECK: simt.shared_alloc init {{.*}} {offset = 512 : i32}
    %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  }
  return
}

// Scratch of a reduction across warps, and of an atomic whose result is used.
// CHECK-LABEL: func.func @scratch(
func.func @scratch(%x: tensor<128xf32, #a>, %p: !tile.ptr<i32>, %i: i32) -> (f32, i32) {
  // CHECK: tile.reduce {{.*}} {simt.scratch = 0 : i32}
  %0 = tile.reduce %x axis = 0 : (tensor<128xf32, #a>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tile.yield %s : f32
  }
  // CHECK: tile.atomic_rmw {{.*}} {simt.scratch = 0 : i32}
  %1 = tile.atomic_rmw add relaxed gpu, %p, %i : !tile.ptr<i32>
  // CHECK: tile.atomic_rmw add relaxed gpu, %{{.*}}, %{{.*}} : !tile.ptr<i32>
  %2 = tile.atomic_rmw add relaxed gpu, %p, %i : !tile.ptr<i32>
  return %0, %1 : f32, i32
}
