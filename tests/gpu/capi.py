"""The part of the C API that Python has no words for: variants built for other
targets, launches with attributes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import glob
import pathlib

import tilesdk

P, U32, U64, SIZE = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64,
                     ctypes.c_size_t)


class Str(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", SIZE)]


class Bytes(ctypes.Structure):
    _fields_ = [("data", P), ("size", SIZE)]


HEADER = [("struct_size", U32), ("reserved", U32), ("next", P)]


class ProgramDesc(ctypes.Structure):
    _fields_ = HEADER + [
        ("flags", U64), ("source", Str), ("filename", Str), ("first_line", U32),
        ("reserved1", U32), ("modules", P), ("num_modules", SIZE),
        ("module_stride", SIZE), ("captures", P), ("num_captures", SIZE)]


class VariantDesc(ctypes.Structure):
    _fields_ = HEADER + [
        ("flags", U64), ("signature", Str), ("target", Str), ("device", P),
        ("options", P), ("num_options", SIZE), ("link_bitcode", P),
        ("num_link_bitcode", SIZE), ("keep_stages", Str), ("stop_stage", Str),
        ("resume_stage", Str), ("resume_ir", Bytes), ("timeout_ns", U64),
        ("cancel", P)]


class Attr(ctypes.Structure):
    _fields_ = [("id", U32), ("flags", U32), ("v", U64 * 7)]


class LaunchDesc(ctypes.Structure):
    _fields_ = HEADER + [
        ("grid", U32 * 3), ("num_attrs", U32), ("attrs", P), ("stream", P),
        ("native_stream", U64), ("options", P), ("num_options", SIZE)]


def _library():
    """The one the Python package uses: mapped already."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            if "libtilesdk.so" in line:
                return ctypes.CDLL(line.split()[-1])
    folder = pathlib.Path(tilesdk.__file__).parents[2]
    return ctypes.CDLL(glob.glob(str(folder / "lib" / "libtilesdk.so.0"))[0])


class Failed(Exception):
    pass


class Api:
    """One context, its own program, everything kept until the process ends."""

    def __init__(self):
        self.library = _library()
        self.library.tsdk_error_message.restype = Str
        for name in ("tsdk_context_create", "tsdk_device_open",
                     "tsdk_program_create", "tsdk_kernel_get",
                     "tsdk_variant_build", "tsdk_variant_launch",
                     "tsdk_device_sync", "tsdk_stream_sync"):
            function = getattr(self.library, name, None)
            if function is not None:
                function.restype = P
        self.context = self._make("tsdk_context_create", None)

    def _check(self, error):
        if error:
            text = self.library.tsdk_error_message(P(error))
            message = ctypes.string_at(text.data, text.size).decode() \
                if text.data else "?"
            raise Failed(message)

    def _make(self, name, *args):
        out = P()
        self._check(getattr(self.library, name)(*args, ctypes.byref(out)))
        return out

    @staticmethod
    def text(value):
        data = value.encode()
        return Str(data, len(data))

    def device(self, uri):
        return self._make("tsdk_device_open", self.context, self.text(uri))

    def kernel(self, source, name):
        desc = ProgramDesc(struct_size=ctypes.sizeof(ProgramDesc),
                           source=self.text(source))
        program = P()
        self._check(self.library.tsdk_program_create(
            self.context, ctypes.byref(desc), ctypes.byref(program), None))
        return self._make("tsdk_kernel_get", program, self.text(name))

    def build(self, kernel, signature, target):
        desc = VariantDesc(struct_size=ctypes.sizeof(VariantDesc),
                           signature=self.text(signature),
                           target=self.text(target))
        return self._make("tsdk_variant_build", kernel, ctypes.byref(desc))

    def launch(self, variant, device, grid, values, attrs=()):
        """`values` are ctypes numbers; attrs are (id, flags, numbers)."""
        desc = LaunchDesc(struct_size=ctypes.sizeof(LaunchDesc))
        desc.grid[:] = grid
        rows = (Attr * max(len(attrs), 1))()
        for row, (number, flags, words) in zip(rows, attrs):
            row.id, row.flags = number, flags
            row.v[:len(words)] = words
        desc.num_attrs = len(attrs)
        desc.attrs = ctypes.cast(rows, P)
        params = (P * len(values))(*(ctypes.addressof(v) for v in values))
        self._check(self.library.tsdk_variant_launch(
            variant, device, ctypes.byref(desc), params, SIZE(len(values))))
