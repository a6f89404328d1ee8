"""Faults, assertions and memory that the device cannot reach."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import tilesdk

import kernels
from harness import BLOCK, Place, child, expect_error, only_gpu, test


@test
def a_fault_names_its_kernel(uri):
    """In a process of its own, which reports it and ends by itself."""
    only_gpu(uri)
    code, output = child("""
import numpy as np, tilesdk, kernels, harness
uri = sys.argv[1]
device = tilesdk.device(uri)
stream = device.stream()
x = harness.Place(device, stream, np.zeros(1024, np.float32))
errors = []
with tilesdk.using(device, stream):
    kernels.write_far_away[(1,)](x, 1 << 44, BLOCK=128)
    for attempt in range(2):
        try:
            stream.synchronize()
            print("no error")
        except tilesdk.Error as error:
            print("ERROR", type(error).__name__, " ".join(str(error).split()))
    try:
        kernels.increment[(1,)](x, 8, BLOCK=128)
        print("launched")
    except tilesdk.Error as error:
        print("LATER", type(error).__name__, " ".join(str(error).split()))
try:
    device.alloc(64)
except tilesdk.Error as error:
    print("ALLOC", type(error).__name__)
print("end")
""", uri)
    lines = output.splitlines()
    first = next((line for line in lines if line.startswith("ERROR")), "")
    assert "KernelFaultError" in first and "write_far_away" in first, output
    later = next((line for line in lines if line.startswith("LATER")), "")
    assert "KernelFaultError" in later and "write_far_away" in later, output
    assert lines[-1] == "end" and code == 0, f"exit code {code}: {output}"
    return first[6:200]


@test
def a_fault_of_many_kernels(uri):
    """Several streams, and the fault in one of them: its kernel is among those
    that are named."""
    only_gpu(uri)
    code, output = child("""
import numpy as np, tilesdk, kernels, harness
device = tilesdk.device(sys.argv[1])
streams = [device.stream() for _ in range(4)]
places = [harness.Place(device, s, np.zeros(4096, np.int32)) for s in streams]
for stream, x in zip(streams, places):
    with tilesdk.using(device, stream):
        for _ in range(5):
            kernels.increment[(4,)](x, 4096, BLOCK=1024)
y = harness.Place(device, streams[2], np.zeros(64, np.float32))
with tilesdk.using(device, streams[2]):
    kernels.write_far_away[(1,)](y, 1 << 44, BLOCK=128)
for stream in streams:
    try:
        stream.synchronize()
    except tilesdk.Error as error:
        print("ERROR", " ".join(str(error).split()))
print("end")
""", uri)
    assert code == 0 and "write_far_away" in output, f"{code}: {output}"
    assert output.splitlines()[-1] == "end", output


@test
def an_assertion_fails(uri):
    device = tilesdk.device(uri)
    stream = device.stream()
    good = Place(device, stream, np.ones(64, np.float32))
    bad = Place(device, stream, np.array([1, 2, -3, 4] * 16, np.float32))
    with tilesdk.using(device, stream):
        kernels.must_be_positive[(1,)](good, 64, BLOCK=64, debug=True)
        stream.synchronize()
        kernels.must_be_positive[(1,)](bad, 64, BLOCK=64, debug=True)
        text = expect_error(tilesdk.DeviceAssertError, stream.synchronize,
                            "not positive")
        # Reported once, and the device goes on.
        stream.synchronize()
        kernels.must_be_positive[(1,)](good, 64, BLOCK=64, debug=True)
        stream.synchronize()
    assert (good.fetch() == 3).all()
    return text[:120]


@test
def host_memory_is_refused(uri):
    """Before the launch, by name; the context survives."""
    only_gpu(uri)
    device = tilesdk.device(uri)
    stream = device.stream()
    host = np.zeros(BLOCK, np.int32)
    x = Place(device, stream, host)
    with tilesdk.using(device, stream):
        kernels.increment[(1,)](x, BLOCK, BLOCK=BLOCK)

        def launch():
            kernels.increment[(1,)](host, BLOCK, BLOCK=BLOCK)
            stream.synchronize()

        try:
            launch()
            assert (host == 1).all(), "taken, and not written"
            note = "the device reaches the memory of the process"
        except tilesdk.InvalidArgumentError as error:
            note = str(error).splitlines()[1]
            assert "T0900" in note and "`x`" in note and uri in note, note
        kernels.increment[(1,)](x, BLOCK, BLOCK=BLOCK)
    assert (x.fetch() == 2).all()
    return note
