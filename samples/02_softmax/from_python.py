"""Softmax from Python, and the stages of its build.

    PYTHONPATH=build/python python3 samples/02_softmax/from_python.py
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import time

import numpy as np
import tilesdk
import tilesdk.language as tl


@tilesdk.jit
def softmax(x_ptr, y_ptr, columns, stride, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    mask = offsets < columns
    x = tl.load(x_ptr + row * stride + offsets, mask=mask, other=-float("inf"))
    weights = tl.exp(x - tl.max(x, axis=0))
    y = weights / tl.sum(weights, axis=0)
    tl.store(y_ptr + row * stride + offsets, y, mask=mask)


def main():
    rows, columns = 1823, 781
    x = np.random.default_rng(0).standard_normal((rows, columns),
                                                 dtype=np.float32)
    y = np.empty_like(x)
    block = tilesdk.next_power_of_2(columns)
    arguments = (x, y, columns, columns)

    # Building and launching can be apart; what was built can be looked at.
    compiled = softmax.warmup(*arguments, BLOCK=block)
    info = compiled.info
    print(f"built for {info['target']} from {info['from']}: "
          f"{info['artifact_bytes']} bytes of code, "
          f"{len(compiled.asm['tile-opt'].splitlines())} lines of tile IR")

    started = time.perf_counter()
    softmax[(rows,)](*arguments, BLOCK=block)
    seconds = time.perf_counter() - started
    wide = x.astype(np.float64)
    wide = np.exp(wide - wide.max(1, keepdims=True))
    np.testing.assert_allclose(y, wide / wide.sum(1, keepdims=True),
                               rtol=1e-5, atol=1e-7)
    print(f"softmax {rows}x{columns}: {seconds * 1e3:.2f} ms, "
          f"{2 * x.nbytes / seconds / 1e9:.1f} GB/s, ok")


main()
