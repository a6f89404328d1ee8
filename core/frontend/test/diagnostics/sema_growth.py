# signature: *f32
import triton
import triton.language as tl


@triton.jit
def k(x):
    for i in tl.static_range(60000):
        for j in tl.static_range(60000):
            tl.store(x, 1.0)
