"""Launches a case of the table through the Python binding."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools

import tilesdk
from tilesdk import language as tl

from table import KERNELS, Array, Bound, Const, Function, Pointers

DTYPES = {
    "bf16": tl.bfloat16, "f8e4m3": tl.float8e4nv, "f8e5m2": tl.float8e5,
    "f8e4m3fnuz": tl.float8e4b8, "f8e5m2fnuz": tl.float8e5b16,
}


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


def arguments(bound):
    args = []
    for name, spec in bound.case.args.items():
        if isinstance(spec, Pointers):
            args.append(bound.memory[name].array)
        elif isinstance(spec, Array):
            array = bound.memory[name].array
            dtype = DTYPES.get(spec.dtype)
            args.append(array if dtype is None else
                        tilesdk.reinterpret(array, dtype))
        elif isinstance(spec, Const):
            args.append(spec.value)
        elif isinstance(spec, Function):
            args.append(_Named(spec.name))
        else:
            args.append(spec)
    return args


def run(case):
    """Launches the case and compares its outputs with the oracle."""
    bound = Bound(case)
    kernel(case.file, case.function)[case.grid](*arguments(bound),
                                                **case.options)
    bound.check()
    return bound
