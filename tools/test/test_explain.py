"""tilesdk explain FILE: remarks by line, and the figures of the artifact."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import re
import sys

import pytest

from kernel_source import ROOT, SIGNATURE

sys.path.insert(0, str(ROOT / "tests/assembly"))
from test_ptx import PTXAS  # noqa: E402

MATMUL = ROOT / "samples/03_matmul/matmul.py"
MATMUL_SIGNATURE = ("*f16:16,*f16:16,*f32:16" + ",i32:16" * 6 +
                    ",128,128,64,8")


def explain(tool, target, *more):
    done = tool("explain", MATMUL, "--kernel", "matmul", "--signature",
                MATMUL_SIGNATURE, "--target", target, *more)
    assert done.code == 0, done.err
    return done.out


def line_of(words):
    for number, line in enumerate(MATMUL.read_text().splitlines(), 1):
        if words in line:
            return number
    raise AssertionError(words)


def test_how_a_block_is_stored(tool):
    def remarks(*more):
        report = json.loads(explain(tool, "sm_90a", "--json", *more))
        return {entry["line"]: entry for entry in report["lines"]}[
            line_of("tl.store(")]["remarks"]
    assert any("simt-assign-layouts: store of" in remark for remark in remarks())
    stored = remarks("--option", "box_stores=2")
    assert any("simt-box-stores: box store through 65536 bytes" in remark
               for remark in stored), stored


@pytest.mark.parametrize("target", ["sm_80", "gfx942", "gfx1100"])
def test_lines_of_a_product(tool, target):
    report = json.loads(explain(tool, target, "--json"))
    lines = {entry["line"]: entry for entry in report["lines"]}
    product = lines[line_of("tl.dot(")]
    assert product["text"].strip().startswith("acc = tl.dot(")
    assert any("simt-select-matrix: product of 128 x 128 x 64" in remark
               for remark in product["remarks"])
    loop = lines[line_of("for start in")]["remarks"]
    assert any("stages" in remark for remark in loop)
    load = lines[line_of("a = tl.load(")]["remarks"]
    assert any("load of 16 bytes a lane" in remark for remark in load)
    # Operands are read from shared memory without conflicts.
    accesses = product["shared_accesses"]
    assert accesses and all(access["conflicts"] == 0 and
                            access["kind"] == "load" for access in accesses)


def test_why_not_another_instruction(tool):
    """What was not taken is named, with the reason."""
    def product(types, blocks, warps):
        done = tool("explain", MATMUL, "--kernel", "matmul", "--signature",
                    f"*{types}:16,*{types}:16,*f32:16" + ",i32:16" * 6 +
                    f",{blocks},8", "--target", "sm_90a", "--option",
                    f"num_warps={warps}")
        assert done.code == 0, done.err
        return next(line for line in done.out.splitlines()
                    if "> product of" in line)
    assert "m16n8k16.f32.f16, " in product("f16", "64,64,64", 2)
    assert "; m64k16.f32.f16: needs 4 warps, there are 2" in product(
        "f16", "64,64,64", 2)
    assert "; m64k16.f32.f16: the product is no multiple" in product(
        "f16", "32,64,64", 4)
    assert '; there are some for input_precision="tf32"' in product(
        "f32", "64,64,32", 4)


@pytest.mark.parametrize("columns, why", [
    ("i32", "the mask is not known to be the same for neighbours"),
    ("i32:16", "addresses are known to be multiples of 4 bytes")])
def test_why_an_access_is_narrow(tool, columns, why):
    """The stride of the rows is not known to be divisible."""
    done = tool("explain", ROOT / "samples/02_softmax/softmax.py", "-s",
                f"*f32:16,*f32:16,{columns},i32,1024", "-t", "sm_80")
    assert done.code == 0, done.err
    assert f"load of 4 bytes a lane, 4 sectors of 32 bytes a warp: {why}" in \
        done.out


def test_figures_of_amd(tool):
    """Registers come from the code object."""
    figures = json.loads(explain(tool, "gfx942", "--json"))["figures"]
    assert figures["warps"] == 4 and figures["threads"] == 256
    assert figures["shared_bytes"] >= 32768
    assert 64 < figures["registers"] <= 512
    assert figures["spill_bytes"] == 0 and figures["stack_bytes"] == 0
    held = figures["occupancy"]
    assert held["programs"] == min(65536 // figures["shared_bytes"],
                                   131072 // (figures["registers"] * 256))
    assert held["limited_by"] in ("registers", "shared memory")
    assert held["registers_known"]


def test_few_registers_spill(tool, tmp_path):
    """What does not fit is spilled, and that is said."""
    figures = json.loads(explain(tool, "gfx942", "--option", "waves_per_eu=8",
                                 "--json"))["figures"]
    assert figures["registers"] <= 64
    assert figures["spill_bytes"] > 0 or figures["stack_bytes"] > 0


def test_text_is_the_source_with_remarks(tool):
    out = explain(tool, "sm_80")
    shown = re.findall(r"^ *(\d+) \| ?(.*)$", out, flags=re.M)
    source = MATMUL.read_text().splitlines()
    assert all(source[int(number) - 1] == line for number, line in shown)
    numbers = [int(number) for number, _ in shown]
    # The whole kernel, from its decorator to its last line.
    assert numbers == list(range(line_of("@triton.jit"),
                                 line_of("tl.store(c_ptrs") + 1))
    after = out.split("acc = tl.dot(a, b, acc)\n")[1].splitlines()
    assert re.match(r" +\|   > product of .*\[simt-select-matrix\]$", after[0])
    assert "shared memory" in out and "bank conflicts  0" in out
    assert "a multiprocessor" in out


def test_what_is_said_of_the_whole(tool):
    """Remarks without a line stand under the figures."""
    out = explain(tool, "gfx942", "--option", "waves_per_eu=4")
    head = out.split("\n\n")[0]
    assert re.search(r"^  remark +built with \d+ (stages?|warps): a thread "
                     r"spills \d+ bytes", head, flags=re.M)
    out = explain(tool, "gfx942", "--option", "num_stages=1")
    assert "1 stage: num_stages is 1  [simt-pipeline-loops]" in out


def test_stages_in_effect(tool):
    for wanted, said in (("1", 1), ("3", 3)):
        report = json.loads(explain(tool, "sm_80", "--option",
                                    f"num_stages={wanted}", "--json"))
        assert report["figures"]["stages"] == said


def test_ir_and_processors(tool, add, tmp_path):
    ir = tool("show", add, "-s", SIGNATURE, "-t", "sm_80", "--stage",
              "tile", "-q").out
    (tmp_path / "add.mlir").write_text(ir)
    done = tool("explain", "add.mlir", "-t", "sm_80")
    # The remarks name the source that the IR was made of.
    assert done.code == 0 and "add.py:" in done.out
    assert "load of" in done.out
    done = tool("explain", add, "-s", SIGNATURE)
    assert done.code == 0 and "BLOCK: tl.constexpr" in done.out


def test_functions_of_other_files(tool, tmp_path):
    """What a helper does stands under its own file."""
    (tmp_path / "helpers.py").write_text("""import triton
import triton.language as tl


@triton.jit
def total(x):
    return tl.sum(x, 0)  # line 7
""")
    (tmp_path / "kernel.py").write_text("""import triton
import triton.language as tl
from helpers import total


@triton.jit
def kernel(x):
    tl.store(x, total(tl.load(x + tl.arange(0, 256))))
""")
    done = tool("explain", "kernel.py", "-s", "*f32:16", "-t", "sm_80",
                "--module", "helpers=helpers.py", "--json")
    assert done.code == 0, done.err
    lines = {(entry["file"], entry["line"]): entry
             for entry in json.loads(done.out)["lines"]}
    assert lines["helpers.py", 7]["shared_accesses"]
    assert "tl.sum" in lines["helpers.py", 7]["text"]
    assert not any(entry["shared_accesses"]
                   for (file, _), entry in lines.items() if file == "kernel.py")


@pytest.mark.skipif(not PTXAS, reason="there is no ptxas")
def test_figures_of_nvidia(tool):
    """Registers and spills are what the assembler says."""
    def figures(*options):
        done = tool("explain", MATMUL, "--kernel", "matmul", "--signature",
                    MATMUL_SIGNATURE, "--target", "sm_80", "--json",
                    *options, env={"TILESDK_PTXAS": PTXAS})
        assert done.code == 0, done.err
        return json.loads(done.out)["figures"]
    many = figures()
    assert 100 < many["registers"] <= 255 and many["spill_bytes"] == 0
    assert many["occupancy"]["registers_known"]


def test_mistakes(tool, add):
    assert tool("explain", "missing.py").code == 2
    assert tool("explain", add, "-s", "*f99").code in (1, 2)
    assert tool("explain", add, "-s", SIGNATURE, "-t", "sm_99").code == 2
