// RUN: simt-lower --buffers %s | FileCheck %s
// RUN: simt-lower %s | FileCheck %s --check-prefix=PLAIN

// Masked accesses of a machine with buffer addressing: what all elements share
// goes into the base, the rest is an offset of 32 bits, known to be small.

// PLAIN-NOT: tsdk.buffer

#v = #simt.layout<"(dim0: 256) { register: (1) (2) (4); lane: (8) (16) (32) (64) (128); warp: }">

// Program by program: the base moves by all of %o, in 64 bits.
// CHECK-LABEL: define void @block(
// CHECK: %[[WIDE:.*]] = sext i32 %{{.*}} to i64
// CHECK: %[[BYTES:.*]] = mul i64 %[[WIDE]], 4
// CHECK: %[[BASE:.*]] = getelementptr i8, ptr addrspace(1) %{{.*}}, i64 %[[BYTES]]
// CHECK-COUNT-2: call <4 x i32> @tsdk.buffer.load.b128(ptr addrspace(1) %[[BASE]], i32 %{{.*}}, i1 %{{.*}})
// CHECK-NOT: tsdk.global
// CHECK-COUNT-2: call void @tsdk.buffer.store.b128(ptr addrspace(1) %{{.*}}, i32 %{{.*}}, <4 x i32> %{{.*}}, i1 %{{.*}})
func.func @block(%p: !tile.ptr<f32> {tile.divisibility = 16}, %o: i32 {tile.divisibility = 16}, %n: i32 {tile.divisibility = 16}) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #v>
  %os = tile.splat %o : i32 -> tensor<256xi32, #v>
  %at = arith.addi %os, %r : tensor<256xi32, #v>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<256x!tile.ptr<f32>, #v>
  %pp = tile.addptr %ps, %at : tensor<256x!tile.ptr<f32>, #v>, tensor<256xi32, #v>
  %ns = tile.splat %n : i32 -> tensor<256xi32, #v>
  %m = arith.cmpi slt, %at, %ns : tensor<256xi32, #v>
  %x = tile.load %pp mask %m : tensor<256x!tile.ptr<f32>, #v>
  tile.store %pp, %x mask %m : tensor<256x!tile.ptr<f32>, #v>
  return
}

// 255 * 2^23 bytes of 4 each are too many; less than half of it is not. What may
// be negative is no offset; the rest of a division is.
// CHECK-LABEL: define void @ranges(
// CHECK-COUNT-8: call i32 @tsdk.global.load.b32(
// CHECK-COUNT-8: call i32 @tsdk.buffer.load.b32(
// CHECK-COUNT-8: call i32 @tsdk.global.load.b32(
// CHECK-COUNT-8: call i32 @tsdk.buffer.load.b32(
// CHECK-NOT: call i32 @tsdk
func.func @ranges(%p: !tile.ptr<i32>, %o: !tile.ptr<i32>, %n: i32) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #v>
  %far = arith.constant dense<4194304> : tensor<256xi32, #v>
  %near = arith.constant dense<2097152> : tensor<256xi32, #v>
  %half = arith.constant dense<128> : tensor<256xi32, #v>
  %ns = tile.splat %n : i32 -> tensor<256xi32, #v>
  %m = arith.cmpi slt, %r, %ns : tensor<256xi32, #v>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<256x!tile.ptr<i32>, #v>
  %os = tile.splat %o : !tile.ptr<i32> -> tensor<256x!tile.ptr<i32>, #v>
  %op = tile.addptr %os, %r : tensor<256x!tile.ptr<i32>, #v>, tensor<256xi32, #v>
  %a0 = arith.muli %r, %far : tensor<256xi32, #v>
  %p0 = tile.addptr %ps, %a0 : tensor<256x!tile.ptr<i32>, #v>, tensor<256xi32, #v>
  %x0 = tile.load %p0 mask %m : tensor<256x!tile.ptr<i32>, #v>
  %a1 = arith.muli %r, %near : tensor<256xi32, #v>
  %p1 = tile.addptr %ps, %a1 : tensor<256x!tile.ptr<i32>, #v>, tensor<256xi32, #v>
  %x1 = tile.load %p1 mask %m : tensor<256x!tile.ptr<i32>, #v>
  %a2 = arith.subi %r, %half : tensor<256xi32, #v>
  %p2 = tile.addptr %ps, %a2 : tensor<256x!tile.ptr<i32>, #v>, tensor<256xi32, #v>
  %x2 = tile.load %p2 mask %m : tensor<256x!tile.ptr<i32>, #v>
  %a3 = arith.remsi %r, %half : tensor<256xi32, #v>
  %p3 = tile.addptr %ps, %a3 : tensor<256x!tile.ptr<i32>, #v>, tensor<256xi32, #v>
  %x3 = tile.load %p3 mask %m : tensor<256x!tile.ptr<i32>, #v>
  %s0 = arith.addi %x0, %x1 : tensor<256xi32, #v>
  %s1 = arith.addi %x2, %x3 : tensor<256xi32, #v>
  %s = arith.addi %s0, %s1 : tensor<256xi32, #v>
  tile.store %op, %s : tensor<256x!tile.ptr<i32>, #v>
  return
}
