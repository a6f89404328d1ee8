def f():
x = 1
if a:
# only a comment
y = 2
for i in b:
