import triton
import triton.language as tl

FACTOR = tl.constexpr(3)


@triton.jit
def scale(x, by):
    return x * by
