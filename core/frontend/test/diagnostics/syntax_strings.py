a = "never closed
b = 'also never
c = x"abc"
d = b"café"
e = "\x4"
f = "\N{BULLET}" + "\ud800" + "\U00110000"
g = "\d+"
h = "text" b"bytes"
i = """
never closed
