# signature: *f32,i32,u32,f32
import triton
import triton.language as tl


@triton.jit
def k(x, i, u, f):
    a = i / u
    b = f // 2.0
    c = f & f
    d = x * 2
    e = x + f
    g = x == x
    h = f @ f
    j = f ** 2
    l = ~f
    m = -(i > 0)
    n = +f
    o = not i
    p = i and f
    q = "a" + i
    r = u + -1
    s = tl.load(x).to(tl.int8) + 300
    t = i << 40
    v = tl.where(i, 1.0, 2.0)
