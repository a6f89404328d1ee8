del f(x)
del a, b + c
