import triton
import triton.language as tl


@triton.jit
def matmul_f16(a, b, c, N: tl.constexpr, K: tl.constexpr, BM: tl.constexpr,
               BN: tl.constexpr, BK: tl.constexpr):
    i = tl.program_id(0) * BM + tl.arange(0, BM)
    j = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for first in range(0, K, BK):
        x = tl.load(a + i[:, None] * K + (first + k)[None, :])
        y = tl.load(b + (first + k)[:, None] * N + j[None, :])
        acc = tl.dot(x, y, acc)
    tl.store(c + i[:, None] * N + j[None, :], acc.to(tl.float16))


@triton.jit
def matmul_f16_two_warps(a, b, c, N: tl.constexpr, K: tl.constexpr,
                         BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    i = tl.program_id(0) * BM + tl.arange(0, BM)
    j = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for first in range(0, K, BK):
        x = tl.load(a + i[:, None] * K + (first + k)[None, :])
        y = tl.load(b + (first + k)[:, None] * N + j[None, :])
        acc = tl.dot(x, y, acc)
    tl.store(c + i[:, None] * N + j[None, :], acc.to(tl.float16))


@triton.jit
def matmul_transposed_b(a, b, c, N: tl.constexpr, K: tl.constexpr,
                        BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    i = tl.program_id(0) * BM + tl.arange(0, BM)
    j = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for first in range(0, K, BK):
        x = tl.load(a + i[:, None] * K + (first + k)[None, :])
        y = tl.load(b + j[:, None] * K + (first + k)[None, :])
        acc = tl.dot(x, tl.trans(y), acc)
    tl.store(c + i[:, None] * N + j[None, :], acc.to(tl.float16))


@triton.jit
def matmul_tf32(a, b, c, N: tl.constexpr, K: tl.constexpr, BM: tl.constexpr,
                BN: tl.constexpr, BK: tl.constexpr):
    i = tl.program_id(0) * BM + tl.arange(0, BM)
    j = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for first in range(0, K, BK):
        x = tl.load(a + i[:, None] * K + (first + k)[None, :])
        y = tl.load(b + (first + k)[:, None] * N + j[None, :])
        acc = tl.dot(x, y, acc, input_precision="tf32")
    tl.store(c + i[:, None] * N + j[None, :], acc)


@triton.jit
def matmul_i8(a, b, c, N: tl.constexpr, K: tl.constexpr, BM: tl.constexpr,
              BN: tl.constexpr, BK: tl.constexpr):
    i = tl.program_id(0) * BM + tl.arange(0, BM)
    j = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.int32)
    for first in range(0, K, BK):
        x = tl.load(a + i[:, None] * K + (first + k)[None, :])
        y = tl.load(b + j[:, None] * K + (first + k)[None, :])
        acc = tl.dot(x, tl.trans(y), acc)
    tl.store(c + i[:, None] * N + j[None, :], acc)


@triton.jit
def chained_dots(q, k, v, out, N: tl.constexpr, D: tl.constexpr):
    i = tl.arange(0, N)
    d = tl.arange(0, D)
    x = tl.load(q + i[:, None] * D + d[None, :])
    y = tl.load(k + i[:, None] * D + d[None, :])
    z = tl.load(v + i[:, None] * D + d[None, :])
    p = tl.dot(x, tl.trans(y))
    p = tl.exp(p - tl.max(p, 1)[:, None])
    p = p / tl.sum(p, 1)[:, None]
    tl.store(out + i[:, None] * D + d[None, :],
             tl.dot(p.to(tl.float16), z).to(tl.float16))


@triton.jit
def transpose_f32(x, y, M: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, M)
    j = tl.arange(0, N)
    t = tl.load(x + i[:, None] * N + j[None, :])
    tl.store(y + j[:, None] * M + i[None, :], tl.trans(t))


@triton.jit
def transpose_f16(x, y, M: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, M)
    j = tl.arange(0, N)
    t = tl.load(x + i[:, None] * N + j[None, :])
    tl.store(y + j[:, None] * M + i[None, :], tl.trans(t))


@triton.jit
def column_sums(x, y, M: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, M)
    j = tl.arange(0, N)
    t = tl.load(x + i[:, None] * N + j[None, :])
    s = tl.sum(t, 0)
    tl.debug_barrier()
    tl.store(y + j, s)


@triton.jit
def softmax_row(x, y, N: tl.constexpr):
    row = tl.program_id(0)
    j = tl.arange(0, N)
    t = tl.load(x + row * N + j)
    t = tl.exp(t - tl.max(t, 0))
    tl.store(y + row * N + j, t / tl.sum(t, 0))


@triton.jit
def running_sums(x, y, M: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, M)
    j = tl.arange(0, N)
    t = tl.load(x + i[:, None] * N + j[None, :])
    tl.store(y + i[:, None] * N + j[None, :], tl.cumsum(t, 0))


@triton.jit
def outer_sums(x, y, N: tl.constexpr):
    i = tl.arange(0, N)
    t = tl.load(x + i)
    s = tl.sum(tl.abs(t[:, None] - t[None, :]), 1)
    # Else an assembler moves the sums' load into the branch of the store.
    tl.debug_barrier()
    tl.store(y + i, s)
