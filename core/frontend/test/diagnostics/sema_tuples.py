# signature: *f32
import triton
import triton.language as tl


@triton.jit
def k(x):
    t = (1, 2, 3)
    a, b = t
    c = t[3]
    d = t["a"]
    e, f = x
    g = x[0]
    h = t.index(7)
    i = (1).foo
    j = x.dtype[0]
