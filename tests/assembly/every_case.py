"""The assembly of the end-to-end cases, by the assembler: registers and spills.

    PYTHONPATH=build/python python3 tests/assembly/every_case.py --target sm_90a
        [--sample] [--option num_warps=8] [PATTERN...]

Builds each case's kernel for a target with no device of it, prints what the
assembler or the code object says, and fails where it is refused.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import concurrent.futures
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(ROOT / "tests/end_to_end"))
os.environ.setdefault("TILESDK_CACHE", "0")


def find_assembler():
    """A ptxas beside this Python, unless one is named or in the PATH."""
    from test_ptx import PTXAS
    if PTXAS and "TILESDK_PTXAS" not in os.environ:
        os.environ["TILESDK_PTXAS"] = str(PTXAS)
    return PTXAS


def signature_of(case):
    """What the case's arguments mean, as a launch on the host reads them."""
    import launch
    import tilesdk
    from table import Bound
    tilesdk.set_device("cpu:0")
    bound = Bound(case)
    device = tilesdk.current_device()
    places = {name: launch.place(memory, device, device.wrap_stream(0))
              for name, memory in bound.memory.items()}
    kernel = launch.kernel(case.file, case.function)
    variant = kernel.warmup(*launch.arguments(bound, places), **case.options)
    return variant.info["signature"], variant.info["options"]


def build(case, signature, options, target, more):
    import launch
    all_options = {name: value for name, value in options.items()
                   if name in ("num_warps", "num_stages")}
    all_options.update((name, value) for name, value in more.items()
                       if name not in case.options)
    variant = launch.kernel(case.file, case.function).build(
        signature, target=target, options=all_options)
    return variant.metadata.get("resources")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--target", default="sm_90a")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.target.startswith("sm_") and not find_assembler():
        sys.exit("there is no ptxas; name one in TILESDK_PTXAS")
    import cases
    chosen = cases.select(99, options.patterns)
    if options.sample:
        chosen = cases.sample(chosen)
    more = dict(text.split("=", 1) for text in options.option)
    kernels = {}
    for case in chosen:
        try:
            signature, own = signature_of(case)
        except Exception as error:
            sys.exit(f"{case.name} on the host: {error}")
        kernels.setdefault((case.kernel, signature, str(own)),
                           (case, signature, own))
    failed = spilled = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {pool.submit(build, case, signature, own, options.target,
                            more): case
                for case, signature, own in kernels.values()}
        for job in concurrent.futures.as_completed(jobs):
            case = jobs[job]
            try:
                resources = job.result()
            except Exception as error:
                failed += 1
                print(f"FAILED {case.name}: {str(error)[:400]}")
                continue
            if not resources or not resources.get("registers"):
                failed += 1
                print(f"FAILED {case.name}: nothing is known of its registers")
                continue
            if resources["spill_bytes"] or resources["stack_bytes"]:
                spilled += 1
                print(f"spills {case.name}: {resources['registers']} registers, "
                      f"{resources['spill_bytes']} bytes spilled, "
                      f"{resources['stack_bytes']} of stack")
    print(f"{options.target}: {len(kernels)} kernels, {spilled} spill")
    print(f"{len(kernels) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
