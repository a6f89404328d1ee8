int x = 5
for (int i = 0; i < n; ++i) {
    y = a && b || !c;
}
i++
j--;
z = a ? b : c
if a <> b or c === d:
    pass
// comment
function f(x) {
}
fn g():
    pass
if a:
    pass
else if b:
    pass
elseif c:
    pass
x = y; }
