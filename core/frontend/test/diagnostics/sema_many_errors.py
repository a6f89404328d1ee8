# signature: *f32
import triton
import triton.language as tl


@triton.jit
def k(x):
    a0 = undefined0
    a1 = undefined1
    a2 = undefined2
    a3 = undefined3
    a4 = undefined4
    a5 = undefined5
    a6 = undefined6
    a7 = undefined7
    a8 = undefined8
    a9 = undefined9
    a10 = undefined10
    a11 = undefined11
    a12 = undefined12
    a13 = undefined13
    a14 = undefined14
    a15 = undefined15
    a16 = undefined16
    a17 = undefined17
    a18 = undefined18
    a19 = undefined19
    a20 = undefined20
    a21 = undefined21
    a22 = undefined22
    a23 = undefined23
    a24 = undefined24
    a25 = undefined25
    a26 = undefined26
    a27 = undefined27
    a28 = undefined28
    a29 = undefined29
    a30 = undefined30
    a31 = undefined31
    a32 = undefined32
    a33 = undefined33
    a34 = undefined34
    a35 = undefined35
    a36 = undefined36
    a37 = undefined37
    a38 = undefined38
    a39 = undefined39
    a40 = undefined40
    a41 = undefined41
    a42 = undefined42
    a43 = undefined43
    a44 = undefined44
    a45 = undefined45
    a46 = undefined46
    a47 = undefined47
    a48 = undefined48
    a49 = undefined49
    a50 = undefined50
    a51 = undefined51
    a52 = undefined52
    a53 = undefined53
    a54 = undefined54
