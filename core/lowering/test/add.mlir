// RUN: tile-lower %s | FileCheck %s
// RUN: tile-lower --vector-bytes=32 %s | FileCheck %s --check-prefix=YMM

// A masked copy loop: whole chunks without masks, a version with non-temporal
// stores, the masks in the remainder only, and nothing in scratch.

// CHECK: ; scratch 0
// CHECK: define void @add(ptr noalias readonly %{{.*}}, ptr noalias readonly %{{.*}}, ptr noalias align 64 %{{.*}})
// CHECK-NOT: gather
// CHECK-NOT: scatter
// CHECK: store <64 x float> {{.*}} align 64, !nontemporal
// CHECK: call void @llvm.masked.store.v16f32
// CHECK: %[[X:.*]] = load <64 x float>
// CHECK: %[[Y:.*]] = load <64 x float>
// CHECK: %[[S:.*]] = fadd contract <64 x float> %[[X]], %[[Y]]
// CHECK: store <64 x float> %[[S]], ptr %{{.*}}, align 4{{$}}
// CHECK: call <16 x float> @llvm.masked.load
// CHECK-NOT: gather
// YMM: fadd contract <32 x float>
module attributes {tile.version = 1 : i32} {
  func.func @add(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %out: !tile.ptr<f32>, %n: i32) attributes {tile.kernel} {
    %pid = tile.program_id 0
    %c = arith.constant 1024 : i32
    %s = arith.muli %pid, %c : i32
    %r = tile.make_range 0, 1024 : tensor<1024xi32>
    %ss = tile.splat %s : i32 -> tensor<1024xi32>
    %o = arith.addi %ss, %r : tensor<1024xi32>
    %ns = tile.splat %n : i32 -> tensor<1024xi32>
    %m = arith.cmpi slt, %o, %ns : tensor<1024xi32>
    %xs = tile.splat %x : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
    %xp = tile.addptr %xs, %o : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
    %xv = tile.load %xp mask %m : tensor<1024x!tile.ptr<f32>>
    %ys = tile.splat %y : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
    %yp = tile.addptr %ys, %o : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
    %yv = tile.load %yp mask %m : tensor<1024x!tile.ptr<f32>>
    %v = arith.addf %xv, %yv : tensor<1024xf32>
    %os = tile.splat %out : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
    %op = tile.addptr %os, %o : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
    tile.store %op, %v mask %m : tensor<1024x!tile.ptr<f32>>
    return
  }
}
