"""Softmax over rows in three common shapes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def softmax(out_ptr, x_ptr, x_stride, out_stride, cols, BLOCK: tl.constexpr):
    """One row a program, the whole row in one tile."""
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    mask = c < cols
    x = tl.load(x_ptr + row * x_stride + c, mask=mask, other=-float("inf"))
    x = x.to(tl.float32)
    numerator = tl.exp(x - tl.max(x, axis=0))
    y = numerator / tl.sum(numerator, axis=0)
    tl.store(out_ptr + row * out_stride + c, y, mask=mask)


@triton.jit
def softmax_persistent(out_ptr, x_ptr, x_stride, out_stride, rows, cols,
                       BLOCK: tl.constexpr, num_stages: tl.constexpr):
    """A fixed number of programs walk over the rows."""
    start = tl.program_id(0)
    step = tl.num_programs(0)
    for row in tl.range(start, rows, step, num_stages=num_stages):
        c = tl.arange(0, BLOCK)
        mask = c < cols
        x = tl.load(x_ptr + row * x_stride + c, mask=mask,
                    other=-float("inf"))
        numerator = tl.exp(x - tl.max(x, axis=0))
        y = numerator / tl.sum(numerator, axis=0)
        tl.store(out_ptr + row * out_stride + c, y, mask=mask)


@triton.jit
def softmax_online(out_ptr, x_ptr, cols, BLOCK: tl.constexpr):
    """Rows longer than a tile: running maximum and sum, then a second pass."""
    row = tl.program_id(0)
    x_ptr += row * cols
    out_ptr += row * cols
    running_max = -float("inf")
    running_sum = 0.0
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + c, mask=c < cols, other=-float("inf"))
        new_max = tl.maximum(running_max, tl.max(x, axis=0))
        running_sum = (running_sum * tl.exp(running_max - new_max) +
                       tl.sum(tl.exp(x - new_max), axis=0))
        running_max = new_max
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        mask = c < cols
        x = tl.load(x_ptr + c, mask=mask, other=0.0)
        tl.store(out_ptr + c, tl.exp(x - running_max) / running_sum, mask=mask)


@triton.jit
def softmax_library(out_ptr, x_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    r = tl.arange(0, ROWS)[:, None]
    c = tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + r * COLS + c)
    tl.store(out_ptr + r * COLS + c, tl.softmax(x, dim=1))
