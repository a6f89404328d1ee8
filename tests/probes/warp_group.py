"""Probes of matrix instructions that a group of warps issues and that read
operands from shared memory: every place of the operands, every format."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

import device as devices
from layout import Layout
from numbers_ import TYPES, encode
from probes import Probe

STEP = 32  # Bytes of one instruction's depth.


class Operand:
    """A tile in shared memory: `fast` runs along the rows of the format."""

    def __init__(self, fmt, bytes_, fast, slow, skip):
        self.fmt, self.bytes = fmt, bytes_
        self.start = skip * STEP
        self.stride = fmt["atom_rows"] * fmt["row_bytes"]
        self.leading = slow * fmt["row_bytes"]
        in_row = fmt["row_bytes"] // bytes_
        f = np.arange(fast)[None, :] + self.start // bytes_
        s = np.arange(slow)[:, None]
        at = (f // in_row * self.leading + f % in_row * bytes_ +
              s // fmt["atom_rows"] * self.stride +
              s % fmt["atom_rows"] * fmt["row_bytes"])
        row = at // fmt["row_bytes"] % fmt["atom_rows"]
        self.places = at ^ (row // fmt["row_shift"] % fmt["chunk_count"] * 16)
        blocks = -(-(fast + self.start // bytes_) // in_row)
        self.size = -(-blocks * self.leading // 1024) * 1024

    def write(self, image, first, values):
        """Values of [program][slow][fast] to the bytes of images."""
        raw = np.ascontiguousarray(values).view(np.uint8).reshape(
            *values.shape, self.bytes)
        places = first + self.places[..., None] + np.arange(self.bytes)
        image[:, places] = raw


class WarpGroupProbe(Probe):
    """One product of a warp group, dense small integers."""

    programs = 4
    axes = "(program, thread, register)"

    def __init__(self, device, row, width, fmt, in_registers=False,
                 left_transposed=False, right_transposed=False, skip=0):
        super().__init__(device, row, "matrix")
        self.width, self.fmt, self.skip = width, fmt, skip
        self.in_registers = in_registers
        self.left_transposed = left_transposed
        self.right_transposed = right_transposed
        self.layouts = ("left", "result") if in_registers else ("result",)
        self.threads = self.lanes * row["warps"]
        self.symbol = (f"tsdk.mma.{row['name']}.n{width}." +
                       ("rs" if in_registers else "ss") +
                       (".ta" if left_transposed else "") +
                       (".tb" if right_transposed else ""))
        self.name = (f"matrix {self.symbol[9:]} {fmt['name']}" +
                     (f" at step {skip}" if skip else ""))
        size = TYPES[row["left_type"]][0]
        m, k = row["m"], row["k"]
        self.left = Operand(fmt, size, *((m, k, 0) if left_transposed
                                         else (k, m, skip)))
        self.right = Operand(fmt, size, *((width, k, 0) if right_transposed
                                          else (k, width, skip)))
        self.right_at = 0 if in_registers else self.left.size
        self.shared = self.right_at + self.right.size

    def expect(self, row):
        m, k, n = row["m"], row["k"], self.width
        a = self.rng.integers(-2, 3, (self.programs, m, k))
        b = self.rng.integers(-2, 3, (self.programs, k, n))
        c = self.rng.integers(-100, 101, (self.programs, m, n))
        use = np.arange(self.programs, dtype=np.int32) % 2
        d = a @ b + c * use[:, None, None]
        image = self.rng.integers(0, 256, (self.programs, self.shared),
                                  dtype=np.uint8)
        left, right = (encode(v, row[t]) for v, t in
                       ((a, "left_type"), (b, "right_type")))
        if not self.in_registers:
            self.left.write(image, 0, left.transpose(0, 2, 1)
                            if self.left_transposed else left)
        self.right.write(image, self.right_at, right if self.right_transposed
                         else right.transpose(0, 2, 1))
        warps = row["warps"]
        held = left.reshape(self.programs, -1)[
            :, Layout(row["left"]).table(self.lanes, warps)]
        # The registers of the smallest width, again and again.
        table = Layout(row["result"]).table(self.lanes, warps)
        rows, columns = table // row["n"], table % row["n"]
        blocks = np.arange(n // row["n"])[:, None] * row["n"]
        index = (rows[:, None, :] * n + columns[:, None, :] +
                 blocks[None]).reshape(self.threads, -1)
        c, d = (encode(v, row["result_type"]).reshape(self.programs, -1)
                [:, index] for v in (c, d))
        return ([image, np.ascontiguousarray(held), np.ascontiguousarray(c),
                 use, np.zeros_like(d)], np.ascontiguousarray(d),
                self.programs)

    def build(self, device):
        row, threads = self.row, self.threads
        text = ["%pid = call i32 @tsdk.program_id.0()",
                "%lane = call i32 @tsdk.lane_id()",
                "%warp = call i32 @tsdk.warp_id()",
                "%base = call ptr addrspace(3) @tsdk.shared.base()",
                f"%w = mul i32 %warp, {self.lanes}",
                "%thread = add i32 %w, %lane",
                f"%p = mul i32 %pid, {threads}",
                "%place = add i32 %p, %thread",
                f"%skip = mul i32 %pid, {self.shared // 4}"]
        for i in range(self.shared // 4 // threads):
            text += [f"%i{i} = add i32 %thread, {i * threads}",
                     f"%g{i} = add i32 %i{i}, %skip",
                     f"%gp{i} = getelementptr i32, ptr addrspace(1) %image, "
                     f"i32 %g{i}",
                     f"%x{i} = load i32, ptr addrspace(1) %gp{i}",
                     f"%sp{i} = getelementptr i32, ptr addrspace(3) %base, "
                     f"i32 %i{i}",
                     f"store i32 %x{i}, ptr addrspace(3) %sp{i}"]
        text += ["call void @tsdk.fence.async()", "call void @tsdk.barrier()",
                 "%up = getelementptr i32, ptr addrspace(1) %use, i32 %pid",
                 "%u = load i32, ptr addrspace(1) %up",
                 "%using = icmp ne i32 %u, 0"]
        descriptor = f"i64 @tsdk.shared.descriptor.{self.fmt['name']}"
        declarations = [
            "i32 @tsdk.program_id.0()", "i32 @tsdk.lane_id()",
            "i32 @tsdk.warp_id()", "ptr addrspace(3) @tsdk.shared.base()",
            "void @tsdk.barrier()", "void @tsdk.fence.async()",
            "void @tsdk.mma.fence()", "void @tsdk.mma.commit()",
            "void @tsdk.mma.wait.0()",
            f"{descriptor}(ptr addrspace(3), i32, i32)"]

        def describe(name, operand, first):
            text.extend([
                f"%{name}.p = getelementptr i8, ptr addrspace(3) %base, "
                f"i32 {first + operand.start}",
                f"%{name} = call {descriptor}(ptr addrspace(3) %{name}.p, "
                f"i32 {operand.leading}, i32 {operand.stride})"])
        types = []
        bytes_, result, _ = TYPES[row["result_type"]]
        count = self.width * row["m"] // threads
        for i in range(count):
            text += [f"%o{i} = mul i32 %place, {count}",
                     f"%oo{i} = add i32 %o{i}, {i}",
                     f"%cp{i} = getelementptr {result}, ptr addrspace(1) %c, "
                     f"i32 %oo{i}",
                     f"%c{i} = load {result}, ptr addrspace(1) %cp{i}"]
            types.append(result)
        arguments = [f"{result} %c{i}" for i in range(count)]
        if self.in_registers:
            size, element, _ = TYPES[row["left_type"]]
            held = Layout(row["left"]).size("register")
            vector = f"<{held} x {element}>"
            text += [f"%ap = getelementptr [{held} x {element}], "
                     "ptr addrspace(1) %a, i32 %place",
                     f"%va = load {vector}, ptr addrspace(1) %ap, "
                     f"align {size}"]
            types.append(vector)
            arguments.append(f"{vector} %va")
        else:
            describe("left", self.left, 0)
            types.append("i64")
            arguments.append("i64 %left")
        describe("right", self.right, self.right_at)
        arguments += ["i64 %right", "i1 %using"]
        types += ["i64", "i1"]
        all_ = "{ " + ", ".join([result] * count) + " }"
        declarations.append(f"{all_} @{self.symbol}({', '.join(types)})")
        text += ["call void @tsdk.mma.fence()",
                 f"%d = call {all_} @{self.symbol}({', '.join(arguments)})",
                 "call void @tsdk.mma.commit()",
                 "call void @tsdk.mma.wait.0()"]
        for i in range(count):
            text += [f"%d{i} = extractvalue {all_} %d, {i}",
                     f"%dp{i} = getelementptr {result}, ptr addrspace(1) "
                     f"%out, i32 %oo{i}",
                     f"store {result} %d{i}, ptr addrspace(1) %dp{i}"]
        return devices.kernel(device, "probe",
                              ["image", "a", "c", "use", "out"], text,
                              threads=threads, declarations=declarations,
                              shared_bytes=self.shared)


def of(device, row):
    """The places, formats and widths of one row."""
    formats = device.simt["formats"]
    size = TYPES[row["left_type"]][0]
    step = row["n_step"] or row["n"]
    for width in sorted({row["n"], step * 3, 64, row["n_max"]}):
        yield WarpGroupProbe(device, row, width, formats[0])
    for fmt in formats:
        last = fmt["row_bytes"] // STEP - 1
        yield WarpGroupProbe(device, row, 64, fmt, skip=last)
        yield WarpGroupProbe(device, row, 64, fmt, in_registers=True)
        if size != 2:
            continue
        # Both 16-bit operands may be transposed.
        yield WarpGroupProbe(device, row, 64, fmt, left_transposed=True)
        yield WarpGroupProbe(device, row, 128, fmt, right_transposed=True)
        yield WarpGroupProbe(device, row, 128, fmt, in_registers=True,
                             right_transposed=True)
        yield WarpGroupProbe(device, row, 64, fmt, left_transposed=True,
                             right_transposed=True)
