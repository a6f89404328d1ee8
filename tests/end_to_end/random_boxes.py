"""Random products of tiles of pointers, some of which are boxes of a tensor: with
and without masks, starts above the tensor, rows that overlap, moved pointers.

Arrays are flat, with more in front and behind, so that whatever a kernel reads
without a mask is there; but what is in front does not belong to the argument,
which a check of bounds must say. `python3 random_boxes.py SEED` prints a kernel.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import sys

import numpy as np

ALL_CHECKS = "race,bounds,uninit,barrier"


class Operand:
    """Element (i, j) of the tile is array[(i + shift) * pitch + j], or, if it is
    transposed, array[i + shift + j * pitch]; j counts from 0 to `depth`."""

    def __init__(self, rng, name, rows, depth, limit):
        pick = lambda items: items[rng.integers(len(items))]
        self.name, self.depth = name, depth
        self.transposed = rng.random() < 0.4
        self.shift = pick((0, 0, 0, 0, 5, 64, -3))
        self.limit = limit
        # Rows or columns below the limit, depth below the depth, not below 0.
        self.masks = {"limit": rng.random() < 0.8, "depth": rng.random() < 0.85,
                      "start": rng.random() < 0.3}
        length = limit if self.transposed else depth
        self.pitch = pick((-(-length // 16) * 16, -(-length // 16) * 16 + 16,
                           -(-length // 16) * 16 + 64, 256, 320, length, 16, 0))
        self.wide = rng.random() < 0.3
        self.covered = rows, -(-depth // 128) * 128
        size = (rows + 64 + 128) * (self.pitch + 2) + 1024
        self.front = -(-(4 * self.pitch + 64) // 64) * 64
        raw = np.empty(self.front + size + 64, np.float16)
        start = -raw.ctypes.data % 128 // 2
        self.flat = raw[start:start + self.front + size]
        self.flat[...] = rng.integers(-4, 5, self.flat.size)
        self.array = self.flat[self.front:]

    def places(self, i, j):
        """Of the tile's elements in the array, and which of them are read."""
        i, j = (i + self.shift)[:, None], j[None, :]
        at = i + j * self.pitch if self.transposed else i * self.pitch + j
        inside = np.ones(at.shape, bool)
        if self.masks["limit"]:
            inside &= i < self.limit
        if self.masks["depth"]:
            inside &= j < self.depth
        if self.masks["start"]:
            inside &= i >= 0
        return at, inside

    def reads_ahead(self, i, j):
        """Whether it reads elements in front of the array."""
        at, inside = self.places(i, j)
        return bool((inside & (at < 0)).any())

    def tile(self, i, j):
        """As the kernel sees it."""
        at, inside = self.places(i, j)
        return np.where(inside, self.flat[np.where(inside, at, 0) + self.front],
                        0).astype(np.float64)

    def rows(self, index):
        name = self.name
        wide = ".to(tl.int64)" if self.wide else ""
        return f"{name}_i = ({index} + {self.shift}){wide}"

    def at(self, i, j):
        """The tile's indices, of which the second dimension of A and the first
        of B is the depth."""
        a, b = (f"{i}[:, None]", f"{j}[None, :]") if self.name == "a" else \
            (f"{i}[None, :]", f"{j}[:, None]")
        return a, b

    def pointers(self, j):
        i, j = self.at(f"{self.name}_i", j)
        terms = (f"{j} * {self.name}_pitch + {i}" if self.transposed
                 else f"{i} * {self.name}_pitch + {j}")
        return f"{self.name}_ptr + {terms}"

    def mask(self, j, left):
        i, j = self.at(f"{self.name}_i", j)
        parts = []
        if self.masks["limit"]:
            parts.append(f"({i} < {self.name}_limit)")
        if self.masks["depth"]:
            parts.append(f"({j} < {left})")
        if self.masks["start"]:
            parts.append(f"({i} >= 0)")
        return f", mask={' & '.join(parts)}, other=0" if parts else ""


class Product:
    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        pick = lambda items: items[rng.integers(len(items))]
        self.seed = seed
        self.depth = pick((16, 32, 40, 64, 70, 96, 128))
        self.blocks = 64, pick((32, 64, 128)), pick((16, 32, 64))
        self.grid = pick((1, 2)), pick((1, 2))
        self.rows, self.columns = (
            g * b for g, b in zip(self.grid, self.blocks))
        self.a = Operand(rng, "a", self.rows, self.depth,
                         pick((self.rows, self.rows - 7, 24, 0)))
        self.b = Operand(rng, "b", self.columns, self.depth,
                         pick((self.columns, self.columns - 8, 16)))
        self.moved = rng.random() < 0.5
        self.specialize = bool(rng.random() < 0.4)
        self.options = {"num_warps": 4, "num_stages": int(pick((2, 3, 4)))}

    def source(self):
        both = self.a, self.b
        lines = [
            "import triton", "import triton.language as tl", "", "",
            "@triton.jit",
            "def kernel(a_ptr, a_pitch, a_limit, b_ptr, b_pitch, b_limit, c_ptr,",
            "           N, K, BM: tl.constexpr, BN: tl.constexpr,",
            "           BK: tl.constexpr, SPECIALIZE: tl.constexpr):",
            "    m = tl.program_id(0) * BM + tl.arange(0, BM)",
            "    n = tl.program_id(1) * BN + tl.arange(0, BN)",
            f"    {self.a.rows('m')}", f"    {self.b.rows('n')}",
            "    k = tl.arange(0, BK)",
            "    acc = tl.zeros((BM, BN), tl.float32)"]
        if self.moved:
            lines += [f"    {x.name}_ptrs = {x.pointers('k')}" for x in both]
            lines += ["    for step in tl.range(tl.cdiv(K, BK), "
                      "warp_specialize=SPECIALIZE):",
                      "        left = K - step * BK"]
            for x in both:
                lines.append(f"        {x.name} = tl.load({x.name}_ptrs"
                             f"{x.mask('k', 'left')})")
            lines.append("        acc = tl.dot(a, b, acc)")
            for x in both:
                step = f"BK * {x.name}_pitch" if x.transposed else "BK"
                lines.append(f"        {x.name}_ptrs += {step}")
        else:
            lines += ["    for start in tl.range(0, K, BK, "
                      "warp_specialize=SPECIALIZE):",
                      "        j = start + k"]
            for x in both:
                lines.append(f"        {x.name} = tl.load({x.pointers('j')}"
                             f"{x.mask('j', 'K')})")
            lines.append("        acc = tl.dot(a, b, acc)")
        lines.append("    tl.store(c_ptr + m[:, None] * N + n[None, :], acc)")
        return "\n".join(lines) + "\n"

    def arguments(self, c):
        return (self.a.array, self.a.pitch, self.a.limit, self.b.array,
                self.b.pitch, self.b.limit, c, self.columns, self.depth,
                *self.blocks, self.specialize)

    def operands(self):
        """Each with the rows and the depth that the kernel goes through."""
        j = np.arange(-(-self.depth // self.blocks[2]) * self.blocks[2])
        return ((self.a, np.arange(self.rows), j),
                (self.b, np.arange(self.columns), j))

    def want(self):
        a, b = (x.tile(i, j) for x, i, j in self.operands())
        return a @ b.T


def launch(product, options):
    """The result, the kernel that gave it, and the arguments that it had."""
    import host_arrays
    import tilesdk
    kernel = tilesdk.Program(product.source(), f"boxes_{product.seed}.py").kernel(
        "kernel")
    c = np.full((product.rows, product.columns), np.nan, np.float32)
    arguments = host_arrays.launch(kernel, product.grid, product.arguments(c),
                                   {**product.options, **options})
    return c, kernel, arguments


def compare(product, options):
    """The remarks of the build."""
    c, kernel, arguments = launch(product, options)
    np.testing.assert_array_equal(
        c, product.want(), err_msg=f"seed {product.seed}, pitches "
        f"{product.a.pitch} {product.b.pitch}, limits {product.a.limit} "
        f"{product.b.limit}, depth {product.depth}, blocks {product.blocks}\n"
        f"{product.source()}")
    return str(kernel.warmup(*arguments, **{**product.options,
                                            **options}).diagnostics)


def expect_finding(product, ahead, options):
    """The check of bounds finds what is read in front of an argument."""
    import tilesdk
    try:
        launch(product, options)
    except tilesdk.KernelFaultError as error:
        text = str(error)
        assert "before the begin of argument" in text and any(
            f"`{x.name}_ptr`" in text for x in ahead), text
        return
    raise AssertionError(f"no finding for seed {product.seed}:\n"
                         f"{product.source()}")


def check(seed, **options):
    """The remarks of the build."""
    product = Product(seed)
    ahead = [x for x, i, j in product.operands() if x.reads_ahead(i, j)]
    checks = options.get("check", "").replace("all", ALL_CHECKS).split(",")
    if ahead and "bounds" in checks:
        expect_finding(product, ahead, options)
        checks.remove("bounds")
        compare(product, {**options, "check": ",".join(checks)})
        for operand in ahead:
            operand.masks["start"] = True
    return compare(product, options)


if __name__ == "__main__":
    print(Product(int(sys.argv[1])).source())
