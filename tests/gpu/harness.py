"""What the tests of run.py are made of.

A test takes the device's URI, and returns a note or None; Skipped says that the
machine lacks what the test is about."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

import numpy as np
import tilesdk
from tilesdk import language as tl

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


def ordinal_of(uri):
    ordinal = uri.rpartition(":")[2]
    return int(ordinal) if ordinal.isdigit() else 0


def torch_of(uri):
    """PyTorch, whose current device is this one."""
    only_gpu(uri)
    try:
        import torch
    except ImportError as error:
        raise Skipped(f"no PyTorch: {error}") from error
    if not torch.cuda.is_available():
        raise Skipped("PyTorch sees no device")
    torch.cuda.set_device(ordinal_of(uri))
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
