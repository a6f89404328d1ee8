"""device_print and device_assert on CPUs and on devices of threads: the same
lines, and a failure where the work is waited for."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import tilesdk

FILE = pathlib.Path(__file__).parent / "kernels/control.py"
DEVICES = ("cpu", "sim:sm_80", "sim:sm_90a", "sim:gfx90a", "sim:gfx1100")


@pytest.fixture
def control():
    return tilesdk.Program(FILE.read_text(), "control.py")


def lines_of(capfd):
    return [line for line in capfd.readouterr().out.splitlines()
            if line.startswith("pid")]


def expected(x, block):
    lines = []
    for p in range(len(x) // block):
        pid = f"pid ({p}, 0, 0)"
        for i in range(block):
            value = x[p * block + i]
            lines += [f"{pid} idx ({i}) x (operand 0): {value:g}",
                      f"{pid} idx ({i}) x (operand 1): {p * block + i}",
                      f"{pid} idx ({i}) hex: 0x{p * block + i:08x}"]
        lines.append(f"{pid} program: {p}")
    return lines


@pytest.mark.parametrize("uri", DEVICES)
@pytest.mark.parametrize("block", [2, 256])
def test_prints_every_element_once(uri, block, control, capfd):
    x = np.linspace(0, 9, 2 * block).astype(np.float32)
    before = x.copy()
    with tilesdk.using(uri):
        control.kernel("reporting")[(2,)](x, len(x), BLOCK=block)
    assert sorted(lines_of(capfd)) == sorted(expected(before, block))
    assert (x == before + 1).all()


@pytest.mark.parametrize("uri", DEVICES[1:])
def test_lines_of_every_type_are_those_of_the_cpu(uri, control, capfd):
    x = np.array([-3, -1.5, 0, 1e-8, 2.25, 100, 1e9, np.nan], np.float32)
    y = np.zeros(8, np.float32)
    lines = []
    for where in ("cpu", uri):
        with tilesdk.using(where):
            control.kernel("printing_types")[(1,)](x, y, BLOCK=8)
        lines.append(sorted(lines_of(capfd)))
    assert len(lines[0]) == 15 * 8 + 1 + 1 + 16 + 3
    assert lines[0] == lines[1]


@pytest.mark.parametrize("uri", DEVICES)
def test_failure_names_kernel_line_and_program(uri, control):
    x = np.ones(64, np.float32)
    x[37] = -1
    with tilesdk.using(uri):
        kernel = control.kernel("reporting")
        with pytest.raises(tilesdk.DeviceAssertError) as caught:
            kernel[(4,)](x, len(x), BLOCK=16, debug=True)
        for word in ("'reporting'", "program (2, 0, 0)", "control.py:2",
                     "x must not be negative"):
            assert word in str(caught.value)
        if uri != "cpu":  # Its program ends there, the others do not store.
            assert (x[32:48] == np.where(np.arange(32, 48) == 37, -1, 1)).all()
        # The failure is said once, and the device goes on.
        tilesdk.synchronize()
        good = np.ones(64, np.float32)
        kernel[(4,)](good, len(good), BLOCK=16, debug=True)
        assert (good == 2).all()


@pytest.mark.parametrize("uri", DEVICES[1:])
def test_failure_belongs_to_its_stream(uri, control):
    device = tilesdk.context().device(uri)
    good, bad = np.ones(16, np.float32), np.full(16, -1, np.float32)
    streams = [device.stream(), device.stream()]
    for x, stream in zip((good, bad), streams):
        with tilesdk.using(uri, stream):
            control.kernel("reporting")[(1,)](x, 16, BLOCK=16, debug=True)
    # Whoever waits first reads what both have said.
    for stream in (streams[0], streams[0]):
        stream.synchronize()
    with pytest.raises(tilesdk.DeviceAssertError):
        streams[1].synchronize()
    streams[1].synchronize()


def test_event_delivers_prints(control, capfd):
    device = tilesdk.context().device("sim:sm_80")
    stream, event = device.stream(), device.event()
    with tilesdk.using("sim:sm_80", stream):
        x = np.zeros(16, np.float32)
        control.kernel("reporting")[(1,)](x, 16, BLOCK=16)
        event.record(stream)
    event.synchronize()
    assert len(lines_of(capfd)) == 3 * 16 + 1


def test_what_does_not_fit_is_counted(capfd):
    """The ring holds 256 records, 240 of them for prints; assertions find room
    behind those, and what comes after is printed again."""
    context = tilesdk.Context({"message_buffer_bytes": 16384})
    device = context.device("sim:sm_80")
    stream = device.stream()
    program = tilesdk.Program(FILE.read_text(), "control.py", context=context)
    kernel = program.kernel("reporting")
    x = np.full(256, -1, np.float32)
    with tilesdk.using(device, stream):
        kernel[(1,)](x, 256, BLOCK=256, debug=True)
        with pytest.raises(tilesdk.DeviceAssertError):
            stream.synchronize()
        text = capfd.readouterr().out
        printed = text.count("pid (")
        assert printed in (239, 240)  # The failure is one of the records.
        assert f"output lost: {3 * 256 + 1 - printed} lines" in text
        for _ in range(20):
            kernel[(1,)](np.ones(16, np.float32), 16, BLOCK=16)
            stream.synchronize()
    text = capfd.readouterr().out
    assert text.count("pid (") == 20 * (3 * 16 + 1) and "lost" not in text


def test_warps_leave_together():
    """A failure that one warp of eight sees, with barriers behind it."""
    program = tilesdk.Program("""
import triton
import triton.language as tl
@triton.jit
def k(x, out, N: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    total = 0.0
    for j in range(0, N):
        v = tl.load(x + j * BLOCK + i)
        if j > 1:
            tl.device_assert(v < 5, "too large")
        total += tl.sum(v)
        tl.store(out + j, total)
""", "warps.py")
    for uri in DEVICES[1:]:
        x = np.ones((6, 1024), np.float32)
        x[3, 777] = 7
        out = np.zeros(6, np.float32)
        with tilesdk.using(uri), pytest.raises(tilesdk.DeviceAssertError):
            program.kernel("k")[(1,)](x, out, N=6, BLOCK=1024, num_warps=8,
                                      debug=True)
        assert list(out) == [1024, 2048, 3072, 0, 0, 0]


def test_the_script_for_devices():
    script = pathlib.Path(__file__).parent / "messages_on_device.py"
    subprocess.run([sys.executable, script, "--device", "sim:sm_80"],
                   check=True, env={**os.environ,
                                    "PYTHONPATH": os.pathsep.join(sys.path)})
