"""Kernels of suite `gpu` that are no samples; Triton compiles the same file."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def add(x_ptr, y_ptr, z_ptr, count, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < count
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(z_ptr + offsets, x + y, mask=mask)


@triton.jit
def softmax(x_ptr, y_ptr, columns, stride, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    mask = offsets < columns
    x = tl.load(x_ptr + row * stride + offsets, mask=mask, other=-float("inf"))
    weights = tl.exp(x - tl.max(x, axis=0))
    y = weights / tl.sum(weights, axis=0)
    tl.store(y_ptr + row * stride + offsets, y, mask=mask)


@triton.jit
def layernorm(x_ptr, weight_ptr, bias_ptr, y_ptr, columns, stride, epsilon,
              BLOCK: tl.constexpr):
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    mask = offsets < columns
    x = tl.load(x_ptr + row * stride + offsets, mask=mask,
                other=0.0).to(tl.float32)
    mean = tl.sum(x, axis=0) / columns
    centred = tl.where(mask, x - mean, 0.0)
    variance = tl.sum(centred * centred, axis=0) / columns
    scale = tl.rsqrt(variance + epsilon)
    weight = tl.load(weight_ptr + offsets, mask=mask).to(tl.float32)
    bias = tl.load(bias_ptr + offsets, mask=mask).to(tl.float32)
    y = centred * scale * weight + bias
    tl.store(y_ptr + row * stride + offsets, y.to(y_ptr.dtype.element_ty),
             mask=mask)


@triton.jit
def quantize(x_ptr, q_ptr, scale_ptr, columns, stride, BLOCK: tl.constexpr):
    """Rows as 8-bit floats, of which 448 is the largest, and a scale."""
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    mask = offsets < columns
    x = tl.load(x_ptr + row * stride + offsets, mask=mask,
                other=0.0).to(tl.float32)
    scale = tl.maximum(tl.max(tl.abs(x), axis=0), 1e-10) / 448.0
    q = x * (1.0 / scale)
    tl.store(q_ptr + row * stride + offsets, q.to(q_ptr.dtype.element_ty),
             mask=mask)
    tl.store(scale_ptr + row, scale)


@triton.jit
def twenty(x_ptr, y_ptr, z_ptr, count, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9,
           b0, b1, b2, b3, b4, b5, BLOCK: tl.constexpr):
    """As many arguments as kernels of models have."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < count
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    a = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9
    b = b0 + b1 + b2 + b3 + b4 + b5
    tl.store(z_ptr + offsets, x * a + y * b, mask=mask)
