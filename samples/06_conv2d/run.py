"""Convolution on a device, checked against NumPy in float64.

    PYTHONPATH=build/python python3 samples/06_conv2d/run.py [DEVICE]

DEVICE is `cpu` unless given: `nvidia:0`, `sim:sm_90a`.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import sys

import numpy as np
import tilesdk

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "common"))
from arrays import place

SOURCE = pathlib.Path(__file__).with_name("conv2d.py")


def reference(x, weights, stride, padding):
    """One product of matrices for each tap."""
    x, weights = x.astype(np.float64), weights.astype(np.float64)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = weights.shape[1:3]
    p = (x.shape[1] - rows) // stride + 1
    q = (x.shape[2] - columns) // stride + 1
    return sum(x[:, r:r + stride * p:stride, s:s + stride * q:stride][:, :p, :q]
               @ weights[:, r, s].T for r in range(rows) for s in range(columns))


def main():
    tilesdk.set_device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    kernel = tilesdk.Program(SOURCE.read_text(), SOURCE.name).kernel("conv2d")
    images, height, width, channels, filters = 2, 13, 17, 72, 96
    block_m, block_n, block_k, group = 64, 64, 32, 8
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, height, width, channels))
    x = x.astype(np.float16)
    for size, stride, padding in ((3, 1, 1), (3, 2, 1), (1, 1, 0), (3, 1, 0)):
        weights = rng.standard_normal((filters, size, size, channels))
        weights = (weights / (size * channels ** 0.5)).astype(np.float16)
        want = reference(x, weights, stride, padding)
        _, p, q, _ = want.shape
        y = place(np.full(want.shape, np.nan, np.float16))
        arrays = place(x), place(weights), y
        grid = (tilesdk.cdiv(images * p * q, block_m) *
                tilesdk.cdiv(filters, block_n),)
        kernel[grid](*arrays, images, height, width, channels, filters, p, q,
                     size, size, stride, padding, block_m, block_n, block_k,
                     group, num_warps=4, num_stages=3)
        error = np.abs(y.numpy() - want).max()
        assert error < 5e-3, error
        print(f"conv2d {size} x {size}, stride {stride}, padding {padding}: "
              f"{p} x {q} pixels, error {error:.1e}, ok")


main()
