"""Arrays and tensors of others as arguments: what they offer, whose memory it is.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes

import numpy as np
import pytest

import tilesdk
import tilesdk.language as tl
from test_jit import add, arrays, captured


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
