# signature: *f32,i32
import triton
import triton.language as tl


@triton.jit
def k(x, n):
    a = tl.make_block_ptr(x, (n, n), (n, 1), (0,), (16, 16), (1, 0))
    b = tl.make_block_ptr(x, (n, n), (n, 1), (0, 0), (16, 16), (0, 0))
    p = tl.make_block_ptr(x, (n, n), (n, 1), (0, 0), (16, 16), (1, 0))
    c = tl.load(p, boundary_check=(2,))
    d = tl.load(p, mask=n > 0)
    e = tl.load(p, boundary_check=(0,), padding_option="one")
    f = tl.advance(x, (0, 16))
