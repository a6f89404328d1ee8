"""Holds every row of a target's tables against the instruction itself: one
kernel per row that does nothing else, inputs that tell each element apart, and
every register of every lane as output. Expected is what the layouts in the row
say, computed here; on hardware the simulator must also give the same bits.

    python tests/probes/run.py --device nvidia:0 [PATTERN...]
    python tests/probes/run.py --device sim:sm_90a --seed-faults
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import sys
import time

import probes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--device", default="sim:sm_80")
    parser.add_argument("--seed-faults", action="store_true",
                        help="wrong rows must be found: each row is held "
                        "against one with a wrong basis vector")
    options = parser.parse_args()
    from device import Device
    device = Device(options.device)
    twin = device.twin()
    start = time.time()
    passed = failed = 0
    for probe in probes.of(device):
        if options.patterns and not any(p in probe.name
                                        for p in options.patterns):
            continue
        try:
            why = probe.faults() if options.seed_faults else probe.check(twin)
        except Exception as error:  # The next row goes on.
            why = f"{type(error).__name__}: {error}"
        if why:
            failed += 1
            print(f"FAIL {probe.name}: {why}", flush=True)
        else:
            passed += 1
            print(f"ok   {probe.name} [{probe.source}]", flush=True)
    print(f"{options.device} ({device.device.name}, {device.target}): "
          f"{time.time() - start:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or not passed


if __name__ == "__main__":
    sys.exit(main())
