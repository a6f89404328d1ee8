"""Cases of kernels/softmax.py, layernorm.py and wild.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import math

import numpy as np

from table import (Case, Const, In, InOut, Out, normal, uniform, unit,
                   values_of)

CASES = []
erf = np.vectorize(math.erf, otypes=[float])


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return {"out": e / e.sum(1, keepdims=True)}


for t in ("f32", "f16", "bf16", "f64"):
    CASES.append(Case(
        f"softmax/1823x781/{t}", "softmax.py:softmax",
        {"out": Out(t, (1823, 781)), "x": In(t, (1823, 781)),
         "x_stride": 781, "out_stride": 781, "cols": 781,
         "BLOCK": Const(1024)}, (1823,), lambda a: softmax(a.x),
        tolerance={"f64": (1e-5, 1e-8)}, tier=1 if t in ("f32", "bf16") else 2))
CASES += [
    Case("softmax/persistent", "softmax.py:softmax_persistent",
         {"out": Out("f32", (100, 781)), "x": In("f32", (100, 781)),
          "x_stride": 781, "out_stride": 781, "rows": 100, "cols": 781,
          "BLOCK": Const(1024), "num_stages": Const(4)}, (8,),
         lambda a: softmax(a.x)),
    Case("softmax/online", "softmax.py:softmax_online",
         {"out": Out("f32", (17, 3001)), "x": In("f32", (17, 3001)),
          "cols": 3001, "BLOCK": Const(512)}, (17,), lambda a: softmax(a.x)),
    Case("softmax/library", "softmax.py:softmax_library",
         {"out": Out("f32", (16, 100)), "x": In("f32", (16, 100)),
          "ROWS": Const(16), "COLS": Const(100)}, (1,),
         lambda a: softmax(a.x)),
]

#===------------------------------------------------------------------------===#
# Layer normalisation
#===------------------------------------------------------------------------===#


def statistics(x):
    mean = x.mean(1)
    return mean, 1 / np.sqrt(x.var(1) + 1e-5)


def layernorm_forward(a):
    mean, rstd = statistics(a.x)
    return {"mean": mean, "rstd": rstd,
            "y": (a.x - mean[:, None]) * rstd[:, None] * a.weight + a.bias}


for t in ("f32", "f16"):
    for rows, cols in ((151, 1000), (32, 4096)):
        CASES.append(Case(
            f"layernorm/forward/{rows}x{cols}/{t}", "layernorm.py:forward",
            {"x": In(t, (rows, cols)), "y": Out(t, (rows, cols)),
             "weight": In(t, cols, uniform), "bias": In(t, cols),
             "mean": Out("f32", rows), "rstd": Out("f32", rows),
             "stride": cols, "cols": cols, "eps": 1e-5,
             "BLOCK": Const(1024)}, (rows,), layernorm_forward, scale=5.0))


def input_gradient(a):
    xhat = (a.x - a.mean[:, None]) * a.rstd[:, None]
    wdy = a.weight * a.dy
    c1 = (xhat * wdy).mean(1, keepdims=True)
    c2 = wdy.mean(1, keepdims=True)
    return (wdy - (xhat * c1 + c2)) * a.rstd[:, None], a.dy * xhat


ROWS, COLS, GROUPS = 64, 300, 4
backward_tolerance = {"f32": (1e-4, 2e-4)}


def gradient_locks(a):
    dx, dw = input_gradient(a)
    split = lambda v: np.stack([v[g::GROUPS].sum(0) for g in range(GROUPS)])
    return {"dx": dx, "dw": split(dw), "db": split(a.dy),
            "lock": [0] * GROUPS + [1] * GROUPS}


def gradient_atomics(a):
    dx, dw = input_gradient(a)
    return {"dx": dx, "dw": dw.sum(0), "db": a.dy.sum(0)}


def backward_inputs():
    return {"x": In("f32", (ROWS, COLS)), "weight": In("f32", COLS, uniform),
            "mean": In("f32", ROWS, unit), "rstd": In("f32", ROWS, uniform)}


CASES += [
    Case("layernorm/backward_locks", "layernorm.py:backward_locks",
         {"dx": Out("f32", (ROWS, COLS)), "dy": In("f32", (ROWS, COLS)),
          "dw": InOut("f32", (GROUPS, COLS)),
          "db": InOut("f32", (GROUPS, COLS)), **backward_inputs(),
          "lock": InOut("i32", 2 * GROUPS), "stride": COLS, "cols": COLS,
          "GROUPS": Const(GROUPS), "BLOCK": Const(512)}, (ROWS,),
         gradient_locks, tolerance=backward_tolerance),
    Case("layernorm/backward_partials", "layernorm.py:backward_partials",
         {"partial_dw": In("f32", (GROUPS, COLS)),
          "partial_db": In("f32", (GROUPS, COLS)), "dw": Out("f32", COLS),
          "db": Out("f32", COLS), "groups": GROUPS, "cols": COLS,
          "BLOCK_M": Const(32), "BLOCK_N": Const(128)}, (3,),
         lambda a: {"dw": a.partial_dw.sum(0), "db": a.partial_db.sum(0)},
         scale=5.0),
    Case("layernorm/backward_atomics", "layernorm.py:backward_atomics",
         {"dx": Out("f32", (ROWS, COLS)), "dy": In("f32", (ROWS, COLS)),
          "dw": InOut("f32", COLS), "db": InOut("f32", COLS),
          **backward_inputs(), "stride": COLS, "cols": COLS,
          "BLOCK": Const(512)}, (ROWS,), gradient_atomics,
         tolerance=backward_tolerance),
]

#===------------------------------------------------------------------------===#
# Models
#===------------------------------------------------------------------------===#


def rms(a):
    rstd = 1 / np.sqrt((a.x ** 2).mean(1) + 1e-6)
    return {"rstd": rstd,
            "y": a.x * rstd[:, None] * (a.offset + a.w)}


for t in ("f32", "f16", "bf16"):
    for mode in ("llama", "gemma"):
        CASES.append(Case(
            f"wild/rms_norm/{t}/{mode}", "wild.py:rms_norm",
            {"y": Out(t, (33, 500)), "y_stride": 500,
             "x": In(t, (33, 500)), "x_stride": 500,
             "w": In(t, 500, uniform), "rstd": Out("f32", 33), "n_cols": 500,
             "eps": 1e-6, "offset": 0.0 if mode == "llama" else 1.0,
             "casting_mode": Const(mode), "BLOCK_SIZE": Const(512)}, (33,),
            rms, scale=5.0))

HEADS, DIM, LENGTH = 3, 32, 10


def rotate(a):
    h = DIM // 2
    q = a.q.reshape(-1, LENGTH, HEADS, DIM)
    c, s = a.cos[:, None, :], a.sin[:, None, :]
    sign = -1 if a.BACKWARD_PASS else 1
    one = q[..., :h] * c - sign * q[..., h:] * s
    two = q[..., h:] * c + sign * q[..., :h] * s
    return {"q": np.concatenate([one, two], -1).reshape(a.q.shape)}


for backward in (False, True):
    CASES.append(Case(
        f"wild/rope/{'backward' if backward else 'forward'}", "wild.py:rope",
        {"q": InOut("f32", (2 * LENGTH, HEADS * DIM), normal),
         "q_stride": HEADS * DIM, "cos": In("f32", (LENGTH, DIM // 2)),
         "cos_stride": DIM // 2, "sin": In("f32", (LENGTH, DIM // 2)),
         "sin_stride": DIM // 2, "sl": LENGTH, "n_qh": Const(HEADS),
         "hd": Const(DIM), "pad_n_qh": Const(4), "pad_hd": Const(DIM),
         "BACKWARD_PASS": Const(backward)}, (2 * LENGTH,), rotate, scale=2.0))

for t in ("f32", "f16", "bf16"):
    CASES.append(Case(
        f"wild/swiglu/{t}", "wild.py:swiglu_forward",
        {"a": In(t, (20, 300)), "b": In(t, (20, 300)), "c": Out(t, (20, 300)),
         "stride": 300, "n_cols": Const(300), "BLOCK_SIZE": Const(512)},
        (20,), lambda a: {"c": a.a / (1 + np.exp(-a.a)) * a.b}, scale=2.0))


def cross_entropy(a):
    n, eps = a.n_cols, a.smoothing / a.n_cols
    m = a.x.max(1, keepdims=True)
    lse = m + np.log(np.exp(a.x - m).sum(1, keepdims=True))
    p = np.exp(a.x - lse)
    rows = np.arange(len(a.y))
    valid = a.y != -100
    label = np.where(valid, a.y, 0)
    loss = (lse[:, 0] - a.x[rows, label]) * (1 - a.smoothing)
    loss += (-eps * a.x).sum(1) + a.smoothing * lse[:, 0]
    grad = p - eps
    grad[rows, label] -= 1 - a.smoothing
    return {"x": np.where(valid[:, None], grad, 0.0),
            "loss": np.where(valid, loss, 0.0)}


labels = np.random.default_rng(5).integers(0, 1000, 12)
labels[3] = labels[7] = -100
for smoothing in (0.0, 0.1):
    CASES.append(Case(
        f"wild/cross_entropy/{smoothing}", "wild.py:cross_entropy",
        {"x": InOut("f32", (12, 1000), normal), "x_stride": 1000,
         "y": In("i64", 12, values_of(labels)), "loss": InOut("f32", 12),
         "n_cols": 1000, "ignore_index": -100, "smoothing": Const(smoothing),
         "BLOCK_SIZE": Const(256)}, (12,), cross_entropy, scale=10.0))

CASES.append(Case(
    "wild/embedding", "wild.py:embedding",
    {"embeddings": In("f16", (50, 70)),
     "indices": In("i64", 33, values_of(np.arange(33) * 7 % 50)),
     "output": Out("f16", (33, 70)), "n_elements": 33,
     "embedding_dim": Const(70), "BLOCK_M": Const(16), "BLOCK_N": Const(64)},
    (3, 2), lambda a: {"output": a.embeddings[a.indices]}, exact=True))


def quantized(top, low):
    def oracle(a):
        scale = np.maximum(np.abs(a.y).max(1), 1e-10) / top
        q = np.clip(a.y / scale[:, None], low, top)
        return {"q": np.trunc(q) if top == 127.0 else q, "s": scale}
    return oracle


CASES += [
    Case("wild/quantize/f8e4m3", "wild.py:quantize_rows",
         {"y": In("f32", (9, 130)), "q": Out("f8e4m3", (9, 130)),
          "s": Out("f32", 9), "y_stride": 130, "N": 130, "eps": 1e-10,
          "bit8_min": -448.0, "bit8_max": 448.0, "BLOCK": Const(256)}, (9,),
         quantized(448.0, -448.0)),
    Case("wild/quantize/f8e5m2", "wild.py:quantize_rows",
         {"y": In("bf16", (9, 130)), "q": Out("f8e5m2", (9, 130)),
          "s": Out("f32", 9), "y_stride": 130, "N": 130, "eps": 1e-10,
          "bit8_min": -57344.0, "bit8_max": 57344.0, "BLOCK": Const(256)},
         (9,), quantized(57344.0, -57344.0)),
]

GELU = {
    "none": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "tanh": lambda x: 0.5 * x * (1 + np.tanh(
        0.7978845608028654 * (x + 0.044715 * x ** 3))),
    "sigmoid": lambda x: x / (1 + np.exp(-1.702 * x)),
}
for name, fn in GELU.items():
    for t in ("f32", "f16"):
        CASES.append(Case(
            f"wild/gelu/{name}/{t}", "wild.py:gelu",
            {"x": In(t, 1000), "out": Out(t, 1000), "n": 1000,
             "APPROXIMATE": Const(name), "BLOCK": Const(256)}, (4,),
            lambda a, fn=fn: {"out": fn(a.x)}, scale=5.0))


def nucleus(a):
    kept = []
    for row in a.probs:
        ordered = np.sort(row)[::-1]
        kept.append(np.searchsorted(np.cumsum(ordered), a.p) + 1)
    return {"out": kept}


def distribution(rng, dtype, shape):
    p = rng.random(shape) ** 4
    return p / p.sum(-1, keepdims=True)


CASES += [
    Case("wild/top_p", "wild.py:top_p_threshold",
         {"probs": In("f32", (6, 100), distribution), "out": Out("i32", 6),
          "n_cols": 100, "p": 0.8, "BLOCK": Const(128), "ROUNDS": Const(40)},
         (6,), nucleus),
]


def conv(a):
    width = a.w.shape[1]
    padded = np.pad(a.x, ((0, 0), (width - 1, 0)))
    y = sum(padded[:, j:j + a.x.shape[1]] * a.w[:, j:j + 1]
            for j in range(width))
    if a.HAS_BIAS:
        y = y + a.b[:, None]
    return {"y": y / (1 + np.exp(-y)) if a.SILU else y}


for bias, act in ((True, True), (False, False)):
    CASES.append(Case(
        f"wild/causal_conv1d/{'silu' if act else 'plain'}",
        "wild.py:causal_conv1d",
        {"x": In("f32", (5, 200)), "w": In("f32", (5, 4)),
         "b": In("f32", 5) if bias else None, "y": Out("f32", (5, 200)),
         "dim": 5, "seqlen": 200, "stride": 200, "KERNEL_WIDTH": Const(4),
         "HAS_BIAS": Const(bias), "SILU": Const(act), "BLOCK": Const(64)},
        (5, 4), conv, scale=3.0))


def linear_attention(a):
    s = np.tril(a.q @ np.swapaxes(a.k, 1, 2)) * a.scale
    return {"o": s @ a.v}


for t in ("f32", "f16"):
    CASES.append(Case(
        f"wild/linear_attention/{t}", "wild.py:linear_attention_chunk",
        {"q": In(t, (2, 90, 32), unit), "k": In(t, (2, 90, 32), unit),
         "v": In(t, (2, 90, 64), unit), "o": Out(t, (2, 90, 64)),
         "s_qk_h": 90 * 32, "s_qk_t": 32, "s_vo_h": 90 * 64, "s_vo_t": 64,
         "scale": 0.25, "T": 90, "K": Const(32), "V": Const(64),
         "BT": Const(32), "BK": Const(32), "BV": Const(32)}, (2, 2),
        linear_attention,
        tolerance={"f32": (1e-4, 1e-4), "f16": (3e-2, 3e-2)}))


def unpack(a):
    shifts = np.arange(8) * 4
    b = (a.b.view(np.uint32)[:, None, :] >> shifts[None, :, None]) & 15
    b = b.reshape(-1, a.b.shape[1]).astype(int) - 8
    return {"c": a.a @ (b * np.repeat(a.scales, a.group_size, 0))}


CASES.append(Case(
    "wild/matmul_int4", "wild.py:matmul_int4",
    {"a": In("f32", (40, 128), unit),
     "b": In("i32", (16, 56), lambda rng, dtype, shape: rng.integers(
         -2**31, 2**31, shape)),
     "scales": In("f32", (4, 56), uniform), "c": Out("f32", (40, 56)),
     "M": 40, "N": 56, "K": 128, "group_size": 32, "BLOCK_M": Const(16),
     "BLOCK_N": Const(32), "BLOCK_K": Const(32)}, (3, 2), unpack,
    tolerance={"f32": (1e-4, 1e-3)}))

SIZES = np.array([20, 0, 33, 7])


def grouped(a):
    ends = np.cumsum(SIZES)
    parts = [a.a[e - n:e] @ a.b[g]
             for g, (e, n) in enumerate(zip(ends, SIZES))]
    return {"c": np.concatenate(parts)}


CASES.append(Case(
    "wild/grouped_matmul", "wild.py:grouped_matmul",
    {"a": In("f32", (60, 40), unit), "b": In("f32", (4, 40, 50), unit),
     "c": Out("f32", (60, 50)), "sizes": In("i32", 4, values_of(SIZES)),
     "N": 50, "K": 40, "GROUPS": Const(4), "NUM_SM": Const(3),
     "BLOCK_M": Const(16), "BLOCK_N": Const(32), "BLOCK_K": Const(16)}, (3,),
    grouped, scale=20.0))


def adam(a):
    p = a.p * (1 - 1e-2 * 0.1)
    m = 0.9 * a.m + 0.1 * a.g
    v = 0.99 * a.v + 0.01 * a.g ** 2
    p = p - 1e-2 * (m * 1.5) / (np.sqrt(v * 2.5) + 1e-8)
    return {"p": p, "m": m, "v": v}


CASES.append(Case(
    "wild/adamw", "wild.py:adamw",
    {"p": InOut("f32", 777, normal), "g": In("f32", 777),
     "m": InOut("f32", 777, normal), "v": InOut("f32", 777, uniform),
     "n": 777, "lr": 1e-2, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8,
     "weight_decay": 0.1, "step_size1": 1.5, "step_size2": 2.5,
     "BLOCK": Const(256)}, (4,), adam, scale=5.0))

TABLE = np.array([[3, 1, 0], [2, 5, 0]])
LENGTHS = np.array([40, 17])


def pages(a):
    out = np.array(a.out)
    for s in range(2):
        for i in range(LENGTHS[s]):
            out[s, i] = a.cache[TABLE[s, i // 16] * 16 + i % 16]
    return {"out": out}


CASES += [
    Case("wild/paged_gather", "wild.py:paged_gather",
         {"cache": In("f32", (96, 24)), "table": In("i32", (2, 3),
                                                    values_of(TABLE)),
          "lengths": In("i32", 2, values_of(LENGTHS)),
          "out": InOut("f32", (2, 48, 24)), "max_len": 48, "PAGE": Const(16),
          "DIM": Const(24)}, (2, 3), pages, exact=True),
]


def swizzled(a):
    si, sj, g = 6, 4, a.GROUP
    i, j = np.meshgrid(np.arange(si), np.arange(sj), indexing="ij")
    ij = i * sj + j
    group, first = ij // (g * sj), ij // (g * sj) * g
    rows = np.minimum(si - first, g)
    ij = ij % (g * sj)
    return {"out_i": first + ij % rows, "out_j": ij // rows}


for group in (1, 2, 4):
    CASES.append(Case(
        f"wild/swizzle2d/{group}", "wild.py:swizzle_indices",
        {"out_i": Out("i32", (6, 4)), "out_j": Out("i32", (6, 4)),
         "GROUP": Const(group)}, (6, 4), swizzled))
