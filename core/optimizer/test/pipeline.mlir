// The whole clean-up on a small matrix product.
// RUN: tilesdk-opt %s --tile-pipeline | FileCheck %s

// The helper is inlined and gone; the one marked no_inline stays.
// CHECK-NOT: @helper
// CHECK: func.func private @kept
func.func private @helper(%x: tensor<16x16xf32>, %y: tensor<16x16xf32>, %acc: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %z = arith.constant dense<0.0> : tensor<16x16xf32>
  %d = tile.dot %x, %y, %z : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  %r = arith.addf %acc, %d : tensor<16x16xf32>
  return %r : tensor<16x16xf32>
}
func.func private @kept(%x: i32) -> i32 attributes {no_inline} {
  return %x : i32
}

// The loop carries the accumulator and one scalar offset a pointer;
// no mask is left for the columns, which are in range.
// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[A:[a-z0-9]*]]: !tile.ptr<f32>
// CHECK: call @kept
// CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}, %[[O:.*]] = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<16x16xf32>, i64, i64)
// CHECK:   %[[BASE:.*]] = tile.addptr %[[A]], %[[O]] : !tile.ptr<f32>, i64
// CHECK:   tile.load %{{.*}} : tensor<16x16x!tile.ptr<f32>>
// CHECK:   tile.dot %{{.*}}, %{{.*}}, %[[ACC]] :
// CHECK-NOT: arith.addf
// CHECK: tile.store
func.func @matmul(%a: !tile.ptr<f32>, %b: !tile.ptr<f32>, %k: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c16 = arith.constant 16 : i32
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %r = tile.make_range 0, 16 : tensor<16xi32>
  %e = tile.expand_dims %r, 0 : tensor<16xi32> -> tensor<1x16xi32>
  %col = tile.broadcast %e : tensor<1x16xi32> -> tensor<16x16xi32>
  %f = tile.expand_dims %r, 1 : tensor<16xi32> -> tensor<16x1xi32>
  %ks = tile.splat %k : i32 -> tensor<16x1xi32>
  %g = arith.muli %f, %ks : tensor<16x1xi32>
  %row = tile.broadcast %g : tensor<16x1xi32> -> tensor<16x16xi32>
  %off = arith.addi %row, %col : tensor<16x16xi32>
  %as = tile.splat %a : !tile.ptr<f32> -> tensor<16x16x!tile.ptr<f32>>
  %ap = tile.addptr %as, %off : tensor<16x16x!tile.ptr<f32>>, tensor<16x16xi32>
  %bs = tile.splat %b : !tile.ptr<f32> -> tensor<16x16x!tile.ptr<f32>>
  %bp = tile.addptr %bs, %off : tensor<16x16x!tile.ptr<f32>>, tensor<16x16xi32>
  %lim = arith.constant dense<16> : tensor<16x16xi32>
  %m = arith.cmpi slt, %col, %lim : tensor<16x16xi32>
  %step = arith.constant dense<16> : tensor<16x16xi32>
  %n = func.call @kept(%k) : (i32) -> i32
  %ns = tile.splat %n : i32 -> tensor<16x16xi32>
  %res:4 = scf.for %i = %c0 to %k step %c16 iter_args(%acc = %zero, %pa = %ap, %pb = %bp, %unused = %off) -> (tensor<16x16xf32>, tensor<16x16x!tile.ptr<f32>>, tensor<16x16x!tile.ptr<f32>>, tensor<16x16xi32>) : i32 {
    %x = tile.load %pa mask %m other %zero : tensor<16x16x!tile.ptr<f32>>
    %y = tile.load %pb mask %m other %zero : tensor<16x16x!tile.ptr<f32>>
    %d = func.call @helper(%x, %y, %acc) : (tensor<16x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
    %pa1 = tile.addptr %pa, %step : tensor<16x16x!tile.ptr<f32>>, tensor<16x16xi32>
    %pb1 = tile.addptr %pb, %ns : tensor<16x16x!tile.ptr<f32>>, tensor<16x16xi32>
    %u = arith.addi %unused, %step : tensor<16x16xi32>
    scf.yield %d, %pa1, %pb1, %u : tensor<16x16xf32>, tensor<16x16x!tile.ptr<f32>>, tensor<16x16x!tile.ptr<f32>>, tensor<16x16xi32>
  }
  tile.store %ap, %res#0 : tensor<16x16x!tile.ptr<f32>>
  return
}
