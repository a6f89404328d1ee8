# signature: *f32,i32
import triton
import triton.language as tl


@triton.constexpr_function
def endless():
    while True:
        pass



@triton.jit
def k(x, n):
    a: tl.constexpr = endless()
