// RUN: tile-lower %s | FileCheck %s

// The accumulator of a product in a loop stays where it is: scratch holds the
// two operands and one accumulator, and no loop copies it. The right operand's
// columns, taken modulo the size, are contiguous unless they wrap.

// One 64x64, one 64x32 and one 32x64 tile of f32, each with 256 bytes to spare.
// CHECK: ; scratch 33536
// CHECK: define void @matmul
// CHECK: load <32 x float>
// CHECK: sdiv i64
// CHECK: load <64 x float>
// The slow version of the right operand, for tiles that wrap.
// CHECK: call <64 x float> @llvm.masked.gather
// Eight rows by two vectors, two steps of K a pass.
// CHECK-COUNT-32: call <16 x float> @llvm.fma.v16f32
// CHECK-NOT: call <16 x float> @llvm.fma
// CHECK: define
module attributes {tile.version = 1 : i32} {
  func.func @matmul(%a: !tile.ptr<f32>, %b: !tile.ptr<f32>, %c: !tile.ptr<f32>, %n: i32, %k: i32) attributes {tile.kernel} {
    %c0 = arith.constant 0 : i32
    %c32 = arith.constant 32 : i32
    %zero = arith.constant dense<0.0> : tensor<64x64xf32>
    %r64 = tile.make_range 0, 64 : tensor<64xi32>
    %r32 = tile.make_range 0, 32 : tensor<32xi32>
    %pid = tile.program_id 0
    %c64 = arith.constant 64 : i32
    %col0 = arith.muli %pid, %c64 : i32
    %col0s = tile.splat %col0 : i32 -> tensor<64xi32>
    %col1 = arith.addi %col0s, %r64 : tensor<64xi32>
    %ns = tile.splat %n : i32 -> tensor<64xi32>
    %col = arith.remsi %col1, %ns : tensor<64xi32>
    %rows = tile.expand_dims %r64, 1 : tensor<64xi32> -> tensor<64x1xi32>
    %cols = tile.expand_dims %col, 0 : tensor<64xi32> -> tensor<1x64xi32>
    %colsb = tile.broadcast %cols : tensor<1x64xi32> -> tensor<32x64xi32>
    %ka = tile.expand_dims %r32, 0 : tensor<32xi32> -> tensor<1x32xi32>
    %kb = tile.expand_dims %r32, 1 : tensor<32xi32> -> tensor<32x1xi32>
    %kas = tile.splat %k : i32 -> tensor<64x1xi32>
    %arow = arith.muli %rows, %kas : tensor<64x1xi32>
    %arowb = tile.broadcast %arow : tensor<64x1xi32> -> tensor<64x32xi32>
    %kab = tile.broadcast %ka : tensor<1x32xi32> -> tensor<64x32xi32>
    %aoff = arith.addi %arowb, %kab : tensor<64x32xi32>
    %nbs = tile.splat %n : i32 -> tensor<32x1xi32>
    %brow = arith.muli %kb, %nbs : tensor<32x1xi32>
    %browb = tile.broadcast %brow : tensor<32x1xi32> -> tensor<32x64xi32>
    %boff = arith.addi %browb, %colsb : tensor<32x64xi32>
    %acc = scf.for %i = %c0 to %k step %c32 iter_args(%sum = %zero) -> (tensor<64x64xf32>) : i32 {
      %ap0 = tile.addptr %a, %i : !tile.ptr<f32>, i32
      %aps = tile.splat %ap0 : !tile.ptr<f32> -> tensor<64x32x!tile.ptr<f32>>
      %ap = tile.addptr %aps, %aoff : tensor<64x32x!tile.ptr<f32>>, tensor<64x32xi32>
      %av = tile.load %ap : tensor<64x32x!tile.ptr<f32>>
      %in = arith.muli %i, %n : i32
      %bp0 = tile.addptr %b, %in : !tile.ptr<f32>, i32
      %bps = tile.splat %bp0 : !tile.ptr<f32> -> tensor<32x64x!tile.ptr<f32>>
      %bp = tile.addptr %bps, %boff : tensor<32x64x!tile.ptr<f32>>, tensor<32x64xi32>
      %bv = tile.load %bp : tensor<32x64x!tile.ptr<f32>>
      %d = tile.dot %av, %bv, %sum : tensor<64x32xf32>, tensor<32x64xf32> -> tensor<64x64xf32>
      scf.yield %d : tensor<64x64xf32>
    }
    %cs = tile.splat %c : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
    %nss = tile.splat %n : i32 -> tensor<64x1xi32>
    %crow = arith.muli %rows, %nss : tensor<64x1xi32>
    %crowb = tile.broadcast %crow : tensor<64x1xi32> -> tensor<64x64xi32>
    %cp0 = tile.addptr %cs, %crowb : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
    %ccol = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
    %ccolb = tile.broadcast %ccol : tensor<1x64xi32> -> tensor<64x64xi32>
    %cp = tile.addptr %cp0, %ccolb : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
    tile.store %cp, %acc : tensor<64x64x!tile.ptr<f32>>
    return
  }
  func.func @other() attributes {tile.kernel} {
    return
  }
}
