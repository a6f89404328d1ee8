# signature: *f32,i32
import triton
import triton.language as tl


@triton.jit
def k(x, n):
    if n > 0:
        a = 1
    for i in range(n):
        b = i
    tl.store(x, a)
    tl.store(x, b)
