// RUN: tile-lower %s | FileCheck %s

// A loop that waits for another program yields on each pass.

// CHECK: define void @lock
// CHECK: cmpxchg ptr %{{.*}}, i32 0, i32 1 acq_rel acquire
// CHECK: atomicrmw xchg ptr %{{.*}}, i32 0 acq_rel
// CHECK: call void %{{.*}}(ptr %{{.*}})
module attributes {tile.version = 1 : i32} {
  func.func @lock(%p: !tile.ptr<i32>) attributes {tile.kernel} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    scf.while : () -> () {
      %old = tile.atomic_cas acq_rel gpu, %p, %c0, %c1 : !tile.ptr<i32>
      %held = arith.cmpi eq, %old, %c1 : i32
      scf.condition(%held)
    } do {
      scf.yield
    }
    %u = tile.atomic_rmw xchg acq_rel gpu, %p, %c0 : !tile.ptr<i32>
    return
  }
}
