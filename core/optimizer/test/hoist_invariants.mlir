// RUN: tilesdk-opt %s --tile-hoist-invariants | FileCheck %s

// Cheap ops leave the whole nest; the product, the load and what depends on
// the loop stay.
// CHECK-LABEL: @nest
// CHECK: tile.splat
// CHECK: math.exp
// CHECK: scf.for
// CHECK:   scf.for
// CHECK:     tile.load
// CHECK:     tile.dot
// CHECK:     tile.splat
// CHECK:     tile.store
func.func @nest(%p: tensor<4x4x!tile.ptr<f32>>, %s: f32, %a: tensor<4x4xf32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  scf.for %i = %c0 to %n step %c1 : i32 {
    scf.for %j = %c0 to %n step %c1 : i32 {
      %x = tile.load %p : tensor<4x4x!tile.ptr<f32>>
      %t = tile.splat %s : f32 -> tensor<4x4xf32>
      %e = math.exp %t : tensor<4x4xf32>
      %d = tile.dot %a, %a, %e : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
      %o = tile.splat %j : i32 -> tensor<4x4xi32>
      %q = tile.addptr %p, %o : tensor<4x4x!tile.ptr<f32>>, tensor<4x4xi32>
      %y = arith.addf %d, %x : tensor<4x4xf32>
      tile.store %q, %y : tensor<4x4x!tile.ptr<f32>>
    }
  }
  return
}

// A division that could trap and an op with effects are not speculated.
// CHECK-LABEL: @kept
// CHECK: scf.for
// CHECK:   arith.divsi
// CHECK:   tile.extern_elementwise "f"
func.func @kept(%p: !tile.ptr<i32>, %x: i32, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  scf.for %i = %c0 to %n step %c1 : i32 {
    %d = arith.divsi %x, %n : i32
    %e = tile.extern_elementwise "f"(%x) : (i32) -> i32
    tile.store %p, %d : !tile.ptr<i32>
  }
  return
}

// CHECK-LABEL: @disabled
// CHECK: scf.for
// CHECK:   arith.addi
func.func @disabled(%p: !tile.ptr<i32>, %x: i32, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  scf.for %i = %c0 to %n step %c1 : i32 {
    %d = arith.addi %x, %n : i32
    tile.store %p, %d : !tile.ptr<i32>
  } {tile.disable_licm}
  return
}
