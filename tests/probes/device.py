"""Runs a module of LLVM IR on a device, with NumPy arrays as arguments."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import os

import numpy as np

os.environ.setdefault("TILESDK_CACHE", "0")

import tilesdk
from tilesdk import _tilesdk
from tilesdk import language as tl
from tilesdk.program import _KernelBase


class _Pointer:
    """What a tensor of any framework offers."""

    def __init__(self, address):
        self._address, self.dtype = address, tl.uint8

    def data_ptr(self):
        return self._address


class IrKernel(_KernelBase):
    """A kernel of IR, whose parameters the caller knows."""

    def __init__(self, stage, text, name, parameters):
        program = _tilesdk.program_from_ir(tilesdk.context(), stage, text)
        self._bind(program, name, tuple(parameters),
                   (False,) * len(parameters), {})


class Target:
    """What a target says about itself."""

    def __init__(self, name):
        self.target = name
        self.facts = json.loads(tilesdk.context().target(name))
        self.simt = self.facts.get("simt")
        if not self.simt:
            raise SystemExit(f"{name} has no tables of rows")


class Device(Target):
    """A device of a target."""

    def __init__(self, uri):
        self.uri = uri
        self.device = tilesdk.device(uri)
        super().__init__(self.device.target)
        self.stream = self.device.wrap_stream(0)
        self.is_host = uri.startswith("sim")

    def twin(self):
        """The simulator's device of the same tables."""
        return None if self.is_host else Device("sim:" + self.target)

    def place(self, array):
        """A copy of a contiguous array on the device."""
        if self.is_host:
            return array
        buffer = self.device.alloc(max(array.nbytes, 16))
        self.stream.copy(buffer.ptr, array, array.nbytes)
        return buffer

    def argument(self, where):
        if self.is_host:
            return where.reshape(-1).view(np.uint8)
        return _Pointer(where.ptr)

    def fetch(self, array, where):
        if not self.is_host:
            self.stream.copy(array, where.ptr, array.nbytes)
            self.stream.synchronize()

    def launch(self, kernel, grid, arrays):
        """Runs the kernel; what it wrote is in the arrays afterwards."""
        places = [self.place(array) for array in arrays]
        with tilesdk.using(self.device):
            kernel[grid](*(self.argument(where) for where in places))
        for array, where in zip(arrays, places):
            self.fetch(array, where)


def module(device, name, pointers, body, declarations=(), threads=32,
           shared_bytes=0, types=None, maps=()):
    """The text of stage `llvm` of a kernel that takes `pointers`, of bytes
    unless `types` says otherwise; `body` finds them as %name in global memory,
    and maps of tensors as %map0 and so on."""
    types = {each: (types or {}).get(each, "u8") for each in pointers}
    codegen = device.facts["codegen"]
    warp = device.simt["warp_size"]
    lines = []
    if codegen["parameters"] == "array":
        header = f"define void @{name}(ptr %params)"
        for i, each in enumerate(pointers):
            lines += [f"%{each}.slot = getelementptr ptr, ptr %params, i64 {i}",
                      f"%{each}.at = load ptr, ptr %{each}.slot",
                      f"%{each} = load ptr addrspace(1), ptr %{each}.at"]
        for i in range(len(maps)):
            lines += [f"%map{i}.slot = getelementptr ptr, ptr %params, "
                      f"i64 {len(pointers) + i}",
                      f"%map{i} = load ptr, ptr %map{i}.slot"]
    else:
        given = [f"ptr addrspace(1) align 16 %{p}" for p in pointers]
        given += [f"ptr byval([128 x i8]) align 64 %map{i}"
                  for i in range(len(maps))]
        header = (f"define cc {codegen['calling_convention']} "
                  f"void @{name}({', '.join(given)})")
    metadata = {
        "schema": 1, "kernel": name, "symbol": name, "target": device.target,
        "artifact": codegen["artifact"], "diagnostics": [], "uses": [],
        "options": {"num_warps": str(threads // warp)},
        "params": [{"name": p, "type": "*" + types[p], "bytes": 8, "leaf": i,
                    "divisibility": 16} for i, p in enumerate(pointers)],
        "signature": ",".join(f"*{types[p]}:16" for p in pointers),
        "scratch_bytes": 0, "shared_bytes": shared_bytes, "threads": threads,
        "warps": threads // warp}
    if maps:
        metadata["maps"] = list(maps)
    quoted = json.dumps(metadata).replace("\\", "\\5C").replace('"', "\\22")
    text = "".join(f"declare {each} #0\n" for each in declarations)
    text += header + " {\n"
    text += "".join(f"  {line}\n" for line in lines + list(body))
    text += "  ret void\n}\n"
    text += "attributes #0 = { convergent nounwind }\n"
    text += '!tilesdk.metadata = !{!0}\n!0 = !{!"' + quoted + '"}\n'
    return text


def kernel(device, name, pointers, body, **kwargs):
    text = module(device, name, pointers, body, **kwargs)
    return IrKernel("llvm", text, name, pointers)
