"""Attention on a device, checked against NumPy in float64.

    PYTHONPATH=build/python python3 samples/04_attention/run.py [DEVICE]

DEVICE is `cpu` unless given: `nvidia:0`, `sim:sm_90a`.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import math
import pathlib
import sys

import numpy as np
import tilesdk

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "common"))
from arrays import place

SOURCE = pathlib.Path(__file__).with_name("attention.py")


def reference(q, k, v, causal):
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tril(np.ones(scores.shape[1:], bool)), scores,
                          -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True) @ v


def main():
    tilesdk.set_device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    kernel = tilesdk.Program(SOURCE.read_text(), SOURCE.name).kernel("attention")
    heads, length, head = 2, 256, 64
    block_m, block_n = 128, 64
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((heads, length, head)).astype(np.float16)
               for _ in range(3))
    scale = math.log2(math.e) / math.sqrt(head)
    for causal in (False, True):
        arrays = [place(x) for x in (q, k, v, np.full_like(q, np.nan))]
        kernel[(length // block_m, heads)](
            *arrays, heads, length, scale, head, block_m, block_n, causal,
            True, True, num_warps=8, num_stages=3)
        error = np.abs(arrays[-1].numpy() - reference(q, k, v, causal)).max()
        assert error < 2e-3, error
        print(f"attention {heads} x {length} x {head}, "
              f"{'causal' if causal else 'full'}: error {error:.1e}, ok")


main()
