"""Random kernels that walk over arrays: many programs, chunks, carried pointers,
masks, strides, atomics. Integers, so results are exact.

    out[r, n] (op)= sum over c of f(x[r, c], y[c, n])

in one of the shapes people write it. `python3 random_loops.py SEED` prints one.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import sys

import numpy as np

TYPES = {"int8": np.int8, "int16": np.int16, "int32": np.int32,
         "int64": np.int64, "uint8": np.uint8, "float32": np.float32}
FACTORS = {"int8": np.int8, "float16": np.float16, "float32": np.float32}
EXTENTS = [1, 2, 3, 5, 8, 13, 16, 17, 31, 32, 40, 64]
BLOCKS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]


class Loop:
    def __init__(self, seed):
        rng = self.rng = np.random.default_rng(seed)
        pick = self.pick = lambda items: items[rng.integers(len(items))]
        chance = self.chance = lambda p: rng.random() < p
        self.rows, self.cols = pick(EXTENTS), pick(EXTENTS)
        self.width = pick(EXTENTS[:9])
        self.block_r, self.block_c = pick(BLOCKS), pick(BLOCKS)
        self.block_n = self.width if chance(0.3) else pick(BLOCKS[:8])
        self.x_type, self.y_type = pick(list(TYPES)), pick(list(TYPES))
        small = lambda shape, t: rng.integers(
            0 if t[0] == "u" else -8, 9, shape).astype({**TYPES, **FACTORS}[t])
        # The arrays are views of larger ones; the strides are arguments.
        self.x, self.x_strides = self.strided(
            small((self.rows, self.cols), self.x_type))
        self.y, self.y_strides = self.strided(
            small((self.cols, self.width), self.y_type))
        self.form = pick(["product", "dot", "walk", "scan", "split", "ahead"])
        if self.form == "ahead":
            # Instructions for products take no smaller ones.
            self.block_r, self.block_c, self.block_n = (
                pick([16, 16, 32, 64]) for _ in range(3))
        if self.form in ("dot", "ahead"):
            self.x_type = self.y_type = pick(list(FACTORS))
            self.x, self.x_strides = self.strided(
                small((self.rows, self.cols), self.x_type))
            self.y, self.y_strides = self.strided(
                small((self.cols, self.width), self.y_type))

    def strided(self, values):
        """The values in a larger array, perhaps transposed or reversed."""
        rows, cols = values.shape
        kind = self.rng.integers(4)
        if kind == 0:
            view = np.zeros((rows, cols), values.dtype)
        elif kind == 1:
            view = np.zeros((cols, rows + 3), values.dtype).T[:rows]
        elif kind == 2:
            view = np.zeros((rows, 2 * cols + 5), values.dtype)[:, 1:2 * cols:2]
        else:
            view = np.zeros((rows + 1, cols), values.dtype)[1:][::-1]
        view[...] = values
        return view, [s // values.itemsize for s in view.strides]

    def pointers(self, name, row, col):
        return (f"{name} + ({row})[:, None] * {name}_s0 + ({col})[None, :] * "
                f"{name}_s1")

    def build(self):
        self.scaled = self.form == "ahead" and self.chance(0.5)
        accumulator = "float32" if self.form in ("dot", "ahead") and \
            self.x_type != "int8" else "int32"
        self.accumulator = accumulator
        lines = ["r = tl.program_id(0) * BR + tl.arange(0, BR)",
                 "n = tl.program_id(1) * BN + tl.arange(0, BN)"]
        if self.chance(0.3):
            lines += ["if tl.program_id(0) * BR >= R + BR:", "    return"]
        body = getattr(self, self.form)()
        lines += [f"acc = tl.zeros((BR, BN), tl.{accumulator})"] + body
        if self.form != "split":
            lines.append("tl.store(out + r[:, None] * N + n[None, :], acc, "
                         "mask=(r[:, None] < R) & (n[None, :] < N))")
        return ("import triton\nimport triton.language as tl\n\n\n@triton.jit\n"
                "def kernel(x, x_s0, x_s1, y, y_s0, y_s1, out, R, C, N, "
                "BR: tl.constexpr, BC: tl.constexpr, BN: tl.constexpr):\n" +
                "".join(f"    {line}\n" for line in lines))

    def loads(self, x_at, y_at, c):
        return [f"a = tl.load({x_at}, mask=(r[:, None] < R) & "
                f"(({c})[None, :] < C), other=0)",
                f"b = tl.load({y_at}, mask=(({c})[:, None] < C) & "
                f"(n[None, :] < N), other=0)"]

    def accumulate(self):
        return [f"p = a.to(tl.int32)[:, :, None] * "
                "b.to(tl.int32)[None, :, :]", "acc += tl.sum(p, axis=1)"]

    def product(self):
        """Chunks of c, offsets made anew each time."""
        c = "k + tl.arange(0, BC)"
        return ["for k in range(0, C, BC):"] + [
            "    " + line for line in self.loads(
                self.pointers("x", "r", c), self.pointers("y", c, "n"), c) +
            self.accumulate()]

    def carried(self, inner):
        """Chunks of c, the pointers move on."""
        c0 = "tl.arange(0, BC)"
        lines = [f"xp = {self.pointers('x', 'r', c0)}",
                 f"yp = {self.pointers('y', c0, 'n')}"]
        if self.chance(0.5):
            lines.append("for k in range(0, tl.cdiv(C, BC)):")
            c = "k * BC + tl.arange(0, BC)"
        else:
            lines += ["k = 0", "while k < C:"]
            c = "k + tl.arange(0, BC)"
        lines += ["    " + line for line in self.loads("xp", "yp", c) + inner]
        lines += ["    xp += BC * x_s1", "    yp += BC * y_s0"]
        if "k = 0" in lines:
            lines.append("    k += BC")
        return lines

    def dot(self):
        return self.carried(["acc = tl.dot(a, b, acc)" if self.chance(0.5)
                             else "acc += tl.dot(a, b)"])

    def ahead(self):
        """The next chunk's product is begun before the one at hand is used."""
        def loads(start):
            return [f"c = {start} + tl.arange(0, BC)"] + self.loads(
                self.pointers("x", "r", "c"), self.pointers("y", "c", "n"), "c")
        product = "ahead = tl.dot(a, b)" + (" * 2" if self.scaled else "")
        lines = loads("tl.program_id(2)") + [
            product, "for k in range(0, C, BC):", "    here = ahead"]
        body = loads("(k + BC)") + [product]
        use = ["acc += here" + (" // 2" if self.scaled and
                                self.accumulator == "int32" else
                                " * 0.5" if self.scaled else "")]
        body = use + body if self.chance(0.5) else body + use
        return lines + ["    " + line for line in body]

    def walk(self):
        return self.carried(self.accumulate())

    def scan(self):
        """One column of x and one row of y at a time."""
        return ["for c in range(C):",
                "    a = tl.load(x + r * x_s0 + c * x_s1, mask=r < R, other=0)",
                "    b = tl.load(y + c * y_s0 + n * y_s1, mask=n < N, other=0)",
                "    if c % 2 == 0:",
                "        acc += a.to(tl.int32)[:, None] * "
                "b.to(tl.int32)[None, :]",
                "    else:",
                "        acc += (a.to(tl.int32)[:, None] * "
                "b.to(tl.int32)[None, :])"]

    def split(self):
        """Chunks are shared by programs of a third axis."""
        c = "k + tl.arange(0, BC)"
        return [f"for k in range(tl.program_id(2) * BC, C, "
                "tl.num_programs(2) * BC):"] + ["    " + line for line in
                self.loads(self.pointers("x", "r", c),
                           self.pointers("y", c, "n"), c) +
                self.accumulate()] + [
            "tl.atomic_add(out + r[:, None] * N + n[None, :], acc, "
            "mask=(r[:, None] < R) & (n[None, :] < N))"]


def check(seed, **options):
    import host_arrays
    import tilesdk
    loop = Loop(seed)
    source = loop.build()
    kernel = tilesdk.Program(source, f"loop_{seed}.py").kernel("kernel")
    memory = np.full((loop.rows + 2, loop.width), 77,
                     TYPES[loop.accumulator])
    out = memory[1:-1]
    if loop.form == "split":
        out[...] = 0
    grid = (tilesdk.cdiv(loop.rows, loop.block_r),
            tilesdk.cdiv(loop.width, loop.block_n),
            3 if loop.form == "split" else 1)
    host_arrays.launch(
        kernel, grid, (loop.x, *loop.x_strides, loop.y, *loop.y_strides, out,
                       loop.rows, loop.cols, loop.width),
        {"BR": loop.block_r, "BC": loop.block_c, "BN": loop.block_n,
         **options})
    want = loop.x.astype(np.int64) @ loop.y.astype(np.int64)
    assert (memory[0] == 77).all() and (memory[-1] == 77).all(), (
        f"seed {seed}: writes beside the output\n{source}")
    np.testing.assert_array_equal(
        out, want, err_msg=f"seed {seed}, grid {grid}, blocks {loop.block_r} "
        f"{loop.block_c} {loop.block_n}, {loop.x_type} {loop.y_type}, sizes "
        f"{loop.rows} {loop.cols} {loop.width}\n{source}")


if __name__ == "__main__":
    print(Loop(int(sys.argv[1])).build())
