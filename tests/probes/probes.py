"""What the rows of a target's tables say, against what instructions do."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

import device as devices
from layout import Layout, spoiled
from numbers_ import TYPES, encode

PLAIN, MATRIX = 1, 2
LOAD = 1
LANE, WARP = 1, 2


class Probe:
    """One row. `expect(row)` gives the arrays of a launch and those expected of
    it, `build()` the kernel, `layouts` the fields of the row that are layout
    text."""

    layouts = ()

    def __init__(self, device, row, kind):
        self.device, self.row = device, row
        self.name = f"{kind} {row['name']}"
        self.source = row["source"]
        self.lanes = device.simt["warp_size"]
        self.rng = np.random.default_rng(7)

    def run(self, device, row):
        """Why the device does something else than the row says, or what the
        launch left behind."""
        inputs, expected, programs = self.expect(row)
        arrays = [array.copy() for array in inputs]
        device.launch(self.build(device), programs, arrays)
        result = arrays[-1].view(expected.dtype).reshape(expected.shape)
        wrong = np.argwhere(result != expected)
        if not len(wrong):
            return None, result
        at = tuple(wrong[0])
        return (f"{len(wrong)} of {expected.size} values differ, first at "
                f"{self.axes} {at}: {result[at]} where the row says "
                f"{expected[at]}"), result

    def check(self, twin):
        self.rng = np.random.default_rng(7)
        why, result = self.run(self.device, self.row)
        if why or not twin:
            return why
        self.rng = np.random.default_rng(7)
        why, simulated = self.run(twin, self.row)
        if why:
            return "the simulator: " + why
        if result.tobytes() != simulated.tobytes():
            return "the simulator gives other bits"
        return None

    def faults(self):
        """Why a wrong row was not found."""
        for field in self.layouts:
            for text in spoiled(self.row[field]):
                self.rng = np.random.default_rng(7)
                why, _ = self.run(self.device, dict(self.row, **{field: text}))
                if not why:
                    return f"nobody noticed {field} {text}"
        return None


def _places(layout, lanes, whole):
    """[program][lane][register] of [program][row][column]."""
    flat = whole.reshape(len(whole), -1)
    return flat[:, Layout(layout).table(lanes)]


class MatrixProbe(Probe):
    """d = a b + c on one warp. The left operand is one-hot at each element in
    turn, the right one the digits of its elements' numbers; and some dense
    products of small integers."""

    layouts = ("left", "right", "result")
    axes = "(program, lane, register)"

    def __init__(self, device, row):
        super().__init__(device, row, "matrix")

    def expect(self, row):
        m, n, k = row["m"], row["n"], row["k"]
        left, right, result = (row[t + "_type"]
                               for t in ("left", "right", "result"))
        base = min(TYPES[left][2], TYPES[right][2])
        number = np.arange(k * n).reshape(k, n)
        digits = []
        while number.any():
            digits.append(number % base)
            number = number // base
        hot = np.eye(m * k, dtype=np.int64).reshape(m * k, m, k)
        a = np.concatenate([hot] * len(digits))
        b = np.concatenate([np.broadcast_to(d, (m * k, k, n))
                            for d in digits])
        dense = 8
        small = min(base // 2, 4)
        a = np.concatenate([a, self.rng.integers(-small, small + 1,
                                                 (dense, m, k))])
        b = np.concatenate([b, self.rng.integers(-small, small + 1,
                                                 (dense, k, n))])
        # Narrow types are summed in few bits: what is summed stays small, and
        # the sum's own elements are told apart where there are no products.
        c = self.rng.integers(-100, 101, (len(a), m, n))
        place = np.arange(m * n).reshape(1, m, n)
        a, b = (np.concatenate([x, np.zeros((2, *x.shape[1:]), x.dtype)])
                for x in (a, b))
        c = np.concatenate([c, place % 256, place // 256])
        d = np.matmul(a.astype(np.float64), b.astype(np.float64)) + c
        inputs = [encode(_places(row[field], self.lanes, whole), type_)
                  for field, whole, type_ in (("left", a, left),
                                              ("right", b, right),
                                              ("result", c, result))]
        expected = encode(_places(row["result"], self.lanes, d), result)
        return [*inputs, np.zeros_like(expected)], expected, len(a)

    def build(self, device):
        row = self.row
        types, text = [], [
            "%pid = call i32 @tsdk.program_id.0()",
            "%lane = call i32 @tsdk.lane_id()",
            f"%first = mul i32 %pid, {self.lanes}",
            "%place = add i32 %first, %lane"]
        for name, field in (("a", "left"), ("b", "right"), ("c", "result")):
            count = Layout(row[field]).size("register")
            bytes_, element, _ = TYPES[row[field + "_type"]]
            types.append(f"<{count} x {element}>")
            text += [f"%p{name} = getelementptr [{count} x {element}], "
                     f"ptr addrspace(1) %{name}, i32 %place",
                     f"%v{name} = load {types[-1]}, ptr addrspace(1) "
                     f"%p{name}, align {bytes_}"]
        function = f"{types[2]} @tsdk.mma.{row['name']}"
        count = Layout(row["result"]).size("register")
        text += [f"%r = call {function}({types[0]} %va, {types[1]} %vb, "
                 f"{types[2]} %vc)",
                 f"%pd = getelementptr [{count} x {element}], "
                 "ptr addrspace(1) %d, i32 %place",
                 f"store {types[2]} %r, ptr addrspace(1) %pd, align {bytes_}"]
        return devices.kernel(
            device, "probe", ["a", "b", "c", "d"], text, threads=self.lanes,
            declarations=[f"{function}({', '.join(types)})",
                          "i32 @tsdk.program_id.0()", "i32 @tsdk.lane_id()"])


# A program of one warp with an image of shared memory: fill it, do something,
# dump it or registers.
IMAGE = 4096


def fill_body(lanes, size=IMAGE):
    """Copies the program's image from %image to shared memory."""
    words = size // 4 // lanes
    text = ["%pid = call i32 @tsdk.program_id.0()",
            "%lane = call i32 @tsdk.lane_id()",
            "%base = call ptr addrspace(3) @tsdk.shared.base()",
            f"%first = mul i32 %pid, {lanes}",
            "%place = add i32 %first, %lane",
            f"%skip = mul i32 %pid, {size // 4}"]
    for i in range(words):
        text += [f"%w{i} = add i32 %lane, {i * lanes}",
                 f"%g{i} = add i32 %w{i}, %skip",
                 f"%gp{i} = getelementptr i32, ptr addrspace(1) %image, "
                 f"i32 %g{i}",
                 f"%x{i} = load i32, ptr addrspace(1) %gp{i}",
                 f"%sp{i} = getelementptr i32, ptr addrspace(3) %base, "
                 f"i32 %w{i}",
                 f"store i32 %x{i}, ptr addrspace(3) %sp{i}"]
    return text + ["call void @tsdk.barrier()"]


def _image_body(lanes):
    """Fills the image and finds each lane's place there."""
    return fill_body(lanes) + [
        "%ap = getelementptr i32, ptr addrspace(1) %addresses, i32 %place",
        "%address = load i32, ptr addrspace(1) %ap",
        "%p = getelementptr i8, ptr addrspace(3) %base, i32 %address"]


def dump_body(lanes, size=IMAGE):
    text = ["call void @tsdk.barrier()"]
    for i in range(size // 4 // lanes):
        text += [f"%y{i} = load i32, ptr addrspace(3) %sp{i}",
                 f"%op{i} = getelementptr i32, ptr addrspace(1) %out, "
                 f"i32 %g{i}",
                 f"store i32 %y{i}, ptr addrspace(1) %op{i}"]
    return text


IMAGE_FUNCTIONS = ["i32 @tsdk.program_id.0()", "i32 @tsdk.lane_id()",
                   "ptr addrspace(3) @tsdk.shared.base()",
                   "void @tsdk.barrier()"]


def random_image(rng, programs, size=IMAGE):
    """Every 2 bytes differ."""
    return np.stack([rng.permutation(size // 2).astype(np.uint16)
                     for _ in range(programs)])


class SharedProbe(Probe):
    """A load or store of shared memory, at addresses without order."""

    programs = 4
    axes = "(program, lane, element)"

    def __init__(self, device, row):
        super().__init__(device, row, "shared")
        self.is_matrix = row["kind"] == MATRIX
        self.is_load = row["direction"] == LOAD
        self.layouts = ("layout",) if self.is_matrix else ()
        if self.is_load is False:
            self.axes = "(program, byte)"

    def addresses(self, row):
        """A free place for each lane, aligned to what it accesses."""
        step = row["bytes"]
        spots = IMAGE // step
        return np.stack([self.rng.permutation(spots)[:self.lanes] * step
                         for _ in range(self.programs)]).astype(np.int32)

    def places(self, row, addresses):
        """[program][lane][element] -> byte in the image."""
        if not self.is_matrix:
            return addresses[:, :, None].astype(np.int64)
        columns = row["bytes"] // row["element_bytes"]
        table = Layout(row["layout"]).table(self.lanes)
        return (addresses[:, table // columns] +
                table % columns * row["element_bytes"])

    def expect(self, row):
        size = row["element_bytes"] if self.is_matrix else row["bytes"]
        image = random_image(self.rng, self.programs)
        addresses = self.addresses(row)
        places = self.places(row, addresses)[..., None] + np.arange(size)
        program = np.arange(self.programs)[:, None, None, None]
        bytes_ = image.view(np.uint8)
        if self.is_load:
            expected = bytes_[program, places]
            return ([image, addresses, np.zeros_like(expected)], expected,
                    self.programs)
        values = random_image(self.rng, self.programs).view(np.uint8)
        values = np.ascontiguousarray(
            values[:, :places[0].size].reshape(places.shape)) ^ 0xFF
        expected = bytes_.copy()
        expected[program, places] = values
        return ([image, addresses, values, np.zeros_like(expected)], expected,
                self.programs)

    def build(self, device):
        row, declarations = self.row, list(IMAGE_FUNCTIONS)
        text = _image_body(self.lanes)
        if self.is_matrix:
            bytes_ = (Layout(row["layout"]).size("register") *
                      row["element_bytes"])
            type_ = f"<{bytes_ // 4} x i32>"
        else:
            bytes_ = row["bytes"]
            type_ = f"i{bytes_ * 8}" if bytes_ <= 4 \
                else f"<{bytes_ // 4} x i32>"
        where = "out" if self.is_load else "values"
        text += [f"%rp = getelementptr [{bytes_} x i8], ptr addrspace(1) "
                 f"%{where}, i32 %place"]
        if self.is_load:
            if self.is_matrix:
                function = f"{type_} @tsdk.shared.load.{row['name']}"
                declarations.append(f"{function}(ptr addrspace(3))")
                text.append(f"%v = call {function}(ptr addrspace(3) %p)")
            else:
                text.append(f"%v = load {type_}, ptr addrspace(3) %p, "
                            f"align {bytes_}")
            text.append(f"store {type_} %v, ptr addrspace(1) %rp, align 1")
            pointers = ["image", "addresses", "out"]
        else:
            text.append(f"%v = load {type_}, ptr addrspace(1) %rp, align 1")
            if self.is_matrix:
                function = f"void @tsdk.shared.store.{row['name']}"
                declarations.append(f"{function}(ptr addrspace(3), {type_})")
                text.append(f"call {function}(ptr addrspace(3) %p, "
                            f"{type_} %v)")
            else:
                text.append(f"store {type_} %v, ptr addrspace(3) %p, "
                            f"align {bytes_}")
            text += dump_body(self.lanes)
            pointers = ["image", "addresses", "values", "out"]
        return devices.kernel(device, "probe", pointers, text,
                              threads=self.lanes, declarations=declarations,
                              shared_bytes=IMAGE)


class AsyncProbe(Probe):
    """Each lane copies its bytes from one place without order to another; some
    lanes are inactive."""

    programs = 4
    axes = "(program, byte)"
    ends = "void @tsdk.async.commit()", "void @tsdk.async.wait.0()"

    def __init__(self, device, row):
        super().__init__(device, row, "async")

    def places(self, step):
        """A multiple of the step for each lane of each program."""
        return np.stack([
            self.rng.permutation(IMAGE // step)[:self.lanes] * step
            for _ in range(self.programs)]).astype(np.int32)

    def targets(self, step):
        """What the lanes name, and where they write."""
        to = self.places(step)
        return to, to

    def expect(self, row):
        step = row["bytes"]
        image, memory = (random_image(self.rng, self.programs) for _ in range(2))
        memory ^= 0xFFFF
        (named, to), source = self.targets(step), self.places(step)
        active = self.rng.integers(0, 2, to.shape).astype(np.int32)
        expected = image.copy().view(np.uint8)
        for program in range(self.programs):
            bytes_ = memory[program].view(np.uint8)
            for lane in range(self.lanes):
                t, s = to[program, lane], source[program, lane]
                if active[program, lane]:
                    expected[program, t:t + step] = bytes_[s:s + step]
                elif row["zero_fill"]:
                    expected[program, t:t + step] = 0
        return ([image, named, source, active, memory, np.zeros_like(expected)],
                expected, self.programs)

    def build(self, device):
        function = f"void @tsdk.async.copy.{self.row['name']}"
        parameters = "ptr addrspace(3), ptr addrspace(1), i1"
        text = _image_body(self.lanes)
        for name in ("source", "active"):
            text += [f"%{name}.p = getelementptr i32, ptr addrspace(1) "
                     f"%{name}s, i32 %place",
                     f"%{name} = load i32, ptr addrspace(1) %{name}.p"]
        text += [f"%skipped = mul i32 %pid, {IMAGE}",
                 "%offset = add i32 %skipped, %source",
                 "%from = getelementptr i8, ptr addrspace(1) %memory, "
                 "i32 %offset",
                 "%on = icmp ne i32 %active, 0",
                 f"call {function}(ptr addrspace(3) %p, ptr addrspace(1) "
                 "%from, i1 %on)",
                 *(f"call {each}" for each in self.ends),
                 *dump_body(self.lanes)]
        return devices.kernel(
            device, "probe",
            ["image", "addresses", "sources", "actives", "memory", "out"],
            text, threads=self.lanes, shared_bytes=IMAGE,
            declarations=[*IMAGE_FUNCTIONS, f"{function}({parameters})",
                          *self.ends])


class WarpCopyProbe(AsyncProbe):
    """All lanes name the first one's place; the others follow it. Copies are
    counted."""

    ends = ("void @tsdk.async.wait.0()",)

    def targets(self, step):
        whole = self.lanes * step
        first = self.rng.integers(0, IMAGE // whole, (self.programs, 1)) * whole
        lanes = np.arange(self.lanes) * step
        return (np.broadcast_to(first, (self.programs, self.lanes)).astype(
            np.int32).copy(), (first + lanes).astype(np.int32))


def of(device):
    """Probes of every row."""
    import boxes
    import warp_group
    for row in device.simt["matrix"]:
        if row["warps"] > 1:
            yield from warp_group.of(device, row)
        else:
            yield MatrixProbe(device, row)
    for row in device.simt["shared"]:
        yield SharedProbe(device, row)
    for row in device.simt["async"]:
        if row["issuer"] == LANE:
            yield AsyncProbe(device, row)
        elif row["issuer"] == WARP:
            yield WarpCopyProbe(device, row)
        else:
            yield from boxes.of(device, row)
