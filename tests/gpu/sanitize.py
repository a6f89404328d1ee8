"""compute-sanitizer over some cases of the shared table, after controls that
each tool must object to: a clean report of a tool that sees nothing says nothing.

    python3 tests/gpu/sanitize.py [--device nvidia:0] [--tools memcheck,...]
                                  [PATTERN...]

compute-sanitizer is looked for in PATH and beside CUDA; the environment variable
COMPUTE_SANITIZER names another. PATTERNs choose other cases, by parts of names.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import concurrent.futures
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent / "end_to_end"
sys.path.insert(0, str(HERE.parents[1] / "build" / "python"))
sys.path.insert(1, str(TABLE))
os.environ.setdefault("TILESDK_CACHE", "0")
TOOLS = ("memcheck", "racecheck", "synccheck")
FOUND = 86  # What the tool exits with when it has objections.

# Every way in which programs share memory, wait, and ask for it asynchronously.
CASES = (
    "elementwise/add/f32", "convert/f32-f8e4m3", "memory/copy/f16/1",
    "memory/scatter/f32", "memory/block_pointer/f32", "atomics/last_block",
    "atomics/spin_lock", "descriptor/copy_2d/f16", "descriptor/scatter",
    "descriptor/atomic_add", "descriptor/host_matmul", "reduce/sum_long/65536",
    "reduce/welford", "scan/tile_96x160/axis0/forward", "shape/histogram",
    "shape/sort_64/f32/up", "shape/gather/0", "matmul/f32/127x65x33",
    "matmul/transposed/f16", "matmul/dot_tile/f8e5m2",
    "boxes/product/f16/200x144x80/plain",
    "boxes/product/f16/150x304x112/specialized",
    "boxes/transposed/f16/64/specialized", "boxes/persistent/specialized",
    "pipelines/bias_gelu/plain", "pipelines/ragged/specialized",
    "pipelines/attention/specialized", "attention/pointers/f16/causal",
    "layernorm/backward_locks", "softmax/online")


def sanitizer():
    found = os.environ.get("COMPUTE_SANITIZER") or \
        shutil.which("compute-sanitizer")
    for pattern in ("/usr/local/cuda*/bin/compute-sanitizer",
                    "/usr/local/cuda*/compute-sanitizer/compute-sanitizer",
                    "/opt/cuda*/bin/compute-sanitizer"):
        found = found or next(iter(sorted(glob.glob(pattern))), None)
    return found


def run(program, tool, command, text, timeout):
    """Exit code and lines of a command under a tool."""
    try:
        done = subprocess.run(
            [program, "--tool", tool, "--error-exitcode", str(FOUND),
             "--print-limit", "20", *command], input=text, text=True,
            timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
        if isinstance(output, bytes):
            output = output.decode(errors="replace")
        return None, output.splitlines() + [f"no end after {timeout} s"]
    return done.returncode, done.stdout.splitlines()


def check(program, tool, names, options):
    """Prints what a tool says of some cases; whether all is well."""
    code, lines = run(program, tool,
                      [sys.executable, str(TABLE / "run.py"), "--device",
                       options.device, "--here"], "\n".join(names),
                      options.timeout)
    good = [name for name in names if f"ok {name}" in lines]
    said = [line for line in lines if line.startswith("=========") and
            line.strip("= ")]
    # A tool that did not start ends with no summary.
    clean = code == 0 and len(good) == len(names) and \
        any("SUMMARY: 0 " in line for line in said)
    text = [f"{tool}: {len(good)} of {len(names)} cases right, exit code {code}"]
    if not clean:
        text += [f"  not right: {name}" for name in names if name not in good]
        text += [f"  {line}" for line in lines if line.startswith("FAILED")]
        text += [f"  {line}" for line in said[:options.lines]] or \
            [f"  {line}" for line in lines[-options.lines:]]
    return clean, "\n".join(text)


def control(program, tool, options):
    """Whether a tool objects to a kernel made to offend it."""
    code, lines = run(program, tool,
                      [sys.executable, str(HERE / "offenders.py"), tool,
                       options.device], "", options.timeout)
    seen = code == FOUND
    text = f"{tool}: control {'objected to' if seen else 'NOT SEEN'}, " \
        f"exit code {code}"
    if not seen:
        text += "".join(f"\n  {line}" for line in lines[-options.lines:])
    return seen, text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--device", default="nvidia:0")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--timeout", type=int, default=400,
                        help="seconds that a tool may take for a few cases")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--chunk", type=int, default=8)
    parser.add_argument("--lines", type=int, default=40,
                        help="lines of a tool that are shown")
    options = parser.parse_args()
    program = sanitizer()
    if not program:
        print("error: no compute-sanitizer; name it in COMPUTE_SANITIZER")
        return 2
    import cases
    known = [case.name for case in cases.CASES]
    chosen = [name for name in known
              if any(pattern in name for pattern in options.patterns)] \
        if options.patterns else list(CASES)
    unknown = [name for name in chosen if name not in known]
    assert chosen and not unknown, f"no such cases: {unknown}"
    start = time.time()
    work = []
    for tool in options.tools.split(","):
        work.append((control, tool, None))
        work += [(check, tool, chosen[i:i + options.chunk])
                 for i in range(0, len(chosen), options.chunk)]

    def one(item):
        what, tool, names = item
        return what(program, tool, names, options) if names else \
            what(program, tool, options)

    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for well, text in pool.map(one, work):
            wrong += not well
            print(text, flush=True)
    print(f"{len(work) - wrong} passed, {wrong} failed: {len(chosen)} cases, "
          f"{options.tools}, {time.time() - start:.0f} s on {options.device}")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
