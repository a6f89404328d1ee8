// RUN: tilesdk-opt %s --tile-remove-dead-loop-values --split-input-file | FileCheck %s

// Values that feed only themselves or each other go; the one that is stored
// and the one that is returned stay.
// CHECK-LABEL: @cycles
// CHECK: scf.for {{.*}} iter_args(%[[L:.*]] = %{{.*}}, %[[R:.*]] = %{{.*}}) -> (i32, i32)
// CHECK: tile.store %{{.*}}, %[[L]]
func.func @cycles(%p: !tile.ptr<i32>, %n: i32) -> i32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r:5 = scf.for %i = %c0 to %n step %c1 iter_args(%self = %c0, %a = %c0, %live = %c1, %b = %c0, %ret = %n) -> (i32, i32, i32, i32, i32) : i32 {
    %s = arith.addi %self, %c1 : i32
    %x = arith.muli %b, %n : i32
    %y = arith.muli %a, %n : i32
    tile.store %p, %live : !tile.ptr<i32>
    %l = arith.addi %live, %c1 : i32
    %t = arith.addi %ret, %c1 : i32
    scf.yield %s, %x, %l, %y, %t : i32, i32, i32, i32, i32
  }
  return %r#4 : i32
}

// -----

// What passes on unchanged is the initial value.
// CHECK-LABEL: @unchanged
// CHECK-SAME: (%[[P:.*]]: !tile.ptr<i32>, %[[X:.*]]: i32, %{{.*}}: i32)
// CHECK: scf.for
// CHECK-NOT: iter_args
// CHECK: tile.store %[[P]], %[[X]]
// CHECK: return %[[X]]
func.func @unchanged(%p: !tile.ptr<i32>, %x: i32, %n: i32) -> i32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%v = %x) -> (i32) : i32 {
    tile.store %p, %v : !tile.ptr<i32>
    scf.yield %v : i32
  } {tile.num_stages = 2 : i32}
  return %r : i32
}

// -----

// Through nested loops and branches: %dead only circles, %live reaches the
// condition of a branch with an effect.
// CHECK-LABEL: @nested
// CHECK: scf.for {{.*}} iter_args(%[[L:.*]] = %{{.*}}) -> (i32)
// CHECK:   scf.for {{.*}} iter_args(%{{.*}} = %[[L]]) -> (i32)
// CHECK:   scf.if
func.func @nested(%p: !tile.ptr<i32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%dead = %c0, %live = %c1) -> (i32, i32) : i32 {
    %u:2 = scf.for %j = %c0 to %n step %c1 iter_args(%d = %dead, %l = %live) -> (i32, i32) : i32 {
      %e = arith.addi %d, %j : i32
      %m = arith.addi %l, %j : i32
      scf.yield %e, %m : i32, i32
    }
    %c = arith.cmpi slt, %u#1, %n : i32
    scf.if %c {
      tile.store %p, %c0 : !tile.ptr<i32>
    }
    scf.yield %u#0, %u#1 : i32, i32
  }
  return
}

// -----

// A value that a while loop's condition reads is alive.
// CHECK-LABEL: @while
// CHECK: scf.for {{.*}} iter_args(%[[L:.*]] = %{{.*}}) -> (i32)
// CHECK:   scf.while (%{{.*}} = %[[L]])
func.func @while(%p: !tile.ptr<i32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%live = %c1) -> (i32) : i32 {
    %w = scf.while (%a = %live) : (i32) -> i32 {
      %c = arith.cmpi slt, %a, %n : i32
      scf.condition(%c) %a : i32
    } do {
    ^bb0(%b: i32):
      tile.barrier
      %d = arith.addi %b, %c1 : i32
      scf.yield %d : i32
    }
    scf.yield %w : i32
  }
  return
}

// -----

// A value that starts at the lower bound and advances by the step is the
// induction variable in the body; behind the loop it is not.
// CHECK-LABEL: @induction
// CHECK: %[[R:.*]] = scf.for %[[I:.*]] = %{{.*}} iter_args(%{{.*}} = %{{.*}}) -> (i32)
// CHECK:   tile.store %{{.*}}, %[[I]]
// CHECK:   tile.store %{{.*}}, %[[I]]
// CHECK: return %[[R]]
func.func @induction(%p: !tile.ptr<i32>, %lo: i32, %n: i32, %step: i32) -> i32 {
  %r:2 = scf.for %i = %lo to %n step %step iter_args(%a = %lo, %b = %lo) -> (i32, i32) : i32 {
    tile.store %p, %a : !tile.ptr<i32>
    tile.store %p, %b : !tile.ptr<i32>
    %x = arith.addi %a, %step : i32
    %y = arith.addi %step, %b : i32
    scf.yield %x, %y : i32, i32
  }
  return %r#1 : i32
}

// -----

// Equal starts and equal steps make equal values; another start or another
// step does not.
// CHECK-LABEL: @equal
// CHECK: %[[R:.*]]:3 = scf.for {{.*}} iter_args(%[[A:.*]] = %[[S:.*]], %[[C:.*]] = %{{.*}}, %[[D:.*]] = %{{.*}}) -> (i64, i64, i64)
// CHECK:   tile.store %{{.*}}, %[[A]]
// CHECK:   tile.store %{{.*}}, %[[A]]
// CHECK:   tile.store %{{.*}}, %[[C]]
// CHECK:   tile.store %{{.*}}, %[[D]]
// CHECK: return %[[R]]#0
func.func @equal(%p: !tile.ptr<i64>, %s: i64, %t: i64, %k: i64, %n: i32) -> i64 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r:4 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %s, %b = %s, %c = %t, %d = %s) -> (i64, i64, i64, i64) : i32 {
    tile.store %p, %a : !tile.ptr<i64>
    tile.store %p, %b : !tile.ptr<i64>
    tile.store %p, %c : !tile.ptr<i64>
    tile.store %p, %d : !tile.ptr<i64>
    %x = arith.addi %a, %k : i64
    %y = arith.addi %b, %k : i64
    %z = arith.addi %c, %k : i64
    %w = arith.subi %d, %k : i64
    scf.yield %x, %y, %z, %w : i64, i64, i64, i64
  }
  return %r#1 : i64
}
