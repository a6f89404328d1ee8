try:
    a
b = 1
