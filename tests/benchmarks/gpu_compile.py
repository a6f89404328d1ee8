"""Source text to a loaded module, and the same from the disk cache in a new
process: ours by benchmark_gpu, beside the goals, then beside Triton's cold
compile of the same sources, each of its kernels with an empty cache in a process
that has compiled another kernel before."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import os
import statistics
import subprocess
import sys
import tempfile

import gpu_launch
import gpu_measure as gpu

CHILD = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import torch, triton
import gpu_measure as gpu
a, b, c = torch.zeros(3, 256, 256, device="cuda", dtype=torch.float16)
x, y, z = torch.zeros(3, 1024, device="cuda")
wide = torch.zeros(256, 256, device="cuda")
kernels = "tests/benchmarks/gpu_kernels.py"
warm = gpu.theirs(kernels, "softmax")
warm[(1,)](x, y, 1024, 1024, 1024)
pointers = gpu.theirs("samples/03_matmul/matmul.py", "matmul")
boxes = gpu.theirs("samples/05_persistent_matmul/persistent_matmul.py",
                   "persistent_matmul")
add = gpu.theirs(kernels, "add")
works = {
    "add": lambda: add[(1,)](x, y, z, 1024, 1024),
    "matmul of pointers": lambda: pointers[(1,)](
        a, b, wide, 256, 256, 256, 256, 256, 256, 128, 256, 64, 8, num_warps=8,
        num_stages=3),
    "matmul of boxes": lambda: boxes[(1,)](
        a, b, c, 256, 256, 256, 128, 256, 64, 8, 132, True, False, num_warps=8,
        num_stages=3)}
took = {}
for name, run in works.items():
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    took[name] = time.perf_counter() - start
torch.cuda.synchronize()
print("TOOK", json.dumps(took))
"""


def triton_times(rounds=5):
    """{kernel: [seconds]}; empty where there is no Triton."""
    times = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", CHILD,
                 str(gpu.ROOT / "tests/benchmarks")], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**os.environ, "TRITON_CACHE_DIR": folder})
        line = next((line for line in done.stdout.splitlines()
                     if line.startswith("TOOK ")), None)
        if line is None:
            print(f"  triton: {done.stdout.strip().splitlines()[-1:]}")
            break
        for name, seconds in json.loads(line[5:]).items():
            times.setdefault(name, []).append(seconds)
    return times


def compile_and_load():
    rows = gpu_launch.program("compile", str(gpu.ROOT / "samples"))
    yield from rows
    if not rows:
        return
    for name, seconds in triton_times().items():
        mine = next(row for row in rows if row["name"].startswith(
            f"cold compile to loaded module, {name}"))
        theirs = statistics.median(seconds) * 1e3
        yield {"name": mine["name"], "value": mine["value"], "unit": "ms",
               "peer": f"triton: {theirs:.0f} ms",
               "ratio": theirs / mine["value"], "spread": mine["spread"]}


PARTS = (compile_and_load,)
