"""What users do wrong: each gives an error that says what, where and what to
do; nothing crashes, hangs, or is left half-written."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import tilesdk

HEAD = "import triton\nimport triton.language as tl\n"


def build(body, signature, name="k", timeout=60, options=None):
    source = HEAD + textwrap.dedent(body)
    program = tilesdk.Program(source, "bad.py")
    return program.kernel(name).build(signature, target="cpu",
                                      timeout=timeout, options=options)


# Body of the kernel, signature, words of the message, line of the mistake.
KERNEL_MISTAKES = {
    "unknown_name": ("""
        @triton.jit
        def k(x):
            tl.store(x, value)
        """, "*f32", "`value`", 6),
    "unknown_attribute": ("""
        @triton.jit
        def k(x):
            tl.stoer(x, 1)
        """, "*f32", "store", 6),
    "unknown_method": ("""
        @triton.jit
        def k(x):
            y = tl.load(x)
            tl.store(x, y.too(tl.int32))
        """, "*f32", "too", 7),
    "shapes": ("""
        @triton.jit
        def k(x):
            a = tl.load(x + tl.arange(0, 16))
            b = tl.load(x + tl.arange(0, 32))
            tl.store(x + tl.arange(0, 16), a + b)
        """, "*f32", "16", 8),
    "dot_shapes": ("""
        @triton.jit
        def k(x):
            i = tl.arange(0, 16)
            a = tl.load(x + i[:, None] * 16 + i[None, :])
            b = tl.zeros((32, 16), tl.float32)
            tl.store(x + i[:, None] * 16 + i[None, :], tl.dot(a, b))
        """, "*f32", "32", 9),
    "types": ("""
        @triton.jit
        def k(x):
            p = x + 1.5
            tl.store(p, 1.0)
        """, "*f32", "", 6),
    "half_exp": ("""
        @triton.jit
        def k(x):
            tl.store(x, tl.exp(tl.load(x)))
        """, "*f16", "", 6),
    "store_to_number": ("""
        @triton.jit
        def k(n):
            tl.store(n, 1)
        """, "i32", "pointer", 6),
    "arange_not_constexpr": ("""
        @triton.jit
        def k(x, n):
            tl.store(x + tl.arange(0, n), 0.0)
        """, "*f32,i32", "compile time", 6),
    "arange_empty": ("""
        @triton.jit
        def k(x):
            tl.store(x + tl.arange(0, 0), 0.0)
        """, "*f32", "", 6),
    "arange_huge": ("""
        @triton.jit
        def k(x):
            tl.store(x + tl.arange(0, 1 << 40), 0.0)
        """, "*f32", "", 6),
    "tile_too_large": ("""
        @triton.jit
        def k(x):
            i = tl.arange(0, 4096)
            tl.store(x + i[:, None] * 4096 + i[None, :], 0.0)
        """, "*f32", "", 7),
    "static_range_huge": ("""
        @triton.jit
        def k(x):
            for i in tl.static_range(1 << 30):
                tl.store(x + i, 0.0)
        """, "*f32", "static_range", 6),
    "endless_recursion": ("""
        @triton.jit
        def f(N: tl.constexpr):
            return f(N + 1)

        @triton.jit
        def k(x):
            tl.store(x, f(0))
        """, "*f32", "", None),
    "static_assert": ("""
        @triton.jit
        def k(x, N: tl.constexpr):
            tl.static_assert(N > 8, "N is too small")
        """, "*f32,4", "N is too small", 6),
    "carried_type": ("""
        @triton.jit
        def k(x, n):
            acc = 0
            for i in range(n):
                acc += tl.load(x + i)
            tl.store(x, acc)
        """, "*f32,i32", "acc", None),
    "defined_on_one_side": ("""
        @triton.jit
        def k(x, n):
            if n > 3:
                y = 1.0
            tl.store(x, y)
        """, "*f32,i32", "`y`", 8),
    "break": ("""
        @triton.jit
        def k(x, n):
            for i in range(n):
                break
        """, "*f32,i32", "break", 7),
    "return_in_loop": ("""
        @triton.jit
        def k(x, n):
            for i in range(n):
                return
        """, "*f32,i32", "return", 7),
    "lambda": ("""
        @triton.jit
        def k(x):
            f = lambda y: y
        """, "*f32", "lambda", 6),
    "nested_function": ("""
        @triton.jit
        def k(x):
            def f(y):
                return y
        """, "*f32", "", 6),
    "mask_shape": ("""
        @triton.jit
        def k(x):
            i = tl.arange(0, 16)
            tl.store(x + i, 0.0, mask=tl.arange(0, 8) < 4)
        """, "*f32", "", 7),
    "other_without_mask": ("""
        @triton.jit
        def k(x):
            tl.store(x, tl.load(x, other=1.0))
        """, "*f32", "other", 6),
    "constant_divided_by_zero": ("""
        @triton.jit
        def k(x, N: tl.constexpr):
            tl.store(x, N // 0)
        """, "*i32,4", "", 6),
    "huge_constant": ("""
        @triton.jit
        def k(x):
            tl.store(x, 1 << 100)
        """, "*i64", "", 6),
    "power_tower": ("""
        @triton.jit
        def k(x, N: tl.constexpr):
            tl.store(x, 9 ** 9 ** 9 ** N)
        """, "*i64,9", "", 6),
    "wrong_arguments": ("""
        @triton.jit
        def f(a, b):
            return a + b

        @triton.jit
        def k(x):
            tl.store(x, f(1, 2, 3))
        """, "*f32", "f", 10),
    "unknown_keyword": ("""
        @triton.jit
        def k(x):
            tl.store(x, 1.0, maks=True)
        """, "*f32", "mask", 6),
}


@pytest.mark.parametrize("name", KERNEL_MISTAKES)
def test_kernels(name):
    body, signature, words, line = KERNEL_MISTAKES[name]
    started = time.time()
    with pytest.raises(tilesdk.CompilationError) as caught:
        build(body, signature)
    message = str(caught.value)
    assert time.time() - started < 20
    assert words in message and "bad.py" in message
    errors = [d for d in caught.value.diagnostics if d["severity"] == "error"]
    assert errors and all(d["code"] for d in errors)
    if line:
        assert errors[0]["line"] == line, message


SOURCES = {
    "not_utf8": b"x = '\xff\xfe'\n",
    "nul": b"import triton\n\0\n",
    "deep_parentheses": b"x = " + b"(" * 20000 + b"1" + b")" * 20000 + b"\n",
    "deep_unclosed": b"x = " + b"[" * 20000,
    "deep_indentation": b"".join(b" " * i + b"if x:\n" for i in range(3000)),
    "deep_unary": b"x = " + b"-" * 100000 + b"1\n",
    "deep_lambda": b"x = " + b"lambda: " * 20000 + b"1\n",
    "long_chain": b"x = " + b"a." * 50000 + b"b\n",
    "unclosed_string": b"x = '''" + b"a" * 100000,
    "bad_dedent": b"def f():\n        x\n    y\n",
    "tabs": b"def f():\n\tif x:\n        y\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources(name):
    """An error, or a program without kernels: never a crash."""
    started = time.time()
    try:
        program = tilesdk.Program(SOURCES[name], "bad.py")
        assert program.kernels == []
    except tilesdk.CompilationError as error:
        assert "bad.py" in str(error) and error.diagnostics
    assert time.time() - started < 20


def test_several_errors_in_one_run():
    with pytest.raises(tilesdk.CompilationError) as caught:
        build("""
            @triton.jit
            def k(x):
                tl.store(x, one)
                tl.store(x, two)
                tl.stroe(x, 3.0)
            """, "*f32")
    errors = [d for d in caught.value.diagnostics if d["severity"] == "error"]
    assert {d["line"] for d in errors} == {6, 7, 8}


GOOD = HEAD + textwrap.dedent("""
    @triton.jit
    def k(x, n, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        tl.store(x + i, 1.0, i < n)
    """)


@pytest.mark.parametrize("signature", [
    "", "*f32", "*f32,i32", "*f33,i32,16", "*f32,i32,16,4", "*f32,,16", "i32",
    "*f32,i32,i32", "*f32;i32;16", "*f32:3,i32,16", "(*f32,i32,16", "'",
    "*f32,i32," + "9" * 10000, "(" * 10000, "*" * 10000])
def test_signatures(signature):
    kernel = tilesdk.Program(GOOD, "good.py").kernel("k")
    with pytest.raises(tilesdk.Error):
        kernel.build(signature, target="cpu")


def test_options():
    kernel = tilesdk.Program(GOOD, "good.py").kernel("k")
    with pytest.raises(tilesdk.Error, match="num_warps"):
        kernel.build("*f32,i32,16", target="cpu", options={"num_warpz": 4})
    with pytest.raises(tilesdk.Error):
        kernel.build("*f32,i32,16", target="cpu", options={"num_warps": "x"})
    with pytest.raises(tilesdk.Error):
        kernel.build("*f32,i32,16", target="no-such-target")
    with pytest.raises(tilesdk.Error):
        kernel.build("*f32,i32,16", target="cpu", stop_stage="ptx")


def test_launches():
    kernel = tilesdk.Program(GOOD, "good.py").kernel("k")
    x = np.zeros(16, np.float32)
    for grid in (0, (0,), (1, 0), (1, 1, 0)):
        with pytest.raises(tilesdk.InvalidArgumentError, match="grid"):
            kernel[grid](x, 16, BLOCK=16)
    with pytest.raises(tilesdk.Error):
        kernel[(1,)](x, 16)  # A constexpr is missing.
    with pytest.raises(tilesdk.Error):
        kernel[(1,)](1.5, 16, BLOCK=16)  # Not a pointer.
    with pytest.raises(tilesdk.Error):
        kernel[(1,)](x, x, BLOCK=16)  # A pointer for a number.
    kernel[(1,)](x, 16, BLOCK=16)
    assert x.sum() == 16


@pytest.mark.parametrize("stage", ["tile", "tile-opt", "llvm"])
def test_damaged_ir(stage):
    """Every tenth prefix, and flipped bytes, of good IR."""
    kernel = tilesdk.Program(GOOD, "good.py").kernel("k")
    good = kernel.build("*f32,i32,16", target="cpu",
                        keep_stages=stage).asm[stage].encode()
    rng = np.random.default_rng(0)
    damaged = [good[:len(good) * i // 10] for i in range(10)]
    for _ in range(20):
        data = bytearray(good)
        for _ in range(3):
            data[rng.integers(len(data))] = rng.integers(256)
        damaged.append(bytes(data))
    damaged += [b"", b"\0" * 100, b"MLIR", b"BC\xc0\xde", b"ML\xefR" + good]
    refused = 0
    for data in damaged:
        try:
            program = tilesdk.program_from_ir(stage, data)
            _KernelOf(program).build("", target="cpu", timeout=30)
        except tilesdk.Error as error:
            refused += 1
            assert str(error)
    assert refused >= 14


class _KernelOf(tilesdk.Kernel):
    """The only kernel of a program from IR."""

    def __init__(self, program):
        self._bind(program, "", (), (), {})


def test_corrupt_cache_entries(tmp_path):
    """Truncated, overwritten and empty entries are rebuilt."""
    def work():
        context = tilesdk.Context({"cache": 1, "cache_dir": str(tmp_path)})
        program = tilesdk.Program(GOOD, "good.py", context=context)
        x = np.zeros(16, np.float32)
        with tilesdk.using(context.device("cpu")):
            program.kernel("k")[(1,)](x, 16, BLOCK=16)
        assert x.sum() == 16
    work()
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert files
    rng = np.random.default_rng(0)
    for damage in (lambda d: d[:len(d) // 2], lambda d: b"",
                   lambda d: d[:100] + bytes(rng.integers(0, 256, 50,
                                                          np.uint8)) + d[150:],
                   lambda d: d + b"more"):
        for path in [p for p in tmp_path.rglob("*") if p.is_file()]:
            path.write_bytes(damage(path.read_bytes()))
        work()


def test_timeout_stops_a_build():
    body = "@triton.jit\ndef k(x):\n" + "".join(
        f"    tl.store(x + {i}, tl.load(x + {i}) * {i})\n"
        for i in range(20000))
    started = time.time()
    with pytest.raises(tilesdk.Error):
        build(body, "*f32", timeout=0.2)
    assert time.time() - started < 10


def test_assertion_of_a_kernel():
    source = HEAD + textwrap.dedent("""
        @triton.jit
        def k(x, BLOCK: tl.constexpr):
            i = tl.arange(0, BLOCK)
            v = tl.load(x + i)
            tl.device_assert(v >= 0, "no negative numbers")
            assert tl.sum(v) < 1000
        """)
    kernel = tilesdk.Program(source, "assert.py").kernel("k")
    good = np.arange(16, dtype=np.float32)
    bad = good - 3
    kernel[(1,)](good, BLOCK=16, debug=True)
    kernel[(1,)](bad, BLOCK=16)  # Only with debug.
    with pytest.raises(tilesdk.DeviceAssertError,
                       match="no negative numbers") as caught:
        kernel[(1,)](bad, BLOCK=16, debug=True)
    assert "assert.py:8" in str(caught.value)
    kernel[(1,)](good, BLOCK=16, debug=True)  # The device goes on.
    with pytest.raises(tilesdk.DeviceAssertError):
        kernel[(1,)](good + 100, BLOCK=16, debug=True)


def test_print_of_a_kernel():
    """Prints go to the process's standard output, whole lines."""
    code = HEAD.replace("triton.language", "tilesdk.language").replace(
        "import triton\n", "import tilesdk\n") + textwrap.dedent("""
        import numpy as np
        source = '''
        import triton
        import triton.language as tl
        @triton.jit
        def k(x):
            pid = tl.program_id(0)
            tl.device_print("value", tl.load(x + pid))
            print("pid", pid)
        '''
        import textwrap
        kernel = tilesdk.Program(textwrap.dedent(source)).kernel("k")
        kernel[(3,)](np.array([10, 20, 30], np.int32))
        """)
    done = subprocess.run([sys.executable, "-c", code], text=True,
                          capture_output=True, check=True,
                          env={**os.environ,
                               "PYTHONPATH": os.pathsep.join(sys.path)})
    for word in ("10", "20", "30", "value", "pid"):
        assert word in done.stdout
    assert len(done.stdout.splitlines()) == 6
