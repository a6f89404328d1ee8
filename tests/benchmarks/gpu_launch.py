"""What a launch costs the host: enqueue only, 1,000 in a row, median of 20."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import statistics
import time

import torch

import gpu_measure as gpu

SOURCE = "tests/benchmarks/gpu_kernels.py"


def microseconds(run):
    result = []
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(1000):
            run()
        result.append((time.perf_counter() - start) * 1e3)
        torch.cuda.synchronize()
    return result


def launch():
    x, y, z = torch.zeros(3, 1024, device="cuda")
    measured = {"torch": microseconds(lambda: torch.add(x, y, out=z))}
    for maker, compile_ in (("tilesdk", gpu.ours), ("triton", gpu.theirs)):
        kernel = compile_(SOURCE, "add")
        if kernel is not None:
            run = lambda: kernel[(1,)](x, y, z, 1024, 1024)
            run()
            measured[maker] = microseconds(run)
    mine = statistics.median(measured["tilesdk"])
    for peer in ("torch", "triton"):
        if peer in measured:
            other = statistics.median(measured[peer])
            yield {"name": "launch from Python, 4 arguments", "value": mine,
                   "unit": "us", "peer": f"{peer}: {other:.1f} us",
                   "ratio": other / mine,
                   "spread": (max(measured["tilesdk"]) -
                              min(measured["tilesdk"])) / mine}


PARTS = (launch,)
