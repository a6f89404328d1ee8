"""Probes of copies of boxes: every rank, swizzle and size of element, loads and
stores, at coordinates inside and outside of the tensor."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

import device as devices
from probes import IMAGE_FUNCTIONS, Probe, dump_body, fill_body, random_image

IMAGE = 8192
PLACE = 1024  # Of the box in the image: all formats are aligned there.
# Type and bytes of its elements. Boxes move bits: any will do.
TYPES = {"u8": 1, "f16": 2, "bf16": 2, "f32": 4, "u64": 8}
# The outer extents of boxes of each rank, innermost first.
OUTER = {1: (), 2: (13,), 3: (5, 4), 4: (3, 2, 3), 5: (2, 2, 3, 2)}


class BoxProbe(Probe):
    """One copy by one lane. All is innermost first but in the metadata."""

    axes = "(program, byte)"

    def __init__(self, device, row, rank, type_, fmt, is_store):
        super().__init__(device, row, "async")
        self.rank, self.type, self.fmt = rank, type_, fmt
        self.is_store, self.bytes = is_store, TYPES[type_]
        # A stored row is cut off by 16 bytes, which an H100 does and no manual
        # says: the rest of the tensor's last 16 bytes is written.
        self.cut_bytes = 16 if is_store else self.bytes
        way = "store" if is_store else "load"
        self.symbol = f"tsdk.box.{way}.{rank}"
        swizzle = fmt["name"] if fmt else "dense"
        self.name = f"async {row['name']}.{way} {rank}d {type_} {swizzle}"
        inner = (fmt["row_bytes"] if fmt else 48) // self.bytes
        self.box = (inner, *OUTER[rank])
        self.box_bytes = self.bytes * int(np.prod(self.box))
        # The last boxes lie across the end; rows are apart.
        self.shape = (2 * inner - 3, *(2 * n - 1 for n in OUTER[rank]))
        strides, step = [1], -(-self.shape[0] * self.bytes // 16) * 16 + 16
        for extent in self.shape[1:]:
            strides.append(step // self.bytes)
            step = step * extent + 16
        self.strides = tuple(strides)
        self.memory_bytes = -(-step // 64) * 64

    def coordinates(self):
        """Of each program's box. Stores do not meet each other."""
        inner, last = self.box[0], self.box[-1]
        zeros = [0] * self.rank
        at = [zeros, [inner, *zeros[1:]], list(self.shape)]
        # 16 bytes are the least step of the innermost coordinate.
        step = 16 // self.bytes
        at[2][0] = -(-self.shape[0] // step) * step
        if self.rank > 1:
            at += [[*zeros[:-1], last], [inner, *zeros[1:-1], last]]
        if not self.is_store:
            at += [[-step, *zeros[1:]], [-step] + [-1] * (self.rank - 1),
                   [-inner - step, *zeros[1:]]]
        return np.array(at, np.int32)

    def copies(self, coordinates):
        """For each element of the box: its byte in shared memory, its byte in
        global memory, and whether that is inside."""
        index = np.indices(self.box[::-1]).reshape(self.rank, -1)[::-1]
        at = index + coordinates[:, None]
        shape = np.array(self.shape)[:, None]
        step = self.cut_bytes // self.bytes
        shape[0] = -(-shape[0] // step) * step
        inside = ((at >= 0) & (at < shape)).all(axis=0)
        there = (at * np.array(self.strides)[:, None]).sum(axis=0) * self.bytes
        here = np.arange(index.shape[1]) * self.bytes
        if self.fmt:
            line = here // self.fmt["row_bytes"] % self.fmt["atom_rows"]
            here ^= (line // self.fmt["row_shift"] %
                     self.fmt["chunk_count"] * 16)
        return here + PLACE, there, inside

    def expect(self, row):
        coordinates = self.coordinates()
        programs = len(coordinates)
        image = random_image(self.rng, programs, IMAGE).view(np.uint8)
        memory = self.rng.integers(0, 256, self.memory_bytes, dtype=np.uint8)
        expected = memory[None].copy() if self.is_store else image.copy()
        for program in range(programs):
            here, there, inside = self.copies(coordinates[program])
            for b in range(self.bytes):
                if self.is_store:
                    expected[0, there[inside] + b] = \
                        image[program, here[inside] + b]
                    continue
                if row["zero_fill"]:
                    expected[program, here[~inside] + b] = 0
                expected[program, here[inside] + b] = memory[there[inside] + b]
        output = memory if self.is_store else np.zeros_like(expected)
        first = [image, coordinates]
        return ([*first, output] if self.is_store else
                [*first, memory, output], expected, programs)

    def finds(self, row):
        """Whether the copy is another than the row and the probe now say."""
        self.rng = np.random.default_rng(7)
        return self.run(self.device, row)[0] is not None

    def faults(self):
        row, fmt, cut = self.row, self.fmt, self.cut_bytes
        if self.is_store:
            self.cut_bytes = self.bytes
            if not self.finds(row):
                return "nobody noticed that rows are cut off by elements"
            self.cut_bytes = cut
        elif not self.finds(dict(row, zero_fill=0)):
            return "nobody noticed zero_fill 0"
        # Formats differ where a box has so many rows.
        wrong = {"chunk_count": fmt["chunk_count"] // 2,
                 "row_shift": fmt["row_shift"] * 2} \
            if fmt and self.rank > 1 else {}
        for field, value in wrong.items():
            self.fmt = dict(fmt, **{field: value})
            if not self.finds(row):
                return f"nobody noticed {field} {value}"
        self.fmt = fmt
        return None

    def build(self, device):
        given = ", ".join(f"i32 %c{d}" for d in range(self.rank))
        text = fill_body(self.lanes, IMAGE)
        for d in range(self.rank):
            text += [f"%r{d} = mul i32 %pid, {self.rank}",
                     f"%n{d} = add i32 %r{d}, {d}",
                     f"%cp{d} = getelementptr i32, ptr addrspace(1) "
                     f"%coordinates, i32 %n{d}",
                     f"%c{d} = load i32, ptr addrspace(1) %cp{d}"]
        text += ["%box = getelementptr i8, ptr addrspace(3) %base, "
                 f"i32 {PLACE}",
                 "%bar = getelementptr i8, ptr addrspace(3) %base, "
                 f"i32 {IMAGE}",
                 "%is = icmp eq i32 %lane, 0"]
        if self.row["needs_fence"]:
            text.append("call void @tsdk.fence.async()")
        function = f"void @{self.symbol}"
        if self.is_store:
            text += ["call void @tsdk.barrier()",
                     "br i1 %is, label %one, label %all", "one:",
                     f"call {function}(ptr %map0, ptr addrspace(3) %box, "
                     f"{given})",
                     "call void @tsdk.box.commit()",
                     "call void @tsdk.box.complete.0()",
                     "br label %all", "all:"]
            pointers = ["image", "coordinates", "memory"]
            taken = ["ptr", "ptr addrspace(3)"]
        else:
            text += ["br i1 %is, label %first.one, label %ready", "first.one:",
                     "call void @tsdk.mbarrier.init(ptr addrspace(3) %bar, "
                     "i32 1)",
                     "call void @tsdk.mbarrier.init_fence()",
                     "br label %ready", "ready:",
                     "call void @tsdk.barrier()",
                     "br i1 %is, label %one, label %all", "one:",
                     "call void @tsdk.mbarrier.expect(ptr addrspace(3) %bar, "
                     f"i32 {self.box_bytes})",
                     f"call {function}(ptr addrspace(3) %box, "
                     f"ptr addrspace(3) %bar, ptr %map0, {given})",
                     "br label %all", "all:",
                     "call void @tsdk.mbarrier.wait(ptr addrspace(3) %bar, "
                     "i32 0)", *dump_body(self.lanes, IMAGE)]
            pointers = ["image", "coordinates", "memory", "out"]
            taken = ["ptr addrspace(3)", "ptr addrspace(3)", "ptr"]
        types = ", ".join(taken + ["i32"] * self.rank)
        outermost_first = slice(None, None, -1)
        return devices.kernel(
            device, "probe", pointers, text, threads=self.lanes,
            shared_bytes=IMAGE + 16, types={"memory": self.type},
            maps=[{"base": pointers.index("memory"),
                   "shape": [[[n]] for n in self.shape[outermost_first]],
                   "strides": [[[n]] for n in self.strides[outermost_first]],
                   "box": list(self.box[outermost_first]),
                   "swizzle_bytes": self.fmt["row_bytes"] if self.fmt else 0}],
            declarations=[
                *IMAGE_FUNCTIONS, f"{function}({types})",
                "void @tsdk.fence.async()", "void @tsdk.mbarrier.init_fence()",
                "void @tsdk.mbarrier.init(ptr addrspace(3), i32)",
                "void @tsdk.mbarrier.expect(ptr addrspace(3), i32)",
                "void @tsdk.mbarrier.wait(ptr addrspace(3), i32)",
                "void @tsdk.box.commit()", "void @tsdk.box.complete.0()"])


def of(device, row):
    """Every rank with every format, and every element with one rank."""
    formats = [None, *device.simt["formats"]]
    types = list(TYPES)
    for is_store in (False, True):
        for rank in range(1, row["max_rank"] + 1):
            for i, fmt in enumerate(formats):
                yield BoxProbe(device, row, rank,
                               types[(rank + i) % len(types)], fmt, is_store)
        for type_ in types:
            yield BoxProbe(device, row, 2, type_, formats[1], is_store)
