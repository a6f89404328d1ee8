"""What is built knows which line of the source each instruction came from."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re
import shutil
import subprocess

import pytest

from test_ptx import COMMAND, PTXAS, assemble

DWARFDUMP = shutil.which("llvm-dwarfdump-22") or shutil.which("llvm-dwarfdump")
SOURCE = """import triton
import triton.language as tl


@triton.jit
def scaled(x, f):
    return x * f + 1.0  # line 7


@triton.jit(noinline=True)
def halved(x):
    return x * 0.5  # line 12


@triton.jit
def kernel(X, Y, N, B: tl.constexpr):
    offset = tl.program_id(0) * B + tl.arange(0, B)  # line 17
    mask = offset < N
    x = tl.load(X + offset, mask=mask)  # line 19
    y = scaled(x, 3.0)  # line 20
    y = halved(y)  # line 21
    tl.store(Y + offset, tl.sqrt(y), mask=mask)  # line 22
"""


def command(where, *arguments):
    done = subprocess.run(
        [COMMAND, *arguments, "-q"], cwd=where, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def arguments(file, target):
    return [file, "--kernel", "kernel", "--signature", "*f32:16,*f32:16,i32,256",
            "--target", target]


@pytest.fixture
def where(tmp_path):
    (tmp_path / "source.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
def test_ptx_has_the_lines(target, where):
    text = command(where, "show", *arguments("source.py", target), "--stage",
                   "asm").decode()
    assert re.findall(r'\.file\s+(\d+) "(.*?)"', text) == [("1", "source.py")]
    # Each access has the line of its own call.
    lines = {}
    for part in re.split(r"\.loc\s+1 ", text)[1:]:
        for name in re.findall(r"\b(ld\.global|st\.global|sqrt|fma)\b", part):
            lines.setdefault(name, set()).add(int(part.split()[0]))
    assert lines["ld.global"] == {19}
    assert lines["st.global"] == {22}
    assert lines["fma"] == {7}
    # Line directives alone: the code is not made for a debugger.
    assert ", debug" not in text and ".section\t.debug_info" not in text
    if PTXAS:
        registers, spills = assemble(text, target, where)
        assert spills == 0
        plain = re.sub(r"(?m)^(\s*\.(loc|file)\s.*|\$L__(tmp|func).*:)$", "", text)
        assert (registers, spills) == assemble(plain, target, where)


@pytest.mark.skipif(not DWARFDUMP, reason="needs LLVM's tools")
@pytest.mark.parametrize("target", ["gfx942", "gfx1100", "cpu", "sim:sm_80"])
def test_objects_have_line_tables(target, where):
    command(where, "build", *arguments("source.py", target), "-o", "kernel.o")
    tables = subprocess.run(
        [DWARFDUMP, "--debug-line", "--debug-info", where / "kernel.o"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    assert re.findall(r'file_names\[ *\d+\]:\s+name: "(.*?)"', tables) == [
        "source.py"]
    rows = {int(line) for line in
            re.findall(r"^0x[0-9a-f]{16} +(\d+) ", tables, flags=re.M)}
    assert {7, 19, 22} <= rows
    inlined = re.search(r"DW_TAG_inlined_subroutine.*?DW_AT_call_line\s+\((\d+)\)",
                        tables, flags=re.S)
    assert inlined and inlined[1] == "20"
    assert '"scaled"' in tables and '"kernel"' in tables


@pytest.mark.parametrize("target", ["sm_80", "gfx942", "cpu"])
def test_no_place_of_the_machine(target, where):
    """An absolute path leaves no trace, and builds are the same anywhere."""
    option = ["--emit", "asm"] if target == "sm_80" else []
    outputs = []
    for folder in ("one", "another"):
        (where / folder).mkdir()
        file = where / folder / "source.py"
        file.write_text(SOURCE)
        outputs.append(command(where, "build", *arguments(file, target), *option,
                               "-o", "-"))
    assert outputs[0] == outputs[1]
    assert str(where).encode() not in outputs[0]
    assert b"source.py" in outputs[0]
