# signature: *f32,i32
import triton
import triton.language as tl
import nowhere


@triton.jit
def k(x, count):
    a = coutn + 1
    b = tl.lod(x)
    c = x.shap
    d = a + b
    e = x.dtype.elment_ty
    f = nowhere.value
    tl.store(x, missing_function(count))
