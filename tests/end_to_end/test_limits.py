"""Large tiles, large grids, many builds at once: bounded and repeatable."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import concurrent.futures
import time

import numpy as np
import pytest

import tilesdk

HEAD = "import triton\nimport triton.language as tl\n\n\n@triton.jit\n"
LARGE = 1 << 20

# A kernel over one tile of N elements, and what NumPy says of it.
KERNELS = {
    "copy": ("""def k(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(x + i) * 2 + 1)
""", lambda x: x * 2 + 1),
    "softmax": ("""def k(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i)
    e = tl.exp(v - tl.max(v, 0))
    tl.store(out + i, e / tl.sum(e, 0))
""", lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum()),
    "cumsum": ("""def k(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.cumsum(tl.load(x + i), 0))
""", np.cumsum),
    "transpose": ("""def k(x, out, N: tl.constexpr):
    r = tl.arange(0, 1024)[:, None]
    c = tl.arange(0, N // 1024)[None, :]
    v = tl.load(x + r * (N // 1024) + c)
    tl.store(out + tl.trans(r * (N // 1024) + c) * 0 +
             tl.arange(0, N // 1024)[:, None] * 1024 +
             tl.arange(0, 1024)[None, :], tl.trans(v))
""", lambda x: x.reshape(1024, -1).T.reshape(-1)),
    "masked": ("""def k(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i, mask=i % 3 == 0, other=-1.0)
    tl.store(out + i, tl.where(v > 0, v, -v))
""", lambda x: np.abs(np.where(np.arange(x.size) % 3 == 0, x, -1.0))),
}


@pytest.mark.parametrize("name", KERNELS)
def test_the_largest_tile(name):
    body, oracle = KERNELS[name]
    kernel = tilesdk.Program(HEAD + body, f"{name}.py").kernel("k")
    x = np.random.default_rng(0).standard_normal(LARGE).astype(np.float32)
    out = np.zeros_like(x)
    started = time.process_time()
    compiled = kernel.warmup(x, out, LARGE)
    # Far above what it takes: what is caught is growth with the tile.
    assert time.process_time() - started < 5
    assert compiled.info["artifact_bytes"] < 64 << 10
    kernel[(1,)](x, out, LARGE)
    np.testing.assert_allclose(out, oracle(x.astype(np.float64)), rtol=2e-4,
                               atol=2e-2 if name == "cumsum" else 1e-6)


def test_a_large_grid():
    kernel = tilesdk.Program(HEAD + """def k(out):
    tl.atomic_add(out + tl.program_id(0) % 64, 1)
""").kernel("k")
    out = np.zeros(64, np.int64)
    kernel[(1_000_000,)](out)
    np.testing.assert_array_equal(out, 15625)


def test_builds_are_repeatable_on_any_number_of_threads():
    source = HEAD + KERNELS["softmax"][0]

    def build(_):
        context = tilesdk.Context({"cache": 0})
        kernel = tilesdk.Program(source, "s.py", context=context).kernel("k")
        compiled = kernel.build("*f32:16,*f32:16,3000", target="cpu",
                                keep_stages="tile,tile-opt,llvm,asm")
        return {stage: compiled.asm[stage] for stage in compiled.asm}
    alone = build(0)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(build, range(16)))
    assert all(other == alone for other in together)


def test_many_specialisations_of_one_kernel():
    kernel = tilesdk.Program(HEAD + """def k(out, n, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, i * n)
""").kernel("k")
    for size in range(1, 40):
        out = np.full(size + 1, -1, np.int32)
        kernel[(1,)](out, size, size)
        np.testing.assert_array_equal(out[:-1], np.arange(size) * size)
        assert out[-1] == -1
