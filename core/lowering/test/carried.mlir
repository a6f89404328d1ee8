// RUN: tile-lower %s | FileCheck %s

// Rescaling a carried tensor happens in its place; two tensors that change
// places in a loop need copies.

// CHECK: ; scratch 1280
// CHECK-LABEL: define void @in_place
// CHECK: %[[PLACE:.*]] = getelementptr i8, ptr %2, i64 0
// CHECK: %[[OLD:.*]] = load <64 x float>, ptr %[[PLACE]]
// CHECK: %[[NEW:.*]] = fmul contract <64 x float> %[[OLD]]
// CHECK-NEXT: store <64 x float> %[[NEW]], ptr %[[PLACE]]
// CHECK-NEXT: add nsw i32
// CHECK-NEXT: br
// CHECK-LABEL: define void @exchange
// CHECK: getelementptr i8, ptr %2, i64 0
// CHECK: getelementptr i8, ptr %2, i64 320
// CHECK: getelementptr i8, ptr %2, i64 640
// CHECK: getelementptr i8, ptr %2, i64 960
// CHECK-NOT: getelementptr i8, ptr %2
// CHECK: ret void
module attributes {tile.version = 1 : i32} {
  func.func @in_place(%out: !tile.ptr<f32>, %n: i32, %s: f32) attributes {tile.kernel} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = tile.make_range 0, 64 : tensor<64xi32>
    %one = arith.constant dense<1.0> : tensor<64xf32>
    %ss = tile.splat %s : f32 -> tensor<64xf32>
    %v = scf.for %i = %c0 to %n step %c1 iter_args(%x = %one) -> (tensor<64xf32>) : i32 {
      %y = arith.mulf %x, %ss : tensor<64xf32>
      scf.yield %y : tensor<64xf32>
    }
    %os = tile.splat %out : !tile.ptr<f32> -> tensor<64x!tile.ptr<f32>>
    %op = tile.addptr %os, %r : tensor<64x!tile.ptr<f32>>, tensor<64xi32>
    tile.store %op, %v : tensor<64x!tile.ptr<f32>>
    return
  }
  func.func @exchange(%out: !tile.ptr<f32>, %n: i32) attributes {tile.kernel} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = tile.make_range 0, 16 : tensor<16xi32>
    %one = arith.constant dense<1.0> : tensor<16xf32>
    %two = arith.constant dense<2.0> : tensor<16xf32>
    %v:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %one, %y = %two) -> (tensor<16xf32>, tensor<16xf32>) : i32 {
      scf.yield %y, %x : tensor<16xf32>, tensor<16xf32>
    }
    %os = tile.splat %out : !tile.ptr<f32> -> tensor<16x!tile.ptr<f32>>
    %op = tile.addptr %os, %r : tensor<16x!tile.ptr<f32>>, tensor<16xi32>
    tile.store %op, %v#0 : tensor<16x!tile.ptr<f32>>
    return
  }
}
