# signature: *f32,i32
import triton
import triton.language as tl


@triton.jit
def k(x, n):
    a = tl.program_id(3)
    b = tl.arange(0, n)
    c = tl.zeros((n,), tl.float32)
    d = tl.exp(n)
    e = tl.umulhi(1.0, 2.0)
    f = tl.clamp(n, 0, 1)
    g = tl.multiple_of(n, (1, 2))
    h = tl.device_print(n)
    i = tl.sum(n, axis=0)
    j = tl.maximum(x, 1.0)
    l = tl.tensor(1)
    if tl.load(x + tl.arange(0, 4)) > 0:
        pass
    o = (tl.arange(0, 4) > 2) and (n > 0)
    p = len(n)
    for i in tl.static_range(n):
        pass
