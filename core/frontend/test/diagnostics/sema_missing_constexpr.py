# signature: *f32
import triton
import triton.language as tl


@triton.jit
def k(x, BLOCK: tl.constexpr):
    pass
