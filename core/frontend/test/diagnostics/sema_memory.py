# signature: *f32,i32,*ki32
import triton
import triton.language as tl


@triton.jit
def k(x, n, c):
    o = tl.arange(0, 64)
    p = x + o
    a = tl.load(n)
    b = tl.load(p, other=0.0)
    d = tl.load(p, mask=tl.arange(0, 32) < n)
    e = tl.load(p, mask=o)
    f = tl.load(p, mask=o < n, other=tl.zeros((32,), tl.float32))
    tl.store(c, 1)
    tl.store(x, tl.zeros((64,), tl.float32))
    g = tl.load(p, cache_modifier=".wb")
    h = tl.load(p, eviction_policy="later")
    i = tl.atomic_add(x.to(tl.pointer_type(tl.int8)), 1)
    j = tl.atomic_add(x, 1.0, sem="strong")
    l = tl.atomic_add(x, 1.0, scope="world")
    m = tl.atomic_cas(n, 0, 1)
