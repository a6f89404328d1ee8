# RUN: tilesdk-translate %s --kernel inlined --signature '*f32,relu' --module pkg.helpers=%S/inputs/helpers.py --capture 'CAPTURED=7' --locations | FileCheck %s --check-prefix=INLINE
# RUN: tilesdk-translate %s --kernel called --signature '*i32,i32' --module pkg.helpers=%S/inputs/helpers.py | FileCheck %s --check-prefix=CALLED
# RUN: tilesdk-translate %s --kernel library --signature '*f32' --module pkg.helpers=%S/inputs/helpers.py --row tl.extra.libdevice.tanh:f32:f32:tsdk.math.tanh --row tl.extra.libdevice.pow:f32,f32:f32:tsdk.math.pow | FileCheck %s --check-prefix=LIBRARY
# RUN: tilesdk-translate %s --kernel arguments --signature '(*f32,(i32:16,2),),BLOCK=8,n=i32:1' --module pkg.helpers=%S/inputs/helpers.py | FileCheck %s --check-prefix=ARGS
# RUN: tilesdk-translate %s --kernel scaled --signature '*f32,*u8,*u8,*u8,*u8' --module pkg.helpers=%S/inputs/helpers.py | FileCheck %s --check-prefix=SCALED
import math
import triton
import triton.language as tl
import pkg.helpers as helpers
from pkg.helpers import scale
from triton.language.extra import libdevice

exp = tl.exp
LIMIT: tl.constexpr = tl.constexpr(64)
ROOT = tl.constexpr(math.sqrt(2.0 * math.pi / 2) ** 2 / math.pi + math.ceil(0.5))


@triton.constexpr_function
def log2(n):
    result = 0
    while (1 << result) < n:
        result += 1
    return result


@triton.jit
def relu(x):
    return tl.maximum(x, 0.0)


@triton.jit
def power(x, N: tl.constexpr):
    if N == 0:
        return 1.0
    else:
        return x * power(x, N - 1)


@triton.jit
def inlined(x, ACT: tl.constexpr):
    v = tl.load(x)
    # INLINE: arith.maxnumf {{.*}} loc(#[[L:loc[0-9]+]])
    # INLINE: arith.constant 3.000000e+00
    # INLINE: arith.mulf
    # INLINE: math.exp
    v = exp(scale(ACT(v), helpers.FACTOR))
    # INLINE: arith.constant 6.000000e+00
    v = v + log2(LIMIT)
    # INLINE: arith.constant 7.000000e+00
    v = v + CAPTURED
    tl.static_assert(ROOT > 1.99 and ROOT < 2.01)
    # INLINE-COUNT-2: arith.mulf
    # INLINE: #[[L]] = loc(callsite(
    tl.store(x, power(v, 2))


@triton.jit(noinline=True)
def product(a, b):
    return a * b, b


@triton.jit
def called(x, n):
    # CALLED: call @product__0(%{{.*}}, %{{.*}}) : (i32, i32) -> (i32, i32)
    # CALLED: call @product__0
    # CALLED: func.func private @product__0
    # CALLED-NOT: func.func
    a, b = product(n, n)
    c, d = product(a, b)
    tl.store(x, c + d)


@triton.jit
def library(x):
    v = tl.load(x + tl.arange(0, 8))
    # LIBRARY: tile.extern_elementwise "tsdk.math.tanh" pure(%{{.*}}) : (tensor<8xf32>) -> tensor<8xf32>
    v = libdevice.tanh(v)
    # LIBRARY: tile.splat
    # LIBRARY: tile.extern_elementwise "tsdk.math.pow" pure(%{{.*}}, %{{.*}})
    v = tl.math.pow(v, tl.load(x))
    # LIBRARY: tile.extern_elementwise "tsdk.math.pow"
    tl.store(x + tl.arange(0, 8), tl.extra.cuda.libdevice.pow(v, 2))


# ARGS: @arguments(%arg0: !tile.ptr<f32> {tile.leaf = 0 : i64, tile.name = "group.0"}
# ARGS-SAME: %arg1: i32 {tile.divisibility = 16 : i64, tile.leaf = 1 : i64, tile.name = "group.1.0"})
@triton.jit
def arguments(group, BLOCK: tl.constexpr, n, scale=1.5):
    pointer, (size, two) = group
    tl.static_assert(n == 1 and BLOCK == 8 and scale == 1.5)
    tl.store(pointer + size * group[1][1] + tl.arange(0, BLOCK), scale)


@triton.jit
def scaled(out, a, sa, b, sb):
    i = tl.arange(0, 32)[:, None]
    j = tl.arange(0, 32)[None, :]
    k = tl.arange(0, 64)
    x = tl.load(a + i * 32 + j)
    y = tl.load(b + k[:, None] * 32 + j)
    u = tl.load(sa + i * 2 + tl.arange(0, 2)[None, :])
    v = tl.load(sb + i * 2 + tl.arange(0, 2)[None, :])
    # SCALED: tile.join
    # SCALED: tile.fp_to_fp {{.*}} -> tensor<64x32x{{f32|bf16}}>
    # SCALED: tile.dot {{.*}} : tensor<32x64xbf16>, tensor<64x32xbf16> -> tensor<32x32xf32>
    tl.store(out + i * 32 + j, tl.dot_scaled(x, u, "e2m1", y, v, "e4m3"))
