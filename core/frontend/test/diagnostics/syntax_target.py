f(x) = 3
a + b = c
1 = d
"s" = e
None = g
(h, i) += 1
[j, k]: int = 2
l == m = n
for f() in o:
    pass
x if y else z = 1
lambda: 0 = q
