// RUN: tilesdk-opt %s --simt-select-matrix="target=direct64" --simt-assign-layouts="target=direct64 num-stages=3" --simt-pipeline-loops="target=direct64 num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-select-matrix="target=direct64" --simt-assign-layouts="target=direct64 num-stages=3" --simt-pipeline-loops="target=direct64 num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// The layouts of the loads follow from the buffers': a place of 16 bytes for
// each lane, lane by lane, then warps, then registers; what is swizzled in the
// buffers is swizzled in the loads. The left operand's rows of 64 change places
// eight by eight; the right one's, which the loads from shared memory turn, in
// chunks that hold what a row of lanes names. A wait leaves the four copies of
// one iteration under way.
// CHECK-DAG: #[[LEFT:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (0,32) (1,8) (2,16) (4,32); warp: (8,0) (16,0) }">
// CHECK-DAG: #[[A:shared[0-9]*]] = #simt.shared_layout<layout = "(dim0: 64, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) (32,0) }"
// CHECK-DAG: #[[RIGHT:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (0,32) ([[R:[0-9,]*]]) ([[S:[0-9,]*]]) ([[T:[0-9,]*]]); warp: (8,0) (16,0) }">
// CHECK-DAG: #[[B:shared[0-9]*]] = #simt.shared_layout<layout = "(dim0: 64, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) ([[R]]) ([[S]]) ([[T]]) (8,0) (16,0) (32,0) }"
// CHECK-LABEL: @product
// CHECK: simt.shared_alloc -> !simt.shared<3x64x64xf16, #[[A]]>
// CHECK: simt.shared_alloc -> !simt.shared<3x64x64xf16, #[[B]]>
// CHECK: scf.for
// CHECK: simt.async_wait pending = 1 copies = 4
// CHECK: simt.async_copy "b128" {{.*}}#[[LEFT]]>
// CHECK: simt.async_copy "b128" {{.*}}#[[RIGHT]]>
// CHECK: simt.async_commit
// REMARK: remark: simt-pipeline-loops: asynchronous copies of 16 bytes a lane
// REMARK: remark: simt-pipeline-loops: 3 stages: 2 loads by asynchronous copies, 0 to registers, 49152 bytes of shared memory
func.func @product(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                   %b: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                   %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                   %n: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rows = tile.expand_dims %r64, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %s64 = arith.constant dense<64> : tensor<64x1xi32>
  %ra = arith.muli %rows, %s64 : tensor<64x1xi32>
  %raw = tile.broadcast %ra : tensor<64x1xi32> -> tensor<64x64xi32>
  %cw = tile.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %at = arith.addi %raw, %cw : tensor<64x64xi32>
  %as = tile.splat %a : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %ap = tile.addptr %as, %at : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %bs = tile.splat %b : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %bp = tile.addptr %bs, %at : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %os = tile.splat %o : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %op = tile.addptr %os, %at : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %x = tile.load %ap : tensor<64x64x!tile.ptr<f16>>
    %y = tile.load %bp : tensor<64x64x!tile.ptr<f16>>
    %e = tile.dot %x, %y, %acc : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %e : tensor<64x64xf32>
  }
  tile.store %op, %d : tensor<64x64x!tile.ptr<f32>>
  return
}

// -----

// What a mask leaves out would keep its old contents.
// CHECK-LABEL: @masked
// CHECK-NOT: simt.async_copy
// CHECK: tile.store
// REMARK: remark: simt-pipeline-loops: not an asynchronous copy: what is masked off would not be written
// REMARK: remark: simt-pipeline-loops: not an asynchronous copy: what is masked off would not be written
func.func @masked(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                  %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                  %n: i32 {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rows = tile.expand_dims %r64, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %s64 = arith.constant dense<64> : tensor<64x1xi32>
  %ra = arith.muli %rows, %s64 : tensor<64x1xi32>
  %raw = tile.broadcast %ra : tensor<64x1xi32> -> tensor<64x64xi32>
  %cw = tile.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %at = arith.addi %raw, %cw : tensor<64x64xi32>
  %as = tile.splat %a : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %ap = tile.addptr %as, %at : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %os = tile.splat %o : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %op = tile.addptr %os, %at : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %is = tile.splat %n : i32 -> tensor<64x64xi32>
    %m = arith.cmpi slt, %cw, %is : tensor<64x64xi32>
    %h = arith.constant dense<0.0> : tensor<64x64xf16>
    %x = tile.load %ap mask %m other %h : tensor<64x64x!tile.ptr<f16>>
    %y = tile.load %ap mask %m other %h : tensor<64x64x!tile.ptr<f16>>
    %e = tile.dot %x, %y, %acc : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %e : tensor<64x64xf32>
  }
  tile.store %op, %d : tensor<64x64x!tile.ptr<f32>>
  return
}
