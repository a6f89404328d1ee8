// RUN: tilesdk-opt %s --simt-select-matrix="target=warp64" --simt-assign-layouts="target=warp64" 2>/dev/null | FileCheck %s

// On a machine whose products take four elements along k from a lane, and that
// has no loads of matrices: two instructions share eight neighbours; memory runs
// across them in the right operand, so a thread loads eight by eight and turns
// them. Both buffers are filled before either is read, and where elements go
// after the loop is made after the loop.
// CHECK-DAG: #[[LEFT:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8)
// CHECK-DAG: #[[RIGHT:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 256) { register: (0,1) (0,2) (0,4) (1,0) (2,0) (4,0); lane: (0,8)
// CHECK-DAG: #[[A:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) {{.*}} (0,32); lane: (1,0) (2,0) (4,0) (8,0) (0,8) (0,16)
// CHECK-DAG: #[[B:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 256) { register: (1,0) (2,0) (4,0) {{.*}} (32,0); lane: (0,1) (0,2) (0,4) (0,8) (8,0) (16,0)
// CHECK-LABEL: @matmul
// CHECK: scf.for
// CHECK: %[[X:.*]] = tile.load {{.*}}#[[LEFT]]>
// CHECK: %[[XS:.*]] = simt.shared_alloc init %[[X]]
// CHECK: %[[Y:.*]] = tile.load {{.*}}#[[RIGHT]]>
// CHECK: %[[YS:.*]] = simt.shared_alloc init %[[Y]]
// CHECK-NEXT: simt.shared_load %[[YS]] {{.*}}#[[B]]>
// CHECK-NEXT: simt.shared_load %[[XS]] {{.*}}#[[A]]>
// CHECK-NEXT: tile.dot {{.*}} {simt.pack = 2 : i32, simt.row = "m16n16k16.f32.f16", simt.transposed}
// CHECK: scf.yield
// CHECK: tile.make_range
// CHECK: tile.addptr
// CHECK: tile.store
func.func @matmul(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                  %b: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                  %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                  %n: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x256xf32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %r256 = tile.make_range 0, 256 : tensor<256xi32>
  %rows = tile.expand_dims %r64, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %ks = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %columns = tile.expand_dims %r256, 0 : tensor<256xi32> -> tensor<1x256xi32>
  %s64 = arith.constant dense<64> : tensor<64x1xi32>
  %s256 = arith.constant dense<256> : tensor<64x1xi32>
  %ra = arith.muli %rows, %s64 : tensor<64x1xi32>
  %rb = arith.muli %rows, %s256 : tensor<64x1xi32>
  %raw = tile.broadcast %ra : tensor<64x1xi32> -> tensor<64x64xi32>
  %kw = tile.broadcast %ks : tensor<1x64xi32> -> tensor<64x64xi32>
  %rbw = tile.broadcast %rb : tensor<64x1xi32> -> tensor<64x256xi32>
  %cw = tile.broadcast %columns : tensor<1x256xi32> -> tensor<64x256xi32>
  %at = arith.addi %raw, %kw : tensor<64x64xi32>
  %bt = arith.addi %rbw, %cw : tensor<64x256xi32>
  %as = tile.splat %a : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %ap = tile.addptr %as, %at : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %bs = tile.splat %b : !tile.ptr<f16> -> tensor<64x256x!tile.ptr<f16>>
  %bp = tile.addptr %bs, %bt : tensor<64x256x!tile.ptr<f16>>, tensor<64x256xi32>
  %os = tile.splat %o : !tile.ptr<f32> -> tensor<64x256x!tile.ptr<f32>>
  %op = tile.addptr %os, %bt : tensor<64x256x!tile.ptr<f32>>, tensor<64x256xi32>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x256xf32>) : i32 {
    %x = tile.load %ap : tensor<64x64x!tile.ptr<f16>>
    %y = tile.load %bp : tensor<64x256x!tile.ptr<f16>>
    %e = tile.dot %x, %y, %acc : tensor<64x64xf16>, tensor<64x256xf16> -> tensor<64x256xf32>
    scf.yield %e : tensor<64x256xf32>
  }
  tile.store %op, %d : tensor<64x256x!tile.ptr<f32>>
  return
}
