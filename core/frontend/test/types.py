# RUN: tilesdk-translate %s --kernel promotion --signature '*i8,*u8,*f16,*bf16,*f32,i32' | FileCheck %s --check-prefix=PROMO
# RUN: tilesdk-translate %s --kernel casts --signature '*f32,*f16,*i32,*u8' | FileCheck %s --check-prefix=CAST
# RUN: tilesdk-translate %s --kernel integers --signature '*i32,*u32' | FileCheck %s --check-prefix=INT
# RUN: tilesdk-translate %s --kernel booleans --signature '*i1,*i32' | FileCheck %s --check-prefix=BOOL
# RUN: tilesdk-translate %s --kernel promotion --signature '*i8,*u8,*f16,*bf16,*f32,i32' --no-fp-fusion | FileCheck %s --check-prefix=NOFUSE
import triton
import triton.language as tl

# NOFUSE-NOT: fastmath


@triton.jit
def promotion(i8, u8, f16, bf16, f32, n):
    a = tl.load(i8)
    b = tl.load(u8)
    h = tl.load(f16)
    g = tl.load(bf16)
    # PROMO: arith.addi {{.*}} : i8
    tl.static_assert((a + 5).dtype == tl.int8)
    # PROMO: arith.addi {{.*}} : i8
    tl.static_assert((a + b).dtype == tl.uint8)
    # PROMO: arith.sitofp {{.*}} : i8 to f32
    # PROMO: arith.mulf {{.*}} : f32
    tl.static_assert((a * 4.0).dtype == tl.float32)
    # PROMO: arith.mulf {{.*}} : f16
    tl.static_assert((h * 2.0).dtype == tl.float16)
    # PROMO: arith.addf {{.*}} : f16
    tl.static_assert((h + g).dtype == tl.float16)
    # PROMO: arith.addf {{.*}} : f32
    tl.static_assert((g + n).dtype == tl.float32)
    # PROMO: arith.divf {{.*}} : f32
    tl.static_assert((h / h).dtype == tl.float32)
    # PROMO: arith.divf {{.*}} : f32
    tl.static_assert((n / 2).dtype == tl.float32)
    # PROMO: arith.maxnumf {{.*}} : f32
    tl.static_assert(tl.maximum(g, g).dtype == tl.float32)
    # PROMO: arith.maximumf {{.*}} : f16
    tl.static_assert(tl.maximum(h, h, propagate_nan=tl.PropagateNan.ALL).dtype == tl.float16)
    tl.static_assert((tl.load(f32) * (1 << 40)).dtype == tl.float32)
    tl.static_assert((n + 0x80000000).dtype == tl.uint32) if False else None
    tl.static_assert((n > 0).dtype == tl.int1)


@triton.jit
def casts(f32, f16, i32, u8):
    x = tl.load(f32)
    # CAST: arith.truncf {{.*}} : f32 to f16
    h = x.to(tl.float16)
    # CAST: tile.fp_to_fp {{.*}} rounding = rtz : f32 -> bf16
    z = x.to(tl.bfloat16, fp_downcast_rounding="rtz")
    # CAST: tile.fp_to_fp {{.*}} : f32 -> f8E4M3FN
    q = x.to(tl.float8e4nv)
    # CAST: tile.fp_to_fp {{.*}} : f8E4M3FN -> f16
    r = q.to(tl.float16)
    # CAST: arith.extf {{.*}} : f16 to f32
    # CAST: arith.truncf {{.*}} : f32 to bf16
    g = h.to(tl.bfloat16)
    # CAST: arith.fptosi
    i = x.to(tl.int8)
    # CAST: arith.fptoui
    u = x.to(tl.uint8)
    # CAST: arith.cmpf une
    b = x.to(tl.int1)
    # CAST: arith.uitofp {{.*}} : i1 to f32
    c = b.to(tl.float32)
    # CAST: arith.bitcast {{.*}} : f32 to i32
    bits = x.to(tl.int32, bitcast=True)
    # CAST: tile.ptr_to_int
    address = f32.to(tl.int64)
    # CAST: tile.int_to_ptr {{.*}} : i64 -> !tile.ptr<f16>
    p = address.to(tl.pointer_type(tl.float16))
    # CAST: tile.ptr_cast {{.*}} : !tile.ptr<f32> -> !tile.ptr<i8>
    c8 = f32.to(tl.pointer_type(tl.int8))
    # CAST: arith.extui {{.*}} : i8 to i32
    # CAST: tile.store
    tl.store(i32, tl.load(u8))


@triton.jit
def integers(i, u):
    a = tl.load(i)
    b = tl.load(u)
    # INT: arith.divsi
    tl.store(i, a // 3)
    # INT: arith.remsi
    tl.store(i, a % 3)
    # INT: arith.divui
    tl.store(u, b // 3)
    # INT: arith.shrsi
    tl.store(i, a >> 3)
    # INT: arith.shrui
    tl.store(u, b >> 3)
    # INT: arith.cmpi ult
    tl.store(i, b < 3)
    # INT: arith.constant -4 : i32
    tl.store(i, -7 // 2)
    # INT: arith.constant 1 : i32
    tl.store(i, -7 % 2)
    # An unsigned offset may not turn negative.
    # INT: arith.extui {{.*}} : i32 to i64
    # INT: tile.addptr {{.*}}, i64
    tl.store(i + b, 1)


# Booleans are bytes in memory.
@triton.jit
def booleans(p, out):
    # BOOL: tile.ptr_cast {{.*}} : !tile.ptr<i1> -> !tile.ptr<i8>
    # BOOL: tile.load {{.*}} : !tile.ptr<i8>
    # BOOL: arith.cmpi ne
    b = tl.load(p)
    # BOOL: arith.xori
    # BOOL: arith.extui {{.*}} : i1 to i8
    # BOOL: tile.store {{.*}} : !tile.ptr<i8>
    tl.store(p, not b)
