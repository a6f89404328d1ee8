# signature: *f32,'abc
import triton
import triton.language as tl


@triton.jit
def k(x, act: tl.constexpr):
    pass
