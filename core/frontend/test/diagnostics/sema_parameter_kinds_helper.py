# signature: *f32
import triton
import triton.language as tl


@triton.jit
def with_keywords(x, **more):
    return x



@triton.jit
def k(x):
    with_keywords(x)
