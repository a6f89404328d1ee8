"""Cases of kernels/reduce.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

from table import (FLOATS, INTEGERS, SIGNED, Case, Const, In, Out, full_range,
                   is_float, normal, small, specials, storage_type, uniform,
                   unit, values_of)

CASES = []


def widened(dtype):
    """Result type of sum, max, min: small integers widen to 32 bits."""
    if is_float(dtype) or storage_type(dtype).itemsize >= 4:
        return dtype
    return "i32" if dtype in SIGNED else "u32"


def distinct(rng, dtype, shape):
    """No ties, so that the index of the largest is one."""
    count = shape[-1]
    rows = [rng.permutation(count) for _ in range(int(np.prod(shape[:-1])))]
    return np.array(rows).reshape(shape)


for t in INTEGERS + FLOATS:
    for cols in (128, 192):
        out = widened(t)
        CASES.append(Case(
            f"reduce/sum/{t}/{cols}", "reduce.py:reduce_rows",
            {"x": In(t, (5, cols), small), "out": Out(out, 5), "rows": 5,
             "cols": cols, "OP": Const("sum"), "BLOCK": Const(cols)}, (5,),
            lambda a: {"out": a.x.astype(np.int64).sum(1)}, exact=True,
            tier=1 if cols == 192 else 2))
        for op, fn in (("max", np.max), ("min", np.min)):
            CASES.append(Case(
                f"reduce/{op}/{t}/{cols}", "reduce.py:reduce_rows",
                {"x": In(t, (5, cols), normal),
                 "out": Out(out if not is_float(t) else t, 5), "rows": 5,
                 "cols": cols, "OP": Const(op), "BLOCK": Const(cols)}, (5,),
                lambda a, fn=fn: {"out": fn(a.x, axis=1)}, exact=True,
                tier=1 if cols == 192 else 2))
    for op, fn in (("argmax", np.argmax), ("argmin", np.argmin)):
        CASES.append(Case(
            f"reduce/{op}/{t}", "reduce.py:reduce_rows",
            {"x": In(t, (5, 96), distinct), "out": Out("i32", 5), "rows": 5,
             "cols": 96, "OP": Const(op), "BLOCK": Const(96)}, (5,),
            lambda a, fn=fn: {"out": fn(a.x, axis=1)}))
for t in ("i32", "u64", "i8"):
    CASES.append(Case(
        f"reduce/xor_sum/{t}", "reduce.py:reduce_rows",
        {"x": In(t, (5, 100), full_range), "out": Out(t, 5), "rows": 5,
         "cols": 100, "OP": Const("xor_sum"), "BLOCK": Const(128)}, (5,),
        lambda a: {"out": np.bitwise_xor.reduce(a.x, axis=1)}))

# A masked row is padded with zeros; long rows exercise the accumulation.
for cols in (1, 1000, 65536):
    CASES.append(Case(
        f"reduce/sum_long/{cols}", "reduce.py:reduce_rows",
        {"x": In("f32", (2, cols), uniform), "out": Out("f32", 2), "rows": 2,
         "cols": cols, "OP": Const("sum"),
         "BLOCK": Const(1 << max(0, cols - 1).bit_length())}, (2,),
        lambda a: {"out": a.x.sum(1)}))

for shape in ((32, 64), (7, 33), (96, 160), (1, 128), (128, 1)):
    for axis in (0, 1):
        for op, fn in (("sum", np.sum), ("max", np.max), ("argmin",
                                                          np.argmin)):
            size = shape[1 - axis]
            CASES.append(Case(
                f"reduce/tile_{shape[0]}x{shape[1]}/{op}/axis{axis}",
                "reduce.py:reduce_tile",
                {"x": In("f32", shape),
                 "out": Out("i32" if op == "argmin" else "f32", size),
                 "ROWS": Const(shape[0]), "COLS": Const(shape[1]),
                 "AXIS": Const(axis), "OP": Const(op)}, (1,),
                lambda a, fn=fn: {"out": fn(a.x, axis=a.AXIS)}, scale=10.0))

ties = np.array([[3, 7, 7, 1], [5, 5, 5, 5]], float)
for left in (True, False):
    def tied(a):
        index = [1, 0] if a.LEFT else [2, 3]
        return {"value": [7, 5], "index": index}
    CASES.append(Case(
        f"reduce/ties_{'left' if left else 'any'}",
        "reduce.py:max_with_index",
        {"x": In("f32", (2, 4), values_of(ties)), "value": Out("f32", 2),
         "index": Out("i32", 2), "COLS": Const(4), "LEFT": Const(left)}, (2,),
        tied if left else (lambda a: {"value": [7, 5]})))

CASES += [
    Case("reduce/all", "reduce.py:reduce_all",
         {"x": In("f32", (16, 48)), "out": Out("f32", 3), "ROWS": Const(16),
          "COLS": Const(48)}, (1,),
         lambda a: {"out": [a.x.sum(), a.x.max(), a.x.sum(1).max()]},
         scale=10.0),
    Case("reduce/3d", "reduce.py:reduce_3d",
         {"x": In("f32", (3, 8, 20)), "out": Out("f32", (3, 20)),
          "A": Const(3), "B": Const(8), "C": Const(20)}, (1,),
         lambda a: {"out": a.x.sum(1)}, scale=4.0),
    Case("reduce/keep_dims", "reduce.py:keep_dims",
         {"x": In("f32", (12, 40)), "out": Out("f32", (12, 40)),
          "ROWS": Const(12), "COLS": Const(40)}, (1,),
         lambda a: {"out": a.x - a.x.max(1, keepdims=True)}),
    Case("reduce/product", "reduce.py:product",
         {"x": In("f64", 24, uniform), "out": Out("f64", 1),
          "BLOCK": Const(24)}, (1,), lambda a: {"out": [a.x.prod()]},
         scale=10.0),
    Case("reduce/welford", "reduce.py:welford",
         {"x": In("f32", (9, 700)), "mean": Out("f32", 9),
          "variance": Out("f32", 9), "cols": 700, "BLOCK": Const(1024)}, (9,),
         lambda a: {"mean": a.x.mean(1), "variance": a.x.var(1)}, scale=5.0),
]

for t in INTEGERS + FLOATS:
    for reverse in (False, True):
        out = widened(t)
        out = "f32" if t == "bf16" else out

        def cumulate(a, out=out):
            x = a.x.astype(np.int64)
            x = x[:, ::-1] if a.REVERSE else x
            y = np.cumsum(x, axis=1)
            return {"out": (y[:, ::-1] if a.REVERSE else y).astype(
                np.float64 if is_float(out) else storage_type(out))}
        CASES.append(Case(
            f"scan/cumsum/{t}/{'reverse' if reverse else 'forward'}",
            "reduce.py:scan_rows",
            {"x": In(t, (3, 100), small), "out": Out(out, (3, 100)),
             "COLS": Const(100), "OP": Const("cumsum"),
             "REVERSE": Const(reverse)}, (3,), cumulate, exact=True))
for t in ("f32", "f64", "i32", "i64"):
    CASES.append(Case(
        f"scan/cumprod/{t}", "reduce.py:scan_rows",
        {"x": In(t, (3, 40), uniform if is_float(t) else
                 lambda rng, dtype, shape: rng.integers(1, 3, shape)),
         "out": Out(t, (3, 40)), "COLS": Const(40), "OP": Const("cumprod"),
         "REVERSE": Const(False)}, (3,),
        lambda a: {"out": np.cumprod(a.x, axis=1)}, scale=10.0))
for shape in ((16, 64), (5, 33), (96, 160)):
    for axis in (0, 1):
        for reverse in (False, True):
            def tile(a):
                x = np.flip(a.x, a.AXIS) if a.REVERSE else a.x
                y = np.cumsum(x, axis=a.AXIS)
                return {"out": np.flip(y, a.AXIS) if a.REVERSE else y}
            CASES.append(Case(
                f"scan/tile_{shape[0]}x{shape[1]}/axis{axis}/"
                f"{'reverse' if reverse else 'forward'}",
                "reduce.py:scan_tile",
                {"x": In("f32", shape), "out": Out("f32", shape),
                 "ROWS": Const(shape[0]), "COLS": Const(shape[1]),
                 "AXIS": Const(axis), "REVERSE": Const(reverse)}, (1,), tile,
                scale=50.0))
CASES.append(Case(
    "scan/running_max", "reduce.py:running_max",
    {"x": In("f32", (4, 200)), "out": Out("f32", (4, 200)),
     "COLS": Const(200)}, (4,),
    lambda a: {"out": np.maximum.accumulate(a.x, axis=1)}, exact=True))


def recurrence(a):
    order = range(a.COLS - 1, -1, -1) if a.REVERSE else range(a.COLS)
    h, out = np.zeros(len(a.a)), np.zeros(a.a.shape)
    for t in order:
        h = a.a[:, t] * h + a.b[:, t]
        out[:, t] = h
    return {"out": out}


for reverse in (False, True):
    CASES.append(Case(
        f"scan/recurrence/{'reverse' if reverse else 'forward'}",
        "reduce.py:linear_recurrence",
        {"a": In("f32", (4, 150), unit), "b": In("f32", (4, 150)),
         "out": Out("f32", (4, 150)), "COLS": Const(150),
         "REVERSE": Const(reverse)}, (4,), recurrence, scale=20.0))
