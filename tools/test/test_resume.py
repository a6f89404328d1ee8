"""A build that goes on from a printed stage ends in the same bytes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pytest

from kernel_source import ADD, ROOT, SIGNATURE

MATMUL = (ROOT / "samples/03_matmul/matmul.py").read_text()
KERNELS = {
    "add": (ADD, SIGNATURE),
    "matmul": (MATMUL, "*f16:16,*f16:16,*f32:16" + ",i32:16" * 6 +
               ",128,128,64,8"),
}
END = {"sm_80": "asm", "sm_90a": "asm"}


@pytest.mark.parametrize("stage", ["tile", "tile-opt", "simt", "llvm"])
@pytest.mark.parametrize("target", ["sm_80", "sm_90a", "gfx942", "gfx1100",
                                    "sim:sm_80"])
@pytest.mark.parametrize("name", KERNELS)
def test_same_bytes(tool, tmp_path, name, target, stage):
    source, signature = KERNELS[name]
    (tmp_path / "kernel.py").write_text(source)
    common = ["--kernel", name, "-t", target]
    build = ["-s", signature, *common, "--option", "num_warps=8"]
    end = ["--emit", END.get(target, "object"), "-q"]
    whole = tool("build", "kernel.py", *build, *end, "-o", "-", text=False)
    printed = tool("show", "kernel.py", *build, "--stage", stage, "-q")
    assert printed.code == 0, printed.err
    (tmp_path / "stage.ir").write_text(printed.out)
    resumed = tool("build", "stage.ir", "--from", stage, *common, "--option",
                   "num_warps=8", *end, "-o", "-", text=False)
    assert resumed.code == 0, resumed.err
    assert len(whole.out) > 500 and resumed.out == whole.out


def test_stage_simt_is_listed(tool):
    for command in ("show", "build"):
        assert "simt" in tool(command, "--help").out
    wrong = tool("show", "x.py", "--stage", "smit")
    assert wrong.code == 2 and "simt" in wrong.err


def test_what_was_built_has_a_name(tool, add, tmp_path):
    """Of IR too, and what is said next can be done with it."""
    (tmp_path / "add.mlir").write_text(
        tool("show", add, "-s", SIGNATURE, "-t", "sm_80", "-q").out)
    done = tool("build", "add.mlir", "--from", "tile", "-t", "sm_80")
    assert done.code == 0 and "built `add` for sm_80" in done.err
    assert "next: " in done.err and "tilesdk run" not in done.err


def test_no_stage_simt_on_a_cpu(tool, add):
    done = tool("show", "add.py", "-s", SIGNATURE, "--stage", "simt")
    assert done.code == 3 and "simt" in done.err
