a = f(b c)
d = [e f]
g = h i
j = k[l
m = n.(o)
for p = 3:
    q
import 3
from r import
s = t if u
v = {w: 1, x}
async y
