//===- passes.td - Passes on tile IR -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_OPTIMIZER_PASSES
#define TILESDK_CORE_OPTIMIZER_PASSES

include "mlir/Pass/PassBase.td"

def TileSimplify : Pass<"tile-simplify", "::mlir::func::FuncOp"> {
  let summary = "Simplify ops to a fixed point";
  let description = [{
    Runs the canonicalization patterns of tile IR's dialects together with
    patterns that span dialects: arithmetic on splats becomes scalar
    arithmetic and arithmetic on broadcasts of one shape is done before them,
    comparisons of ranges with constants are decided, a constant chosen where a
    mask is false moves into the masked load.

    Assumes: verified tile IR. Guarantees: no elementwise op of arith, math or
    tile has only splats, or only splats and broadcasts of one shape, as
    operands. Numbers: never changed.
  }];
}

def TileCombineDot : Pass<"tile-combine-dot", "::mlir::func::FuncOp"> {
  let summary = "Let tile.dot add what is added to its result";
  let description = [{
    Rewrites `add(dot(a, b, 0), c)` to `dot(a, b, c)` where the product has no
    other use, so that an accumulator stays in place across a loop.

    Assumes: verified tile IR. Guarantees: no such addition is left. Numbers:
    floating-point sums may associate differently, within what `tile.dot`
    leaves open; integers never change.
  }];
}

def TileScalarizeLoopOffsets
    : Pass<"tile-scalarize-loop-offsets", "::mlir::func::FuncOp"> {
  let summary = "Carry a scalar offset instead of a tensor of pointers";
  let description = [{
    A tensor of pointers or integers that a loop carries and moves by the same
    amount everywhere (`addptr`, `addi` or `subi` with splats) is replaced by a
    scalar: the value in the body is the initial tensor plus a splat of the
    offset. What is contiguous at the start then stays visibly contiguous, and
    masks computed from it can be analysed.

    Handles `scf.for`, and `scf.while` where the condition passes the value on
    unchanged; inner loops first, so that a nest becomes scalar as a whole.

    Assumes: verified tile IR after `tile-simplify` (uniform increments are
    splats). Guarantees: no loop carries such a tensor. Numbers: never changed;
    integers wrap as before, pointers move by 64-bit sums.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def TileHoistInvariants
    : Pass<"tile-hoist-invariants", "::mlir::func::FuncOp"> {
  let summary = "Move loop-invariant ops out of loops";
  let description = [{
    Moves ops without effects whose operands do not change in a loop in front
    of it. Matrix products, reductions, scans, sorts, gathers and histograms
    stay: a loop that runs zero times must not pay for them. Loops with
    `tile.disable_licm` are left alone.

    Assumes: verified tile IR. Guarantees: nothing is computed twice that was
    computed once. Numbers: never changed.
  }];
}

def TileRemoveDeadLoopValues
    : Pass<"tile-remove-dead-loop-values", "::mlir::func::FuncOp"> {
  let summary = "Drop values that loops carry for nothing";
  let description = [{
    Removes iteration arguments of `scf.for` whose value reaches no effect and
    no result that is used, also where they feed themselves or each other, and
    those that every iteration passes on unchanged. A carried value that always
    equals the induction variable, or another carried value by the same step
    from the same start, is replaced by it first.

    Assumes: verified tile IR. Guarantees: each carried value of an `scf.for`
    is needed. Numbers: never changed.
  }];
}

def TileExpandDescriptors
    : Pass<"tile-expand-descriptors", "::mlir::func::FuncOp"> {
  let summary = "Turn accesses by descriptor into masked ones by pointer";
  let description = [{
    For machines without box copies, and for accesses that those cannot do:
    addresses are base + sum(coordinate * stride), the mask says which
    coordinates lie inside the shape, padding is the load's `other`.

    Assumes: verified tile IR. Guarantees: no descriptor op is left. Numbers:
    never changed.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def TilePrintAxisInfo : Pass<"tile-print-axis-info", "::mlir::func::FuncOp"> {
  let summary = "Print what the axis analysis knows, as remarks";
  let description = [{
    For tests: each op with one integer or pointer result gets a remark with
    contiguity, divisibility and constancy per dimension. Changes nothing.
  }];
}

#endif // TILESDK_CORE_OPTIMIZER_PASSES
