"""@tilesdk.jit: source text, captured names, launches, errors."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import threading

import numpy as np
import pytest

import helper_module
import tilesdk
import tilesdk.language as tl
from helper_module import twice_times as imported

OFFSET = tl.constexpr(3)
alias = tl.exp


@tilesdk.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)


@tilesdk.jit
def _square(x):
    return x * x


@tilesdk.jit
def captured(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    tl.store(out + i, _square(v) + OFFSET)


@tilesdk.jit
def across_modules(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    tl.store(out + i, imported(v) + helper_module.times_factor(v))


@tilesdk.jit
def aliased(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, alias(tl.load(x + i)))


@tilesdk.jit
def apply(x, out, FN: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, FN(tl.load(x + i)))


@tilesdk.jit
def defaults(out, value=5, MODE: tl.constexpr = "plus"):
    if MODE == "plus":
        tl.store(out, value + 1)
    else:
        tl.store(out, value - 1)


@tilesdk.jit
def fill(out, value, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, value, i < n)


@tilesdk.jit
def wrong(x, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(x + i, undefined_name)


PLAIN = 4


@tilesdk.jit
def plain_global(out):
    tl.store(out, PLAIN)


def arrays(n=1000, dtype=np.float32):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(n).astype(dtype)
    y = rng.standard_normal(n).astype(dtype)
    return x, y, np.full(n, -1, dtype)


def test_launch():
    x, y, out = arrays()
    add[(4,)](x, y, out, 1000, BLOCK=256)
    np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize("grid", [4, (4,), [4], (4, 1), (4, 1, 1),
                                  (np.int64(4),)])
def test_grids(grid):
    x, y, out = arrays()
    add[grid](x, y, out, 1000, BLOCK=256)
    np.testing.assert_array_equal(out, x + y)


def test_callable_grid_sees_all_arguments():
    x, y, out = arrays()
    seen = {}

    def grid(meta):
        seen.update(meta)
        return (tilesdk.cdiv(meta["n"], meta["BLOCK"]),)
    add[grid](x, y, out, n=1000, BLOCK=128)
    assert seen["n"] == 1000 and seen["BLOCK"] == 128 and seen["x"] is x
    np.testing.assert_array_equal(out, x + y)


def test_positional_constexpr_and_build_option():
    x, y, out = arrays()
    add[(4,)](x, y, out, 1000, 256, num_warps=8)
    np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64,
                                   np.uint8, np.uint32, np.float16,
                                   np.float32, np.float64])
def test_element_types(dtype):
    x = np.arange(100).astype(dtype)
    out = np.zeros(100, dtype)
    add[(1,)](x, x, out, 100, BLOCK=128)
    np.testing.assert_array_equal(out, x + x)


def test_negative_strides_start_at_the_first_element():
    x = np.arange(100, dtype=np.float32)
    out = np.zeros(1, np.float32)
    add[(1,)](x[::-1], x[::-1], out, 1, BLOCK=1)
    assert out[0] == 198


def test_reinterpret():
    x = np.array([0x3F80, 0x4000], np.uint16)  # 1.0, 2.0 in bfloat16
    out = np.zeros(2, np.float32)
    add[(1,)](tilesdk.reinterpret(x, tl.bfloat16),
              tilesdk.reinterpret(x, tl.bfloat16), out, 2, BLOCK=2)
    np.testing.assert_array_equal(out, [2, 4])


class Dlpack:
    """An object that offers DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Interface:
    """An object that offers __array_interface__ and nothing else."""

    def __init__(self, array):
        self.array = array

    @property
    def __array_interface__(self):
        return self.array.__array_interface__


class DataPtr:
    """An object with data_ptr() and dtype, as torch's tensors."""

    def __init__(self, array):
        self.array = array
        self.dtype = f"torch.{array.dtype}"

    def data_ptr(self):
        return self.array.ctypes.data


@pytest.mark.parametrize("wrap", [Dlpack, Interface, DataPtr, memoryview])
def test_array_protocols(wrap):
    x, y, out = arrays()
    add[(4,)](wrap(x), wrap(y), wrap(out), 1000, BLOCK=256)
    tilesdk.synchronize()
    np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize("value", [3, -7, 2**40, 1, 16, 0, np.int32(5),
                                   np.int64(-9), np.float32(1.5), 0.25, True])
def test_scalars(value):
    out = np.zeros(8, np.float64)
    fill[(1,)](out, value, 8, BLOCK=8)
    np.testing.assert_array_equal(out, float(value))


def test_captured_names():
    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    captured[(1,)](x, out, BLOCK=16)
    np.testing.assert_array_equal(out, x * x + 3)


def test_helpers_of_other_modules():
    x = np.arange(16, dtype=np.int32)
    out = np.zeros_like(x)
    across_modules[(1,)](x, out, BLOCK=16)
    np.testing.assert_array_equal(out, x * 21)


def test_alias_of_a_builtin():
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    out = np.zeros_like(x)
    aliased[(1,)](x, out, BLOCK=16)
    np.testing.assert_allclose(out, np.exp(x), rtol=1e-5)


def test_function_as_argument():
    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    apply[(1,)](x, out, _square, BLOCK=16)
    np.testing.assert_array_equal(out, x * x)


@pytest.mark.parametrize("factor", [2, 5])
def test_closure(factor):
    captured_factor = tl.constexpr(factor)

    @tilesdk.jit
    def scale(x, out, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        tl.store(out + i, tl.load(x + i) * captured_factor)

    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    scale[(1,)](x, out, BLOCK=16)
    np.testing.assert_array_equal(out, x * factor)


def test_defaults():
    out = np.zeros(1, np.int32)
    defaults[(1,)](out)
    assert out[0] == 6
    defaults[(1,)](out, 10, MODE="minus")
    assert out[0] == 9


def test_none_is_an_argument():
    @tilesdk.jit
    def maybe(x, bias, out, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        v = tl.load(x + i)
        if bias is not None:
            v += tl.load(bias + i)
        tl.store(out + i, v)
    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    maybe[(1,)](x, None, out, BLOCK=16)
    np.testing.assert_array_equal(out, x)
    maybe[(1,)](x, x, out, BLOCK=16)
    np.testing.assert_array_equal(out, 2 * x)


def test_compilation_error_points_at_the_source():
    with pytest.raises(tilesdk.CompilationError) as caught:
        wrong[(1,)](np.zeros(16, np.float32), BLOCK=16)
    error = caught.value
    assert "undefined_name" in str(error) and "test_jit.py" in str(error)
    assert error.code_name == "SOURCE"
    assert str(error).count("error[T") == 1  # Rendered, and once.
    first = error.diagnostics[0]
    with open(__file__) as file:
        line = file.read().split("\n")[first["line"] - 1]
    assert line[first["column"] - 1:].startswith("undefined_name")
    assert first["severity"] == "error" and first["code"].startswith("T")


def test_plain_globals_are_refused_as_the_language_does():
    with pytest.raises(tilesdk.CompilationError, match="PLAIN") as caught:
        plain_global[(1,)](np.zeros(1, np.int32))
    assert "tl.constexpr" in str(caught.value)


def test_wrong_calls():
    x, y, out = arrays()
    with pytest.raises(TypeError, match="kernel"):
        add(x, y, out, 1000)
    with pytest.raises(TypeError, match="two values"):
        add[(1,)](x, y, out, 1000, n=3, BLOCK=16)
    with pytest.raises(TypeError, match="takes 5 arguments"):
        add[(1,)](x, y, out, 1000, 16, 17)
    with pytest.raises(TypeError, match="cannot be an argument"):
        add[(1,)](object(), y, out, 1000, BLOCK=16)
    with pytest.raises(TypeError, match="grid"):
        add["4"](x, y, out, 1000, BLOCK=16)
    with pytest.raises(ValueError):
        add[(-1,)](x, y, out, 1000, BLOCK=16)
    with pytest.raises(tilesdk.InvalidArgumentError):
        add[(0,)](x, y, out, 1000, BLOCK=16)
    with pytest.raises(tilesdk.Error, match="num_warpz"):
        add[(1,)](x, y, out, 1000, BLOCK=16, num_warpz=4)
    with pytest.raises(OverflowError):
        add[(1,)](x, y, out, 2**70, BLOCK=16)
    with pytest.raises(tilesdk.Error, match="y"):
        add[(1,)](x, out=out, n=1000, BLOCK=16)
    with pytest.raises(tilesdk.Error):
        add[(1,)](x, y, out, 1000)  # BLOCK is missing.


def test_warmup_and_artifacts():
    x, y, out = arrays()
    compiled = add.warmup(x, y, out, 1000, BLOCK=256, grid=(4,))
    assert "tile.load" in compiled.asm["tile"]
    assert "define" in compiled.asm["llvm"]
    assert ".text" in compiled.asm["asm"]
    assert compiled.asm["object"][:4] == b"\x7fELF"
    assert compiled.metadata and compiled.info["kernel"] == "add"
    with pytest.raises(KeyError, match="no stage"):
        compiled.asm["ptx"]
    assert (out == -1).all()


def test_build_for_a_signature():
    compiled = add.build("*f32:16,*f32:16,*f32:16,i32,128", target="cpu",
                         keep_stages="tile")
    assert "128xf32" in compiled.asm["tile"]


def test_registers_and_stages_of_a_gpu():
    compiled = add.build("*f32:16,*f32:16,*f32:16,i32,256", target="gfx942")
    assert 0 < compiled.n_regs <= 512 and compiled.n_spills == 0
    assert "simt" in list(compiled.asm)
    assert "#simt.layout" in compiled.asm["simt"]
    of_host = add.build("*f32:16,*f32:16,*f32:16,i32,256", target="cpu")
    assert of_host.n_regs is None and of_host.n_spills is None
    assert list(of_host.asm) == ["tile", "tile-opt", "llvm", "asm", "object"]
    assert all(of_host.asm.values())


def test_streams_are_asynchronous_and_ordered():
    device = tilesdk.device("cpu")
    stream = device.stream()
    x, y, out = arrays()
    later = np.zeros_like(out)
    with tilesdk.using(device, stream):
        add[(4,)](x, y, out, 1000, BLOCK=256)
        add[(4,)](out, y, later, 1000, BLOCK=256)
    stream.synchronize()
    np.testing.assert_array_equal(later, (x + y) + y)


def test_buffers():
    device = tilesdk.device("cpu")
    stream = device.stream()
    x, y, out = arrays()
    buffer = device.alloc(x.nbytes)
    assert buffer.nbytes == x.nbytes and buffer.ptr % 64 == 0
    stream.copy(buffer, x, x.nbytes)
    with tilesdk.using(device, stream):
        add[(4,)](tilesdk.reinterpret(buffer, tl.float32), y, out, 1000,
                  BLOCK=256)
    stream.synchronize()
    np.testing.assert_array_equal(out, x + y)


def test_events():
    device = tilesdk.device("cpu")
    stream = device.stream()
    before, after = device.event(), device.event()
    x, y, out = arrays()
    before.record(stream)
    with tilesdk.using(device, stream):
        add[(4,)](x, y, out, 1000, BLOCK=256)
    after.record(stream)
    after.synchronize()
    assert before.elapsed_ns(after) > 0


def test_threads_share_a_kernel():
    errors = []

    @tilesdk.jit
    def shared(x, out, n, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        tl.store(out + i, tl.load(x + i, i < n) * 3, i < n)

    def work(size):
        try:
            x = np.arange(size, dtype=np.float32)
            for _ in range(20):
                out = np.zeros_like(x)
                shared[(1,)](x, out, size, BLOCK=128)
                np.testing.assert_array_equal(out, x * 3)
        except BaseException as error:
            errors.append(error)
    threads = [threading.Thread(target=work, args=(17 + i,))
               for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_tensor_descriptor():
    @tilesdk.jit
    def negate(x, out):
        out.store([0, 0], -x.load([0, 0]))

    x = np.arange(24, dtype=np.float32).reshape(4, 6)
    out = np.zeros((4, 6), np.float32)
    described = [tilesdk.TensorDescriptor.from_tensor(a, (4, 8))
                 for a in (x, out)]
    negate[(1,)](*described)
    np.testing.assert_array_equal(out, -x)
    # A transposed array has no last stride of 1.
    with pytest.raises(ValueError, match="last stride must be 1, found 6"):
        tilesdk.TensorDescriptor.from_tensor(x.T, (8, 4))
    with pytest.raises(ValueError, match="found 1, 2 and 2"):
        tilesdk.TensorDescriptor(x, (4,), (6, 1), (4, 8))
    # The kernel's own limit: a row of the block has at least 16 bytes.
    with pytest.raises(tilesdk.CompilationError, match="at least 16 bytes"):
        negate[(1,)](*(tilesdk.TensorDescriptor.from_tensor(a, (4, 2))
                       for a in (x, out)))


class _Tensor:
    """What PyTorch's tensors say of themselves."""

    def __init__(self, array, is_cpu):
        self.array, self.is_cpu = array, is_cpu
        self.dtype = tl.float32

    def data_ptr(self):
        return self.array.ctypes.data


class _Managed(ctypes.Structure):
    """DLPack's DLManagedTensor."""
    _fields_ = [("data", ctypes.c_void_p), ("device", ctypes.c_int32),
                ("ordinal", ctypes.c_int32), ("ndim", ctypes.c_int32),
                ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.c_void_p),
                ("strides", ctypes.c_void_p), ("offset", ctypes.c_uint64),
                ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class _Capsule:
    """An array that DLPack says is on a device of a number."""
    name = b"dltensor"

    def __init__(self, array, device):
        self.array = array
        self.shape = (ctypes.c_int64 * 1)(array.size)
        self.managed = _Managed(array.ctypes.data, device, 0, 1, 2, 32, 1,
                                ctypes.addressof(self.shape), None, 0, None,
                                None)

    def __dlpack__(self, **_):
        make = ctypes.pythonapi.PyCapsule_New
        make.restype = ctypes.py_object
        make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return make(ctypes.addressof(self.managed), self.name, None)


@pytest.mark.parametrize("make, there, here", [
    (_Tensor, False, True),
    (_Capsule, 2, 1), (_Capsule, 10, 3),  # CUDA and CPU, ROCm and pinned
])
def test_memory_of_a_gpu_is_no_argument_of_the_cpu(make, there, here):
    x = np.arange(8, dtype=np.float32)
    out = np.zeros(8, np.float32)
    with pytest.raises(tilesdk.InvalidArgumentError) as caught:
        captured[(1,)](make(x, there), out, 8)
    text = str(caught.value)
    assert "error[T0900]: parameter `x` points to memory that device cpu:0 " \
        "does not reach" in text and "set_device" in text, text
    with pytest.raises(tilesdk.InvalidArgumentError, match="parameter `out`"):
        captured[(1,)](x, out=make(out, there), BLOCK=8)
    assert (out == 0).all()
    captured[(1,)](make(x, here), out, 8)
    tilesdk.synchronize()
    assert (out == x * x + 3).all()
    if make is _Capsule:
        class Versioned(_Capsule):
            name = b"dltensor_versioned"

        with pytest.raises(TypeError, match="no capsule named `dltensor`"):
            captured[(1,)](Versioned(x, here), out, 8)
    # A variant is built from types alone.
    assert captured.warmup(make(x, there), out, 8).metadata["kernel"]


class _View(ctypes.Structure):
    """DLPack's DLTensor."""
    _fields_ = _Managed._fields_[:-2]


_Fill = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(_View))


class _Table(ctypes.Structure):
    """DLPack's DLPackExchangeAPI."""
    _fields_ = [("major", ctypes.c_uint32), ("minor", ctypes.c_uint32),
                ("former", ctypes.c_void_p), ("allocate", ctypes.c_void_p),
                ("give", ctypes.c_void_p), ("take", ctypes.c_void_p),
                ("view", _Fill), ("stream", ctypes.c_void_p)]


def _exchange(major=1):
    """A tensor type with a table, that counts how it was asked."""
    asked = {"view": 0, "data_ptr": 0}

    def view(tensor, out):
        asked["view"] += 1
        if tensor.refuses:
            return -1
        out[0].data = tensor.array.ctypes.data if tensor.has_memory else None
        out[0].offset = tensor.offset
        out[0].device = tensor.device
        out[0].code, out[0].bits, out[0].lanes = tensor.element
        return 0

    table = _Table(major, 3, None, None, None, None, _Fill(view), None)
    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

    class Tensor:
        __dlpack_c_exchange_api__ = make(ctypes.addressof(table),
                                         b"dlpack_exchange_api", None)
        kept = table  # It must stay.
        device, element, offset = 1, (2, 32, 1), 0
        refuses, has_memory, is_cpu = False, True, True

        def __init__(self, array, **more):
            self.array, self.dtype = array, tl.float32
            self.__dict__.update(more)

        def data_ptr(self):
            asked["data_ptr"] += 1
            return self.array.ctypes.data

    return Tensor, asked


def test_a_table_of_dlpack_is_asked_first():
    Tensor, asked = _exchange()
    x = np.arange(16, dtype=np.float32)
    out = np.zeros(8, np.float32)
    captured[(1,)](Tensor(x[:8], offset=32), out, 8)
    assert (out == x[8:] ** 2 + 3).all()
    assert asked == {"view": 1, "data_ptr": 0}
    # Written to memory of the host: the launch has ended.
    result = Tensor(np.zeros(8, np.float32))
    captured[(1,)](Tensor(x[:8]), result, 8)
    assert (result.array == x[:8] ** 2 + 3).all()
    assert asked["data_ptr"] == 0


@pytest.mark.parametrize("more", [{"refuses": True}, {"has_memory": False},
                                  {"element": (5, 64, 1)}])
def test_what_a_table_of_dlpack_does_not_say_is_asked_otherwise(more):
    Tensor, asked = _exchange()
    x = np.arange(8, dtype=np.float32)
    out = np.zeros(8, np.float32)
    captured[(1,)](Tensor(x, **more), out, 8)
    tilesdk.synchronize()
    assert (out == x * x + 3).all()
    assert asked == {"view": 1, "data_ptr": 1}


def test_whose_table_of_dlpack_is_taken():
    x = np.arange(8, dtype=np.float32)
    out = np.zeros(8, np.float32)

    def views(base, **members):
        Tensor, asked = base
        captured[(1,)](type("Derived", (Tensor,), members)(x), out, 8)
        tilesdk.synchronize()
        assert (out == x * x + 3).all()
        return asked["view"]

    assert views(_exchange()) == 1
    assert views(_exchange(major=2)) == 0, "of a version that nobody knows"
    assert views(_exchange(),
                 data_ptr=lambda self: self.array.ctypes.data) == 0
    assert views(_exchange(), __dlpack_c_exchange_api__="no capsule") == 0


def test_a_table_of_dlpack_says_whose_memory_it_is():
    Tensor, _ = _exchange()
    x = np.arange(8, dtype=np.float32)
    with pytest.raises(tilesdk.InvalidArgumentError, match="T0900"):
        captured[(1,)](Tensor(x, device=2), np.zeros(8, np.float32), 8)


def test_a_tensor_in_memory_of_the_host_is_complete_after_the_launch():
    x = np.arange(1 << 20, dtype=np.float32)
    for _ in range(8):
        out = np.zeros_like(x)
        add[(1 << 10,)](_Tensor(x, True), _Tensor(x, True),
                        _Tensor(out, True), 1 << 20, BLOCK=1 << 10)
        assert (out == x + x).all()


def test_an_array_of_a_gpu_that_has_a_buffer_is_taken_by_dlpack():
    class Array(bytearray):  # As CuPy's; theirs raises.
        __cuda_array_interface__ = None

        def __dlpack__(self, **_):
            return self.capsule.__dlpack__()

    x = Array(b"nothing")
    x.capsule = _Capsule(np.arange(8, dtype=np.float32), 1)
    out = np.zeros(8, np.float32)
    captured[(1,)](x, out, 8)
    tilesdk.synchronize()
    assert (out == np.arange(8) ** 2 + 3).all()


def test_the_reason_of_a_buffer_that_raises_is_kept():
    gone = memoryview(bytearray(32))
    gone.release()
    with pytest.raises(ValueError, match="released"):
        captured[(1,)](gone, np.zeros(8, np.float32), 8)
