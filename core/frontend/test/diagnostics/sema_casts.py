# signature: *f32,f32,i32
# lacks: f8e4m3
import triton
import triton.language as tl


@triton.jit
def k(x, f, i):
    a = f.to(x.dtype)
    b = f.to(tl.int16, bitcast=True)
    c = i.to(tl.float32, fp_downcast_rounding="rtz")
    d = f.to(tl.float8e4nv)
    e = f.to("float33")
    g = f.to(f)
    h = tl.cast("text", tl.float32)
    j = x.to(tl.int32)
    l: tl.constexpr = 1 << 70
    m = l
