# signature: *f32
import triton
import triton.language as tl


@triton.jit
def pair(a, b):
    return a, b


@triton.jit
def add(a, b):
    return a + b


@triton.jit
def compare(a, b):
    return a < b



@triton.jit
def k(x):
    v = tl.load(x + tl.arange(0, 64))
    a = tl.reduce(v, 0, pair)
    b = tl.reduce((v, v), 0, add)
    c = tl.reduce(v, 0, "add")
    d = tl.reduce(v, 0, compare)
    e = tl.reduce((v, tl.load(x + tl.arange(0, 8))), 0, add)
