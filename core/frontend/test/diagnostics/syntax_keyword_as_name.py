lambda = 3
a.class = 1
def import(): pass
in = 4
import if
global while
