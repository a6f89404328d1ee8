# kernel: host
import triton
import triton.language as tl


@triton.jit
def kernel(x):
    pass


def host(x):
    pass
