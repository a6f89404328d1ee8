// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=4" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=4" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// REMARK: remark: simt-warp-specialize: a thread copies boxes, 4 warps compute, 4 stages of 32768 bytes
// Both partitions go round the outer loop too, and the places in the rings go
// with them: the producer is at the next tile while the consumers store the
// last one. They give its last buffer back when its last product is done.
// CHECK-LABEL: func.func @boxes(
// CHECK: %[[MA:.*]] = simt.box_map %arg0
// CHECK: %[[MB:.*]] = simt.box_map %arg1
// CHECK: %[[FULL:.*]] = simt.barriers_init count = 1
// CHECK: %[[EMPTY:.*]] = simt.barriers_init count = 4
// CHECK: simt.warp_specialize warps = [4, 1, 3] registers = [248, 40, 40] {
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK: scf.for %{{.*}} iter_args(%[[I:.*]] = %[[ZERO]], %[[P:.*]] = %[[ZERO]]) -> (i32, i32)
// CHECK: %[[R:.*]]:5 = scf.for %{{.*}} iter_args(%{{.*}} = %{{.*}}, %[[J:.*]] = %[[I]], %[[Q:.*]] = %[[P]], %[[BEFORE:.*]] = %[[ZERO]], %[[HELD:.*]] = %[[ZERO]])
// CHECK-NEXT: simt.barrier_wait %[[FULL]][%[[J]]], %[[Q]]
// CHECK: simt.mma_wait %{{.*}} pending = 1
// CHECK-NEXT: arith.cmpi ne, %[[HELD]], %[[ZERO]]
// CHECK-NEXT: scf.if
// CHECK-NEXT: simt.barrier_arrive %[[EMPTY]][%[[BEFORE]]]
// CHECK: simt.mma_wait %[[R]]#0 pending = 0
// CHECK-NEXT: arith.cmpi ne, %[[R]]#4, %[[ZERO]]
// CHECK-NEXT: scf.if
// CHECK-NEXT: simt.barrier_arrive %[[EMPTY]][%[[R]]#3]
// CHECK: tile.store
// CHECK-NEXT: scf.yield %[[R]]#1, %[[R]]#2
// CHECK: }, {
// The first phase of a new barrier counts as over for who fills.
// CHECK: %[[NONE:.*]] = arith.constant 0 : i32
// CHECK: %[[ONE:.*]] = arith.constant 1 : i32
// CHECK: scf.for %[[T:.*]] = %{{.*}} iter_args(%[[I:.*]] = %[[NONE]], %[[P:.*]] = %[[ONE]]) -> (i32, i32)
// CHECK-NEXT: %[[ROW:.*]] = arith.muli %[[T]]
// CHECK-NEXT: %[[R:.*]]:2 = scf.for %[[K:.*]] = %{{.*}} iter_args(%[[J:.*]] = %[[I]], %[[Q:.*]] = %[[P]])
// CHECK: simt.barrier_wait %[[EMPTY]][%[[J]]], %[[Q]]
// CHECK-NEXT: simt.barrier_expect %[[FULL]][%[[J]]] bytes = 32768
// CHECK-NEXT: simt.box_load %[[MA]][%[[ROW]], %[[K]]]
// CHECK-NEXT: simt.box_load %[[MB]][%[[K]], %[[NONE]]]
// CHECK-NOT: tile.store
// CHECK: scf.yield %[[R]]#0, %[[R]]#1
// CHECK: }, {
// CHECK-NEXT: }
func.func @boxes(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %tiles: i32, %n: i32 {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %ks = arith.extsi %k : i32 to i64
  %ns = arith.extsi %n : i32 to i64
  %start = tile.program_id 0
  %programs = tile.num_programs 0
  scf.for %t = %start to %tiles step %programs : i32 {
    %m = arith.muli %t, %c128 : i32
    %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
      %x = tile.descriptor_load %a shape[%n, %k] strides[%ks, %one] at[%m, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
      %y = tile.descriptor_load %b shape[%k, %n] strides[%ns, %one] at[%i, %c0] padding zero : !tile.ptr<f16> -> tensor<64x128xf16>
      %d = tile.dot %x, %y, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
      scf.yield %d : tensor<128x128xf32>
    }
    %range = tile.make_range 0, 128 : tensor<128xi32>
    %row = tile.expand_dims %range, 1 : tensor<128xi32> -> tensor<128x1xi32>
    %ptr = tile.splat %c : !tile.ptr<f32> -> tensor<128x1x!tile.ptr<f32>>
    %rows = tile.addptr %ptr, %row : tensor<128x1x!tile.ptr<f32>>, tensor<128x1xi32>
    %all = tile.broadcast %rows : tensor<128x1x!tile.ptr<f32>> -> tensor<128x128x!tile.ptr<f32>>
    tile.store %all, %s : tensor<128x128x!tile.ptr<f32>>
  } {tile.warp_specialize = true}
  return
}

// -----

// REMARK: remark: simt-warp-specialize: declined: there are several loops in this one
// CHECK-LABEL: func.func @two_loops(
// CHECK-NOT: simt.warp_specialize
func.func @two_loops(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %tiles: i32, %n: i32 {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %ks = arith.extsi %k : i32 to i64
  %ns = arith.extsi %n : i32 to i64
  %start = tile.program_id 0
  %programs = tile.num_programs 0
  scf.for %t = %start to %tiles step %programs : i32 {
    %m = arith.muli %t, %c128 : i32
    %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
      %x = tile.descriptor_load %a shape[%n, %k] strides[%ks, %one] at[%m, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
      %y = tile.descriptor_load %b shape[%k, %n] strides[%ns, %one] at[%i, %c0] padding zero : !tile.ptr<f16> -> tensor<64x128xf16>
      %d = tile.dot %x, %y, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
      scf.yield %d : tensor<128x128xf32>
    }
    %s2 = scf.for %i2 = %c0 to %k step %c64 iter_args(%acc2 = %zero) -> tensor<128x128xf32> : i32 {
      %x2 = tile.descriptor_load %a shape[%n, %k] strides[%ks, %one] at[%m, %i2] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
      %y2 = tile.descriptor_load %b shape[%k, %n] strides[%ns, %one] at[%i2, %c0] padding zero : !tile.ptr<f16> -> tensor<64x128xf16>
      %d2 = tile.dot %x2, %y2, %acc2 : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
      scf.yield %d2 : tensor<128x128xf32>
    }
    %range = tile.make_range 0, 128 : tensor<128xi32>
    %row = tile.expand_dims %range, 1 : tensor<128xi32> -> tensor<128x1xi32>
    %ptr = tile.splat %c : !tile.ptr<f32> -> tensor<128x1x!tile.ptr<f32>>
    %rows = tile.addptr %ptr, %row : tensor<128x1x!tile.ptr<f32>>, tensor<128x1xi32>
    %all = tile.broadcast %rows : tensor<128x1x!tile.ptr<f32>> -> tensor<128x128x!tile.ptr<f32>>
    %sum = arith.addf %s, %s2 : tensor<128x128xf32>
    tile.store %all, %sum : tensor<128x128x!tile.ptr<f32>>
  } {tile.warp_specialize = true}
  return
}
