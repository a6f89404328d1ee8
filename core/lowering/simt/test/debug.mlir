// RUN: simt-lower %s | FileCheck %s
// RUN: simt-lower --array %s | FileCheck %s --check-prefix=ARRAY

// Copies are printed once: here lanes 0 to 15 of the first warp. The ring and
// the number of the launch follow the parameters.

#l = #simt.layout<"(dim0: 32) { register: (16); lane: (1) (2) (4) (8) (0); warp: (0) (0) }">

// CHECK-LABEL: define void @print(ptr addrspace(1)
// CHECK-SAME: i32 %{{[0-9]+}}, ptr addrspace(1) align 64 %[[RING:.*]], i32 %[[LAUNCH:.*]])
// CHECK: br i1
// CHECK-COUNT-2: call void @tsdk.message.put(ptr addrspace(1) %[[RING]], i32 %[[LAUNCH]], i32 0, i32 %{{.*}}, i32 %{{.*}}, i32 %{{.*}}, i32 -1, i64 %{{.*}}, i64 %{{.*}}, i32 2)
// CHECK-NOT: tsdk.message
// CHECK: br i1
// CHECK: call void @tsdk.message.put({{.*}}, i32 1, i32 %{{.*}}, i32 %{{.*}}, i32 %{{.*}}, i32 -1, i64 -1, i64 %{{.*}}, i32 2051)
// CHECK-NOT: tsdk.message
// CHECK: ret void

// ARRAY-LABEL: define void @print(
// ARRAY-SAME: ptr %[[SLOTS:[0-9]+]])
// ARRAY: getelementptr ptr, ptr %[[SLOTS]], i64 2
// ARRAY: getelementptr ptr, ptr %[[SLOTS]], i64 3
func.func @print(%p: !tile.ptr<f32>, %n: i32) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %r = tile.make_range 0, 32 : tensor<32xi32, #l>
  tile.print "range" signed = [true] : %r : tensor<32xi32, #l>
  tile.print "count" hex signed = [true] : %n : i32
  return
}

// A word of each warp, after all have looked whether the launch has failed;
// then all leave, or none.

// CHECK-LABEL: define void @assert(
// CHECK: call void @tsdk.message.fail(
// CHECK: call i1 @tsdk.message.stopped(
// CHECK-COUNT-5: shuffle.xor
// CHECK: store i32 %{{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.barrier()
// CHECK-COUNT-4: load i32, ptr addrspace(3)
// CHECK: call i32 @tsdk.warp.uniform.i32(
// CHECK: br i1 %{{.*}}, label %[[LEAVE:.*]], label %[[STAY:.*]]
// CHECK: [[LEAVE]]:
// CHECK-NEXT: ret void
// CHECK: [[STAY]]:
// CHECK: call void @tsdk.global.store
func.func @assert(%p: !tile.ptr<i32>, %n: i32) attributes {tile.kernel, simt.num_warps = 4 : i32, simt.shared_bytes = 16 : i32} {
  %zero = arith.constant 0 : i32
  %ok = arith.cmpi sgt, %n, %zero : i32
  tile.assert %ok, "positive" {simt.scratch = 0 : i32} : i1
  tile.store %p, %n : !tile.ptr<i32>
  return
}

// Without scratch the program goes on: others may wait for its threads.

// CHECK-LABEL: define void @goes_on(
// CHECK: call void @tsdk.message.fail(
// CHECK-NOT: tsdk.message.stopped
// CHECK: call void @tsdk.global.store
func.func @goes_on(%p: !tile.ptr<i32>, %n: i32) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %zero = arith.constant 0 : i32
  %ok = arith.cmpi sgt, %n, %zero : i32
  tile.assert %ok, "positive" : i1
  tile.store %p, %n : !tile.ptr<i32>
  return
}
