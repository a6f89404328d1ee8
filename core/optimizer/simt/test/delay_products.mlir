// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=blocking32" --simt-delay-products="target=blocking32" 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=blocking32" --simt-delay-products="target=blocking32" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=warp32" --simt-delay-products="target=warp32" 2>/dev/null | FileCheck %s --check-prefix=OVERLAPS

// The loop carries where the next block starts, the product is made where an
// iteration begins. What the first loop ends with begins the second.
// CHECK-LABEL: @two_loops
// CHECK-SAME: !tile.ptr<f16>, %[[ROW:[a-z0-9]+]]: i32,
// CHECK-NOT: tile.descriptor_load
// CHECK: %[[FIRST:.*]]:2 = scf.for %[[I:.*]] = {{.*}} iter_args(%[[SUM:.*]] = %{{.*}}, %[[AT:.*]] = %[[ROW]]) -> (tensor<64xf32>, i32)
// CHECK-NEXT: %[[B:.*]] = tile.descriptor_load {{.*}} at[%[[AT]],
// CHECK-NEXT: %[[T:.*]] = tile.trans %[[B]]
// CHECK-NEXT: %[[D:.*]] = tile.dot %{{.*}}, %[[T]],
// CHECK-NEXT: %[[HERE:.*]] = arith.addi %[[ROW]], %[[I]]
// CHECK-NEXT: %[[NEXT:.*]] = arith.addi %[[HERE]],
// CHECK: tile.reduce %[[D]]
// CHECK-NOT: tile.descriptor_load
// CHECK: scf.yield %{{.*}}, %[[NEXT]] : tensor<64xf32>, i32
// CHECK-NOT: tile.dot
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[FIRST]]#0, %[[AT2:.*]] = %[[FIRST]]#1) -> (tensor<64xf32>, i32)
// CHECK-NEXT: tile.descriptor_load {{.*}} at[%[[AT2]],
// CHECK: tile.dot
// CHECK-NOT: tile.dot
// CHECK: return
// REMARK: remark: simt-delay-products: made in the iteration that takes it: a warp waits for its matrix instructions
// REMARK: remark: simt-delay-products: made in the iteration that takes it: a warp waits for its matrix instructions
// OVERLAPS-LABEL: @two_loops
// OVERLAPS: scf.for {{.*}} -> (tensor<64xf32>, tensor<64x64xf32>)
func.func @two_loops(%a: tensor<64x64xf16>, %k: !tile.ptr<f16>, %row: i32,
                     %n: i32, %m: i32) -> tensor<64xf32> {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c1l = arith.constant 1 : i64
  %c64l = arith.constant 64 : i64
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %none = arith.constant dense<0.0> : tensor<64xf32>
  %b = tile.descriptor_load %k shape[%m, %c64] strides[%c64l, %c1l] at[%row, %c0] padding zero : !tile.ptr<f16> -> tensor<64x64xf16>
  %t = tile.trans %b [1, 0] : tensor<64x64xf16> -> tensor<64x64xf16>
  %d = tile.dot %a, %t, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %first:2 = scf.for %i = %c0 to %n step %c64 iter_args(%sum = %none, %scores = %d) -> (tensor<64xf32>, tensor<64x64xf32>) : i32 {
    %at = arith.addi %row, %i : i32
    %next = arith.addi %at, %c64 : i32
    %b1 = tile.descriptor_load %k shape[%m, %c64] strides[%c64l, %c1l] at[%next, %c0] padding zero : !tile.ptr<f16> -> tensor<64x64xf16>
    %t1 = tile.trans %b1 [1, 0] : tensor<64x64xf16> -> tensor<64x64xf16>
    %d1 = tile.dot %a, %t1, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %r = tile.reduce %scores axis = 1 commutative : (tensor<64x64xf32>) -> tensor<64xf32> {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tile.yield %z : f32
    }
    %s = arith.addf %sum, %r : tensor<64xf32>
    scf.yield %s, %d1 : tensor<64xf32>, tensor<64x64xf32>
  }
  %second:2 = scf.for %i = %n to %m step %c64 iter_args(%sum = %first#0, %scores = %first#1) -> (tensor<64xf32>, tensor<64x64xf32>) : i32 {
    %at = arith.addi %row, %i : i32
    %next = arith.addi %at, %c64 : i32
    %b1 = tile.descriptor_load %k shape[%m, %c64] strides[%c64l, %c1l] at[%next, %c0] padding zero : !tile.ptr<f16> -> tensor<64x64xf16>
    %t1 = tile.trans %b1 [1, 0] : tensor<64x64xf16> -> tensor<64x64xf16>
    %d1 = tile.dot %a, %t1, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %r = tile.reduce %scores axis = 1 commutative : (tensor<64x64xf32>) -> tensor<64xf32> {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tile.yield %z : f32
    }
    %s = arith.addf %sum, %r : tensor<64xf32>
    scf.yield %s, %d1 : tensor<64xf32>, tensor<64x64xf32>
  }
  return %second#0 : tensor<64xf32>
}

// -----

// Pointers and masks, an op behind the product, and what the loop ends with is
// used. The load in the loop has another mask's limit than the one before it:
// both are carried. So is what is the same scalar in the loop, but not before.
// CHECK-LABEL: @pointers
// CHECK-SAME: !tile.ptr<f16>, %[[FROM:[a-z0-9]+]]: i32, %[[OTHER:[a-z0-9]+]]: i32, %[[LIMIT:[a-z0-9]+]]: i32
// CHECK: %[[LOOP:.*]]:4 = scf.for %[[I:.*]] = {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[AT:.*]] = %[[FROM]], %[[AGAIN:.*]] = %[[OTHER]], %[[END:.*]] = %[[LIMIT]])
// CHECK: tile.splat %[[AT]]
// CHECK: tile.splat %[[AGAIN]]
// CHECK: tile.splat %[[END]]
// CHECK: %[[D:.*]] = tile.dot
// CHECK: %[[S:.*]] = arith.mulf %[[D]]
// CHECK: tile.reduce %[[S]]
// CHECK: scf.yield %{{.*}}, %[[I]], %[[I]], %{{.*}} :
// CHECK: tile.splat %[[LOOP]]#1
// CHECK: tile.splat %[[LOOP]]#2
// CHECK: tile.splat %[[LOOP]]#3
// CHECK: %[[LAST:.*]] = tile.dot
// CHECK: arith.mulf %[[LAST]]
// CHECK: return
func.func @pointers(%a: tensor<64x64xf16>, %k: !tile.ptr<f16>, %from: i32,
                    %other: i32, %limit: i32, %n: i32)
    -> (tensor<64xf32>, tensor<64x64xf32>) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %half = arith.constant dense<0.5> : tensor<64x64xf32>
  %none = arith.constant dense<0.0> : tensor<64xf32>
  %ps = tile.splat %k : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %o0 = tile.splat %from : i32 -> tensor<64x64xi32>
  %q0 = tile.splat %other : i32 -> tensor<64x64xi32>
  %e0 = tile.splat %limit : i32 -> tensor<64x64xi32>
  %p0 = tile.addptr %ps, %o0 : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %m0 = arith.cmpi slt, %q0, %e0 : tensor<64x64xi32>
  %b = tile.load %p0 mask %m0 : tensor<64x64x!tile.ptr<f16>>
  %d = tile.dot %a, %b, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %s = arith.mulf %d, %half : tensor<64x64xf32>
  %loop:2 = scf.for %i = %c0 to %n step %c64 iter_args(%sum = %none, %scores = %s) -> (tensor<64xf32>, tensor<64x64xf32>) : i32 {
    %end = arith.subi %limit, %i : i32
    %o1 = tile.splat %i : i32 -> tensor<64x64xi32>
    %q1 = tile.splat %i : i32 -> tensor<64x64xi32>
    %e1 = tile.splat %end : i32 -> tensor<64x64xi32>
    %p1 = tile.addptr %ps, %o1 : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
    %m1 = arith.cmpi slt, %q1, %e1 : tensor<64x64xi32>
    %b1 = tile.load %p1 mask %m1 : tensor<64x64x!tile.ptr<f16>>
    %d1 = tile.dot %a, %b1, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %s1 = arith.mulf %d1, %half : tensor<64x64xf32>
    %r = tile.reduce %scores axis = 1 commutative : (tensor<64x64xf32>) -> tensor<64xf32> {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tile.yield %z : f32
    }
    %t = arith.addf %sum, %r : tensor<64xf32>
    scf.yield %t, %s1 : tensor<64xf32>, tensor<64x64xf32>
  }
  return %loop#0, %loop#1 : tensor<64xf32>, tensor<64x64xf32>
}

// -----

// What the loop, or what stands before it, writes may be what a later load
// reads.
// CHECK-LABEL: @writes
// CHECK: scf.for {{.*}} -> (tensor<64x64xf32>)
// REMARK: remark: simt-delay-products: the next iteration's product is held in registers: its operands may not be loaded later
// REMARK: note: because of 'tile.store'
func.func @writes(%a: tensor<64x64xf16>, %p: tensor<64x64x!tile.ptr<f16>>,
                  %o: tensor<64x64x!tile.ptr<f32>>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %b = tile.load %p : tensor<64x64x!tile.ptr<f16>>
  %d = tile.dot %a, %b, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %loop = scf.for %i = %c0 to %n step %c1 iter_args(%scores = %d) -> (tensor<64x64xf32>) : i32 {
    %b1 = tile.load %p : tensor<64x64x!tile.ptr<f16>>
    %d1 = tile.dot %a, %b1, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    tile.store %o, %scores : tensor<64x64x!tile.ptr<f32>>
    scf.yield %d1 : tensor<64x64xf32>
  }
  return
}

// -----

// REMARK: its operands may not be loaded later
// REMARK: note: because of 'tile.store'
// CHECK-LABEL: @writes_before
// CHECK: scf.for {{.*}} -> (f32, tensor<64x64xf32>)
func.func @writes_before(%a: tensor<64x64xf16>, %k: !tile.ptr<f16>,
                         %o: !tile.ptr<f16>, %h: f16, %n: i32) -> f32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %none = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %ps = tile.splat %k : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %b = tile.load %ps : tensor<64x64x!tile.ptr<f16>>
  tile.store %o, %h : !tile.ptr<f16>
  %d = tile.dot %a, %b, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %loop:2 = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %none, %scores = %d) -> (f32, tensor<64x64xf32>) : i32 {
    %b1 = tile.load %ps : tensor<64x64x!tile.ptr<f16>>
    %d1 = tile.dot %a, %b1, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %r = tile.reduce %scores axis = 1 commutative : (tensor<64x64xf32>) -> tensor<64xf32> {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tile.yield %z : f32
    }
    %t = tile.reduce %r axis = 0 commutative : (tensor<64xf32>) -> f32 {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tile.yield %z : f32
    }
    scf.yield %t, %d1 : f32, tensor<64x64xf32>
  }
  return %loop#0 : f32
}

// -----

// Products that stay: one is used in its own iteration too, one is the sum of
// earlier ones, one begins as something else.
// CHECK-LABEL: @stay
// CHECK: scf.for {{.*}} -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>)
// CHECK: scf.yield {{.*}} : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
// REMARK-NOT: simt-delay-products
func.func @stay(%a: tensor<64x64xf16>, %k: !tile.ptr<f16>, %n: i32)
    -> tensor<64x64xf32> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %ps = tile.splat %k : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %b = tile.load %ps : tensor<64x64x!tile.ptr<f16>>
  %d = tile.dot %a, %b, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %loop:4 = scf.for %i = %c0 to %n step %c1 iter_args(%all = %zero, %used = %d, %sum = %d, %other = %zero) -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) : i32 {
    %b1 = tile.load %ps : tensor<64x64x!tile.ptr<f16>>
    %d1 = tile.dot %a, %b1, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %b2 = tile.load %ps : tensor<64x64x!tile.ptr<f16>>
    %d2 = tile.dot %a, %b2, %sum : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %b3 = tile.load %ps : tensor<64x64x!tile.ptr<f16>>
    %d3 = tile.dot %a, %b3, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %s1 = arith.addf %all, %used : tensor<64x64xf32>
    %s2 = arith.addf %s1, %d1 : tensor<64x64xf32>
    %s3 = arith.addf %s2, %other : tensor<64x64xf32>
    scf.yield %s3, %d1, %d2, %d3 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
  }
  return %loop#0 : tensor<64x64xf32>
}

// -----

// Two loads in the loop, one before it.
// REMARK: simt-delay-products: made in the iteration that takes it
// CHECK-LABEL: @twice
// CHECK-NOT: tile.load
// CHECK: scf.for {{.*}} -> (tensor<64x64xf32>, i32)
// CHECK-COUNT-2: tile.load
// CHECK-NOT: tile.load
// CHECK: return
func.func @twice(%k: !tile.ptr<f16>, %from: i32, %n: i32) -> tensor<64x64xf32> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %ps = tile.splat %k : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %o = tile.splat %from : i32 -> tensor<64x64xi32>
  %p = tile.addptr %ps, %o : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %b = tile.load %p : tensor<64x64x!tile.ptr<f16>>
  %d = tile.dot %b, %b, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %loop:2 = scf.for %i = %c0 to %n step %c1 iter_args(%all = %zero, %scores = %d) -> (tensor<64x64xf32>, tensor<64x64xf32>) : i32 {
    %o1 = tile.splat %i : i32 -> tensor<64x64xi32>
    %p1 = tile.addptr %ps, %o1 : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
    %b1 = tile.load %p1 : tensor<64x64x!tile.ptr<f16>>
    %b2 = tile.load %p1 : tensor<64x64x!tile.ptr<f16>>
    %d1 = tile.dot %b1, %b2, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    %s = arith.addf %all, %scores : tensor<64x64xf32>
    scf.yield %s, %d1 : tensor<64x64xf32>, tensor<64x64xf32>
  }
  return %loop#0 : tensor<64x64xf32>
}
