"""Prints and assertions on one device, against the CPU, without pytest.

    python tests/end_to_end/messages_on_device.py --device nvidia:0

A child process launches; its lines are compared with those of a child on the
CPU. Left out is what differs by right: the numbers of pointers, integers made of
floats that they do not hold, the payloads of NaNs.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import pathlib
import re
import subprocess
import sys

import numpy as np

FILE = pathlib.Path(__file__).parent / "kernels/control.py"


class Array:
    """A copy of an array where the device wants it."""

    def __init__(self, tilesdk, array, stream):
        self.array, self.stream = array, stream
        device = tilesdk.current_device()
        self.isHost = device.uri.startswith(("cpu", "sim"))
        self.dtype = tilesdk.language.float32
        if not self.isHost:
            self.buffer = device.alloc(array.nbytes)
            stream.copy(self.buffer.ptr, array, array.nbytes)

    def data_ptr(self):
        return self.array.ctypes.data if self.isHost else self.buffer.ptr

    def fetch(self):
        if not self.isHost:
            self.stream.copy(self.array, self.buffer.ptr, self.array.nbytes)
            self.stream.synchronize()
        return self.array


def child(uri):
    import tilesdk
    tilesdk.set_device(uri)
    device = tilesdk.current_device()
    stream = device.wrap_stream(0) if uri != "cpu" else device.stream()
    program = tilesdk.Program(FILE.read_text(), "control.py")

    def launch(kernel, grid, x, *args, **options):
        with tilesdk.using(device, stream):
            where = Array(tilesdk, x, stream)
            program.kernel(kernel)[grid](where, *args, **options)
            stream.synchronize()
        return where.fetch()

    x = np.array([-3, -1.5, 0, 1e-8, 2.25, 100, 1e9, np.nan], np.float32)
    y = Array(tilesdk, np.zeros(8, np.float32), stream)
    launch("printing_types", (1,), x, y, BLOCK=8)
    x = launch("reporting", (3,), np.ones(768, np.float32), 768, BLOCK=256,
               debug=True)
    assert (x == 2).all()
    for bad in (37, 700):
        x = np.ones(768, np.float32)
        x[bad] = -1
        try:
            launch("reporting", (3,), x, 768, BLOCK=256, debug=True)
            print("error: no failure was reported")
        except tilesdk.DeviceAssertError as error:
            text = str(error)
            print("failure:", text[text.index("device_assert"):])
        # The context survived, and the stream says it once.
        stream.synchronize()
        x = launch("reporting", (1,), np.ones(16, np.float32), 16, BLOCK=16,
                   debug=True)
        assert (x == 2).all()


# Number of the last element, a NaN, and of the one before it, 1e9.
UNDEFINED = re.compile(r"idx \((7\) (i8|u8|i16 hex|i64|u32|u64)"
                       r"|6\) (i8|u8|i16 hex)):")
# Bits of the infinity of each type that is printed by its bits.
INFINITY = {"f8 hex": 0x7c, "bf16 hex": 0x7f80, "f64 hex": 0x7ff << 52}


def comparable(line):
    found = re.search(r"(f8 hex|bf16 hex|f64 hex): 0x([0-9a-f]+)$", line)
    if found:
        infinity = INFINITY[found.group(1)]
        sign = 1 << (len(found.group(2)) * 4 - 1)
        if int(found.group(2), 16) & ~sign > infinity:
            return line[:found.start(2)] + "nan"
    return line


def lines(uri):
    done = subprocess.run([sys.executable, __file__, "--child", uri],
                          stdout=subprocess.PIPE, text=True, check=True)
    return sorted(comparable(line) for line in done.stdout.splitlines()
                  if " pointer" not in line and not UNDEFINED.search(line))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="sim:sm_80")
    parser.add_argument("--child")
    options = parser.parse_args()
    if options.child:
        return child(options.child)
    ours, expected = lines(options.device), lines("cpu")
    for line in sorted(set(ours) ^ set(expected))[:20]:
        print("only here" if line in ours else "missing", repr(line))
    assert ours == expected, f"{len(ours)} lines, expected {len(expected)}"
    print(f"{options.device}: {len(ours)} lines are those of the CPU")


if __name__ == "__main__":
    sys.exit(main())
