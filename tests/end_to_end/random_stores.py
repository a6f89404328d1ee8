"""Random stores of blocks to a part of a larger tensor, by descriptors and by
tiles of pointers, as boxes where the device has them: what is around the part
stays as it is, bit by bit.

    python3 random_stores.py SEED     prints the source of a seed
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import sys

import numpy as np

TYPES = {"int8": np.int8, "int32": np.int32, "float16": np.float16,
         "float32": np.float32}


class Store:
    def __init__(self, seed):
        self.seed = seed
        rng = self.rng = np.random.default_rng(seed)
        pick = lambda items: items[rng.integers(len(items))]
        self.type = pick(list(TYPES))
        self.bytes = np.dtype(TYPES[self.type]).itemsize
        self.way = pick(("made", "made", "host", "pointers", "pointers"))
        self.by_product = self.way == "pointers" or rng.random() < 0.6
        self.block = pick((16, 32, 64, 128)), pick((16, 32, 64, 128, 256))
        self.grid = pick((1, 2, 3)), pick((1, 2))
        most = [g * b for g, b in zip(self.grid, self.block)]
        step = pick((1, 1, 8, 16))
        self.rows = int(rng.integers(0, most[0] + 3))
        self.columns = int(rng.integers(0, most[1] // step + 2)) * step
        sixteen = 16 // self.bytes
        # Rows are apart, mostly by what boxes can have.
        self.pitch = (-(-self.columns // sixteen) * sixteen +
                      sixteen * int(rng.integers(0, 4)) +
                      (1 if rng.random() < 0.1 else 0))
        self.front = 64 * int(rng.integers(1, 3))
        # Where the first block begins.
        self.start = pick((0, 0, 0, 5, -3)), pick((0, 0, 0, 16, -sixteen, 3))
        if self.way == "pointers" and rng.random() < 0.5:
            self.start = 0, 0
        self.fixed = rng.random() < 0.3  # The extents are constants.
        self.persistent = bool(rng.random() < 0.3)
        self.options = {"num_warps": pick((2, 4, 8)), "box_stores": 2}

    def source(self):
        columns = "COLUMNS: tl.constexpr, PITCH: tl.constexpr" if self.fixed \
            else "COLUMNS, PITCH"
        c = "c" if self.way == "host" else "c_ptr"
        lines = [
            "import triton", "import triton.language as tl", "", "",
            "@triton.jit",
            f"def kernel({c}, a_ptr, b_ptr, ROWS, {columns},",
            "           BM: tl.constexpr, BN: tl.constexpr, "
            "GN: tl.constexpr, TILES: tl.constexpr):"]
        if self.way == "made":
            lines += ["    c = tl.make_tensor_descriptor("
                      "c_ptr, [ROWS, COLUMNS], [PITCH, 1], [BM, BN])"]
        if self.persistent:
            lines += ["    for tile in range(tl.program_id(0), TILES, "
                      "tl.num_programs(0)):"]
        else:
            lines += ["    tile = tl.program_id(0)", "    if tile < TILES:"]
        lines += [f"        row = tile // GN * BM + {self.start[0]}",
                  f"        column = tile % GN * BN + {self.start[1]}",
                  "        i = tl.arange(0, BM)", "        j = tl.arange(0, BN)"]
        if self.by_product:
            lines += ["        k = tl.arange(0, 16)",
                      "        a = tl.load(a_ptr + (tile * BM + i)[:, None] * "
                      "16 + k[None, :])",
                      "        b = tl.load(b_ptr + k[:, None] * BN + "
                      "j[None, :])",
                      "        value = tl.dot(a, b)"]
        else:
            lines += ["        value = (tile * 7 + i[:, None] * 3 + "
                      "j[None, :]) % 64"]
        lines.append(f"        value = value.to(tl.{self.type})")
        if self.way == "pointers":
            lines += ["        m = row + i", "        n = column + j",
                      "        tl.store(c_ptr + m[:, None] * PITCH + "
                      "n[None, :], value,",
                      "                 mask=(m[:, None] >= 0) & "
                      "(m[:, None] < ROWS) & (n[None, :] >= 0) & "
                      "(n[None, :] < COLUMNS))"]
        else:
            lines.append("        c.store([row, column], value)")
        return "\n".join(lines) + "\n"

    def arrays(self):
        tiles = self.grid[0] * self.grid[1]
        a = self.rng.integers(-2, 3, (tiles * self.block[0], 16))
        b = self.rng.integers(-2, 3, (16, self.block[1]))
        size = self.front + (self.rows + 8) * self.pitch + 1024
        raw = np.empty(size + 128, TYPES[self.type])
        skipped = -raw.ctypes.data % 128 // self.bytes
        flat = raw[skipped:skipped + size]
        flat[...] = self.rng.integers(-100, 101, size)
        return a.astype(np.float16), b.astype(np.float16), flat

    def want(self, a, b, flat):
        flat = flat.copy()
        bm, bn = self.block
        for tile in range(self.grid[0] * self.grid[1]):
            if self.by_product:
                value = a[tile * bm:(tile + 1) * bm].astype(int) @ b.astype(int)
            else:
                value = (tile * 7 + np.arange(bm)[:, None] * 3 +
                         np.arange(bn)[None, :]) % 64
            i = tile // self.grid[1] * bm + self.start[0] + np.arange(bm)
            j = tile % self.grid[1] * bn + self.start[1] + np.arange(bn)
            inside = (((i >= 0) & (i < self.rows))[:, None] &
                      ((j >= 0) & (j < self.columns))[None, :])
            at = self.front + i[:, None] * self.pitch + j[None, :]
            flat[at[inside]] = value[inside].astype(TYPES[self.type])
        return flat


def check(seed, **options):
    """The remarks of the build."""
    import host_arrays
    import tilesdk
    store = Store(seed)
    a, b, flat = store.arrays()
    want = store.want(a, b, flat)
    c = flat[store.front:]
    if store.way == "host":
        c = tilesdk.TensorDescriptor(c, (store.rows, store.columns),
                                     (store.pitch, 1), store.block)
    tiles = store.grid[0] * store.grid[1]
    arguments = (c, a, b, store.rows, store.columns, store.pitch, *store.block,
                 store.grid[1], tiles)
    kernel = tilesdk.Program(store.source(), f"stores_{seed}.py").kernel(
        "kernel")
    options = {**store.options, **options}
    arguments = host_arrays.launch(
        kernel, (2 if store.persistent else tiles,), arguments, options)
    np.testing.assert_array_equal(
        flat, want, err_msg=f"seed {seed}: {store.rows} x {store.columns} of "
        f"{store.pitch}, behind {store.front}, blocks {store.block}, grid "
        f"{store.grid}, {options}\n{store.source()}")
    return str(kernel.warmup(*arguments, **options).diagnostics)


if __name__ == "__main__":
    print(Store(int(sys.argv[1])).source())
