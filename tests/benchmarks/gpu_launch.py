"""What a launch costs the host: enqueue only, many in a row, median of 20. From C
by benchmark_gpu, beside the driver's own launch; from Python beside torch,
Triton and the driver's own launch on the same stream."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
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


def raw(kernel, arguments):
    """Seconds of so many launches of that code by cuLaunchKernel, in a loop in
    C; None where it was not built."""
    path = PROGRAM.with_name("libbenchmark_raw_launch.so")
    if not path.exists():
        print(f"  no {path}: build the target benchmark_raw_launch")
        return None
    library = ctypes.CDLL(str(path))
    library.tilesdk_raw_load.restype = ctypes.c_void_p
    library.tilesdk_raw_launches.restype = ctypes.c_double
    built = kernel.warmup(*arguments)
    metadata = built.metadata
    function = library.tilesdk_raw_load(
        built.asm["asm"].encode(), metadata["symbol"].encode(),
        metadata["shared_bytes"])
    leaves = [ctypes.c_uint64(getattr(each, "data_ptr", lambda: each)())
              for each in arguments[:-1]]  # The last one is a constexpr.
    params = (ctypes.c_void_p * len(leaves))(
        *(ctypes.addressof(leaf) for leaf in leaves))
    stream = torch.cuda.current_stream().cuda_stream

    def seconds(count, kept=leaves):
        return library.tilesdk_raw_launches(
            ctypes.c_void_p(function), metadata["threads"],
            metadata["shared_bytes"], ctypes.c_void_p(stream), params, count)
    return seconds


def from_python_loop(run):
    def seconds(count):
        start = time.perf_counter()
        for _ in range(count):
            run()
        return time.perf_counter() - start
    return seconds


def microseconds(contenders):
    """Of one launch of each, in turns; the stream is busy meanwhile. A contender
    gives the seconds of so many."""
    result = {name: [] for name in contenders}
    work = torch.empty(1 << 28, device="cuda")
    for turn in range(24):
        for name, run in contenders.items():
            for _ in range(20):
                work.add_(1)  # 20 times 0.7 ms
            run(1)
            took = run(900) / 900 * 1e6
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
                contenders[maker] = from_python_loop(
                    lambda kernel=kernel: kernel[(1,)](x, y, z, *arguments))
            if maker == "tilesdk" and (own := raw(kernel, (x, y, z,
                                                           *arguments))):
                contenders["cuLaunchKernel"] = own
        if name == "add":
            contenders["torch"] = from_python_loop(
                lambda: torch.add(x, y, out=z))
        for run in contenders.values():
            run(1)
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
                       "peer": f"{peer}: {other:.2f} us, difference "
                               f"{mine - other:.2f}",
                       "ratio": other / mine, "spread": spread}


PARTS = (from_c, from_python)
