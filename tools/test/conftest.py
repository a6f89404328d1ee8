"""The command under test: TILESDK_TOOL, or the one in the build tree."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ.get("TILESDK_TOOL", str(ROOT / "build" / "bin" / "tilesdk"))

ADD = '''import triton
import triton.language as tl


@triton.jit
def add(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Adds two vectors."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n)
    y = tl.load(y_ptr + i, mask=i < n)
    tl.store(out_ptr + i, x + y, mask=i < n)
'''
SIGNATURE = "*f32,*f32,*f32,i32,1024"


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr


@pytest.fixture
def tool(tmp_path):
    """Runs the command in an empty folder with a cache of its own."""
    def run(*arguments, env=None, stdin=None, text=True):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path),
                       "XDG_CACHE_HOME": str(tmp_path / "cache")}
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                environment[name] = value
        environment.update(env or {})
        return Result(subprocess.run([TOOL, *map(str, arguments)],
                                     cwd=tmp_path, env=environment, text=text,
                                     input=stdin, capture_output=True,
                                     timeout=120))
    return run


@pytest.fixture
def add(tmp_path):
    (tmp_path / "add.py").write_text(ADD)
    return "add.py"
