// RUN: tilesdk-opt %s --simt-select-matrix="target=warp64 num-warps=8" --simt-assign-layouts="target=warp64 num-warps=8" 2>/dev/null | FileCheck %s

// The rows' mask is of the load and, where many rows lie in the registers of
// the product, of the store. The store's pointers have the rows there anyway:
// they are compared twice, rather than that predicates go through shared memory.
// CHECK-LABEL: @matmul
// CHECK-NOT: convert_layout {{.*}}xi1
// CHECK: scf.for
// CHECK-NOT: convert_layout {{.*}}xi1
// CHECK: arith.cmpi slt, {{.*}} : tensor<128x1xi32
// CHECK-NOT: convert_layout {{.*}}xi1
// CHECK: tile.store
func.func @matmul(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                  %b: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                  %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                  %m: i32 {tile.divisibility = 16 : i64}, %n: i32,
                  %s: i32 {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %pid = tile.program_id 0
  %c128 = arith.constant 128 : i32
  %first = arith.muli %pid, %c128 : i32
  %firsts = tile.splat %first : i32 -> tensor<128xi32>
  %row = arith.addi %firsts, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %row, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ks = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %kr = tile.expand_dims %r64, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tile.expand_dims %r128, 0 : tensor<128xi32> -> tensor<1x128xi32>
  %ss = tile.splat %s : i32 -> tensor<128x1xi32>
  %sk = tile.splat %s : i32 -> tensor<64x1xi32>
  %ra = arith.muli %rows, %ss : tensor<128x1xi32>
  %rb = arith.muli %kr, %sk : tensor<64x1xi32>
  %raw = tile.broadcast %ra : tensor<128x1xi32> -> tensor<128x64xi32>
  %kw = tile.broadcast %ks : tensor<1x64xi32> -> tensor<128x64xi32>
  %rbw = tile.broadcast %rb : tensor<64x1xi32> -> tensor<64x128xi32>
  %cw = tile.broadcast %columns : tensor<1x128xi32> -> tensor<64x128xi32>
  %at = arith.addi %raw, %kw : tensor<128x64xi32>
  %bt = arith.addi %rbw, %cw : tensor<64x128xi32>
  %as = tile.splat %a : !tile.ptr<f16> -> tensor<128x64x!tile.ptr<f16>>
  %ap = tile.addptr %as, %at : tensor<128x64x!tile.ptr<f16>>, tensor<128x64xi32>
  %bs = tile.splat %b : !tile.ptr<f16> -> tensor<64x128x!tile.ptr<f16>>
  %bp = tile.addptr %bs, %bt : tensor<64x128x!tile.ptr<f16>>, tensor<64x128xi32>
  %ms = tile.splat %m : i32 -> tensor<128x1xi32>
  %below = arith.cmpi slt, %rows, %ms : tensor<128x1xi32>
  %mask = tile.broadcast %below : tensor<128x1xi1> -> tensor<128x64xi1>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<128x128xf32>) : i32 {
    %x = tile.load %ap mask %mask other %none : tensor<128x64x!tile.ptr<f16>>
    %y = tile.load %bp : tensor<64x128x!tile.ptr<f16>>
    %e = tile.dot %x, %y, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %e : tensor<128x128xf32>
  }
  %ro = tile.broadcast %ra : tensor<128x1xi32> -> tensor<128x128xi32>
  %co = tile.broadcast %columns : tensor<1x128xi32> -> tensor<128x128xi32>
  %ot = arith.addi %ro, %co : tensor<128x128xi32>
  %os = tile.splat %o : !tile.ptr<f32> -> tensor<128x128x!tile.ptr<f32>>
  %op = tile.addptr %os, %ot : tensor<128x128x!tile.ptr<f32>>, tensor<128x128xi32>
  %all = tile.broadcast %below : tensor<128x1xi1> -> tensor<128x128xi1>
  tile.store %op, %d mask %all : tensor<128x128x!tile.ptr<f32>>
  return
}
