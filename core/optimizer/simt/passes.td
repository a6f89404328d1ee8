//===- passes.td - From tile IR to the stage simt -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_OPTIMIZER_SIMT_PASSES
#define TILESDK_CORE_OPTIMIZER_SIMT_PASSES

include "mlir/Pass/PassBase.td"

/// Constructed with the machine and the build's options, by the function
/// create<Name> of passes.h.
class SimtPass<string argument> : Pass<argument, "::mlir::ModuleOp"> {
  let constructor = "nullptr";
  let dependentDialects = ["::tilesdk::simt::SimtDialect"];
}

def SimtSelectMatrix : SimtPass<"simt-select-matrix"> {
  let summary = "Choose the instruction of each matrix product";
  let description = [{
    For each `tile.dot` the matrix row of the machine that does the work in the
    fewest cycles, among those whose types fit and whose fragments tile the
    product; its fragments are tiled over the warps so that they load the fewest
    operands, or whole rows a warp where the result is reduced along rows or
    feeds another product; of instructions of equal speed the one that allows
    that, then the largest. 8-bit floats that no row takes go by one for f16, or
    for bf16 where f16 would flush some of them to zero: both hold each exactly,
    and the lowering widens a fragment right before the instruction. Without a
    row the product is made of single multiply-adds.

    An instruction on registers makes the transposed product where its lanes
    then hold longer runs of the result in the dimension in which it is stored
    or summed over (`simt.transposed`): a store is wider, and what feeds another
    product lies as that takes it. Of equal runs rows that are wanted whole lie
    in one lane as far as they can.

    Where no instruction reads whole matrices from shared memory, the steps of
    several are interleaved along k, so that a lane reads as much at once as it
    can (`simt.pack`).

    Assumes: tile IR. Guarantees: each `tile.dot` carries the layouts of its
    operands and its result, and `simt.row` unless it is made of multiply-adds.
    Remarks: the row chosen, and why a faster one was not. Numbers: only as
    `input_precision` allows.
  }];
}

def SimtDelayProducts : SimtPass<"simt-delay-products"> {
  let summary = "Make products in the iteration that takes them";
  let description = [{
    A kernel may begin the next iteration's product before it uses the one at
    hand, so that matrix instructions run beside other ones. Where a warp waits
    for its matrix instructions (rows of the machine that block) that gains
    nothing, and the second result takes registers. There a loop that carries
    such a product carries the scalars that its operands' addresses are made of
    instead, and makes the product where an iteration begins; what is left of
    the value behind the loop is made there.

    The value before the loop and the one at the end of an iteration must come
    from the same ops, of scalars and of what the loop does not change, and the
    latter be used nowhere else. From the first load on nothing may write to
    memory, or keep accesses in order.

    Assumes: tile IR behind `simt-select-matrix`. Guarantees: the same values.
    Remarks: which products are made later, and what keeps loads from it.
    Numbers: never changed.
  }];
}

def SimtBoxCopies : SimtPass<"simt-box-copies"> {
  let summary = "Choose which blocks of tensors are copied as boxes";
  let description = [{
    On machines where one thread copies a box of a tensor: blocks of
    descriptors whose parts the launcher knows, which products of a loop read
    from shared memory and threads of the kernel write nowhere, stay
    `tile.descriptor_load` for `simt-pipeline-loops` and
    `simt-warp-specialize`. All other accesses by descriptor become masked
    ones by pointers.

    A `tile.load` of pointers becomes such a block where

    - its addresses are a kernel argument aligned by 16 bytes, and rows and
      columns counted from a start: rows lie a multiple of 16 bytes apart that
      is made of arguments and constants, columns are neighbours (or the other
      way round). Both may move from iteration to iteration, in the pointers
      that the loop carries, by the same amount;
    - the mask is a conjunction of `row < limit` and `column < limit`, with
      limits of arguments and constants, and masked elements are zero. What
      has no mask is there;
    - the first row and column are not below zero: sums, products, quotients
      and remainders of program ids, loop counters and constants, or the mask
      says so, or `tl.assume`;
    - the kernel writes to the same argument nowhere;
    - in a loop with warps for the copies: all operands of its products are.

    The launcher checks that such rows follow each other; where they do not it
    launches a build without boxes of pointers (option `pointer_boxes`).

    A `tile.descriptor_store` of two dimensions stays for `simt-box-stores`
    where the launcher knows the parts, elements are numbers, the block is whole
    rows and atoms of a format of shared memory, and the kernel writes to the
    tensor in no other way, nor reads it by warps for copies (option
    `box_stores`). With `box_stores=2` a `tile.store` of what a product gives
    becomes such a store where its addresses and its mask are those of a box, as
    for loads.

    Assumes: tile IR behind `simt-select-matrix`; index arithmetic of tiles does
    not wrap, numbers of tiles are divided by positive ones.
    Guarantees: descriptor accesses that are left can be boxes. Remarks: why a
    load is not copied, or a block not stored, as boxes. Numbers: never changed.
  }];
}

def SimtAssignLayouts : SimtPass<"simt-assign-layouts"> {
  let summary = "Give each tensor a layout";
  let description = [{
    Accesses to memory, matrix products, scans and sorts want layouts of their
    own; the rest follows, forward. Then backward: each op learns in which
    layouts its users want its result, and by counted cost computes it in one
    of them and converts, or computes it in several. Conversions stand behind
    the value's definition, outside of the loops that use it. Operands of
    products go through a buffer in shared memory instead, with the swizzle
    that has the fewest conflicts, and are read from it where the product is. What is
    computed ahead of a loop for users behind it moves there, the wait for an
    asynchronous product to the first op that takes it or to the end of the block.

    Assumes: tile IR, in which products may carry the attributes of
    `simt-select-matrix`. Guarantees: the stage `simt`: every tensor has a
    layout, every op the natural one for its operands, `simt.convert_layout`
    does the rest; asynchronous products are `simt.mma_async` with a wait.
    Remarks: vector width of each access to memory, conversions through shared
    memory. Numbers: never changed.
  }];
}

def SimtWarpSpecialize : SimtPass<"simt-warp-specialize"> {
  let summary = "Let a warp group of its own copy what a loop needs";
  let description = [{
    For a loop with `tile.warp_specialize`: a warp group is added to the program
    and does nothing but the asynchronous copies that `simt-pipeline-loops`
    would do; the program's own warps do everything else, and get most of the
    registers where the machine can move them. Each buffer has a barrier that
    says it is full and one that says it is empty. Copies of one stage less than
    there are buffers are under way at a time; a product whose accumulator goes
    round the loop is waited for one iteration later.

    Assumes: layouts and buffers of `simt-assign-layouts`. Guarantees: a kernel
    that is declined is unchanged. Remarks: warps and stages; why it was
    declined: no warp groups in the machine, a loop that is not at the top of
    the kernel, an operand that is not an asynchronous copy, addresses that
    depend on what the loop computes. Numbers: never changed.
  }];
}

def SimtPipelineLoops : SimtPass<"simt-pipeline-loops"> {
  let summary = "Fetch iterations ahead what products of a loop need";
  let description = [{
    In a loop without loops in it, loads that become operands of products are
    issued some iterations ahead, with the ops their addresses need. Where the
    machine copies asynchronously by lane (rows of its table, chosen by the
    bytes that are consecutive for a lane in global and in shared memory), they
    fill an array of as many buffers as there are stages, and the product waits
    for the copies of its own iteration only; other loads run one iteration
    ahead into registers. Asynchronous products whose accumulator goes round the
    loop are waited for one iteration later. What runs ahead of the last
    iteration is masked.

    The number of stages is the build's `num_stages`, or the loop's own
    `tile.num_stages`, or as many as shared memory has room for; with
    `strict_stages` fewer are an error.

    Assumes: layouts and buffers of `simt-assign-layouts`. Guarantees: a loop
    that is declined is unchanged; the function has `simt.num_stages`, the
    largest number in effect. Remarks: stages, copies, bytes; what was declined
    and why. Numbers: never changed.
  }];
}

def SimtBoxStores : SimtPass<"simt-box-stores"> {
  let summary = "Store blocks of tensors as boxes, from shared memory";
  let description = [{
    A `tile.descriptor_store` that `simt-box-copies` has kept becomes a buffer
    in the format of the machine's boxes, a `simt.shared_store` of the tensor in
    the layout it has, and a `simt.box_store`. With too little shared memory
    left the same is done of slices along the columns, made of whole registers,
    which take turns in two buffers, or in one; else it becomes a masked store
    by pointers. Waits and fences are those of `simt-insert-barriers`.

    Assumes: loops are pipelined. Guarantees: no access by descriptors is left.
    Remarks: the bytes of the buffer, or why it is no box. Numbers: never
    changed.
  }];
}

def SimtAllocateShared : SimtPass<"simt-allocate-shared"> {
  let summary = "Give buffers and scratch their offsets in shared memory";
  let description = [{
    An `offset` for every buffer and array of barriers, `simt.scratch` for every
    op that exchanges elements through shared memory, `simt.shared_bytes` on the
    function. What is never needed at the same time may share bytes; a buffer is
    needed from its allocation to the last use of a view of it, to the end of
    loops that it outlives, and until what reads or writes it by itself has been
    waited for. Partitions run at the same time.

    Assumes: the stage `simt`. Guarantees: all offsets fit the machine, or an
    error says how much is needed, what there is, and who the largest users are.
    Numbers: never changed.
  }];
}

def SimtInsertBarriers : SimtPass<"simt-insert-barriers"> {
  let summary = "Put barriers between accesses to the same memory";
  let description = [{
    Between two accesses to the same bytes of which one writes there is a
    barrier of all warps that make them, in loops also from one iteration to the
    next; between an asynchronous copy and who reads it also a wait; between
    ordinary writes and asynchronous reads also a fence. Buffers that a
    pipelined loop fills ahead of time are told apart by `simt.slot`. Inside of
    a partition it is the partition's own barrier. Global memory that several
    threads read as copies of one element is treated the same, by parameter of
    the kernel: one of them alone writes it.

    Assumes: `simt-allocate-shared`; partitions hand data to each other under
    `!simt.barriers`. Guarantees: the above. Numbers: never changed.
  }];
}

#endif // TILESDK_CORE_OPTIMIZER_SIMT_PASSES
