"""Layer normalisation, forward and backward."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def forward(x_ptr, y_ptr, weight_ptr, bias_ptr, mean_ptr, rstd_ptr, stride,
            cols, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    x_ptr += row * stride
    y_ptr += row * stride
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        total += tl.load(x_ptr + c, mask=c < cols, other=0.0).to(tl.float32)
    mean = tl.sum(total, axis=0) / cols
    square = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + c, mask=c < cols, other=0.0).to(tl.float32)
        x = tl.where(c < cols, x - mean, 0.0)
        square += x * x
    rstd = 1 / tl.sqrt(tl.sum(square, axis=0) / cols + eps)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        mask = c < cols
        weight = tl.load(weight_ptr + c, mask=mask)
        bias = tl.load(bias_ptr + c, mask=mask)
        x = tl.load(x_ptr + c, mask=mask, other=0.0).to(tl.float32)
        tl.store(y_ptr + c, (x - mean) * rstd * weight + bias, mask=mask)


@triton.jit
def _input_gradient(x_ptr, dy_ptr, weight_ptr, mean_ptr, rstd_ptr, row,
                    stride, cols, c, mask):
    """Returns dx of one row, its normalised x and its dy."""
    x = tl.load(x_ptr + row * stride + c, mask=mask, other=0).to(tl.float32)
    dy = tl.load(dy_ptr + row * stride + c, mask=mask, other=0).to(tl.float32)
    weight = tl.load(weight_ptr + c, mask=mask).to(tl.float32)
    mean = tl.load(mean_ptr + row)
    rstd = tl.load(rstd_ptr + row)
    xhat = tl.where(mask, (x - mean) * rstd, 0.0)
    wdy = tl.where(mask, weight * dy, 0.0)
    c1 = tl.sum(xhat * wdy, axis=0) / cols
    c2 = tl.sum(wdy, axis=0) / cols
    return (wdy - (xhat * c1 + c2)) * rstd, xhat, dy


@triton.jit
def backward_locks(dx_ptr, dy_ptr, dw_ptr, db_ptr, x_ptr, weight_ptr,
                   mean_ptr, rstd_ptr, lock_ptr, stride, cols,
                   GROUPS: tl.constexpr, BLOCK: tl.constexpr):
    """First stage: rows add their share to one of GROUPS partial sums, each
    guarded by a spin lock and a count that tells the first writer."""
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    mask = c < cols
    dx, xhat, dy = _input_gradient(x_ptr, dy_ptr, weight_ptr, mean_ptr,
                                   rstd_ptr, row, stride, cols, c, mask)
    tl.store(dx_ptr + row * stride + c, dx, mask=mask)
    dw = dy * xhat
    db = dy
    group = row % GROUPS
    lock_ptr += group
    count_ptr = lock_ptr + GROUPS
    dw_ptr = dw_ptr + group * cols + c
    db_ptr = db_ptr + group * cols + c
    while tl.atomic_cas(lock_ptr, 0, 1) == 1:
        pass
    count = tl.load(count_ptr)
    if count == 0:
        tl.atomic_xchg(count_ptr, 1)
    else:
        dw += tl.load(dw_ptr, mask=mask)
        db += tl.load(db_ptr, mask=mask)
    tl.store(dw_ptr, dw, mask=mask)
    tl.store(db_ptr, db, mask=mask)
    tl.debug_barrier()
    tl.atomic_xchg(lock_ptr, 0)


@triton.jit
def backward_partials(partial_dw_ptr, partial_db_ptr, dw_ptr, db_ptr, groups,
                      cols, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    """Second stage: sums the partial sums over groups."""
    c = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    dw = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    db = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, groups, BLOCK_M):
        g = start + tl.arange(0, BLOCK_M)
        mask = (g[:, None] < groups) & (c[None, :] < cols)
        offsets = g[:, None] * cols + c[None, :]
        dw += tl.load(partial_dw_ptr + offsets, mask=mask, other=0.0)
        db += tl.load(partial_db_ptr + offsets, mask=mask, other=0.0)
    tl.store(dw_ptr + c, tl.sum(dw, axis=0), mask=c < cols)
    tl.store(db_ptr + c, tl.sum(db, axis=0), mask=c < cols)


@triton.jit
def backward_atomics(dx_ptr, dy_ptr, dw_ptr, db_ptr, x_ptr, weight_ptr,
                     mean_ptr, rstd_ptr, stride, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    mask = c < cols
    dx, xhat, dy = _input_gradient(x_ptr, dy_ptr, weight_ptr, mean_ptr,
                                   rstd_ptr, row, stride, cols, c, mask)
    tl.store(dx_ptr + row * stride + c, dx, mask=mask)
    tl.atomic_add(dw_ptr + c, dy * xhat, mask=mask)
    tl.atomic_add(db_ptr + c, dy, mask=mask, sem="relaxed")
