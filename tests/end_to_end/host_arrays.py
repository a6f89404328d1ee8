"""Launches with NumPy arrays on any device: where it does not reach them, with
copies of all the memory that they are parts of, which are copied back."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import tilesdk
from tilesdk import language as tl

ALIGNMENT = 128  # A copy begins where its array does, seen from these.


class DevicePointer:
    """What a tensor of any framework offers."""

    def __init__(self, address, dtype):
        self._address, self.dtype = address, dtype

    def data_ptr(self):
        return self._address


def _whole(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class _Copies:
    def __init__(self, device):
        self.device, self.stream = device, device.wrap_stream(0)
        self.known = {}

    def of(self, whole):
        """Buffer and address of the copy."""
        key = whole.ctypes.data
        if key not in self.known:
            buffer = self.device.alloc(whole.nbytes + ALIGNMENT)
            address = buffer.ptr + (key - buffer.ptr) % ALIGNMENT
            self.stream.copy(address, whole, whole.nbytes)
            self.known[key] = buffer, address, whole
        return self.known[key][1]

    def place(self, argument):
        if isinstance(argument, tilesdk.TensorDescriptor):
            return argument._replace(base=self.place(argument.base))
        if not isinstance(argument, np.ndarray):
            return argument
        whole = _whole(argument)
        name = {"bool": "int1"}.get(argument.dtype.name, argument.dtype.name)
        return DevicePointer(self.of(whole) + argument.ctypes.data -
                             whole.ctypes.data, getattr(tl, name))

    def fetch(self):
        for _, address, whole in self.known.values():
            self.stream.copy(whole, address, whole.nbytes)
        self.stream.synchronize()


def launch(kernel, grid, arguments, options):
    """Returns when the arrays have what the kernel wrote. Gives the arguments
    as the kernel took them."""
    device = tilesdk.current_device()
    if device.uri.startswith(("cpu", "sim")):
        kernel[grid](*arguments, **options)
        tilesdk.synchronize()
        return arguments
    copies = _Copies(device)
    placed = tuple(copies.place(argument) for argument in arguments)
    kernel[grid](*placed, **options)
    copies.fetch()
    return placed
