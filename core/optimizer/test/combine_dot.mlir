// RUN: tilesdk-opt %s --tile-combine-dot | FileCheck %s

// CHECK-LABEL: @either_side
// CHECK-SAME: (%[[A:.*]]: tensor<4x4xf16>, %[[C:.*]]: tensor<4x4xf32>)
// CHECK: %[[D:.*]] = tile.dot %[[A]], %[[A]], %[[C]] max_imprecise_acc = 8
// CHECK: %[[E:.*]] = tile.dot %[[A]], %[[A]], %[[D]] : tensor
// CHECK-NOT: addf
// CHECK: return %[[E]]
func.func @either_side(%a: tensor<4x4xf16>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x4xf32>
  %0 = tile.dot %a, %a, %z max_imprecise_acc = 8 : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf32>
  %1 = arith.addf %0, %c : tensor<4x4xf32>
  %2 = tile.dot %a, %a, %z : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf32>
  %3 = arith.addf %1, %2 : tensor<4x4xf32>
  return %3 : tensor<4x4xf32>
}

// CHECK-LABEL: @integers
// CHECK-SAME: (%[[A:.*]]: tensor<4x4xi8>, %[[C:.*]]: tensor<4x4xi32>)
// CHECK: %[[D:.*]] = tile.dot %[[A]], %[[A]], %[[C]]
// CHECK: return %[[D]]
func.func @integers(%a: tensor<4x4xi8>, %c: tensor<4x4xi32>) -> tensor<4x4xi32> {
  %z = arith.constant dense<0> : tensor<4x4xi32>
  %0 = tile.dot %a, %a, %z : tensor<4x4xi8>, tensor<4x4xi8> -> tensor<4x4xi32>
  %1 = arith.addi %c, %0 : tensor<4x4xi32>
  return %1 : tensor<4x4xi32>
}

// A second use needs the bare product; another accumulator is not lost.
// CHECK-LABEL: @kept
// CHECK-COUNT-2: arith.addf
func.func @kept(%a: tensor<4x4xf16>, %c: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %z = arith.constant dense<0.0> : tensor<4x4xf32>
  %one = arith.constant dense<1.0> : tensor<4x4xf32>
  %0 = tile.dot %a, %a, %z : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf32>
  %1 = arith.addf %0, %c : tensor<4x4xf32>
  %2 = tile.dot %a, %a, %one : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf32>
  %3 = arith.addf %2, %c : tensor<4x4xf32>
  return %0, %1, %3 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}
