"""Accesses to shared memory take the fewest bank cycles where it counts."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re
import sys

import pytest

from test_ptx import ROOT, matmul

sys.path.insert(0, str(ROOT / "tests/probes"))

import tilesdk  # noqa: E402
from conversion_kernels import random_conversions  # noqa: E402
from conversions import Variant  # noqa: E402
from device import Target  # noqa: E402

SOURCE = ROOT / "tests/probes/conflict_kernels.py"


@pytest.mark.parametrize("target", ("sm_80", "sm_90a", "gfx942", "gfx950"))
@pytest.mark.parametrize("tile", ((128, 128, 64), (128, 256, 64)))
def test_matmul_has_no_conflicts(target, tile):
    file, name, signature = matmul("f16", *tile)
    program = tilesdk.Program((ROOT / file).read_text(), file)
    built = program.kernel(name).build(signature, target=target,
                                       options={"num_warps": "8"})
    found = built.metadata["shared_accesses"]
    assert found["dynamic"] == 0
    assert found["load"]["conflicts"] == found["store"]["conflicts"] == 0
    # The epilogue at least goes through shared memory, or nothing does.
    assert found["store"]["wavefronts"] >= 0


@pytest.mark.parametrize("target", ("sm_80", "sm_90a", "gfx90a", "gfx942",
                                    "gfx1100"))
@pytest.mark.parametrize("stride", ("stride_a", "stride_b"))
def test_rows_of_unknown_distance(target, stride):
    """What no copy can take goes through registers, and from there to a buffer
    that is stored to and read as widely as any other."""
    file = ROOT / "samples/03_matmul/matmul.py"
    signature = "*f16:16,*f16:16,*f32:16,i32:16,i32:16,i32:16,{},{},i32:16," \
        "128,128,64,8".format(*("i32" if name == stride else "i32:16"
                               for name in ("stride_a", "stride_b")))
    built = tilesdk.Program(file.read_text(), file.name).kernel(
        "matmul").build(signature, target=target, keep_stages="asm",
                        options={"num_warps": "8"})
    accesses = built.metadata["shared_accesses"]
    assert accesses["load"]["conflicts"] == accesses["store"]["conflicts"] == 0
    lines = file.read_text().splitlines()
    load, dot = (next(number for number, line in enumerate(lines, 1)
                      if start in line)
                 for start in (f"{stride[-1]} = tl.load(", "acc = tl.dot("))
    stores = {row["bytes"] for row in accesses["lines"]
              if row["kind"] == "store" and row["line"] == load}
    reads = {row["bytes"] for row in accesses["lines"]
             if row["kind"] == "load" and row["line"] == dot}
    # No mask goes from thread to thread.
    assert 1 not in {row["bytes"] for row in accesses["lines"]}
    code = built.asm["asm"]
    if target == "sm_80":
        assert reads == {16} and stores == {16}
        # 16 bytes a row: 128 x 64 by four warps of columns, 64 x 128 by two of
        # rows; the operand along k is read as it lies, the other one turned.
        assert not re.search(r"\bld\.shared", code)
        assert len(re.findall(r"\bldmatrix\.sync", code)) == 24
        turned = len(re.findall(r"\bldmatrix\S*\.trans", code))
        assert turned == {"stride_a": 24, "stride_b": 0}[stride]
    elif target == "sm_90a":
        assert "wgmma.mma_async" in code and not reads and stores == {16}
    elif stride == "stride_b":
        # Lanes have eight rows of a column.
        assert reads == {16} and 16 in stores
        assert "ds_read_b128" in code or "ds_load_b128" in code
    else:
        assert min(reads) >= 8


PIPELINES = ROOT / "tests/end_to_end/kernels/pipelines.py"


@pytest.mark.parametrize("target", ("sm_80", "sm_90a", "gfx942", "gfx1100"))
@pytest.mark.parametrize("file, name, signature", (
    # By copies of lanes, of which the reads are no rows of matrices.
    (SOURCE, "matmul_tf32", "*f32:16,*f32:16,*f32:16,128,128,128,128,32"),
    # Elements that are wider in the operand than in memory.
    (PIPELINES, "dequantized",
     "*i8:16,*f32:16,*f16:16,*f32:16,i32:16,i32:16,128,128,64,0"),
    (PIPELINES, "gathered",
     "*f16:16,*i32:16,*f16:16,*f32:16,i32:16,i32:16,128,128,64,0")))
def test_other_operands_have_no_conflicts(target, file, name, signature):
    built = tilesdk.Program(file.read_text(), file.name).kernel(name).build(
        signature, target=target, options={"num_warps": "8"})
    accesses = built.metadata["shared_accesses"]
    assert accesses["load"]["conflicts"] == accesses["store"]["conflicts"] == 0


@pytest.mark.parametrize("target", ("sm_80", "sm_90a"))
def test_runs_under_masks_of_their_own_share_sectors(target):
    """Rows of 16-byte multiples, a mask for each: two of them are one sector, so
    the result goes through shared memory to be stored 16 bytes a lane."""
    file = ROOT / "samples/07_grouped_gemm/grouped_gemm.py"
    built = tilesdk.Program(file.read_text(), file.name).kernel(
        "grouped_matmul").build(
            "*i64:16,*i64:16,*i64:16,*i32:16,i32,128,128,64,108",
            target=target, keep_stages="asm", options={"num_warps": "8"})
    stores = set(re.findall(r"st\.global\.\S+", built.asm["asm"]))
    assert stores == {"st.global.v4.b32"}
    accesses = built.metadata["shared_accesses"]
    assert accesses["load"]["conflicts"] == accesses["store"]["conflicts"] == 0
    # The operands' buffers, and nothing beside them.
    assert built.metadata["shared_bytes"] == 3 * 2 * 128 * 64 * 2


def test_trip_counts_and_conflicts_are_counted():
    program = tilesdk.Program(SOURCE.read_text(), SOURCE.name)
    figures = []
    for depth in (64, 128):
        built = program.kernel("matmul_tf32").build(
            f"*f32:16,*f32:16,*f32:16,128,{depth},64,64,32", target="sm_80")
        found = built.metadata["shared_accesses"]
        assert found["complete"]
        figures.append(found["load"]["wavefronts"])
    assert figures[1] == 2 * figures[0] > 0


def test_conflicts_are_found():
    """Rows in memory without a swizzle: what the plan counts is what the code
    does."""
    device = Target("sm_80")
    found = []
    for conversion in random_conversions(10, 32):
        try:
            variant = Variant(device, conversion, "shared-linear", 0)
        except tilesdk.UnsupportedError:
            continue
        assert variant.planned() is None
        found.append(
            variant.built.metadata["shared_accesses"]["load"]["conflicts"])
    assert any(found) and not all(found)


@pytest.mark.parametrize("target", ("sm_80", "gfx942"))
def test_partial_sums_move_together(target):
    program = tilesdk.Program(SOURCE.read_text(), SOURCE.name)
    built = program.kernel("softmax_row").build(
        "*f32:16,*f32:16,2048", target=target, keep_stages="asm")
    code = built.asm["asm"]
    if target.startswith("sm"):
        assert len(re.findall(r"\bld\.shared\.v4\.b32", code)) == 2
        assert not re.search(r"\bld\.shared\.b32", code)
    accesses = built.metadata["shared_accesses"]
    assert {row["bytes"] for row in accesses["lines"]
            if row["kind"] == "load"} == {16}
    assert accesses["load"]["instructions"] == 8
