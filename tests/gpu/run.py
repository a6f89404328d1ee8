"""What a real device and its driver must do beside computing right: streams,
threads, graphs, memory, faults, forks. Each test has a process of its own, so
that none can break another.

    python3 tests/gpu/run.py --device nvidia:0 [PATTERN...]

Needs NumPy; tests with PyTorch are left out where it is missing.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import fnmatch
import os
import pathlib
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(1, str(HERE.parents[1] / "build" / "python"))
sys.path.insert(2, str(HERE.parent / "end_to_end"))
os.environ.setdefault("TILESDK_CACHE", "0")


def run_here(name, device):
    """One test in this process; its last line is the verdict."""
    import suite
    try:
        note = suite.TESTS[name](device)
        print(f"ok {note}" if note else "ok", flush=True)
    except suite.Skipped as reason:
        print(f"skipped {reason}", flush=True)
    except BaseException as error:  # The verdict is all that counts here.
        where = traceback.extract_tb(error.__traceback__)
        lines = [f"{file.name} line {frame.lineno}" for frame in where
                 if (file := pathlib.Path(frame.filename)).name.startswith(
                     ("suite_", "harness"))]
        text = " | ".join(line.strip() for line in str(error).splitlines()
                          if line.strip())
        print(f"FAILED {type(error).__name__} at {', '.join(lines)}: "
              f"{text[:1500]}", flush=True)
    # A device that is lost may hang in destructors.
    sys.stdout.flush()
    os._exit(0)


def verdict(name, options):
    command = [sys.executable, str(HERE / "run.py"), "--device", options.device,
               "--here", name]
    try:
        done = subprocess.run(command, text=True, timeout=options.timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
        output = output.decode(errors="replace") if isinstance(output, bytes) \
            else output
        return f"FAILED no end after {options.timeout} s; it said: " \
            f"{output[-500:]!r}"
    lines = done.stdout.splitlines()
    for line in reversed(lines):
        if line.startswith(("ok", "skipped ", "FAILED ")):
            return line
    return f"FAILED the process ended with {done.returncode}: " \
        f"{' | '.join(lines[-5:])[:800]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--device", default="nvidia:0")
    parser.add_argument("--timeout", type=int, default=180,
                        help="seconds that one test may take")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        run_here(options.here, options.device)
    import suite
    counts = {"ok": 0, "FAILED": 0, "skipped": 0}
    start = time.time()
    for name in suite.TESTS:
        if options.patterns and not any(fnmatch.fnmatch(name, pattern)
                                        for pattern in options.patterns):
            continue
        begin = time.time()
        line = verdict(name, options)
        kind, _, note = line.partition(" ")
        counts[kind] += 1
        word = {"ok": "passed"}.get(kind, kind)
        print(f"{word} {name} ({time.time() - begin:.1f} s)"
              f"{': ' + note if note else ''}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAILED']} failed, "
          f"{counts['skipped']} skipped in "
          f"{time.time() - start:.1f}s on {options.device}")
    return 1 if counts["FAILED"] or not counts["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
