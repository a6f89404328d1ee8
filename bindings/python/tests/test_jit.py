"""@tilesdk.jit: source text, captured names, launches, errors."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import threading

import numpy as np
import pytest

import helper_module
import tilesdk
import tilesdk.language as tl
from helper_module import twice_times as imported

OFFSET = tl.constexpr(3)
alias = tl.exp


@tilesdk.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)


@tilesdk.jit
def _square(x):
    return x * x


@tilesdk.jit
def captured(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    tl.store(out + i, _square(v) + OFFSET)


@tilesdk.jit
def across_modules(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    tl.store(out + i, imported(v) + helper_module.times_factor(v))


@tilesdk.jit
def aliased(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, alias(tl.load(x + i)))


@tilesdk.jit
def apply(x, out, FN: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, FN(tl.load(x + i)))


@tilesdk.jit
def defaults(out, value=5, MODE: tl.constexpr = "plus"):
    if MODE == "plus":
        tl.store(out, value + 1)
    else:
        tl.store(out, value - 1)


@tilesdk.jit
def fill(out, value, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, value, i < n)


@tilesdk.jit
def wrong(x, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(x + i, undefined_name)


PLAIN = 4


@tilesdk.jit
def plain_global(out):
    tl.store(out, PLAIN)


def arrays(n=1000, dtype=np.float32):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(n).astype(dtype)
    y = rng.standard_normal(n).astype(dtype)
    return x, y, np.full(n, -1, dtype)


def test_launch():
    x, y, out = arrays()
    add[(4,)](x, y, out, 1000, BLOCK=256)
    np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize("grid", [4, (4,), [4], (4, 1), (4, 1, 1),
                                  (np.int64(4),)])
def test_grids(grid):
    x, y, out = arrays()
    add[grid](x, y, out, 1000, BLOCK=256)
    np.testing.assert_array_equal(out, x + y)


def test_callable_grid_sees_all_arguments():
    x, y, out = arrays()
    seen = {}

    def grid(meta):
        seen.update(meta)
        return (tilesdk.cdiv(meta["n"], meta["BLOCK"]),)
    add[grid](x, y, out, n=1000, BLOCK=128)
    assert seen["n"] == 1000 and seen["BLOCK"] == 128 and seen["x"] is x
    np.testing.assert_array_equal(out, x + y)


def test_positional_constexpr_and_build_option():
    x, y, out = arrays()
    add[(4,)](x, y, out, 1000, 256, num_warps=8)
    np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64,
                                   np.uint8, np.uint32, np.float16,
                                   np.float32, np.float64])
def test_element_types(dtype):
    x = np.arange(100).astype(dtype)
    out = np.zeros(100, dtype)
    add[(1,)](x, x, out, 100, BLOCK=128)
    np.testing.assert_array_equal(out, x + x)


def test_negative_strides_start_at_the_first_element():
    x = np.arange(100, dtype=np.float32)
    out = np.zeros(1, np.float32)
    add[(1,)](x[::-1], x[::-1], out, 1, BLOCK=1)
    assert out[0] == 198


def test_reinterpret():
    x = np.array([0x3F80, 0x4000], np.uint16)  # 1.0, 2.0 in bfloat16
    out = np.zeros(2, np.float32)
    add[(1,)](tilesdk.reinterpret(x, tl.bfloat16),
              tilesdk.reinterpret(x, tl.bfloat16), out, 2, BLOCK=2)
    np.testing.assert_array_equal(out, [2, 4])


@pytest.mark.parametrize("value", [3, -7, 2**40, 1, 16, 0, np.int32(5),
                                   np.int64(-9), np.float32(1.5), 0.25, True])
def test_scalars(value):
    out = np.zeros(8, np.float64)
    fill[(1,)](out, value, 8, BLOCK=8)
    np.testing.assert_array_equal(out, float(value))


def test_captured_names():
    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    captured[(1,)](x, out, BLOCK=16)
    np.testing.assert_array_equal(out, x * x + 3)


def test_helpers_of_other_modules():
    x = np.arange(16, dtype=np.int32)
    out = np.zeros_like(x)
    across_modules[(1,)](x, out, BLOCK=16)
    np.testing.assert_array_equal(out, x * 21)


def test_alias_of_a_builtin():
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    out = np.zeros_like(x)
    aliased[(1,)](x, out, BLOCK=16)
    np.testing.assert_allclose(out, np.exp(x), rtol=1e-5)


def test_function_as_argument():
    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    apply[(1,)](x, out, _square, BLOCK=16)
    np.testing.assert_array_equal(out, x * x)


@pytest.mark.parametrize("factor", [2, 5])
def test_closure(factor):
    captured_factor = tl.constexpr(factor)

    @tilesdk.jit
    def scale(x, out, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        tl.store(out + i, tl.load(x + i) * captured_factor)

    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    scale[(1,)](x, out, BLOCK=16)
    np.testing.assert_array_equal(out, x * factor)


def test_defaults():
    out = np.zeros(1, np.int32)
    defaults[(1,)](out)
    assert out[0] == 6
    defaults[(1,)](out, 10, MODE="minus")
    assert out[0] == 9


def test_none_is_an_argument():
    @tilesdk.jit
    def maybe(x, bias, out, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        v = tl.load(x + i)
        if bias is not None:
            v += tl.load(bias + i)
        tl.store(out + i, v)
    x = np.arange(16, dtype=np.float32)
    out = np.zeros_like(x)
    maybe[(1,)](x, None, out, BLOCK=16)
    np.testing.assert_array_equal(out, x)
    maybe[(1,)](x, x, out, BLOCK=16)
    np.testing.assert_array_equal(out, 2 * x)


def test_compilation_error_points_at_the_source():
    with pytest.raises(tilesdk.CompilationError) as caught:
        wrong[(1,)](np.zeros(16, np.float32), BLOCK=16)
    error = caught.value
    assert "undefined_name" in str(error) and "test_jit.py" in str(error)
    assert error.code_name == "SOURCE"
    assert str(error).count("error[T") == 1  # Rendered, and once.
    first = error.diagnostics[0]
    with open(__file__) as file:
        line = file.read().split("\n")[first["line"] - 1]
    assert line[first["column"] - 1:].startswith("undefined_name")
    assert first["severity"] == "error" and first["code"].startswith("T")


def test_plain_globals_are_refused_as_the_language_does():
    with pytest.raises(tilesdk.CompilationError, match="PLAIN") as caught:
        plain_global[(1,)](np.zeros(1, np.int32))
    assert "tl.constexpr" in str(caught.value)


def test_wrong_calls():
    x, y, out = arrays()
    with pytest.raises(TypeError, match="kernel"):
        add(x, y, out, 1000)
    with pytest.raises(TypeError, match="two values"):
        add[(1,)](x, y, out, 1000, n=3, BLOCK=16)
    with pytest.raises(TypeError, match="takes 5 arguments"):
        add[(1,)](x, y, out, 1000, 16, 17)
    with pytest.raises(TypeError, match="cannot be an argument"):
        add[(1,)](object(), y, out, 1000, BLOCK=16)
    with pytest.raises(TypeError, match="grid"):
        add["4"](x, y, out, 1000, BLOCK=16)
    with pytest.raises(ValueError):
        add[(-1,)](x, y, out, 1000, BLOCK=16)
    with pytest.raises(tilesdk.InvalidArgumentError):
        add[(0,)](x, y, out, 1000, BLOCK=16)
    with pytest.raises(tilesdk.Error, match="num_warpz"):
        add[(1,)](x, y, out, 1000, BLOCK=16, num_warpz=4)
    with pytest.raises(OverflowError):
        add[(1,)](x, y, out, 2**70, BLOCK=16)
    with pytest.raises(tilesdk.Error, match="y"):
        add[(1,)](x, out=out, n=1000, BLOCK=16)
    with pytest.raises(tilesdk.Error):
        add[(1,)](x, y, out, 1000)  # BLOCK is missing.


def test_warmup_and_artifacts():
    x, y, out = arrays()
    compiled = add.warmup(x, y, out, 1000, BLOCK=256, grid=(4,))
    assert "tile.load" in compiled.asm["tile"]
    assert "define" in compiled.asm["llvm"]
    assert ".text" in compiled.asm["asm"]
    assert compiled.asm["object"][:4] == b"\x7fELF"
    assert compiled.metadata and compiled.info["kernel"] == "add"
    with pytest.raises(KeyError, match="no stage"):
        compiled.asm["ptx"]
    assert (out == -1).all()


def test_build_for_a_signature():
    compiled = add.build("*f32:16,*f32:16,*f32:16,i32,128", target="cpu",
                         keep_stages="tile")
    assert "128xf32" in compiled.asm["tile"]


def test_registers_and_stages_of_a_gpu():
    compiled = add.build("*f32:16,*f32:16,*f32:16,i32,256", target="gfx942")
    assert 0 < compiled.n_regs <= 512 and compiled.n_spills == 0
    assert "simt" in list(compiled.asm)
    assert "#simt.layout" in compiled.asm["simt"]
    of_host = add.build("*f32:16,*f32:16,*f32:16,i32,256", target="cpu")
    assert of_host.n_regs is None and of_host.n_spills is None
    assert list(of_host.asm) == ["tile", "tile-opt", "llvm", "asm", "object"]
    assert all(of_host.asm.values())


def test_streams_are_asynchronous_and_ordered():
    device = tilesdk.device("cpu")
    stream = device.stream()
    x, y, out = arrays()
    later = np.zeros_like(out)
    with tilesdk.using(device, stream):
        add[(4,)](x, y, out, 1000, BLOCK=256)
        add[(4,)](out, y, later, 1000, BLOCK=256)
    stream.synchronize()
    np.testing.assert_array_equal(later, (x + y) + y)


def test_buffers():
    device = tilesdk.device("cpu")
    stream = device.stream()
    x, y, out = arrays()
    buffer = device.alloc(x.nbytes)
    assert buffer.nbytes == x.nbytes and buffer.ptr % 64 == 0
    stream.copy(buffer, x, x.nbytes)
    with tilesdk.using(device, stream):
        add[(4,)](tilesdk.reinterpret(buffer, tl.float32), y, out, 1000,
                  BLOCK=256)
    stream.synchronize()
    np.testing.assert_array_equal(out, x + y)


def test_events():
    device = tilesdk.device("cpu")
    stream = device.stream()
    before, after = device.event(), device.event()
    x, y, out = arrays()
    before.record(stream)
    with tilesdk.using(device, stream):
        add[(4,)](x, y, out, 1000, BLOCK=256)
    after.record(stream)
    after.synchronize()
    assert before.elapsed_ns(after) > 0


def test_threads_share_a_kernel():
    errors = []

    @tilesdk.jit
    def shared(x, out, n, BLOCK: tl.constexpr):
        i = tl.arange(0, BLOCK)
        tl.store(out + i, tl.load(x + i, i < n) * 3, i < n)

    def work(size):
        try:
            x = np.arange(size, dtype=np.float32)
            for _ in range(20):
                out = np.zeros_like(x)
                shared[(1,)](x, out, size, BLOCK=128)
                np.testing.assert_array_equal(out, x * 3)
        except BaseException as error:
            errors.append(error)
    threads = [threading.Thread(target=work, args=(17 + i,))
               for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_tensor_descriptor():
    @tilesdk.jit
    def negate(x, out):
        out.store([0, 0], -x.load([0, 0]))

    x = np.arange(24, dtype=np.float32).reshape(4, 6)
    out = np.zeros((4, 6), np.float32)
    described = [tilesdk.TensorDescriptor.from_tensor(a, (4, 8))
                 for a in (x, out)]
    negate[(1,)](*described)
    np.testing.assert_array_equal(out, -x)
    # A transposed array has no last stride of 1.
    with pytest.raises(ValueError, match="last stride must be 1, found 6"):
        tilesdk.TensorDescriptor.from_tensor(x.T, (8, 4))
    with pytest.raises(ValueError, match="found 1, 2 and 2"):
        tilesdk.TensorDescriptor(x, (4,), (6, 1), (4, 8))
    # The kernel's own limit: a row of the block has at least 16 bytes.
    with pytest.raises(tilesdk.CompilationError, match="at least 16 bytes"):
        negate[(1,)](*(tilesdk.TensorDescriptor.from_tensor(a, (4, 2))
                       for a in (x, out)))
