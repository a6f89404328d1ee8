# The part of the standard library that is written in the kernel language:
# reductions, scans, sorting, and small functions on tiles.
import triton
import triton.language as tl


# Reductions ----------------------------------------------------------------

@triton.jit
def _add(a, b):
    return a + b


@triton.jit
def _mul(a, b):
    return a * b


@triton.jit
def _max(a, b):
    return tl.maximum(a, b)


@triton.jit
def _min(a, b):
    return tl.minimum(a, b)


@triton.jit
def _xor(a, b):
    return a ^ b


@triton.jit
def _or(a, b):
    return a | b


# Integers narrower than 32 bits would wrap at once.
@triton.jit
def _widen_for_sum(x, dtype: tl.constexpr):
    if dtype is not None:
        return x.to(dtype)
    elif x.dtype.is_int() and x.dtype.int_bitwidth < 32:
        if x.dtype.is_int_signed():
            return x.to(tl.int32)
        else:
            return x.to(tl.uint32)
    else:
        return x


@triton.jit
def _widen_for_max(x):
    if x.dtype.is_floating() and x.dtype.primitive_bitwidth < 32:
        return x.to(tl.float32)
    elif x.dtype.is_int() and x.dtype.int_bitwidth < 32:
        return x.to(tl.int32)
    else:
        return x


@triton.jit
def _widen_bfloat16(x):
    if x.dtype.is_bf16():
        return x.to(tl.float32)
    else:
        return x


@triton.jit
def sum(input, axis=None, keep_dims=False, dtype: tl.constexpr = None):
    return tl._reduce(_widen_for_sum(input, dtype), axis, _add, keep_dims)


@triton.jit
def xor_sum(input, axis=None, keep_dims=False):
    tl.static_assert(input.dtype.is_int(), "xor_sum needs integers")
    return tl._reduce(input, axis, _xor, keep_dims)


@triton.jit
def reduce_or(input, axis=None, keep_dims=False):
    tl.static_assert(input.dtype.is_int(), "reduce_or needs integers")
    return tl._reduce(input, axis, _or, keep_dims)


# Of equal values the lower index wins, or whichever comes first.
@triton.jit
def _argmax_left(a, i, b, j):
    first = (a > b) | ((a == b) & (i < j))
    return tl.where(first, a, b), tl.where(first, i, j)


@triton.jit
def _argmax_any(a, i, b, j):
    first = a > b
    return tl.where(first, a, b), tl.where(first, i, j)


@triton.jit
def _argmin_left(a, i, b, j):
    first = (a < b) | ((a == b) & (i < j))
    return tl.where(first, a, b), tl.where(first, i, j)


@triton.jit
def _argmin_any(a, i, b, j):
    first = a < b
    return tl.where(first, a, b), tl.where(first, i, j)


@triton.jit
def _indices(x, axis: tl.constexpr):
    n: tl.constexpr = x.shape[axis]
    k: tl.constexpr = axis if axis >= 0 else axis + len(x.shape)
    ones: tl.constexpr = [1] * len(x.shape)
    shape: tl.constexpr = ones[:k] + [n] + ones[k + 1:]
    return tl.broadcast_to(tl.reshape(tl.arange(0, n), shape), x.shape)


@triton.jit
def _with_indices(x, axis, combine, keep_dims):
    if axis is None:
        flat = tl.reshape(x, [x.numel])
        value, index = tl._reduce((flat, tl.arange(0, x.numel)), 0, combine, False)
        if keep_dims:
            ones: tl.constexpr = [1] * len(x.shape)
            return tl.full(ones, value, value.dtype), tl.full(ones, index, tl.int32)
        else:
            return value, index
    else:
        return tl._reduce((x, _indices(x, axis)), axis, combine, keep_dims)


@triton.jit
def max(input, axis=None, return_indices=False, return_indices_tie_break_left=True, keep_dims=False):
    if return_indices:
        if return_indices_tie_break_left:
            return _with_indices(_widen_bfloat16(input), axis, _argmax_left, keep_dims)
        else:
            return _with_indices(_widen_bfloat16(input), axis, _argmax_any, keep_dims)
    else:
        return tl._reduce(_widen_for_max(input), axis, _max, keep_dims)


@triton.jit
def min(input, axis=None, return_indices=False, return_indices_tie_break_left=True, keep_dims=False):
    if return_indices:
        if return_indices_tie_break_left:
            return _with_indices(_widen_bfloat16(input), axis, _argmin_left, keep_dims)
        else:
            return _with_indices(_widen_bfloat16(input), axis, _argmin_any, keep_dims)
    else:
        return tl._reduce(_widen_for_max(input), axis, _min, keep_dims)


@triton.jit
def argmax(input, axis, tie_break_left=True, keep_dims=False):
    value, index = max(input, axis, True, tie_break_left, keep_dims)
    return index


@triton.jit
def argmin(input, axis, tie_break_left=True, keep_dims=False):
    value, index = min(input, axis, True, tie_break_left, keep_dims)
    return index


# Scans ---------------------------------------------------------------------

@triton.jit
def cumsum(input, axis=0, reverse=False, dtype: tl.constexpr = None):
    wide = _widen_for_sum(_widen_bfloat16(input), dtype)
    return tl.associative_scan(wide, axis, _add, reverse)


@triton.jit
def cumprod(input, axis=0, reverse=False):
    return tl.associative_scan(_widen_bfloat16(input), axis, _mul, reverse)


# Small functions -----------------------------------------------------------

@triton.jit
def sigmoid(x):
    return 1 / (1 + tl.exp(-x))


@triton.jit
def softmax(x, dim=None, keep_dims=False, ieee_rounding=False):
    axis: tl.constexpr = 0 if dim is None else dim
    shifted = x - max(x, axis, keep_dims=True)
    numerator = tl.exp(shifted)
    return tl.fdiv(numerator, sum(numerator, axis, keep_dims=True), ieee_rounding)


@triton.jit
def zeros_like(input):
    return tl.zeros(input.shape, input.dtype)


@triton.jit
def ravel(x, can_reorder=False):
    return tl.reshape(x, [x.numel], can_reorder=can_reorder)


@triton.jit
def interleave(a, b):
    pairs = tl.join(a, b)
    if len(pairs.shape) == 1:
        return pairs
    else:
        return tl.reshape(pairs, pairs.shape[:-2] + (2 * pairs.shape[-2],))


@triton.jit
def flip(x, dim=None):
    axis: tl.constexpr = len(x.shape) - 1 if dim is None else dim
    return tl.gather(x, x.shape[axis] - 1 - _indices(x, axis), axis)


@triton.jit
def swizzle2d(i, j, size_i, size_j, size_g):
    # Rows are taken in groups of `size_g`; within a group column by column.
    linear = i * size_j + j
    group_size = size_g * size_j
    group = linear // group_size
    first_row = group * size_g
    rows = tl.minimum(size_i - first_row, size_g)
    within = linear % group_size
    return first_row + within % rows, within // rows


# Sorting -------------------------------------------------------------------

@triton.constexpr_function
def _log2(n):
    # Exact for powers of two, the only numbers it is asked for.
    result = 0
    while n > 1:
        n = n // 2
        result = result + 1
    return result


@triton.jit
def topk(x, k: tl.constexpr, dim=None, descending=True):
    axis: tl.constexpr = len(x.shape) - 1 if dim is None else dim
    tl.static_assert(axis == len(x.shape) - 1 or axis == -1, "topk works on the last dimension")
    n: tl.constexpr = x.shape[axis]
    tl.static_assert(k <= n, "k is larger than the dimension")
    ordered = tl.sort(x, dim, descending)
    if k == n:
        return ordered
    else:
        shape: tl.constexpr = x.shape[:-1] + (k,)
        ones: tl.constexpr = (1,) * (len(x.shape) - 1)
        index = tl.broadcast_to(tl.reshape(tl.arange(0, k), ones + (k,)), shape)
        return tl.gather(ordered, index, axis)


@triton.jit
def bitonic_merge(x, dim=None, descending=False):
    # Merging a bitonic sequence sorts it.
    return tl.sort(x, dim, descending)


# Scaled products -----------------------------------------------------------

@triton.jit
def _decode_e2m1(packed, pack_along: tl.constexpr):
    # Two 4-bit numbers a byte, the low half first: sign, two bits of exponent,
    # one of mantissa.
    low = packed & 0xF
    high = packed >> 4
    nibbles = tl.join(low, high)
    rows: tl.constexpr = packed.shape[0]
    columns: tl.constexpr = packed.shape[1]
    if pack_along == 0:
        codes = tl.reshape(tl.permute(nibbles, (0, 2, 1)), (2 * rows, columns))
    else:
        codes = tl.reshape(nibbles, (rows, 2 * columns))
    codes = codes.to(tl.int32)
    exponent = (codes >> 1) & 3
    mantissa = (codes & 1).to(tl.float32)
    power = (1 << exponent).to(tl.float32) * 0.5
    magnitude = tl.where(exponent == 0, mantissa * 0.5, power * (1.0 + mantissa * 0.5))
    return tl.where((codes & 8) != 0, -magnitude, magnitude)


@triton.jit
def _decode_operand(x, format: tl.constexpr, k_axis: tl.constexpr, k_pack: tl.constexpr, dtype: tl.constexpr):
    if format == "e2m1":
        return _decode_e2m1(x, k_axis if k_pack else 1 - k_axis).to(dtype)
    elif format == "e4m3":
        return tl.cast(x, tl.float8e4nv, bitcast=True).to(dtype)
    elif format == "e5m2":
        return tl.cast(x, tl.float8e5, bitcast=True).to(dtype)
    else:
        tl.static_assert(format == "bf16" or format == "fp16", "unknown format of an operand of dot_scaled")
        return x.to(dtype)


@triton.jit
def _decode_scale(scale):
    if scale.dtype.is_floating():
        return scale.to(tl.float32)
    else:
        # e8m0: a power of two; 255 is not a number.
        bits = scale.to(tl.int32)
        power = tl.cast(bits << 23, tl.float32, bitcast=True)
        tiny = tl.full(scale.shape, 5.877471754111438e-39, tl.float32)
        power = tl.where(bits == 0, tiny, power)
        return tl.where(bits == 255, float("nan"), power)


@triton.jit
def _scale_rows(x, scale):
    # x is rows x K, scale is rows x groups.
    rows: tl.constexpr = x.shape[0]
    k: tl.constexpr = x.shape[1]
    groups: tl.constexpr = scale.shape[1]
    factor = tl.broadcast_to(_decode_scale(scale)[:, :, None], (rows, groups, k // groups))
    return (x.to(tl.float32) * tl.reshape(factor, (rows, k))).to(x.dtype)


@triton.jit
def dot_scaled(lhs, lhs_scale, lhs_format: tl.constexpr, rhs, rhs_scale, rhs_format: tl.constexpr, acc=None,
               fast_math=False, lhs_k_pack=True, rhs_k_pack=True, out_dtype=tl.float32):
    dtype: tl.constexpr = tl.float16 if lhs_format == "fp16" or rhs_format == "fp16" else tl.bfloat16
    a = _decode_operand(lhs, lhs_format, 1, lhs_k_pack, dtype)
    b = _decode_operand(rhs, rhs_format, 0, rhs_k_pack, dtype)
    if lhs_scale is not None:
        a = _scale_rows(a, lhs_scale)
    if rhs_scale is not None:
        b = tl.trans(_scale_rows(tl.trans(b), rhs_scale))
    return tl.dot(a, b, acc)
