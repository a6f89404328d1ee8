def a(x, x): pass
def b(x=1, y): pass
def c(**k, x): pass
def d(*, ): pass
def e(x, /, y, /): pass
def f(*, x, *y): pass
def g(int x): pass
def h(for): pass
def i(/, x): pass
def j(*, x, /): pass
def k(*x=1): pass
