"""What a launch costs the host: enqueue only, many in a row, median of 20. From C
by benchmark_gpu, beside the driver's own launch; from Python beside torch and
Triton."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import statistics
import subprocess
import time

import torch

import gpu_measure as gpu

PROGRAM = gpu.ROOT / "build/bin/benchmark_gpu"
SOURCE = "tests/benchmarks/gpu_kernels.py"


def program(*arguments):
    """The rows that the program in C++ measures; none where it was not built."""
    if not PROGRAM.exists():
        print(f"  no {PROGRAM}: build the target benchmark_gpu")
        return []
    # It shares the device with this process, which lets go of what it can.
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    try:
        done = subprocess.run([PROGRAM, *arguments], text=True, timeout=180,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except subprocess.TimeoutExpired as late:
        print(f"  {PROGRAM.name} {arguments[0]}: no end after {late.timeout} s")
        return []
    if done.returncode:
        print(f"  {PROGRAM.name} ended with {done.returncode}")
        return []
    return json.loads(done.stdout)


def microseconds(contenders):
    """Of one launch of each, in turns; the stream is busy meanwhile."""
    result = {name: [] for name in contenders}
    work = torch.empty(1 << 28, device="cuda")
    for turn in range(24):
        for name, run in contenders.items():
            for _ in range(20):
                work.add_(1)  # 20 times 0.7 ms
            run()
            start = time.perf_counter()
            for _ in range(900):
                run()
            took = (time.perf_counter() - start) / 900 * 1e6
            torch.cuda.synchronize()
            if turn >= 4:
                result[name].append(took)
    return result


def from_c():
    yield from program("launch")


def from_python():
    x, y, z = torch.zeros(3, 1024, device="cuda")
    rest = tuple(range(3, 19))
    for name, arguments in (("add", (1008, 1024)),
                            ("twenty", (1008, *rest, 1024))):
        contenders = {}
        for maker, compile_ in (("tilesdk", gpu.ours), ("triton", gpu.theirs)):
            kernel = compile_(SOURCE, name)
            if kernel is not None:
                contenders[maker] = (lambda kernel=kernel:
                                     kernel[(1,)](x, y, z, *arguments))
        if name == "add":
            contenders["torch"] = lambda: torch.add(x, y, out=z)
        for run in contenders.values():
            run()
        torch.cuda.synchronize()
        measured = microseconds(contenders)
        mine = statistics.median(measured["tilesdk"])
        ordered = sorted(measured["tilesdk"])
        spread = (ordered[-1 - len(ordered) // 5] -
                  ordered[len(ordered) // 5]) / mine
        for peer in contenders:
            if peer != "tilesdk":
                other = statistics.median(measured[peer])
                yield {"name": "launch from Python, "
                               f"{2 + len(arguments)} arguments",
                       "value": mine, "unit": "us",
                       "peer": f"{peer}: {other:.1f} us",
                       "ratio": other / mine, "spread": spread}


PARTS = (from_c, from_python)
