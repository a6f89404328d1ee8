"""What a case of the shared table is, and the memory it runs on.

A case names a kernel of kernels/*.py, its arguments, a grid and an oracle. The
oracle computes in float64 (or exact integers) on the inputs as the kernel sees
them, that is after rounding to their type. Every array lies between guard zones
that no launch may touch, with gaps of strided arrays guarded alike; outputs are
poisoned before the launch.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import dataclasses
import pathlib
import types
import zlib

import numpy as np

import low_precision

KERNELS = pathlib.Path(__file__).parent / "kernels"
SAMPLES = "../../../samples"  # From there: samples are cases too.

# Our name: (storage type, tolerance relative, tolerance absolute).
DTYPES = {
    "i1": (np.bool_, 0, 0),
    "i8": (np.int8, 0, 0),
    "i16": (np.int16, 0, 0),
    "i32": (np.int32, 0, 0),
    "i64": (np.int64, 0, 0),
    "u8": (np.uint8, 0, 0),
    "u16": (np.uint16, 0, 0),
    "u32": (np.uint32, 0, 0),
    "u64": (np.uint64, 0, 0),
    "f16": (np.float16, 2e-3, 1e-3),
    "bf16": (np.uint16, 1.6e-2, 8e-3),
    "f32": (np.float32, 2e-5, 1e-6),
    "f64": (np.float64, 1e-12, 1e-13),
    "f8e4m3": (np.uint8, 7e-2, 2e-3),
    "f8e5m2": (np.uint8, 1.3e-1, 2e-5),
    "f8e4m3fnuz": (np.uint8, 7e-2, 1e-3),
    "f8e5m2fnuz": (np.uint8, 1.3e-1, 1e-5),
}
SIGNED = ("i8", "i16", "i32", "i64")
UNSIGNED = ("u8", "u16", "u32", "u64")
INTEGERS = SIGNED + UNSIGNED
FLOATS = ("f16", "bf16", "f32", "f64")
FP8 = ("f8e4m3", "f8e5m2", "f8e4m3fnuz", "f8e5m2fnuz")


def is_float(dtype):
    return dtype.startswith(("f", "bf"))


def storage_type(dtype):
    return np.dtype(DTYPES[dtype][0])


def decode(dtype, stored):
    """Stored elements as float64, or as the integers they are."""
    if dtype == "bf16":
        return low_precision.decode_bf16(stored)
    if dtype in low_precision.FORMATS8:
        return low_precision.decode8(dtype, stored)
    return stored.astype(np.float64) if is_float(dtype) else stored


def encode(dtype, values):
    """Values as stored elements, rounded to nearest even."""
    if dtype == "bf16":
        return low_precision.encode_bf16(values)
    if dtype in low_precision.FORMATS8:
        return low_precision.encode8(dtype, values)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values).astype(storage_type(dtype))


#===------------------------------------------------------------------------===#
# Generators of values
#===------------------------------------------------------------------------===#


def _limits(dtype):
    info = np.iinfo(storage_type(dtype))
    return int(info.min), int(info.max)


def normal(rng, dtype, shape):
    if is_float(dtype):
        return rng.standard_normal(shape)
    low, high = _limits(dtype)
    return rng.integers(max(low, -50), min(high, 50), shape, endpoint=True)


def uniform(rng, dtype, shape):
    return rng.random(shape) + 0.5


def unit(rng, dtype, shape):
    return rng.random(shape) * 1.8 - 0.9


def full_range(rng, dtype, shape):
    """Integers of all sizes with both limits; floats of many magnitudes."""
    if is_float(dtype):
        return rng.standard_normal(shape) * 2.0 ** rng.integers(-6, 7, shape)
    low, high = _limits(dtype)
    values = rng.integers(low, high, shape, dtype=storage_type(dtype),
                          endpoint=True)
    flat = values.reshape(-1)
    if flat.size >= 4:
        flat[:4] = low, high, 0, 1
    return values


def nonzero(rng, dtype, shape):
    values = normal(rng, dtype, shape)
    if is_float(dtype):
        return np.where(np.abs(values) < 0.25, 0.75, values)
    return np.where(values == 0, 3, values)


def small(rng, dtype, shape):
    """Few distinct integers, exact in every type."""
    low = 0 if dtype in UNSIGNED else -4
    return rng.integers(low, 5, shape)


def shifts(rng, dtype, shape):
    return rng.integers(0, storage_type(dtype).itemsize * 8, shape)


def flags(rng, dtype, shape):
    return rng.integers(0, 2, shape)


def counting(rng, dtype, shape):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


def zeros(rng, dtype, shape):
    return np.zeros(shape)


def specials(rng, dtype, shape):
    """Numbers with NaNs, infinities and both zeros among them."""
    values = rng.standard_normal(shape)
    flat = values.reshape(-1)
    picks = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, np.nan]
    for i in range(flat.size):
        if rng.random() < 0.4:
            flat[i] = picks[rng.integers(len(picks))]
    return values


def values_of(array):
    """A generator that always gives these values."""
    return lambda rng, dtype, shape: np.asarray(array).reshape(shape)


#===------------------------------------------------------------------------===#
# Arguments
#===------------------------------------------------------------------------===#


@dataclasses.dataclass(frozen=True)
class Array:
    """An array argument. `strides` are in elements, negative ones allowed."""
    dtype: str
    shape: tuple
    fill: object = normal
    output: bool = False   # Compared with the oracle.
    poison: bool = False   # Holds nothing before the launch.
    strides: tuple = None
    offset: int = 0        # Elements between an aligned address and the array.
    block: tuple = None    # The kernel gets a tensor descriptor with this block.
    padding: str = "zero"  # Of the descriptor.


def In(dtype, shape, fill=normal, **kw):
    return Array(dtype, tuple(np.atleast_1d(shape).tolist()), fill, **kw)


def Out(dtype, shape, **kw):
    return Array(dtype, tuple(np.atleast_1d(shape).tolist()), zeros, True, True,
                 **kw)


def InOut(dtype, shape, fill=zeros, **kw):
    return Array(dtype, tuple(np.atleast_1d(shape).tolist()), fill, True, **kw)


@dataclasses.dataclass(frozen=True)
class Const:
    """A constexpr argument."""
    value: object


@dataclasses.dataclass(frozen=True)
class Function:
    """A constexpr argument that is a function of the kernel's module."""
    name: str


@dataclasses.dataclass(frozen=True)
class Pointers:
    """A table of the addresses of the rows of an array that is no argument
    itself; the oracle sees the array, and may give it as an output."""
    of: Array


@dataclasses.dataclass
class Case:
    name: str
    kernel: str            # "file:function"
    args: dict             # In the order of the parameters.
    grid: tuple
    oracle: object         # Namespace of inputs -> dict of expected outputs.
    tier: int = 1
    options: dict = dataclasses.field(default_factory=dict)
    exact: bool = False    # Outputs must agree bit for bit.
    tolerance: dict = dataclasses.field(default_factory=dict)
    scale: float = 1.0     # Of the tolerances of the types.
    check: object = None   # Further check of the outputs; raises.

    @property
    def file(self):
        return self.kernel.split(":")[0]

    @property
    def function(self):
        return self.kernel.split(":")[1]

    @property
    def seed(self):
        return zlib.crc32(self.name.encode())

    def source(self):
        return (KERNELS / self.file).read_text()


#===------------------------------------------------------------------------===#
# Memory
#===------------------------------------------------------------------------===#

GUARD = 256
GUARD_BYTE = 0xAB


class Memory:
    """An Array in memory of its own, between guard zones."""

    def __init__(self, spec, values):
        self.spec = spec
        self.dtype = storage_type(spec.dtype)
        shape = spec.shape
        strides = spec.strides
        if strides is None:
            strides = tuple(int(np.prod(shape[i + 1:], dtype=np.int64))
                            for i in range(len(shape)))
        reach = [(s * (n - 1)) if n else 0 for s, n in zip(strides, shape)]
        low = sum(min(r, 0) for r in reach)
        high = sum(max(r, 0) for r in reach)
        size = self.dtype.itemsize
        begin = GUARD + spec.offset * size
        total = begin + (high - low + 1) * size + GUARD
        raw = np.full(total + 64, GUARD_BYTE, np.uint8)
        aligned = -raw.ctypes.data % 64
        self.raw = raw[aligned:aligned + total]
        self.array = np.ndarray(shape, self.dtype, self.raw.data,
                                begin - low * size,
                                tuple(s * size for s in strides))
        if spec.poison:
            nan = is_float(spec.dtype)
            self.array[...] = np.full(size, 0xFF if nan else GUARD_BYTE,
                                      np.uint8).view(self.dtype)[0]
        else:
            self.array[...] = encode(spec.dtype, values)
        # What may never change: all but the elements themselves.
        touched = np.zeros(self.raw.shape, bool)
        np.ndarray(shape + (size,), bool, touched.data, begin - low * size,
                   tuple(s * size for s in strides) + (1,))[...] = True
        self.guards = ~touched
        self.before = self.raw.copy()

    def decoded(self):
        return decode(self.spec.dtype, np.array(self.array))

    def check_untouched(self, name):
        places = self.guards if self.spec.output else slice(None)
        if not np.array_equal(self.raw[places], self.before[places]):
            where = np.nonzero(self.raw != self.before)[0]
            raise AssertionError(
                f"`{name}`: bytes outside of what may be written changed, "
                f"first at byte {where[0] - GUARD} of the array")


class Bound:
    """A case with its memory, ready to be launched by any binding."""

    def __init__(self, case):
        self.case = case
        rng = np.random.default_rng(case.seed)
        self.memory = {}
        inputs = {}
        for name, spec in case.args.items():
            if isinstance(spec, Array):
                memory = Memory(spec, spec.fill(rng, spec.dtype, spec.shape))
                self.memory[name] = memory
                inputs[name] = memory.decoded()
            elif isinstance(spec, Const):
                inputs[name] = spec.value
            elif isinstance(spec, Pointers):
                rows = Memory(spec.of, spec.of.fill(rng, spec.of.dtype,
                                                    spec.of.shape))
                inputs[name] = rows.decoded()
                table = [row.ctypes.data for row in rows.array]
                self.memory[name] = Memory(Array("i64", (len(table),)),
                                           np.array(table))
                self.memory[name].rows = rows  # Keeps it alive.
            else:
                inputs[name] = spec
        with np.errstate(all="ignore"):
            self.expected = case.oracle(types.SimpleNamespace(**inputs))
        self.inputs = inputs

    def check(self):
        """Compares every output; raises AssertionError with what differs."""
        for name, memory in self.memory.items():
            memory.check_untouched(name)
            if hasattr(memory, "rows"):
                memory.rows.check_untouched(f"rows of {name}")
        for name, expected in self.expected.items():
            self._compare(name, np.asarray(expected))
        if self.case.check:
            self.case.check(self)

    def _compare(self, name, expected):
        memory = getattr(self.memory[name], "rows", self.memory[name])
        dtype = memory.spec.dtype
        got = memory.decoded()
        expected = np.broadcast_to(expected, got.shape)
        if self.case.exact or not is_float(dtype):
            stored = np.array(memory.array)
            wanted = encode(dtype, expected)
            unsigned = np.dtype(f"u{stored.itemsize}")
            same = stored.view(unsigned) == wanted.view(unsigned)
            if is_float(dtype):
                same |= np.isnan(got) & np.isnan(decode(dtype, wanted))
            limits = "bit for bit"
        else:
            relative, absolute = self.case.tolerance.get(
                dtype, DTYPES[dtype][1:])
            relative *= self.case.scale
            absolute *= self.case.scale
            # What the type cannot hold is what rounding makes of it.
            expected = np.where(np.isfinite(expected), expected,
                                decode(dtype, encode(dtype, expected)))
            with np.errstate(all="ignore"):
                close = np.abs(got - expected) <= (absolute + relative *
                                                   np.abs(expected))
            same = close | (got == expected) | (np.isnan(got) &
                                                np.isnan(expected))
            limits = f"within {relative:g} relative, {absolute:g} absolute"
        if same.all():
            return
        bad = np.argwhere(~same)
        lines = [f"`{name}` ({dtype}{list(got.shape)}): {len(bad)} of "
                 f"{got.size} elements differ, {limits}"]
        for index in bad[:5]:
            at = tuple(index.tolist())
            lines.append(f"  {list(at)}: got {got[at]!r}, expected "
                         f"{expected[at]!r}")
        raise AssertionError("\n".join(lines))
