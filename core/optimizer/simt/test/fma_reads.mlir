// RUN: tilesdk-opt %s --simt-select-matrix="target=warp64" --simt-assign-layouts="target=warp64" 2>/dev/null | FileCheck %s

// A product without a matrix instruction takes whole rows and columns: what is
// loaded before the loop stays in shared memory and is read in each iteration,
// behind the operand that the iteration fills, by both products that take it.
// CHECK-LABEL: @products
// CHECK: %[[Q:.*]] = simt.shared_alloc init
// CHECK-NOT: simt.shared_load
// CHECK: scf.for
// CHECK: %[[K:.*]] = simt.shared_alloc init
// CHECK: simt.shared_load %[[K]]
// CHECK-NEXT: simt.shared_load %[[Q]]
// CHECK-NEXT: tile.dot
// CHECK-NOT: simt.row
// CHECK: %[[S:.*]] = simt.shared_alloc init
// CHECK: simt.shared_load %[[S]]
// CHECK-NEXT: simt.shared_load %[[Q]]
// CHECK-NEXT: tile.dot
// CHECK: scf.yield
func.func @products(%a: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                    %b: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                    %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                    %n: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = tile.make_range 0, 64 : tensor<64xi32>
  %rows = tile.expand_dims %r, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tile.expand_dims %r, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %s64 = arith.constant dense<64> : tensor<64x1xi32>
  %ra = arith.muli %rows, %s64 : tensor<64x1xi32>
  %raw = tile.broadcast %ra : tensor<64x1xi32> -> tensor<64x64xi32>
  %cw = tile.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %at = arith.addi %raw, %cw : tensor<64x64xi32>
  %as = tile.splat %a : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %ap = tile.addptr %as, %at : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  %bs = tile.splat %b : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %bp = tile.addptr %bs, %at : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  %os = tile.splat %o : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %op = tile.addptr %os, %at : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  %q = tile.load %ap : tensor<64x64x!tile.ptr<f32>>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %k = tile.load %bp : tensor<64x64x!tile.ptr<f32>>
    %s = tile.dot %q, %k, %zero : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
    %e = tile.dot %q, %s, %acc : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
    scf.yield %e : tensor<64x64xf32>
  }
  tile.store %op, %d : tensor<64x64x!tile.ptr<f32>>
  return
}
