// RUN: simt-lower %s | FileCheck %s
// RUN: simt-lower %s --target=blocking32 | FileCheck %s --check-prefix=BLOCKS

#acc = #simt.layout<"(dim0: 16, dim1: 16) { register: (0,1) (8,0) (0,8); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: }">
#lhs = #simt.layout<"(dim0: 16, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: }">
#rhs = #simt.layout<"(dim0: 32, dim1: 16) { register: (1,0) (8,0) (16,0) (0,8); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: }">
#rhs_steps = #simt.layout<"(dim0: 32, dim1: 16) { register: (1,0) (8,0) (0,8) (16,0); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: }">
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 16) { offset: (0,1) (0,2) (0,4) (0,8) (1,0) (2,0) (4,8) (8,0) (16,0) }", format = "", alignment = 16>
#acc8 = #simt.layout<"(dim0: 16, dim1: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: }">
#lhs4 = #simt.layout<"(dim0: 16, dim1: 32) { register: (0,1) (0,2) (8,0) (0,16); lane: (0,4) (0,8) (1,0) (2,0) (4,0); warp: }">
#rhs4 = #simt.layout<"(dim0: 32, dim1: 8) { register: (1,0) (2,0) (16,0); lane: (4,0) (8,0) (0,1) (0,2) (0,4); warp: }">
#sp = #simt.shared_layout<layout = "(dim0: 16, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,0) (4,0) (8,0) }", format = "", alignment = 16>
#sq = #simt.shared_layout<layout = "(dim0: 32, dim1: 8) { offset: (1,0) (2,0) (4,0) (8,0) (16,0) (0,1) (0,2) (0,4) }", format = "", alignment = 16>
#row = #simt.layout<"(dim0: 16, dim1: 32) { register: (0,1) (0,2) (0,4) (8,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: }">
#acct = #simt.layout<"(dim0: 16, dim1: 16) { register: (1,0) (0,8) (8,0); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: }">
#lhst = #simt.layout<"(dim0: 16, dim1: 32) { register: (0,1) (0,8) (0,16) (8,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: }">
#rhst = #simt.layout<"(dim0: 32, dim1: 16) { register: (1,0) (0,8) (8,0) (16,0); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 16, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,8) (2,16) (4,0) (8,0) }", format = "", alignment = 16>
#fl = #simt.layout<"(dim0: 4, dim1: 2) { register: (0,1); lane: (0,0) (0,0) (0,0) (0,0) (0,0); warp: (1,0) (2,0) }">
#fr = #simt.layout<"(dim0: 2, dim1: 32) { register: (1,0); lane: (0,1) (0,2) (0,4) (0,8) (0,16); warp: (0,0) (0,0) }">
#fa = #simt.layout<"(dim0: 4, dim1: 32) { register: ; lane: (0,1) (0,2) (0,4) (0,8) (0,16); warp: (1,0) (2,0) }">
#one = #simt.layout<"(dim0: 64) { register: (1); lane: (2) (4) (8) (16) (32); warp: (0) }">

// Two steps along K, two fragments along N; fragments of the left operand are
// packed once.
// CHECK-LABEL: define void @row(
// CHECK-COUNT-4: call <4 x float> @tsdk.mma.m16n8k16.f32.f16(<8 x half> %{{.*}}, <4 x half> %{{.*}}, <4 x float> {{.*}})
// CHECK-NOT: tsdk.mma
// CHECK: ret void
// What a warp waits for stays where it is: both results are held there.
// BLOCKS-LABEL: define void @row(
// BLOCKS-COUNT-4: call <4 x float> @tsdk.mma.m16n8k16.f32.f16(
// BLOCKS-COUNT-2: call <4 x float> @tsdk.mma.done.m16n8k16.f32.f16(<4 x float>
// BLOCKS-NOT: tsdk.mma
// BLOCKS: ret void
func.func @row(%p: !tile.ptr<f32>, %x: f16) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %a = tile.splat %x : f16 -> tensor<16x32xf16, #lhs>
  %b = tile.splat %x : f16 -> tensor<32x16xf16, #rhs>
  %c = arith.constant dense<0.0> : tensor<16x16xf32, #acc>
  %d = tile.dot %a, %b, %c {simt.row = "m16n8k16.f32.f16"} : tensor<16x32xf16, #lhs>, tensor<32x16xf16, #rhs> -> tensor<16x16xf32, #acc>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<16x16x!tile.ptr<f32>, #acc>
  tile.store %ps, %d : tensor<16x16x!tile.ptr<f32>, #acc>
  return
}

// The transposed product: the right operand, 8 elements a lane, goes first.
// CHECK-LABEL: define void @transposed(
// CHECK: %[[BITS:.*]] = load i16, ptr addrspace(1) %1
// CHECK: %[[RIGHT:.*]] = bitcast i16 %[[BITS]] to half
// CHECK: insertelement <8 x half> poison, half %[[RIGHT]]
// CHECK-COUNT-4: call <4 x float> @tsdk.mma.m16n8k16.f32.f16(<8 x half> %{{.*}}, <4 x half> %{{.*}}, <4 x float> {{.*}})
// CHECK-NOT: tsdk.mma
// CHECK: ret void
func.func @transposed(%p: !tile.ptr<f16>, %q: !tile.ptr<f16>, %out: !tile.ptr<f32>) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %x = tile.load %p : !tile.ptr<f16>
  %y = tile.load %q : !tile.ptr<f16>
  %a = tile.splat %x : f16 -> tensor<16x32xf16, #lhst>
  %b = tile.splat %y : f16 -> tensor<32x16xf16, #rhst>
  %c = arith.constant dense<0.0> : tensor<16x16xf32, #acct>
  %d = tile.dot %a, %b, %c {simt.row = "m16n8k16.f32.f16", simt.transposed} : tensor<16x32xf16, #lhst>, tensor<32x16xf16, #rhst> -> tensor<16x16xf32, #acct>
  %ps = tile.splat %out : !tile.ptr<f32> -> tensor<16x16x!tile.ptr<f32>, #acct>
  tile.store %ps, %d : tensor<16x16x!tile.ptr<f32>, #acct>
  return
}

// Operands that are widened: two to a word, no number for itself.
// CHECK-LABEL: define void @widened(
// CHECK: shufflevector <8 x i8> {{.*}} zeroinitializer{{.*}}, <16 x i32> <i32 8, i32 0, i32 8, i32 1,
// CHECK: and <4 x i32> {{.*}}splat (i32 2130738944)
// CHECK: fmul{{.*}} <8 x half> {{.*}}splat (half 0xH5C00)
// CHECK: shufflevector <4 x i8> {{.*}} zeroinitializer{{.*}}, <8 x i32> <i32 4, i32 0, i32 4, i32 1,
// CHECK-NOT: fmul
// CHECK: call <4 x float> @tsdk.mma.m16n8k16.f32.f16(<8 x half>
// CHECK-NOT: fpext
// CHECK: ret void
func.func @widened(%p: !tile.ptr<f32>, %q: !tile.ptr<f8E4M3FN>, %r: !tile.ptr<f8E5M2>) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %x = tile.load %q : !tile.ptr<f8E4M3FN>
  %y = tile.load %r : !tile.ptr<f8E5M2>
  %a = tile.splat %x : f8E4M3FN -> tensor<16x32xf8E4M3FN, #lhs>
  %b = tile.splat %y : f8E5M2 -> tensor<32x16xf8E5M2, #rhs>
  %c = arith.constant dense<0.0> : tensor<16x16xf32, #acc>
  %d = tile.dot %a, %b, %c {simt.row = "m16n8k16.f32.f16"} : tensor<16x32xf8E4M3FN, #lhs>, tensor<32x16xf8E5M2, #rhs> -> tensor<16x16xf32, #acc>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<16x16x!tile.ptr<f32>, #acc>
  tile.store %ps, %d : tensor<16x16x!tile.ptr<f32>, #acc>
  return
}

// A loop carries the sum of an instruction as the vector that it is; operands
// are read step by step, ahead of the first instruction that takes them.
// CHECK-LABEL: define void @steps(
// CHECK-COUNT-2: phi <4 x float>
// CHECK-NOT: phi float
// CHECK-COUNT-2: call <4 x i32> @tsdk.shared.load.matrix.x4{{(.trans)?}}(
// CHECK-COUNT-2: @tsdk.mma.m16n8k16.f32.f16
// CHECK-COUNT-2: call <4 x i32> @tsdk.shared.load.matrix.x4{{(.trans)?}}(
// CHECK-COUNT-2: @tsdk.mma.m16n8k16.f32.f16
// CHECK: ret void
func.func @steps(%p: !tile.ptr<f32>, %n: i32) attributes {tile.kernel, simt.num_warps = 1 : i32, simt.shared_bytes = 2048 : i32} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c = arith.constant dense<0.0> : tensor<16x16xf32, #acc>
  %as = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<16x32xf16, #s>
  %bs = simt.shared_alloc {offset = 1024 : i32} -> !simt.shared<32x16xf16, #sb>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %c) -> (tensor<16x16xf32, #acc>) : i32 {
    %a = simt.shared_load %as : !simt.shared<16x32xf16, #s> -> tensor<16x32xf16, #lhs>
    %b = simt.shared_load %bs : !simt.shared<32x16xf16, #sb> -> tensor<32x16xf16, #rhs_steps>
    %d = tile.dot %a, %b, %sum {simt.row = "m16n8k16.f32.f16"} : tensor<16x32xf16, #lhs>, tensor<32x16xf16, #rhs_steps> -> tensor<16x16xf32, #acc>
    scf.yield %d : tensor<16x16xf32, #acc>
  }
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<16x16x!tile.ptr<f32>, #acc>
  tile.store %ps, %r : tensor<16x16x!tile.ptr<f32>, #acc>
  return
}

// Instructions with interleaved steps take their parts of one read.
// CHECK-LABEL: define void @interleaved(
// CHECK: %[[A:.*]] = load <4 x float>, ptr addrspace(3)
// CHECK-DAG: %[[A0:.*]] = extractelement <4 x float> %[[A]], i32 0
// CHECK-DAG: %[[A1:.*]] = extractelement <4 x float> %[[A]], i32 1
// CHECK: insertelement <4 x float> poison, float %[[A0]], i32 0
// CHECK: call <4 x float> @tsdk.mma.m16n8k8.f32.tf32
// CHECK: insertelement <4 x float> poison, float %[[A1]], i32 0
// CHECK: call <4 x float> @tsdk.mma.m16n8k8.f32.tf32
// CHECK-COUNT-2: call <4 x float> @tsdk.mma.m16n8k8.f32.tf32
// CHECK-NOT: tsdk.mma
// CHECK: ret void
func.func @interleaved(%p: !tile.ptr<f32>) attributes {tile.kernel, simt.num_warps = 1 : i32, simt.shared_bytes = 4096 : i32} {
  %as = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<16x32xf32, #sp>
  %bs = simt.shared_alloc {offset = 2048 : i32} -> !simt.shared<32x8xf32, #sq>
  %a = simt.shared_load %as : !simt.shared<16x32xf32, #sp> -> tensor<16x32xf32, #lhs4>
  %b = simt.shared_load %bs : !simt.shared<32x8xf32, #sq> -> tensor<32x8xf32, #rhs4>
  %c = arith.constant dense<0.0> : tensor<16x8xf32, #acc8>
  %d = tile.dot %a, %b, %c {simt.pack = 4 : i32, simt.row = "m16n8k8.f32.tf32"} : tensor<16x32xf32, #lhs4>, tensor<32x8xf32, #rhs4> -> tensor<16x8xf32, #acc8>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<16x8x!tile.ptr<f32>, #acc8>
  tile.store %ps, %d : tensor<16x8x!tile.ptr<f32>, #acc8>
  return
}

// CHECK-LABEL: define void @single(
// CHECK-COUNT-2: call float @llvm.fma.f32
// CHECK-NOT: llvm.fma
// CHECK: ret void
func.func @single(%p: !tile.ptr<f32>, %x: f32) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %a = tile.splat %x : f32 -> tensor<4x2xf32, #fl>
  %b = tile.splat %x : f32 -> tensor<2x32xf32, #fr>
  %c = arith.constant dense<0.0> : tensor<4x32xf32, #fa>
  %d = tile.dot %a, %b, %c : tensor<4x2xf32, #fl>, tensor<2x32xf32, #fr> -> tensor<4x32xf32, #fa>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<4x32x!tile.ptr<f32>, #fa>
  tile.store %ps, %d : tensor<4x32x!tile.ptr<f32>, #fa>
  return
}

// Copies of 16 bytes to a swizzled buffer; the second one of an array.
// CHECK-LABEL: define void @buffers(
// CHECK: %[[B:.*]] = getelementptr i8, ptr addrspace(3) %{{.*}}, i32 1024
// CHECK: %[[V:.*]] = getelementptr i8, ptr addrspace(3) %[[B]], i32 %{{.*}}
// CHECK-COUNT-2: call void @tsdk.async.copy.b128(ptr addrspace(3) %{{.*}}, ptr addrspace(1) %{{.*}}, i1 true)
// CHECK-NOT: tsdk.async.copy
// CHECK: call void @tsdk.async.commit()
// CHECK: call void @tsdk.async.wait.0()
// CHECK: call void @tsdk.barrier()
// CHECK-COUNT-2: load <8 x half>, ptr addrspace(3) %{{.*}}, align 16
// CHECK-COUNT-2: store <8 x half> %{{.*}}, ptr addrspace(3) %{{.*}}, align 16
// CHECK: ret void
func.func @buffers(%p: !tile.ptr<f16> {tile.divisibility = 16}, %i: i32) attributes {tile.kernel, simt.num_warps = 1 : i32, simt.shared_bytes = 4096 : i32} {
  %ps = tile.splat %p : !tile.ptr<f16> -> tensor<16x32x!tile.ptr<f16>, #row>
  %b = simt.shared_alloc {offset = 1024 : i32} -> !simt.shared<2x16x32xf16, #s>
  %v = simt.shared_index %b[%i] : !simt.shared<2x16x32xf16, #s> -> !simt.shared<16x32xf16, #s>
  %t = simt.async_copy "b128" %ps to %v : tensor<16x32x!tile.ptr<f16>, #row> -> !simt.shared<16x32xf16, #s>
  %g = simt.async_commit(%t)
  %w = simt.async_wait %g pending = 0
  simt.barrier
  %x = simt.shared_load %v token %w : !simt.shared<16x32xf16, #s> -> tensor<16x32xf16, #row>
  simt.shared_store %x, %v : tensor<16x32xf16, #row> -> !simt.shared<16x32xf16, #s>
  return
}

// The first warp does it; the result goes to the others through scratch.
// CHECK-LABEL: define void @atomic(
// CHECK: call void @tsdk.barrier()
// CHECK: br i1
// CHECK-COUNT-2: atomicrmw add ptr addrspace(1)
// CHECK: store i32 %{{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.barrier()
// CHECK-COUNT-2: load i32, ptr addrspace(3)
// CHECK: ret void
func.func @atomic(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 2 : i32, simt.shared_bytes = 256 : i32} {
  %r = tile.make_range 0, 64 : tensor<64xi32, #one>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<64x!tile.ptr<i32>, #one>
  %q = tile.addptr %ps, %r : tensor<64x!tile.ptr<i32>, #one>, tensor<64xi32, #one>
  %old = tile.atomic_rmw add acq_rel gpu, %q, %r {simt.scratch = 0 : i32} : tensor<64x!tile.ptr<i32>, #one>
  tile.store %q, %old : tensor<64x!tile.ptr<i32>, #one>
  return
}

// What a matrix row of the target loads is one access of the warp.
// CHECK-LABEL: define void @rows(
// CHECK: call <4 x i32> @tsdk.shared.load.{{.*}}(ptr addrspace(3) %{{.*}})
// CHECK-NOT: load <
// CHECK: ret void
func.func @rows(%p: !tile.ptr<f16>) attributes {tile.kernel, simt.num_warps = 1 : i32, simt.shared_bytes = 1024 : i32} {
  %b = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<16x32xf16, #s>
  %x = simt.shared_load %b : !simt.shared<16x32xf16, #s> -> tensor<16x32xf16, #lhs>
  %ps = tile.splat %p : !tile.ptr<f16> -> tensor<16x32x!tile.ptr<f16>, #lhs>
  tile.store %ps, %x : tensor<16x32x!tile.ptr<f16>, #lhs>
  return
}
