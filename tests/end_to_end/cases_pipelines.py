"""Cases of kernels/pipelines.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

from table import Case, Const, In, Out, normal, uniform, unit, values_of

CASES = []
M, N, K = 128, 192, 160
BLOCK_M, BLOCK_N, BLOCK_K = 64, 64, 32
TILES = (M // BLOCK_M, N // BLOCK_N)
F16_SUM = {"f32": (2e-3, 2e-3)}
OPTIONS = {"num_warps": 4, "num_stages": 3}


def blocks(**more):
    return {"BLOCK_M": Const(BLOCK_M), "BLOCK_N": Const(BLOCK_N),
            "BLOCK_K": Const(BLOCK_K), **more}


def add(name, args, grid, oracle, tolerance=F16_SUM, kernel=None):
    """With and without warps for the copies. The kernel is `name` or `kernel`."""
    for specialize in (False, True):
        CASES.append(Case(
            f"pipelines/{name}/{'specialized' if specialize else 'plain'}",
            f"pipelines.py:{kernel or name}", {**args, "SPECIALIZE": Const(specialize)},
            grid, oracle, options=OPTIONS, tolerance=tolerance))


A, B, C = In("f16", (M, K), unit), In("f16", (K, N), unit), Out("f32", (M, N))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def biased(a):
    x = a.a @ a.b + a.bias
    return {"c": x * sigmoid(1.702 * x)}


add("bias_gelu",
    {"a": A, "b": B, "bias": In("f32", N), "c": C, "N": N, "K": K, **blocks()},
    TILES, biased)


def dequantized(a):
    scaled = a.a * np.repeat(a.scale, BLOCK_K, 1)
    return {"c": scaled.astype(np.float16).astype(float) @ a.b}


add("dequantized",
    {"a": In("i8", (M, K), normal), "scale": In("f32", (M, K // BLOCK_K),
                                                uniform),
     "b": B, "c": C, "N": N, "K": K, **blocks()},
    TILES, dequantized, {"f32": (2e-3, 5e-2)})
add("transposed",
    {"a": A, "b": In("f16", (N, K), unit), "c": C, "N": N, "K": K, **blocks()},
    TILES, lambda a: {"c": a.a @ a.b.T})
add("ragged",
    {"a": In("f16", (100, 150), unit), "b": In("f16", (150, 130), unit),
     "c": Out("f32", (100, 130)), "M": 100, "N": 130, "K": 150, **blocks()},
    (2, 3), lambda a: {"c": a.a @ a.b})
add("batched",
    {"a": In("f16", (3, 64, 96), unit), "b": In("f16", (3, 96, 64), unit),
     "c": Out("f32", (3, 64, 64)), "M": 64, "N": 64, "K": 96, **blocks()},
    (1, 1, 3), lambda a: {"c": a.a @ a.b})


def attention(a):
    s = a.q @ a.k.T * a.scale
    p = np.exp2(s - s.max(1, keepdims=True))
    return {"out": p @ a.v / p.sum(1, keepdims=True)}


add("attention",
    {"q": In("f16", (128, 64), unit), "k": In("f16", (192, 64), unit),
     "v": In("f16", (192, 64), unit), "out": Out("f32", (128, 64)),
     "LENGTH": 192, "scale": 0.25, "HEAD": Const(64), "BLOCK_M": Const(64),
     "BLOCK_N": Const(64)}, (2,), attention, {"f32": (5e-3, 2e-3)})
add("gathered",
    {"a": In("f16", (50, K), unit),
     "index": In("i32", M, values_of(np.arange(M) * 7 % 50)), "b": B, "c": C,
     "N": N, "K": K, **blocks()},
    TILES, lambda a: {"c": a.a[a.index] @ a.b})


def gated(a):
    gate = a.a @ a.gate
    return {"c": gate * sigmoid(gate) * (a.a @ a.up)}


add("two_accumulators",
    {"a": A, "gate": B, "up": B, "c": C, "N": N, "K": K, **blocks()},
    TILES, gated, {"f32": (5e-3, 5e-2)})
add("carried_descriptor",
    {"a": In("f16", (3, M, 64), unit), "b": In("f16", (3 * 64, N), unit),
     "c": C, "PARTS": 3, "M": M, "N": N, "K": 64, **blocks()},
    TILES, lambda a: {"c": sum(x @ y for x, y in zip(
        a.a, a.b.reshape(3, 64, N)))})
add("persistent",
    {"a": A, "b": B, "c": C, "M": M, "N": N, "K": K,
     **blocks(PROGRAMS=Const(4))}, (4,), lambda a: {"c": a.a @ a.b})


def ahead(a):
    columns = np.zeros((512, a.b.shape[1]))
    columns[:len(a.b)] = a.b
    scores = a.a @ columns.T * 0.5
    last = a.FIRST + a.COLUMNS
    return {"sums": (scores[:, a.FIRST:last] ** 2).sum(1),
            "behind": scores[:, last:last + BLOCK_N]}


for name, first, columns, n in (("ahead", 0, 192, 250), ("ahead_none", 5, 0, 40),
                                ("ahead_ragged", 13, 128, 170)):
    add(name,
        {"a": In("f16", (M, 64), unit), "b": In("f16", (n, 64), unit),
         "sums": Out("f32", M), "behind": Out("f32", (M, BLOCK_N)),
         "FIRST": first, "COLUMNS": columns, "N": n, "DEPTH": Const(64),
         "BLOCK_M": Const(BLOCK_M), "BLOCK_N": Const(BLOCK_N)}, (2,), ahead,
        {"f32": (5e-3, 5e-3)}, kernel="ahead")
