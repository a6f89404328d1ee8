// RUN: tile-lower %s | FileCheck %s

// A sum keeps one accumulator per lane in registers; what only the sum reads
// is never stored. A combination that is not known to commute takes each chunk
// in order, without needing a neutral element.

// CHECK: ; scratch 0
// CHECK-LABEL: define void @sum
// CHECK: phi <64 x float> [ {{.*}} ], [ splat (float -0.000000e+00)
// CHECK: fadd contract <64 x float>
// CHECK-NOT: store <
// CHECK: shufflevector <64 x float>
// CHECK: fadd contract <32 x float>
// CHECK: store float

// CHECK-LABEL: define void @last
// CHECK: shufflevector <16 x float> {{.*}} <8 x i32> <i32 0, i32 2, i32 4
// CHECK: shufflevector <16 x float> {{.*}} <8 x i32> <i32 1, i32 3, i32 5
// CHECK: select i1 %{{.*}}, float
module attributes {tile.version = 1 : i32} {
  func.func @sum(%x: !tile.ptr<f32>, %out: !tile.ptr<f32>) attributes {tile.kernel} {
    %r = tile.make_range 0, 4096 : tensor<4096xi32>
    %xs = tile.splat %x : !tile.ptr<f32> -> tensor<4096x!tile.ptr<f32>>
    %xp = tile.addptr %xs, %r : tensor<4096x!tile.ptr<f32>>, tensor<4096xi32>
    %v = tile.load %xp : tensor<4096x!tile.ptr<f32>>
    %s = tile.reduce %v axis = 0 : (tensor<4096xf32>) -> f32 {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %a, %b : f32
      tile.yield %0 : f32
    }
    tile.store %out, %s : !tile.ptr<f32>
    return
  }
  func.func @last(%x: !tile.ptr<f32>, %out: !tile.ptr<f32>) attributes {tile.kernel} {
    %r = tile.make_range 0, 4096 : tensor<4096xi32>
    %xs = tile.splat %x : !tile.ptr<f32> -> tensor<4096x!tile.ptr<f32>>
    %xp = tile.addptr %xs, %r : tensor<4096x!tile.ptr<f32>>, tensor<4096xi32>
    %v = tile.load %xp : tensor<4096x!tile.ptr<f32>>
    %s = tile.reduce %v axis = 0 : (tensor<4096xf32>) -> f32 {
    ^bb0(%a: f32, %b: f32):
      %z = arith.constant 0.0 : f32
      %0 = arith.mulf %a, %z : f32
      %1 = arith.addf %0, %b : f32
      tile.yield %1 : f32
    }
    tile.store %out, %s : !tile.ptr<f32>
    return
  }
}
