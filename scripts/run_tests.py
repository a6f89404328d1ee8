"""Runs the test suites and adds up their results.

A suite is a row of SUITES: a name, the tier it belongs to, what it checks, and
a function that yields commands. A command's counts are read from its closing
lines; a command that fails without counting a failure counts as one.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PYTHON = BUILD / "venv" / "bin" / "python"
JOBS = str(os.cpu_count() or 2)


def cmake(preset, *targets, directory=None, definitions=()):
    """Configures (once) and builds; raises when either fails."""
    directory = directory or {"dev": BUILD}.get(preset, BUILD / preset)
    if not (directory / "build.ninja").exists() or definitions:
        run_quietly(["cmake", "--preset", preset, "-B", directory,
                     *definitions])
    run_quietly(["cmake", "--build", directory,
                 *(["--target", *targets] if targets else [])])
    return directory


def run_quietly(command):
    done = subprocess.run([str(c) for c in command], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        lines = done.stdout.splitlines()
        print("\n".join(lines[-60:]))
        raise SystemExit(f"error: {' '.join(map(str, command))} failed")


def ctest(directory, *options):
    return ["ctest", "--test-dir", directory, "--output-on-failure", "-j", JOBS,
            *options]


def unit(all_tiers):
    cmake("dev", "all", "tilesdk_tests")
    yield ctest(BUILD, "-LE", "fuzz"), {}


def end_to_end(all_tiers):
    tier = "all" if all_tiers else "1"
    command = [PYTHON, "-m", "pytest", "-q", "--no-header", "tests/end_to_end",
               "--tier", tier]
    yield command, {}
    # What a processor without AVX-512 runs.
    yield command, {"TILESDK_CPU_TARGET": "x86-64-v3"}


def simulator(all_tiers):
    yield [PYTHON, "-m", "pytest", "-q", "--no-header", "tests/simulator"], {}
    runner = [PYTHON, "tests/end_to_end/run.py", "--jobs", JOBS, "--device"]
    # With all checks: everything on one machine; each kernel on all of them,
    # with two numbers of warps and of stages.
    yield [*runner, SIMULATED[0], "--option", CHECKS], {}
    yield [PYTHON, "tests/simulator/matrix.py", "--sample", "--jobs", JOBS], {}
    yield random_loops(SIMULATED[0]), {}
    for file in ("test_random_boxes.py", "test_random_stores.py"):
        yield [PYTHON, "-m", "pytest", "-q", "--no-header",
               f"tests/end_to_end/{file}", "--device", SIMULATED[1],
               "--option", CHECKS,
               *(["--tier", "all"] if all_tiers else [])], {}
    # As people run it, and with copies that arrive as early as they may.
    for device in SIMULATED[1:]:
        yield [*runner, device, "--sample"], {}
    yield [*runner, SIMULATED[1], "--sample", "--option", "check=early"], {}
    # What the suite for real devices can check without one.
    for device in ("cpu", SIMULATED[0]):
        yield [PYTHON, "tests/gpu/run.py", "--device", device], {}


def random_loops(device, *options):
    return [PYTHON, "-m", "pytest", "-q", "--no-header",
            "tests/end_to_end/test_random_kernels.py", "--device", device,
            "--option", CHECKS, *(options or ("-k", "random_loop"))]


def matrix(all_tiers):
    # --full: every case with every number of warps and stages.
    yield [PYTHON, "tests/simulator/matrix.py", "--tier", "all", "--jobs",
           JOBS], {}
    for device in SIMULATED:
        yield random_loops(device, "-k", "random"), {}


def probes(all_tiers):
    runner = [PYTHON, "tests/probes/run.py", "--device"]
    for device in SIMULATED:
        yield [*runner, device], {}
    # Rows made wrong on purpose must be found.
    for device in SIMULATED if all_tiers else SIMULATED[:2]:
        yield [*runner, device, "--seed-faults"], {}
    for device in SIMULATED:
        yield [PYTHON, "tests/probes/conflicts.py", "--trace", "--device",
               device], {}
        yield [PYTHON, "tests/probes/conversions.py", "--device", device], {}


def assembly(all_tiers):
    yield [PYTHON, "-m", "pytest", "-q", "--no-header", "tests/assembly"], {}
    for target in ASSEMBLED if all_tiers else ("sm_90a", "gfx942"):
        yield [PYTHON, "tests/assembly/every_case.py", "--target", target,
               *([] if all_tiers else ["--sample"])], {}


def amd(all_tiers):
    yield ctest(BUILD, "-R", "^(hip_test|amd_driver_test)$"), {}
    yield [PYTHON, "-m", "pytest", "-q", "--no-header", "tests/fake_hsa"], {}
    kernels = [PYTHON, "tests/assembly/all_kernels.py", "--jobs", JOBS]
    yield [*kernels, "--sample"], {}
    if all_tiers:
        yield [PYTHON, "tests/fake_hsa/run_cases.py"], {}
        yield [*kernels], {}


def python(all_tiers):
    yield [PYTHON, "-m", "pytest", "-q", "--no-header",
           "bindings/python/tests"], {}


def command(all_tiers):
    yield [PYTHON, "-m", "pytest", "-q", "--no-header", "tools/test"], {}


def install(all_tiers):
    yield ["tests/install/run.sh", BUILD], {}
    yield ["tests/install/bundle.sh", BUILD, PYTHON], {}


def faults(all_tiers):
    yield ["tests/faults/cache_faults.sh", BUILD / "test/consumer"], {}


def guards(all_tiers):
    yield [PYTHON, "-m", "pytest", "-q", "--no-header", "tests/guards"], {}
    yield ["scripts/format", "--check"], {}
    if all_tiers:
        yield ["scripts/tidy"], {}


# The uninstrumented LLVM poisons its own arenas; see docs/building.md.
ASAN = {"ASAN_OPTIONS": "allow_user_poisoning=0:detect_leaks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1"}


def asan(all_tiers):
    directory = cmake("asan", "tilesdk_tests")
    yield ctest(directory), ASAN


def tsan(all_tiers):
    directory = cmake("tsan", "tilesdk_tests")
    yield ctest(directory), {"TSAN_OPTIONS": "halt_on_error=1"}


def fuzz(all_tiers):
    yield ctest(BUILD, "-L", "^fuzz$"), {}
    if all_tiers:
        directory = cmake("asan", "tilesdk_tests", directory=BUILD / "fuzz",
                          definitions=["-DTILESDK_BUILD_FUZZERS=ON"])
        yield ctest(directory, "-L", "libfuzzer"), ASAN


def gcc(all_tiers):
    cmake("dev", "all", directory=BUILD / "gcc", definitions=[
        "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_CXX_COMPILER=g++"])
    yield ctest(BUILD / "gcc", "-R", "sample_"), {}


# URIs of the devices that stand for the GPUs.
SIMULATED = ("sim:sm_80", "sim:sm_90a", "sim:gfx942", "sim:gfx1100")
CHECKS = "check=race,bounds,uninit,barrier"
# What every case is assembled for.
ASSEMBLED = ("sm_80", "sm_86", "sm_89", "sm_90a", "gfx90a", "gfx942", "gfx950",
             "gfx1100", "gfx1200")

SUITES = {
    "unit": (1, "GoogleTest, lit and C ABI tests beside the code", unit),
    "end_to_end": (1, "kernels on the CPU against NumPy", end_to_end),
    "simulator": (1, "the same kernels on simulated GPUs, with checks; faults "
                  "that checks must find", simulator),
    "matrix": (2, "all kernels on simulated GPUs with checks, over numbers of "
               "warps and stages", matrix),
    "probes": (1, "one instruction at a time against the tables of targets",
               probes),
    "assembly": (1, "GPU assembly: what it holds, and that it assembles",
                 assembly),
    "amd": (1, "kernels on the real HIP over a fake HSA runtime; their code",
            amd),
    "python": (1, "the Python package", python),
    "command": (1, "the tilesdk command", command),
    "install": (1, "installed tree: pkg-config and find_package; bundle", install),
    "faults": (1, "killed, read-only, full and damaged caches", faults),
    "guards": (1, "layers, names, sizes, symbols, format", guards),
    "fuzz": (1, "front end and IR reader, bounded", fuzz),
    "asan": (1, "address and undefined-behaviour sanitizers", asan),
    "tsan": (1, "thread sanitizer without LLVM", tsan),
    "gcc": (2, "everything builds with gcc 12", gcc),
}

# (pattern, group of passed, of failed, of skipped); the last match counts.
COUNTS = [
    (r"(\d+)% tests passed, (\d+) tests? failed out of (\d+)", "ctest"),
    (r"^=*\s*((?:\d+ (?:passed|failed|skipped|error|errors|deselected|xfailed|"
     r"warnings?)(?:, )?)+)(?: in .*)?$", "words"),
]


def count(output):
    """Passed, failed and skipped of a command's output; None if it has none."""
    for line in reversed(output.splitlines()):
        match = re.search(COUNTS[0][0], line)
        if match:
            failed, total = int(match[2]), int(match[3])
            return total - failed, failed, 0
        match = re.match(COUNTS[1][0], line.strip("= "))
        if match:
            numbers = {"passed": 0, "failed": 0, "skipped": 0, "error": 0}
            for number, word in re.findall(r"(\d+) (\w+)", match[1]):
                word = word.rstrip("s") if word.startswith("error") else word
                if word in numbers:
                    numbers[word] += int(number)
            return (numbers["passed"], numbers["failed"] + numbers["error"],
                    numbers["skipped"])
    return None


def run(name, command, environment):
    started = time.time()
    done = subprocess.run([str(c) for c in command], cwd=ROOT, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace",
                          env={**os.environ, "PYTHONPATH": str(BUILD / "python"),
                               **environment})
    passed, failed, skipped = count(done.stdout) or (0, 0, 0)
    # A suite that ran nothing, or failed before it could count, has failed.
    if done.returncode and not failed or not passed + failed:
        failed += 1
    if failed:
        print("\n".join(done.stdout.splitlines()[-200:]))
    print(f"[{name}] {passed} passed, {failed} failed, {skipped} skipped"
          f" ({time.time() - started:.0f} s)", flush=True)
    return passed, failed, skipped


def main():
    parser = argparse.ArgumentParser(prog="scripts/test")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    parser.add_argument("--all", action="store_true", help="every tier")
    parser.add_argument("--list", action="store_true", help="name the suites")
    options = parser.parse_args()
    if options.list:
        for name, (tier, what, _) in SUITES.items():
            print(f"{name:12} tier {tier}  {what}")
        return 0
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; see --list")
    chosen = options.suites or [name for name, (tier, _, _) in SUITES.items()
                                if tier == 1 or options.all]
    started = time.time()
    cmake("dev", "all", "tilesdk_tests")
    print(f"[build] {time.time() - started:.0f} s", flush=True)
    totals = [0, 0, 0]
    for name in chosen:
        try:
            for command, environment in SUITES[name][2](options.all):
                counts = run(name, command, environment)
                totals = [a + b for a, b in zip(totals, counts)]
        except SystemExit as error:
            print(f"[{name}] {error}")
            totals[1] += 1
    print(f"total time {time.time() - started:.0f} s")
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
