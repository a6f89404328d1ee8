"""Cases of kernels/boxes.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import dataclasses

import numpy as np

from table import Case, Const, In, InOut, Out, small, unit

CASES = []


def add(name, kernel, args, grid, oracle, warps=4, stages=3, more_options=None,
        **more):
    """With and without warps for the copies."""
    if any(getattr(a, "dtype", "").startswith("f8") for a in args.values()):
        # sm_90a adds up products of fp8 with 13 bits below the largest one.
        more |= {"tolerance": {"f32": (1e-4, 3e-4)}}
    for specialize in (False, True):
        CASES.append(Case(
            f"boxes/{name}/{'specialized' if specialize else 'plain'}",
            f"boxes.py:{kernel}", {**args, "SPECIALIZE": Const(specialize)},
            grid, oracle, options={"num_warps": warps, "num_stages": stages,
                                   **(more_options or {})}, **more))


def cover(size, block):
    return -(-size // block)


# Tensors that blocks fill, that end in a block, that are smaller than one.
for t in ("f16", "bf16"):
    for m, n, k, block, warps, stages in (
            (128, 128, 256, (64, 64, 64), 4, 3),
            (200, 144, 80, (64, 64, 32), 4, 4),
            (24, 48, 16, (64, 64, 64), 4, 2),
            (256, 256, 192, (128, 128, 64), 8, 4),
            (150, 304, 112, (128, 256, 64), 8, 3)):
        add(f"product/{t}/{m}x{n}x{k}", "product",
            {"a": In(t, (m, k), unit), "b": In(t, (k, n), unit),
             "c": Out(t, (m, n)), "M": m, "N": n, "K": k,
             "BLOCK_M": Const(block[0]), "BLOCK_N": Const(block[1]),
             "BLOCK_K": Const(block[2])},
            (cover(m, block[0]), cover(n, block[1])),
            lambda a: {"c": a.a @ a.b}, warps, stages, scale=4)

# 8 and 32 bits want their elements along k.
for t, block_k in (("f16", 64), ("f16", 16), ("bf16", 128), ("f32", 32),
                   ("f8e4m3", 128)):
    m, n, k = 100, 144, 3 * block_k + 16
    add(f"transposed/{t}/{block_k}", "transposed",
        {"a": In(t, (m, k), unit, block=(64, block_k)),
         "b": In(t, (n, k), unit, block=(64, block_k)),
         "c": Out("f32", (m, n), block=(64, 64)), "K": k},
        (cover(m, 64), cover(n, 64)), lambda a: {"c": a.a @ a.b.T}, scale=20)

add("shared_operand", "shared_operand",
    {"a": In("f16", (100, 160), unit), "b": In("f16", (160, 80), unit),
     "c": Out("f32", (100, 80)), "d": Out("f32", (100, 80)), "M": 100, "N": 80,
     "K": 160, "BLOCK": Const(64), "BLOCK_K": Const(32)}, (2, 2),
    lambda a: {"c": a.a @ a.b, "d": a.a @ a.b}, scale=20)
add("persistent", "persistent",
    {"a": In("f16", (200, 160), unit), "b": In("f16", (160, 144), unit),
     "c": Out("f32", (200, 144)), "M": 200, "N": 144, "K": 160,
     "BLOCK_M": Const(64), "BLOCK_N": Const(64), "BLOCK_K": Const(32),
     "PROGRAMS": Const(3)}, (3,), lambda a: {"c": a.a @ a.b}, scale=20)

# Tiles of pointers: whether they become boxes depends on what is known of them.
for t in ("f16", "bf16"):
    for m, n, k, block, warps, stages in (
            (128, 128, 256, (64, 64, 64), 4, 3),
            (200, 144, 80, (64, 64, 32), 4, 4),
            (24, 48, 16, (64, 64, 64), 4, 2),
            (70, 90, 50, (64, 64, 32), 4, 3),
            (150, 304, 112, (128, 256, 64), 8, 3)):
        add(f"pointers/{t}/{m}x{n}x{k}", "pointers",
            {"a": In(t, (m, k), unit), "b": In(t, (k, n), unit),
             "c": Out(t, (m, n)), "M": m, "N": n, "K": k,
             "BLOCK_M": Const(block[0]), "BLOCK_N": Const(block[1]),
             "BLOCK_K": Const(block[2])},
            (cover(m, block[0]), cover(n, block[1])),
            lambda a: {"c": a.a @ a.b}, warps, stages, scale=4)

for t, transposed in (("f16", False), ("f16", True), ("f8e4m3", True)):
    for m, n, k in ((128, 192, 160), (150, 100, 70), (100, 144, 80)):
        pitch, wide = cover(k, 16) * 16 + 16, cover(n, 16) * 16
        b = (n, pitch) if transposed else (k, wide)
        add(f"advanced/{t}/{m}x{n}x{k}/{'nt' if transposed else 'nn'}",
            "advanced",
            {"a": In(t, (m, pitch), unit), "b": In(t, b, unit),
             "c": Out("f32", (m, n)), "M": m, "N": n, "K": k,
             "stride_a": pitch, "stride_b": b[1], "stride_c": n,
             "BLOCK_M": Const(64), "BLOCK_N": Const(64),
             "BLOCK_K": Const(32 if t == "f16" else 128), "GROUP": Const(2),
             "TRANSPOSED": Const(transposed)},
            (cover(m, 64) * cover(n, 64),),
            lambda a, k=k, n=n, transposed=transposed: {
                "c": a.a[:, :k] @ (a.b[:, :k].T if transposed
                                   else a.b[:, :n])}, scale=20)


def shifted(a, by):
    rows = np.zeros((150, a.a.shape[1]))
    for i in range(150):
        if 0 <= i - by < a.ROWS:
            rows[i] = a.a[i - by]
    return {"c": rows @ a.b}


# Rows above and below the tensor, and a tensor that is empty.
for shift, rows in ((0, 100), (5, 100), (64, 50), (-7, 100), (3, 0)):
    add(f"shifted/{shift}/{rows}", "shifted",
        {"a": In("f16", (100, 64), unit), "b": In("f16", (64, 64), unit),
         "c": Out("f32", (150, 64)), "ROWS": rows, "WIDTH": Const(64),
         "SHIFT": Const(shift), "LENGTH": 150, "BLOCK": Const(64)}, (3,),
        lambda a, shift=shift: shifted(a, shift), scale=20)
add("pointers_persistent", "pointers_persistent",
    {"a": In("f16", (200, 160), unit), "b": In("f16", (160, 144), unit),
     "c": Out("f32", (200, 144)), "M": 200, "N": 144, "K": 160,
     "BLOCK_M": Const(64), "BLOCK_N": Const(64), "BLOCK_K": Const(32),
     "PROGRAMS": Const(3)}, (3,), lambda a: {"c": a.a @ a.b}, scale=20)


def overlapping(a, pitch):
    rows = a.a[pitch * np.arange(100)[:, None] + np.arange(64)[None, :]]
    return {"c": rows @ a.b}


# Rows that are all the same, or overlap, are no tensor for the hardware.
for pitch in (0, 16, 64):
    add(f"overlapping/{pitch}", "advanced",
        {"a": In("f16", 6400, unit), "b": In("f16", (64, 64), unit),
         "c": Out("f32", (100, 64)), "M": 100, "N": 64, "K": 64,
         "stride_a": pitch, "stride_b": 64, "stride_c": 64,
         "BLOCK_M": Const(64), "BLOCK_N": Const(64), "BLOCK_K": Const(32),
         "GROUP": Const(2), "TRANSPOSED": Const(False)}, (2,),
        lambda a, pitch=pitch: overlapping(a, pitch), scale=20)


# Stores of blocks, and who looks at what they wrote.
def read_back(a):
    return {"c": a.x + 1, "d": 2 * (a.x + 1)}


CASES.append(Case(
    "boxes/stores/read_back", "boxes.py:read_back",
    {"x": In("f32", (40, 64), small), "c": Out("f32", (40, 64)),
     "d": Out("f32", (40, 64)), "M": 40, "N": 64, "BLOCK_M": Const(16),
     "BLOCK_N": Const(64)}, (3,), read_back, exact=True))


def shown(a):
    d = np.array(a.d)
    d[16:] = a.x[:-16] + 1
    return {"c": a.x, "d": d, "ready": np.ones(3)}


CASES.append(Case(
    "boxes/stores/show_others", "boxes.py:show_others",
    {"x": In("f32", (48, 64), small), "c": Out("f32", (48, 64)),
     "d": InOut("f32", (48, 64), small),
     "ready": InOut("i32", 3, lambda rng, dtype, shape: np.zeros(shape)),
     "M": 48, "N": 64, "BLOCK": Const(16)}, (3,), shown, exact=True))


# A tensor without rows takes nothing.
for rows in (0, 70, 100):
    def two(a, rows=rows):
        product = a.a @ a.b
        c = np.array(a.c)
        c[:rows] = product[:rows]
        return {"c": c, "d": 2 * product}
    CASES.append(Case(
        f"boxes/stores/two_results/{rows}", "boxes.py:two_results",
        {"a": In("f16", (100, 64), unit), "b": In("f16", (64, 144), unit),
         "c": InOut("f16", (100, 144), small), "d": Out("f32", (100, 144)),
         "rows": rows, "M": 100, "N": 144, "K": 64, "BLOCK_M": Const(64),
         "BLOCK_N": Const(64), "BLOCK_K": Const(32)}, (2, 3), two, scale=4))
# What threads have written boxes may not find.
add("written_first", "written_first",
    {"x": In("f16", (100, 256), unit), "a": Out("f16", (100, 256)),
     "b": In("f16", (256, 64), unit), "c": Out("f32", (100, 64)), "M": 100,
     "N": 64, "K": 256, "BLOCK_M": Const(64), "BLOCK_N": Const(64),
     "BLOCK_K": Const(64)}, (2,),
    lambda a: {"a": 2 * a.x, "c": 2 * a.x @ a.b}, scale=20)
# Some begin at multiples of 16 bytes, which boxes do, some do not.
for starts in ((0, 3, 8), (5, 8, 16), (16, 9, 3), (3, 5, 0)):
    def last_stays(a, starts=starts):
        c = np.array(a.c)
        for n, start in enumerate(starts):
            c[:64, start:start + 64] = a.x + n
        return {"c": c}
    CASES.append(Case(
        "boxes/stores/overlapping/" + ",".join(map(str, starts)),
        "boxes.py:store_overlapping",
        {"x": In("f16", (64, 64), unit), "c": InOut("f16", (80, 96), small),
         "M": 80, "N": 96, "first": starts[0], "second": starts[1],
         "third": starts[2], "BLOCK_M": Const(64), "BLOCK_N": Const(64)},
        (1,), last_stays, exact=True))
# What follows a row's end stays: a box is cut off by 16 bytes.
for columns in (1, 40, 112, 120, 125, 128):
    def beside(a, columns=columns):
        result = {}
        for name in "cd":
            whole = np.array(getattr(a, name))
            whole[:60, :columns] = (a.a @ a.b)[:60, :columns]
            result[name] = whole
        return result
    CASES.append(Case(
        f"boxes/stores/row_ends/{columns}", "boxes.py:store_row_ends",
        {"a": In("f16", (64, 32), unit), "b": In("f16", (32, 128), unit),
         "c": InOut("f16", (64, 136), small),
         "d": InOut("f16", (64, 136), small), "M": 60, "N": columns,
         "BLOCK_M": Const(64), "BLOCK_N": Const(128), "BLOCK_K": Const(32),
         "PITCH": Const(136)}, (1,), beside, scale=4,
        options={"box_stores": 2}))
# A box begins at multiples of 16 bytes of a row.
for first in (0, 1, 7, 8, 40):
    def from_column(a, first=first):
        part = np.zeros((100, 64))
        part[:, :min(64, 96 - first)] = a.a[:, first:first + 64]
        return {"c": part @ a.b, "d": part @ a.b}
    add(f"from_column/{first}", "from_column",
        {"a": In("f16", (100, 96), unit), "b": In("f16", (64, 64), unit),
         "c": Out("f32", (100, 64)), "d": Out("f32", (100, 64)), "ROWS": 100,
         "WIDTH": 96, "first": first, "FIRST": Const(first),
         "LENGTH": Const(64), "BLOCK": Const(64)}, (2,), from_column, scale=20)
# Blocks that begin before the tensor or end behind it, or are far from it.
for row, column in ((0, 0), (-1, 0), (0, -1), (-33, -70), (61, -8), (-64, 3),
                    (90, 130), (1 << 30, 0), ((1 << 31) - 1, 5), (7, 1 << 30),
                    (-(1 << 31), 0), (2, -(1 << 31)), (-5, (1 << 31) - 400)):
    def anywhere(a, row=row, column=column):
        c = np.array(a.c)
        for n in range(3):
            for i in range(max(0, -row), min(64, 100 - row)):
                first = column + 64 * n
                low, high = max(0, -first), min(64, 144 - first)
                if low < high:
                    c[row + i, first + low:first + high] = \
                        a.x[i, low:high] + n
        return {"c": c}
    CASES.append(Case(
        f"boxes/stores/anywhere/{row},{column}", "boxes.py:store_anywhere",
        {"x": In("f16", (64, 64), unit), "c": InOut("f16", (100, 144), small),
         "M": 100, "N": 144, "row": row, "column": column,
         "BLOCK_M": Const(64), "BLOCK_N": Const(64)}, (1,), anywhere,
        exact=True))
# Shared memory has no room for the whole block beside four stages.
add("stores/sliced", "persistent",
    {"a": In("f16", (200, 128), unit), "b": In("f16", (128, 304), unit),
     "c": Out("f16", (200, 304)), "M": 200, "N": 304, "K": 128,
     "BLOCK_M": Const(128), "BLOCK_N": Const(256), "BLOCK_K": Const(64),
     "PROGRAMS": Const(2)}, (2,), lambda a: {"c": a.a @ a.b}, 8, 4, scale=20)

# Results that go to tiles of pointers as boxes.
STORED = ("boxes/pointers/f16/", "boxes/advanced/f16/", "boxes/shifted/",
          "boxes/pointers_persistent/")
CASES += [dataclasses.replace(
    case, name=case.name.replace("boxes/", "boxes/stored/", 1),
    options={**case.options, "box_stores": 2})
    for case in CASES if case.name.startswith(STORED)]
# One row, at no distance from the next, is no tensor for the hardware.
add("stored/one_row", "advanced",
    {"a": In("f16", (1, 64), unit), "b": In("f16", (64, 96), unit),
     "c": Out("f32", (1, 96)), "M": 1, "N": 96, "K": 64, "stride_a": 64,
     "stride_b": 96, "stride_c": 0, "BLOCK_M": Const(64), "BLOCK_N": Const(64),
     "BLOCK_K": Const(32), "GROUP": Const(2), "TRANSPOSED": Const(False)}, (2,),
    lambda a: {"c": a.a @ a.b}, scale=20, more_options={"box_stores": 2})
