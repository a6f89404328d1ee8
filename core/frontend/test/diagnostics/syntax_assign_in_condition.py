if x = 5:
    pass
while (y = 3):
    pass
assert z = 2
