"""Arrays and streams of other frameworks."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import tilesdk

import kernels
from harness import BLOCK, blocks, child, ordinal_of, test, torch_of


@test
def torch_tensors(uri):
    """Its tensors, views and streams are used as they are."""
    torch = torch_of(uri)
    tilesdk.set_device(uri)
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
from harness import ordinal_of
torch.cuda.set_device(ordinal_of(sys.argv[1]))
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
        cupy.cuda.Device(ordinal_of(uri)).use()
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
from harness import ordinal_of
torch.cuda.set_device(ordinal_of(sys.argv[1]))
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
