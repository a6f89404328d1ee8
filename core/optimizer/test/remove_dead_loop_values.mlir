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
