// RUN: tilesdk-opt %s --tile-scalarize-loop-offsets --split-input-file | FileCheck %s

// Pointers move by a 64-bit sum, whatever the type of the step.
// CHECK-LABEL: @pointers
// CHECK-SAME: (%[[P:.*]]: tensor<8x!tile.ptr<f32>>, %[[S:.*]]: i32, %[[N:.*]]: i32)
// CHECK: %[[Z:.*]] = arith.constant 0 : i64
// CHECK: %[[F:.*]] = scf.for %[[I:.*]] = %{{.*}} to %[[N]] step %{{.*}} iter_args(%[[O:.*]] = %[[Z]]) -> (i64) : i32 {
// CHECK:   %[[OS:.*]] = tile.splat %[[O]] : i64 -> tensor<8xi64>
// CHECK:   %[[Q:.*]] = tile.addptr %[[P]], %[[OS]]
// CHECK:   tile.load %[[Q]]
// CHECK:   %[[E:.*]] = arith.extsi %[[S]] : i32 to i64
// CHECK:   %[[A:.*]] = arith.addi %[[O]], %[[E]] : i64
// CHECK:   scf.yield %[[A]] : i64
// CHECK: } {tile.num_stages = 3 : i32}
// CHECK: %[[RS:.*]] = tile.splat %[[F]] : i64 -> tensor<8xi64>
// CHECK: %[[R:.*]] = tile.addptr %[[P]], %[[RS]]
// CHECK: return %[[R]]
func.func @pointers(%p: tensor<8x!tile.ptr<f32>>, %s: i32, %n: i32) -> tensor<8x!tile.ptr<f32>> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%q = %p) -> (tensor<8x!tile.ptr<f32>>) : i32 {
    %x = tile.load %q volatile : tensor<8x!tile.ptr<f32>>
    %ss = tile.splat %s : i32 -> tensor<8xi32>
    %next = tile.addptr %q, %ss : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
    scf.yield %next : tensor<8x!tile.ptr<f32>>
  } {tile.num_stages = 3 : i32}
  return %r : tensor<8x!tile.ptr<f32>>
}

// -----

// Integers keep their width and wrap in it; steps add up in any mixture, a
// negative constant of narrow type included.
// CHECK-LABEL: @integers
// CHECK-SAME: (%[[T:.*]]: tensor<8xi16>, %[[S:.*]]: i16, %[[N:.*]]: i32)
// CHECK: %[[Z:.*]] = arith.constant 0 : i16
// CHECK: scf.for {{.*}} iter_args(%[[O:.*]] = %[[Z]]) -> (i16)
// CHECK:   %[[OS:.*]] = tile.splat %[[O]] : i16 -> tensor<8xi16>
// CHECK:   %[[X:.*]] = arith.addi %[[T]], %[[OS]] : tensor<8xi16>
// CHECK:   %[[C:.*]] = arith.constant -5 : i16
// CHECK:   %[[A:.*]] = arith.addi %[[O]], %[[C]] : i16
// CHECK:   %[[B:.*]] = arith.subi %[[A]], %[[S]] : i16
// CHECK:   scf.yield %[[B]] : i16
func.func @integers(%t: tensor<8xi16>, %s: i16, %n: i32) -> tensor<8xi16> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c5 = arith.constant dense<-5> : tensor<8xi16>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %t) -> (tensor<8xi16>) : i32 {
    tile.print "x" signed = [true] : %x : tensor<8xi16>
    %a = arith.addi %c5, %x : tensor<8xi16>
    %ss = tile.splat %s : i16 -> tensor<8xi16>
    %b = arith.subi %a, %ss : tensor<8xi16>
    scf.yield %b : tensor<8xi16>
  }
  return %r : tensor<8xi16>
}

// -----

// A nest becomes scalar as a whole: the inner loop's result is a uniform step
// of the outer one.
// CHECK-LABEL: @nested
// CHECK: scf.for {{.*}} iter_args(%[[OUT:.*]] = %{{.*}}) -> (i64)
// CHECK:   %[[IN:.*]] = scf.for {{.*}} -> (i64)
// CHECK:   arith.addi %[[OUT]], %[[IN]] : i64
// CHECK:   scf.yield %{{.*}} : i64
func.func @nested(%p: tensor<8x!tile.ptr<f32>>, %s: i32, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c = arith.constant dense<100> : tensor<8xi32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%q = %p) -> (tensor<8x!tile.ptr<f32>>) : i32 {
    %u = scf.for %j = %c0 to %n step %c1 iter_args(%v = %q) -> (tensor<8x!tile.ptr<f32>>) : i32 {
      %x = tile.load %v volatile : tensor<8x!tile.ptr<f32>>
      %ss = tile.splat %s : i32 -> tensor<8xi32>
      %next = tile.addptr %v, %ss : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
      scf.yield %next : tensor<8x!tile.ptr<f32>>
    }
    %w = tile.addptr %u, %c : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
    scf.yield %w : tensor<8x!tile.ptr<f32>>
  }
  return
}

// -----

// Only what moves uniformly changes; its neighbours keep their places.
// CHECK-LABEL: @mixed
// CHECK-SAME: %[[V:.*]]: tensor<8xi32>,
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<8xf32>, i64, tensor<8xi32>, tensor<8x!tile.ptr<f32>>)
func.func @mixed(%v: tensor<8xi32>, %p: tensor<8x!tile.ptr<f32>>, %n: i32) -> (tensor<8xf32>, tensor<8xi32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %one = arith.constant dense<1> : tensor<8xi32>
  %r:4 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %z, %q = %p, %w = %v, %u = %p) -> (tensor<8xf32>, tensor<8x!tile.ptr<f32>>, tensor<8xi32>, tensor<8x!tile.ptr<f32>>) : i32 {
    %x = tile.load %q : tensor<8x!tile.ptr<f32>>
    %y = tile.load %u : tensor<8x!tile.ptr<f32>>
    %a = arith.addf %acc, %x : tensor<8xf32>
    %b = arith.addf %a, %y : tensor<8xf32>
    %qn = tile.addptr %q, %one : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
    %wn = arith.addi %w, %v : tensor<8xi32>
    %un = tile.addptr %u, %v : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
    scf.yield %b, %qn, %wn, %un : tensor<8xf32>, tensor<8x!tile.ptr<f32>>, tensor<8xi32>, tensor<8x!tile.ptr<f32>>
  }
  return %r#0, %r#2 : tensor<8xf32>, tensor<8xi32>
}

// -----

// CHECK-LABEL: @while
// CHECK-SAME: (%[[P:.*]]: tensor<8x!tile.ptr<f32>>,
// CHECK: %[[W:.*]]:2 = scf.while (%[[A:.*]] = %{{.*}}, %[[I:.*]] = %{{.*}}) : (i64, i32) -> (i64, i32) {
// CHECK:   scf.condition(%{{.*}}) %[[A]], %[[I]] : i64, i32
// CHECK: ^bb0(%[[B:.*]]: i64, %[[J:.*]]: i32):
// CHECK:   %[[BS:.*]] = tile.splat %[[B]] : i64 -> tensor<8xi64>
// CHECK:   %[[Q:.*]] = tile.addptr %[[P]], %[[BS]]
// CHECK:   tile.load %[[Q]]
// CHECK:   %[[N:.*]] = arith.addi %[[B]], %{{.*}} : i64
// CHECK:   scf.yield %[[N]], %{{.*}} : i64, i32
// CHECK: tile.splat %[[W]]#0
func.func @while(%p: tensor<8x!tile.ptr<f32>>, %n: i32) -> tensor<8x!tile.ptr<f32>> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %one = arith.constant dense<1> : tensor<8xi32>
  %r:2 = scf.while (%q = %p, %i = %c0) : (tensor<8x!tile.ptr<f32>>, i32) -> (tensor<8x!tile.ptr<f32>>, i32) {
    %c = arith.cmpi slt, %i, %n : i32
    scf.condition(%c) %q, %i : tensor<8x!tile.ptr<f32>>, i32
  } do {
  ^bb0(%v: tensor<8x!tile.ptr<f32>>, %j: i32):
    %x = tile.load %v volatile : tensor<8x!tile.ptr<f32>>
    %next = tile.addptr %v, %one : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
    %k = arith.addi %j, %c1 : i32
    scf.yield %next, %k : tensor<8x!tile.ptr<f32>>, i32
  }
  return %r#0 : tensor<8x!tile.ptr<f32>>
}
