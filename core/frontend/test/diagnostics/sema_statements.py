# signature: *f32
import triton
import triton.language as tl


@triton.jit
def choose(x):
    return x



@triton.jit
def k(x):
    a = b = 1
    c, *d = (1, 2, 3)
    x[0] = 1.0
    x.y = 2.0

    def inner():
        pass

    class Inner:
        pass

    import math
    raise ValueError("no")
    global g
    f = lambda y: y
    h = {1: 2}
    s = "text"
    t = choose
