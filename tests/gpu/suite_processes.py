"""Forks, and the samples as programs of their own."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

from harness import Skipped, child, test


@test
def fork_before_first_use(uri):
    """A parent that has only imported and listed devices may fork."""
    code, output = child("""
import os, numpy as np, tilesdk, kernels, suite_streams
uri = sys.argv[1]
pids = []
for k in range(2):
    pid = os.fork()
    if pid == 0:
        try:
            suite_streams.one_stream_is_in_order(uri)
            os.write(1, b"child ok\\n")
            os._exit(0)
        except BaseException as error:
            os.write(1, f"child: {error}\\n".encode())
            os._exit(1)
    pids.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
suite_streams.one_stream_is_in_order(uri)
print("parent ok", codes, flush=True)
os._exit(0)
""", uri)
    assert "parent ok [0, 0]" in output, f"{code}: {output}"


@test
def fork_after_use_is_an_error(uri):
    """Not a hang, and the parent goes on."""
    code, output = child("""
import os, tilesdk, suite_streams
uri = sys.argv[1]
suite_streams.one_stream_is_in_order(uri)
pid = os.fork()
if pid == 0:
    try:
        suite_streams.one_stream_is_in_order(uri)
        os.write(1, b"child ran\\n")
    except tilesdk.Error as error:
        os.write(1, f"child error: {error}\\n".encode())
    os._exit(0)
os.waitpid(pid, 0)
suite_streams.one_stream_is_in_order(uri)
print("parent ok", flush=True)
os._exit(0)
""", uri)
    assert "child error" in output and "fork" in output, f"{code}: {output}"
    assert "parent ok" in output, f"{code}: {output}"


@test
def samples_run(uri):
    """With NumPy alone, in device memory of ours."""
    folder = pathlib.Path(__file__).parents[2] / "samples"
    scripts = sorted(folder.glob("*/run.py"))
    assert len(scripts) >= 2, folder
    for script in scripts:
        done = subprocess.run([sys.executable, str(script), uri], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0 and "ok" in done.stdout, done.stdout
    return f"{len(scripts)} samples"


@test
def samples_in_c(uri):
    """The programs of scripts/demo."""
    root = pathlib.Path(__file__).parents[2]
    programs = sorted((root / "build/bin").glob("sample_*"))
    if not programs:
        raise Skipped("no samples in C were built")
    for program in programs:
        name = program.name.removeprefix("sample_")
        folder, = root.glob(f"samples/[0-9][0-9]_{name}")
        done = subprocess.run([str(program), str(folder)], text=True,
                              env={**os.environ, "TILESDK_DEVICE": uri},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
    return f"{len(programs)} samples"
