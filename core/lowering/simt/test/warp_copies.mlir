// RUN: simt-lower %s --target=direct64 | FileCheck %s

#l = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (0,32) (1,8) (2,16) (4,32); warp: (8,0) (16,0) }">
#s = #simt.shared_layout<layout = "(dim0: 64, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) (32,0) }", format = "", alignment = 16>

// Two copies a warp, to places that the lane has no part in; commits are
// nothing, a wait counts copies. Where there is nothing to copy, nothing may be
// left under way. A count beyond what the target can count is the largest.
// CHECK-LABEL: define void @copies(
// CHECK: call void @tsdk.async.copy.b128(ptr addrspace(3) %{{.*}}, ptr addrspace(1) %{{.*}}, i1 true)
// CHECK: call void @tsdk.async.copy.b128(
// CHECK-NOT: tsdk.async.commit
// CHECK: br i1 %{{.*}}, label %[[COPY:.*]], label %[[NONE:[0-9]*]]
// CHECK: call void @tsdk.async.copy.b128(
// CHECK: call void @tsdk.async.copy.b128(
// CHECK: call void @tsdk.async.wait.0()
// CHECK: call void @tsdk.async.wait.2()
// CHECK: call void @tsdk.async.wait.63()
// CHECK: call void @tsdk.async.wait.0()
// CHECK: ret void
func.func @copies(%p: !tile.ptr<f16>, %c: i1) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %ps = tile.splat %p : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>, #l>
  %m = tile.splat %c : i1 -> tensor<64x64xi1, #l>
  %b = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<64x64xf16, #s>
  %t = simt.async_copy "b128" %ps to %b : tensor<64x64x!tile.ptr<f16>, #l> -> !simt.shared<64x64xf16, #s>
  %g = simt.async_commit(%t)
  %u = simt.async_copy "b128" %ps to %b mask %m : tensor<64x64x!tile.ptr<f16>, #l> -> !simt.shared<64x64xf16, #s>
  %h = simt.async_commit(%u)
  %w = simt.async_wait %g pending = 1 copies = 2
  %v = simt.async_wait pending = 40 copies = 2
  %x = simt.async_wait pending = 1
  return
}
