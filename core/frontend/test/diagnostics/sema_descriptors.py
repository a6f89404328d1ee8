# signature: *f32,i32,*i32
import triton
import triton.language as tl


@triton.jit
def k(x, n, y):
    a = tl.make_tensor_descriptor(x, [n, n], [n], [16, 16])
    b = tl.make_tensor_descriptor(x, [n, n], [n, n], [16, 16])
    c = tl.make_tensor_descriptor(x, [n, n], [n, 1], [16, 2])
    d = tl.make_tensor_descriptor(y, [n], [1], [16], "nan")
    e = tl.make_tensor_descriptor(x, [n], [1], [16], "one")
    f = tl.make_tensor_descriptor(x, [n, n, n, n, n, n], [n, n, n, n, n, 1],
                                  [1, 1, 1, 1, 1, 16])
    g = tl.make_tensor_descriptor(x, [n, n], [n, 1], [16, 16])
    h = g.load([0])
    i = g.gather(tl.arange(0, 16), 0)
    j = tl.make_tensor_descriptor(x, [n, n], [n, 1], [1, 16])
    l = j.gather(tl.arange(0, 4), 0)
    g.store([0, 0], tl.zeros((8, 8), tl.float32))
    m = tl.load_tensor_descriptor(x, [0, 0])
    o = g.lod([0, 0])
