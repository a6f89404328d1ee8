// RUN: simt-lower %s | FileCheck %s
// RUN: simt-lower --array %s | FileCheck %s --check-prefix=ARRAY

// Four elements a lane and vector, coordinates by OR of lane, warp and constant;
// the mask is uniform in a vector because the bound is a multiple of 16.

#l = #simt.layout<"(dim0: 1024) { register: (1) (2) (512); lane: (4) (8) (16) (32) (64); warp: (128) (256) }">
module attributes {simt.target = "warp32"} {
// CHECK: ; threads 128 shared 0
// CHECK-LABEL: define void @add(
// CHECK-SAME: ptr addrspace(1) align 16 %[[X:.*]], ptr addrspace(1) align 16 %[[Y:.*]], i32 %[[N:.*]])
// CHECK-DAG: %[[WARP:.*]] = call i32 @tsdk.warp_id()
// CHECK-DAG: %[[LANE:.*]] = call i32 @tsdk.lane_id()
// CHECK-DAG: %[[L:.*]] = shl i32 %[[LANE]], 2
// CHECK-DAG: %[[W:.*]] = shl i32 %[[WARP]], 7
// CHECK: %[[T:.*]] = or disjoint i32 %[[L]], %[[W]]
// CHECK: %[[T512:.*]] = or disjoint i32 %[[T]], 512
// CHECK: %[[I0:.*]] = add i32 %{{.*}}, %[[T]]
// CHECK: %[[I4:.*]] = add i32 %{{.*}}, %[[T512]]
// CHECK: %[[M0:.*]] = icmp slt i32 %[[I0]], %[[N]]
// CHECK: %[[M4:.*]] = icmp slt i32 %[[I4]], %[[N]]
// CHECK: %[[P0:.*]] = getelementptr float, ptr addrspace(1) %[[X]], i32 %[[I0]]
// CHECK: %[[P4:.*]] = getelementptr float, ptr addrspace(1) %[[X]], i32 %[[I4]]
// CHECK: call <4 x i32> @tsdk.global.load.b128(ptr addrspace(1) %[[P0]], i1 %[[M0]], <4 x i32> zeroinitializer)
// CHECK: call <4 x i32> @tsdk.global.load.b128(ptr addrspace(1) %[[P4]], i1 %[[M4]], <4 x i32> zeroinitializer)
// CHECK-COUNT-8: fadd contract float
// CHECK: call void @tsdk.global.store.b128(ptr addrspace(1) %{{.*}}, <4 x i32> %{{.*}}, i1 %[[M0]])
// CHECK: call void @tsdk.global.store.b128(ptr addrspace(1) %{{.*}}, <4 x i32> %{{.*}}, i1 %[[M4]])
// CHECK-NOT: tsdk.global
// CHECK: ret void

// ARRAY-LABEL: define void @add(ptr %0)
// ARRAY: load ptr, ptr %0
// ARRAY: load ptr addrspace(1), ptr
// ARRAY: getelementptr ptr, ptr %0, i64 2
// ARRAY: load i32, ptr
func.func @add(%x: !tile.ptr<f32> {tile.divisibility = 16}, %y: !tile.ptr<f32> {tile.divisibility = 16}, %n: i32 {tile.divisibility = 16}) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %pid = tile.program_id 0
  %c = arith.constant 1024 : i32
  %o = arith.muli %pid, %c : i32
  %r = tile.make_range 0, 1024 : tensor<1024xi32, #l>
  %os = tile.splat %o : i32 -> tensor<1024xi32, #l>
  %i = arith.addi %os, %r : tensor<1024xi32, #l>
  %ns = tile.splat %n : i32 -> tensor<1024xi32, #l>
  %m = arith.cmpi slt, %i, %ns : tensor<1024xi32, #l>
  %xs = tile.splat %x : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>, #l>
  %xp = tile.addptr %xs, %i : tensor<1024x!tile.ptr<f32>, #l>, tensor<1024xi32, #l>
  %a = tile.load %xp mask %m : tensor<1024x!tile.ptr<f32>, #l>
  %b = arith.addf %a, %a : tensor<1024xf32, #l>
  %ys = tile.splat %y : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>, #l>
  %yp = tile.addptr %ys, %i : tensor<1024x!tile.ptr<f32>, #l>, tensor<1024xi32, #l>
  tile.store %yp, %b mask %m : tensor<1024x!tile.ptr<f32>, #l>
  return
}
}
