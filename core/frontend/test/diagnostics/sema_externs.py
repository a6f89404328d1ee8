# signature: *f32,f16
# row: tl.extra.libdevice.tanh:f32:f32
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def k(x, h):
    tl.store(x, libdevice.tanh(h))
    tl.store(x, libdevice.tnah(1.0))
