"""Element-wise kernels: one operation on whole arrays, all types."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def add(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    pid = tl.program_id(axis=0)
    offsets = pid * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x + y, mask=mask)


@triton.jit
def binary(x_ptr, y_ptr, out_ptr, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    # The divisor of a masked-off lane must not be zero.
    y = tl.load(y_ptr + offsets, mask=mask, other=1)
    if OP == "add":
        r = x + y
    elif OP == "sub":
        r = x - y
    elif OP == "mul":
        r = x * y
    elif OP == "truediv":
        r = x / y
    elif OP == "floordiv":
        r = x // y
    elif OP == "mod":
        r = x % y
    elif OP == "and":
        r = x & y
    elif OP == "or":
        r = x | y
    elif OP == "xor":
        r = x ^ y
    elif OP == "shl":
        r = x << y
    elif OP == "shr":
        r = x >> y
    elif OP == "minimum":
        r = tl.minimum(x, y)
    elif OP == "maximum":
        r = tl.maximum(x, y)
    elif OP == "minimum_nan":
        r = tl.minimum(x, y, propagate_nan=tl.PropagateNan.ALL)
    elif OP == "maximum_nan":
        r = tl.maximum(x, y, propagate_nan=tl.PropagateNan.ALL)
    elif OP == "lt":
        r = x < y
    elif OP == "le":
        r = x <= y
    elif OP == "gt":
        r = x > y
    elif OP == "ge":
        r = x >= y
    elif OP == "eq":
        r = x == y
    elif OP == "ne":
        r = x != y
    elif OP == "umulhi":
        r = tl.umulhi(x, y)
    elif OP == "div_rn":
        r = tl.div_rn(x, y)
    elif OP == "fdiv":
        r = tl.fdiv(x, y)
    elif OP == "pow":
        r = libdevice.pow(x, y)
    elif OP == "atan2":
        r = libdevice.atan2(x, y)
    else:
        tl.static_assert(False, "unknown operation")
    tl.store(out_ptr + offsets, r, mask=mask)


@triton.jit
def unary(x_ptr, out_ptr, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask, other=1)
    if OP == "neg":
        r = -x
    elif OP == "invert":
        r = ~x
    elif OP == "abs":
        r = tl.abs(x)
    elif OP == "exp":
        r = tl.exp(x)
    elif OP == "exp2":
        r = tl.exp2(x)
    elif OP == "log":
        r = tl.log(x)
    elif OP == "log2":
        r = tl.log2(x)
    elif OP == "sin":
        r = tl.sin(x)
    elif OP == "cos":
        r = tl.cos(x)
    elif OP == "sqrt":
        r = tl.sqrt(x)
    elif OP == "sqrt_rn":
        r = tl.sqrt_rn(x)
    elif OP == "rsqrt":
        r = tl.rsqrt(x)
    elif OP == "erf":
        r = tl.math.erf(x)
    elif OP == "floor":
        r = tl.floor(x)
    elif OP == "ceil":
        r = tl.ceil(x)
    elif OP == "sigmoid":
        r = tl.sigmoid(x)
    elif OP == "tanh":
        r = libdevice.tanh(x)
    elif OP == "log1p":
        r = libdevice.log1p(x)
    elif OP == "expm1":
        r = libdevice.expm1(x)
    elif OP == "acos":
        r = libdevice.acos(x)
    elif OP == "asin":
        r = libdevice.asin(x)
    elif OP == "atan":
        r = libdevice.atan(x)
    elif OP == "rint":
        r = libdevice.rint(x)
    elif OP == "round":
        r = libdevice.round(x)
    elif OP == "trunc":
        r = libdevice.trunc(x)
    elif OP == "lgamma":
        r = libdevice.lgamma(x)
    elif OP == "isnan":
        r = libdevice.isnan(x).to(tl.int32)
    elif OP == "isinf":
        r = libdevice.isinf(x).to(tl.int32)
    else:
        tl.static_assert(False, "unknown operation")
    tl.store(out_ptr + offsets, r, mask=mask)


@triton.jit
def literals(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """A literal of lower or equal kind does not change the tensor's type."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    r = (x * 3 + 7) * 2 - 5
    tl.static_assert(r.dtype == x.dtype)
    tl.store(out_ptr + offsets, r, mask=mask)


@triton.jit
def select(c_ptr, x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    c = tl.load(c_ptr + offsets, mask=mask)
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, tl.where(c > 0, x, y), mask=mask)


@triton.jit
def multiply_add(x_ptr, y_ptr, z_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    z = tl.load(z_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, tl.fma(x, y, z), mask=mask)


@triton.jit
def clamp(x_ptr, out_ptr, low, high, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, tl.clamp(x, low, high), mask=mask)


@triton.jit
def convert(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x.to(out_ptr.dtype.element_ty), mask=mask)


@triton.jit
def convert_rtz(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = x.to(out_ptr.dtype.element_ty, fp_downcast_rounding="rtz")
    tl.store(out_ptr + offsets, y, mask=mask)


@triton.jit
def reinterpret(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = x.to(out_ptr.dtype.element_ty, bitcast=True)
    tl.store(out_ptr + offsets, y, mask=mask)


@triton.jit
def promote(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Adds two different types: the sum has the promoted type."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    r = x + y
    tl.static_assert(r.dtype == out_ptr.dtype.element_ty)
    tl.store(out_ptr + offsets, r, mask=mask)


@triton.jit
def scalar_division(out_ptr, a, b, N: tl.constexpr, D: tl.constexpr):
    """C division on run-time values, Python's on constexprs."""
    tl.store(out_ptr + 0, a // b)
    tl.store(out_ptr + 1, a % b)
    tl.store(out_ptr + 2, N // D)
    tl.store(out_ptr + 3, N % D)
    tl.store(out_ptr + 4, tl.cdiv(a, 4))
