"""Cases of kernels/elementwise.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import math

import numpy as np

from table import (FLOATS, FP8, INTEGERS, SIGNED, UNSIGNED, Case, Const, In,
                   Out, decode, encode, flags, full_range, is_float, nonzero,
                   normal, shifts, specials, storage_type, uniform, unit,
                   values_of)

CASES = []
N = 1000
BLOCK = 256
GRID = (4,)


def wrap(dtype, values):
    """Integers modulo two to the width of the type."""
    values = np.asarray(values)
    if values.dtype == object:
        values = (values & (2 ** 64 - 1)).astype(np.uint64)
    return values.astype(storage_type(dtype))


def c_floordiv(x, y):
    q = np.abs(x.astype(object)) // np.abs(y.astype(object))
    return np.where((x < 0) != (y < 0), -q, q)


def c_mod(x, y):
    r = np.abs(x.astype(object)) % np.abs(y.astype(object))
    return np.where(x < 0, -r, r)


def binary(op, dtype, oracle, fill=normal, fill_y=None, out=None, **kw):
    def run(a):
        return {"out": oracle(a.x, a.y)}
    CASES.append(Case(
        f"elementwise/{op}/{dtype}", "elementwise.py:binary",
        {"x": In(dtype, N, fill), "y": In(dtype, N, fill_y or fill),
         "out": Out(out or dtype, N), "n": N, "OP": Const(op),
         "BLOCK": Const(BLOCK)}, GRID, run, **kw))


for t in INTEGERS:
    binary("add", t, lambda x, y: x + y, full_range)
    binary("sub", t, lambda x, y: x - y, full_range)
    binary("mul", t, lambda x, y: x * y, full_range)
    binary("and", t, lambda x, y: x & y, full_range)
    binary("or", t, lambda x, y: x | y, full_range)
    binary("xor", t, lambda x, y: x ^ y, full_range)
    binary("floordiv", t, c_floordiv, full_range, nonzero)
    binary("mod", t, c_mod, full_range, nonzero)
    binary("shl", t, lambda x, y: x << y, full_range, shifts)
    binary("shr", t, lambda x, y: x >> y, full_range, shifts)
    binary("minimum", t, np.minimum, full_range)
    binary("maximum", t, np.maximum, full_range)
    for op, fn in (("lt", np.less), ("ge", np.greater_equal),
                   ("eq", np.equal)):
        binary(op, t, lambda x, y, fn=fn: fn(x, y).astype(np.int8), normal,
               out="i8")
    binary("truediv", t, lambda x, y: x.astype(float) / y, normal, nonzero,
           out="f32")

for t in ("u32", "u64"):
    binary("umulhi", t, lambda x, y, t=t: (
        (x.astype(object) * y.astype(object)) >>
        (storage_type(t).itemsize * 8)), full_range)

for t in FLOATS:
    binary("add", t, lambda x, y: x + y)
    binary("sub", t, lambda x, y: x - y)
    binary("mul", t, lambda x, y: x * y)
    binary("truediv", t, lambda x, y: x / y, normal, nonzero)
    binary("mod", t, np.fmod, normal, nonzero)
    for op, fn in (("lt", np.less), ("le", np.less_equal),
                   ("gt", np.greater), ("ge", np.greater_equal),
                   ("eq", np.equal), ("ne", np.not_equal)):
        binary(op, t, lambda x, y, fn=fn: fn(x, y).astype(np.int8), specials,
               out="i8")
    binary("minimum", t, np.fmin, specials)
    binary("maximum", t, np.fmax, specials)
    binary("minimum_nan", t, np.minimum, specials)
    binary("maximum_nan", t, np.maximum, specials)

binary("div_rn", "f32", lambda x, y: (x / y).astype(np.float32), full_range,
       nonzero, exact=True)
binary("fdiv", "f32", lambda x, y: x / y, normal, nonzero)
for t in ("f32", "f64"):
    binary("pow", t, lambda x, y: np.power(x, y), uniform, scale=4.0)
    binary("atan2", t, np.arctan2, normal, nonzero, scale=4.0)


def unary(op, dtype, oracle, fill=normal, out=None, **kw):
    CASES.append(Case(
        f"elementwise/{op}/{dtype}", "elementwise.py:unary",
        {"x": In(dtype, N, fill), "out": Out(out or dtype, N), "n": N,
         "OP": Const(op), "BLOCK": Const(BLOCK)}, GRID,
        lambda a: {"out": oracle(a.x)}, **kw))


for t in INTEGERS:
    unary("neg", t, lambda x: -x if x.dtype.kind == "i" else 0 - x, normal)
    unary("invert", t, lambda x: ~x, full_range)
    unary("abs", t, np.abs, normal)
for t in FLOATS:
    unary("neg", t, lambda x: -x, specials)
    unary("abs", t, np.abs, specials)

erf = np.vectorize(math.erf, otypes=[float])
lgamma = np.vectorize(math.lgamma, otypes=[float])
for t in ("f32", "f64"):
    unary("exp", t, np.exp)
    unary("exp2", t, np.exp2)
    unary("log", t, np.log, uniform)
    unary("log2", t, np.log2, uniform)
    unary("sin", t, np.sin)
    unary("cos", t, np.cos)
    unary("sqrt", t, np.sqrt, uniform)
    unary("rsqrt", t, lambda x: 1 / np.sqrt(x), uniform)
    unary("erf", t, erf)
    unary("floor", t, np.floor, full_range)
    unary("ceil", t, np.ceil, full_range)
    unary("sigmoid", t, lambda x: 1 / (1 + np.exp(-x)))
    unary("tanh", t, np.tanh)
    unary("log1p", t, np.log1p, uniform)
    unary("expm1", t, np.expm1, uniform)
    unary("acos", t, np.arccos, unit)
    unary("asin", t, np.arcsin, unit)
    unary("atan", t, np.arctan)
    unary("rint", t, np.rint, full_range)
    unary("round", t, lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
          full_range)
    unary("trunc", t, np.trunc, full_range)
    unary("lgamma", t, lgamma, uniform, scale=20.0)
    unary("isnan", t, np.isnan, specials, out="i32")
    unary("isinf", t, np.isinf, specials, out="i32")
unary("sqrt_rn", "f32", lambda x: np.sqrt(x).astype(np.float32), uniform,
      exact=True)

for t in INTEGERS + FLOATS:
    CASES.append(Case(
        f"elementwise/literals/{t}", "elementwise.py:literals",
        {"x": In(t, N), "out": Out(t, N), "n": N, "BLOCK": Const(BLOCK)}, GRID,
        lambda a: {"out": (a.x * 3 + 7) * 2 - 5}, scale=4.0))
    CASES.append(Case(
        f"elementwise/select/{t}", "elementwise.py:select",
        {"c": In("i32", N), "x": In(t, N), "y": In(t, N), "out": Out(t, N),
         "n": N, "BLOCK": Const(BLOCK)}, GRID,
        lambda a: {"out": np.where(a.c > 0, a.x, a.y)}, exact=True))

for t in ("f32", "f64"):
    CASES.append(Case(
        f"elementwise/fma/{t}", "elementwise.py:multiply_add",
        {"x": In(t, N), "y": In(t, N), "z": In(t, N), "out": Out(t, N), "n": N,
         "BLOCK": Const(BLOCK)}, GRID,
        lambda a: {"out": a.x * a.y + a.z}))
for t in FLOATS:
    CASES.append(Case(
        f"elementwise/clamp/{t}", "elementwise.py:clamp",
        {"x": In(t, N), "out": Out(t, N), "low": -0.5, "high": 0.75, "n": N,
         "BLOCK": Const(BLOCK)}, GRID,
        lambda a: {"out": np.clip(a.x, -0.5, 0.75)}))


#===------------------------------------------------------------------------===#
# Conversions between all pairs
#===------------------------------------------------------------------------===#

ALL = INTEGERS + FLOATS + FP8


def convertible(source, target):
    """Values of `source` whose conversion to `target` is defined."""
    def fill(rng, dtype, shape):
        if not is_float(source):
            if not is_float(target):
                return full_range(rng, dtype, shape)
            return rng.integers(0 if source in UNSIGNED else -100, 100, shape)
        if is_float(target):
            values = rng.standard_normal(shape) * 2.0 ** rng.integers(
                -8, 9, shape)
            flat = values.reshape(-1)
            flat[:8] = (0.0, -0.0, np.nan, 1.0, -1.0, 448.0, 1e30, -1e30)
            return values
        return rng.integers(0 if target in UNSIGNED else -100, 100,
                            shape) + rng.random(shape) * 0.75
    return fill


def convert(values, source, target):
    if not is_float(source) and not is_float(target):
        return wrap(target, values)
    if not is_float(target):
        return np.trunc(values)
    return np.asarray(values, np.float64)


for s in ALL:
    for t in ALL:
        CASES.append(Case(
            f"convert/{s}-{t}", "elementwise.py:convert",
            {"x": In(s, 500, convertible(s, t)), "out": Out(t, 500), "n": 500,
             "BLOCK": Const(512)}, (1,),
            lambda a, s=s, t=t: {"out": convert(a.x, s, t)}, exact=True))
CASES.append(Case(
    "convert/bool-f32", "elementwise.py:convert",
    {"x": In("i1", 500, flags), "out": Out("f32", 500), "n": 500,
     "BLOCK": Const(512)}, (1,),
    lambda a: {"out": a.x.astype(np.float64)}, exact=True))
CASES.append(Case(
    "convert/i32-bool", "elementwise.py:convert",
    {"x": In("i32", 500, full_range), "out": Out("i1", 500), "n": 500,
     "BLOCK": Const(512)}, (1,), lambda a: {"out": a.x != 0}, exact=True))


for s, t in (("f32", "bf16"), ("f32", "f16"), ("f64", "f32")):
    def rtz(a, t=t):
        stored = encode(t, a.x)
        got = decode(t, stored)
        unsigned = stored.view(f"u{stored.itemsize}")
        unsigned = np.where(np.abs(got) > np.abs(a.x), unsigned - 1, unsigned)
        return {"out": decode(t, unsigned.astype(f"u{stored.itemsize}").view(
            stored.dtype))}
    CASES.append(Case(
        f"convert/rtz/{s}-{t}", "elementwise.py:convert_rtz",
        {"x": In(s, 500), "out": Out(t, 500), "n": 500, "BLOCK": Const(512)},
        (1,), rtz, exact=True))


def finite_codes(rng, dtype, shape):
    """Bytes that are neither infinities nor NaNs of e5m2."""
    return rng.integers(0, 0x7C, shape) | rng.integers(0, 2, shape) << 7


for s, t in (("f32", "i32"), ("i32", "f32"), ("f16", "i16"), ("bf16", "u16"),
             ("u16", "bf16"), ("f64", "i64"), ("f8e4m3", "u8"),
             ("u8", "f8e5m2")):
    def cast_bits(a, s=s, t=t):
        return {"out": decode(t, encode(s, a.x).view(storage_type(t)))}
    CASES.append(Case(
        f"convert/bits/{s}-{t}", "elementwise.py:reinterpret",
        {"x": In(s, 500, full_range if t != "f8e5m2" else finite_codes),
         "out": Out(t, 500), "n": 500, "BLOCK": Const(512)}, (1,), cast_bits,
        exact=True))

#===------------------------------------------------------------------------===#
# Promotion
#===------------------------------------------------------------------------===#

for x, y, out in (("i8", "i32", "i32"), ("i8", "u8", "u8"),
                  ("i32", "u8", "i32"), ("i32", "u32", "u32"),
                  ("i64", "u32", "i64"), ("f16", "f32", "f32"),
                  ("f16", "bf16", "f16"), ("f16", "i64", "f16"),
                  ("bf16", "i32", "f32"), ("bf16", "bf16", "bf16"),
                  ("f32", "f64", "f64"), ("i16", "f32", "f32"),
                  ("u64", "f64", "f64")):
    CASES.append(Case(
        f"promote/{x}-{y}", "elementwise.py:promote",
        {"x": In(x, 300), "y": In(y, 300), "out": Out(out, 300), "n": 300,
         "BLOCK": Const(512)}, (1,),
        lambda a, out=out: {"out": (a.x.astype(np.float64) + a.y)
                            if is_float(out) else
                            wrap(out, a.x.astype(object) + a.y.astype(object))
                            }))

for a_value, b_value in ((7, 2), (-7, 2), (7, -2), (-7, -2)):
    def divide(a):
        q = int(abs(a.a) // abs(a.b)) * (1 if (a.a < 0) == (a.b < 0) else -1)
        c = a.a + 3
        return {"out": [q, a.a - q * a.b, a.N // a.D, a.N % a.D, int(c / 4)]}
    CASES.append(Case(
        f"elementwise/scalar_division/{a_value}_{b_value}",
        "elementwise.py:scalar_division",
        {"out": Out("i32", 5), "a": a_value, "b": b_value, "N": Const(a_value),
         "D": Const(b_value)}, (1,), divide))
