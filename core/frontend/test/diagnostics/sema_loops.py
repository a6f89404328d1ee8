# signature: *f32,i32
import triton
import triton.language as tl


@triton.jit
def k(x, n):
    acc = 0.0
    for i in range(n):
        acc += tl.load(x + tl.arange(0, 64))
    count = 0
    for i in range(n):
        count += tl.full((), 1, tl.int64)
    name = None
    for i in range(n):
        name = i
    for v in (1, 2, 3):
        pass
    for i in range(0, n, 0):
        pass
    for i in range(1.5):
        pass
    for i in range(tl.arange(0, 4)):
        pass
    for i in range(n):
        break
    else:
        pass
    continue
    for i in tl.static_range(1 << 30):
        pass
    while n > 0:
        n = n.to(tl.int64)
