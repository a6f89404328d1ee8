"""Many matrix products in one launch.

grouped_matmul takes products of different sizes from tables: where their
matrices are, and how large. Its programs stay, and go over the tiles of all
products. expert_matmul is the form that mixtures of experts have: the rows of
one matrix are sorted by expert, each expert has weights of its own, and tensor
descriptors name the blocks.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def grouped_matmul(a_table, b_table, c_table, sizes_ptr, PRODUCTS,
                   BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                   BLOCK_K: tl.constexpr, PROGRAMS: tl.constexpr):
    """C_i = A_i B_i: A_i is [M, K], B_i [K, N], C_i [M, N], contiguous float16
    at multiples of 16 bytes, N and K multiples of 8. A row of sizes is M, N, K."""
    tile = tl.program_id(0)
    first = 0
    for i in range(PRODUCTS):
        M = tl.load(sizes_ptr + 3 * i)
        N = tl.multiple_of(tl.load(sizes_ptr + 3 * i + 1), 8)
        K = tl.multiple_of(tl.load(sizes_ptr + 3 * i + 2), 8)
        columns = tl.cdiv(N, BLOCK_N)
        last = first + tl.cdiv(M, BLOCK_M) * columns
        if tile < last:
            a_at = tl.multiple_of(tl.load(a_table + i), 16)
            b_at = tl.multiple_of(tl.load(b_table + i), 16)
            c_at = tl.multiple_of(tl.load(c_table + i), 16)
            a_ptr = a_at.to(tl.pointer_type(tl.float16))
            b_ptr = b_at.to(tl.pointer_type(tl.float16))
            c_ptr = c_at.to(tl.pointer_type(tl.float16))
            while tile < last:
                m = (tile - first) // columns * BLOCK_M + tl.arange(0, BLOCK_M)
                n = (tile - first) % columns * BLOCK_N + tl.arange(0, BLOCK_N)
                k = tl.arange(0, BLOCK_K)
                a_blocks = a_ptr + m[:, None] * K + k[None, :]
                b_blocks = b_ptr + k[:, None] * N + n[None, :]
                acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
                for start in range(0, K, BLOCK_K):
                    a = tl.load(a_blocks + start,
                                mask=(m < M)[:, None] &
                                (start + k < K)[None, :], other=0.0)
                    b = tl.load(b_blocks + start * N,
                                mask=(start + k < K)[:, None] &
                                (n < N)[None, :], other=0.0)
                    acc = tl.dot(a, b, acc)
                tl.store(c_ptr + m[:, None] * N + n[None, :],
                         acc.to(tl.float16),
                         mask=(m < M)[:, None] & (n < N)[None, :])
                tile += PROGRAMS
        first = last


@triton.jit
def expert_matmul(x_ptr, weights_ptr, y_ptr, ends_ptr, ROWS, N, K,
                  EXPERTS: tl.constexpr, BLOCK_M: tl.constexpr,
                  BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                  GROUP: tl.constexpr, SPECIALIZE: tl.constexpr):
    """y[row] = x[row] times the transposed weights of the row's expert. x is
    [ROWS, K], weights [EXPERTS, N, K], y [ROWS, N]; expert e has the rows up to
    ends[e]. EXPERTS is a power of two. The grid is
    ((ROWS / BLOCK_M, rounded down, + EXPERTS) * (N / BLOCK_N, rounded up),).
    """
    x = tl.make_tensor_descriptor(x_ptr, [ROWS, K], [K, 1],
                                  [BLOCK_M, BLOCK_K])
    weights = tl.make_tensor_descriptor(weights_ptr, [EXPERTS * N, K], [K, 1],
                                        [BLOCK_N, BLOCK_K])
    which = tl.arange(0, EXPERTS)
    ends = tl.load(ends_ptr + which)
    begins = tl.load(ends_ptr + which - 1, mask=which > 0, other=0)
    tiles = (ends - begins + BLOCK_M - 1) // BLOCK_M
    upto = tl.cumsum(tiles, 0)
    columns = tl.cdiv(N, BLOCK_N)
    # GROUP rows of tiles go down together. Programs beyond the last tile have
    # nothing to add up and no rows to store.
    rows = tl.sum(tiles)
    program = tl.program_id(0)
    group = program // (GROUP * columns)
    size = min(max(rows - group * GROUP, 1), GROUP)
    within = program % (GROUP * columns)
    row = group * GROUP + within % size
    n = within // size * BLOCK_N
    expert = tl.sum((upto <= row).to(tl.int32))
    begin = tl.sum(tl.where(which == expert, begins, 0))
    end = tl.sum(tl.where(which == expert, ends, 0))
    before = tl.sum(tl.where(which < expert, tiles, 0))
    m = begin + (row - before) * BLOCK_M
    depth = K if program < rows * columns else 0
    end = end if program < rows * columns else 0
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, depth, BLOCK_K, warp_specialize=SPECIALIZE):
        acc = tl.dot(x.load([m, start]),
                     weights.load([expert * N + n, start]).T, acc)
    at_m = m + tl.arange(0, BLOCK_M)
    at_n = n + tl.arange(0, BLOCK_N)
    tl.store(y_ptr + at_m[:, None] * N + at_n[None, :],
             acc.to(y_ptr.dtype.element_ty),
             mask=(at_m < end)[:, None] & (at_n < N)[None, :])
