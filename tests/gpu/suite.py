"""The tests of run.py: each takes the device's URI, and returns a note or None.
Skipped says that the machine lacks what a test is about."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import gc
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import tilesdk
from tilesdk import language as tl

import kernels

TESTS = {}
BLOCK = 1024


class Skipped(Exception):
    pass


def test(function):
    TESTS[function.__name__] = function
    return function


def only_gpu(uri):
    if not uri.startswith(("nvidia", "amd", "cuda", "hip")):
        raise Skipped(f"{uri} is not a GPU")


def torch_of(uri):
    only_gpu(uri)
    try:
        import torch
    except ImportError as error:
        raise Skipped(f"no PyTorch: {error}") from error
    if not torch.cuda.is_available():
        raise Skipped("PyTorch sees no device")
    return torch


class Place:
    """An array in device memory."""

    def __init__(self, device, stream, array):
        array = np.ascontiguousarray(array)
        self.shape, self.kind = array.shape, array.dtype
        self.buffer = device.alloc(max(array.nbytes, 16))
        # Memory is there, and free of former work, in the order of the default
        # stream.
        device.wrap_stream(0).synchronize()
        self.stream = stream
        self.dtype = {"f4": tl.float32, "i4": tl.int32, "i8": tl.int64,
                      "f2": tl.float16}[array.dtype.str[1:]]
        self.source = array  # a copy may still read it
        stream.copy(self.buffer.ptr, array, array.nbytes)

    def data_ptr(self):
        return self.buffer.ptr

    def fetch(self):
        out = np.empty(self.shape, self.kind)
        self.stream.copy(out, self.buffer.ptr, out.nbytes)
        self.stream.synchronize()
        return out


def blocks(n):
    return (tilesdk.cdiv(n, BLOCK),)


def expect_error(kinds, call, *parts):
    try:
        call()
    except kinds as error:
        text = str(error)
        for part in parts:
            assert part in text, f"no {part!r} in: {text}"
        return text
    raise AssertionError(f"no error; expected {kinds}")


def child(body, *arguments, timeout=120, env=None):
    """Python code in a new process; gives its exit code and output."""
    here = str(pathlib.Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r})\n{body}"
    done = subprocess.run([sys.executable, "-c", code, *arguments], text=True,
                          timeout=timeout, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ,
                                                         **(env or {})})
    return done.returncode, done.stdout


@test
def device_properties(uri):
    device = tilesdk.device(uri)
    assert device.name and device.compute_units > 0 and device.memory > 0
    listed = json.loads(tilesdk.context().devices())
    assert any(entry.get("uri", "") == device.uri for entry in listed), listed
    return (f"{device.name}, {device.compute_units} units, "
            f"{device.memory >> 20} MiB, {device.target}")


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
def one_stream_is_in_order(uri):
    device = tilesdk.device(uri)
    stream = device.stream()
    n, rounds = 10_000, 300
    x = Place(device, stream, np.zeros(n, np.int32))
    with tilesdk.using(device, stream):
        for _ in range(rounds):
            kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
    assert (x.fetch() == rounds).all()


@test
def streams_side_by_side(uri):
    """Each stream has its own order, whatever the others do."""
    device = tilesdk.device(uri)
    streams = [device.stream(priority) for priority in (0, 1, 0, -1, 2, 0, 0, 0)]
    n, rounds = 5_000, 60
    places = [Place(device, s, np.full(n, k, np.int32))
              for k, s in enumerate(streams)]
    for _ in range(rounds):
        for stream, x in zip(streams, places):
            with tilesdk.using(device, stream):
                kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
    for k, x in enumerate(places):
        assert (x.fetch() == k + rounds).all(), k
    for stream in streams:
        assert stream.query()


@test
def streams_overlap(uri):
    """Eight kernels of one program each take little longer than one."""
    only_gpu(uri)
    device = tilesdk.device(uri)
    streams = [device.stream() for _ in range(8)]
    places = [Place(device, s, np.ones(128, np.float32)) for s in streams]

    def run(used, rounds):
        for stream, x in used:
            with tilesdk.using(device, stream):
                kernels.spin[(1,)](x, rounds, BLOCK=128)
        for stream, _ in used:
            stream.synchronize()

    pairs = list(zip(streams, places))
    rounds = 2_000_000
    run(pairs, 16)  # builds
    best = []
    for used in (pairs[:1], pairs):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            run(used, rounds)
            times.append(time.perf_counter() - start)
        best.append(min(times))
    assert best[1] < 3 * best[0], \
        f"one takes {best[0] * 1e3:.1f} ms, eight take {best[1] * 1e3:.1f} ms"
    return f"one {best[0] * 1e3:.1f} ms, eight {best[1] * 1e3:.1f} ms"


@test
def launches_do_not_wait(uri):
    only_gpu(uri)
    device = tilesdk.device(uri)
    stream = device.stream()
    x = Place(device, stream, np.ones(128, np.float32))
    with tilesdk.using(device, stream):
        kernels.spin[(1,)](x, 16, BLOCK=128)
        stream.synchronize()
        start = time.perf_counter()
        kernels.spin[(1,)](x, 20_000_000, BLOCK=128)
        queued = time.perf_counter() - start
        pending = not stream.query()
    stream.synchronize()
    total = time.perf_counter() - start
    assert pending and queued < total / 4, (pending, queued, total)
    return f"queued in {queued * 1e6:.0f} us, done in {total * 1e3:.0f} ms"


@test
def events_have_times(uri):
    device = tilesdk.device(uri)
    stream = device.stream()
    x = Place(device, stream, np.ones(128, np.float32))
    rounds = 400_000 if uri.startswith(("nvidia", "amd")) else 2_000
    took = []
    for factor in (1, 8):
        first, last = device.event(), device.event()
        with tilesdk.using(device, stream):
            kernels.spin[(1,)](x, 16, BLOCK=128)
            first.record(stream)
            kernels.spin[(1,)](x, rounds * factor, BLOCK=128)
            last.record(stream)
        last.synchronize()
        took.append(first.elapsed_ns(last))
    assert 0 < took[0] < took[1], took
    if not uri.startswith("sim"):
        assert 3 < took[1] / took[0] < 20, took
    return f"{took[0] / 1e3:.0f} us, eight times that: {took[1] / 1e3:.0f} us"


@test
def threads_launch(uri):
    device = tilesdk.device(uri)
    count, rounds, n = 16, 100, 3_000
    results = [None] * count

    def work(k):
        try:
            stream = device.stream()
            x = Place(device, stream, np.full(n, k, np.int32))
            with tilesdk.using(device, stream):
                for _ in range(rounds):
                    kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
            results[k] = bool((x.fetch() == k + rounds).all())
        except Exception as error:
            results[k] = error

    threads = [threading.Thread(target=work, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result is True for result in results), results


@test
def threads_build(uri):
    """Different variants and the same one, from many threads at once."""
    device = tilesdk.device(uri)
    n = 2_048
    wrong = []

    def work(k):
        try:
            stream = device.stream()
            for by in (k, 100):  # its own, and everybody's
                x = Place(device, stream, np.arange(n, dtype=np.int32))
                out = Place(device, stream, np.zeros(n, np.int32))
                with tilesdk.using(device, stream):
                    kernels.scale[blocks(n)](x, out, n, BY=by, BLOCK=BLOCK)
                if not (out.fetch() == np.arange(n) * by).all():
                    wrong.append((k, by))
        except Exception as error:
            wrong.append((k, str(error)))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


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


@test
def a_variant_of_an_older_target_runs(uri):
    """Machine code of another generation comes with what the driver builds."""
    only_gpu(uri)
    import capi
    api = capi.Api()
    device = api.device(uri)
    own = tilesdk.device(uri)
    if not uri.startswith(("nvidia", "cuda")):
        raise Skipped("code objects run on their own target only")
    source = pathlib.Path(kernels.__file__).read_text(encoding="utf-8")
    source = "import tilesdk.language as tl\nimport tilesdk\n" + \
        source[source.index("@tilesdk.jit\ndef increment"):
               source.index("@tilesdk.jit\ndef scale")]
    kernel = api.kernel(source, "increment")
    stream = own.wrap_stream(0)
    x = Place(own, stream, np.zeros(BLOCK, np.int32))
    values = [ctypes.c_uint64(x.data_ptr()), ctypes.c_int32(BLOCK)]
    signature = f"*i32,i32,{BLOCK}"
    for target in dict.fromkeys(("sm_80", own.target)):
        variant = api.build(kernel, signature, target)
        api.launch(variant, device, (1, 1, 1), values)
    stream.synchronize()
    launched = len(set(("sm_80", own.target)))
    assert (x.fetch() == launched).all(), x.fetch()[:8]
    # Attributes reach the driver: cooperative, overlap, priority.
    variant = api.build(kernel, signature, own.target)
    for attr in ((1, 1, [1]), (5, 1, [1])):
        api.launch(variant, device, (1, 1, 1), values, [attr])
    if own.target >= "sm_90":
        api.launch(variant, device, (4, 1, 1), values, [(3, 1, [2, 1, 1])])
        api.launch(variant, device, (1, 1, 1), values, [(4, 1, [1])])
    try:
        api.launch(variant, device, (3, 1, 1), values, [(3, 1, [2, 1, 1])])
        raise AssertionError("a cluster that does not divide the grid")
    except capi.Failed as error:
        assert "2 x 1 x 1" in str(error) or "no clusters" in str(error), error


@test
def a_variant_of_a_wrong_target_is_refused(uri):
    import capi
    api = capi.Api()
    device = api.device(uri)
    own = tilesdk.device(uri).target
    other = "gfx942" if own.startswith("sm_") else "sm_90a"
    source = ("import tilesdk\nimport tilesdk.language as tl\n\n"
              "@tilesdk.jit\ndef nothing_much(x):\n    tl.store(x, 1)\n")
    variant = api.build(api.kernel(source, "nothing_much"), "*i32", other)
    value = ctypes.c_uint64(0)
    try:
        api.launch(variant, device, (1, 1, 1), [value])
    except capi.Failed as error:
        text = str(error)
        assert "nothing_much" in text and other in text and own in text, text
        return text[:160]
    raise AssertionError("it was launched")


@test
def a_fault_names_its_kernel(uri):
    """In a process of its own, which reports it and ends by itself."""
    only_gpu(uri)
    code, output = child("""
import numpy as np, tilesdk, kernels, suite
uri = sys.argv[1]
device = tilesdk.device(uri)
stream = device.stream()
x = suite.Place(device, stream, np.zeros(1024, np.float32))
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
import numpy as np, tilesdk, kernels, suite
device = tilesdk.device(sys.argv[1])
streams = [device.stream() for _ in range(4)]
places = [suite.Place(device, s, np.zeros(4096, np.int32)) for s in streams]
for stream, x in zip(streams, places):
    with tilesdk.using(device, stream):
        for _ in range(5):
            kernels.increment[(4,)](x, 4096, BLOCK=1024)
y = suite.Place(device, streams[2], np.zeros(64, np.float32))
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
def fork_before_first_use(uri):
    """A parent that has only imported and listed devices may fork."""
    code, output = child("""
import os, numpy as np, tilesdk, kernels, suite
uri = sys.argv[1]
pids = []
for k in range(2):
    pid = os.fork()
    if pid == 0:
        try:
            suite.one_stream_is_in_order(uri)
            os.write(1, b"child ok\\n")
            os._exit(0)
        except BaseException as error:
            os.write(1, f"child: {error}\\n".encode())
            os._exit(1)
    pids.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
suite.one_stream_is_in_order(uri)
print("parent ok", codes, flush=True)
os._exit(0)
""", uri)
    assert "parent ok [0, 0]" in output, f"{code}: {output}"


@test
def fork_after_use_is_an_error(uri):
    """Not a hang, and the parent goes on."""
    code, output = child("""
import os, tilesdk, suite
uri = sys.argv[1]
suite.one_stream_is_in_order(uri)
pid = os.fork()
if pid == 0:
    try:
        suite.one_stream_is_in_order(uri)
        os.write(1, b"child ran\\n")
    except tilesdk.Error as error:
        os.write(1, f"child error: {error}\\n".encode())
    os._exit(0)
os.waitpid(pid, 0)
suite.one_stream_is_in_order(uri)
print("parent ok", flush=True)
os._exit(0)
""", uri)
    assert "child error" in output and "fork" in output, f"{code}: {output}"
    assert "parent ok" in output, f"{code}: {output}"


@test
def cache_of_machine_code(uri):
    """A new process takes the code from the disk cache."""
    body = """
import numpy as np, tilesdk, kernels, suite, json, time
device = tilesdk.device(sys.argv[1])
stream = device.stream()
x = suite.Place(device, stream, np.zeros(4096, np.int32))
with tilesdk.using(device, stream):
    start = time.perf_counter()
    built = kernels.increment.warmup(x, 4096, BLOCK=1024)
    kernels.increment[(4,)](x, 4096, BLOCK=1024)
    stream.synchronize()
    took = time.perf_counter() - start
assert (x.fetch() == 1).all()
code = built.asm["object"]
print(json.dumps({"from": built.info["from"], "ms": took * 1e3,
                  "elf": code[:4] == b"\\x7fELF",
                  "resources": built.metadata.get("resources")}))
"""
    with tempfile.TemporaryDirectory() as folder:
        env = {"TILESDK_CACHE": "1", "TILESDK_CACHE_DIR": folder}
        seen = []
        for _ in range(2):
            code, output = child(body, uri, env=env)
            assert code == 0, output
            seen.append(json.loads(output.splitlines()[-1]))
    assert [s["from"] for s in seen] == ["build", "cache"], seen
    if uri.startswith(("nvidia", "cuda")):
        assert seen[1]["elf"], f"no machine code in the cache: {seen}"
        assert seen[1]["resources"]["registers"] > 0, seen
    return (f"built and run in {seen[0]['ms']:.0f} ms, from the cache in "
            f"{seen[1]['ms']:.1f} ms, {seen[1]['resources']}")


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


@test
def torch_tensors(uri):
    """Its tensors, views and streams are used as they are."""
    torch = torch_of(uri)
    tilesdk.set_device(uri)
    torch.cuda.set_device(int(uri.split(":")[-1]))
    device = tilesdk.device(uri)
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.int32,
                  torch.int64, torch.float64):
        for offset in (0, 1, 3):
            n = 10_001
            base = torch.randint(-50, 50, (2, n + 8), device="cuda").to(dtype)
            x, y = base[0, offset:offset + n], base[1, offset:offset + n]
            out = torch.empty_like(x)
            torch.cuda.synchronize()
            kernels.add[blocks(n)](x, y, out, n, BLOCK=BLOCK)
            torch.cuda.synchronize()
            assert torch.equal(out, x + y), (dtype, offset)
    # On its current stream, between its own operations and without waiting.
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        x = torch.zeros(1 << 20, device="cuda", dtype=torch.int32)
        native = device.wrap_stream(side.cuda_stream)
        for _ in range(50):
            x.add_(1)
            with tilesdk.using(device, native):
                kernels.increment[blocks(x.numel())](x, x.numel(), BLOCK=BLOCK)
        total = x.sum()
    side.synchronize()
    assert total.item() == 100 * (1 << 20), total.item()


@test
def torch_host_tensors(uri):
    torch = torch_of(uri)
    tilesdk.set_device(uri)
    x = torch.zeros(1024, dtype=torch.int32)

    def call(tensor):
        kernels.increment[(1,)](tensor, 1024, BLOCK=BLOCK)
        tilesdk.synchronize()

    # Pinned memory is the device's too.
    pinned = torch.zeros(1024, dtype=torch.int32).pin_memory()
    call(pinned)
    assert (pinned == 1).all()
    try:
        call(x)
    except tilesdk.InvalidArgumentError as error:
        assert "T0900" in str(error), error
        call(pinned)
        return str(error).splitlines()[1]
    assert (x == 1).all()
    return "the device reaches the memory of the process"


@test
def device_tensor_on_the_cpu_is_refused(uri):
    """The default device is the CPU: who forgets to choose is told."""
    torch_of(uri)
    code, output = child("""
import torch, tilesdk, kernels
x = torch.zeros(1024, device="cuda", dtype=torch.int32)

class Capsules:
    def __dlpack__(self, **more):
        return x.__dlpack__(**more)

for device in ("cpu", "sim:sm_80"):
    tilesdk.set_device(device)
    for argument in (x, Capsules()):
        try:
            kernels.increment[(1,)](argument, 1024, BLOCK=1024)
            print("launched")
        except tilesdk.InvalidArgumentError as error:
            print("REFUSED", " ".join(str(error).split()))
tilesdk.set_device(sys.argv[1])
kernels.increment[(1,)](x, 1024, BLOCK=1024)
torch.cuda.synchronize()
print(bool((x == 1).all()))
""", uri)
    lines = output.splitlines()
    refused = [line for line in lines if line.startswith("REFUSED")]
    assert code == 0 and lines[-1] == "True", f"{code}: {output}"
    assert len(refused) == 4 and all("T0900" in line and "`x`" in line
                                     for line in refused), output
    return refused[0][8:150]


@test
def arrays_of_other_frameworks(uri):
    """What CuPy and JAX offer: DLPack, on the device. Theirs where they are
    installed, PyTorch's memory behind that alone everywhere."""
    torch = torch_of(uri)
    tilesdk.set_device(uri)

    class Capsules:
        """Has nothing else."""

        def __init__(self, tensor):
            self.tensor = tensor

        def __dlpack__(self, **more):
            return self.tensor.__dlpack__(**more)

    n = 5_000
    base = torch.arange(n + 1, device="cuda", dtype=torch.int32)
    torch.cuda.synchronize()
    try:
        kernels.increment[blocks(n)](Capsules(base[1:]), n, BLOCK=BLOCK)
    except BaseException as error:
        raise AssertionError(f"DLPack of PyTorch: {error!r}, because of "
                             f"{error.__cause__!r}") from error
    torch.cuda.synchronize()
    assert torch.equal(base[1:], torch.arange(2, n + 2, device="cuda",
                                              dtype=torch.int32))
    assert base[0] == 0
    seen = ["DLPack"]
    try:
        import cupy
        x = cupy.zeros(n, cupy.int32)
        with cupy.cuda.Stream() as side:
            native = tilesdk.device(uri).wrap_stream(side.ptr)
            with tilesdk.using(tilesdk.device(uri), native):
                kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
            side.synchronize()
        assert (x == 1).all()
        seen.append("CuPy")
    except ImportError:
        pass
    return ", ".join(seen)


@test
def torch_memory_of_other_kinds(uri):
    """Memory that is mapped in pieces: PyTorch's expandable segments."""
    torch_of(uri)
    code, output = child("""
import torch, tilesdk, kernels
tilesdk.set_device(sys.argv[1])
x = torch.zeros(50_000_000, device="cuda", dtype=torch.int32)
for part in (x, x[1:], x[40_000_000:]):
    kernels.increment[(tilesdk.cdiv(part.numel(), 1024),)](
        part, part.numel(), BLOCK=1024)
torch.cuda.synchronize()
assert x[0] == 1 and x[1] == 2 and x[-1] == 3, x
print("done")
""", uri, env={"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"})
    assert code == 0 and output.splitlines()[-1] == "done", output


@test
def graph_capture(uri):
    """torch.cuda.graph around our launches; built before and in the capture."""
    torch = torch_of(uri)
    device = tilesdk.device(uri)
    x = torch.zeros(50_000, device="cuda", dtype=torch.int32)
    y = torch.zeros_like(x)
    n = x.numel()

    def launch():
        stream = device.wrap_stream(torch.cuda.current_stream().cuda_stream)
        with tilesdk.using(device, stream):
            kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
            # Not built before: builds and loads while the capture is on.
            kernels.scale[blocks(n)](x, y, n, BY=3, BLOCK=BLOCK)

    with tilesdk.using(device, device.wrap_stream(0)):
        kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        launch()
        x.add_(1)
        launch()
    assert int(x[0].item()) == 1, "the capture ran"
    for _ in range(10):
        graph.replay()
    torch.cuda.synchronize()
    assert (x == 31).all().item(), x[:4].tolist()
    assert (y == 93).all().item(), y[:4].tolist()
    # The graph holds the code after the kernels are gone.
    gc.collect()
    graph.replay()
    torch.cuda.synchronize()
    assert (x == 34).all().item()


@test
def graph_cannot_allocate(uri):
    """The reason is said, and the capture goes on or ends by itself."""
    torch = torch_of(uri)
    device = tilesdk.device(uri)
    x = torch.ones(64, device="cuda")
    native = None

    def launch():
        with tilesdk.using(device, native):
            kernels.must_be_positive[(1,)](x, 64, BLOCK=64, debug=True)

    graph = torch.cuda.CUDAGraph()
    text = ""
    try:
        with torch.cuda.graph(graph):
            native = device.wrap_stream(torch.cuda.current_stream().cuda_stream)
            try:
                launch()
            except tilesdk.Error as error:
                text = str(error)
    except RuntimeError as error:  # torch: the capture is void
        text = text or str(error)
    assert "captur" in text, text or "no error"
    # After one launch outside it needs nothing more.
    torch.cuda.synchronize()
    native = device.wrap_stream(0)
    launch()
    native.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        native = device.wrap_stream(torch.cuda.current_stream().cuda_stream)
        launch()
    before = float(x[0].item())
    graph.replay()
    torch.cuda.synchronize()
    assert float(x[0].item()) == before + 1
    return text[:160]


@test
def graph_on_many_threads(uri):
    """Others build and launch while one thread captures."""
    torch = torch_of(uri)
    device = tilesdk.device(uri)
    x = torch.zeros(4096, device="cuda", dtype=torch.int32)
    torch.cuda.synchronize()
    stop, wrong = threading.Event(), []
    n = 2048

    def others():
        try:
            stream = device.stream()
            by = 1000
            while not stop.is_set():
                by += 1
                a = Place(device, stream, np.arange(n, dtype=np.int32))
                out = Place(device, stream, np.zeros(n, np.int32))
                with tilesdk.using(device, stream):
                    kernels.scale[blocks(n)](a, out, n, BY=by, BLOCK=BLOCK)
                if not (out.fetch() == np.arange(n) * by).all():
                    wrong.append(by)
        except Exception as error:
            wrong.append(str(error))

    thread = threading.Thread(target=others)
    thread.start()
    try:
        for _ in range(5):
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                stream = device.wrap_stream(
                    torch.cuda.current_stream().cuda_stream)
                with tilesdk.using(device, stream):
                    for _ in range(10):
                        kernels.increment[(4,)](x, 4096, BLOCK=BLOCK)
            graph.replay()
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join()
    torch.cuda.synchronize()
    assert not wrong, wrong[:3]
    assert (x == 50).all().item(), x[:4].tolist()
