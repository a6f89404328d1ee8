// RUN: simt-lower --target group %s | FileCheck %s

// Four warps, two instructions along K; the right operand runs along columns.
// The wait ties the accumulators.
// CHECK-LABEL: define void @group(
// CHECK: call void @tsdk.mma.fence()
// CHECK: %[[A:.*]] = call i64 @tsdk.shared.descriptor.swizzle64(ptr addrspace(3) %{{.*}}, i32 512, i32 512)
// CHECK: %[[B:.*]] = call i64 @tsdk.shared.descriptor.swizzle32(ptr addrspace(3) %{{.*}}, i32 256, i32 256)
// CHECK: call { float, float, float, float, float, float, float, float } @tsdk.mma.m64k16.f32.f16.n16.ss.tb(float {{.*}}, i64 %[[A]], i64 %[[B]], i1 false)
// CHECK: call { float, float, float, float, float, float, float, float } @tsdk.mma.m64k16.f32.f16.n16.ss.tb({{.*}}, i1 true)
// CHECK: call void @tsdk.mma.commit()
// CHECK: call void @tsdk.mma.wait.0()
// CHECK: call { float, float, float, float, float, float, float, float } asm sideeffect "", "=f,=f,=f,=f,=f,=f,=f,=f,0,1,2,3,4,5,6,7"
// CHECK: ret void
#ga = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "swizzle64", alignment = 512>
#gb = #simt.shared_layout<layout = "(dim0: 32, dim1: 16) { offset: (0,1) (0,2) (0,4) (0,8) (1,0) (2,0) (4,8) (8,0) (16,0) }", format = "swizzle32", alignment = 256>
#gc = #simt.layout<"(dim0: 64, dim1: 16) { register: (0,1) (8,0) (0,8); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
func.func @group(%p: !tile.ptr<f32>) attributes {tile.kernel, simt.num_warps = 4 : i32, simt.shared_bytes = 8192 : i32} {
  %a = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<64x32xf16, #ga>
  %b = simt.shared_alloc {offset = 4096 : i32} -> !simt.shared<32x16xf16, #gb>
  %c = arith.constant dense<0.0> : tensor<64x16xf32, #gc>
  %d = simt.mma_async "m64k16.f32.f16" %a, %b, %c : !simt.shared<64x32xf16, #ga>, !simt.shared<32x16xf16, #gb> -> tensor<64x16xf32, #gc>
  %e = simt.mma_wait %d pending = 0 : tensor<64x16xf32, #gc>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<64x16x!tile.ptr<f32>, #gc>
  tile.store %ps, %e : tensor<64x16x!tile.ptr<f32>, #gc>
  return
}
