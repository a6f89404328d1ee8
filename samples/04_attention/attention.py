"""Attention forward with the online softmax: out = softmax(scale Q K^T) V for
each head, causal or not.

A program makes BLOCK_M rows of one head. LENGTH is a multiple of BLOCK_M, which
is a multiple of BLOCK_N. Exponents are of base 2: `scale` is the usual one times
log2(e). With SPECIALIZE the copies of K and V have warps of their own. With AHEAD
the scores of the next columns are begun before those at hand are used, so that
matrix instructions run while exponents are computed; those behind the last columns
are made for nothing.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def columns(acc, total, largest, ahead, q, k, v, m, row, first, last, scale,
            BLOCK_N: tl.constexpr, MASKED: tl.constexpr, AHEAD: tl.constexpr,
            SPECIALIZE: tl.constexpr):
    """Goes over columns first to last of the scores; `ahead` are those of the
    first, and then those behind the last."""
    for start in tl.range(first, last, BLOCK_N, warp_specialize=SPECIALIZE):
        if AHEAD:
            scores = ahead
            ahead = tl.dot(q, k.load([row + start + BLOCK_N, 0]).T)
        else:
            scores = tl.dot(q, k.load([row + start, 0]).T)
        if MASKED:
            n = start + tl.arange(0, BLOCK_N)
            scores = tl.where(m[:, None] >= n[None, :], scores, float("-inf"))
        grown = tl.maximum(largest, tl.max(scores, 1) * scale)
        p = tl.exp2(scores * scale - grown[:, None])
        shrink = tl.exp2(largest - grown)
        total = total * shrink + tl.sum(p, 1)
        acc = acc * shrink[:, None]
        acc = tl.dot(p.to(q.dtype), v.load([row + start, 0]), acc)
        largest = grown
    return acc, total, largest, ahead


@triton.jit
def attention(q_ptr, k_ptr, v_ptr, out_ptr, HEADS, LENGTH, scale,
              HEAD: tl.constexpr, BLOCK_M: tl.constexpr,
              BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr,
              AHEAD: tl.constexpr, SPECIALIZE: tl.constexpr):
    """Arrays are [HEADS, LENGTH, HEAD], contiguous; the grid is
    (LENGTH / BLOCK_M, HEADS)."""
    rows = HEADS * LENGTH
    q_rows = tl.make_tensor_descriptor(q_ptr, [rows, HEAD], [HEAD, 1],
                                       [BLOCK_M, HEAD])
    k = tl.make_tensor_descriptor(k_ptr, [rows, HEAD], [HEAD, 1],
                                  [BLOCK_N, HEAD])
    v = tl.make_tensor_descriptor(v_ptr, [rows, HEAD], [HEAD, 1],
                                  [BLOCK_N, HEAD])
    out = tl.make_tensor_descriptor(out_ptr, [rows, HEAD], [HEAD, 1],
                                    [BLOCK_M, HEAD])
    row = tl.program_id(1) * LENGTH
    block = tl.program_id(0)
    if CAUSAL:
        # Those with the most columns start first.
        block = tl.num_programs(0) - 1 - block
    m = block * BLOCK_M + tl.arange(0, BLOCK_M)
    q = q_rows.load([row + block * BLOCK_M, 0])
    acc = tl.zeros((BLOCK_M, HEAD), tl.float32)
    total = tl.zeros((BLOCK_M,), tl.float32)
    largest = tl.full((BLOCK_M,), float("-inf"), tl.float32)
    ahead = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    if AHEAD:
        ahead = tl.dot(q, k.load([row, 0]).T)
    if CAUSAL:
        diagonal = block * BLOCK_M
        acc, total, largest, ahead = columns(
            acc, total, largest, ahead, q, k, v, m, row, 0, diagonal, scale,
            BLOCK_N, False, AHEAD, SPECIALIZE)
        acc, total, largest, ahead = columns(
            acc, total, largest, ahead, q, k, v, m, row, diagonal,
            diagonal + BLOCK_M, scale, BLOCK_N, True, AHEAD, False)
    else:
        acc, total, largest, ahead = columns(
            acc, total, largest, ahead, q, k, v, m, row, 0, LENGTH, scale,
            BLOCK_N, False, AHEAD, SPECIALIZE)
    acc = acc / total[:, None]
    out.store([row + block * BLOCK_M, 0], acc.to(out.dtype))
