"""Host memory given to a device that does not reach it, on a CUDA driver of ours."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

import pytest

STUB = pathlib.Path(__file__).resolve().parents[2] / \
    "build/backends/nvidia/test/libnvidia_cuda_stub.so"
BODY = """
import numpy as np, tilesdk
source = '''import tilesdk, tilesdk.language as tl
@tilesdk.jit
def add(x, y, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(y + i, tl.load(x + i, i < n), i < n)
'''
kernel = tilesdk.Program(source, "add.py").kernel("add")
tilesdk.set_device("nvidia:0")
device = tilesdk.current_device()

class Array:
    dtype = tilesdk.language.float32
    def __init__(self, address):
        self.address = address
    def data_ptr(self):
        return self.address

host = np.zeros(64, np.float32)
there = device.alloc(1 << 16)
here = Array(there.ptr + 256)

def launch(x, y):
    try:
        kernel[(1,)](x, y, 64, BLOCK=64)
        print("launched")
    except tilesdk.InvalidArgumentError as error:
        print("refused:", " | ".join(str(error).splitlines()))

launch(here, Array(there.ptr + 8192))
launch(host, here)
launch(here, Array(host.ctypes.data))   # as a framework's tensor on the host
launch(here, Array(0))
launch(Array(there.ptr + (1 << 20)), here)
launch(here, here)
"""


def lines(folder, **environment):
    if not STUB.exists():
        pytest.skip("the driver of ours is not built (nvidia_cuda_stub)")
    (folder / "nvidia0").touch()
    done = subprocess.run(
        [sys.executable, "-c", BODY], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
        env={**os.environ, "TILESDK_CUDA_LIBRARY": str(STUB), "TILESDK_PTXAS": "",
             "TILESDK_CUDA_DEVICE_DIR": str(folder), **environment})
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def test_each_argument_is_looked_at(tmp_path):
    launched, first, second, null, beyond, again = lines(tmp_path)
    assert (launched, null, again) == ("launched",) * 3, (launched, null, again)
    for line, name in ((first, "x"), (second, "y"), (beyond, "x")):
        assert line.startswith("refused:"), line
        assert "error[T0900]" in line and "nvidia:0" in line, line
        assert f"parameter `{name}`" in line, line
        assert "copy the array to the device" in line, line


def test_a_device_that_reaches_all_memory_takes_it(tmp_path):
    assert lines(tmp_path, STUB_CUDA_PAGEABLE="1") == ["launched"] * 6
