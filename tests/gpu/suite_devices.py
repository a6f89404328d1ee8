"""What a device says of itself, its memory and its limits."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import gc
import json

import numpy as np
import tilesdk

import kernels
from harness import BLOCK, Place, Skipped, blocks, expect_error, only_gpu, test
from suite_streams import one_stream_is_in_order


@test
def device_properties(uri):
    device = tilesdk.device(uri)
    assert device.name and device.compute_units > 0 and device.memory > 0
    listed = json.loads(tilesdk.context().devices())
    assert any(entry.get("uri", "") == device.uri for entry in listed), listed
    return (f"{device.name}, {device.compute_units} units, "
            f"{device.memory >> 20} MiB, {device.target}")


@test
def several_devices(uri):
    only_gpu(uri)
    kind = uri.split(":")[0]
    devices = []
    for ordinal in range(16):
        try:
            devices.append(tilesdk.device(f"{kind}:{ordinal}"))
        except tilesdk.Error as error:
            last = str(error)
            break
    if len(devices) < 2:
        raise Skipped(f"one device only: {last[:120]}")
    n = 100_000
    work = []
    for k, device in enumerate(devices):
        stream = device.stream()
        x = Place(device, stream, np.full(n, k, np.int32))
        work.append((k, device, stream, x))
    for _ in range(20):
        for _, device, stream, x in work:
            with tilesdk.using(device, stream):
                kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
    for k, _, _, x in work:
        assert (x.fetch() == k + 20).all(), k

    def foreign():
        with tilesdk.using(devices[0], work[0][2]):
            kernels.increment[blocks(n)](work[1][3], n, BLOCK=BLOCK)

    expect_error(tilesdk.Error, foreign, "device")
    return f"{len(devices)} devices"


@test
def add_of_every_length(uri):
    """Around blocks, with an offset that is not aligned."""
    device = tilesdk.device(uri)
    stream = device.stream()
    for n in (1, 31, 1023, 1024, 1025, 100_003):
        x, y = (np.random.default_rng(n).normal(size=n).astype(np.float32)
                for _ in range(2))
        a, b, out = (Place(device, stream, v)
                     for v in (x, y, np.full(n + 8, 7, np.float32)))
        with tilesdk.using(device, stream):
            kernels.add[blocks(n)](a, b, out, n, BLOCK=BLOCK)
        got = out.fetch()
        assert np.array_equal(got[:n], x + y), n
        assert (got[n:] == 7).all(), f"written past {n}"


@test
def memory_comes_and_goes(uri):
    device = tilesdk.device(uri)
    stream = device.stream()
    for round_ in range(200):
        size = 1 << (round_ % 21)
        x = Place(device, stream, np.full(size, round_, np.int32))
        if round_ % 50 == 0:
            assert (x.fetch() == round_).all()
        stream.synchronize()
        del x
    gc.collect()
    stream.synchronize()


@test
def out_of_memory(uri):
    only_gpu(uri)
    device = tilesdk.device(uri)
    text = expect_error(tilesdk.OutOfResources,
                        lambda: device.alloc(device.memory * 4),
                        str(device.memory * 4), "MiB are free")
    held, chunk = [], device.memory // 8
    try:
        while len(held) < 16:
            held.append(device.alloc(chunk))
    except tilesdk.OutOfResources:
        pass
    assert len(held) < 16, "more memory than there is"
    held.clear()
    gc.collect()
    # The device goes on.
    one_stream_is_in_order(uri)
    return text[:160]


@test
def too_many_warps(uri):
    only_gpu(uri)
    device = tilesdk.device(uri)
    x = Place(device, device.stream(), np.zeros(64, np.int32))

    def call():
        with tilesdk.using(device):
            kernels.increment[(1,)](x, 64, BLOCK=64, num_warps=64)

    return expect_error(tilesdk.Error, call)[:160]
