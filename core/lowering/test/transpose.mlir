// RUN: tile-lower %s | FileCheck %s

// Read along rows, written along columns: both accesses to user memory are
// contiguous, the tile is turned in scratch.

// CHECK: ; scratch 4352
// CHECK: define void @transpose
// CHECK: load <32 x float>
// CHECK: store <32 x float>
// CHECK: call <32 x float> @llvm.masked.gather
// CHECK: store <32 x float>
// CHECK-NOT: scatter
// CHECK: ret void
module attributes {tile.version = 1 : i32} {
  func.func @transpose(%x: !tile.ptr<f32>, %out: !tile.ptr<f32>, %n: i32) attributes {tile.kernel} {
    %r = tile.make_range 0, 32 : tensor<32xi32>
    %i0 = tile.expand_dims %r, 1 : tensor<32xi32> -> tensor<32x1xi32>
    %j0 = tile.expand_dims %r, 0 : tensor<32xi32> -> tensor<1x32xi32>
    %i = tile.broadcast %i0 : tensor<32x1xi32> -> tensor<32x32xi32>
    %j = tile.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
    %ns = tile.splat %n : i32 -> tensor<32x32xi32>
    %in = arith.muli %i, %ns : tensor<32x32xi32>
    %jn = arith.muli %j, %ns : tensor<32x32xi32>
    %from = arith.addi %in, %j : tensor<32x32xi32>
    %to = arith.addi %jn, %i : tensor<32x32xi32>
    %xs = tile.splat %x : !tile.ptr<f32> -> tensor<32x32x!tile.ptr<f32>>
    %xp = tile.addptr %xs, %from : tensor<32x32x!tile.ptr<f32>>, tensor<32x32xi32>
    %v = tile.load %xp : tensor<32x32x!tile.ptr<f32>>
    %os = tile.splat %out : !tile.ptr<f32> -> tensor<32x32x!tile.ptr<f32>>
    %op = tile.addptr %os, %to : tensor<32x32x!tile.ptr<f32>>, tensor<32x32xi32>
    tile.store %op, %v : tensor<32x32x!tile.ptr<f32>>
    return
  }
}
