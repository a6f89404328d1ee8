# Random numbers: Philox-4x, from J. Salmon, M. Moraes, R. Dror, D. Shaw:
# Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011).


@triton.jit
def philox_impl(c0, c1, c2, c3, k0, k1, n_rounds: tl.constexpr = 10):
    if c0.dtype == tl.uint32:
        wide: tl.constexpr = False
    else:
        tl.static_assert(c0.dtype == tl.uint64, "the counters of philox are uint32 or uint64")
        wide: tl.constexpr = True
    key_a: tl.constexpr = 0x9E3779B97F4A7C15 if wide else 0x9E3779B9
    key_b: tl.constexpr = 0xBB67AE8584CAA73B if wide else 0xBB67AE85
    round_a: tl.constexpr = 0xD2E7470EE14C6C93 if wide else 0xD2511F53
    round_b: tl.constexpr = 0xCA5A826395121157 if wide else 0xCD9E8D57
    for _ in tl.static_range(n_rounds):
        a = c0
        b = c2
        c0 = tl.umulhi(b, round_b) ^ c1 ^ k0
        c2 = tl.umulhi(a, round_a) ^ c3 ^ k1
        c1 = b * round_b
        c3 = a * round_a
        k0 = k0 + key_a
        k1 = k1 + key_b
    return c0, c1, c2, c3


@triton.jit
def philox(seed, c0, c1, c2, c3, n_rounds: tl.constexpr = 10):
    seed = tl.to_tensor(seed).to(tl.uint64)
    c0 = tl.to_tensor(c0)
    c1 = tl.to_tensor(c1)
    c2 = tl.to_tensor(c2)
    c3 = tl.to_tensor(c3)
    if c0.dtype.primitive_bitwidth == 32:
        k0 = seed.to(tl.uint32)
        k1 = (seed >> 32).to(tl.uint32)
        return philox_impl(c0.to(tl.uint32), c1.to(tl.uint32), c2.to(tl.uint32), c3.to(tl.uint32), k0, k1, n_rounds)
    else:
        zero = seed * 0
        return philox_impl(c0.to(tl.uint64), c1.to(tl.uint64), c2.to(tl.uint64), c3.to(tl.uint64), seed, zero, n_rounds)


@triton.jit
def randint4x(seed, offset, n_rounds: tl.constexpr = 10):
    offset = tl.to_tensor(offset)
    zero = offset * 0
    if offset.dtype.primitive_bitwidth > 32:
        low = offset.to(tl.uint32)
        high = (offset >> 32).to(tl.uint32)
        none = low * 0
        return philox(seed, low, high, none, none, n_rounds)
    else:
        return philox(seed, offset, zero, zero, zero, n_rounds)


@triton.jit
def randint(seed, offset, n_rounds: tl.constexpr = 10):
    a, b, c, d = randint4x(seed, offset, n_rounds)
    return a


@triton.jit
def uint_to_uniform_float(x):
    # The bits as a signed number, folded to be non-negative, then scaled below
    # one: 2^-31 is rounded down so that one is never reached.
    if x.dtype == tl.uint32 or x.dtype == tl.int32:
        bits = x.to(tl.int32, bitcast=True)
        scale: tl.constexpr = 4.6566127342e-10
    else:
        tl.static_assert(x.dtype == tl.uint64 or x.dtype == tl.int64, "expected 32- or 64-bit integers")
        bits = x.to(tl.int64, bitcast=True)
        scale: tl.constexpr = 1.0842020432385337e-19
    folded = tl.where(bits < 0, -bits - 1, bits)
    return folded * scale


@triton.jit
def rand(seed, offset, n_rounds: tl.constexpr = 10):
    return uint_to_uniform_float(randint(seed, offset, n_rounds))


@triton.jit
def rand4x(seed, offsets, n_rounds: tl.constexpr = 10):
    a, b, c, d = randint4x(seed, offsets, n_rounds)
    return uint_to_uniform_float(a), uint_to_uniform_float(b), uint_to_uniform_float(c), uint_to_uniform_float(d)


@triton.jit
def pair_uniform_to_normal(u1, u2):
    # Box and Muller; the logarithm must not see zero.
    u1 = tl.maximum(1.0e-7, u1)
    angle = 6.283185307179586 * u2
    radius = tl.sqrt(-2.0 * tl.log(u1))
    return radius * tl.cos(angle), radius * tl.sin(angle)


@triton.jit
def randn(seed, offset, n_rounds: tl.constexpr = 10):
    a, b, c, d = randint4x(seed, offset, n_rounds)
    n1, n2 = pair_uniform_to_normal(uint_to_uniform_float(a), uint_to_uniform_float(b))
    return n1


@triton.jit
def randn4x(seed, offset, n_rounds: tl.constexpr = 10):
    u1, u2, u3, u4 = rand4x(seed, offset, n_rounds)
    n1, n2 = pair_uniform_to_normal(u1, u2)
    n3, n4 = pair_uniform_to_normal(u3, u4)
    return n1, n2, n3, n4
