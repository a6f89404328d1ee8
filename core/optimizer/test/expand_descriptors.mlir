// RUN: tilesdk-opt %s --tile-expand-descriptors | FileCheck %s

// The mask compares both coordinates with 0 and with the shape; zeros are what
// a masked load gives, NaN is its `other`.
// CHECK-LABEL: func.func @load
// CHECK-SAME: %[[P:[a-z0-9]+]]: !tile.ptr<f32>, %[[M:[a-z0-9]+]]: i32
// CHECK: %[[ROW:.*]] = tile.expand_dims {{.*}} : tensor<4xi64>
// CHECK: %[[LOW:.*]] = arith.cmpi sge, %[[ROW]]
// CHECK: %[[M64:.*]] = arith.extsi %[[M]] : i32 to i64
// CHECK: arith.cmpi slt, %[[ROW]]
// CHECK: %[[SUM:.*]] = arith.addi {{.*}} : tensor<4x8xi64>
// CHECK: %[[BASE:.*]] = tile.splat %[[P]]
// CHECK: %[[AT:.*]] = tile.addptr %[[BASE]], %[[SUM]]
// CHECK: %[[NAN:.*]] = arith.constant dense<0x7FC00000>
// CHECK: tile.load %[[AT]] mask %{{.*}} other %[[NAN]]
// CHECK-NOT: descriptor_load
func.func @load(%p: !tile.ptr<f32>, %m: i32, %n: i32, %s: i64, %i: i32) -> tensor<4x8xf32> {
  %one = arith.constant 1 : i64
  %t = tile.descriptor_load %p shape[%m, %n] strides[%s, %one] at[%i, %i] padding nan
    : !tile.ptr<f32> -> tensor<4x8xf32>
  return %t : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @store
// CHECK: tile.store %{{.*}}, %{{.*}} mask %{{.*}} : tensor<16x!tile.ptr<i32>>
// CHECK-NOT: descriptor_store
func.func @store(%p: !tile.ptr<i32>, %n: i32, %v: tensor<16xi32>) {
  %one = arith.constant 1 : i64
  tile.descriptor_store %p shape[%n] strides[%one] at[%n], %v
    : !tile.ptr<i32>, tensor<16xi32>
  return
}
