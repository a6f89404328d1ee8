# kernel: kernle
import triton
import triton.language as tl


@triton.jit
def kernel(x):
    pass
