a = tl.load(ptr + offs
b = a + 1
c = (1, 2,
d = 3
def f():
    e = g(h, [1, 2
    return e
i = {
