"""Tensor descriptors: blocks of a described array."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def copy_2d(x_ptr, out_ptr, rows, cols, BLOCK_R: tl.constexpr,
            BLOCK_C: tl.constexpr):
    source = tl.make_tensor_descriptor(x_ptr, shape=[rows, cols],
                                       strides=[cols, 1],
                                       block_shape=[BLOCK_R, BLOCK_C])
    target = tl.make_tensor_descriptor(out_ptr, [rows, cols], [cols, 1],
                                       [BLOCK_R, BLOCK_C])
    row = tl.program_id(0) * BLOCK_R
    for col in range(0, cols, BLOCK_C):
        target.store([row, col], source.load([row, col]))


@triton.jit
def padding_2d(x_ptr, out_ptr, rows, cols, row, col, BLOCK_R: tl.constexpr,
               BLOCK_C: tl.constexpr, PADDING: tl.constexpr):
    source = tl.make_tensor_descriptor(x_ptr, [rows, cols], [cols, 1],
                                       [BLOCK_R, BLOCK_C], PADDING)
    x = tl.load_tensor_descriptor(source, [row, col])
    tl.static_assert(source.block_shape[1] == BLOCK_C)
    r = tl.arange(0, BLOCK_R)[:, None]
    c = tl.arange(0, BLOCK_C)[None, :]
    tl.store(out_ptr + r * BLOCK_C + c, x)


@triton.jit
def copy_3d(x_ptr, out_ptr, a, b, c, A: tl.constexpr, B: tl.constexpr,
            C: tl.constexpr):
    source = tl.make_tensor_descriptor(x_ptr, [a, b, c], [b * c, c, 1],
                                       [A, B, C])
    target = tl.make_tensor_descriptor(out_ptr, [a, b, c], [b * c, c, 1],
                                       [A, B, C])
    at = [tl.program_id(0) * A, tl.program_id(1) * B, tl.program_id(2) * C]
    tl.store_tensor_descriptor(target, at, source.load(at) + 1)


@triton.jit
def scale_1d(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    x = tl.make_tensor_descriptor(x_ptr, [n], [1], [BLOCK])
    out = tl.make_tensor_descriptor(out_ptr, [n], [1], [BLOCK])
    at = tl.program_id(0) * BLOCK
    out.store([at], (x.load([at]) * 2).to(out.dtype))


@triton.jit
def matmul(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
           BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1], [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for k in range(0, K, BLOCK_K):
        acc = tl.dot(a.load([m, k]), b.load([k, n]), acc)
    c.store([m, n], acc.to(c.dtype))


@triton.jit
def carried(x_ptr, out_ptr, rows, cols, parts, BLOCK_C: tl.constexpr):
    """A descriptor that a loop replaces."""
    out = tl.make_tensor_descriptor(out_ptr, [parts, rows, cols],
                                    [rows * cols, cols, 1], [1, 4, BLOCK_C])
    source = tl.make_tensor_descriptor(x_ptr, [rows, cols], [cols, 1],
                                       [4, BLOCK_C])
    for part in range(parts):
        out.store([part, 0, 0], source.load([0, 0]).reshape(1, 4, BLOCK_C))
        x_ptr += rows * cols
        source = tl.make_tensor_descriptor(x_ptr, [rows, cols], [cols, 1],
                                           [4, BLOCK_C])


@triton.jit
def gather_rows(x_ptr, index_ptr, out_ptr, rows, cols, col,
                N: tl.constexpr, BLOCK_C: tl.constexpr):
    source = tl.make_tensor_descriptor(x_ptr, [rows, cols], [cols, 1],
                                       [1, BLOCK_C])
    index = tl.load(index_ptr + tl.arange(0, N))
    x = source.gather(index, col)
    r = tl.arange(0, N)[:, None]
    c = tl.arange(0, BLOCK_C)[None, :]
    tl.store(out_ptr + r * BLOCK_C + c, x)


@triton.jit
def scatter_rows(x_ptr, index_ptr, out_ptr, rows, cols, col,
                 N: tl.constexpr, BLOCK_C: tl.constexpr):
    target = tl.make_tensor_descriptor(out_ptr, [rows, cols], [cols, 1],
                                       [1, BLOCK_C])
    index = tl.load(index_ptr + tl.arange(0, N))
    r = tl.arange(0, N)[:, None]
    c = tl.arange(0, BLOCK_C)[None, :]
    target.scatter(tl.load(x_ptr + r * BLOCK_C + c), index, col)


@triton.jit
def atomic_blocks(x_ptr, out_ptr, rows, cols, BLOCK_R: tl.constexpr,
                  BLOCK_C: tl.constexpr):
    """Every program adds its block to the one block of `out`."""
    source = tl.make_tensor_descriptor(x_ptr, [rows, cols], [cols, 1],
                                       [BLOCK_R, BLOCK_C])
    out = tl.make_tensor_descriptor(out_ptr, [BLOCK_R, cols], [cols, 1],
                                    [BLOCK_R, BLOCK_C])
    out.atomic_add([0, 0], source.load([tl.program_id(0) * BLOCK_R, 0]))


@triton.jit
def host_copy(x, out):
    """Both descriptors come from the host."""
    row = tl.program_id(0) * x.block_shape[0]
    for col in range(0, x.shape[1], x.block_shape[1]):
        out.store([row, col], x.load([row, col]))


@triton.jit
def host_matmul(a, b, c, K):
    m = tl.program_id(0) * c.block_shape[0]
    n = tl.program_id(1) * c.block_shape[1]
    acc = tl.zeros(c.block_shape, tl.float32)
    for k in range(0, K, a.block_shape[1]):
        acc = tl.dot(a.load([m, k]), b.load([k, n]), acc)
    c.store([m, n], acc.to(c.dtype))
