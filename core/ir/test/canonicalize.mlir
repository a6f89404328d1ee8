// RUN: tilesdk-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @constants
// CHECK-DAG: arith.constant dense<7> : tensor<8x1x4xi32>
// CHECK-DAG: arith.constant dense<5> : tensor<1xi32>
// CHECK-DAG: arith.constant dense<1.500000e+00> : tensor<4xbf16>
// CHECK-DAG: arith.constant dense<{{\[\[1, 2\], \[3, 4\]\]}}> : tensor<2x2xi32>
func.func @constants() -> (tensor<8x1x4xi32>, tensor<1xi32>, tensor<4xbf16>, tensor<2x2xi32>) {
  %c7 = arith.constant 7 : i32
  %0 = tile.splat %c7 : i32 -> tensor<4xi32>
  %1 = tile.expand_dims %0, 0 : tensor<4xi32> -> tensor<1x4xi32>
  %2 = tile.broadcast %1 : tensor<1x4xi32> -> tensor<8x4xi32>
  %3 = tile.reshape %2 : tensor<8x4xi32> -> tensor<4x1x8xi32>
  %4 = tile.trans %3 [2, 1, 0] : tensor<4x1x8xi32> -> tensor<8x1x4xi32>
  %5 = tile.make_range 5, 6 : tensor<1xi32>
  %f = arith.constant dense<1.5> : tensor<4xf32>
  %6 = tile.fp_to_fp %f : tensor<4xf32> -> tensor<4xbf16>
  %d = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %7 = tile.reshape %d : tensor<4xi32> -> tensor<2x2xi32>
  return %4, %5, %6, %7 : tensor<8x1x4xi32>, tensor<1xi32>, tensor<4xbf16>, tensor<2x2xi32>
}

// -----

// Rounding towards zero and to nearest differ in the last bit of 1 + 2^-8 * 1.5.
// CHECK-LABEL: @fp_rounding
// CHECK-DAG: arith.constant 1.007810e+00 : bf16
// CHECK-DAG: arith.constant 1.000000e+00 : bf16
func.func @fp_rounding() -> (bf16, bf16) {
  %c = arith.constant 1.005859375 : f32
  %0 = tile.fp_to_fp %c : f32 -> bf16
  %1 = tile.fp_to_fp %c rounding = rtz : f32 -> bf16
  return %0, %1 : bf16, bf16
}

// -----

// A NaN or overflow to an 8-bit type is lowering's business.
// CHECK-LABEL: @fp8_not_folded
// CHECK: tile.fp_to_fp
func.func @fp8_not_folded() -> f8E4M3FN {
  %c = arith.constant 1.0e9 : f32
  %0 = tile.fp_to_fp %c : f32 -> f8E4M3FN
  return %0 : f8E4M3FN
}

// -----

// CHECK-LABEL: @splat_through_shapes
// CHECK-SAME: (%[[X:.*]]: f32)
// CHECK-NEXT: %[[S:.*]] = tile.splat %[[X]] : f32 -> tensor<8x1x4xf32>
// CHECK-NEXT: return %[[S]]
func.func @splat_through_shapes(%x: f32) -> tensor<8x1x4xf32> {
  %0 = tile.splat %x : f32 -> tensor<4xf32>
  %1 = tile.expand_dims %0, 0 : tensor<4xf32> -> tensor<1x4xf32>
  %2 = tile.broadcast %1 : tensor<1x4xf32> -> tensor<8x4xf32>
  %3 = tile.reshape %2 : tensor<8x4xf32> -> tensor<4x1x8xf32>
  %4 = tile.trans %3 [2, 1, 0] : tensor<4x1x8xf32> -> tensor<8x1x4xf32>
  return %4 : tensor<8x1x4xf32>
}

// -----

// p∘q = [2, 0, 1] and q∘p = [1, 2, 0]: composing in the wrong order fails.
// CHECK-LABEL: @trans_composes
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: %[[R:.*]] = tile.trans %[[X]] [2, 0, 1] : tensor<2x4x8xf16> -> tensor<8x2x4xf16>
// CHECK-NEXT: return %[[R]]
func.func @trans_composes(%x: tensor<2x4x8xf16>) -> tensor<8x2x4xf16> {
  %0 = tile.trans %x [1, 0, 2] : tensor<2x4x8xf16> -> tensor<4x2x8xf16>
  %1 = tile.trans %0 [2, 1, 0] : tensor<4x2x8xf16> -> tensor<8x2x4xf16>
  return %1 : tensor<8x2x4xf16>
}

// CHECK-LABEL: @trans_cancels
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @trans_cancels(%x: tensor<2x4xf16>) -> tensor<2x4xf16> {
  %0 = tile.trans %x [1, 0] : tensor<2x4xf16> -> tensor<4x2xf16>
  %1 = tile.trans %0 [1, 0] : tensor<4x2xf16> -> tensor<2x4xf16>
  return %1 : tensor<2x4xf16>
}

// -----

// CHECK-LABEL: @reshapes
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>, %[[Y:.*]]: tensor<8xf32>
// CHECK-NEXT: %[[A:.*]] = tile.reshape %[[X]] : tensor<4x8xf32> -> tensor<32xf32>
// CHECK-NEXT: %[[B:.*]] = tile.reshape %[[X]] allow_reorder : tensor<4x8xf32> -> tensor<16x2xf32>
// CHECK-NEXT: %[[C:.*]] = tile.expand_dims %[[Y]], 1 : tensor<8xf32> -> tensor<8x1xf32>
// CHECK-NEXT: return %[[A]], %[[B]], %[[X]], %[[C]]
func.func @reshapes(%x: tensor<4x8xf32>, %y: tensor<8xf32>) -> (tensor<32xf32>, tensor<16x2xf32>, tensor<4x8xf32>, tensor<8x1xf32>) {
  %0 = tile.reshape %x : tensor<4x8xf32> -> tensor<2x16xf32>
  %1 = tile.reshape %0 : tensor<2x16xf32> -> tensor<32xf32>
  %2 = tile.reshape %x allow_reorder : tensor<4x8xf32> -> tensor<2x16xf32>
  %3 = tile.reshape %2 : tensor<2x16xf32> -> tensor<16x2xf32>
  %4 = tile.reshape %1 : tensor<32xf32> -> tensor<4x8xf32>
  %5 = tile.reshape %y : tensor<8xf32> -> tensor<8x1xf32>
  return %1, %3, %4, %5 : tensor<32xf32>, tensor<16x2xf32>, tensor<4x8xf32>, tensor<8x1xf32>
}

// -----

// CHECK-LABEL: @broadcasts
// CHECK-SAME: (%[[X:.*]]: tensor<1x1xf32>)
// CHECK-NEXT: %[[B:.*]] = tile.broadcast %[[X]] : tensor<1x1xf32> -> tensor<4x8xf32>
// CHECK-NEXT: return %[[X]], %[[B]]
func.func @broadcasts(%x: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<4x8xf32>) {
  %0 = tile.broadcast %x : tensor<1x1xf32> -> tensor<1x1xf32>
  %1 = tile.broadcast %x : tensor<1x1xf32> -> tensor<4x1xf32>
  %2 = tile.broadcast %1 : tensor<4x1xf32> -> tensor<4x8xf32>
  return %0, %2 : tensor<1x1xf32>, tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @join_split
// CHECK-SAME: (%[[X:.*]]: tensor<4x2xf32>, %[[A:.*]]: f32, %[[B:.*]]: f32)
// CHECK-NOT: tile.
// CHECK: return %[[X]], %[[A]], %[[B]]
func.func @join_split(%x: tensor<4x2xf32>, %a: f32, %b: f32) -> (tensor<4x2xf32>, f32, f32) {
  %0, %1 = tile.split %x : tensor<4x2xf32> -> tensor<4xf32>
  %2 = tile.join %0, %1 : tensor<4xf32> -> tensor<4x2xf32>
  %3 = tile.join %a, %b : f32 -> tensor<2xf32>
  %4, %5 = tile.split %3 : tensor<2xf32> -> f32
  return %2, %4, %5 : tensor<4x2xf32>, f32, f32
}

// Halves that change places are no identity.
// CHECK-LABEL: @join_swapped
// CHECK: tile.join
func.func @join_swapped(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %0, %1 = tile.split %x : tensor<4x2xf32> -> tensor<4xf32>
  %2 = tile.join %1, %0 : tensor<4xf32> -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @addptr_zero
// CHECK-SAME: (%[[P:.*]]: tensor<4x!tile.ptr<f32>>)
// CHECK-NEXT: return %[[P]]
func.func @addptr_zero(%p: tensor<4x!tile.ptr<f32>>) -> tensor<4x!tile.ptr<f32>> {
  %c = arith.constant dense<0> : tensor<4xi64>
  %0 = tile.addptr %p, %c : tensor<4x!tile.ptr<f32>>, tensor<4xi64>
  return %0 : tensor<4x!tile.ptr<f32>>
}

// CHECK-LABEL: @addptr_constants
// CHECK-SAME: (%[[P:.*]]: tensor<4x!tile.ptr<f32>>)
// CHECK-NEXT: %[[C:.*]] = arith.constant dense<5> : tensor<4xi32>
// CHECK-NEXT: %[[R:.*]] = tile.addptr %[[P]], %[[C]]
// CHECK-NEXT: return %[[R]]
func.func @addptr_constants(%p: tensor<4x!tile.ptr<f32>>) -> tensor<4x!tile.ptr<f32>> {
  %a = arith.constant dense<2> : tensor<4xi32>
  %b = arith.constant dense<3> : tensor<4xi32>
  %0 = tile.addptr %p, %a : tensor<4x!tile.ptr<f32>>, tensor<4xi32>
  %1 = tile.addptr %0, %b : tensor<4x!tile.ptr<f32>>, tensor<4xi32>
  return %1 : tensor<4x!tile.ptr<f32>>
}

// A sum that wraps in i32 would go backwards.
// CHECK-LABEL: @addptr_overflow
// CHECK: tile.addptr
// CHECK: tile.addptr
func.func @addptr_overflow(%p: !tile.ptr<f32>) -> !tile.ptr<f32> {
  %a = arith.constant 2147483647 : i32
  %b = arith.constant 1 : i32
  %0 = tile.addptr %p, %a : !tile.ptr<f32>, i32
  %1 = tile.addptr %0, %b : !tile.ptr<f32>, i32
  return %1 : !tile.ptr<f32>
}

// -----

// What is uniform gathers in the scalar base.
// CHECK-LABEL: @addptr_uniform_first
// CHECK-SAME: (%[[P:.*]]: !tile.ptr<f32>, %[[X:.*]]: tensor<4xi32>, %[[S:.*]]: i64)
// CHECK-NEXT: %[[B:.*]] = tile.addptr %[[P]], %[[S]] : !tile.ptr<f32>, i64
// CHECK-NEXT: %[[T:.*]] = tile.splat %[[B]]
// CHECK-NEXT: %[[R:.*]] = tile.addptr %[[T]], %[[X]]
// CHECK-NEXT: return %[[R]]
func.func @addptr_uniform_first(%p: !tile.ptr<f32>, %x: tensor<4xi32>, %s: i64) -> tensor<4x!tile.ptr<f32>> {
  %0 = tile.splat %p : !tile.ptr<f32> -> tensor<4x!tile.ptr<f32>>
  %1 = tile.addptr %0, %x : tensor<4x!tile.ptr<f32>>, tensor<4xi32>
  %2 = tile.splat %s : i64 -> tensor<4xi64>
  %3 = tile.addptr %1, %2 : tensor<4x!tile.ptr<f32>>, tensor<4xi64>
  return %3 : tensor<4x!tile.ptr<f32>>
}

// -----

// CHECK-LABEL: @pointer_casts
// CHECK-SAME: (%[[P:.*]]: !tile.ptr<f32>, %[[I:.*]]: i64)
// CHECK-NEXT: return %[[P]], %[[I]], %[[P]]
func.func @pointer_casts(%p: !tile.ptr<f32>, %i: i64) -> (!tile.ptr<f32>, i64, !tile.ptr<f32>) {
  %0 = tile.ptr_to_int %p : !tile.ptr<f32> -> i64
  %1 = tile.int_to_ptr %0 : i64 -> !tile.ptr<f32>
  %2 = tile.int_to_ptr %i : i64 -> !tile.ptr<f32>
  %3 = tile.ptr_cast %2 : !tile.ptr<f32> -> !tile.ptr<i8>
  %4 = tile.ptr_to_int %3 : !tile.ptr<i8> -> i64
  %5 = tile.ptr_cast %p : !tile.ptr<f32> -> !tile.ptr<i8>
  %6 = tile.ptr_cast %5 : !tile.ptr<i8> -> !tile.ptr<f32>
  return %1, %4, %6 : !tile.ptr<f32>, i64, !tile.ptr<f32>
}

// -----

// CHECK-LABEL: @load_masks
// CHECK-SAME: (%[[P:.*]]: tensor<4x!tile.ptr<f32>>, %[[O:.*]]: tensor<4xf32>)
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-DAG: %[[X:.*]] = tile.load %[[P]] cache = cg evict = evict_last : tensor
// CHECK: return %[[X]], %[[O]], %[[Z]]
func.func @load_masks(%p: tensor<4x!tile.ptr<f32>>, %o: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %t = arith.constant dense<true> : tensor<4xi1>
  %f = arith.constant dense<false> : tensor<4xi1>
  %0 = tile.load %p mask %t other %o cache = cg evict = evict_last : tensor<4x!tile.ptr<f32>>
  %1 = tile.load %p mask %f other %o : tensor<4x!tile.ptr<f32>>
  %2 = tile.load %p mask %f : tensor<4x!tile.ptr<f32>>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @load_uniform
// CHECK-SAME: (%[[P:.*]]: !tile.ptr<f32>)
// CHECK-NEXT: %[[X:.*]] = tile.load %[[P]] : !tile.ptr<f32>
// CHECK-NEXT: tile.splat %[[X]] : f32 -> tensor<4xf32>
func.func @load_uniform(%p: !tile.ptr<f32>) -> tensor<4xf32> {
  %0 = tile.splat %p : !tile.ptr<f32> -> tensor<4x!tile.ptr<f32>>
  %1 = tile.load %0 : tensor<4x!tile.ptr<f32>>
  return %1 : tensor<4xf32>
}

// Every access of a volatile load happens.
// CHECK-LABEL: @load_volatile
// CHECK: tile.load %{{.*}} volatile : tensor<4x!tile.ptr<f32>>
func.func @load_volatile(%p: !tile.ptr<f32>) {
  %0 = tile.splat %p : !tile.ptr<f32> -> tensor<4x!tile.ptr<f32>>
  %1 = tile.load %0 volatile : tensor<4x!tile.ptr<f32>>
  return
}

// CHECK-LABEL: @store_masks
// CHECK-SAME: (%[[P:.*]]: tensor<4x!tile.ptr<f32>>, %[[X:.*]]: tensor<4xf32>)
// CHECK-NEXT: tile.store %[[P]], %[[X]] cache = wt : tensor
// CHECK-NEXT: return
func.func @store_masks(%p: tensor<4x!tile.ptr<f32>>, %x: tensor<4xf32>) {
  %t = arith.constant dense<true> : tensor<4xi1>
  %f = arith.constant dense<false> : tensor<4xi1>
  tile.store %p, %x mask %f : tensor<4x!tile.ptr<f32>>
  tile.store %p, %x mask %t cache = wt : tensor<4x!tile.ptr<f32>>
  return
}

// -----

// CHECK-LABEL: @unit_extents
// CHECK-SAME: (%[[X:.*]]: tensor<8x1xf32>)
// CHECK-NEXT: %[[R:.*]] = tile.reshape %[[X]] : tensor<8x1xf32> -> tensor<8xf32>
// CHECK-NEXT: return %[[R]], %[[X]]
func.func @unit_extents(%x: tensor<8x1xf32>) -> (tensor<8xf32>, tensor<8x1xf32>) {
  %0 = tile.reduce %x axis = 1 : (tensor<8x1xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %b : f32
    tile.yield %s : f32
  }
  %1 = tile.scan %x axis = 1 : (tensor<8x1xf32>) -> tensor<8x1xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %b : f32
    tile.yield %s : f32
  }
  return %0, %1 : tensor<8xf32>, tensor<8x1xf32>
}

// -----

// CHECK-LABEL: @debug
// CHECK-SAME: (%[[C:.*]]: i1)
// CHECK-NEXT: tile.assume %[[C]]
// CHECK-NEXT: return
func.func @debug(%c: i1) {
  %t = arith.constant true
  %m = arith.constant dense<true> : tensor<4xi1>
  tile.assume %t
  tile.assert %m, "no" : tensor<4xi1>
  tile.assume %c
  return
}

// -----

// What nobody reads and has no effect goes.
// CHECK-LABEL: @unused_pure
// CHECK-NEXT: return
func.func @unused_pure(%x: tensor<8x64xf32>, %p: !tile.ptr<f32>) {
  %0 = tile.reduce %x axis = 1 : (tensor<8x64xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %b : f32
    tile.yield %s : f32
  }
  %1 = tile.load %p : !tile.ptr<f32>
  %2 = tile.extern_elementwise "f" pure (%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return
}

// CHECK-LABEL: @unused_impure
// CHECK: tile.extern_elementwise
// CHECK: tile.atomic_rmw
func.func @unused_impure(%x: f32, %p: !tile.ptr<f32>) {
  %2 = tile.extern_elementwise "f" (%x) : (f32) -> f32
  %3 = tile.atomic_rmw fadd relaxed gpu, %p, %x : !tile.ptr<f32>
  return
}
