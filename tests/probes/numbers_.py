"""Element types of rows: exact small integers to bits and back."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

# Bytes, LLVM's type, whether integer, integers exact up to this power of two.
TYPES = {
    "f16": (2, "half", 1024), "bf16": (2, "bfloat", 256),
    "tf32": (4, "float", 1024), "f32": (4, "float", 1024),
    "f64": (8, "double", 1024), "i8": (1, "i8", 64), "i32": (4, "i32", 1024),
    "f8E4M3FN": (1, "i8", 16), "f8E5M2": (1, "i8", 8),
    "f8E4M3FNUZ": (1, "i8", 16), "f8E5M2FNUZ": (1, "i8", 8),
}
_F8 = {"f8E4M3FN": (3, 7), "f8E4M3FNUZ": (3, 8), "f8E5M2": (2, 15),
       "f8E5M2FNUZ": (2, 16)}


def _encode_f8(values, mantissa, bias):
    table = {}
    for code in range(128):
        exponent, fraction = code >> mantissa, code & ((1 << mantissa) - 1)
        scale = 2.0 ** ((exponent or 1) - bias - mantissa)
        number = (fraction + ((exponent > 0) << mantissa)) * scale
        table.setdefault(number, code)
    out = np.zeros(values.shape, np.uint8)
    for number in np.unique(values):
        out[values == number] = (table[abs(float(number))] |
                                 (0x80 if number < 0 else 0))
    return out


def encode(values, type_):
    """Bits of integers."""
    if type_ in _F8:
        return _encode_f8(values, *_F8[type_])
    if type_ == "bf16":
        return (values.astype(np.float32).view(np.uint32) >> 16).astype(
            np.uint16)
    return values.astype({"f16": np.float16, "f32": np.float32,
                          "tf32": np.float32, "f64": np.float64,
                          "i8": np.int8, "i32": np.int32}[type_])
