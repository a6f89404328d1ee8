// RUN: tilesdk-opt %s --tile-print-axis-info --split-input-file --verify-diagnostics -o /dev/null

func.func @sources(%x: i32 {tile.divisibility = 16 : i64}, %any: tensor<64xi32>) {
  // expected-remark@+1 {{contiguity [192] divisibility [1073741824] constancy [1]}}
  %0 = tile.make_range 0, 192 : tensor<192xi32>
  // expected-remark@+1 {{contiguity [64] divisibility [8] constancy [1]}}
  %1 = tile.make_range 24, 88 : tensor<64xi32>
  // expected-remark@+1 {{contiguity [1] divisibility [4] constancy [8] constant 12}}
  %2 = arith.constant dense<12> : tensor<8xi32>
  // expected-remark@+1 {{contiguity [1] divisibility [1] constancy [1]}}
  %3 = tile.program_id 0
  // expected-remark@+1 {{contiguity [1, 1] divisibility [16, 16] constancy [4, 8]}}
  %4 = tile.splat %x : i32 -> tensor<4x8xi32>
  // expected-remark@+1 {{contiguity [4] divisibility [32] constancy [1]}}
  %5 = tile.hint %any divisibility = [32] contiguity = [4] : tensor<64xi32>
  return
}

// -----

// The usual row-major addresses: pid * 64 + range times a stride that is a
// multiple of 16, plus columns.
func.func @addresses(%p: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %stride: i32 {tile.divisibility = 16 : i64}) {
  // expected-remark@+1 {{contiguity [1] divisibility [64] constancy [1] constant 64}}
  %c64 = arith.constant 64 : i32
  // expected-remark@+1 {{divisibility [1]}}
  %pid = tile.program_id 0
  // expected-remark@+1 {{divisibility [64]}}
  %o = arith.muli %pid, %c64 : i32
  // expected-remark@+1 {{contiguity [64]}}
  %r = tile.make_range 0, 64 : tensor<64xi32>
  // expected-remark@+1 {{constancy [64]}}
  %os = tile.splat %o : i32 -> tensor<64xi32>
  // expected-remark@+1 {{contiguity [64] divisibility [64] constancy [1]}}
  %m = arith.addi %os, %r : tensor<64xi32>
  // expected-remark@+1 {{contiguity [64, 1] divisibility [64, 1] constancy [1, 1]}}
  %me = tile.expand_dims %m, 1 : tensor<64xi32> -> tensor<64x1xi32>
  // expected-remark@+1 {{divisibility [16, 16] constancy [64, 1]}}
  %ss = tile.splat %stride : i32 -> tensor<64x1xi32>
  // expected-remark@+1 {{contiguity [1, 1] divisibility [16, 16] constancy [1, 1]}}
  %row = arith.muli %me, %ss : tensor<64x1xi32>
  // expected-remark@+1 {{contiguity [1, 1] divisibility [16, 16] constancy [1, 64]}}
  %rowb = tile.broadcast %row : tensor<64x1xi32> -> tensor<64x64xi32>
  // expected-remark@+1 {{contiguity [1, 64] divisibility [1, 1073741824] constancy [1, 1]}}
  %ce = tile.expand_dims %r, 0 : tensor<64xi32> -> tensor<1x64xi32>
  // expected-remark@+1 {{contiguity [1, 64] divisibility [1, 1073741824] constancy [64, 1]}}
  %cb = tile.broadcast %ce : tensor<1x64xi32> -> tensor<64x64xi32>
  // expected-remark@+1 {{contiguity [1, 64] divisibility [1, 16] constancy [1, 1]}}
  %off = arith.addi %rowb, %cb : tensor<64x64xi32>
  // expected-remark@+1 {{contiguity [1, 1] divisibility [16, 16] constancy [64, 64]}}
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  // In bytes, limited by the base.
  // expected-remark@+1 {{contiguity [1, 64] divisibility [4, 16] constancy [1, 1]}}
  %ptr = tile.addptr %ps, %off : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  // Columns first: the contiguous dimension moves along.
  // expected-remark@+1 {{contiguity [64, 1] divisibility [16, 4] constancy [1, 1]}}
  %t = tile.trans %ptr [1, 0] : tensor<64x64x!tile.ptr<f32>> -> tensor<64x64x!tile.ptr<f32>>
  // Runs are counted in elements, so another element ends them.
  // expected-remark@+1 {{contiguity [1, 1] divisibility [4, 4] constancy [1, 1]}}
  %cast = tile.ptr_cast %ptr : tensor<64x64x!tile.ptr<f32>> -> tensor<64x64x!tile.ptr<i8>>
  return
}

// -----

// A mask is constant as far as neither side cuts a run.
func.func @masks(%n: i32 {tile.divisibility = 16 : i64}, %any: i32) {
  // expected-remark@+1 {{contiguity [64]}}
  %r = tile.make_range 0, 64 : tensor<64xi32>
  // expected-remark@+1 {{divisibility [16]}}
  %ns = tile.splat %n : i32 -> tensor<64xi32>
  // expected-remark@+1 {{divisibility [1]}}
  %as = tile.splat %any : i32 -> tensor<64xi32>
  // expected-remark@+1 {{constancy [16]}}
  %0 = arith.cmpi slt, %r, %ns : tensor<64xi32>
  // expected-remark@+1 {{constancy [1]}}
  %1 = arith.cmpi slt, %r, %as : tensor<64xi32>
  // 16 > 16 is false, 17 > 16 is true.
  // expected-remark@+1 {{constancy [1]}}
  %2 = arith.cmpi sgt, %r, %ns : tensor<64xi32>
  // expected-remark@+1 {{constancy [16]}}
  %3 = arith.cmpi sgt, %ns, %r : tensor<64xi32>
  // expected-remark@+1 {{constancy [1]}}
  %4 = arith.cmpi eq, %r, %ns : tensor<64xi32>
  // expected-remark@+1 {{constancy [16]}}
  %5 = arith.andi %0, %3 : tensor<64xi1>
  return
}

// -----

func.func @division(%x: i32) {
  // expected-remark@+1 {{contiguity [64]}}
  %r = tile.make_range 0, 64 : tensor<64xi32>
  // expected-remark@+1 {{contiguity [64]}}
  %neg = tile.make_range -64, 0 : tensor<64xi32>
  // expected-remark@+1 {{constant 16}}
  %c16 = arith.constant dense<16> : tensor<64xi32>
  // expected-remark@+1 {{constant 12}}
  %c12 = arith.constant dense<12> : tensor<64xi32>
  // expected-remark@+1 {{contiguity [1] divisibility [1] constancy [16]}}
  %0 = arith.divsi %r, %c16 : tensor<64xi32>
  // expected-remark@+1 {{contiguity [16] divisibility [16] constancy [1]}}
  %1 = arith.remsi %r, %c16 : tensor<64xi32>
  // expected-remark@+1 {{contiguity [4] divisibility [4] constancy [1]}}
  %2 = arith.remui %r, %c12 : tensor<64xi32>
  // Below zero signed division rounds up: -16 and -15 differ.
  // expected-remark@+1 {{constancy [1]}}
  %3 = arith.divsi %neg, %c16 : tensor<64xi32>
  // expected-remark@+1 {{contiguity [1]}}
  %4 = arith.remsi %neg, %c16 : tensor<64xi32>
  // expected-remark@+1 {{constant 4}}
  %c4 = arith.constant dense<4> : tensor<64xi32>
  // expected-remark@+1 {{constancy [16]}}
  %5 = arith.shrsi %neg, %c4 : tensor<64xi32>
  // expected-remark@+1 {{constant 7}}
  %c7 = arith.constant dense<7> : tensor<64xi32>
  // expected-remark@+1 {{contiguity [8] divisibility [8] constancy [1]}}
  %6 = arith.andi %r, %c7 : tensor<64xi32>
  // expected-remark@+1 {{contiguity [1] divisibility [16] constancy [1]}}
  %7 = arith.shli %r, %c4 : tensor<64xi32>
  return
}

// -----

func.func @reshapes() {
  // expected-remark@+1 {{contiguity [96]}}
  %r = tile.make_range 0, 96 : tensor<96xi32>
  // expected-remark@+1 {{contiguity [1, 1, 12] divisibility [1, 1, 4] constancy [1, 1, 1]}}
  %0 = tile.reshape %r : tensor<96xi32> -> tensor<4x2x12xi32>
  // expected-remark@+1 {{contiguity [1, 1] divisibility [1, 1]}}
  %1 = tile.reshape %r allow_reorder : tensor<96xi32> -> tensor<8x12xi32>
  return
}

// -----

// A loop: the offset starts at 0 and moves by 32, so 32 divides it; what moves
// by an unknown amount keeps its runs and loses its alignment.
func.func @loops(%n: i32, %s: i32) {
  // expected-remark@+1 {{constant 0}}
  %c0 = arith.constant 0 : i32
  // expected-remark@+1 {{constant 32}}
  %c32 = arith.constant 32 : i32
  // expected-remark@+1 {{contiguity [64]}}
  %r = tile.make_range 0, 64 : tensor<64xi32>
  // expected-remark@+1 {{constancy [64]}}
  %ss = tile.splat %s : i32 -> tensor<64xi32>
  %q:3 = scf.for %i = %c0 to %n step %c32 iter_args(%o = %c0, %t = %r, %u = %r) -> (i32, tensor<64xi32>, tensor<64xi32>) : i32 {
    // expected-remark@+1 {{contiguity [1] divisibility [32] constancy [64]}}
    %os = tile.splat %o : i32 -> tensor<64xi32>
    // expected-remark@+1 {{contiguity [64] divisibility [32] constancy [1]}}
    %x = arith.addi %os, %r : tensor<64xi32>
    // expected-remark@+1 {{constancy [64]}}
    %is = tile.splat %i : i32 -> tensor<64xi32>
    // expected-remark@+1 {{contiguity [64] divisibility [32]}}
    %y = arith.addi %is, %r : tensor<64xi32>
    // expected-remark@+1 {{divisibility [32]}}
    %o1 = arith.addi %o, %c32 : i32
    // expected-remark@+1 {{contiguity [64] divisibility [1] constancy [1]}}
    %t1 = arith.addi %t, %ss : tensor<64xi32>
    // expected-remark@+1 {{contiguity [1] divisibility [1] constancy [1]}}
    %u1 = arith.muli %u, %ss : tensor<64xi32>
    scf.yield %o1, %t1, %u1 : i32, tensor<64xi32>, tensor<64xi32>
  }
  // expected-remark@+1 {{contiguity [64] divisibility [1]}}
  %z = arith.addi %q#1, %ss : tensor<64xi32>
  // expected-remark@+1 {{contiguity [1] divisibility [1]}}
  %w = arith.addi %q#2, %ss : tensor<64xi32>
  return
}
