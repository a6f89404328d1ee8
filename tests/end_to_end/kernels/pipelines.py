"""Loops that an optimizer overlaps with their loads, or says why it cannot.

Each takes SPECIALIZE, whether the loop's copies may get warps of their own."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def bias_gelu(a_ptr, b_ptr, bias_ptr, c_ptr, N, K, BLOCK_M: tl.constexpr,
              BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
              SPECIALIZE: tl.constexpr):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        a = tl.load(a_ptr + m[:, None] * K + (start + k)[None, :])
        b = tl.load(b_ptr + (start + k)[:, None] * N + n[None, :])
        acc = tl.dot(a, b, acc)
    acc += tl.load(bias_ptr + n)[None, :]
    acc = acc * tl.sigmoid(1.702 * acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc)


@triton.jit
def dequantized(a_ptr, scale_ptr, b_ptr, c_ptr, N, K, BLOCK_M: tl.constexpr,
                BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                SPECIALIZE: tl.constexpr):
    """A is of bytes; each of its rows has a scale for every BLOCK_K columns."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        q = tl.load(a_ptr + m[:, None] * K + (start + k)[None, :])
        scale = tl.load(scale_ptr + m * (K // BLOCK_K) + start // BLOCK_K)
        a = (q.to(tl.float32) * scale[:, None]).to(tl.float16)
        b = tl.load(b_ptr + (start + k)[:, None] * N + n[None, :])
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc)


@triton.jit
def transposed(a_ptr, b_ptr, c_ptr, N, K, BLOCK_M: tl.constexpr,
               BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
               SPECIALIZE: tl.constexpr):
    """B has a row for each column of the result."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        a = tl.load(a_ptr + m[:, None] * K + (start + k)[None, :])
        b = tl.load(b_ptr + n[:, None] * K + (start + k)[None, :])
        acc = tl.dot(a, b.T, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc)


@triton.jit
def ragged(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
           BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
           SPECIALIZE: tl.constexpr):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        k = start + tl.arange(0, BLOCK_K)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :],
                    mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :],
                    mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc,
             mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def batched(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
            BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
            SPECIALIZE: tl.constexpr):
    batch = tl.program_id(2).to(tl.int64)
    a_ptr += batch * M * K
    b_ptr += batch * K * N
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        a = tl.load(a_ptr + m[:, None] * K + (start + k)[None, :])
        b = tl.load(b_ptr + (start + k)[:, None] * N + n[None, :])
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + batch * M * N + m[:, None] * N + n[None, :], acc)


@triton.jit
def attention(q_ptr, k_ptr, v_ptr, out_ptr, LENGTH, scale,
              HEAD: tl.constexpr, BLOCK_M: tl.constexpr,
              BLOCK_N: tl.constexpr, SPECIALIZE: tl.constexpr):
    """Two chained products; the scale is for base 2."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.arange(0, BLOCK_N)
    d = tl.arange(0, HEAD)
    q = tl.load(q_ptr + m[:, None] * HEAD + d[None, :])
    largest = tl.full((BLOCK_M,), float("-inf"), tl.float32)
    total = tl.zeros((BLOCK_M,), tl.float32)
    acc = tl.zeros((BLOCK_M, HEAD), tl.float32)
    for start in tl.range(0, LENGTH, BLOCK_N, warp_specialize=SPECIALIZE):
        k = tl.load(k_ptr + (start + n)[:, None] * HEAD + d[None, :])
        s = tl.dot(q, k.T) * scale
        grown = tl.maximum(largest, tl.max(s, 1))
        p = tl.exp2(s - grown[:, None])
        shrink = tl.exp2(largest - grown)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(v_ptr + (start + n)[:, None] * HEAD + d[None, :])
        acc = tl.dot(p.to(tl.float16), v, acc * shrink[:, None])
        largest = grown
    tl.store(out_ptr + m[:, None] * HEAD + d[None, :], acc / total[:, None])


@triton.jit
def gathered(a_ptr, index_ptr, b_ptr, c_ptr, N, K, BLOCK_M: tl.constexpr,
             BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
             SPECIALIZE: tl.constexpr):
    """Row i of the result is of row index[i] of A."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    rows = tl.load(index_ptr + m)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        a = tl.load(a_ptr + rows[:, None] * K + (start + k)[None, :])
        b = tl.load(b_ptr + (start + k)[:, None] * N + n[None, :])
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc)


@triton.jit
def two_accumulators(a_ptr, gate_ptr, up_ptr, c_ptr, N, K,
                     BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                     BLOCK_K: tl.constexpr, SPECIALIZE: tl.constexpr):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    gate = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    up = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        a = tl.load(a_ptr + m[:, None] * K + (start + k)[None, :])
        g = tl.load(gate_ptr + (start + k)[:, None] * N + n[None, :])
        u = tl.load(up_ptr + (start + k)[:, None] * N + n[None, :])
        gate = tl.dot(a, g, gate)
        up = tl.dot(a, u, up)
    tl.store(c_ptr + m[:, None] * N + n[None, :], gate * tl.sigmoid(gate) * up)


@triton.jit
def carried_descriptor(a_ptr, b_ptr, c_ptr, PARTS, M, N, K,
                       BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                       BLOCK_K: tl.constexpr, SPECIALIZE: tl.constexpr):
    """The sum of products of parts; the loop replaces the descriptor of A."""
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [PARTS * K, N], [N, 1],
                                  [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    steps = K // BLOCK_K
    for i in tl.range(0, PARTS * steps, warp_specialize=SPECIALIZE):
        acc = tl.dot(a.load([m, i % steps * BLOCK_K]),
                     b.load([i * BLOCK_K, n]), acc)
        if i % steps == steps - 1:
            a_ptr += M * K
        a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1],
                                      [BLOCK_M, BLOCK_K])
    c.store([m, n], acc)


@triton.jit
def persistent(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
               BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
               PROGRAMS: tl.constexpr, SPECIALIZE: tl.constexpr):
    """Each program makes several tiles of the result."""
    columns = tl.cdiv(N, BLOCK_N)
    tiles = tl.cdiv(M, BLOCK_M) * columns
    k = tl.arange(0, BLOCK_K)
    for tile in tl.range(tl.program_id(0), tiles, PROGRAMS, flatten=True,
                         warp_specialize=SPECIALIZE):
        m = tile // columns * BLOCK_M + tl.arange(0, BLOCK_M)
        n = tile % columns * BLOCK_N + tl.arange(0, BLOCK_N)
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
        for start in tl.range(0, K, BLOCK_K):
            a = tl.load(a_ptr + m[:, None] * K + (start + k)[None, :])
            b = tl.load(b_ptr + (start + k)[:, None] * N + n[None, :])
            acc = tl.dot(a, b, acc)
        tl.store(c_ptr + m[:, None] * N + n[None, :], acc)


@triton.jit
def ahead(a_ptr, b_ptr, sums_ptr, behind_ptr, FIRST, COLUMNS, N,
          DEPTH: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
          SPECIALIZE: tl.constexpr):
    """Sums of squares in rows of A B^T, over COLUMNS columns from FIRST on. The
    next ones are begun before those at hand are summed; of the N that B has,
    those behind the last are a result too."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    k = tl.arange(0, DEPTH)
    a = tl.load(a_ptr + m[:, None] * DEPTH + k[None, :])
    n = FIRST + tl.arange(0, BLOCK_N)
    b = tl.load(b_ptr + n[None, :] * DEPTH + k[:, None],
                mask=n[None, :] < N, other=0)
    scores = tl.dot(a, b) * 0.5
    sums = tl.zeros((BLOCK_M,), tl.float32)
    for start in tl.range(FIRST, FIRST + COLUMNS, BLOCK_N,
                          warp_specialize=SPECIALIZE):
        squares = scores * scores
        n = start + BLOCK_N + tl.arange(0, BLOCK_N)
        b = tl.load(b_ptr + n[None, :] * DEPTH + k[:, None],
                    mask=n[None, :] < N, other=0)
        scores = tl.dot(a, b) * 0.5
        sums += tl.sum(squares, 1)
    tl.store(sums_ptr + m, sums)
    column = tl.arange(0, BLOCK_N)
    tl.store(behind_ptr + m[:, None] * BLOCK_N + column[None, :], scores)
