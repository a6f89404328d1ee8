"""Shape changes, sorting, gathering."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def transpose(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    r = tl.arange(0, ROWS)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + r[:, None] * COLS + c[None, :])
    tl.store(out_ptr + c[:, None] * ROWS + r[None, :], tl.trans(x))


@triton.jit
def transpose_tiled(x_ptr, out_ptr, rows, cols, BLOCK: tl.constexpr):
    r = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    c = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + r[:, None] * cols + c[None, :],
                mask=(r[:, None] < rows) & (c[None, :] < cols))
    tl.store(out_ptr + c[:, None] * rows + r[None, :], x.T,
             mask=(c[:, None] < cols) & (r[None, :] < rows))


@triton.jit
def permute_3d(x_ptr, out_ptr, A: tl.constexpr, B: tl.constexpr,
               C: tl.constexpr):
    """out[c, a, b] = x[a, b, c]"""
    a = tl.arange(0, A)
    b = tl.arange(0, B)
    c = tl.arange(0, C)
    x = tl.load(x_ptr + (a[:, None, None] * B + b[None, :, None]) * C +
                c[None, None, :])
    y = tl.permute(x, (2, 0, 1))
    tl.store(out_ptr + (c[:, None, None] * A + a[None, :, None]) * B +
             b[None, None, :], y)


@triton.jit
def reshape(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    """Row sums of a flat tile seen as a matrix, and back."""
    n = tl.arange(0, ROWS * COLS)
    x = tl.load(x_ptr + n)
    y = tl.reshape(x, (ROWS, COLS))
    z = y - tl.sum(y, axis=1)[:, None]
    tl.store(out_ptr + n, z.reshape(ROWS * COLS))


@triton.jit
def broadcast(x_ptr, y_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    r = tl.arange(0, ROWS)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + r)
    y = tl.load(y_ptr + c)
    full = tl.broadcast_to(x[:, None], (ROWS, COLS)) + tl.expand_dims(y, 0)
    tl.store(out_ptr + r[:, None] * COLS + c[None, :], full)


@triton.jit
def join_split(x_ptr, y_ptr, out_ptr, N: tl.constexpr):
    n = tl.arange(0, N)
    x = tl.load(x_ptr + n)
    y = tl.load(y_ptr + n)
    pairs = tl.join(x, y)
    tl.store(out_ptr + n[:, None] * 2 + tl.arange(0, 2)[None, :], pairs)
    a, b = tl.split(pairs)
    tl.store(out_ptr + 2 * N + n, a - b)


@triton.jit
def interleave(x_ptr, y_ptr, out_ptr, N: tl.constexpr):
    n = tl.arange(0, N)
    z = tl.interleave(tl.load(x_ptr + n), tl.load(y_ptr + n))
    tl.store(out_ptr + tl.arange(0, 2 * N), z)


@triton.jit
def concatenate(x_ptr, y_ptr, out_ptr, N: tl.constexpr):
    n = tl.arange(0, N)
    z = tl.cat(tl.load(x_ptr + n), tl.load(y_ptr + n), can_reorder=True)
    tl.store(out_ptr + tl.arange(0, 2 * N), z)


@triton.jit
def flip(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr,
         DIM: tl.constexpr):
    r = tl.arange(0, ROWS)[:, None]
    c = tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + r * COLS + c)
    tl.store(out_ptr + r * COLS + c, tl.flip(x, DIM))


@triton.jit
def gather(x_ptr, index_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr,
           AXIS: tl.constexpr):
    r = tl.arange(0, ROWS)[:, None]
    c = tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + r * COLS + c)
    index = tl.load(index_ptr + r * COLS + c)
    tl.store(out_ptr + r * COLS + c, tl.gather(x, index, AXIS))


@triton.jit
def sort(x_ptr, out_ptr, N: tl.constexpr, DESCENDING: tl.constexpr):
    row = tl.program_id(0)
    n = tl.arange(0, N)
    x = tl.load(x_ptr + row * N + n)
    tl.store(out_ptr + row * N + n, tl.sort(x, descending=DESCENDING))


@triton.jit
def topk(x_ptr, out_ptr, N: tl.constexpr, K: tl.constexpr):
    row = tl.program_id(0)
    x = tl.load(x_ptr + row * N + tl.arange(0, N))
    tl.store(out_ptr + row * K + tl.arange(0, K), tl.topk(x, K))


@triton.jit
def histogram(x_ptr, out_ptr, n, BLOCK: tl.constexpr, BINS: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask, other=0)
    tl.store(out_ptr + tl.arange(0, BINS), tl.histogram(x, BINS, mask))
