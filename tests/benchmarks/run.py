"""Runs a benchmark suite: run.py SUITE [--json FILE]."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import importlib
import json
import os
import platform
import subprocess
import pathlib

import page

ROOT = pathlib.Path(__file__).resolve().parents[2]


def host():
    """Suite `host`: what compiling, caching and launching cost the host."""
    done = subprocess.run([ROOT / "build/bin/benchmark_host"], check=True,
                          text=True, stdout=subprocess.PIPE)
    yield from json.loads(done.stdout)


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':')[1].strip()}, {os.cpu_count()} cores"
    return platform.processor()


def gpu():
    """The device and what is measured on it, in words."""
    import torch
    try:
        driver = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version",
             "--format=csv,noheader"], text=True, check=True,
            stdout=subprocess.PIPE).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        driver = "unknown"
    try:
        import triton
        peer = f", Triton {triton.__version__}"
    except ImportError:
        peer = ""
    return (f"{torch.cuda.get_device_name()}, driver {driver}, PyTorch "
            f"{torch.__version__}{peer}; {machine()}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("suite", choices=["cpu", "gpu", "host"])
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--only", metavar="NAME",
                        help="parts of suite gpu whose name has this")
    parser.add_argument("--html", metavar="FILE",
                        help="a page with the results and a roofline")
    options = parser.parse_args()
    where = gpu() if options.suite == "gpu" else machine()
    print(f"on {where}")
    rows = []
    if options.suite == "host":
        suite = host()
    else:
        module = importlib.import_module(options.suite)
        suite = module.run(options.only) if options.only else module.run()
    for row in suite:
        rows.append(row)
        ratio = f"{row['ratio']:.2f} x {row['peer']}" if row["ratio"] else ""
        print(f"{row['name']:42} {row['value']:10.2f} {row['unit']:8} "
              f"±{row['spread'] * 50:4.1f} %  {ratio}", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    if options.html:
        pathlib.Path(options.html).write_text(page.render(where, rows))


if __name__ == "__main__":
    main()
