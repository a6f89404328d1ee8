"""Two-dimensional convolution as a matrix product that nobody writes down: rows
are the pixels of the output, columns its channels, and what is summed over are
the taps of the filter times the channels of the input.

x is [N, H, W, C], the filter [K, R, S, C], y is [N, P, Q, K], all contiguous.
Pixels outside of the image are zeros: their loads are masked. A program makes
BLOCK_M pixels of BLOCK_N channels; C is a multiple of 8, so that rows begin at
multiples of 16 bytes.
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
def conv2d(x_ptr, filter_ptr, y_ptr, N, H, W, C, K, P, Q, R: tl.constexpr,
           S: tl.constexpr, STRIDE: tl.constexpr, PADDING: tl.constexpr,
           BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
           GROUP: tl.constexpr):
    pixels = N * P * Q
    row, column = place(tl.program_id(0), tl.cdiv(pixels, BLOCK_M),
                        tl.cdiv(K, BLOCK_N), GROUP)
    pixel = row * BLOCK_M + tl.arange(0, BLOCK_M)
    k = column * BLOCK_N + tl.arange(0, BLOCK_N)
    c = tl.arange(0, BLOCK_K)
    # The upper left corner of what a pixel sees; what is no pixel sees nothing.
    h = tl.where(pixel < pixels, pixel // Q % P * STRIDE - PADDING, -R)
    w = pixel % Q * STRIDE - PADDING
    corner = (pixel // (P * Q) * H + h) * W + w
    # In the loop one number is added to all of these.
    seen = x_ptr + corner[:, None] * C + c[None, :]
    weights = filter_ptr + k[:, None] * (R * S * C) + c[None, :]
    steps = tl.cdiv(C, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for step in range(0, R * S * steps):
        tap = step // steps
        channel = step % steps * BLOCK_K
        r = tap // S
        s = tap % S
        # Negative numbers are large ones without a sign.
        inside = ((h + r).to(tl.uint32) < H) & ((w + s).to(tl.uint32) < W)
        x = tl.load(seen + ((r * W + s) * C + channel),
                    mask=inside[:, None] & (channel + c < C)[None, :], other=0.0)
        y = tl.load(weights + (tap * C + channel),
                    mask=(k < K)[:, None] & (channel + c < C)[None, :], other=0.0)
        acc = tl.dot(x, y.T, acc)
    tl.store(y_ptr + pixel[:, None] * K + k[None, :],
             acc.to(y_ptr.dtype.element_ty),
             mask=(pixel < pixels)[:, None] & (k < K)[None, :])
