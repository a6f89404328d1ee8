// RUN: split-file %s %t
// RUN: not tile-lower %t/call.mlir 2>&1 | FileCheck %s --check-prefix=CALL
// RUN: not tile-lower %t/argument.mlir 2>&1 | FileCheck %s --check-prefix=ARG
// RUN: not tile-lower %t/region.mlir 2>&1 | FileCheck %s --check-prefix=REGION

//--- call.mlir
// CALL: error: calls are recursive or too many
func.func private @f(%x: i32) -> i32 {
  %0 = func.call @f(%x) : (i32) -> i32
  return %0 : i32
}
func.func @k(%x: i32) attributes {tile.kernel} {
  %0 = func.call @f(%x) : (i32) -> i32
  return
}
//--- argument.mlir
// ARG: error: argument 0 of the kernel is not a scalar
func.func @k(%x: tensor<4xi32>) attributes {tile.kernel} {
  return
}
//--- region.mlir
// REGION: error: operation 'scf.execute_region' is not supported on this target
func.func @k() attributes {tile.kernel} {
  scf.execute_region {
    scf.yield
  }
  return
}
