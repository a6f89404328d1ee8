"""Host memory given to a device that does not reach it, on drivers of ours."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

import pytest

BACKENDS = pathlib.Path(__file__).resolve().parents[2] / "build/backends"


def nvidia(folder):
    stub = BACKENDS / "nvidia/test/libnvidia_cuda_stub.so"
    (folder / "nvidia0").touch()
    return stub, {"TILESDK_CUDA_LIBRARY": str(stub), "TILESDK_PTXAS": "",
                  "TILESDK_CUDA_DEVICE_DIR": str(folder)}


def amd(folder):
    stub = BACKENDS / "amd/test/stub/libamdhip64.so.7"
    (folder / "1").mkdir()
    (folder / "1/properties").write_text("simd_count 440\n")
    paths = [str(stub.parent), os.environ.get("LD_LIBRARY_PATH", "")]
    return stub, {"LD_LIBRARY_PATH": ":".join(filter(None, paths)),
                  "TILESDK_AMD_TOPOLOGY": str(folder)}


VENDORS = {"nvidia": nvidia, "amd": amd}
BODY = """
import os, numpy as np, tilesdk
source = '''import tilesdk, tilesdk.language as tl
@tilesdk.jit
def add(x, y, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(y + i, tl.load(x + i, i < n), i < n)
'''
kernel = tilesdk.Program(source, "add.py").kernel("add")
tilesdk.set_device(os.environ["DEVICE"])
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


def lines(vendor, folder, **more):
    stub, environment = VENDORS[vendor](folder)
    if not stub.exists():
        pytest.skip(f"{stub.name} of ours is not built")
    done = subprocess.run(
        [sys.executable, "-c", BODY], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
        env={**os.environ, **environment, "DEVICE": vendor + ":0", **more})
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_argument_is_looked_at(tmp_path, vendor):
    launched, first, second, null, beyond, again = lines(vendor, tmp_path)
    assert (launched, null, again) == ("launched",) * 3, (launched, null, again)
    for line, name in ((first, "x"), (second, "y"), (beyond, "x")):
        assert line.startswith("refused:"), line
        assert "error[T0900]" in line and vendor + ":0" in line, line
        assert f"parameter `{name}`" in line, line
        assert "copy the array to the device" in line, line


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_device_that_reaches_all_memory_takes_it(tmp_path, vendor):
    assert lines(vendor, tmp_path, STUB_CUDA_PAGEABLE="1",
                 STUB_HIP_PAGEABLE="1") == ["launched"] * 6
