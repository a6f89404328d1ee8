// RUN: simt-lower --target group %s | FileCheck %s
// RUN: simt-lower --target group --array %s | FileCheck %s --check-prefix=ARRAY

// One thread makes the barriers. The consumers' group gets registers before its
// code, the others share a group, give up theirs together and part then.
// Arrivals are those of warps; what one thread does it does for all.
// CHECK: ; threads 256
// CHECK-LABEL: define void @partitions(
// CHECK: call void @tsdk.mbarrier.init(ptr addrspace(3) %{{.*}}, i32 4)
// CHECK: call void @tsdk.mbarrier.init(ptr addrspace(3) %{{.*}}, i32 4)
// CHECK: call void @tsdk.mbarrier.init_fence()
// CHECK: call void @tsdk.barrier()
// CHECK: icmp ult i32 %[[WARP:.*]], 4
// CHECK: call void @tsdk.registers.decrease.40()
// CHECK-NEXT: icmp ult i32 %[[WARP]], 5
// CHECK-NOT: call void @tsdk.registers
// CHECK: call void @tsdk.mbarrier.wait(ptr addrspace(3) %{{.*}}, i32 0)
// CHECK: call void @tsdk.barrier.named.1.128()
// CHECK: call void @tsdk.warp.sync()
// CHECK: call void @tsdk.mbarrier.arrive(
// CHECK: sub nsw i32 %[[WARP]], 4
// CHECK: call void @tsdk.warp.sync()
// CHECK: call void @tsdk.mbarrier.expect(ptr addrspace(3) %{{.*}}, i32 8192)
// ARRAY-LABEL: define void @partitions(ptr
// ARRAY: call void @tsdk.mbarrier.wait(
func.func @partitions(%n: i32) attributes {tile.kernel, simt.num_warps = 8 : i32, simt.shared_bytes = 32 : i32} {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %b = simt.barriers_init count = 4 {offset = 0 : i32} : !simt.barriers<2>
  simt.barrier
  simt.warp_specialize warps = [4, 1, 3] registers = [248, 40, 40] {
    scf.for %i = %zero to %n step %one : i32 {
      simt.barrier_wait %b[%i], %zero : !simt.barriers<2>
      simt.barrier id = 1 warps = 4
      simt.barrier_arrive %b[%one] : !simt.barriers<2>
    }
    simt.end
  }, {
    simt.barrier_expect %b[%zero] bytes = 8192 : !simt.barriers<2>
    simt.end
  }, {
    simt.end
  }
  return
}
