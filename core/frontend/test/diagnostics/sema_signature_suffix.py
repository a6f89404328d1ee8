# signature: *f32,i32:3,64
import triton
import triton.language as tl


@triton.jit
def k(x, n, BLOCK: tl.constexpr):
    pass
