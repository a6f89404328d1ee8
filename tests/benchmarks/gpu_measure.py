"""Timing on a GPU: contenders in turns, by events, with clocks recorded."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import importlib.util
import pathlib
import statistics
import subprocess
import sys

import tilesdk
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
_modules = {}


def ours(path, kernel):
    """A kernel of a sample, compiled by us."""
    file = ROOT / path
    return tilesdk.Program(file.read_text(), file.name).kernel(kernel)


def theirs(path, kernel):
    """The same source, compiled by Triton; None where there is none."""
    try:
        import triton
    except ImportError:
        return None
    if path not in _modules:
        triton.set_allocator(lambda size, align, stream: torch.empty(
            size, dtype=torch.int8, device="cuda"))
        spec = importlib.util.spec_from_file_location(
            "peer_" + pathlib.Path(path).stem, ROOT / path)
        _modules[path] = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = _modules[path]
        spec.loader.exec_module(_modules[path])
    return getattr(_modules[path], kernel)


def clocks():
    """Clock of the multiprocessors in MHz and temperature in degrees."""
    try:
        text = subprocess.run(
            ["nvidia-smi", "--query-gpu=clocks.sm,temperature.gpu",
             "--format=csv,noheader,nounits"], text=True, check=True,
            stdout=subprocess.PIPE).stdout.splitlines()[0]
        return [int(part) for part in text.split(",")]
    except (OSError, subprocess.CalledProcessError, ValueError):
        return [0, 0]


def works(name, run, output, want, tolerance):
    """Runs a contender once on a poisoned output and compares; a contender that
    cannot run or is wrong is left out, and says so."""
    output.fill_(float("nan"))
    try:
        run()
        torch.cuda.synchronize()
    except Exception as error:  # A peer may refuse in any way.
        print(f"  {name}: {str(error).splitlines()[0][:160]}")
        return False
    error = ((output.float() - want.float()).abs().max() /
             want.float().abs().max()).item()
    if not error <= tolerance:
        print(f"  {name}: wrong by {error:.2e}")
        return False
    return True


def times(contenders, rounds=7, least=0.01):
    """Milliseconds of each per round, in turns."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def milliseconds(run, repeats):
        begin.record()
        for _ in range(repeats):
            run()
        end.record()
        torch.cuda.synchronize()
        return begin.elapsed_time(end) / repeats

    repeats = {}
    for name, run in contenders.items():
        milliseconds(run, 2)
        once = max(milliseconds(run, 2), 1e-3)
        repeats[name] = max(2, min(200, round(least * 1e3 / once)))
    result = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            result[name].append(milliseconds(run, repeats[name]))
    return result


def best(measured, prefix):
    """The fastest of the contenders whose name begins so."""
    names = [name for name in measured if name.startswith(prefix)]
    return min(names, key=lambda name: statistics.median(measured[name]),
               default=None)


def rows(name, measured, amount, unit, flops=0, bytes_moved=0):
    """A row against each peer: the best of its variants. `amount` is the work
    in units of 1e9 bytes or 1e12 operations."""
    mine = best(measured, "tilesdk")
    if mine is None:
        print(f"  {name}: none of ours ran")
        return
    ours_ms = statistics.median(measured[mine])
    sm, celsius = clocks()
    peers = []
    for each in measured:
        peer = each.split(" ")[0]
        if peer != "tilesdk" and peer not in peers:
            peers.append(peer)
    for peer in peers:
        other = best(measured, peer)
        ratios = [b / a for a, b in zip(measured[mine], measured[other])]
        value = amount / ours_ms * 1e3
        reference = amount / statistics.median(measured[other]) * 1e3
        yield {"name": name, "value": value, "unit": unit,
               "peer": f"{other}: {reference:.0f} {unit}",
               "variant": mine, "ratio": statistics.median(ratios),
               "spread": max(ratios) - min(ratios), "sm_mhz": sm,
               "celsius": celsius, "flops": flops, "bytes": bytes_moved,
               "seconds": ours_ms * 1e-3}
