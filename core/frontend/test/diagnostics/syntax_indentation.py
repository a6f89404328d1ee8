if a:
    b
  c
  d = 1
    e
if f:
	g
        h
