match x:
pass
match y
