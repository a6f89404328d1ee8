// RUN: tilesdk-opt %s --tile-simplify --split-input-file | FileCheck %s

// Uniform arithmetic is done once, on scalars, constants included.
// CHECK-LABEL: @elementwise_of_splats
// CHECK-SAME: (%[[X:.*]]: i32, %[[Y:.*]]: i32)
// CHECK: %[[C:.*]] = arith.constant 3 : i32
// CHECK: %[[S:.*]] = arith.muli %[[X]], %[[Y]] : i32
// CHECK: %[[D:.*]] = arith.addi %[[S]], %[[C]] : i32
// CHECK: %[[E:.*]] = arith.extsi %[[D]] : i32 to i64
// CHECK: %[[R:.*]] = tile.splat %[[E]] : i64 -> tensor<8xi64>
// CHECK: return %[[R]]
func.func @elementwise_of_splats(%x: i32, %y: i32) -> tensor<8xi64> {
  %0 = tile.splat %x : i32 -> tensor<8xi32>
  %1 = tile.splat %y : i32 -> tensor<8xi32>
  %c = arith.constant dense<3> : tensor<8xi32>
  %2 = arith.muli %0, %1 : tensor<8xi32>
  %3 = arith.addi %2, %c : tensor<8xi32>
  %4 = arith.extsi %3 : tensor<8xi32> to tensor<8xi64>
  return %4 : tensor<8xi64>
}

// Properties such as the predicate and the rounding go along.
// CHECK-LABEL: @properties
// CHECK-SAME: (%[[X:.*]]: f32, %[[Y:.*]]: f32)
// CHECK-DAG: arith.cmpf ole, %[[X]], %[[Y]] fastmath<nnan> : f32
// CHECK-DAG: tile.fp_to_fp %[[X]] rounding = rtz : f32 -> f16
// CHECK-DAG: math.exp2 %[[X]] : f32
func.func @properties(%x: f32, %y: f32) -> (tensor<8xi1>, tensor<8xf16>, tensor<8xf32>) {
  %0 = tile.splat %x : f32 -> tensor<8xf32>
  %1 = tile.splat %y : f32 -> tensor<8xf32>
  %2 = arith.cmpf ole, %0, %1 fastmath<nnan> : tensor<8xf32>
  %3 = tile.fp_to_fp %0 rounding = rtz : tensor<8xf32> -> tensor<8xf16>
  %4 = math.exp2 %0 : tensor<8xf32>
  return %2, %3, %4 : tensor<8xi1>, tensor<8xf16>, tensor<8xf32>
}

// A select with a scalar condition.
// CHECK-LABEL: @select
// CHECK-SAME: (%[[C:.*]]: i1, %[[X:.*]]: f32, %[[Y:.*]]: f32)
// CHECK: %[[S:.*]] = arith.select %[[C]], %[[X]], %[[Y]] : f32
// CHECK: tile.splat %[[S]]
func.func @select(%c: i1, %x: f32, %y: f32) -> tensor<8xf32> {
  %0 = tile.splat %x : f32 -> tensor<8xf32>
  %1 = tile.splat %y : f32 -> tensor<8xf32>
  %2 = arith.select %c, %0, %1 : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// One operand that is no splat keeps the tensor op.
// CHECK-LABEL: @not_uniform
// CHECK: arith.addi %{{.*}}, %{{.*}} : tensor<8xi32>
func.func @not_uniform(%x: i32, %t: tensor<8xi32>) -> tensor<8xi32> {
  %0 = tile.splat %x : i32 -> tensor<8xi32>
  %1 = arith.addi %0, %t : tensor<8xi32>
  return %1 : tensor<8xi32>
}

// -----

// CHECK-LABEL: @ranges_decided
// CHECK-DAG: %[[T:.*]] = arith.constant dense<true>
// CHECK-DAG: %[[F:.*]] = arith.constant dense<false>
// CHECK: return %[[T]], %[[F]], %[[T]], %[[F]]
func.func @ranges_decided() -> (tensor<64xi1>, tensor<64xi1>, tensor<64xi1>, tensor<64xi1>) {
  %r = tile.make_range 0, 64 : tensor<64xi32>
  %c64 = arith.constant dense<64> : tensor<64xi32>
  %c0 = arith.constant dense<0> : tensor<64xi32>
  %m1 = arith.constant dense<-1> : tensor<64xi32>
  %0 = arith.cmpi slt, %r, %c64 : tensor<64xi32>
  %1 = arith.cmpi slt, %r, %c0 : tensor<64xi32>
  %2 = arith.cmpi uge, %r, %c0 : tensor<64xi32>
  %3 = arith.cmpi eq, %r, %m1 : tensor<64xi32>
  return %0, %1, %2, %3 : tensor<64xi1>, tensor<64xi1>, tensor<64xi1>, tensor<64xi1>
}

// CHECK-LABEL: @ranges_shaped
// CHECK: %[[T:.*]] = arith.constant dense<true> : tensor<64x8xi1>
// CHECK: return %[[T]]
func.func @ranges_shaped() -> tensor<64x8xi1> {
  %r = tile.make_range 0, 64 : tensor<64xi32>
  %o = arith.constant dense<64> : tensor<64xi32>
  %s = arith.addi %r, %o : tensor<64xi32>
  %l = arith.extsi %s : tensor<64xi32> to tensor<64xi64>
  %e = tile.expand_dims %l, 1 : tensor<64xi64> -> tensor<64x1xi64>
  %b = tile.broadcast %e : tensor<64x1xi64> -> tensor<64x8xi64>
  %c = arith.constant dense<128> : tensor<64x8xi64>
  %0 = arith.cmpi slt, %b, %c : tensor<64x8xi64>
  return %0 : tensor<64x8xi1>
}

// One element decides otherwise, or the sign could matter, or the sum wraps.
// CHECK-LABEL: @ranges_open
// CHECK-COUNT-4: arith.cmpi
func.func @ranges_open() -> (tensor<64xi1>, tensor<64xi1>, tensor<64xi1>, tensor<64xi1>) {
  %r = tile.make_range 0, 64 : tensor<64xi32>
  %n = tile.make_range -1, 63 : tensor<64xi32>
  %c63 = arith.constant dense<63> : tensor<64xi32>
  %c64 = arith.constant dense<64> : tensor<64xi32>
  %big = arith.constant dense<2147483647> : tensor<64xi32>
  %sum = arith.addi %r, %big : tensor<64xi32>
  %0 = arith.cmpi slt, %r, %c63 : tensor<64xi32>
  %1 = arith.cmpi ult, %n, %c64 : tensor<64xi32>
  %2 = arith.cmpi ne, %r, %c63 : tensor<64xi32>
  %3 = arith.cmpi sgt, %sum, %c64 : tensor<64xi32>
  return %0, %1, %2, %3 : tensor<64xi1>, tensor<64xi1>, tensor<64xi1>, tensor<64xi1>
}

// -----

// CHECK-LABEL: @select_of_load
// CHECK-SAME: (%[[P:.*]]: tensor<8x!tile.ptr<f32>>, %[[M:.*]]: tensor<8xi1>)
// CHECK: %[[C:.*]] = arith.constant dense<0xFF800000> : tensor<8xf32>
// CHECK: %[[X:.*]] = tile.load %[[P]] mask %[[M]] other %[[C]] : tensor
// CHECK: return %[[X]]
func.func @select_of_load(%p: tensor<8x!tile.ptr<f32>>, %m: tensor<8xi1>) -> tensor<8xf32> {
  %0 = tile.load %p mask %m : tensor<8x!tile.ptr<f32>>
  %c = arith.constant dense<0xFF800000> : tensor<8xf32>
  %1 = arith.select %m, %0, %c : tensor<8xi1>, tensor<8xf32>
  return %1 : tensor<8xf32>
}

// Another mask, a second use or a volatile load keep the select.
// CHECK-LABEL: @select_kept
// CHECK-COUNT-3: arith.select
func.func @select_kept(%p: tensor<8x!tile.ptr<f32>>, %m: tensor<8xi1>, %n: tensor<8xi1>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %c = arith.constant dense<1.0> : tensor<8xf32>
  %0 = tile.load %p mask %m : tensor<8x!tile.ptr<f32>>
  %1 = arith.select %n, %0, %c : tensor<8xi1>, tensor<8xf32>
  %2 = tile.load %p mask %m : tensor<8x!tile.ptr<f32>>
  %3 = arith.select %m, %2, %c : tensor<8xi1>, tensor<8xf32>
  %4 = tile.load %p mask %m volatile : tensor<8x!tile.ptr<f32>>
  %5 = arith.select %m, %4, %c : tensor<8xi1>, tensor<8xf32>
  return %1, %2, %3, %5 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

// CHECK-LABEL: @elementwise_of_broadcasts
// CHECK-SAME: (%[[X:.*]]: tensor<8x1xi32>, %[[Y:.*]]: tensor<8x1xi32>, %[[S:.*]]: i32)
// CHECK: %[[C:.*]] = arith.constant dense<3> : tensor<8x1xi32>
// CHECK: %[[A:.*]] = arith.addi %[[X]], %[[Y]] : tensor<8x1xi32>
// CHECK: %[[T:.*]] = tile.splat %[[S]] : i32 -> tensor<8x1xi32>
// CHECK: %[[M:.*]] = arith.muli %[[A]], %[[T]] : tensor<8x1xi32>
// CHECK: %[[D:.*]] = arith.cmpi slt, %[[M]], %[[C]] : tensor<8x1xi32>
// CHECK: %[[R:.*]] = tile.broadcast %[[D]] : tensor<8x1xi1> -> tensor<8x16xi1>
// CHECK: return %[[R]]
func.func @elementwise_of_broadcasts(%x: tensor<8x1xi32>, %y: tensor<8x1xi32>, %s: i32) -> tensor<8x16xi1> {
  %0 = tile.broadcast %x : tensor<8x1xi32> -> tensor<8x16xi32>
  %1 = tile.broadcast %y : tensor<8x1xi32> -> tensor<8x16xi32>
  %2 = arith.addi %0, %1 : tensor<8x16xi32>
  %3 = tile.splat %s : i32 -> tensor<8x16xi32>
  %4 = arith.muli %2, %3 : tensor<8x16xi32>
  %c = arith.constant dense<3> : tensor<8x16xi32>
  %5 = arith.cmpi slt, %4, %c : tensor<8x16xi32>
  return %5 : tensor<8x16xi1>
}

// Rows and columns do not meet before both are stretched.
// CHECK-LABEL: @broadcasts_of_two_shapes
// CHECK: arith.addi %{{.*}}, %{{.*}} : tensor<8x16xi32>
func.func @broadcasts_of_two_shapes(%x: tensor<8x1xi32>, %y: tensor<1x16xi32>) -> tensor<8x16xi32> {
  %0 = tile.broadcast %x : tensor<8x1xi32> -> tensor<8x16xi32>
  %1 = tile.broadcast %y : tensor<1x16xi32> -> tensor<8x16xi32>
  %2 = arith.addi %0, %1 : tensor<8x16xi32>
  return %2 : tensor<8x16xi32>
}

// A uniform step reaches the scalar base through the broadcast.
// CHECK-LABEL: @uniform_step_below_broadcast
// CHECK-SAME: (%[[P:.*]]: !tile.ptr<f32>, %[[X:.*]]: tensor<8x1xi32>, %[[S:.*]]: i64)
// CHECK: %[[B:.*]] = tile.addptr %[[P]], %[[S]] : !tile.ptr<f32>, i64
// CHECK: %[[T:.*]] = tile.splat %[[B]]
// CHECK: %[[A:.*]] = tile.addptr %[[T]], %[[X]]
// CHECK: %[[R:.*]] = tile.broadcast %[[A]]
// CHECK: return %[[R]]
func.func @uniform_step_below_broadcast(%p: !tile.ptr<f32>, %x: tensor<8x1xi32>, %s: i64) -> tensor<8x16x!tile.ptr<f32>> {
  %0 = tile.splat %p : !tile.ptr<f32> -> tensor<8x1x!tile.ptr<f32>>
  %1 = tile.addptr %0, %x : tensor<8x1x!tile.ptr<f32>>, tensor<8x1xi32>
  %2 = tile.broadcast %1 : tensor<8x1x!tile.ptr<f32>> -> tensor<8x16x!tile.ptr<f32>>
  %3 = tile.splat %s : i64 -> tensor<8x16xi64>
  %4 = tile.addptr %2, %3 : tensor<8x16x!tile.ptr<f32>>, tensor<8x16xi64>
  return %4 : tensor<8x16x!tile.ptr<f32>>
}
