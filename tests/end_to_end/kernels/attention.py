"""Attention forward with the online softmax, causal or full."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def _inner(acc, l_i, m_i, q, k_block, v_block, start_m, scale,
           BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, HEAD: tl.constexpr,
           STAGE: tl.constexpr, offs_m: tl.constexpr, offs_n: tl.constexpr,
           N_CTX: tl.constexpr):
    # A helper's constexpr annotation does not forbid run-time values, as in
    # the offsets here. Stage 1 is left of the diagonal, stage 2 on it, stage 3 everything.
    if STAGE == 1:
        lo, hi = 0, start_m * BLOCK_M
    elif STAGE == 2:
        lo, hi = start_m * BLOCK_M, (start_m + 1) * BLOCK_M
        lo = tl.multiple_of(lo, BLOCK_M)
    else:
        lo, hi = 0, N_CTX
    k_block = tl.advance(k_block, (0, lo))
    v_block = tl.advance(v_block, (lo, 0))
    for start_n in range(lo, hi, BLOCK_N):
        start_n = tl.multiple_of(start_n, BLOCK_N)
        k = tl.load(k_block)
        qk = tl.dot(q, k)
        if STAGE == 2:
            mask = offs_m[:, None] >= (start_n + offs_n[None, :])
            qk = qk * scale + tl.where(mask, 0, -1.0e6)
            m_ij = tl.maximum(m_i, tl.max(qk, 1))
            qk -= m_ij[:, None]
        else:
            m_ij = tl.maximum(m_i, tl.max(qk, 1) * scale)
            qk = qk * scale - m_ij[:, None]
        p = tl.math.exp2(qk)
        l_ij = tl.sum(p, 1)
        alpha = tl.math.exp2(m_i - m_ij)
        l_i = l_i * alpha + l_ij
        acc = acc * alpha[:, None]
        v = tl.load(v_block)
        acc = tl.dot(p.to(v.dtype), v, acc)
        m_i = m_ij
        v_block = tl.advance(v_block, (BLOCK_N, 0))
        k_block = tl.advance(k_block, (0, BLOCK_N))
    return acc, l_i, m_i


@triton.jit
def forward_block_pointers(q_ptr, k_ptr, v_ptr, out_ptr, scale, stride_h,
                           stride_m, stride_d, N_CTX: tl.constexpr,
                           HEAD: tl.constexpr, BLOCK_M: tl.constexpr,
                           BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr):
    start_m = tl.program_id(0)
    head = tl.program_id(1)
    offset = head.to(tl.int64) * stride_h
    q_block = tl.make_block_ptr(base=q_ptr + offset, shape=(N_CTX, HEAD),
                                strides=(stride_m, stride_d),
                                offsets=(start_m * BLOCK_M, 0),
                                block_shape=(BLOCK_M, HEAD), order=(1, 0))
    v_block = tl.make_block_ptr(base=v_ptr + offset, shape=(N_CTX, HEAD),
                                strides=(stride_m, stride_d), offsets=(0, 0),
                                block_shape=(BLOCK_N, HEAD), order=(1, 0))
    k_block = tl.make_block_ptr(base=k_ptr + offset, shape=(HEAD, N_CTX),
                                strides=(stride_d, stride_m), offsets=(0, 0),
                                block_shape=(HEAD, BLOCK_N), order=(0, 1))
    o_block = tl.make_block_ptr(base=out_ptr + offset, shape=(N_CTX, HEAD),
                                strides=(stride_m, stride_d),
                                offsets=(start_m * BLOCK_M, 0),
                                block_shape=(BLOCK_M, HEAD), order=(1, 0))
    offs_m = start_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    m_i = tl.zeros([BLOCK_M], dtype=tl.float32) - float("inf")
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32) + 1.0
    acc = tl.zeros([BLOCK_M, HEAD], dtype=tl.float32)
    qk_scale = scale * 1.44269504
    q = tl.load(q_block)
    if CAUSAL:
        acc, l_i, m_i = _inner(acc, l_i, m_i, q, k_block, v_block, start_m,
                               qk_scale, BLOCK_M, BLOCK_N, HEAD, 1, offs_m,
                               offs_n, N_CTX)
        acc, l_i, m_i = _inner(acc, l_i, m_i, q, k_block, v_block, start_m,
                               qk_scale, BLOCK_M, BLOCK_N, HEAD, 2, offs_m,
                               offs_n, N_CTX)
    else:
        acc, l_i, m_i = _inner(acc, l_i, m_i, q, k_block, v_block, start_m,
                               qk_scale, BLOCK_M, BLOCK_N, HEAD, 3, offs_m,
                               offs_n, N_CTX)
    acc = acc / l_i[:, None]
    tl.store(o_block, acc.to(out_ptr.type.element_ty))


@triton.jit
def forward_pointers(q_ptr, k_ptr, v_ptr, out_ptr, lse_ptr, scale, seq_q,
                     seq_k, stride_qh, stride_qm, stride_kh, stride_kn,
                     stride_oh, stride_om, HEAD: tl.constexpr,
                     BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                     CAUSAL: tl.constexpr):
    """Any lengths; also writes the log-sum-exp of each row."""
    start_m = tl.program_id(0)
    head = tl.program_id(1)
    offs_m = start_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, HEAD)
    q = tl.load(q_ptr + head * stride_qh + offs_m[:, None] * stride_qm +
                offs_d[None, :], mask=offs_m[:, None] < seq_q, other=0.0)
    m_i = tl.full([BLOCK_M], float("-inf"), dtype=tl.float32)
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, HEAD], dtype=tl.float32)
    end_n = seq_k
    if CAUSAL:
        end_n = tl.minimum(seq_k, (start_m + 1) * BLOCK_M)
    for start_n in range(0, end_n, BLOCK_N):
        cols = start_n + offs_n
        k = tl.load(k_ptr + head * stride_kh + cols[None, :] * stride_kn +
                    offs_d[:, None], mask=cols[None, :] < seq_k, other=0.0)
        qk = tl.dot(q, k) * scale
        valid = cols[None, :] < seq_k
        if CAUSAL:
            valid = valid & (offs_m[:, None] >= cols[None, :])
        qk = tl.where(valid, qk, float("-inf"))
        m_new = tl.maximum(m_i, tl.max(qk, 1))
        p = tl.exp(qk - m_new[:, None])
        alpha = tl.exp(m_i - m_new)
        l_i = l_i * alpha + tl.sum(p, 1)
        v = tl.load(v_ptr + head * stride_kh + cols[:, None] * stride_kn +
                    offs_d[None, :], mask=cols[:, None] < seq_k, other=0.0)
        acc = acc * alpha[:, None] + tl.dot(p.to(v.dtype), v)
        m_i = m_new
    acc = acc / l_i[:, None]
    mask_m = offs_m < seq_q
    tl.store(out_ptr + head * stride_oh + offs_m[:, None] * stride_om +
             offs_d[None, :], acc, mask=mask_m[:, None])
    tl.store(lse_ptr + head * seq_q + offs_m, m_i + tl.log(l_i), mask=mask_m)
