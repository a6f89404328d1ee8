def f(a, b)
    if a > b
        return a
    else
        return b
while a {
    b
}
class C
    pass
