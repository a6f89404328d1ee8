"""The command under test, and the kernel that most tests build."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib

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
