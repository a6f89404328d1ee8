"""Arrays of samples where a device wants them: NumPy's own on the CPU and the
simulator, copies in device memory elsewhere. No framework is needed."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import tilesdk
from tilesdk import language as tl

_TYPES = {"float16": tl.float16, "float32": tl.float32, "int32": tl.int32,
          "int64": tl.int64}


class DeviceArray:
    """A copy of a NumPy array on the current device. Kernels take any object
    with `data_ptr()` and `dtype`."""

    def __init__(self, array):
        device = tilesdk.current_device()
        self.stream = device.wrap_stream(0)
        self.host = np.ascontiguousarray(array)
        self.dtype = _TYPES[self.host.dtype.name]
        self.buffer = device.alloc(self.host.nbytes)
        self.stream.copy(self.buffer.ptr, self.host, self.host.nbytes)

    def data_ptr(self):
        return self.buffer.ptr

    def numpy(self):
        """What is on the device now, after the work before it."""
        self.stream.copy(self.host, self.buffer.ptr, self.host.nbytes)
        self.stream.synchronize()
        return self.host


class HostArray:
    """The same on a device that reaches the memory of the process."""

    def __init__(self, array):
        self.host = np.ascontiguousarray(array)
        self.dtype = _TYPES[self.host.dtype.name]

    def data_ptr(self):
        return self.host.ctypes.data

    def numpy(self):
        tilesdk.synchronize()
        return self.host


def place(array):
    """The array where kernels of the current device read and write it."""
    is_host = tilesdk.current_device().uri.startswith(("cpu", "sim"))
    return (HostArray if is_host else DeviceArray)(array)
