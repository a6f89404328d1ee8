"""Fifty random conversions of layouts by each strategy: all must give the same,
and on hardware each is timed, many in one loop, to see whether the one that the
cost model chooses is the fastest.

    python tests/probes/conversions.py --device nvidia:0
    python tests/probes/conversions.py --device sim:sm_80
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import re
import sys
import time

import numpy as np

from conversion_kernels import ELEMENTS, STRATEGIES, random_conversions
from device import Device, IrKernel, tilesdk

TOLERANCE = 1.10


def blocks_of(conversion, variants):
    """Blocks on each multiprocessor while variants are timed: 16 warps, or as
    many as have registers by every strategy, else some would wait for others
    to end. A multiprocessor has 65,536, given to warps by 256 (CUDA C++
    Programming Guide, Compute Capabilities)."""
    most = max(variant.built.n_regs or 255 for variant in variants)
    warps = min(16, 65536 // (-(-most // 8) * 256))
    return max(1, warps // conversion.warps)


class Variant:
    """A conversion by one strategy, on one device."""

    def __init__(self, device, conversion, strategy, repeat):
        self.device, self.conversion = device, conversion
        self.strategy, self.repeat = strategy, repeat
        self.kernel = IrKernel(
            "simt", conversion.ir(device.simt["warp_size"], strategy, repeat),
            conversion.name, ["x", "y"])
        self.built = self.kernel.build("", target=device.target)

    def remark(self):
        for each in self.built.diagnostics:
            if "conversion by" in each["message"]:
                return each["message"]
        return ""

    def planned(self):
        """Why the plan's count of bank cycles is not that of the code."""
        plan = [int(n) for pair in re.findall(
            r"ed in (\d+) cycles with (\d+) conflicts", self.remark())
            for n in pair]
        found = self.built.metadata["shared_accesses"]
        code = [found[kind][what] for kind in ("store", "load")
                for what in ("wavefronts", "conflicts")]
        return None if plan == code else \
            f"planned bank cycles {plan}, emitted {code}"

    def inputs(self):
        size = ELEMENTS[self.conversion.element]
        x = np.random.default_rng(1).integers(
            0, 256, self.conversion.elements * size).astype(np.uint8)
        return x, np.zeros_like(x)

    def check(self):
        """Why the result is wrong, or None."""
        x, y = self.inputs()
        self.device.launch(self.kernel, 1, [x, y])
        type_ = np.dtype(f"u{ELEMENTS[self.conversion.element]}")
        values, expected = x.view(type_), np.zeros_like(x.view(type_))
        if self.repeat:
            for i in range(self.repeat):
                expected ^= values + type_.type(3 * i & 0xFF) * type_.type(1) \
                    if type_.itemsize == 1 else values + type_.type(3 * i)
        else:
            expected = values
        wrong = np.flatnonzero(y.view(type_) != expected)
        return f"element {wrong[0]} and {len(wrong) - 1} others are wrong" \
            if len(wrong) else None

    def nanoseconds(self, blocks):
        """Of one conversion by each of so many blocks on each multiprocessor:
        what a machine takes that is neither idle nor full."""
        device = self.device
        places = [device.place(array) for array in self.inputs()]
        grid = blocks * max(1, device.device.compute_units)
        best = None
        with tilesdk.using(device.device):
            for _ in range(6):
                first, last = device.device.event(), device.device.event()
                first.record(device.stream)
                self.kernel[grid](*(device.argument(p) for p in places))
                last.record(device.stream)
                last.synchronize()
                took = first.elapsed_ns(last)
                best = took if best is None else min(best, took)
        return best / self.repeat


FIGURES = ("shuffles", "selects", "packs", "accesses", "cycles", "barriers",
           "exchanges")


def figures(remark):
    """What the cost model counts."""
    def one(pattern):
        return sum(int(n) for n in re.findall(pattern, remark))
    found = [one(r"shuffles (\d+)"), one(r"selects (\d+)"),
             one(r"packs (\d+)"), one(r"accesses (\d+)"),
             one(r"in (\d+) cycles"), one(r"barriers (\d+)")]
    return found + [int(found[3] > 0)]


def fit(rows, times):
    """What each of FIGURES takes, by least squares without negative ones."""
    a = np.array(rows, float)
    a = np.hstack([a, np.ones((len(a), 1))])
    b = np.array(times, float)
    # Relative errors count: small conversions as much as large ones.
    a, b = a / b[:, None], np.ones(len(b))
    use = list(range(a.shape[1]))
    while use:
        x, *_ = np.linalg.lstsq(a[:, use], b, rcond=None)
        if (x >= 0).all():
            break
        use.pop(int(np.argmin(x)))
    found = np.zeros(a.shape[1])
    found[use] = x
    return dict(zip((*FIGURES, "fixed"), found))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="sim:sm_80")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1024)
    options = parser.parse_args()
    device = Device(options.device)
    start = time.time()
    passed = failed = slow = 0
    rows, measured = [], []
    print("cost of " + ", ".join(FIGURES))
    for conversion in random_conversions(
            options.count, device.simt["warp_size"], options.seed):
        repeat = conversion.unroll() * (
            1 if device.is_host else options.repeat // 4)
        chosen = Variant(device, conversion, "chosen", 0)
        why = chosen.check()
        remark = chosen.remark()
        name = re.search(r"conversion by ([\w-]+), cost (\d+)", remark)
        costs, times, variants = {}, {}, {}
        for strategy in STRATEGIES:
            try:
                variant = Variant(device, conversion, strategy, repeat)
            except tilesdk.Error as error:
                if "cannot be done by the strategy" not in str(error):
                    why = f"{strategy}: {error}"
                continue
            why = why or Variant(device, conversion, strategy, 0).planned()
            costs[strategy] = int(
                re.search(r"cost (\d+)", variant.remark())[1])
            variants[strategy] = variant
            wrong = variant.check()
            if wrong:
                why = f"{strategy}: {wrong}"
        counts = {s: figures(v.remark()) for s, v in variants.items()}
        if not device.is_host and variants:
            blocks = blocks_of(conversion, variants.values())
            for strategy, variant in variants.items():
                times[strategy] = variant.nanoseconds(blocks) / blocks
                rows.append(counts[strategy])
                measured.append(times[strategy])
        mine = name[1] if name else "none"
        line = " ".join(
            f"{s}: cost {costs[s]} of {','.join(map(str, counts[s]))}" +
            (f" {times[s]:.1f} ns" if s in times else "") for s in costs)
        verdict = "ok  "
        if why:
            failed += 1
            verdict, line = "FAIL", f"{why}; {line}"
        else:
            passed += 1
            if times and mine in times:
                best = min(times, key=times.get)
                ratio = times[mine] / times[best]
                if ratio > TOLERANCE:
                    slow += 1
                    verdict = "SLOW"
                    line += f"; {best} is {ratio:.2f} times as fast"
        print(f"{verdict} {conversion}: chosen {mine}; {line}", flush=True)
    print(f"{options.device} ({device.device.name}, {device.target}): "
          f"{time.time() - start:.1f} s")
    if not device.is_host:
        print("nanoseconds by least squares: " + ", ".join(
            f"{name} {value:.2f}"
            for name, value in fit(rows, measured).items()))
        print(f"chosen is the fastest or within 10 %: {passed - slow} of "
              f"{passed}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or slow != 0 or not passed


if __name__ == "__main__":
    sys.exit(main())
