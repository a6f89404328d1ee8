"""The shared table on one device, without pytest: for machines that have NumPy
alone. Cases run in several processes, so that a kernel that breaks a device's
context takes few others with it.

    python tests/end_to_end/run.py --device nvidia:0 [--sample] [PATTERN...]
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
os.environ.setdefault("TILESDK_CACHE", "0")


def run_here(options, names):
    """Runs the named cases in this process; prints a line for each."""
    import cases
    import launch
    import tilesdk
    tilesdk.set_device(options.device)
    build = dict(text.split("=", 1) for text in options.option)
    known = {case.name: case for case in cases.CASES}
    for name in names:
        try:
            launch.run(known[name], options.override, **build)
            print(f"ok {name}", flush=True)
        except Exception as error:  # Whatever it is, the next case goes on.
            text = " | ".join(line.strip() for line in str(error).splitlines()
                              if line.strip())[:options.width]
            print(f"FAILED {name}: {type(error).__name__}: {text}",
                  flush=True)


def run_chunk(options, names):
    command = [sys.executable, __file__, "--device", options.device,
               "--here", "--width", str(options.width)]
    for text in options.option:
        command += ["--option", text]
    if options.override:
        command.append("--override")
    try:
        done = subprocess.run(command, input="\n".join(names), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=options.timeout)
        output, end = done.stdout, f"ended with {done.returncode}"
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode(errors="replace")
        end = f"took more than {options.timeout:.0f} s"
    lines = [line for line in output.splitlines()
             if line.startswith(("ok ", "FAILED "))]
    if len(lines) < len(names):
        rest = output.splitlines()[-3:]
        lines += [f"FAILED {name}: the process {end}: "
                  f"{' '.join(rest)[:options.width]}"
                  for name in names[len(lines):]]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*",
                        help="words that the names of cases have, all of them")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tier", default="1")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--chunk", type=int, default=24)
    parser.add_argument("--width", type=int, default=300)
    parser.add_argument("--override", action="store_true",
                        help="--option wins over what a case says")
    parser.add_argument("--timeout", type=float,
                        help="seconds for a chunk of cases")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        run_here(options, sys.stdin.read().split("\n"))
        return 0
    import cases
    chosen = cases.select(99 if options.tier == "all" else int(options.tier),
                          options.patterns)
    if options.sample:
        chosen = cases.sample(chosen)
    if not chosen:
        parser.error(f"no case has all of {' '.join(options.patterns)!r}")
    names = [case.name for case in chosen]
    chunks = [names[i:i + options.chunk]
              for i in range(0, len(names), options.chunk)]
    start = time.time()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for lines in pool.map(lambda c: run_chunk(options, c), chunks):
            for line in lines:
                if line.startswith("ok "):
                    passed += 1
                else:
                    failed += 1
                    print(line)
    print(f"{options.device}: {time.time() - start:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
