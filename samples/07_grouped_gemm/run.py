"""Grouped matrix products on a device, checked in float64.

    PYTHONPATH=build/python python3 samples/07_grouped_gemm/run.py [DEVICE]

DEVICE is `cpu` unless given: `nvidia:0`, `sim:sm_90a`.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import sys

import numpy as np
import tilesdk

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "common"))
from arrays import place

SOURCE = pathlib.Path(__file__).with_name("grouped_gemm.py")


def products(program, rng):
    """Sizes of all kinds, one of them with nothing to do."""
    sizes = ((100, 136, 72), (8, 64, 40), (0, 64, 64), (257, 72, 128))
    blocks, programs = (64, 64, 32), 5
    a, b, c, want = [], [], [], []
    for m, n, k in sizes:
        left = (rng.standard_normal((m, k)) / k ** 0.5).astype(np.float16)
        right = rng.standard_normal((k, n)).astype(np.float16)
        want.append(left.astype(np.float64) @ right.astype(np.float64))
        a.append(place(left if m else np.zeros((1, k), np.float16)))
        b.append(place(right))
        c.append(place(np.full((max(m, 1), n), np.nan, np.float16)))
    tables = [place(np.array([x.data_ptr() for x in arrays], np.int64))
              for arrays in (a, b, c)]
    table = place(np.array(sizes, np.int32))
    program.kernel("grouped_matmul")[(programs,)](
        *tables, table, len(sizes), *blocks, programs, num_warps=4,
        num_stages=3)
    error = max(np.abs(got.numpy()[:len(x)] - x).max(initial=0)
                for got, x in zip(c, want))
    assert error < 1e-2, error
    assert np.isnan(c[2].numpy()).all(), "written where nothing is to do"
    print(f"grouped matmul of {len(sizes)} sizes: error {error:.1e}, ok")


def experts(program, rng, specialize):
    counts = np.array([70, 0, 1, 129])
    n, k, group = 136, 96, 4
    blocks = block_m, block_n, _ = 64, 64, 32
    rows = int(counts.sum())
    x = (rng.standard_normal((rows, k)) / k ** 0.5).astype(np.float16)
    weights = rng.standard_normal((len(counts), n, k)).astype(np.float16)
    of_row = np.repeat(np.arange(len(counts)), counts)
    want = np.einsum("rk,rnk->rn", x.astype(np.float64),
                     weights.astype(np.float64)[of_row])
    y = place(np.full((rows, n), np.nan, np.float16))
    ends = place(np.cumsum(counts).astype(np.int32))
    arrays = place(x), place(weights), y, ends
    grid = ((rows // block_m + len(counts)) * tilesdk.cdiv(n, block_n),)
    program.kernel("expert_matmul")[grid](
        *arrays, rows, n, k, len(counts), *blocks, group, specialize,
        num_warps=4, num_stages=3)
    error = np.abs(y.numpy() - want).max()
    assert error < 1e-2, error
    print(f"{len(counts)} experts{', specialized' if specialize else ''}: "
          f"error {error:.1e}, ok")


def main():
    tilesdk.set_device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    program = tilesdk.Program(SOURCE.read_text(), SOURCE.name)
    rng = np.random.default_rng(0)
    products(program, rng)
    for specialize in (False, True):
        experts(program, rng, specialize)


main()
