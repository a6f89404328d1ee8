# signature: *f32
import triton
import triton.language as tl


@triton.jit
def k(x):
    a = tl.load(x + tl.arange(0, 64))
    b = tl.load(x + tl.arange(0, 32))
    c = a + b
    d = tl.broadcast_to(a, (32, 64))
    e = tl.reshape(a, (8, 9))
    f = tl.trans(a)
    g = tl.sum(a, axis=1)
    h = tl.permute(a[:, None], (0, 0))
    i = tl.zeros((2048, 2048), tl.float32)
    j = tl.zeros((0, 4), tl.float32)
    l = a[0]
    m = a[:, :]
    n = tl.split(a)
    o = tl.join(a, a.to(tl.int32))
    p = tl.cat(a, tl.load(x + tl.arange(0, 8)[:, None]), dim=0)
    q = tl.gather(a, b, 0)
    r = tl.expand_dims(a, 5)
    s = tl.arange(0, 1 << 40)
    t = tl.arange(8, 8)
    u = tl.full((4,), a, tl.float32)
    v = tl.sort(a[:, None], 0)
    w = tl.histogram(a, 16)
    y = tl.dot(a, b)
    z = a.item()
