"""The process's context, and which device and stream launches use."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import contextlib
import os
import threading

from . import _tilesdk

_lock = threading.Lock()
_context = None


def context():
    """The context that everything here uses; made on first use."""
    global _context
    with _lock:
        if _context is None:
            _context = _tilesdk.Context()
        return _context


def device(uri):
    """Opens a device: "cpu", "cpu:0"."""
    return context().device(uri)


def _target(where, stream=None):
    where = device(where) if isinstance(where, str) else where
    return (where, stream, where.wrap_stream(0))


def current_device():
    """The device that launches on this thread use."""
    return _tilesdk.get_target()[0]


def set_device(where):
    """Chooses the device of the process: a Device or a URI. The default is
    TILESDK_DEVICE, or "cpu"."""
    _tilesdk.set_target(_target(where))


@contextlib.contextmanager
def using(device=None, stream=None):
    """Launches of this thread inside the block go to this device and stream.
    With a stream they are asynchronous: arguments must stay alive, and their
    contents are known, only after stream.synchronize()."""
    where = current_device() if device is None else device
    former = _tilesdk.swap_thread_target(_target(where, stream))
    try:
        yield
    finally:
        _tilesdk.swap_thread_target(former)


def synchronize():
    """Waits for the default stream, or the one of the enclosing using()."""
    _, stream, default = _tilesdk.get_target()
    (stream or default).synchronize()


class Tensor:
    """An array together with an element type of our choice."""

    __slots__ = ("owner", "dtype", "_code")

    def __init__(self, owner, dtype):
        self.owner = owner
        self.dtype = dtype
        self._code = dtype.code


def reinterpret(array, dtype):
    """The same memory with another element type: bfloat16 in a NumPy array of
    uint16, for example. `dtype` is one of tilesdk.language."""
    return Tensor(array, dtype)


_tilesdk.set_tensor_type(Tensor)
_tilesdk.set_target_factory(
    lambda: _target(os.environ.get("TILESDK_DEVICE", "cpu")))
