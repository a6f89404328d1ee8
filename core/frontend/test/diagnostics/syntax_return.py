return 1
class C:
    return
    def f(self):
        return 2
def g(a b):
    return 3
def h():
    class D:
        if a:
            return
    return 4
