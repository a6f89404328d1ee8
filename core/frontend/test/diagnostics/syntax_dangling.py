else:
    a
x = 1
elif b:
    c
x = 2
except D:
    e
x = 3
finally:
    f
