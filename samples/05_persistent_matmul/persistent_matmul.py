"""C = A B by programs that stay: each makes every PROGRAMS-th tile of C.

Tensor descriptors name the blocks, so that a machine with a copy engine fetches
them by itself; with SPECIALIZE the copies have warps of their own, which are
already at the next tile while the others still store the last one. B is K x N,
or N x K with TRANSPOSED. Rows of all arrays are multiples of 16 bytes.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def place(tile, rows, columns, GROUP: tl.constexpr):
    """Row and column of a tile; GROUP rows of tiles go down together, so that
    programs at work at one time share what they read."""
    group = tile // (GROUP * columns)
    first = group * GROUP
    size = min(rows - first, GROUP)
    within = tile % (GROUP * columns)
    return first + within % size, within // size


@triton.jit
def persistent_matmul(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
                      BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                      GROUP: tl.constexpr, PROGRAMS: tl.constexpr,
                      TRANSPOSED: tl.constexpr, SPECIALIZE: tl.constexpr):
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    if TRANSPOSED:
        b = tl.make_tensor_descriptor(b_ptr, [N, K], [K, 1],
                                      [BLOCK_N, BLOCK_K])
    else:
        b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1],
                                      [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    rows = tl.cdiv(M, BLOCK_M)
    columns = tl.cdiv(N, BLOCK_N)
    for tile in tl.range(tl.program_id(0), rows * columns, PROGRAMS,
                         flatten=True, warp_specialize=SPECIALIZE):
        row, column = place(tile, rows, columns, GROUP)
        m = row * BLOCK_M
        n = column * BLOCK_N
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
        for start in tl.range(0, K, BLOCK_K):
            left = a.load([m, start])
            if TRANSPOSED:
                acc = tl.dot(left, b.load([n, start]).T, acc)
            else:
                acc = tl.dot(left, b.load([start, n]), acc)
        c.store([m, n], acc.to(c.dtype))


@triton.jit
def descriptor_matmul(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
                      BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                      GROUP: tl.constexpr, TRANSPOSED: tl.constexpr,
                      SPECIALIZE: tl.constexpr):
    """The same, a program for each tile."""
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    if TRANSPOSED:
        b = tl.make_tensor_descriptor(b_ptr, [N, K], [K, 1],
                                      [BLOCK_N, BLOCK_K])
    else:
        b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1],
                                      [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    row, column = place(tl.program_id(0), tl.cdiv(M, BLOCK_M),
                        tl.cdiv(N, BLOCK_N), GROUP)
    m = row * BLOCK_M
    n = column * BLOCK_N
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        left = a.load([m, start])
        if TRANSPOSED:
            acc = tl.dot(left, b.load([n, start]).T, acc)
        else:
            acc = tl.dot(left, b.load([start, n]), acc)
    c.store([m, n], acc.to(c.dtype))


@triton.jit
def pointer_matmul(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
                   BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                   GROUP: tl.constexpr, TRANSPOSED: tl.constexpr,
                   SPECIALIZE: tl.constexpr):
    """The same with pointers: the masks say where the tensors end."""
    row, column = place(tl.program_id(0), tl.cdiv(M, BLOCK_M),
                        tl.cdiv(N, BLOCK_N), GROUP)
    m = row * BLOCK_M + tl.arange(0, BLOCK_M)
    n = column * BLOCK_N + tl.arange(0, BLOCK_N)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        k = start + tl.arange(0, BLOCK_K)
        left = tl.load(a_ptr + m[:, None] * K + k[None, :],
                       mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        inside = (k[:, None] < K) & (n[None, :] < N)
        if TRANSPOSED:
            right = tl.load(b_ptr + k[:, None] + n[None, :] * K, mask=inside,
                            other=0.0)
        else:
            right = tl.load(b_ptr + k[:, None] * N + n[None, :], mask=inside,
                            other=0.0)
        acc = tl.dot(left, right, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc.to(c_ptr.dtype.element_ty),
             mask=(m[:, None] < M) & (n[None, :] < N))
