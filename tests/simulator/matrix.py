"""The shared table on simulated GPUs with every check on, over numbers of warps
and of stages.

    python tests/simulator/matrix.py [--full] [--device sim:sm_80] [PATTERN...]

Without --full each case runs with `--times` of the combinations on each device,
always the same ones, which differ from case to case and device to device.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import concurrent.futures
import os
import pathlib
import sys
import time
import types
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "end_to_end"))

import cases
import run

DEVICES = ("sim:sm_80", "sim:sm_90a", "sim:gfx942", "sim:gfx1100")
COMBINATIONS = [(warps, stages) for warps in (1, 2, 4, 8)
                for stages in (1, 2, 3, 4)]
CHECKS = "race,bounds,uninit,barrier"


def combinations_of(case, device, times):
    """Combinations of different numbers of warps, as far as there are such."""
    seed = zlib.crc32(f"{device} {case.name}".encode())
    return [COMBINATIONS[(seed + k * 5) % len(COMBINATIONS)]
            for k in range(times)]


def work(options):
    """(device, warps, stages, names of cases) of each process to start."""
    chosen = cases.select(99 if options.tier == "all" else int(options.tier),
                          options.patterns)
    if options.sample:
        chosen = cases.sample(chosen)
    for device in options.device or DEVICES:
        for combination in COMBINATIONS:
            names = [case.name for case in chosen
                     if options.full or combination in
                     combinations_of(case, device, options.times)]
            for i in range(0, len(names), options.chunk):
                yield device, *combination, names[i:i + options.chunk]


def run_one(options, device, warps, stages, names):
    settings = types.SimpleNamespace(
        device=device, width=options.width, override=True,
        timeout=options.timeout,
        option=[f"num_warps={warps}", f"num_stages={stages}",
                f"check={options.check}"])
    return run.run_chunk(settings, names)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--device", action="append")
    parser.add_argument("--full", action="store_true",
                        help="every combination of every case")
    parser.add_argument("--sample", action="store_true",
                        help="one case of each kernel only")
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--check", default=CHECKS)
    parser.add_argument("--tier", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--chunk", type=int, default=24)
    parser.add_argument("--timeout", type=float, default=1200,
                        help="seconds for a chunk of cases")
    parser.add_argument("--width", type=int, default=400)
    options = parser.parse_args()
    start = time.time()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        under_way = {pool.submit(run_one, options, *one): one
                     for one in work(options)}
        for done in concurrent.futures.as_completed(under_way):
            device, warps, stages, _ = under_way[done]
            for line in done.result():
                if line.startswith("ok "):
                    passed += 1
                else:
                    failed += 1
                    print(f"{device} num_warps={warps} num_stages={stages} "
                          f"{line}", flush=True)
    print(f"{time.time() - start:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or not passed


if __name__ == "__main__":
    sys.exit(main())
