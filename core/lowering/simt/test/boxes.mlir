// RUN: simt-lower --target group %s | FileCheck %s
// RUN: simt-lower --target group --array %s | FileCheck %s --check-prefix=ARRAY

// Maps are parameters behind the others. A buffer of 64 x 128 holds two boxes
// of 64 x 64, coordinates come innermost first.
// CHECK-LABEL: define void @copies(ptr addrspace(1) %0, i32 %1, i64 %2, ptr byval([128 x i8]) align 64 %3)
// CHECK: call void @tsdk.mbarrier.expect(ptr addrspace(3) %[[BAR:.*]], i32 16384)
// CHECK: call void @tsdk.box.load.2(ptr addrspace(3) %[[TO:.*]], ptr addrspace(3) %{{.*}}, ptr %3, i32 64, i32 %1)
// CHECK: %[[SECOND:.*]] = getelementptr i8, ptr addrspace(3) %[[TO]], i32 8192
// CHECK: call void @tsdk.box.load.2(ptr addrspace(3) %[[SECOND]], ptr addrspace(3) %{{.*}}, ptr %3, i32 128, i32 %1)
// CHECK: call void @tsdk.mbarrier.wait(
// CHECK: call void @tsdk.fence.async()
// Threads store the elements of a box that begins before the tensor, or at a
// number that is too large.
// CHECK: %[[OUT:.*]] = icmp ugt i32 %1, 1073741824
// CHECK: xor i1 %[[OUT]], true
// CHECK: br i1 %[[OUT]], label %[[SLOW:.*]], label
// CHECK: call void @tsdk.box.store.2(ptr %3, ptr addrspace(3) %[[TO]], i32 0, i32 %1)
// CHECK: call void @tsdk.box.commit()
// CHECK: [[SLOW]]:
// CHECK: load half, ptr addrspace(3)
// CHECK: store half {{.*}}, ptr addrspace(1)
// CHECK: call void @tsdk.fence.async.global()
// CHECK: call void @tsdk.box.wait.0()
// CHECK: call void @tsdk.box.complete.1()
// ARRAY-LABEL: define void @copies(ptr
// ARRAY: %[[SLOT:.*]] = getelementptr ptr, ptr %0, i64 3
// ARRAY: %[[MAP:.*]] = load ptr, ptr %[[SLOT]]
// ARRAY: call void @tsdk.box.load.2({{.*}}, ptr %[[MAP]], i32 64,
#s = #simt.shared_layout<layout = "(dim0: 64, dim1: 128) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) (32,0) (0,64) }", format = "swizzle128", alignment = 1024>
func.func @copies(%p: !tile.ptr<f16>, %m: i32, %s: i64) attributes {tile.kernel, simt.num_warps = 4 : i32, simt.shared_bytes = 16448 : i32} {
  %zero = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %one = arith.constant 1 : i64
  %map = simt.box_map %p shape[%m, %c64] strides[%s, %one] box = [64, 64] format = "swizzle128" : !tile.ptr<f16>
  %a = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<64x128xf16, #s>
  %b = simt.barriers_init count = 1 {offset = 16384 : i32} : !simt.barriers<1>
  simt.barrier
  simt.barrier_expect %b[%zero] bytes = 16384 : !simt.barriers<1>
  simt.box_load %map[%m, %c64] to %a barrier %b[%zero] : !simt.shared<64x128xf16, #s>, !simt.barriers<1>
  simt.barrier_wait %b[%zero], %zero : !simt.barriers<1>
  simt.fence_async
  simt.barrier
  simt.box_store %a to %map[%m, %zero] : !simt.shared<64x128xf16, #s>
  simt.box_store_wait pending = 0
  simt.box_store_wait pending = 1 written
  return
}
