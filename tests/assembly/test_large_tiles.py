"""A float16 product of 128 x 256 x 64 (and 128 x 192) on each family: which
instructions move and multiply, what stays in registers, and that shared memory
has no conflicts, in the loop and behind it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools
import re

import pytest

from amd_code import OBJDUMP, READOBJ, Code, uses_scratch
from test_ptx import (BOXES, PTXAS, ROOT, assemble, assert_stored_as_boxes,
                      loop_of)

import tilesdk

TILES = ((128, 256, 64), (128, 192, 64))
# What a program of sm_90a may have of shared memory (core/target/rows.cpp), and
# what barriers of stages need at most.
SHARED_BYTES = 227 << 10
BARRIERS = 256
POINTERS = "*f16:16,*f16:16,*f16:16" + ",i32:16" * 6 + ",{},{},{},8"
DESCRIBED = "*f16:16,*f16:16,*f16:16,i32:16,i32:16,i32:16,{},{},{}"


@functools.lru_cache(maxsize=None)
def built(target, tile, kind="pointers"):
    """The result is of float16: it goes through shared memory on its way."""
    file, kernel = ("samples/03_matmul/matmul.py", "matmul")
    signature = POINTERS.format(*tile)
    options = {"num_warps": "8", "num_stages": "3"}
    if kind != "pointers":
        file, kernel = BOXES[0], kind
        signature = DESCRIBED.format(*tile)
        signature += ",132,True" if kind == "persistent" else ",True"
        options["num_stages"] = "4"
    program = tilesdk.Program((ROOT / file).read_text(), file)
    return program.kernel(kernel).build(signature, target=target,
                                        options=options, keep_stages="asm,simt")


def assert_no_conflicts(metadata):
    accesses = metadata["shared_accesses"]
    assert accesses["dynamic"] == 0
    for row in accesses["lines"]:
        assert row["conflicts"] == 0, row
    return accesses


def outside(text, loop):
    """The epilogue; of a loop over tiles it may lie ahead of the inner one."""
    at = text.index(loop)
    return text[:at] + text[at + len(loop):]


def assert_multiplies_from_boxes(it, tile):
    """The loop of sm_90a holds products only; returns what is outside of it."""
    text = it.asm["asm"]
    loop = loop_of(text, "wgmma.mma_async")
    products = re.findall(
        r"wgmma\.mma_async\.sync\.aligned\.m64n(\d+)k16\.f32\.f16\.f16 "
        r"({[^}]*}), *([^,]*),", loop)
    assert {int(n) for n, _, _ in products} == {tile[1]}
    # One set of registers for all sums, both operands by their descriptors.
    assert len({sums for _, sums, _ in products}) == 1
    assert all(left.startswith("%rd") for _, _, left in products)
    for instruction in ("ld.shared", "st.shared", "matrix", "shfl", ".local",
                        "cp.async.cg", "ld.global", "cvt.rn.f16"):
        assert instruction not in loop, instruction
    # Boxes lie swizzled, as the products read them.
    assert {m["swizzle_bytes"] for m in it.metadata["maps"]} == {128}
    assert set(re.findall(r'format = "(\w+)"', it.asm["simt"])) == {
        "swizzle128"}
    body = it.asm["simt"].split("simt.mma_async")[0]
    assert "convert_layout" not in body[body.rindex("scf.for"):]
    return outside(text, loop)


def assert_assembles(text, target, tmp_path):
    if PTXAS:
        registers, spilled = assemble(text, target, tmp_path)
        assert spilled == 0 and registers <= 255


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("kind", ("product", "persistent"))
def test_sm_90a(tile, kind, tmp_path):
    it = built("sm_90a", tile, kind)
    text = it.asm["asm"]
    assert "wgmma" not in loop_of(text, "cp.async.bulk.tensor.2d.shared")
    epilogue = assert_multiplies_from_boxes(it, tile)
    # The result, and both operands.
    assert [m["base"] for m in it.metadata["maps"]] == [2, 0, 1]
    assert [m["box"] for m in it.metadata["maps"]] == [
        [tile[0], 64], [tile[0], tile[2]], [tile[2], 64]]
    # Behind the loop the sums go to shared memory by matrix rows, as they lie
    # in registers, and from there as boxes: nobody turns them.
    assert "convert_layout" not in it.asm["simt"]
    boxes = tile[1] // 64
    assert_stored_as_boxes(text, boxes)
    result = tile[0] * tile[1] * 2
    stores = re.findall(r"stmatrix\.[\w.]+", epilogue)
    assert set(stores) == {"stmatrix.sync.aligned.m8n8.x4.shared.b16"}
    # Of 8 warps, four matrices of 128 bytes each.
    assert len(stores) == result // 8 // 512
    accesses = assert_no_conflicts(it.metadata)
    assert [(row["kind"], row["bytes"], row["matrix"])
            for row in accesses["lines"]] == [("load", 2, False),
                                              ("store", 16, True)]
    assert accesses["store"]["wavefronts"] == result // 128
    # Four stages fit. The result has their memory once they are done; in a loop
    # over tiles it has its own, all of it or two slices that take turns.
    stages = 4 * (tile[0] + tile[1]) * tile[2] * 2
    buffer, slices, said = result, 1, ""
    if kind == "persistent" and stages + result + BARRIERS > SHARED_BYTES:
        buffer, slices = 2 * tile[0] * 64 * 2, boxes
        said = f", in {slices} slices"
    held = stages + (buffer if kind == "persistent" else 0)
    assert held < it.metadata["shared_bytes"] <= held + BARRIERS
    said = f"box store through {buffer} bytes of shared memory{said}"
    assert any(d["message"] == f"simt-box-stores: {said}"
               for d in it.diagnostics)
    assert epilogue.count("cp.async.bulk.commit_group") == slices
    assert_assembles(text, "sm_90a", tmp_path)


@pytest.mark.parametrize("tile", TILES)
def test_sm_90a_stored_by_pointers(tile, tmp_path):
    it = built("sm_90a", tile)
    epilogue = assert_multiplies_from_boxes(it, tile)
    assert [m["base"] for m in it.metadata["maps"]] == [0, 1]
    # Behind the loop each warp turns its own rows, 16 bytes a lane.
    assert "ld.shared.v4.b32" in epilogue and "st.global.v4.b32" in epilogue
    assert not re.search(r"st\.shared\.b(16|32)|st\.global\.b", epilogue)
    assert "bar.sync" not in epilogue[epilogue.index("ld.shared.v4"):]
    accesses = assert_no_conflicts(it.metadata)
    for kind in ("load", "store"):
        assert accesses[kind]["wavefronts"] == tile[0] * tile[1] * 2 // 128
    stages = 3 * (tile[0] + tile[1]) * tile[2] * 2
    assert 0 < it.metadata["shared_bytes"] - stages <= BARRIERS
    assert_assembles(it.asm["asm"], "sm_90a", tmp_path)


@pytest.mark.parametrize("tile", TILES)
def test_sm_80(tile, tmp_path):
    it = built("sm_80", tile)
    text = it.asm["asm"]
    loop = loop_of(text)
    assert "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32" in loop
    assert "ldmatrix.sync.aligned.m8n8.x4" in loop
    assert "cp.async.cg.shared.global" in loop
    for instruction in (".local", "st.shared", "ld.global", "shfl"):
        assert instruction not in loop, instruction
    assert not re.search(r"ld\.shared(?!\.b8 )[^;]*;", loop)
    epilogue = outside(text, loop)
    assert "ld.shared.v4.b32" in epilogue and "st.global.v4.b32" in epilogue
    # Lanes of one warp exchange: no barrier of the block.
    assert "bar.sync" not in epilogue[epilogue.index("ld.shared.v4"):]
    assert_no_conflicts(it.metadata)
    assert_assembles(text, "sm_80", tmp_path)


@pytest.mark.parametrize("tile", TILES)
def test_gfx942(tile, tmp_path):
    it = built("gfx942", tile)
    if not (OBJDUMP and READOBJ):
        pytest.skip("needs LLVM's tools")
    path = tmp_path / "matmul.hsaco"
    path.write_bytes(bytes(it.asm["object"]))
    code = Code(path)
    assert code.number("vgpr_spill_count") == 0
    assert code.number("private_segment_fixed_size") == 0
    loop = code.main_loops(r"v_mfma_f32_\d+x\d+x\d+_?f16")[0]
    assert not uses_scratch(loop)
    assert any(line.startswith("ds_read_b128") for line in loop)
    assert not any(re.match(r"ds_read_(u8|u16|b32)\b", line) for line in loop)
    if tile[1] == 256:
        assert not any(re.match(r"ds_write_b(8|16|32)\b", line)
                       for line in loop)
    # Accumulators stay where they are: no copies to or from them.
    assert not any("accvgpr" in line for line in loop)
    assert_no_conflicts(it.metadata)
