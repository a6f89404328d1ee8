"""Names of the kernel language, as Python sees them.

They exist so that modules with kernels can be imported, annotated and checked;
what they mean is known to the compiler, which reads source text. Only constexpr
and the element types do something here.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception


class dtype:
    """An element type."""

    def __init__(self, name, code, bits):
        self.name = name
        self.code = code
        self.primitive_bitwidth = bits
        self.itemsize = max(1, bits // 8)
        self._tilesdk_signature_ = f"tl.{name}"
        self._tilesdk_import_ = (__name__, name)

    def __repr__(self):
        return f"tl.{self.name}"

    __str__ = __repr__


int1 = dtype("int1", 1, 1)
int8 = dtype("int8", 2, 8)
int16 = dtype("int16", 3, 16)
int32 = dtype("int32", 4, 32)
int64 = dtype("int64", 5, 64)
uint8 = dtype("uint8", 6, 8)
uint16 = dtype("uint16", 7, 16)
uint32 = dtype("uint32", 8, 32)
uint64 = dtype("uint64", 9, 64)
float16 = dtype("float16", 10, 16)
bfloat16 = dtype("bfloat16", 11, 16)
float32 = dtype("float32", 12, 32)
float64 = dtype("float64", 13, 64)
float8e4nv = dtype("float8e4nv", 14, 8)
float8e5 = dtype("float8e5", 15, 8)
float8e4b8 = dtype("float8e4b8", 16, 8)
float8e5b16 = dtype("float8e5b16", 17, 8)
float8e4b15 = dtype("float8e4b15", 18, 8)


class constexpr:
    """A compile-time value; also the annotation of such parameters."""

    _tilesdk_import_ = (__name__, "constexpr")

    def __init__(self, value):
        self.value = value.value if isinstance(value, constexpr) else value
        self._tilesdk_import_ = None

    def __repr__(self):
        return f"constexpr[{self.value!r}]"

    def __index__(self):
        return self.value.__index__()

    def __bool__(self):
        return bool(self.value)

    def __eq__(self, other):
        return self.value == (other.value if isinstance(other, constexpr)
                              else other)

    def __hash__(self):
        return hash(self.value)


class _Name:
    """A name that only means something inside a kernel."""

    def __init__(self, home, name):
        self.__name__ = name
        self._tilesdk_import_ = (home, name)

    def __call__(self, *args, **kwargs):
        raise TypeError(f"`{self.__name__}` works only inside of a kernel")

    def __getattr__(self, name):
        if name.startswith("__") or name == "_tilesdk_signature_":
            raise AttributeError(name)
        return _Name(*self._tilesdk_import_)

    def __repr__(self):
        return ".".join(self._tilesdk_import_)


_names = """
PropagateNan TRITON_MAX_TENSOR_NUMEL abs add advance arange argmax argmin
associative_scan assume atomic_add atomic_and atomic_cas atomic_max atomic_min
atomic_or atomic_xchg atomic_xor block_type broadcast broadcast_to cast cat cdiv
ceil clamp condition const core cos cumprod cumsum debug_barrier device_assert
device_print div_rn dot dot_scaled erf exp exp2 expand_dims fdiv flip floor fma
full gather histogram inline_asm_elementwise interleave join load log log2
make_block_ptr make_tensor_descriptor map_elementwise math max max_constancy
max_contiguous maximum min minimum mul multiple_of num_programs permute philox
philox_impl pointer_type program_id rand rand4x randint randint4x randn randn4x
range ravel reduce reduce_or reshape rsqrt sigmoid sin softmax sort split sqrt
sqrt_rn standard static_assert static_print static_range store sub sum swizzle2d
target_info tensor tensor_descriptor to_tensor topk trans uint_to_uniform_float
umulhi view void where xor_sum zeros zeros_like
""".split()
globals().update({_name: _Name(__name__, _name) for _name in _names})

from . import extra  # noqa: E402  (needs _Name)
