"""Kernels in the styles seen in public code: models, quantisation, training.

Written for this test suite; each stands for a family that people run.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl
from triton.language.extra import libdevice

tanh = libdevice.tanh


@triton.jit
def rms_norm(Y, Y_row_stride, X, X_row_stride, W, RSTD, n_cols, eps, offset,
             casting_mode: tl.constexpr, BLOCK_SIZE: tl.constexpr):
    row_idx = tl.program_id(0).to(tl.int64)
    col_offsets = tl.arange(0, BLOCK_SIZE)
    mask = col_offsets < n_cols
    y_base = Y + row_idx * Y_row_stride
    x_base = X + row_idx * X_row_stride
    X_row = tl.load(x_base + col_offsets, mask=mask, other=0)
    X_row_dtype = X_row.dtype
    W_row = tl.load(W + col_offsets, mask=mask, other=0)
    if casting_mode == "llama":
        X_row = X_row.to(tl.float32)
    if casting_mode == "gemma":
        W_row = W_row.to(tl.float32)
        X_row = X_row.to(tl.float32)
    mean_square = tl.sum(X_row * X_row, axis=0) / n_cols
    rstd = tl.rsqrt(mean_square + eps)
    tl.store(RSTD + row_idx, rstd)
    X_row = X_row * rstd
    if casting_mode == "llama":
        X_row = X_row.to(X_row_dtype)
    Y_row = X_row * (offset + W_row)
    if casting_mode == "gemma":
        Y_row = Y_row.to(X_row_dtype)
    tl.store(y_base + col_offsets, Y_row, mask=mask)


@triton.jit
def rope(q_ptr, q_row_stride, cos_ptr, cos_row_stride, sin_ptr, sin_row_stride,
         sl, n_qh: tl.constexpr, hd: tl.constexpr, pad_n_qh: tl.constexpr,
         pad_hd: tl.constexpr, BACKWARD_PASS: tl.constexpr = False):
    pid = tl.program_id(0).to(tl.int64)
    q_ptr = q_ptr + pid * q_row_stride
    row = pid % sl
    cos_offsets = tl.arange(0, pad_hd // 2)
    cos_mask = cos_offsets < hd // 2
    cos_row = tl.load(cos_ptr + row * cos_row_stride + cos_offsets,
                      mask=cos_mask, other=0)
    sin_row = tl.load(sin_ptr + row * sin_row_stride + cos_offsets,
                      mask=cos_mask, other=0)
    first_half = (tl.arange(0, pad_n_qh)[:, None] * hd +
                  tl.arange(0, pad_hd // 2)[None, :])
    first_mask = ((tl.arange(0, pad_n_qh)[:, None] < n_qh) &
                  (tl.arange(0, pad_hd // 2)[None, :] < hd // 2))
    q1 = tl.load(q_ptr + first_half, mask=first_mask,
                 other=0).to(sin_row.dtype)
    second_half = first_half + (hd // 2)
    q2 = tl.load(q_ptr + second_half, mask=first_mask,
                 other=0).to(sin_row.dtype)
    if not BACKWARD_PASS:
        new1 = q1 * cos_row - q2 * sin_row
        new2 = q2 * cos_row + q1 * sin_row
    else:
        new1 = q1 * cos_row + q2 * sin_row
        new2 = q2 * cos_row - q1 * sin_row
    tl.store(q_ptr + first_half, new1, mask=first_mask)
    tl.store(q_ptr + second_half, new2, mask=first_mask)


@triton.jit
def silu(x):
    return x * tl.sigmoid(x)


@triton.jit
def swiglu_forward(a_ptr, b_ptr, c_ptr, stride, n_cols: tl.constexpr,
                   BLOCK_SIZE: tl.constexpr):
    program_id = tl.program_id(0).to(tl.int64)
    a_ptr += program_id * stride
    b_ptr += program_id * stride
    c_ptr += program_id * stride
    col_offsets = tl.arange(0, BLOCK_SIZE)
    mask = col_offsets < n_cols
    a_row = tl.load(a_ptr + col_offsets, mask=mask, other=0).to(tl.float32)
    b_row = tl.load(b_ptr + col_offsets, mask=mask, other=0)
    c_row = silu(a_row).cast(b_row.dtype) * b_row
    tl.store(c_ptr + col_offsets, c_row, mask=mask)


@triton.jit
def cross_entropy(X_ptr, X_stride, Y_ptr, loss_ptr, n_cols, ignore_index,
                  label_smoothing: tl.constexpr, BLOCK_SIZE: tl.constexpr):
    """Online softmax; overwrites the logits with their gradient."""
    program_id = tl.program_id(0).to(tl.int64)
    y = tl.load(Y_ptr + program_id)
    X_ptr += program_id * X_stride
    if y == ignore_index:
        for i in range(0, n_cols, BLOCK_SIZE):
            X_offsets = i + tl.arange(0, BLOCK_SIZE)
            tl.store(X_ptr + X_offsets, 0.0, mask=X_offsets < n_cols)
        return
    m = float("-inf")
    d = 0.0
    ori_X_y = tl.load(X_ptr + y).cast(tl.float32)
    scaled_x_sum = 0.0
    eps = label_smoothing / n_cols
    for i in range(0, n_cols, BLOCK_SIZE):
        X_offsets = i + tl.arange(0, BLOCK_SIZE)
        X_block = tl.load(X_ptr + X_offsets, mask=X_offsets < n_cols,
                          other=float("-inf")).cast(tl.float32)
        block_max = tl.max(X_block)
        if label_smoothing > 0:
            scaled_x_sum += tl.sum(
                tl.where(X_offsets < n_cols, -eps * X_block, 0.0))
        m_new = tl.maximum(m, block_max)
        d = d * tl.exp(m - m_new) + tl.sum(tl.exp(X_block - m_new))
        m = m_new
    lse = m + tl.log(d)
    for i in range(0, n_cols, BLOCK_SIZE):
        X_offsets = i + tl.arange(0, BLOCK_SIZE)
        X_block = tl.load(X_ptr + X_offsets, mask=X_offsets < n_cols,
                          other=float("-inf")).cast(tl.float32)
        X_block = tl.exp(X_block - m) / d
        X_block = X_block - eps
        X_block = tl.where(X_offsets != y, X_block,
                           X_block - (1 - label_smoothing))
        tl.store(X_ptr + X_offsets, X_block, mask=X_offsets < n_cols)
    tl.debug_barrier()
    loss = lse - ori_X_y
    if label_smoothing > 0:
        smooth_loss = scaled_x_sum + label_smoothing * lse
        loss = loss * (1 - label_smoothing) + smooth_loss
    tl.store(loss_ptr + program_id, loss)


@triton.jit
def embedding(embeddings_ptr, indices_ptr, output_ptr, n_elements,
              embedding_dim: tl.constexpr, BLOCK_M: tl.constexpr,
              BLOCK_N: tl.constexpr):
    pid_m = tl.program_id(0)
    pid_n = tl.program_id(1)
    offsets_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    mask_m = offsets_m < n_elements
    indices = tl.load(indices_ptr + offsets_m, mask=mask_m, other=0)
    offsets_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)
    mask_n = offsets_n < embedding_dim
    block_mask = mask_m[:, None] & mask_n[None, :]
    rows = tl.load(embeddings_ptr + indices[:, None] * embedding_dim +
                   offsets_n[None, :], mask=block_mask, other=0.0)
    tl.store(output_ptr + offsets_m[:, None] * embedding_dim +
             offsets_n[None, :], rows, mask=block_mask)


@triton.jit
def quantize_rows(y_ptr, y_q_ptr, y_s_ptr, y_stride, N, eps, bit8_min,
                  bit8_max, BLOCK: tl.constexpr):
    """Per-row scale from the largest magnitude, then int8 or fp8."""
    g_id = tl.program_id(0)
    y_ptr += g_id * y_stride
    y_q_ptr += g_id * y_stride
    y_s_ptr += g_id
    cols = tl.arange(0, BLOCK)
    mask = cols < N
    y = tl.load(y_ptr + cols, mask=mask, other=0.0).to(tl.float32)
    _absmax = tl.maximum(tl.max(tl.abs(y)), eps)
    y_s = _absmax / bit8_max
    y_q = tl.clamp(y / y_s, bit8_min, bit8_max).to(y_q_ptr.dtype.element_ty)
    tl.store(y_q_ptr + cols, y_q, mask=mask)
    tl.store(y_s_ptr, y_s)


@triton.jit
def gelu(x_ptr, out_ptr, n, APPROXIMATE: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask).to(tl.float32)
    if APPROXIMATE == "tanh":
        inner = 0.7978845608028654 * (x + 0.044715 * x * x * x)
        y = 0.5 * x * (1 + tanh(inner))
    elif APPROXIMATE == "sigmoid":
        y = x * tl.sigmoid(1.702 * x)
    else:
        y = 0.5 * x * (1 + tl.erf(x * 0.7071067811865476))
    tl.store(out_ptr + offsets, y, mask=mask)


@triton.jit
def top_p_threshold(probs_ptr, out_ptr, n_cols, p, BLOCK: tl.constexpr,
                    ROUNDS: tl.constexpr):
    """Bisects the smallest probability that nucleus sampling keeps."""
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    probs = tl.load(probs_ptr + row * n_cols + cols, mask=cols < n_cols,
                    other=0.0)
    low = 0.0
    high = tl.max(probs, axis=0)
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        mass = tl.sum(tl.where(probs >= middle, probs, 0.0), axis=0)
        enough = mass >= p
        low = tl.where(enough, middle, low)
        high = tl.where(enough, high, middle)
    kept = tl.sum((probs >= low).to(tl.int32), axis=0)
    tl.store(out_ptr + row, kept)


@triton.jit
def causal_conv1d(x_ptr, w_ptr, b_ptr, y_ptr, dim, seqlen, stride_xd,
                  KERNEL_WIDTH: tl.constexpr, HAS_BIAS: tl.constexpr,
                  SILU_ACTIVATION: tl.constexpr, BLOCK: tl.constexpr):
    channel = tl.program_id(0)
    start = tl.program_id(1) * BLOCK
    t = start + tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    if HAS_BIAS:
        acc += tl.load(b_ptr + channel).to(tl.float32)
    for j in tl.static_range(KERNEL_WIDTH):
        position = t - (KERNEL_WIDTH - 1) + j
        x = tl.load(x_ptr + channel * stride_xd + position,
                    mask=(position >= 0) & (position < seqlen), other=0.0)
        w = tl.load(w_ptr + channel * KERNEL_WIDTH + j)
        acc += x * w
    if SILU_ACTIVATION:
        acc = acc / (1 + tl.exp(-acc))
    tl.store(y_ptr + channel * stride_xd + t, acc, mask=t < seqlen)


@triton.jit
def linear_attention_chunk(q, k, v, o, s_qk_h, s_qk_t, s_vo_h, s_vo_t, scale,
                           T, K: tl.constexpr, V: tl.constexpr,
                           BT: tl.constexpr, BK: tl.constexpr,
                           BV: tl.constexpr):
    """Causal linear attention, a state carried from chunk to chunk."""
    i_v, i_bh = tl.program_id(0), tl.program_id(1)
    b_h = tl.zeros([BK, BV], dtype=tl.float32)
    o_i = tl.arange(0, BT)
    m_s = o_i[:, None] >= o_i[None, :]
    for i_t in range(0, tl.cdiv(T, BT)):
        p_q = tl.make_block_ptr(q + i_bh * s_qk_h, (T, K), (s_qk_t, 1),
                                (i_t * BT, 0), (BT, BK), (1, 0))
        p_k = tl.make_block_ptr(k + i_bh * s_qk_h, (K, T), (1, s_qk_t),
                                (0, i_t * BT), (BK, BT), (0, 1))
        p_v = tl.make_block_ptr(v + i_bh * s_vo_h, (T, V), (s_vo_t, 1),
                                (i_t * BT, i_v * BV), (BT, BV), (1, 0))
        p_o = tl.make_block_ptr(o + i_bh * s_vo_h, (T, V), (s_vo_t, 1),
                                (i_t * BT, i_v * BV), (BT, BV), (1, 0))
        b_q = tl.load(p_q, boundary_check=(0, 1))
        b_q = (b_q * scale).to(b_q.dtype)
        b_k = tl.load(p_k, boundary_check=(0, 1))
        b_v = tl.load(p_v, boundary_check=(0, 1))
        b_s = tl.dot(b_q, b_k)
        b_s = tl.where(m_s, b_s, 0)
        b_o = tl.dot(b_q, b_h.to(b_q.dtype))
        b_o += tl.dot(b_s.to(b_v.dtype), b_v)
        b_h += tl.dot(b_k, b_v)
        tl.store(p_o, b_o.to(p_o.dtype.element_ty), boundary_check=(0, 1))


@triton.jit
def matmul_int4(a_ptr, b_ptr, scales_ptr, c_ptr, M, N, K, group_size,
                BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                BLOCK_K: tl.constexpr):
    """B holds eight 4-bit values to an int32 along K, with group scales."""
    pid_m, pid_n = tl.swizzle2d(tl.program_id(0), tl.program_id(1),
                                tl.num_programs(0), tl.num_programs(1), 2)
    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)
    offs_k = tl.arange(0, BLOCK_K)
    shifter = (offs_k % 8) * 4
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        a = tl.load(a_ptr + offs_m[:, None] * K + (k + offs_k)[None, :],
                    mask=(offs_m[:, None] < M) & ((k + offs_k)[None, :] < K),
                    other=0.0)
        packed = tl.load(b_ptr + ((k + offs_k) // 8)[:, None] * N +
                         offs_n[None, :],
                         mask=((k + offs_k)[:, None] < K) &
                         (offs_n[None, :] < N), other=0)
        scales = tl.load(scales_ptr + ((k + offs_k) // group_size)[:, None] * N +
                         offs_n[None, :],
                         mask=((k + offs_k)[:, None] < K) &
                         (offs_n[None, :] < N), other=0.0)
        b = (packed >> shifter[:, None]) & 0xF
        b = ((b - 8) * scales).to(a.dtype)
        acc += tl.dot(a, b)
    mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)
    tl.store(c_ptr + offs_m[:, None] * N + offs_n[None, :], acc, mask=mask)


@triton.jit
def grouped_matmul(a_ptr, b_ptr, c_ptr, sizes_ptr, N, K,
                   GROUPS: tl.constexpr, NUM_SM: tl.constexpr,
                   BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                   BLOCK_K: tl.constexpr):
    """Programs share out the tiles of all groups among themselves."""
    tile_idx = tl.program_id(0)
    last_problem_end = 0
    row_start = 0
    for g in range(GROUPS):
        gm = tl.load(sizes_ptr + g)
        num_m_tiles = tl.cdiv(gm, BLOCK_M)
        num_n_tiles = tl.cdiv(N, BLOCK_N)
        num_tiles = num_m_tiles * num_n_tiles
        while (tile_idx >= last_problem_end and
               tile_idx < last_problem_end + num_tiles):
            tile_in_group = tile_idx - last_problem_end
            tile_m = tile_in_group // num_n_tiles
            tile_n = tile_in_group % num_n_tiles
            offs_m = tile_m * BLOCK_M + tl.arange(0, BLOCK_M)
            offs_n = tile_n * BLOCK_N + tl.arange(0, BLOCK_N)
            offs_k = tl.arange(0, BLOCK_K)
            acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
            for kk in range(0, tl.cdiv(K, BLOCK_K)):
                k = kk * BLOCK_K + offs_k
                a = tl.load(a_ptr + (row_start + offs_m)[:, None] * K + k[None, :],
                            mask=(offs_m[:, None] < gm) & (k[None, :] < K),
                            other=0.0)
                b = tl.load(b_ptr + g * K * N + k[:, None] * N + offs_n[None, :],
                            mask=(k[:, None] < K) & (offs_n[None, :] < N),
                            other=0.0)
                acc += tl.dot(a, b)
            tl.store(c_ptr + (row_start + offs_m)[:, None] * N + offs_n[None, :],
                     acc, mask=(offs_m[:, None] < gm) & (offs_n[None, :] < N))
            tile_idx += NUM_SM
        last_problem_end = last_problem_end + num_tiles
        row_start += gm


@triton.jit
def adamw(p_ptr, g_ptr, m_ptr, v_ptr, n, lr, beta1, beta2, eps, weight_decay,
          step_size1, step_size2, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    p = tl.load(p_ptr + offsets, mask=mask)
    g = tl.load(g_ptr + offsets, mask=mask)
    m = tl.load(m_ptr + offsets, mask=mask)
    v = tl.load(v_ptr + offsets, mask=mask)
    p = p * (1 - lr * weight_decay)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    denominator = tl.sqrt(v * step_size2) + eps
    p = p - lr * (m * step_size1) / denominator
    tl.store(p_ptr + offsets, p, mask=mask)
    tl.store(m_ptr + offsets, m, mask=mask)
    tl.store(v_ptr + offsets, v, mask=mask)


@triton.jit
def paged_gather(cache_ptr, table_ptr, lengths_ptr, out_ptr, max_len,
                 PAGE: tl.constexpr, DIM: tl.constexpr):
    """Rows of a sequence that lies in pages all over the cache."""
    seq = tl.program_id(0)
    page = tl.program_id(1)
    length = tl.load(lengths_ptr + seq)
    if page * PAGE >= length:
        return
    block = tl.load(table_ptr + seq * (max_len // PAGE) + page).to(tl.int64)
    rows = tl.arange(0, PAGE)
    dims = tl.arange(0, DIM)
    data = tl.load(cache_ptr + (block * PAGE + rows)[:, None] * DIM +
                   dims[None, :])
    position = page * PAGE + rows
    tl.store(out_ptr + (seq * max_len + position)[:, None] * DIM +
             dims[None, :], data, mask=(position < length)[:, None])


@triton.jit
def swizzle_indices(out_i_ptr, out_j_ptr, GROUP: tl.constexpr):
    i = tl.program_id(0)
    j = tl.program_id(1)
    size_i = tl.num_programs(0)
    size_j = tl.num_programs(1)
    new_i, new_j = tl.swizzle2d(i, j, size_i, size_j, GROUP)
    tl.store(out_i_ptr + i * size_j + j, new_i)
    tl.store(out_j_ptr + i * size_j + j, new_j)
