# signature: *f32,i32,64
import triton
import triton.language as tl


@triton.jit
def k(x, n, N: tl.constexpr):
    a: tl.constexpr = n
    b: tl.constexpr = 1
    b: tl.constexpr = 2
    size = N * 2
    c = tl.arange(0, size)
    d: tl.constexpr = 1 // 0
    e: tl.constexpr = "a" * (1 << 40)
    f: tl.constexpr = 10 ** 10 ** 10
    g: tl.constexpr = (1,) * (1 << 30)
    h: tl.constexpr = int("x")
    tl.static_assert(N == 32, "N must be 32")
    tl.static_assert(n == 32)
    tl.static_print("N:", N, f"{N * 2}")
    i: tl.constexpr = f"{n}"
