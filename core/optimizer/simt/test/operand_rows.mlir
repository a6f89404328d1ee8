// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix --simt-assign-layouts 2>/dev/null | FileCheck %s

// Rows of both operands begin nobody knows where, so a lane loads element by
// element. It loads eight rows of the same column: sectors are used as a whole,
// what it has goes to the buffer at once, and is read by rows of matrices, of
// the left operand turned, of the right one not.
// CHECK-DAG: #[[LEFT:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 64) { register: (1,0) (2,0) (4,0) {{.*}}; lane: (0,1) (0,2) (0,4) (0,8) (0,16)
// CHECK-DAG: #[[RIGHT:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 128) { register: (1,0) (2,0) (4,0) {{.*}}; lane: (0,1) (0,2) (0,4) (0,8) (0,16)
// CHECK-DAG: #[[A:shared[0-9]*]] = #simt.shared_layout<layout = "(dim0: 64, dim1: 64) { offset: (1,0) (2,0) (4,0)
// CHECK-DAG: #[[B:shared[0-9]*]] = #simt.shared_layout<layout = "(dim0: 64, dim1: 128) { offset: (1,0) (2,0) (4,0)
// CHECK-LABEL: @unknown_rows
// CHECK: %[[X:.*]] = tile.load {{.*}}#[[LEFT]]>
// CHECK: simt.shared_alloc init %[[X]] : {{.*}}#[[A]]>
// CHECK: %[[Y:.*]] = tile.load {{.*}}#[[RIGHT]]>
// CHECK: simt.shared_alloc init %[[Y]] : {{.*}}#[[B]]>
// CHECK: tile.dot
func.func @unknown_rows(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                        %b: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                        %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                        %n: i32, %sa: i32, %sb: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x128xf32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %rows = tile.expand_dims %r64, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %ks = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %columns = tile.expand_dims %r128, 0 : tensor<128xi32> -> tensor<1x128xi32>
  %ssa = tile.splat %sa : i32 -> tensor<64x1xi32>
  %ssb = tile.splat %sb : i32 -> tensor<64x1xi32>
  %ra = arith.muli %rows, %ssa : tensor<64x1xi32>
  %rb = arith.muli %rows, %ssb : tensor<64x1xi32>
  %raw = tile.broadcast %ra : tensor<64x1xi32> -> tensor<64x64xi32>
  %kw = tile.broadcast %ks : tensor<1x64xi32> -> tensor<64x64xi32>
  %rbw = tile.broadcast %rb : tensor<64x1xi32> -> tensor<64x128xi32>
  %cw = tile.broadcast %columns : tensor<1x128xi32> -> tensor<64x128xi32>
  %at = arith.addi %raw, %kw : tensor<64x64xi32>
  %bt = arith.addi %rbw, %cw : tensor<64x128xi32>
  %as = tile.splat %a : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %ap = tile.addptr %as, %at : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %bs = tile.splat %b : !tile.ptr<f16> -> tensor<64x128x!tile.ptr<f16>>
  %bp = tile.addptr %bs, %bt : tensor<64x128x!tile.ptr<f16>>, tensor<64x128xi32>
  %os = tile.splat %o : !tile.ptr<f32> -> tensor<64x128x!tile.ptr<f32>>
  %op = tile.addptr %os, %bt : tensor<64x128x!tile.ptr<f32>>, tensor<64x128xi32>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x128xf32>) : i32 {
    %x = tile.load %ap : tensor<64x64x!tile.ptr<f16>>
    %y = tile.load %bp : tensor<64x128x!tile.ptr<f16>>
    %e = tile.dot %x, %y, %acc : tensor<64x64xf16>, tensor<64x128xf16> -> tensor<64x128xf32>
    scf.yield %e : tensor<64x128xf32>
  }
  tile.store %op, %d : tensor<64x128x!tile.ptr<f32>>
  return
}
