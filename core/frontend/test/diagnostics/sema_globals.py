# signature: *f32
import triton
import triton.language as tl
import sys
import unknown
from triton import cdvi

SIZE = 128
LOOP = LOOP + 1
twice = cdvi


class Shape:
    pass


if sys.platform == "linux":
    @triton.jit
    def choice():
        return 1
elif sys.version == "3":
    @triton.jit
    def choice():
        return 2


if sys.platform == "linux":
    @triton.jit
    def other():
        return 1
else:
    @triton.jit
    def other():
        return 2




@triton.jit
def k(x):
    tl.store(x, SIZE)
    tl.store(x, twice)
    tl.store(x, LOOP)
    tl.store(x, tl.extra.libdevice.tnah(1.0))
    tl.static_assert(choice() == 1)
    tl.static_assert(other() == 2)
    unknown.function(x)
    Shape(1)
    tl.inline_asm_elementwise("", "", [x], tl.int32, True, 1)
