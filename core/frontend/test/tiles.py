# RUN: tilesdk-translate %s --kernel reductions --signature '*f32,*i32' | FileCheck %s --check-prefix=REDUCE
# RUN: tilesdk-translate %s --kernel shapes --signature '*f32' | FileCheck %s --check-prefix=SHAPE
# RUN: tilesdk-translate %s --kernel blocks --signature '*f16,i32,i32,i32' | FileCheck %s --check-prefix=BLOCK
# RUN: tilesdk-translate %s --kernel products --signature '*f16,*i8,*f32' | FileCheck %s --check-prefix=DOT
# RUN: tilesdk-translate %s --kernel atomics --signature '*f32,*i32,*u32' | FileCheck %s --check-prefix=ATOMIC
# RUN: tilesdk-translate %s --kernel hints --signature '*f32,i32' --debug-mode | FileCheck %s --check-prefix=HINT
# RUN: tilesdk-translate %s --kernel random --signature '*f32,i32,i64' | FileCheck %s --check-prefix=RANDOM
import triton
import triton.language as tl


@triton.jit
def first(a, b):
    return a


@triton.jit
def reductions(x, ix):
    o = tl.arange(0, 16)[:, None] * 32 + tl.arange(0, 32)[None, :]
    v = tl.load(x + o)
    # REDUCE: tile.reduce %{{.*}} axis = 1 commutative : (tensor<16x32xf32>) -> tensor<16xf32>
    # REDUCE: arith.addf
    a = tl.sum(v, axis=1)
    # REDUCE: tile.reshape {{.*}} allow_reorder : tensor<16x32xf32> -> tensor<512xf32>
    # REDUCE: tile.reduce {{.*}} -> f32
    # REDUCE: arith.maxnumf
    b = tl.max(v)
    # REDUCE: tile.reduce %{{.*}}, %{{.*}} axis = 0 commutative : (tensor<16x32xf32>, tensor<16x32xi32>) -> (tensor<32xf32>, tensor<32xi32>)
    c = tl.argmax(v, axis=0)
    # REDUCE: tile.reduce %{{.*}} axis = 1 : (tensor<16x32xf32>) -> tensor<16xf32>
    d = tl.reduce(v, -1, first)
    # REDUCE: tile.scan %{{.*}} axis = 1 reverse
    e = tl.cumsum(v, axis=1, reverse=True)
    # REDUCE: tile.sort %{{.*}} descending
    f = tl.sort(v, descending=True)
    # REDUCE: tile.histogram
    g = tl.histogram(c, 8)
    # REDUCE: tile.gather
    h = tl.flip(v)
    # REDUCE: tile.reduce {{.*}} : (tensor<16x32xf32>) -> tensor<32xf32>
    # REDUCE: tile.reshape {{.*}} -> tensor<1x32xf32>
    k = tl.min(v, 0, keep_dims=True)
    tl.store(x + o, e + f + h + k + a[:, None] + b + d[:, None])
    tl.store(ix + tl.arange(0, 8), g)


@triton.jit
def shapes(x):
    o = tl.arange(0, 8)
    a = tl.load(x + o)
    # SHAPE: tile.join {{.*}} -> tensor<8x2xf32>
    # SHAPE: tile.reshape {{.*}} -> tensor<16xf32>
    b = tl.interleave(a, a * 2.0)
    # SHAPE: tile.split {{.*}} -> tensor<8xf32>
    c, d = tl.split(b.reshape(8, 2))
    # SHAPE: tile.cat {{.*}} -> tensor<16xf32>
    e = tl.cat(c, d)
    # SHAPE: tile.expand_dims {{.*}} -> tensor<1x16xf32>
    # SHAPE: tile.broadcast {{.*}} -> tensor<4x16xf32>
    f = tl.broadcast_to(e[None, :], [4, 16])
    # SHAPE: tile.trans {{.*}} [1, 0] : tensor<4x16xf32> -> tensor<16x4xf32>
    g = f.T
    # SHAPE: tile.trans {{.*}} [2, 0, 1] : tensor<2x4x8xf32> -> tensor<8x2x4xf32>
    h = tl.permute(tl.reshape(g, (2, 4, 8)), (2, 0, 1))
    # SHAPE: tile.store {{.*}} : tensor<64x!tile.ptr<f32>>
    tl.store(x + tl.arange(0, h.numel), tl.ravel(h))


@triton.jit
def blocks(p, m, n, stride):
    a = tl.make_block_ptr(p, (m, n), (stride, 1), (0, 0), (16, 32), (1, 0))
    acc = tl.zeros((16, 32), tl.float32)
    # BLOCK: scf.for
    for i in range(0, tl.cdiv(n, 32)):
        # BLOCK: arith.cmpi sge
        # BLOCK: arith.cmpi slt
        # BLOCK: tile.load {{.*}} mask {{.*}} other
        acc += tl.load(a, boundary_check=(1,), padding_option="zero")
        a = tl.advance(a, (0, 32))
    # BLOCK: tile.store
    # BLOCK-NOT: mask
    tl.store(a, acc.to(tl.float16))


@triton.jit
def products(h, b, f):
    i = tl.arange(0, 16)
    o = i[:, None] * 16 + i[None, :]
    x = tl.load(h + o)
    # DOT: tile.dot {{.*}} : tensor<16x16xf16>, tensor<16x16xf16> -> tensor<16x16xf32>
    acc = tl.dot(x, x)
    # DOT: tile.dot {{.*}} -> tensor<16x16xf16>
    half = tl.dot(x, x, out_dtype=tl.float16)
    # DOT: tile.dot {{.*}} -> tensor<16x16xi32>
    y = tl.load(b + o)
    whole = tl.dot(y, y)
    # DOT: tile.dot {{.*}} precision = tf32x3
    z = tl.load(f + o)
    acc = tl.dot(z, z, acc, input_precision="tf32x3")
    # DOT: tile.dot {{.*}} : tensor<2x16x16xf32>, tensor<2x16x16xf32> -> tensor<2x16x16xf32>
    pair = tl.join(z, z).permute(2, 0, 1)
    batch = tl.dot(pair, pair)
    tl.store(f + o, acc + half + whole + tl.sum(batch, 0))


@triton.jit
def atomics(f, i, u):
    # ATOMIC: tile.atomic_rmw fadd relaxed gpu, {{.*}} mask
    tl.atomic_add(f + tl.arange(0, 8), 1.0, mask=tl.arange(0, 8) < 3, sem="relaxed")
    # ATOMIC: tile.atomic_rmw max acq_rel cta
    tl.atomic_max(i, 3, scope="cta")
    # ATOMIC: tile.atomic_rmw umin acq_rel gpu
    tl.atomic_min(u, 3)
    # The order of floats is that of their bits, by sign.
    # ATOMIC: tile.atomic_rmw max acq_rel gpu
    # ATOMIC: tile.atomic_rmw umin acq_rel gpu
    tl.atomic_max(f, 2.0)
    # ATOMIC: tile.atomic_cas acquire sys
    while tl.atomic_cas(i, 0, 1, sem="acquire", scope="sys") == 1:
        pass
    # ATOMIC: tile.barrier
    tl.debug_barrier()
    # ATOMIC: tile.atomic_rmw xchg release gpu
    tl.atomic_xchg(i, 0, sem="release")


@triton.jit
def hints(x, n):
    # HINT: tile.assume
    tl.assume(n > 0)
    # HINT: tile.hint {{.*}} divisibility = [16] : i32
    n = tl.multiple_of(n, 16)
    # HINT: tile.hint {{.*}} contiguity = [8] : tensor<8xi32>
    o = tl.max_contiguous(tl.arange(0, 8), 8)
    # HINT: tile.assert {{.*}}, "positive"
    tl.device_assert(n > 0, "positive")
    assert n < 100, "small"
    # HINT: tile.print "value" signed = [true]
    tl.device_print("value", n)
    # HINT: tile.print "n is" hex signed = [true, false]
    tl.device_print("n is", n, n > 3, hex=True)
    # HINT: tile.load {{.*}} cache = cg evict = evict_first
    v = tl.load(x + o, cache_modifier=".cg", eviction_policy="evict_first")
    tl.store(x + o, v)


@triton.jit
def random(x, seed, long_seed):
    o = tl.arange(0, 8)
    # RANDOM-COUNT-20: arith.mului_extended
    # RANDOM: arith.constant 4.65661{{.*}}E-10
    tl.store(x + o, tl.rand(seed, o))
    # RANDOM: math.sqrt
    # RANDOM: math.cos
    tl.store(x + o, tl.randn(long_seed, o))
