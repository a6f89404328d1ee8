# signature: *f32,i32
import triton
import triton.language as tl


@triton.jit
def k(x, n):
    a = 1
    if n > 0:
        a = 2.0
    b = n if n > 0 else 1.5
    c = n if n > 0 else tl.load(x + tl.arange(0, 4))
    if "text":
        d = 1
    if x < n < 3:
        pass
    e = 1 in (n, 2)
    with x:
        pass
