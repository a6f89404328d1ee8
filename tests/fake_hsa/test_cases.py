"""The real HIP runtime on the fake HSA runtime: kernels of the end-to-end table
as they are dispatched."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"


def has_hip():
    try:
        ctypes.CDLL("libamdhip64.so.5")
    except OSError:
        return False
    return (BUILD / "fake_hsa/libhsa-runtime64.so.1").exists()


pytestmark = pytest.mark.skipif(
    not has_hip(), reason="needs the packages libamdhip64-5 and "
    "libhsa-runtime-dev, and the target fake_hsa")


def run(*arguments):
    return subprocess.run([sys.executable, HERE / "run_cases.py", *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def test_sample_of_the_table():
    """One case of each kernel: built for gfx90a, loaded by HIP, its packet
    compared with what the compiler says, and run by its twin."""
    done = run("--sample")
    assert done.returncode == 0, done.stdout[-4000:]
    runs, passed, failed = map(int, re.search(
        r"(\d+) dispatches run by twins.*\n(\d+) passed, (\d+) failed",
        done.stdout).groups())
    assert failed == 0
    assert runs >= passed > 100


def test_newer_code_objects_are_refused_with_the_remedy():
    """HIP 5.2 takes version 4 alone."""
    done = run("--version", "5", "elementwise/add/f32")
    assert done.returncode == 1
    assert "code object version 5" in done.stdout
    assert "code_object_version=4" in done.stdout


HOST_MEMORY = """
import numpy as np, tilesdk
kernel = tilesdk.Program('''import tilesdk, tilesdk.language as tl
@tilesdk.jit
def clear(x, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(x + i, 0.0, i < n)
''', "clear.py").kernel("clear")
tilesdk.set_device("amd:0")
try:
    kernel[(1,)](np.zeros(64, np.float32), 64, BLOCK=64, code_object_version=4)
except tilesdk.InvalidArgumentError as error:
    print(error)
"""


def test_host_memory_is_refused(tmp_path):
    sys.path.insert(0, str(HERE))
    from run_cases import environment
    done = subprocess.run([sys.executable, "-c", HOST_MEMORY],
                          env=environment(tmp_path, "gfx90a"), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert "error[T0900]: parameter `x` points to memory that device amd:0 " \
        "does not reach" in done.stdout, done.stdout
