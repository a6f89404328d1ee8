"""Cases of the kernels of samples/."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

import cases_matmul
from table import (SAMPLES, Case, Const, In, Out, Pointers, normal, unit,
                   values_of)

CASES = []
FILE = f"{SAMPLES}/04_attention/attention.py"


def attention(head, length, block, causal, ahead, specialize, warps, stages):
    def oracle(a):
        return {"out": cases_matmul.attention(
            a.q, a.k, a.v, a.scale / np.log2(np.e), causal)[0]}

    how = "/".join(name for name, used in
                   (("causal", causal), ("ahead", ahead),
                    ("specialized", specialize)) if used)
    CASES.append(Case(
        f"samples/attention/{head}/{block[0]}x{block[1]}/{how or 'plain'}",
        f"{FILE}:attention",
        {**{name: In("f16", (3, length, head), normal) for name in "qkv"},
         "out": Out("f16", (3, length, head)), "HEADS": 3, "LENGTH": length,
         "scale": float(np.log2(np.e) / np.sqrt(head)), "HEAD": Const(head),
         "BLOCK_M": Const(block[0]), "BLOCK_N": Const(block[1]),
         "CAUSAL": Const(causal), "AHEAD": Const(ahead),
         "SPECIALIZE": Const(specialize)},
        (length // block[0], 3), oracle,
        options={"num_warps": warps, "num_stages": stages}, scale=4))


for causal in (False, True):
    for specialize in (False, True):
        for ahead in (False, True):
            attention(64, 256, (128, 64), causal, ahead, specialize, 8, 3)
        attention(128, 256, (128, 128), causal, True, specialize, 8, 2)
    attention(32, 192, (64, 32), causal, True, False, 4, 4)
FILE = f"{SAMPLES}/06_conv2d/conv2d.py"


def cover(size, block):
    return -(-size // block)


def conv2d(size, channels, filters, taps, stride, padding, block, warps=4):
    images, height, width = size
    rows, columns = taps
    p = (height + 2 * padding - rows) // stride + 1
    q = (width + 2 * padding - columns) // stride + 1

    def oracle(a):
        x = np.pad(a.x, ((0, 0), (padding, padding), (padding, padding),
                         (0, 0)))
        y = np.zeros((images, p, q, filters))
        for r in range(rows):
            for s in range(columns):
                seen = x[:, r:r + stride * (p - 1) + 1:stride,
                         s:s + stride * (q - 1) + 1:stride]
                y += seen @ a.filter[:, r, s].T
        return {"y": y}

    CASES.append(Case(
        f"samples/conv2d/{rows}x{columns}/{channels}-{filters}/"
        f"stride{stride}/padding{padding}", f"{FILE}:conv2d",
        {"x": In("f16", (images, height, width, channels), unit),
         "filter": In("f16", (filters, rows, columns, channels), unit),
         "y": Out("f16", (images, p, q, filters)), "N": images, "H": height,
         "W": width, "C": channels, "K": filters, "P": p, "Q": q,
         "R": Const(rows), "S": Const(columns), "STRIDE": Const(stride),
         "PADDING": Const(padding), "BLOCK_M": Const(block[0]),
         "BLOCK_N": Const(block[1]), "BLOCK_K": Const(block[2]),
         "GROUP": Const(4)},
        (cover(images * p * q, block[0]) * cover(filters, block[1]),), oracle,
        options={"num_warps": warps, "num_stages": 3}, scale=20))


conv2d((2, 9, 11), 32, 48, (3, 3), 1, 1, (64, 64, 32))
conv2d((1, 12, 7), 40, 24, (3, 3), 2, 1, (64, 32, 32))
conv2d((3, 5, 6), 16, 64, (1, 1), 1, 0, (64, 64, 16))
conv2d((2, 8, 8), 64, 72, (3, 3), 1, 0, (128, 64, 64), 8)
conv2d((1, 10, 9), 24, 16, (5, 3), 1, 2, (32, 16, 16))

FILE = f"{SAMPLES}/07_grouped_gemm/grouped_gemm.py"
SIZES = np.array([[70, 72, 40], [0, 16, 16], [8, 136, 24], [129, 64, 96]])


def rows_for(left, right):
    return len(SIZES), int((SIZES[:, left] * SIZES[:, right]).max())


def products(a):
    c = np.full(rows_for(0, 1), np.nan)  # What is left alone.
    for i, (m, n, k) in enumerate(SIZES):
        c[i, :m * n] = (a.a[i, :m * k].reshape(m, k) @
                        a.b[i, :k * n].reshape(k, n)).reshape(-1)
    return {"c": c}


for programs in (3, 16):
    CASES.append(Case(
        f"samples/grouped_matmul/{programs}", f"{FILE}:grouped_matmul",
        {"a": Pointers(In("f16", rows_for(0, 2), unit)),
         "b": Pointers(In("f16", rows_for(2, 1), unit)),
         "c": Pointers(Out("f16", rows_for(0, 1))),
         "sizes": In("i32", SIZES.shape, values_of(SIZES)),
         "PRODUCTS": len(SIZES), "BLOCK_M": Const(64), "BLOCK_N": Const(64),
         "BLOCK_K": Const(32), "PROGRAMS": Const(programs)}, (programs,),
        products, options={"num_warps": 4, "num_stages": 3}, scale=20))


def experts(counts, n, k, block, dtype, specialize, warps=4):
    ends = np.cumsum(counts)
    of_row = np.repeat(np.arange(len(counts)), counts)
    rows = int(ends[-1])
    CASES.append(Case(
        f"samples/experts/{dtype}/{rows}x{n}x{k}/"
        f"{'specialized' if specialize else 'plain'}", f"{FILE}:expert_matmul",
        {"x": In(dtype, (rows, k), normal),
         "weights": In(dtype, (len(counts), n, k), unit),
         "y": Out(dtype, (rows, n)),
         "ends": In("i32", len(counts), values_of(ends)), "ROWS": rows, "N": n,
         "K": k, "EXPERTS": Const(len(counts)), "BLOCK_M": Const(block[0]),
         "BLOCK_N": Const(block[1]), "BLOCK_K": Const(block[2]),
         "GROUP": Const(2), "SPECIALIZE": Const(specialize)},
        ((rows // block[0] + len(counts)) * cover(n, block[1]),),
        lambda a: {"y": np.einsum("rk,rnk->rn", a.x, a.weights[of_row])},
        options={"num_warps": warps, "num_stages": 3}, scale=20))


for specialize in (False, True):
    experts((70, 0, 1, 57), 72, 96, (64, 64, 32), "f16", specialize)
    experts((3, 130), 160, 80, (64, 128, 64), "bf16", specialize)
    # More experts than a warp has lanes: each partition finds its tile by itself.
    experts(tuple(i * 7 % 5 for i in range(64)), 72, 96, (64, 64, 32), "f16",
            specialize)
