// RUN: tile-lower %s | FileCheck %s

// The last chunk of a row of five: one element, stored without a mask. LLVM 22
// writes too much for a masked store of truncated integers with one bit set.

// CHECK: define void @narrow
// CHECK: %[[T:.*]] = trunc <4 x i32>
// CHECK: store <4 x i8>
// CHECK: extractelement <4 x i8>
// CHECK: store i8
// CHECK-NOT: masked.store
// CHECK: ret void
module attributes {tile.version = 1 : i32} {
  func.func @narrow(%x: !tile.ptr<i32>, %out: !tile.ptr<i8>) attributes {tile.kernel} {
    %r = tile.make_range 0, 5 : tensor<5xi32>
    %xs = tile.splat %x : !tile.ptr<i32> -> tensor<5x!tile.ptr<i32>>
    %xp = tile.addptr %xs, %r : tensor<5x!tile.ptr<i32>>, tensor<5xi32>
    %v = tile.load %xp : tensor<5x!tile.ptr<i32>>
    %t = arith.trunci %v : tensor<5xi32> to tensor<5xi8>
    %os = tile.splat %out : !tile.ptr<i8> -> tensor<5x!tile.ptr<i8>>
    %op = tile.addptr %os, %r : tensor<5x!tile.ptr<i8>>, tensor<5xi32>
    tile.store %op, %t : tensor<5x!tile.ptr<i8>>
    return
  }
}
