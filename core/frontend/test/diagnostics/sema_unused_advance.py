# signature: *f32
import triton
import triton.language as tl


@triton.jit
def k(x):
    p = tl.make_block_ptr(x, (64,), (1,), (0,), (16,), (0,))
    tl.advance(p, (16,))
