"""Timing contenders against each other in one run.

Contenders of a group take turns, round by round, so that what else the machine
does hits all of them; a ratio is the median over rounds of the two times of one
round. A result says how far its rounds spread.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import statistics
import time


def seconds(run, repeats):
    started = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - started) / repeats


def calibrate(run, least):
    """How often to repeat so that one measurement takes `least` seconds."""
    run()
    return max(1, round(least / max(seconds(run, 1), 1e-9)))


def rounds(contenders, count=15, least=0.05):
    """{name: [seconds per round]} for {name: function}."""
    repeats = {name: calibrate(run, least) for name, run in contenders.items()}
    times = {name: [] for name in contenders}
    for _ in range(count):
        for name, run in contenders.items():
            times[name].append(seconds(run, repeats[name]))
    return times


def spread(values):
    """Width of the middle 60 % of the values over their median."""
    ordered = sorted(values)
    low = ordered[len(ordered) // 5]
    high = ordered[-1 - len(ordered) // 5]
    return (high - low) / statistics.median(ordered)


def best(times, names):
    return min(names, key=lambda name: statistics.median(times[name]))


def result(name, times, ours, peer, amount, unit):
    """One row. `amount` is the work of one call in the unit's base (bytes or
    operations); the ratio is ours over the peer's, larger is better."""
    mine = statistics.median(times[ours])
    row = {"name": name, "value": amount / mine * 1e-9, "unit": unit,
           "peer": None, "ratio": None, "spread": spread(times[ours])}
    if peer is not None:
        theirs = statistics.median(times[peer])
        row["peer"] = f"{peer}: {amount / theirs * 1e-9:.1f} {unit}"
        row["ratio"] = statistics.median(
            b / a for a, b in zip(times[ours], times[peer]))
    return row
