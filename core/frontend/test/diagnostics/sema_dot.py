# signature: *f32
# dot_minimum: 16,16,16
import triton
import triton.language as tl


@triton.jit
def k(x):
    o = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    a = tl.load(x + o)
    b = tl.load(x + tl.arange(0, 32)[:, None] * 64 + tl.arange(0, 64)[None, :])
    c = tl.dot(a, b)
    d = tl.dot(a, a.to(tl.float16))
    e = tl.dot(a, a, acc=tl.zeros((64, 32), tl.float32))
    f = tl.dot(a, tl.load(x + tl.arange(0, 64)[:, None] + tl.arange(0, 8)[None, :]))
    g = tl.dot(a, a, input_precision="fast")
    h = tl.dot(a.to(tl.int32), a.to(tl.int32))
    i = tl.dot(a, a, trans_b=True)
