# signature: *f32,i32
import triton
import triton.language as tl


@triton.jit
def choose(n, x):
    if n > 0:
        return x.to(tl.int32) if x is None else n
    return x + 1.0



@triton.jit
def k(x, n):
    tl.store(x, choose(n, 1.0))
    if n > 3:
        return n
    for i in range(n):
        if i > 2:
            return
