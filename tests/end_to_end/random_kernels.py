"""Random kernels with their results: a seed makes source text and, beside it,
what NumPy gets for the same operations.

Everything is exact: integers wrap, floats are only added, subtracted,
multiplied and compared in their own type, with fusing of products and sums
turned off. What such kernels find is wrong fusing, shapes, masks, types and
control flow, not rounding.

    python3 random_kernels.py SEED     prints the source of a seed
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import sys

import numpy as np

TYPES = {
    "int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64,
    "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32,
    "uint64": np.uint64, "float32": np.float32, "float64": np.float64,
}
INTEGERS = [t for t in TYPES if "int" in t]
WIDE = ["int32", "int64", "uint32", "uint64"]
EXTENTS = [1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 31, 32]


def bits(dtype):
    return np.dtype(TYPES[dtype]).itemsize * 8


def promoted(a, b):
    """The type of `a op b` for two tensors."""
    for t in ("float64", "float32"):
        if t in (a, b):
            return t
    if a[0] == b[0]:  # Same signedness.
        return a if bits(a) >= bits(b) else b
    unsigned, signed = (a, b) if a[0] == "u" else (b, a)
    return unsigned if bits(unsigned) >= bits(signed) else signed


class Value:
    def __init__(self, name, dtype, array):
        self.name = name
        self.dtype = dtype
        self.array = array

    @property
    def shape(self):
        return self.array.shape


class Generator:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.lines = []
        self.indent = 1
        self.count = 0
        self.inputs = []   # (parameter, array)
        self.scalars = []  # (parameter, number)
        self.values = []
        # Inside of a loop or branch only these may be assigned to.
        self.locked = False

    # Small helpers -------------------------------------------------------

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def chance(self, p):
        return self.rng.random() < p

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def name(self):
        self.count += 1
        return f"v{self.count}"

    def define(self, text, dtype, array):
        value = Value(self.name(), dtype,
                      np.asarray(array).astype(TYPES.get(dtype, np.bool_)))
        self.emit(f"{value.name} = {text}")
        self.values.append(value)
        return value

    def any(self, test=lambda v: True):
        found = [v for v in self.values if v.dtype != "int1" and test(v)]
        return self.pick(found) if found else None

    def same_shape(self, value):
        return self.any(lambda v: v.shape == value.shape) or value

    def index(self, extents, dim):
        """Text of the positions along one dimension, in all dimensions."""
        text = f"tl.arange(0, {extents[dim]})"
        if len(extents) > 1:
            text += "[" + ", ".join(":" if i == dim else "None"
                                    for i in range(len(extents))) + "]"
        return text

    def offsets(self, extents):
        terms, stride = [], 1
        for dim in reversed(range(len(extents))):
            terms.append(f"{self.index(extents, dim)} * {stride}")
            stride *= extents[dim]
        return " + ".join(reversed(terms))

    # Inputs --------------------------------------------------------------

    def load(self, extents=None):
        extents = extents or tuple(self.pick(EXTENTS) for _ in range(
            self.rng.choice([1, 2, 2, 2, 3])))
        while np.prod(extents) > 2048:
            extents = extents[:-1] + (self.pick(EXTENTS[:5]),)
        dtype = self.pick(list(TYPES))
        if "float" in dtype:
            array = self.rng.integers(-64, 65, extents) / 8.0
        else:
            info = np.iinfo(TYPES[dtype])
            array = self.rng.integers(info.min, info.max, extents,
                                      dtype=TYPES[dtype], endpoint=True)
        array = array.astype(TYPES[dtype])
        param = f"in{len(self.inputs)}"
        self.inputs.append((param, array))
        if self.chance(0.3):
            # Lanes that are masked off read as a constant.
            dim = int(self.rng.integers(len(extents)))
            limit = int(self.rng.integers(0, extents[dim] + 1))
            kept = np.arange(extents[dim]) < limit
            kept = kept.reshape([-1 if i == dim else 1
                                 for i in range(len(extents))])
            return self.define(
                f"tl.load({param} + {self.offsets(extents)}, "
                f"mask={self.index(extents, dim)} < {limit}, other=3)", dtype,
                np.where(kept, array, 3))
        return self.define(f"tl.load({param} + {self.offsets(extents)})",
                           dtype, array)

    # Operations ----------------------------------------------------------

    def binary(self):
        a = self.any()
        b = self.same_shape(a)
        if self.chance(0.3):
            b = self.broadcastable(a) or b
        dtype = promoted(a.dtype, b.dtype)
        x, y = a.array.astype(TYPES[dtype]), b.array.astype(TYPES[dtype])
        ops = {"+": np.add, "-": np.subtract, "*": np.multiply}
        if dtype in INTEGERS:
            ops.update({"&": np.bitwise_and, "|": np.bitwise_or,
                        "^": np.bitwise_xor})
        op = self.pick(list(ops))
        return self.define(f"{a.name} {op} {b.name}", dtype, ops[op](x, y))

    def broadcastable(self, a):
        """A value of another shape that broadcasts with this one."""
        def fits(v):
            try:
                shape = np.broadcast_shapes(v.shape, a.shape)
            except ValueError:
                return False
            return v.shape != a.shape and np.prod(shape) <= 4096 and v.shape
        return self.any(fits)

    def literal(self):
        a = self.any()
        number = int(self.rng.integers(0, 100))
        op, fn = self.pick([("+", np.add), ("-", np.subtract),
                            ("*", np.multiply)])
        y = np.array(number, TYPES[a.dtype])
        if self.chance(0.5):
            return self.define(f"{a.name} {op} {number}", a.dtype,
                               fn(a.array, y))
        return self.define(f"{number} {op} {a.name}", a.dtype,
                           fn(y, a.array))

    def shift(self):
        a = self.any(lambda v: v.dtype in INTEGERS)
        if not a:
            return None
        amount = int(self.rng.integers(0, bits(a.dtype)))
        if self.chance(0.5):
            return self.define(f"{a.name} << {amount}", a.dtype,
                               a.array << TYPES[a.dtype](amount))
        return self.define(f"{a.name} >> {amount}", a.dtype,
                           a.array >> TYPES[a.dtype](amount))

    def divide(self):
        a = self.any(lambda v: v.dtype in INTEGERS)
        if not a:
            return None
        number = int(self.pick([1, 2, 3, 5, 7, 16, 100]))
        # In Python's integers: the smallest number has no positive twin.
        x = np.array([int(v) for v in a.array.flat], object)
        x = x.reshape(a.shape)
        q = np.array([abs(v) // number * (1 if v >= 0 else -1)
                      for v in x.flat], object).reshape(a.shape)
        if self.chance(0.5):
            return self.define(f"{a.name} // {number}", a.dtype, q)
        return self.define(f"{a.name} % {number}", a.dtype, x - q * number)

    def unary(self):
        a = self.any()
        if a.dtype in INTEGERS and self.chance(0.5):
            return self.define(f"~{a.name}", a.dtype, ~a.array)
        if a.dtype[0] == "u":
            return None
        if self.chance(0.5):
            return self.define(f"-{a.name}", a.dtype, -a.array)
        return self.define(f"tl.abs({a.name})", a.dtype, np.abs(a.array))

    def extremum(self):
        a = self.any()
        b = self.same_shape(a)
        dtype = promoted(a.dtype, b.dtype)
        x, y = a.array.astype(TYPES[dtype]), b.array.astype(TYPES[dtype])
        name, fn = self.pick([("minimum", np.fmin), ("maximum", np.fmax)])
        return self.define(f"tl.{name}({a.name}, {b.name})", dtype, fn(x, y))

    def select(self):
        a = self.any()
        b, c, d = (self.same_shape(a) for _ in range(3))
        compared = promoted(c.dtype, d.dtype)
        op, fn = self.pick([("<", np.less), (">=", np.greater_equal),
                            ("==", np.equal), ("!=", np.not_equal)])
        condition = fn(c.array.astype(TYPES[compared]),
                       d.array.astype(TYPES[compared]))
        dtype = promoted(a.dtype, b.dtype)
        return self.define(
            f"tl.where({c.name} {op} {d.name}, {a.name}, {b.name})", dtype,
            np.where(condition, a.array.astype(TYPES[dtype]),
                     b.array.astype(TYPES[dtype])))

    def convert(self):
        a = self.any()
        dtype = self.pick(list(TYPES))
        if "float" in a.dtype and dtype in INTEGERS:
            low, high = (0, 100) if dtype[0] == "u" else (-100, 100)
            array = np.fmax(np.fmin(a.array, TYPES[a.dtype](high)),
                            TYPES[a.dtype](low))
            return self.define(
                f"tl.maximum(tl.minimum({a.name}, {high}.0), {low}.0)"
                f".to(tl.{dtype})", dtype, array)
        return self.define(f"{a.name}.to(tl.{dtype})", dtype, a.array)

    def reduce(self):
        a = self.any(lambda v: v.dtype in WIDE and v.shape)
        if not a:
            return None
        axis = int(self.rng.integers(len(a.shape)))
        name, fn = self.pick([("sum", np.sum), ("max", np.max),
                              ("min", np.min)])
        keep = self.chance(0.5)
        kw = {"dtype": TYPES[a.dtype]} if name == "sum" else {}
        return self.define(
            f"tl.{name}({a.name}, axis={axis}"
            f"{', keep_dims=True' if keep else ''})", a.dtype,
            fn(a.array, axis=axis, keepdims=keep, **kw))

    def scan(self):
        a = self.any(lambda v: v.dtype in WIDE and v.shape)
        if not a:
            return None
        axis = int(self.rng.integers(len(a.shape)))
        reverse = self.chance(0.3)
        x = np.flip(a.array, axis) if reverse else a.array
        y = np.cumsum(x, axis=axis, dtype=TYPES[a.dtype])
        return self.define(
            f"tl.cumsum({a.name}, axis={axis}"
            f"{', reverse=True' if reverse else ''})", a.dtype,
            np.flip(y, axis) if reverse else y)

    def reshape(self):
        a = self.any(lambda v: v.shape)
        size = int(np.prod(a.shape))
        kind = self.rng.integers(4)
        if kind == 0 and len(a.shape) == 2:
            return self.define(f"tl.trans({a.name})", a.dtype, a.array.T)
        if kind == 1 and len(a.shape) < 3:
            axis = int(self.rng.integers(len(a.shape) + 1))
            return self.define(f"tl.expand_dims({a.name}, {axis})", a.dtype,
                               np.expand_dims(a.array, axis))
        if kind == 2:
            for dim, extent in enumerate(a.shape):
                if extent == 1 and len(a.shape) > 1:
                    shape = list(a.shape)
                    shape[dim] = self.pick([2, 3, 8])
                    return self.define(
                        f"tl.broadcast_to({a.name}, {tuple(shape)})", a.dtype,
                        np.broadcast_to(a.array, shape))
        divisors = [d for d in range(1, size + 1) if size % d == 0]
        first = self.pick(divisors)
        shape = self.pick([(size,), (first, size // first)])
        text = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        return self.define(f"tl.reshape({a.name}, ({text}))", a.dtype,
                           a.array.reshape(shape))

    def pair(self):
        a = self.any(lambda v: v.shape and v.array.size <= 1024)
        if not a:
            return None
        b = self.any(lambda v: v.shape == a.shape and v.dtype == a.dtype) or a
        joined = np.stack([a.array, b.array], -1)
        kind = self.rng.integers(3)
        if kind == 0:
            return self.define(f"tl.join({a.name}, {b.name})", a.dtype, joined)
        if kind == 1:
            shape = a.shape[:-1] + (2 * a.shape[-1],)
            return self.define(f"tl.interleave({a.name}, {b.name})", a.dtype,
                               joined.reshape(shape))
        left, right = self.name(), self.name()
        self.emit(f"{left}, {right} = tl.split(tl.join({a.name}, {b.name}))")
        self.values += [Value(left, a.dtype, a.array),
                        Value(right, b.dtype, b.array)]
        return self.values[-1]

    def dot(self):
        """Products of small whole numbers are exact in every type."""
        a = self.any(lambda v: len(v.shape) == 2)
        if not a:
            return None
        m, k = a.shape
        b = self.any(lambda v: v.shape[:1] == (k,) and len(v.shape) == 2)
        if not b or m * k * b.shape[1] > 20000:
            if m * m > 4096:
                return None
            b, other = a, a.array.T
            right = f"tl.trans({a.name})"
        else:
            other, right = b.array, b.name
        dtype, result = self.pick([("int8", "int32"), ("float32", "float32"),
                                   ("float64", "float64")])
        x = a.array if "float" not in a.dtype else np.fmax(
            np.fmin(a.array, 100), -100)
        y = other if "float" not in b.dtype else np.fmax(
            np.fmin(other, 100), -100)
        left = self.tile_for_dot(a, a.name, dtype)
        right = self.tile_for_dot(b, right, dtype)
        x, y = (np.trunc(np.nan_to_num(v)).astype(np.int64) & 7
                for v in (x, y))
        return self.define(f"tl.dot({left}, {right})", result,
                           (x @ y).astype(TYPES[result]))

    def tile_for_dot(self, value, text, dtype):
        if "float" in value.dtype:
            text = (f"tl.maximum(tl.minimum({text}, 100.0), -100.0)"
                    f".to(tl.int32)")
        return f"(({text}) & 7).to(tl.{dtype})"

    def sort(self):
        a = self.any(lambda v: v.shape and v.dtype in INTEGERS)
        if not a:
            return None
        down = self.chance(0.5)
        array = np.sort(a.array, axis=-1)
        if down:
            array = array[..., ::-1]
        return self.define(f"tl.sort({a.name}, descending={down})", a.dtype,
                           array)

    def flip(self):
        a = self.any(lambda v: v.shape)
        if not a:
            return None
        axis = int(self.rng.integers(len(a.shape)))
        return self.define(f"tl.flip({a.name}, {axis})", a.dtype,
                           np.flip(a.array, axis))

    def gather(self):
        a = self.any(lambda v: v.shape)
        b = self.any(lambda v: v.shape == a.shape and v.dtype in INTEGERS
                     ) if a else None
        if not b:
            return None
        axis = int(self.rng.integers(len(a.shape)))
        extent = a.shape[axis]
        index = (b.array & 127).astype(np.int64) % extent
        return self.define(
            f"tl.gather({a.name}, ({b.name} & 127).to(tl.int32) % {extent}, "
            f"{axis})", a.dtype, np.take_along_axis(a.array, index, axis))

    def locate(self):
        """The index of the leftmost largest or smallest."""
        a = self.any(lambda v: v.shape and v.dtype in WIDE)
        if not a:
            return None
        axis = int(self.rng.integers(len(a.shape)))
        name, fn = self.pick([("argmax", np.argmax), ("argmin", np.argmin)])
        return self.define(f"tl.{name}({a.name}, axis={axis})", "int32",
                           fn(a.array, axis=axis))

    def permute(self):
        a = self.any(lambda v: len(v.shape) == 3)
        if not a:
            return None
        dims = tuple(int(d) for d in self.rng.permutation(3))
        return self.define(f"tl.permute({a.name}, {dims})", a.dtype,
                           a.array.transpose(dims))

    def combine(self):
        """Reductions and scans with functions of the kernel's module."""
        a = self.any(lambda v: v.shape and v.dtype in WIDE)
        if not a:
            return None
        axis = int(self.rng.integers(len(a.shape)))
        fn, ufunc = self.pick([("_xor", np.bitwise_xor), ("_mul", np.multiply),
                               ("_right", None)])
        if self.chance(0.5):
            if ufunc is None:
                array = np.take(a.array, -1, axis=axis)
            else:
                array = ufunc.reduce(a.array, axis=axis,
                                     dtype=TYPES[a.dtype])
            return self.define(f"tl.reduce({a.name}, {axis}, {fn})", a.dtype,
                               array)
        if ufunc is None:
            array = a.array
        else:
            array = ufunc.accumulate(a.array, axis=axis, dtype=TYPES[a.dtype])
        return self.define(f"tl.associative_scan({a.name}, {axis}, {fn})",
                           a.dtype, array)

    # Control flow ----------------------------------------------------------

    def scalar(self):
        param = f"s{len(self.scalars)}"
        number = int(self.pick([0, 1, 2, 3, 5, 16]))
        self.scalars.append((param, number))
        return param, number

    def loop(self):
        """x = x * k + y, a run-time number of times; x keeps its type."""
        a = self.any()
        b = self.any(lambda v: v.shape == a.shape and v.dtype == a.dtype) or a
        param, count = self.scalar()
        carried = self.name()
        self.emit(f"{carried} = {a.name}")
        self.emit(f"for i in range({param}):")
        step = self.pick([2, 3])
        array = a.array
        self.indent += 1
        if "float" in a.dtype:
            self.emit(f"{carried} = {carried} + {b.name}")
        else:
            self.emit(f"{carried} = {carried} * {step} + {b.name}")
        if self.chance(0.5):
            self.emit("if i % 2 == 0:")
            self.emit(f"    {carried} = {carried} - {a.name}")
            odd = True
        else:
            odd = False
        self.indent -= 1
        for i in range(count):
            if "float" in a.dtype:
                array = array + b.array
            else:
                array = array * TYPES[a.dtype](step) + b.array
            if odd and i % 2 == 0:
                array = array - a.array
        value = Value(carried, a.dtype, array)
        self.values.append(value)
        return value

    def branch(self):
        a = self.any()
        b = self.any(lambda v: v.shape == a.shape and v.dtype == a.dtype) or a
        param, number = self.scalar()
        chosen = self.name()
        self.emit(f"if {param} > 2:")
        self.emit(f"    {chosen} = {a.name} + {b.name}")
        self.emit("else:")
        self.emit(f"    {chosen} = {a.name}")
        value = Value(chosen, a.dtype,
                      a.array + b.array if number > 2 else a.array)
        self.values.append(value)
        return value

    # A whole kernel --------------------------------------------------------

    def build(self, operations):
        with np.errstate(all="ignore"):
            self.load()
            self.load()
            steps = ([self.binary] * 5 + [self.literal] * 2 + [self.shift] +
                     [self.divide] + [self.unary] * 2 + [self.extremum] * 2 +
                     [self.select] * 3 + [self.convert] * 3 +
                     [self.reduce] * 3 + [self.scan] + [self.reshape] * 3 +
                     [self.pair] + [self.loop] * 2 + [self.branch] +
                     [self.load] * 2 + [self.dot, self.sort, self.flip,
                                        self.gather, self.locate, self.permute,
                                        self.combine])
            for _ in range(operations):
                self.pick(steps)()
        outputs = [v for v in self.values if self.chance(0.4)]
        outputs = outputs[-8:] or self.values[-1:]
        for i, value in enumerate(outputs):
            where = self.offsets(value.shape) if value.shape else "0"
            mask = ""
            if value.shape and self.chance(0.3):
                # What is masked off keeps what was there.
                dim = int(self.rng.integers(len(value.shape)))
                limit = int(self.rng.integers(0, value.shape[dim] + 1))
                kept = (np.arange(value.shape[dim]) < limit).reshape(
                    [-1 if d == dim else 1 for d in range(len(value.shape))])
                before = np.full(1, 0xABABABABABABABAB, np.uint64).view(
                    value.array.dtype)[0]
                value.array = np.where(kept, value.array, before).astype(
                    value.array.dtype)
                mask = (f", mask={self.index(value.shape, dim)} < "
                        f"{limit}")
            self.emit(f"tl.store(out{i} + {where}, {value.name}{mask})")
        params = ([p for p, _ in self.inputs] +
                  [p for p, _ in self.scalars] +
                  [f"out{i}" for i in range(len(outputs))])
        head = (HEAD + f"@triton.jit\ndef kernel({', '.join(params)}):\n")
        return head + "\n".join(self.lines) + "\n", outputs


HEAD = """import triton
import triton.language as tl


@triton.jit
def _xor(a, b):
    return a ^ b


@triton.jit
def _mul(a, b):
    return a * b


@triton.jit
def _right(a, b):
    return b


"""


def generate(seed):
    """Source, inputs, scalars, expected outputs."""
    generator = Generator(seed)
    source, outputs = generator.build(int(generator.rng.integers(4, 25)))
    return (source, [a for _, a in generator.inputs],
            [n for _, n in generator.scalars], [v.array for v in outputs])


GUARD = 512


def guarded(array):
    """An output between guard zones, and a function that checks the zones."""
    memory = np.full(array.nbytes + 2 * GUARD, 0xAB, np.uint8)
    inner = memory[GUARD:GUARD + array.nbytes]

    def untouched():
        return ((memory[:GUARD] == 0xAB).all() and
                (memory[GUARD + array.nbytes:] == 0xAB).all())
    return inner.view(array.dtype).reshape(array.shape), untouched


def run(source, inputs, scalars, expected, name="random.py", **options):
    """Launches; raises AssertionError when an output differs."""
    import host_arrays
    import tilesdk
    kernel = tilesdk.Program(source, name).kernel("kernel")
    outputs = [guarded(np.atleast_1d(e)) for e in expected]
    host_arrays.launch(
        kernel, (1,), (*inputs, *scalars, *[o for o, _ in outputs]),
        {"enable_fp_fusion": False, **options})
    for i, ((have, untouched), want) in enumerate(zip(outputs, expected)):
        want = np.atleast_1d(want)
        assert untouched(), f"{name}: writes beside out{i}\n{source}"
        same = (have == want) | ((have != have) & (want != want))
        assert same.all(), (
            f"{name}: out{i} differs at {np.argwhere(~same)[0].tolist()}: got "
            f"{have[~same].flat[0]!r}, expected {want[~same].flat[0]!r}\n"
            f"{source}")


def check(seed, **options):
    """Runs the kernel of a seed through the Python binding."""
    run(*generate(seed), f"random_{seed}.py", **options)


if __name__ == "__main__":
    print(generate(int(sys.argv[1]))[0])
