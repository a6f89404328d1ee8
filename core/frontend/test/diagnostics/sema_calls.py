# signature: *f32,i32
import triton
import triton.language as tl
from collections import namedtuple

point = namedtuple("point", ["x", "y"])


def host(n):
    return n + 1


@triton.jit
def helper(a, b):
    return a + b



@triton.jit
def k(x, n):
    helper(1)
    helper(1, 2, 3)
    helper(a=1, bb=2)
    helper(1, a=2)
    host(n)
    n()
    tl.load()
    tl.load(x, 1, 2, 3, 4, 5, 6, 7, 8)
    tl.load(x, maks=None)
    tl.load(x, pointer=x)
    helper(*n)
    helper(1, **n)
    point(1, 2, 3)
