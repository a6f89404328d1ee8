"""Cases of kernels/matmul.py and kernels/attention.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

from table import (Case, Const, In, InOut, Out, decode, encode, normal, small,
                   unit)

CASES = []
ACC = {"f32": "tl.float32", "f64": "tl.float64", "i32": "tl.int32"}
LANGUAGE8 = {"f8e4m3": "tl.float8e4nv", "f8e5m2": "tl.float8e5",
             "f8e4m3fnuz": "tl.float8e4b8", "f8e5m2fnuz": "tl.float8e5b16"}


class Type:
    """A constexpr that is an element type."""

    def __init__(self, name):
        self._tilesdk_signature_ = name
        self.name = name

    def __repr__(self):
        return self.name


def product(a):
    return {"c": a.a @ a.b}


def matmul(dtype, m, n, k, blocks, acc="f32", out=None, activation="",
           tier=1, column_major=False, **kw):
    bm, bn, bk = blocks
    strides = (1, k) if column_major else None
    grid = (-(-m // bm) * -(-n // bn),)

    def oracle(a):
        c = a.a.astype(np.int64) @ a.b.astype(np.int64) if acc == "i32" else (
            a.a @ a.b)
        if activation:
            c = np.where(c >= 0, c, 0.01 * c)
        return {"c": c}

    layout = "/column_major" if column_major else ""
    CASES.append(Case(
        f"matmul/{dtype}/{m}x{n}x{k}{'/' + activation if activation else ''}"
        f"{layout}",
        "matmul.py:matmul",
        {"a": In(dtype, (m, k), unit if acc != "i32" else normal),
         "b": In(dtype, (k, n), unit if acc != "i32" else normal,
                 strides=strides),
         "c": Out(out or dtype, (m, n)), "M": m, "N": n, "K": k,
         "stride_am": k, "stride_ak": 1,
         "stride_bk": 1 if column_major else n,
         "stride_bn": k if column_major else 1, "stride_cm": n,
         "stride_cn": 1, "BLOCK_M": Const(bm), "BLOCK_N": Const(bn),
         "BLOCK_K": Const(bk), "GROUP_M": Const(4),
         "ACTIVATION": Const(activation), "ACC": Const(Type(ACC[acc]))}, grid,
        oracle, tier=tier, **kw))


for t, acc, out in (("f32", "f32", None), ("f16", "f32", None),
                    ("bf16", "f32", None), ("f64", "f64", None),
                    ("i8", "i32", "i32")):
    # Long sums of values around one: errors grow with K.
    scale = {"f32": 20.0, "f64": 20.0}.get(t, 2.0)
    matmul(t, 127, 65, 33, (32, 32, 16), acc, out, scale=scale)
    matmul(t, 512, 512, 512, (64, 64, 32), acc, out, scale=2 * scale)
    matmul(t, 500, 509, 503, (64, 128, 32), acc, out, scale=2 * scale,
           tier=1 if t in ("f32", "f16") else 2)
    matmul(t, 100, 90, 70, (32, 64, 32), acc, out, scale=scale,
           column_major=True, tier=2)
matmul("f32", 1, 1, 1, (16, 16, 16), scale=2.0)
matmul("f32", 3, 300, 5, (16, 32, 16), scale=5.0)
matmul("f32", 96, 160, 48, (96, 160, 24), scale=10.0)
matmul("f16", 128, 128, 64, (64, 64, 32), "f32", "f32", "leaky_relu",
       scale=20.0)

for t in ("f32", "f16"):
    CASES.append(Case(
        f"matmul/block_pointers/{t}", "matmul.py:matmul_block_pointers",
        {"a": In(t, (127, 33), unit), "b": In(t, (33, 65), unit),
         "c": Out(t, (127, 65)), "M": 127, "N": 65, "K": 33, "stride_am": 33,
         "stride_ak": 1, "stride_bk": 65, "stride_bn": 1, "stride_cm": 65,
         "stride_cn": 1, "BLOCK_M": Const(32), "BLOCK_N": Const(32),
         "BLOCK_K": Const(16)}, (4, 3), product, scale=10.0))
CASES.append(Case(
    "matmul/split_k", "matmul.py:matmul_split_k",
    {"a": In("f32", (70, 300), unit), "b": In("f32", (300, 50), unit),
     "c": InOut("f32", (70, 50)), "M": 70, "N": 50, "K": 300,
     "BLOCK_M": Const(32), "BLOCK_N": Const(32), "BLOCK_K": Const(16),
     "SPLIT_K": Const(4)}, (6, 4), product, scale=100.0))

for precision in ("ieee", "tf32", "tf32x3"):
    CASES.append(Case(
        f"matmul/precision/{precision}", "matmul.py:dot_tile",
        {"a": In("f32", (32, 64), unit), "b": In("f32", (64, 48), unit),
         "c": Out("f32", (32, 48)), "M": Const(32), "N": Const(48),
         "K": Const(64), "PRECISION": Const(precision)}, (1,), product,
        tolerance={"f32": (1e-2, 1e-2)} if precision == "tf32" else
        {"f32": (1e-4, 1e-5)}))
for t in ("f32", "f16", "bf16", "f8e4m3", "f8e5m2"):
    CASES.append(Case(
        f"matmul/dot_tile/{t}", "matmul.py:dot_tile",
        {"a": In(t, (16, 32), unit), "b": In(t, (32, 16), unit),
         "c": Out("f32", (16, 16)), "M": Const(16), "N": Const(16),
         "K": Const(32), "PRECISION": Const("ieee")}, (1,), product,
        scale=10.0))


def every_code(dtype):
    """Each number, then each code: an infinity or NaN is seen in all of its
    row."""
    codes = np.arange(256)
    finite = np.where(np.isfinite(decode(dtype, codes)), codes, 0)
    return np.concatenate([finite, codes]).reshape(32, 16)


def code_product(t, u):
    def oracle(a):
        with np.errstate(invalid="ignore"):
            return {"c": decode(t, a.a) @ decode(u, a.b)}
    return oracle


# Depths that instructions for these types have, and that they have not.
for t, u in (("f8e4m3", "f8e4m3"), ("f8e5m2", "f8e5m2"), ("f8e4m3", "f8e5m2"),
             ("f8e5m2", "f8e4m3"), ("f8e4m3fnuz", "f8e4m3fnuz"),
             ("f8e5m2fnuz", "f8e5m2fnuz")):
    for k in (16, 64):
        scales = encode(u, np.diag(2.0 ** (np.arange(16) % 5 - 2)))
        CASES.append(Case(
            f"matmul/every_code/{t}/{u}/{k}", "matmul.py:dot_codes",
            {"a": In("u8", (32, k), lambda *_, t=t, k=k: np.hstack(
                [every_code(t)] + [np.zeros((32, 16), int)] * (k // 16 - 1))),
             "b": In("u8", (k, 16), lambda *_, s=scales, k=k: np.vstack(
                 [s] * (k // 16))), "c": Out("f32", (32, 16)),
             "M": Const(32), "N": Const(16), "K": Const(k),
             "A": Const(Type(LANGUAGE8[t])), "B": Const(Type(LANGUAGE8[u]))},
            (1,), code_product(t, u), exact=True))
for t in ("f32", "f16"):
    CASES.append(Case(
        f"matmul/transposed/{t}", "matmul.py:dot_transposed",
        {"a": In(t, (64, 32), unit), "b": In(t, (48, 64), unit),
         "c": Out("f32", (32, 48)), "M": Const(32), "N": Const(48),
         "K": Const(64)}, (1,), lambda a: {"c": a.a.T @ a.b.T}, scale=20.0))
    CASES.append(Case(
        f"matmul/batched/{t}", "matmul.py:dot_batched",
        {"a": In(t, (4, 32, 16), unit), "b": In(t, (4, 16, 24), unit),
         "c": Out("f32", (4, 32, 24)), "B": Const(4), "M": Const(32),
         "N": Const(24), "K": Const(16)}, (1,), product, scale=10.0))

#===------------------------------------------------------------------------===#
# Microscaling
#===------------------------------------------------------------------------===#

E2M1 = np.array([0, .5, 1, 1.5, 2, 3, 4, 6, 0, -.5, -1, -1.5, -2, -3, -4, -6])


def scaled(fmt):
    """Operands as bytes, so that NaN codes can be avoided."""
    def elements(rng, dtype, shape):
        if fmt == "e2m1":
            return rng.integers(0, 256, shape)
        return rng.integers(0x20, 0x48, shape) | (
            rng.integers(0, 2, shape) << 7)

    def values(stored, axis):
        if fmt == "e2m1":
            pair = np.stack([E2M1[stored & 15], E2M1[stored >> 4]], axis + 1)
            shape = list(stored.shape)
            shape[axis] *= 2
            return pair.reshape(shape)
        return decode({"e4m3": "f8e4m3", "e5m2": "f8e5m2"}[fmt], stored)

    def oracle(a):
        x = values(a.a, 1) * np.repeat(2.0 ** (a.sa.astype(int) - 127), 32, 1)
        y = values(a.b, 0) * np.repeat(2.0 ** (a.sb.astype(int) - 127), 32,
                                       1).T
        return {"c": x @ y}

    return elements, oracle


for fmt, pack in (("e2m1", 2), ("e4m3", 1), ("e5m2", 1)):
    elements, oracle = scaled(fmt)
    exponents = lambda rng, dtype, shape: rng.integers(124, 131, shape)
    storage = {"e2m1": "u8", "e4m3": "u8", "e5m2": "u8"}[fmt]
    CASES.append(Case(
        f"matmul/scaled/{fmt}", "matmul.py:dot_scaled",
        {"a": In(storage, (32, 64 // pack), elements),
         "sa": In("u8", (32, 2), exponents),
         "b": In(storage, (64 // pack, 16), elements),
         "sb": In("u8", (16, 2), exponents), "c": Out("f32", (32, 16)),
         "M": Const(32), "N": Const(16), "K": Const(64), "FORMAT": Const(fmt),
         "PACK": Const(pack)}, (1,), oracle, scale=100.0))

#===------------------------------------------------------------------------===#
# Attention
#===------------------------------------------------------------------------===#


def attention(q, k, v, scale, causal):
    s = q @ np.swapaxes(k, -1, -2) * scale
    if causal:
        s = np.where(np.tri(*s.shape[-2:], dtype=bool), s, -np.inf)
    m = s.max(-1, keepdims=True)
    p = np.exp(s - m)
    l = p.sum(-1, keepdims=True)
    return p / l @ v, (m + np.log(l))[..., 0]


for t in ("f16", "f32", "bf16"):
    for causal in (True, False):
        heads, length, dim = 3, 128, 64
        CASES.append(Case(
            f"attention/block_pointers/{t}/{'causal' if causal else 'full'}",
            "attention.py:forward_block_pointers",
            {"q": In(t, (heads, length, dim)), "k": In(t, (heads, length, dim)),
             "v": In(t, (heads, length, dim)),
             "out": Out(t, (heads, length, dim)), "scale": 0.125,
             "stride_h": length * dim, "stride_m": dim, "stride_d": 1,
             "N_CTX": Const(length), "HEAD": Const(dim),
             "BLOCK_M": Const(64), "BLOCK_N": Const(32),
             "CAUSAL": Const(causal)}, (length // 64, heads),
            lambda a: {"out": attention(a.q, a.k, a.v, a.scale,
                                        a.CAUSAL)[0]},
            tolerance={"f32": (1e-4, 1e-5), "f16": (1e-2, 5e-3),
                       "bf16": (5e-2, 3e-2)}))
        heads, queries, keys, dim = 2, 77, 77 if causal else 101, 32
        CASES.append(Case(
            f"attention/pointers/{t}/{'causal' if causal else 'full'}",
            "attention.py:forward_pointers",
            {"q": In(t, (heads, queries, dim)), "k": In(t, (heads, keys, dim)),
             "v": In(t, (heads, keys, dim)),
             "out": Out(t, (heads, queries, dim)),
             "lse": Out("f32", (heads, queries)), "scale": 0.2,
             "seq_q": queries, "seq_k": keys, "stride_qh": queries * dim,
             "stride_qm": dim, "stride_kh": keys * dim, "stride_kn": dim,
             "stride_oh": queries * dim, "stride_om": dim, "HEAD": Const(dim),
             "BLOCK_M": Const(32), "BLOCK_N": Const(32),
             "CAUSAL": Const(causal)}, (-(-queries // 32), heads),
            lambda a: dict(zip(("out", "lse"),
                               attention(a.q, a.k, a.v, a.scale, a.CAUSAL))),
            tolerance={"f32": (1e-4, 1e-5), "f16": (1e-2, 5e-3),
                       "bf16": (5e-2, 3e-2)}))
