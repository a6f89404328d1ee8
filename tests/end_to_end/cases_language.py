"""Cases of kernels/control.py, shape.py and random.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

import philox
from table import (FLOATS, INTEGERS, Case, Const, Function, In, InOut, Out,
                   counting, full_range, is_float, normal, values_of)

CASES = []

#===------------------------------------------------------------------------===#
# Control flow
#===------------------------------------------------------------------------===#


def collatz(a):
    def steps(x):
        count = 0
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            count += 1
        return count
    return {"out": [steps(int(x)) for x in a.x]}


def loops(a):
    total, weighted, down = 0, 0.0, 0
    for i in range(a.n):
        for j in range(i, a.n, a.STEP):
            total += i * j
            weighted += 0.5 * i
    for i in range(a.n, 0, -1):
        down = down * 2 + i % 2
    return {"out": [total, int(weighted), down]}


CASES += [
    Case("control/nested_helpers", "control.py:nested_helpers",
         {"x": In("f32", 300), "y": In("f32", 300), "out": Out("f32", 300),
          "n": 300, "BLOCK": Const(128)}, (3,),
         lambda a: {"out": np.hypot(a.x, a.y)}),
    Case("control/tuples", "control.py:tuples",
         {"out": Out("i32", 3), "a": 17, "b": 5}, (1,),
         lambda a: {"out": [3, 2, 2]}),
    Case("control/early_return", "control.py:early_return",
         {"x": In("i32", 8, values_of([-3, 0, 5, 1, -1, 0, 9, 2])),
          "out": InOut("i32", 8, values_of([7] * 8)), "n": 6}, (8,),
         lambda a: {"out": [-1, 0, 1, 1, -1, 0, 7, 7]}),
    Case("control/recursion", "control.py:constant_power",
         {"x": In("f32", 60), "out": Out("f32", 60), "n": 60, "N": Const(5),
          "BLOCK": Const(64)}, (1,), lambda a: {"out": a.x ** 5}, scale=4.0),
    Case("control/collatz", "control.py:collatz",
         {"x": In("i64", 30, values_of(np.arange(1, 31))),
          "out": Out("i32", 30)}, (30,), collatz),
    Case("control/grid_stride", "control.py:grid_stride",
         {"x": In("f32", 10007), "out": Out("f32", 10007), "n": 10007,
          "BLOCK": Const(256)}, (5,), lambda a: {"out": a.x ** 2 + 1}),
    Case("control/unrolled", "control.py:unrolled",
         {"x": In("f32", (5, 64)), "out": Out("f32", 64), "BLOCK": Const(64),
          "N": Const(5)}, (1,),
         lambda a: {"out": (a.x * [[1], [-1], [1], [-1], [1]]).sum(0)},
         scale=5.0),
    Case("control/loops", "control.py:loops",
         {"out": Out("i32", 3), "n": 11, "STEP": Const(3)}, (1,), loops),
    Case("control/loops_empty", "control.py:loops",
         {"out": Out("i32", 3), "n": 0, "STEP": Const(3)}, (1,), loops),
    Case("control/globals_and_defaults", "control.py:globals_and_defaults",
         {"out": Out("i32", 1), "a": 10}, (1,), lambda a: {"out": [35]}),
    Case("control/specialised", "control.py:specialised",
         {"out": Out("i32", 4), "a": 1, "b": 48, "c": 5}, (1,),
         lambda a: {"out": np.arange(4) + 9}),
]
for fn, oracle in (("relu", lambda x: np.maximum(x, 0)),
                   ("identity", lambda x: x)):
    CASES.append(Case(
        f"control/function_argument/{fn}", "control.py:function_argument",
        {"x": In("f32", 50), "out": Out("f32", 50), "n": 50,
         "FN": Function(fn), "BLOCK": Const(64)}, (1,),
        lambda a, oracle=oracle: {"out": oracle(a.x)}))
for sign in (1, -1):
    for biased in (True, False):
        CASES.append(Case(
            f"control/ternary/{sign}_{'bias' if biased else 'none'}",
            "control.py:ternary",
            {"x": In("f32", 50), "out": Out("f32", 50),
             "bias": In("f32", 50) if biased else None, "n": 50,
             "SIGN": Const(sign), "BLOCK": Const(64)}, (1,),
            lambda a: {"out": a.SIGN * a.x +
                       (0 if a.bias is None else a.bias)}))
for mode in (0, 1, 2):
    def choose(a):
        y = (a.x + 1, a.x * 2, -a.x)[a.mode]
        return {"out": y * (3 if a.mode > 1 else 1)}
    CASES.append(Case(
        f"control/dynamic_choice/{mode}", "control.py:dynamic_choice",
        {"x": In("f32", 50), "out": Out("f32", 50), "n": 50, "mode": mode,
         "BLOCK": Const(64)}, (1,), choose))
for a_value, b_value in ((3, 5), (-3, 5), (-2, -7), (8, -1)):
    CASES.append(Case(
        f"control/logical/{a_value}_{b_value}", "control.py:logical",
        {"out": Out("i32", 5), "a": a_value, "b": b_value}, (1,),
        lambda a: {"out": [int(a.a > 0 and a.b > 0), int(a.a > 0 or a.b > 0),
                           int(not a.a > a.b), min(a.a, a.b),
                           max(a.a, a.b)]}))

#===------------------------------------------------------------------------===#
# Shapes
#===------------------------------------------------------------------------===#

for t in ("f32", "i8", "bf16", "f64"):
    for rows, cols in ((32, 64), (24, 40)):
        CASES.append(Case(
            f"shape/transpose_{rows}x{cols}/{t}", "shape.py:transpose",
            {"x": In(t, (rows, cols)), "out": Out(t, (cols, rows)),
             "ROWS": Const(rows), "COLS": Const(cols)}, (1,),
            lambda a: {"out": a.x.T}, exact=True))
CASES += [
    Case("shape/transpose_tiled", "shape.py:transpose_tiled",
         {"x": In("f32", (70, 101)), "out": Out("f32", (101, 70)),
          "rows": 70, "cols": 101, "BLOCK": Const(32)}, (3, 4),
         lambda a: {"out": a.x.T}, exact=True),
    Case("shape/permute", "shape.py:permute_3d",
         {"x": In("f32", (3, 8, 5)), "out": Out("f32", (5, 3, 8)),
          "A": Const(3), "B": Const(8), "C": Const(5)}, (1,),
         lambda a: {"out": a.x.transpose(2, 0, 1)}, exact=True),
    Case("shape/reshape", "shape.py:reshape",
         {"x": In("f32", 96), "out": Out("f32", 96), "ROWS": Const(8),
          "COLS": Const(12)}, (1,),
         lambda a: {"out": (a.x.reshape(8, 12) - a.x.reshape(8, 12).sum(
             1, keepdims=True)).reshape(-1)}, scale=5.0),
    Case("shape/broadcast", "shape.py:broadcast",
         {"x": In("f32", 6), "y": In("f32", 40), "out": Out("f32", (6, 40)),
          "ROWS": Const(6), "COLS": Const(40)}, (1,),
         lambda a: {"out": a.x[:, None] + a.y}),
    Case("shape/interleave", "shape.py:interleave",
         {"x": In("i32", 32), "y": In("i32", 32), "out": Out("i32", 64),
          "N": Const(32)}, (1,),
         lambda a: {"out": np.stack([a.x, a.y], 1).reshape(-1)}),
    Case("shape/cat", "shape.py:concatenate",
         {"x": In("i32", 32), "y": In("i32", 32), "out": Out("i32", 64),
          "N": Const(32)}, (1,),
         lambda a: {"out": np.concatenate([a.x, a.y])}),
    Case("shape/histogram", "shape.py:histogram",
         {"x": In("i32", 500, lambda rng, dtype, shape: rng.integers(
             0, 32, shape)), "out": Out("i32", 32), "n": 500,
          "BLOCK": Const(512), "BINS": Const(32)}, (1,),
         lambda a: {"out": np.bincount(a.x, minlength=32)}),
]
for t in ("f32", "i16"):
    CASES.append(Case(
        f"shape/join_split/{t}", "shape.py:join_split",
        {"x": In(t, 24), "y": In(t, 24), "out": Out(t, 72), "N": Const(24)},
        (1,), lambda a: {"out": np.concatenate(
            [np.stack([a.x, a.y], 1).reshape(-1), a.x - a.y])}))
for dim in (0, 1):
    CASES.append(Case(
        f"shape/flip/{dim}", "shape.py:flip",
        {"x": In("f32", (8, 16)), "out": Out("f32", (8, 16)),
         "ROWS": Const(8), "COLS": Const(16), "DIM": Const(dim)}, (1,),
        lambda a: {"out": np.flip(a.x, a.DIM)}, exact=True))
    CASES.append(Case(
        f"shape/gather/{dim}", "shape.py:gather",
        {"x": In("f32", (8, 8)),
         "index": In("i32", (8, 8), lambda rng, dtype, shape: rng.integers(
             0, 8, shape)), "out": Out("f32", (8, 8)), "ROWS": Const(8),
         "COLS": Const(8), "AXIS": Const(dim)}, (1,),
        lambda a: {"out": np.take_along_axis(a.x, a.index, a.AXIS)},
        exact=True))
for t, size in (("f32", 64), ("i32", 64), ("u8", 64), ("i64", 64),
                ("f16", 64), ("bf16", 32), ("f32", 24), ("i32", 100)):
    for descending in (False, True):
        CASES.append(Case(
            f"shape/sort_{size}/{t}/{'down' if descending else 'up'}",
            "shape.py:sort",
            {"x": In(t, (3, size)), "out": Out(t, (3, size)), "N": Const(size),
             "DESCENDING": Const(descending)}, (3,),
            lambda a: {"out": np.sort(a.x, 1)[:, ::-1] if a.DESCENDING
                       else np.sort(a.x, 1)}, exact=True))
for t in ("f32", "i32"):
    CASES.append(Case(
        f"shape/topk/{t}", "shape.py:topk",
        {"x": In(t, (3, 64)), "out": Out(t, (3, 8)), "N": Const(64),
         "K": Const(8)}, (3,),
        lambda a: {"out": np.sort(a.x, 1)[:, ::-1][:, :8]}, exact=True))

#===------------------------------------------------------------------------===#
# Random numbers
#===------------------------------------------------------------------------===#

for seed in (0, 42, 0x123456789ABCDEF):
    CASES.append(Case(
        f"random/philox/{seed:x}", "random.py:philox_bits",
        {"out": Out("i32", (700, 4)), "seed": seed, "n": 700,
         "BLOCK": Const(256)}, (3,),
        lambda a: {"out": np.stack(philox.bits(a.seed, np.arange(700)), 1)
                   .astype(np.uint32).view(np.int32)}))


def normals(a):
    # Box-Muller on the first two of the four words.
    one, two, _, _ = philox.bits(a.seed, np.arange(a.n))
    u1 = np.maximum(1e-7, philox.uniform(one).astype(float))
    u2 = philox.uniform(two).astype(float)
    return {"out": np.sqrt(-2 * np.log(u1)) * np.cos(2 * np.pi * u2)}


def dropped(a):
    keep = philox.uniform(philox.bits(a.seed, np.arange(a.n))[0]) > (
        np.float32(a.p))
    x = a.x.astype(np.float32) / (np.float32(1) - np.float32(a.p))
    return {"out": np.where(keep, x, 0)}


CASES += [
    Case("random/rand", "random.py:uniform",
         {"out": Out("f32", 700), "seed": 7, "n": 700, "BLOCK": Const(256)},
         (3,), lambda a: {"out": philox.uniform(
             philox.bits(7, np.arange(700))[0])}, exact=True),
    Case("random/randint", "random.py:integers",
         {"out": Out("i32", 700), "seed": 7, "n": 700, "BLOCK": Const(256)},
         (3,), lambda a: {"out": philox.bits(7, np.arange(700))[0].astype(
             np.uint32).view(np.int32)}),
    Case("random/randn", "random.py:normal",
         {"out": Out("f32", 700), "seed": 7, "n": 700, "BLOCK": Const(256)},
         (3,), normals, tolerance={"f32": (1e-4, 1e-5)}),
    Case("random/dropout", "random.py:dropout",
         {"x": In("f32", 1000), "out": Out("f32", 1000), "n": 1000, "p": 0.5,
          "seed": 123, "BLOCK": Const(256)}, (4,), dropped, exact=True),
]
