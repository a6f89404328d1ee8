// RUN: split-file %s %t
// RUN: not simt-lower %t/scratch.mlir 2>&1 | FileCheck %s --check-prefix=SCRATCH
// RUN: not simt-lower %t/warps.mlir 2>&1 | FileCheck %s --check-prefix=WARPS
// RUN: not simt-lower %t/op.mlir 2>&1 | FileCheck %s --check-prefix=OP

//--- scratch.mlir
// SCRATCH: error: internal error: 'simt.convert_layout' needs scratch in shared memory, but none was allocated
#a = #simt.layout<"(dim0: 64) { register: ; lane: (1) (2) (4) (8) (16); warp: (32) }">
#b = #simt.layout<"(dim0: 64) { register: ; lane: (2) (4) (8) (16) (32); warp: (1) }">
func.func @k(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %x = tile.make_range 0, 64 : tensor<64xi32, #a>
  %y = simt.convert_layout %x : tensor<64xi32, #a> -> tensor<64xi32, #b>
  return
}
//--- warps.mlir
// WARPS: error: kernels must be of stage simt: structured, with the attribute 'simt.num_warps'
func.func @k() attributes {tile.kernel} {
  return
}
//--- op.mlir
// OP: error: operation 'scf.execute_region' is not supported on this target
func.func @k() attributes {tile.kernel, simt.num_warps = 1 : i32} {
  scf.execute_region {
    scf.yield
  }
  return
}
