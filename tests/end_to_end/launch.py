"""Launches a case of the table through the Python binding."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools

import numpy as np
import tilesdk
from tilesdk import language as tl

from host_arrays import DevicePointer
from table import KERNELS, Array, Bound, Const, Function, Pointers

DTYPES = {
    "i1": tl.int1, "i8": tl.int8, "i16": tl.int16, "i32": tl.int32,
    "i64": tl.int64, "u8": tl.uint8, "u16": tl.uint16, "u32": tl.uint32,
    "u64": tl.uint64, "f16": tl.float16, "bf16": tl.bfloat16,
    "f32": tl.float32, "f64": tl.float64, "f8e4m3": tl.float8e4nv,
    "f8e5m2": tl.float8e5, "f8e4m3fnuz": tl.float8e4b8,
    "f8e5m2fnuz": tl.float8e5b16,
}
# NumPy has no such types: a view names them.
REINTERPRETED = ("bf16", "f8e4m3", "f8e5m2", "f8e4m3fnuz", "f8e5m2fnuz")
# Devices that work on host memory.
HOST_MEMORY = ("cpu", "sim")


@functools.lru_cache(maxsize=None)
def program(file):
    path = KERNELS / file
    return tilesdk.Program(path.read_text(), str(path))


@functools.lru_cache(maxsize=None)
def kernel(file, name):
    return program(file).kernel(name)


class _Named:
    """A function of the kernel's module as a constexpr."""

    def __init__(self, name):
        self._tilesdk_signature_ = name


class _HostPlace:
    """The memory of a case where it is."""

    def __init__(self, memory):
        self.memory = memory

    def pointer(self, dtype):
        array = self.memory.array
        return tilesdk.reinterpret(array, DTYPES[dtype]) \
            if dtype in REINTERPRETED else array

    def fetch(self):
        pass


class _DevicePlace:
    """A copy on the device, guard zones included."""

    def __init__(self, memory, device, stream):
        self.memory, self.stream = memory, stream
        # As far from an aligned address as the array on the host.
        self.buffer = device.alloc(memory.raw.nbytes)
        stream.copy(self.buffer.ptr, memory.raw, memory.raw.nbytes)

    def address(self):
        return self.buffer.ptr + (self.memory.array.ctypes.data -
                                  self.memory.raw.ctypes.data)

    def pointer(self, dtype):
        return DevicePointer(self.address(), DTYPES[dtype])

    def fetch(self):
        rows = getattr(self.memory, "device_rows", None)
        if rows is not None:
            rows.fetch()
        self.stream.copy(self.memory.raw, self.buffer.ptr,
                         self.memory.raw.nbytes)
        self.stream.synchronize()


def place(memory, device, stream):
    if device.uri.startswith(HOST_MEMORY):
        return _HostPlace(memory)
    rows = getattr(memory, "rows", None)
    if rows is not None:
        # A table of pointers: its rows live on the device too.
        memory.device_rows = _DevicePlace(rows, device, stream)
        moved = memory.device_rows.address() - rows.array.ctypes.data
        memory.array += np.int64(moved)
        memory.before = memory.raw.copy()
    return _DevicePlace(memory, device, stream)


def arguments(bound, places):
    args = []
    for name, spec in bound.case.args.items():
        if isinstance(spec, Pointers):
            args.append(places[name].pointer("i64"))
        elif isinstance(spec, Array):
            arg = places[name].pointer(spec.dtype)
            if spec.block:
                array = bound.memory[name].array
                arg = tilesdk.TensorDescriptor(
                    arg, array.shape,
                    [step // array.itemsize for step in array.strides],
                    spec.block, spec.padding)
            args.append(arg)
        elif isinstance(spec, Const):
            args.append(spec.value)
        elif isinstance(spec, Function):
            args.append(_Named(spec.name))
        else:
            args.append(spec)
    return args


def run(case, override=False, **options):
    """Launches the case and compares its outputs with the oracle. `options` are
    further build options of every launch. What the kernel says itself stays, and
    what the case says unless `override`."""
    bound = Bound(case)
    own = {} if override else case.options
    options = {**case.options,
               **{name: value for name, value in options.items()
                  if name not in case.args and name not in own}}
    device = tilesdk.current_device()
    stream = device.wrap_stream(0)
    places = {name: place(memory, device, stream)
              for name, memory in bound.memory.items()}
    kernel(case.file, case.function)[case.grid](*arguments(bound, places),
                                                **options)
    for where in places.values():
        where.fetch()
    bound.check()
    return bound
