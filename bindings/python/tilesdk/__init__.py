"""Tile kernels in the Triton language: compile and launch.

    import numpy as np, tilesdk, tilesdk.language as tl

    @tilesdk.jit
    def add(x, y, out, n, BLOCK: tl.constexpr):
        i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)

    add[(tilesdk.cdiv(n, 1024),)](x, y, out, n, BLOCK=1024)

Importing starts no driver and no thread and writes nothing.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from . import _tilesdk, language
from ._tilesdk import (Buffer, CompilationError, Context, Device,
                       DeviceAssertError, DriverError, Error, Event,
                       InternalError, InvalidArgumentError, KernelFaultError,
                       NotFoundError,
                       OutOfResources, PluginError, Stream, UnavailableError,
                       UnsupportedError)
from ._tilesdk import version as __version__
from .jit import JITFunction, jit
from .program import CompiledKernel, Kernel, Program, program_from_ir
from .runtime import (context, current_device, device, reinterpret, set_device,
                      synchronize, Tensor, using)
from .tensor_descriptor import TensorDescriptor

__all__ = [
    "Buffer", "CompilationError", "CompiledKernel", "Context", "Device",
    "DeviceAssertError", "DriverError", "Error", "Event", "InternalError",
    "InvalidArgumentError", "JITFunction", "Kernel", "KernelFaultError", "NotFoundError",
    "OutOfResources", "PluginError", "Program", "Stream", "Tensor",
    "TensorDescriptor",
    "UnavailableError", "UnsupportedError", "cdiv", "context",
    "current_device", "device", "jit", "language", "next_power_of_2",
    "program_from_ir", "reinterpret", "set_device", "synchronize", "using",
]


def cdiv(x, y):
    """x / y rounded up, for positive integers."""
    return -(-x // y)


def next_power_of_2(n):
    """The smallest power of two that is not below n."""
    return 1 << max(0, n - 1).bit_length()
