"""The persistent matrix product on a device, checked in float64.

    PYTHONPATH=build/python python3 samples/05_persistent_matmul/run.py [DEVICE]

DEVICE is `cpu` unless given: `nvidia:0`, `sim:sm_90a`.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import sys

import numpy as np
import tilesdk

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "common"))
from arrays import place

SOURCE = pathlib.Path(__file__).with_name("persistent_matmul.py")


def main():
    tilesdk.set_device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    program = tilesdk.Program(SOURCE.read_text(), SOURCE.name)
    m, n, k = 328, 400, 208
    block_m, block_n, block_k, group, programs = 128, 128, 64, 4, 5
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k)).astype(np.float16)
    b = rng.standard_normal((k, n)).astype(np.float16)
    want = a.astype(np.float64) @ b.astype(np.float64)
    for transposed in (False, True):
        left, right = place(a), place(b.T if transposed else b)
        for name, grid, more in (
                ("persistent", programs, (programs,)),
                ("pointer", tilesdk.cdiv(m, block_m) * tilesdk.cdiv(n, block_n),
                 ())):
            c = place(np.full((m, n), np.nan, np.float16))
            program.kernel(f"{name}_matmul")[(grid,)](
                left, right, c, m, n, k, block_m, block_n, block_k, group, *more,
                transposed, True, num_warps=8, num_stages=3)
            error = np.abs(c.numpy() - want).max()
            assert error < 6e-2, error
            print(f"{name} matmul {m} x {n} x {k}, B as "
                  f"{'N x K' if transposed else 'K x N'}: error {error:.1e}, ok")


main()
