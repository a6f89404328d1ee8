"""Vector add from Python: a kernel, NumPy arrays, the result checked.

    PYTHONPATH=build/python python3 samples/01_vector_add/from_python.py
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import time

import numpy as np
import tilesdk
import tilesdk.language as tl


@tilesdk.jit
def vector_add(x_ptr, y_ptr, z_ptr, count, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < count
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(z_ptr + offsets, x + y, mask=mask)


def main():
    count = 10_000_019
    x = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    y = np.random.default_rng(1).standard_normal(count, dtype=np.float32)
    z = np.empty_like(x)

    def launch():
        grid = lambda meta: (tilesdk.cdiv(count, meta["BLOCK"]),)
        vector_add[grid](x, y, z, count, BLOCK=16384)

    launch()  # Builds the kernel.
    started = time.perf_counter()
    launch()
    seconds = time.perf_counter() - started
    np.testing.assert_array_equal(z, x + y)
    device = tilesdk.current_device()
    print(f"vector_add on {device.uri} ({device.name}): {seconds * 1e3:.2f} ms, "
          f"{3 * x.nbytes / seconds / 1e9:.1f} GB/s, ok")


main()
