"""Importing, programs from text, the context, what the extension links."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import gc
import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import tilesdk
import tilesdk.language as tl
from tilesdk import _tilesdk

SOURCE = """
import triton
import triton.language as tl

@triton.jit
def first(x, BLOCK: tl.constexpr):
    tl.store(x + tl.arange(0, BLOCK), 1.0)

@triton.jit
def second(x):
    tl.store(x, 2.0)
"""


def test_import_starts_nothing(tmp_path):
    """No thread, no file, no driver, no compiler."""
    code = ("import os, tilesdk\n"
            "assert len(os.listdir('/proc/self/task')) == 1\n"
            "maps = open('/proc/self/maps').read()\n"
            "assert 'tilesdk_compiler' not in maps\n"
            "assert 'plugin' not in maps\n")
    subprocess.run([sys.executable, "-c", code], check=True,
                   env={**os.environ, "HOME": str(tmp_path),
                        "XDG_CACHE_HOME": str(tmp_path / "cache"),
                        "PYTHONPATH": os.pathsep.join(sys.path)})
    assert not list(tmp_path.iterdir())


def test_extension_uses_the_stable_abi():
    path = pathlib.Path(_tilesdk.__file__)
    assert path.name == "_tilesdk.abi3.so"
    needed = subprocess.run(["readelf", "-d", path], check=True, text=True,
                            capture_output=True).stdout
    assert "libpython" not in needed and "LLVM" not in needed
    assert "libtilesdk.so" in needed
    exported = subprocess.run(["nm", "-D", "--defined-only", path], check=True,
                              text=True, capture_output=True).stdout.split()
    assert exported[2::3] == ["PyInit__tilesdk"]


def test_programs_from_text():
    program = tilesdk.Program(SOURCE, "two.py")
    assert program.kernels == ["first", "second"]
    x = np.zeros(16, np.float32)
    program.kernel("first")[(1,)](x, BLOCK=8)
    np.testing.assert_array_equal(x, [1] * 8 + [0] * 8)
    program.kernel("second")[(1,)](x)
    assert x[0] == 2
    assert program.kernel("first").arg_names == ["x", "BLOCK"]
    with pytest.raises(tilesdk.NotFoundError, match="first"):
        program.kernel("third")


def test_errors_of_programs():
    with pytest.raises(tilesdk.CompilationError) as caught:
        tilesdk.Program("def f(:\n  pass\n", "bad.py", first_line=40)
    assert caught.value.diagnostics[0]["line"] == 40
    assert "bad.py:40" in str(caught.value)
    with pytest.raises(tilesdk.Error):
        tilesdk.Program(b"\xff\xfe\x00", "bytes.py")
    with pytest.raises(TypeError):
        tilesdk.Program(3)


def test_modules_and_captures():
    program = tilesdk.Program(
        "import triton\nimport triton.language as tl\nimport helpers as h\n"
        "@triton.jit\ndef f(x):\n    tl.store(x, h.twice(N))\n",
        "f.py", modules=[("helpers", "h.py",
                          "import triton\n@triton.jit\ndef twice(x):\n"
                          "    return x * 2\n")], captures={"N": 21})
    x = np.zeros(1, np.int32)
    program.kernel("f")[(1,)](x)
    assert x[0] == 42


def test_program_from_ir():
    compiled = tilesdk.Program(SOURCE).kernel("second").build(
        "*f32", target="cpu", keep_stages="tile")
    program = tilesdk.program_from_ir("tile", compiled.asm["tile"].encode())
    assert isinstance(program, _tilesdk.Program)
    again = tilesdk.Kernel(program, "second").build("", target="cpu")
    assert again.asm["object"] == compiled.asm["object"]


def test_builds_go_on_from_edited_ir():
    kernel = tilesdk.Program(SOURCE).kernel("second")
    whole = kernel.build("*f32", target="sm_80")
    resumed = kernel.build("*f32", target="sm_80", resume_stage="simt",
                           resume_ir=whole.asm["simt"])
    assert resumed.asm["asm"] == whole.asm["asm"]
    with pytest.raises(tilesdk.Error):
        kernel.build("*f32", target="sm_80", resume_stage="simt",
                     resume_ir=whole.asm["simt"][:-40])


def test_context_speaks_json():
    context = tilesdk.context()
    assert json.loads(context.describe())["abi"] == _tilesdk.abi_version
    assert any(p["name"] == "cpu" for p in json.loads(context.plugins()))
    assert json.loads(context.devices())[0]["uri"] == "cpu:0"
    assert {t["name"] for t in json.loads(context.targets())} >= {
        "x86-64-v3", "x86-64-v4"}
    with pytest.raises(tilesdk.Error):
        tilesdk.Context({"no_such_setting": "1"})
    with pytest.raises(LookupError):
        context.explain(9999)


def test_cache_of_a_context(tmp_path):
    context = tilesdk.Context({"cache_dir": str(tmp_path / "c"), "cache": 1})
    program = tilesdk.Program(SOURCE, context=context)
    device = context.device("cpu")
    with tilesdk.using(device):
        x = np.zeros(16, np.float32)
        first = program.kernel("first").warmup(x, BLOCK=16)
    assert first.info["from"] == "build"
    assert json.loads(context.cache_stats())["stores"] >= 1
    fresh = tilesdk.Context({"cache_dir": str(tmp_path / "c"), "cache": 1})
    program = tilesdk.Program(SOURCE, context=fresh)
    with tilesdk.using(fresh.device("cpu")):
        again = program.kernel("first").warmup(x, BLOCK=16)
    assert again.info["from"] == "cache"
    assert again.asm["object"] == first.asm["object"]
    assert json.loads(fresh.cache_verify())["corrupt"] == 0
    fresh.cache_clear()
    assert json.loads(fresh.cache_stats())["directories"][0]["entries"] == 0


def test_types_of_the_language():
    assert repr(tl.float32) == "tl.float32" and tl.float16.itemsize == 2
    assert tl.constexpr(3) == 3 and tl.constexpr(tl.constexpr(3)).value == 3
    with pytest.raises(TypeError, match="inside of a kernel"):
        tl.load(1)
    with pytest.raises(AttributeError):
        tl.no_such_name
    assert tilesdk.cdiv(10, 4) == 3
    assert [tilesdk.next_power_of_2(n) for n in (1, 2, 3, 781)] == [1, 2, 4,
                                                                   1024]


def test_every_language_name_is_in_the_stub():
    stub = pathlib.Path(tl.__file__).with_suffix(".pyi").read_text()
    for name in tl._names:
        assert re.search(rf"^(def )?{name}\b", stub, re.M), name


def test_objects_are_released():
    """Launches and errors leave no objects behind."""
    kernel = tilesdk.Program(SOURCE).kernel("first")
    x = np.zeros(16, np.float32)

    def work():
        for _ in range(200):
            kernel[(1,)](x, BLOCK=8)
            try:
                kernel[(1,)](object(), BLOCK=8)
            except TypeError:
                pass
            try:
                kernel[(0,)](x, BLOCK=8)
            except tilesdk.Error:
                pass
    work()
    gc.collect()
    before = len(gc.get_objects()), sys.getrefcount(x)
    work()
    gc.collect()
    after = len(gc.get_objects()), sys.getrefcount(x)
    assert after[0] - before[0] < 20 and after[1] == before[1]
