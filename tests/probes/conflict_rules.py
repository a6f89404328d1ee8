"""What shared memory takes for single accesses with chosen addresses, beside
the rule that the tables of rows state and others that could be: which of them
an NVIDIA GPU follows, by its counters.

    python tests/probes/conflict_rules.py --device nvidia:0
    python tests/probes/conflict_rules.py --device sim:sm_90a   (model only)
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import collections
import csv
import io
import random
import subprocess
import sys

import numpy as np

from conflicts import METRICS
from device import Device, IrKernel, module, tilesdk
from trace import LOAD, MATRIX, busiest, lanes_of, Traced

TYPES = {1: "i8", 2: "i16", 4: "i32", 8: "<2 x i32>", 16: "<4 x i32>"}
BYTES = 16 << 10


def name_of(row):
    how = "load" if row["direction"] == LOAD else "store"
    return f"rule_{how}_" + row["name"].replace(".", "_")


def text(device, row):
    """Each lane accesses where[lane], nothing if that is negative."""
    size, is_load = row["bytes"], row["direction"] == LOAD
    body = ["%base = call ptr addrspace(3) @tsdk.shared.base()",
            "%lane = call i32 @tsdk.lane_id()",
            "%at.p = getelementptr i32, ptr addrspace(1) %where, i32 %lane",
            "%at = load i32, ptr addrspace(1) %at.p",
            "%p = getelementptr i8, ptr addrspace(3) %base, i32 %at"]
    declared = ["ptr addrspace(3) @tsdk.shared.base()", "i32 @tsdk.lane_id()"]
    if row["kind"] == MATRIX:
        words = max(1, row["rows"] // 8)
        type_ = "i32" if words == 1 else f"<{words} x i32>"
        symbol = f"@tsdk.shared.load.{row['name']}"
        declared.append(f"{type_} {symbol}(ptr addrspace(3))")
        body += [f"%v = call {type_} {symbol}(ptr addrspace(3) %p)",
                 "%out.p = getelementptr [16 x i8], ptr addrspace(1) %out, "
                 "i32 %lane",
                 f"store {type_} %v, ptr addrspace(1) %out.p, align 16"]
        return module(device, name_of(row), ["where", "out"], body, declared,
                      shared_bytes=BYTES)
    type_ = TYPES[size]
    there = "%out.p = getelementptr [16 x i8], ptr addrspace(1) %out, i32 %lane"
    body += ["%active = icmp sge i32 %at, 0",
             "br i1 %active, label %go, label %done", "go:", there]
    if is_load:
        body += [f"%v = load {type_}, ptr addrspace(3) %p, align {size}",
                 f"store {type_} %v, ptr addrspace(1) %out.p, align 16"]
    else:
        body += [f"%v = load {type_}, ptr addrspace(1) %out.p, align 16",
                 f"store {type_} %v, ptr addrspace(3) %p, align {size}"]
    body += ["br label %done", "done:"]
    return module(device, name_of(row), ["where", "out"], body, declared,
                  shared_bytes=BYTES)


def patterns(row, count):
    """Addresses of 32 lanes, -1 where one is inactive."""
    size = row["bytes"]
    rng = random.Random(size * 2 + row["kind"])
    found = []
    while len(found) < count:
        kind = rng.choice(("linear", "linear", "any", "few", "rows"))
        if kind == "linear":
            # Each bit of the lane's number adds a power of two, or nothing.
            steps = [rng.choice((0, 1, 2, 4, 8, 16, 32, 64, 128, 256))
                     for _ in range(5)]
            at = [sum(s for b, s in enumerate(steps) if lane >> b & 1)
                  for lane in range(32)]
        elif kind == "any":
            at = rng.sample(range(1024), 32)
        elif kind == "few":
            some = rng.sample(range(64), rng.randrange(1, 9))
            at = [rng.choice(some) for _ in range(32)]
        else:
            at = list(range(32))
            rng.shuffle(at)
            at = [a + 128 * rng.randrange(3) for a in at]
        at = [a * size % BYTES for a in at]
        if row["kind"] != MATRIX and rng.random() < 0.4:
            mask = rng.choice((
                lambda lane: lane < 8, lambda lane: lane < 16,
                lambda lane: lane % 2 == 0, lambda lane: lane & 2 == 0,
                lambda lane: lane & 12 == 0, lambda lane: lane % 8 < 4,
                lambda lane: 4 <= lane < 20, lambda lane: lane == 5))
            at = [a if mask(lane) else -1 for lane, a in enumerate(at)]
        if at not in found:
            found.append(at)
    return found


class Rules:
    """Ways in which the banks could serve an access."""

    def __init__(self, device):
        self.device = device
        self.traced = Traced.__new__(Traced)
        self.traced.device = device
        self.names = ("table", "phases apart", "phases share",
                      "distinct words")

    def active(self, row, at):
        return {lane: a for lane, a in enumerate(at) if a >= 0 and
                (row["kind"] != MATRIX or lane < row["rows"])}

    def cycles(self, row, at):
        by_lane = self.active(row, at)
        table = sum(c for c, _ in self.traced.phases(row, by_lane, 32))
        banks = self.device.simt["banks"]
        each = [self.traced.words(row, by_lane, phase)
                for phase in lanes_of(row, 32)]
        every = busiest(set().union(*each), banks)
        used = sum(map(bool, each))

        return (table, sum(busiest(words, banks) for words in each),
                max(used, every), every)

    def model(self, row, at):
        """Wavefronts and conflicts by the table."""
        parts = list(self.traced.phases(row, self.active(row, at), 32))
        return [sum(part[i] for part in parts) for i in (0, 1)]


def work(device, count):
    for row in device.simt["shared"]:
        if row["kind"] == MATRIX and row["direction"] != LOAD:
            continue
        if row["bytes"] >= 4:
            yield row, patterns(row, count)


def launch(device, count):
    out = np.zeros(512, np.uint8)
    for row, list_ in work(device, count):
        kernel = IrKernel("llvm", text(device, row), name_of(row),
                          ["where", "out"])
        for at in list_:
            device.launch(kernel, 1, [np.array(at, np.int32), out])
    if not device.is_host:
        device.stream.synchronize()


def measure(uri, count, ncu):
    """Four figures of each launch, in order, by the kernel's name."""
    command = [ncu, "--csv", "--print-units", "base", "--metrics",
               ",".join(METRICS), "--target-processes", "all", sys.executable,
               __file__, "--device", uri, "--count", str(count), "--launch"]
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    lines = done.stdout.splitlines()
    if not any(line.startswith('"ID"') for line in lines):
        raise SystemExit("ncu gave no figures:\n" + "\n".join(lines[-20:]))
    rows = csv.DictReader(io.StringIO("\n".join(
        line for line in lines if line.startswith('"'))))
    found = collections.defaultdict(dict)
    for row in rows:
        place = found[row["Kernel Name"].split("(")[0]].setdefault(
            int(row["ID"]), [0] * 4)
        pairs = [(row["Metric Name"], row["Metric Value"])] \
            if "Metric Name" in row else [(m, row[m]) for m in METRICS]
        for metric, value in pairs:
            if metric in METRICS:
                place[METRICS.index(metric)] = \
                    int(float(value.replace(",", "") or 0))
    return {name: [by[i] for i in sorted(by)] for name, by in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="sim:sm_90a")
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--ncu", default="ncu")
    parser.add_argument("--launch", action="store_true")
    options = parser.parse_args()
    device = Device(options.device)
    if options.launch:
        launch(device, options.count)
        return 0
    measured = {}
    if device.is_host:
        launch(device, options.count)
    else:
        measured = measure(options.device, options.count, options.ncu)
    rules = Rules(device)
    wrong = collections.Counter()
    total = failed = 0
    for row, list_ in work(device, options.count):
        name = name_of(row)
        first = 0 if row["direction"] == LOAD else 2
        seen = measured.get(name)
        if measured and (seen is None or len(seen) != len(list_)):
            print(f"FAIL {name}: {len(seen or ())} launches of {len(list_)} "
                  "were measured")
            failed += 1
            continue
        bad = 0
        for i, at in enumerate(list_):
            model = rules.model(row, at)
            cycles = rules.cycles(row, at)
            total += 1
            if not seen:
                continue
            real = seen[i][first:first + 2]
            for rule, count in zip(rules.names, cycles):
                wrong[name, rule] += count != real[0]
            if model != real:
                bad += 1
                if bad <= 4:
                    print(f"     {name} #{i}: model {model}, counters {real}, "
                          f"rules {cycles}, lanes' bytes {at}")
        failed += bad
        if not seen:
            continue
        verdict = "FAIL" if bad else "ok  "
        print(f"{verdict} {name}: {bad} of {len(list_)} differ; by rule: " +
              ", ".join(f"{rule} {wrong[name, rule]}" for rule in rules.names),
              flush=True)
    print(f"{options.device} ({device.device.name}): {total} accesses, "
          f"{failed} differ" + ("" if measured else "; not measured here"))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
