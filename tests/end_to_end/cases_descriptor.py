"""Cases of kernels/descriptor.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

from table import (FLOATS, FP8, INTEGERS, Case, Const, In, InOut, Out,
                   full_range, is_float, normal, small, unit)

CASES = []


def same(a):
    return {"out": a.x}


def source(t, shape):
    return In(t, shape, normal if is_float(t) else full_range)


for t in INTEGERS + FLOATS + FP8:
    CASES.append(Case(
        f"descriptor/copy_2d/{t}", "descriptor.py:copy_2d",
        {"x": source(t, (37, 112)), "out": Out(t, (37, 112)), "rows": 37,
         "cols": 112, "BLOCK_R": Const(16), "BLOCK_C": Const(32)}, (3,), same,
        exact=True))
for block in ((8, 32), (12, 48), (1, 192)):
    # Strides that no box copy can use.
    CASES.append(Case(
        f"descriptor/copy_2d_odd/{block[0]}x{block[1]}",
        "descriptor.py:copy_2d",
        {"x": In("f32", (25, 101)), "out": Out("f32", (25, 101)), "rows": 25,
         "cols": 101, "BLOCK_R": Const(block[0]), "BLOCK_C": Const(block[1])},
        (-(-25 // block[0]),), same, exact=True))
for padding in ("zero", "nan"):
    for row, col in ((0, 0), (8, 20), (-5, -3), (-20, 0), (40, 90)):
        def padded(a, padding=padding, row=row, col=col):
            full = np.full((16, 32), 0.0 if padding == "zero" else np.nan)
            for r in range(16):
                for c in range(32):
                    if 0 <= r + row < 19 and 0 <= c + col < 44:
                        full[r, c] = a.x[r + row, c + col]
            return {"out": full}
        CASES.append(Case(
            f"descriptor/padding/{padding}/{row},{col}",
            "descriptor.py:padding_2d",
            {"x": In("f32", (19, 44)), "out": Out("f32", (16, 32)),
             "rows": 19, "cols": 44, "row": row, "col": col,
             "BLOCK_R": Const(16), "BLOCK_C": Const(32),
             "PADDING": Const(padding)}, (1,), padded, exact=True))
CASES += [
    Case("descriptor/padding/integers", "descriptor.py:padding_2d",
         {"x": In("i32", (19, 44), full_range), "out": Out("i32", (16, 32)),
          "rows": 19, "cols": 44, "row": 10, "col": 30, "BLOCK_R": Const(16),
          "BLOCK_C": Const(32), "PADDING": Const("zero")}, (1,),
         lambda a: {"out": np.pad(a.x[10:, 30:], ((0, 7), (0, 18)))},
         exact=True),
    Case("descriptor/copy_3d", "descriptor.py:copy_3d",
         {"x": In("f32", (5, 7, 20), small), "out": Out("f32", (5, 7, 20)),
          "a": 5, "b": 7, "c": 20, "A": Const(2), "B": Const(4),
          "C": Const(8)}, (3, 2, 3), lambda a: {"out": a.x + 1}),
    Case("descriptor/scale_1d", "descriptor.py:scale_1d",
         {"x": In("f16", 1000), "out": Out("f16", 1000), "n": 1000,
          "BLOCK": Const(256)}, (4,), lambda a: {"out": a.x * 2}),
    Case("descriptor/carried", "descriptor.py:carried",
         {"x": In("f32", (3, 4, 16)), "out": Out("f32", (3, 4, 16)),
          "rows": 4, "cols": 16, "parts": 3, "BLOCK_C": Const(16)}, (1,), same,
         exact=True),
    Case("descriptor/atomic_add", "descriptor.py:atomic_blocks",
         {"x": In("f32", (40, 20), small), "out": InOut("f32", (8, 20)),
          "rows": 40, "cols": 20, "BLOCK_R": Const(8), "BLOCK_C": Const(32)},
         (5,), lambda a: {"out": a.out + a.x.reshape(5, 8, 20).sum(0)}),
]


def rows(rng, dtype, shape):
    """Indices, some of them outside of 20 rows."""
    return np.array([3, 19, 0, -1, 20, 7, 12, 5])


def gathered(a):
    out = np.zeros((8, 32))
    for i, r in enumerate(rows(None, None, None)):
        if 0 <= r < 20:
            out[i, :24] = a.x[r, 16:40]
    return {"out": out}


def scattered(a):
    out = np.array(a.out)
    for i, r in enumerate(rows(None, None, None)):
        if 0 <= r < 20:
            out[r, 16:40] = a.x[i, :24]
    return {"out": out}


CASES += [
    Case("descriptor/gather", "descriptor.py:gather_rows",
         {"x": In("f32", (20, 40)), "index": In("i32", 8, rows),
          "out": Out("f32", (8, 32)), "rows": 20, "cols": 40, "col": 16,
          "N": Const(8), "BLOCK_C": Const(32)}, (1,), gathered, exact=True),
    Case("descriptor/scatter", "descriptor.py:scatter_rows",
         {"x": In("f32", (8, 32)), "index": In("i32", 8, rows),
          "out": InOut("f32", (20, 40), normal), "rows": 20, "cols": 40,
          "col": 16, "N": Const(8), "BLOCK_C": Const(32)}, (1,), scattered,
         exact=True),
]
for m, n, k, block in ((64, 64, 64, (32, 32, 32)), (127, 72, 40, (32, 32, 16)),
                       (96, 160, 64, (96, 160, 32))):
    for t in ("f16", "f32"):
        CASES.append(Case(
            f"descriptor/matmul/{t}/{m}x{n}x{k}", "descriptor.py:matmul",
            {"a": In(t, (m, k), unit), "b": In(t, (k, n), unit),
             "c": Out(t, (m, n)), "M": m, "N": n, "K": k,
             "BLOCK_M": Const(block[0]), "BLOCK_N": Const(block[1]),
             "BLOCK_K": Const(block[2])},
            (-(-m // block[0]), -(-n // block[1])),
            lambda a: {"c": a.a @ a.b}, tolerance={"f32": (1e-4, 1e-4)},
            scale=4))

for t in ("f16", "f32", "bf16", "i8", "f8e4m3"):
    CASES.append(Case(
        f"descriptor/host_copy/{t}", "descriptor.py:host_copy",
        {"x": In(t, (37, 112), normal if is_float(t) else full_range,
                 block=(16, 32)),
         "out": Out(t, (37, 112), block=(16, 32))}, (3,), same, exact=True))
CASES += [
    # Extents of 1, and rows further apart than they are long.
    Case("descriptor/host_copy/thin", "descriptor.py:host_copy",
         {"x": In("f32", (1, 40), strides=(64, 1), block=(4, 16)),
          "out": Out("f32", (1, 40), strides=(80, 1), block=(4, 16))}, (1,),
         same, exact=True),
    Case("descriptor/host_matmul", "descriptor.py:host_matmul",
         {"a": In("f16", (100, 72), unit, block=(64, 32)),
          "b": In("f16", (72, 88), unit, block=(32, 32)),
          "c": Out("f32", (100, 88), block=(64, 32)), "K": 72}, (2, 3),
         lambda a: {"c": a.a @ a.b}, scale=20),
]
