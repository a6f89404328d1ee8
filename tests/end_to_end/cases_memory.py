"""Cases of kernels/memory.py and kernels/atomics.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

from table import (FLOATS, FP8, INTEGERS, Case, Const, In, InOut, Out,
                   Pointers, counting, flags, full_range, is_float, normal,
                   specials, storage_type, uniform, values_of, zeros)

CASES = []


def same(a):
    return {"out": a.x}


for t in INTEGERS + FLOATS + FP8:
    for n in (1, 7, 256, 1023):
        CASES.append(Case(
            f"memory/copy/{t}/{n}", "memory.py:copy_masked",
            {"x": In(t, n, full_range if not is_float(t) else normal),
             "out": Out(t, n), "n": n, "BLOCK": Const(256)},
            (-(-n // 256),), same, exact=True, tier=1 if n == 1023 else 2))
    CASES.append(Case(
        f"memory/copy_misaligned/{t}", "memory.py:copy_masked",
        {"x": In(t, 333, normal, offset=3), "out": Out(t, 333, offset=5),
         "n": 333, "BLOCK": Const(128)}, (3,), same, exact=True))
    rows, cols = 13, 37
    CASES.append(Case(
        f"memory/copy_strided/{t}", "memory.py:copy_2d",
        {"x": In(t, (rows, cols), normal, strides=(101, 2)),
         "out": Out(t, (rows, cols), strides=(1, 17)), "rows": rows,
         "cols": cols, "x_stride_r": 101, "x_stride_c": 2, "out_stride_r": 1,
         "out_stride_c": 17, "BLOCK_R": Const(8), "BLOCK_C": Const(32)},
        (2, 2), same, exact=True))
    CASES.append(Case(
        f"memory/copy_negative/{t}", "memory.py:copy_2d",
        {"x": In(t, (rows, cols), normal, strides=(-cols, 1)),
         "out": Out(t, (rows, cols), strides=(cols, -1)), "rows": rows,
         "cols": cols, "x_stride_r": -cols, "x_stride_c": 1,
         "out_stride_r": cols, "out_stride_c": -1, "BLOCK_R": Const(16),
         "BLOCK_C": Const(16)}, (1, 3), same, exact=True))

for t in ("f32", "i8", "f16"):
    CASES.append(Case(
        f"memory/empty_mask/{t}", "memory.py:copy_masked",
        {"x": In(t, 64), "out": InOut(t, 64, normal), "n": 0,
         "BLOCK": Const(64)}, (1,), lambda a: {"out": a.out}, exact=True))
    CASES.append(Case(
        f"memory/unmasked/{t}", "memory.py:copy_unmasked",
        {"x": In(t, 1024), "out": Out(t, 1024), "BLOCK": Const(256)}, (4,),
        same, exact=True))
    CASES.append(Case(
        f"memory/other/{t}", "memory.py:copy_with_other",
        {"x": In(t, 100), "out": Out(t, 128), "n": 100,
         "fill": -2.5 if is_float(t) else -7, "BLOCK": Const(128)}, (1,),
        lambda a: {"out": np.concatenate([a.x, [a.fill] * 28])}, exact=True))
    CASES.append(Case(
        f"memory/default_other/{t}", "memory.py:copy_default_other",
        {"x": In(t, 100), "out": Out(t, 128), "n": 100, "BLOCK": Const(128)},
        (1,), lambda a: {"out": np.concatenate([a.x, [0] * 28])}, exact=True))

for shape in ((192, 1), (96, 160), (3, 5), (1, 1), (100, 7), (24, 1000)):
    for t in ("f32", "i16"):
        CASES.append(Case(
            f"memory/tile_{shape[0]}x{shape[1]}/{t}", "memory.py:scale_tile",
            {"x": In(t, shape), "out": Out(t, shape), "ROWS": Const(shape[0]),
             "COLS": Const(shape[1])}, (1,),
            lambda a: {"out": a.x * 2 + 1}, scale=2.0))
for start, end in ((0, 192), (5, 17), (-3, 3), (7, 8), (100, 1124)):
    CASES.append(Case(
        f"memory/arange_{start}_{end}", "memory.py:range_from",
        {"out": Out("i32", end - start), "START": Const(start),
         "END": Const(end)}, (1,),
        lambda a: {"out": np.arange(a.START, a.END)}))

permutation = np.random.default_rng(3).permutation(700)
for t in ("f32", "i64", "bf16"):
    CASES.append(Case(
        f"memory/indirect/{t}", "memory.py:indirect",
        {"x": In(t, 700), "index": In("i32", 700, values_of(permutation)),
         "out": Out(t, 700), "n": 700, "BLOCK": Const(256)}, (3,),
        lambda a: {"out": a.x[a.index]}, exact=True))
    CASES.append(Case(
        f"memory/scatter/{t}", "memory.py:scatter",
        {"x": In(t, 700), "index": In("i64", 700, values_of(permutation)),
         "out": Out(t, 700), "n": 700, "BLOCK": Const(256)}, (3,),
        lambda a: {"out": a.x[np.argsort(a.index)]}, exact=True))

for t in ("i8", "f32", "f64", "bf16"):
    CASES.append(Case(
        f"memory/scalar/{t}", "memory.py:scalar_copy",
        {"x": In(t, 5), "out": Out(t, 5)}, (5,), same, exact=True))

CASES += [
    Case("memory/program_ids", "memory.py:program_ids",
         {"out": Out("i32", (2, 3, 5, 3))}, (5, 3, 2),
         lambda a: {"out": np.stack(np.meshgrid(
             np.arange(2), np.arange(3), np.arange(5), indexing="ij"),
             -1)[..., ::-1]}),
    Case("memory/pointer_table", "memory.py:through_integers",
         {"table": Pointers(In("f32", (6, 50))), "out": Out("f32", (6, 50)),
          "n": 50, "BLOCK": Const(64)}, (6,),
         lambda a: {"out": a.table + np.arange(6)[:, None]}),
    Case("memory/cache_hints", "memory.py:cache_hints",
         {"x": In("f32", 1000), "out": Out("f32", 1000), "n": 1000,
          "BLOCK": Const(256)}, (4,), same, exact=True),
    Case("memory/bool", "memory.py:negate_bool",
         {"x": In("i1", 77, flags), "out": Out("i1", 77), "n": 77,
          "BLOCK": Const(128)}, (1,), lambda a: {"out": ~a.x}),
]
for t in ("f32", "f16", "u8"):
    CASES.append(Case(
        f"memory/block_pointer/{t}", "memory.py:block_pointer_copy",
        {"x": In(t, (37, 101)), "out": Out(t, (37, 101)), "rows": 37,
         "cols": 101, "BLOCK_R": Const(16), "BLOCK_C": Const(32)}, (3,), same,
        exact=True))
for padding in ("zero", "nan"):
    def padded(a, padding=padding):
        full = np.full((16, 32), 0.0 if padding == "zero" else np.nan)
        full[:11, :29] = a.x
        return {"out": full}
    CASES.append(Case(
        f"memory/block_pointer_padding/{padding}",
        "memory.py:block_pointer_padding",
        {"x": In("f32", (11, 29)), "out": Out("f32", (16, 32)), "rows": 11,
         "cols": 29, "BLOCK_R": Const(16), "BLOCK_C": Const(32),
         "PADDING": Const(padding)}, (1,), padded, exact=True))

#===------------------------------------------------------------------------===#
# Atomics
#===------------------------------------------------------------------------===#

SLOTS = 16
UFUNCS = {"add": np.add, "max": np.maximum, "min": np.minimum,
          "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}


def rmw(op, dtype, fill, **kw):
    def oracle(a):
        target = np.array(a.target)
        UFUNCS[op].at(target, np.arange(a.n) % SLOTS, a.x)
        return {"target": target}
    CASES.append(Case(
        f"atomics/{op}/{dtype}", "atomics.py:rmw",
        {"x": In(dtype, 1000, fill), "target": InOut(dtype, SLOTS, fill),
         "n": 1000, "OP": Const(op), "SLOTS": Const(SLOTS),
         "BLOCK": Const(128)}, (8,), oracle, **kw))


for t in ("i32", "u32", "i64", "u64"):
    for op in UFUNCS:
        rmw(op, t, full_range)
for t in ("f32", "f64"):
    rmw("add", t, normal, scale=10.0)
    rmw("max", t, normal)
    rmw("min", t, normal)
for t in ("f16", "bf16"):
    rmw("add", t, lambda rng, dtype, shape: rng.integers(0, 3, shape))

for t in ("i32", "i64", "f32", "u64"):
    CASES.append(Case(
        f"atomics/xchg/{t}", "atomics.py:exchange",
        {"x": In(t, 256), "target": InOut(t, 256, normal),
         "old": Out(t, 256), "BLOCK": Const(128)}, (2,),
        lambda a: {"target": a.x, "old": a.target}, exact=True))
for t in ("i16", "i32", "i64", "f32"):
    def swap(a):
        hit = a.target == a.expected
        return {"old": a.target, "target": np.where(hit, a.x, a.target)}
    half = values_of(np.arange(64) % 5)
    CASES.append(Case(
        f"atomics/cas/{t}", "atomics.py:compare_and_swap",
        {"expected": In(t, 64, half),
         "x": In(t, 64), "target": InOut(t, 64, values_of(np.arange(64) % 3)),
         "old": Out(t, 64), "BLOCK": Const(64)}, (1,), swap, exact=True))

CASES += [
    Case("atomics/ticket", "atomics.py:scalar_counter",
         {"counter": InOut("i32", 1), "seen": InOut("i32", 500)}, (500,),
         lambda a: {"counter": [500], "seen": np.ones(500, int)}),
    Case("atomics/spin_lock", "atomics.py:spin_lock",
         {"lock": InOut("i32", 1), "value": InOut("i32", 1), "N": Const(3)},
         (64,), lambda a: {"lock": [0], "value": [192]}),
    Case("atomics/last_block", "atomics.py:last_block_sum",
         {"x": In("f32", 3000, uniform), "partial": InOut("f32", 32),
          "counter": InOut("i32", 1), "out": Out("f32", 1), "n": 3000,
          "BLOCK": Const(128), "PROGRAMS": Const(32)}, (32,),
         lambda a: {"out": [a.x.sum()], "counter": [32],
                    "partial": np.pad(a.x, (0, 1096)).reshape(32, 128).sum(1)
                    }),
]
