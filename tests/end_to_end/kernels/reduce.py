"""Reductions and scans, built in and with combine functions of our own."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def reduce_rows(x_ptr, out_ptr, rows, cols, OP: tl.constexpr,
                BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * cols + c, mask=c < cols, other=0)
    if OP == "sum":
        r = tl.sum(x, axis=0)
    elif OP == "max":
        r = tl.max(x, axis=0)
    elif OP == "min":
        r = tl.min(x, axis=0)
    elif OP == "argmax":
        r = tl.argmax(x, axis=0)
    elif OP == "argmin":
        r = tl.argmin(x, axis=0)
    elif OP == "xor_sum":
        r = tl.xor_sum(x, axis=0)
    else:
        tl.static_assert(False, "unknown reduction")
    tl.store(out_ptr + row, r)


@triton.jit
def reduce_tile(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr,
                AXIS: tl.constexpr, OP: tl.constexpr):
    r = tl.arange(0, ROWS)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + r[:, None] * COLS + c[None, :])
    if OP == "sum":
        y = tl.sum(x, AXIS)
    elif OP == "max":
        y = tl.max(x, AXIS)
    elif OP == "min":
        y = tl.min(x, AXIS)
    elif OP == "argmax":
        y = tl.argmax(x, AXIS)
    else:
        y = tl.argmin(x, AXIS)
    if AXIS == 0:
        tl.store(out_ptr + c, y)
    else:
        tl.store(out_ptr + r, y)


@triton.jit
def reduce_all(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    r = tl.arange(0, ROWS)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + r[:, None] * COLS + c[None, :])
    tl.store(out_ptr, tl.sum(x))
    tl.store(out_ptr + 1, tl.max(x))
    tl.store(out_ptr + 2, x.sum(axis=1).max(axis=0))


@triton.jit
def reduce_3d(x_ptr, out_ptr, A: tl.constexpr, B: tl.constexpr,
              C: tl.constexpr):
    a = tl.arange(0, A)[:, None, None]
    b = tl.arange(0, B)[None, :, None]
    c = tl.arange(0, C)[None, None, :]
    x = tl.load(x_ptr + (a * B + b) * C + c)
    y = tl.sum(x, axis=1)
    a2 = tl.arange(0, A)[:, None]
    c2 = tl.arange(0, C)[None, :]
    tl.store(out_ptr + a2 * C + c2, y)


@triton.jit
def keep_dims(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    r = tl.arange(0, ROWS)[:, None]
    c = tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + r * COLS + c)
    tl.store(out_ptr + r * COLS + c, x - tl.max(x, axis=1, keep_dims=True))


@triton.jit
def max_with_index(x_ptr, value_ptr, index_ptr, COLS: tl.constexpr,
                   LEFT: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + row * COLS + c)
    value, index = tl.max(x, axis=0, return_indices=True,
                          return_indices_tie_break_left=LEFT)
    tl.store(value_ptr + row, value)
    tl.store(index_ptr + row, index)


@triton.jit
def _product(a, b):
    return a * b


@triton.jit
def product(x_ptr, out_ptr, BLOCK: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, BLOCK))
    tl.store(out_ptr, tl.reduce(x, 0, _product))


@triton.jit
def _welford(mean_a, m2_a, count_a, mean_b, m2_b, count_b):
    count = count_a + count_b
    delta = mean_b - mean_a
    weight = tl.where(count == 0.0, 0.0, count_b / count)
    return (mean_a + delta * weight,
            m2_a + m2_b + delta * delta * count_a * weight, count)


@triton.jit
def welford(x_ptr, mean_ptr, variance_ptr, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    mask = c < cols
    x = tl.load(x_ptr + row * cols + c, mask=mask, other=0.0)
    count = mask.to(tl.float32)
    mean, m2, total = tl.reduce((x, tl.zeros_like(x), count), 0, _welford)
    tl.store(mean_ptr + row, mean)
    tl.store(variance_ptr + row, m2 / total)


@triton.jit
def scan_rows(x_ptr, out_ptr, COLS: tl.constexpr, OP: tl.constexpr,
              REVERSE: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + row * COLS + c)
    if OP == "cumsum":
        y = tl.cumsum(x, axis=0, reverse=REVERSE)
    else:
        y = tl.cumprod(x, axis=0, reverse=REVERSE)
    tl.store(out_ptr + row * COLS + c, y)


@triton.jit
def scan_tile(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr,
              AXIS: tl.constexpr, REVERSE: tl.constexpr):
    r = tl.arange(0, ROWS)[:, None]
    c = tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + r * COLS + c)
    tl.store(out_ptr + r * COLS + c, tl.cumsum(x, AXIS, reverse=REVERSE))


@triton.jit
def _maximum(a, b):
    return tl.maximum(a, b)


@triton.jit
def running_max(x_ptr, out_ptr, COLS: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, COLS)
    x = tl.load(x_ptr + row * COLS + c)
    y = tl.associative_scan(x, 0, _maximum)
    tl.store(out_ptr + row * COLS + c, y)


@triton.jit
def _recurrence(a_left, b_left, a_right, b_right):
    return a_left * a_right, a_right * b_left + b_right


@triton.jit
def linear_recurrence(a_ptr, b_ptr, out_ptr, COLS: tl.constexpr,
                      REVERSE: tl.constexpr):
    """h[t] = a[t] * h[t - 1] + b[t] as a scan of two operands."""
    row = tl.program_id(0)
    c = tl.arange(0, COLS)
    a = tl.load(a_ptr + row * COLS + c)
    b = tl.load(b_ptr + row * COLS + c)
    _, h = tl.associative_scan((a, b), 0, _recurrence, reverse=REVERSE)
    tl.store(out_ptr + row * COLS + c, h)
