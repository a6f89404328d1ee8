"""bfloat16 and the fp8 formats on plain NumPy: decode to and encode from
float64, round to nearest even, exactly as the kernel language converts.

An fp8 downcast saturates: overflow and infinities give the largest finite
value, NaN stays NaN. bfloat16 overflows to infinity.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools

import numpy as np

# name: (exponent bits, mantissa bits, bias, which codes are special).
#   ieee: the highest exponent holds infinities and NaNs
#   fn:   only the all-ones code is NaN, no infinities
#   fnuz: only the code of negative zero is NaN, no infinities
FORMATS8 = {
    "f8e4m3": (4, 3, 7, "fn"),
    "f8e5m2": (5, 2, 15, "ieee"),
    "f8e4m3fnuz": (4, 3, 8, "fnuz"),
    "f8e5m2fnuz": (5, 2, 16, "fnuz"),
}


@functools.lru_cache(maxsize=None)
def values8(name):
    """The 256 values of a format, by code."""
    exponent_bits, mantissa_bits, bias, special = FORMATS8[name]
    values = np.zeros(256)
    for code in range(256):
        sign = -1.0 if code & 0x80 else 1.0
        exponent = (code & 0x7F) >> mantissa_bits
        mantissa = code & ((1 << mantissa_bits) - 1)
        top = (1 << exponent_bits) - 1
        if special == "fnuz" and code == 0x80:
            value = np.nan
        elif special == "fn" and code & 0x7F == 0x7F:
            value = np.nan
        elif special == "ieee" and exponent == top:
            value = np.nan if mantissa else sign * np.inf
        elif exponent == 0:
            value = sign * mantissa * 2.0 ** (1 - bias - mantissa_bits)
        else:
            value = sign * (1 + mantissa / (1 << mantissa_bits)) * 2.0 ** (
                exponent - bias)
        values[code] = value
    return values


def decode8(name, codes):
    return values8(name)[codes]


def encode8(name, values):
    values = np.asarray(values, np.float64)
    table = values8(name)[:128]
    finite = table[np.isfinite(table)]  # Ascending: codes 0, 1, 2, ...
    magnitude = np.minimum(np.abs(np.nan_to_num(values, nan=0.0, posinf=1e300,
                                                neginf=-1e300)), finite[-1])
    above = np.searchsorted(finite, magnitude)  # First value >= magnitude.
    below = np.maximum(above - 1, 0)
    down = magnitude - finite[below]
    up = finite[above] - magnitude
    nearest = np.where((up < down) | ((up == down) & (above % 2 == 0)), above,
                       below)
    negative = np.signbit(values)
    if FORMATS8[name][3] == "fnuz":
        negative &= nearest != 0  # There is no negative zero.
        nan = 0x80
    else:
        nan = 0x7F
    codes = np.where(negative, nearest | 0x80, nearest)
    return np.where(np.isnan(values), nan, codes).astype(np.uint8)


def decode_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def encode_bf16(values):
    """Rounds float64 once, directly to bfloat16's eight significant bits."""
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        # Round to odd in float32 first: then the second rounding is exact.
        narrow = values.astype(np.float32)
        bits = narrow.view(np.uint32).copy()
        inexact = narrow.astype(np.float64) != values
        too_far = np.abs(narrow.astype(np.float64)) > np.abs(values)
    bits = np.where(inexact & too_far & ~np.isnan(values), bits - 1, bits)
    bits = np.where(inexact & ~np.isnan(values), bits | 1, bits)
    bits = bits.astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(values), 0x7FC0, rounded & 0xFFFF).astype(
        np.uint16)
