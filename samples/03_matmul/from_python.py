"""Matrix product from Python, on a stream of its own, with errors shown.

    PYTHONPATH=build/python python3 samples/03_matmul/from_python.py
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import tilesdk
import tilesdk.language as tl


@tilesdk.jit
def matmul(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
           BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    rm = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    rn = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    rk = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        a = tl.load(a_ptr + rm[:, None] * K + (k + rk)[None, :],
                    mask=(rm[:, None] < M) & ((k + rk)[None, :] < K), other=0.0)
        b = tl.load(b_ptr + (k + rk)[:, None] * N + rn[None, :],
                    mask=((k + rk)[:, None] < K) & (rn[None, :] < N), other=0.0)
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + rm[:, None] * N + rn[None, :], acc,
             mask=(rm[:, None] < M) & (rn[None, :] < N))


@tilesdk.jit
def mistaken(a_ptr):
    a = tl.load(a_ptr + tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64))
    b = tl.zeros((32, 64), tl.float32)
    tl.store(a_ptr, tl.sum(tl.dot(a, b)))


def main():
    m, n, k = 500, 300, 700
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k), dtype=np.float32)
    b = rng.standard_normal((k, n), dtype=np.float32)
    c = np.empty((m, n), np.float32)

    device = tilesdk.device("cpu")
    stream = device.stream()
    start, end = device.event(), device.event()
    grid = lambda meta: (tilesdk.cdiv(m, meta["BLOCK_M"]),
                         tilesdk.cdiv(n, meta["BLOCK_N"]))
    with tilesdk.using(device, stream):
        for _ in range(2):  # The first launch builds the kernel.
            start.record(stream)
            matmul[grid](a, b, c, m, n, k, BLOCK_M=64, BLOCK_N=64, BLOCK_K=64)
            end.record(stream)
    stream.synchronize()  # Launches on a stream are asynchronous.
    want = a.astype(np.float64) @ b.astype(np.float64)
    np.testing.assert_allclose(c, want, rtol=1e-4, atol=1e-3)
    seconds = start.elapsed_ns(end) * 1e-9
    print(f"matmul {m}x{n}x{k}: {seconds * 1e3:.2f} ms, "
          f"{2 * m * n * k / seconds / 1e9:.1f} GFLOP/s, ok")

    try:
        mistaken[(1,)](a)
    except tilesdk.CompilationError as error:
        print(f"\nA mistake is shown where it is:\n{error}")


main()
