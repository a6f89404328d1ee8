"""Loads and stores: masks, strides, indirection, odd tiles."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def copy_masked(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask), mask=mask)


@triton.jit
def copy_unmasked(x_ptr, out_ptr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets))


@triton.jit
def copy_with_other(x_ptr, out_ptr, n, fill, BLOCK: tl.constexpr):
    """Lanes from n on read as the fill value; all are written."""
    offsets = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n, other=fill)
    tl.store(out_ptr + offsets, x)


@triton.jit
def copy_default_other(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Masked-off lanes without `other` read as zero."""
    offsets = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n)
    tl.store(out_ptr + offsets, x)


@triton.jit
def copy_2d(x_ptr, out_ptr, rows, cols, x_stride_r, x_stride_c, out_stride_r,
            out_stride_c, BLOCK_R: tl.constexpr, BLOCK_C: tl.constexpr):
    r = tl.program_id(0) * BLOCK_R + tl.arange(0, BLOCK_R)
    c = tl.program_id(1) * BLOCK_C + tl.arange(0, BLOCK_C)
    mask = (r[:, None] < rows) & (c[None, :] < cols)
    x = tl.load(x_ptr + r[:, None] * x_stride_r + c[None, :] * x_stride_c,
                mask=mask)
    tl.store(out_ptr + r[:, None] * out_stride_r + c[None, :] * out_stride_c,
             x, mask=mask)


@triton.jit
def scale_tile(x_ptr, out_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    """A tile whose extents need not be powers of two."""
    r = tl.arange(0, ROWS)[:, None]
    c = tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + r * COLS + c)
    tl.store(out_ptr + r * COLS + c, x * 2 + 1)


@triton.jit
def range_from(out_ptr, START: tl.constexpr, END: tl.constexpr):
    offsets = tl.arange(START, END)
    tl.store(out_ptr + (offsets - START), offsets)


@triton.jit
def indirect(x_ptr, index_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    index = tl.load(index_ptr + offsets, mask=mask, other=0)
    tl.store(out_ptr + offsets, tl.load(x_ptr + index, mask=mask), mask=mask)


@triton.jit
def scatter(x_ptr, index_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    index = tl.load(index_ptr + offsets, mask=mask, other=0)
    tl.store(out_ptr + index, tl.load(x_ptr + offsets, mask=mask), mask=mask)


@triton.jit
def scalar_copy(x_ptr, out_ptr):
    pid = tl.program_id(0)
    tl.store(out_ptr + pid, tl.load(x_ptr + pid))


@triton.jit
def program_ids(out_ptr):
    i = tl.program_id(0)
    j = tl.program_id(1)
    k = tl.program_id(2)
    linear = (k * tl.num_programs(1) + j) * tl.num_programs(0) + i
    tl.store(out_ptr + linear * 3 + 0, i)
    tl.store(out_ptr + linear * 3 + 1, j)
    tl.store(out_ptr + linear * 3 + 2, k)


@triton.jit
def through_integers(table_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Row i is read through the i-th address of a table of pointers."""
    row = tl.program_id(0)
    address = tl.load(table_ptr + row)
    x_ptr = address.to(tl.pointer_type(tl.float32))
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + row * n + offsets, x + row, mask=mask)


@triton.jit
def cache_hints(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    offsets = tl.max_contiguous(tl.multiple_of(offsets, BLOCK), BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask, cache_modifier=".cg",
                eviction_policy="evict_first")
    tl.store(out_ptr + offsets, x, mask=mask, cache_modifier=".cs",
             eviction_policy="evict_last")


@triton.jit
def negate_bool(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, ~x, mask=mask)


@triton.jit
def block_pointer_copy(x_ptr, out_ptr, rows, cols, BLOCK_R: tl.constexpr,
                       BLOCK_C: tl.constexpr):
    source = tl.make_block_ptr(base=x_ptr, shape=(rows, cols),
                               strides=(cols, 1),
                               offsets=(tl.program_id(0) * BLOCK_R, 0),
                               block_shape=(BLOCK_R, BLOCK_C), order=(1, 0))
    target = tl.make_block_ptr(base=out_ptr, shape=(rows, cols),
                               strides=(cols, 1),
                               offsets=(tl.program_id(0) * BLOCK_R, 0),
                               block_shape=(BLOCK_R, BLOCK_C), order=(1, 0))
    for _ in range(0, cols, BLOCK_C):
        x = tl.load(source, boundary_check=(0, 1), padding_option="zero")
        tl.store(target, x, boundary_check=(0, 1))
        source = tl.advance(source, (0, BLOCK_C))
        target = tl.advance(target, (0, BLOCK_C))


@triton.jit
def block_pointer_padding(x_ptr, out_ptr, rows, cols, BLOCK_R: tl.constexpr,
                          BLOCK_C: tl.constexpr, PADDING: tl.constexpr):
    source = tl.make_block_ptr(x_ptr, (rows, cols), (cols, 1), (0, 0),
                               (BLOCK_R, BLOCK_C), (1, 0))
    x = tl.load(source, boundary_check=(0, 1), padding_option=PADDING)
    r = tl.arange(0, BLOCK_R)[:, None]
    c = tl.arange(0, BLOCK_C)[None, :]
    tl.store(out_ptr + r * BLOCK_C + c, x)
