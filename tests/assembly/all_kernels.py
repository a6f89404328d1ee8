"""Builds every kernel of the end-to-end table for AMD targets and looks at what
came out: registers, spills, and accesses to scratch memory within loops.

    python tests/assembly/all_kernels.py [--sample] [--target T] [PATTERN...]

Ends with a line for each target; fails when a kernel does not build or has
scratch accesses in an innermost loop, where the work is done. Those in loops
around it, which keep what is needed again after many iterations, are told.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/end_to_end"))
sys.path.insert(0, str(ROOT / "build/python"))
sys.path.insert(0, str(ROOT / "tests/assembly"))
os.environ.setdefault("TILESDK_CACHE", "0")

TARGETS = ("gfx90a", "gfx942", "gfx950", "gfx1100", "gfx1200")


def signature_of(case):
    """As a launch of the case would build it."""
    import launch
    from table import Bound
    bound = Bound(case)
    places = {name: launch._HostPlace(memory)
              for name, memory in bound.memory.items()}
    kernel = launch.kernel(case.file, case.function)
    built = kernel.warmup(*launch.arguments(bound, places), **case.options)
    return kernel, built.info["signature"], built.info["options"]


def examine(variant, directory):
    """What is wrong with the object, and what else is to be told; or empty."""
    resources = variant.metadata["resources"]
    if not resources["spill_bytes"] and not resources["stack_bytes"]:
        return "", ""
    from amd_code import Code, uses_scratch
    path = pathlib.Path(directory) / "object.hsaco"
    path.write_bytes(variant.asm["object"])
    code = Code(path)
    spilled = (f"{resources['registers']} registers, "
               f"{code.number('vgpr_spill_count')} spilled")

    def accesses(loops):
        inside = {text for loop in loops for text in uses_scratch(loop)}
        return inside and f"{len(inside)} accesses to scratch memory"
    if inside := accesses(code.innermost_loops()):
        return f"{inside} in innermost loops, {spilled}", ""
    if around := accesses(code.loops()):
        return "", f"{around} in loops around others, {spilled}"
    return "", ""


def run(arguments):
    names, targets = arguments
    import cases
    import tilesdk
    tilesdk.set_device("cpu")
    known = {case.name: case for case in cases.CASES}
    lines, seen = [], set()
    with tempfile.TemporaryDirectory() as directory:
        for name in names:
            case = known[name]
            kernel, signature, options = signature_of(case)
            key = (case.file, case.function, signature, str(options))
            if key in seen:
                continue
            seen.add(key)
            for target in targets:
                try:
                    problem, note = examine(
                        kernel.build(signature, target=target,
                                     options=options), directory)
                except tilesdk.Error as error:
                    problem, note = "does not build: " + " ".join(
                        str(error).split())[:200], ""
                lines.append((target, name, problem, note))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--target", action="append")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    import cases
    chosen = cases.select(1 if options.sample else 99, options.patterns)
    if options.sample:
        chosen = cases.sample(chosen)
    names = [case.name for case in chosen]
    targets = options.target or TARGETS
    chunks = [(names[i::8 * options.jobs], targets)
              for i in range(8 * options.jobs)]
    results = []
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for lines in pool.map(run, [c for c in chunks if c[0]]):
            results += lines
    wrong = 0
    for target in targets:
        own = sorted(line[1:] for line in results if line[0] == target)
        bad = [name for name, problem, _ in own if problem]
        for name, problem, note in own:
            if problem:
                print(f"FAILED {target} {name}: {problem}")
            elif note:
                print(f"{target} {name}: {note}")
        wrong += len(bad)
        print(f"{target}: {len(own)} variants, {len(own) - len(bad)} without "
              "scratch accesses in innermost loops")
    print(f"{len(results) - wrong} passed, {wrong} failed")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
