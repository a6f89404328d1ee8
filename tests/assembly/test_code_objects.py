"""What AMD targets give are code objects with matrix instructions, and with the
metadata that a loader needs."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "build/bin/tilesdk"
TARGETS = {"gfx90a": "v_mfma_", "gfx942": "v_mfma_", "gfx950": "v_mfma_",
           "gfx1100": "v_wmma_", "gfx1200": "v_wmma_"}
OBJDUMP = shutil.which("llvm-objdump-22") or shutil.which("llvm-objdump")
READOBJ = shutil.which("llvm-readobj-22") or shutil.which("llvm-readobj")


def tool(*arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("left", ["f16", "bf16"])
@pytest.mark.parametrize("target", TARGETS)
def test_product(target, left, tmp_path):
    output = tmp_path / "dot.hsaco"
    tool(COMMAND, "build", ROOT / "tests/end_to_end/kernels/matmul.py",
         "--kernel", "dot_tile", "--signature",
         f'*{left}:16,*{left}:16,*f32:16,64,64,64,"tf32"', "--target", target,
         "-o", output, "-q")
    assert re.search(rf"{TARGETS[target]}f32_[0-9x]+_?{left}",
                     tool(OBJDUMP, "-d", output))
    notes = tool(READOBJ, "--notes", "--symbols", output)
    wave = 64 if TARGETS[target] == "v_mfma_" else 32
    assert f"amdhsa.target:   amdgcn-amd-amdhsa--{target}" in notes
    assert re.search(rf"\.wavefront_size: +{wave}\b", notes)
    assert re.search(rf"\.max_flat_workgroup_size: +{4 * wave}\b", notes)
    assert re.search(r"\.vgpr_spill_count: +0\b", notes)
    assert re.search(r"\.symbol: +dot_tile\.kd", notes)


@pytest.mark.skipif(not READOBJ, reason="needs LLVM's tools")
@pytest.mark.parametrize("target", TARGETS)
def test_hidden_block_follows_the_parameters(target, tmp_path):
    """A kernel that prints: its two parameters, the ring, the launch's number,
    and then what the loader adds."""
    output = tmp_path / "reporting.hsaco"
    tool(COMMAND, "build", ROOT / "tests/end_to_end/kernels/control.py",
         "--kernel", "reporting", "--signature", "*f32:16,i32,256", "--target",
         target, "--option", "debug=1", "-o", output, "-q")
    notes = tool(READOBJ, "--notes", output)
    kinds = re.findall(r"\.value_kind: +(\w+)", notes)
    assert kinds[:4] == ["global_buffer", "by_value"] * 2
    sizes = re.findall(r"\.size: +(\d+)", notes)
    assert sizes[:4] == ["8", "4", "8", "4"]
    assert ".uses_dynamic_stack: false" in notes
