"""What AMD targets give are code objects with matrix instructions, and with the
metadata that a loader needs."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import re

import pytest

from amd_code import OBJDUMP, READOBJ, Code, tool, uses_scratch, waits

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "build/bin/tilesdk"
TARGETS = {"gfx90a": "v_mfma_", "gfx942": "v_mfma_", "gfx950": "v_mfma_",
           "gfx1100": "v_wmma_", "gfx1200": "v_wmma_"}
WAVES = {"gfx90a": 64, "gfx942": 64, "gfx950": 64, "gfx1100": 32, "gfx1200": 32}


def build(output, target, file, kernel, signature, *options):
    tool(COMMAND, "build", ROOT / "tests/end_to_end/kernels" / file, "--kernel",
         kernel, "--signature", signature, "--target", target, "-o", output,
         "-q", *[word for option in options for word in ("--option", option)])
    return Code(output)


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
    wave = WAVES[target]
    assert f"amdhsa.target:   amdgcn-amd-amdhsa--{target}" in notes
    assert re.search(rf"\.wavefront_size: +{wave}\b", notes)
    assert re.search(rf"\.max_flat_workgroup_size: +{4 * wave}\b", notes)
    assert re.search(r"\.vgpr_spill_count: +0\b", notes)
    assert re.search(r"\.symbol: +dot_tile\.kd", notes)


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("wave_target", WAVES.items(), ids=lambda p: p[0])
def test_waves(wave_target, tmp_path):
    """Docs say so, the metadata, and the bit of the kernel descriptor that the
    hardware reads."""
    target, wave = wave_target
    code = build(tmp_path / "add.hsaco", target, "matmul.py", "dot_tile",
                 '*f16:16,*f16:16,*f32:16,32,32,32,"tf32"')
    assert code.number("wavefront_size") == wave
    assert code.number("max_flat_workgroup_size") == 4 * wave
    found = re.search(r"\.amdhsa_wavefront_size32 +(\d)",
                      tool(OBJDUMP, "-d", "--symbolize-operands",
                           "-j", ".rodata", code.path)
                      ) if wave == 32 else None
    assert wave == 64 or found and found.group(1) == "1"
    says = re.search(r"## Waves\n\n(.*?)\(wave64\),(.*?)\(wave32\)",
                     (ROOT / "docs/amd.md").read_text(), re.S)
    assert target in says.group(1 if wave == 64 else 2)


@pytest.mark.skipif(not OBJDUMP, reason="needs LLVM's tools")
@pytest.mark.parametrize("target, left, right, row", [
    ("gfx942", "f8e4m3", "f8e4m3", "v_mfma_f32_32x32x8_f16"),
    ("gfx942", "f8e5m2", "f8e4m3", "v_mfma_f32_32x32x8_f16"),
    ("gfx90a", "f8e4m3", "f8e4m3", "v_mfma_f32_32x32x8f16"),
    # Its f16 knows no subnormal numbers.
    ("gfx90a", "f8e5m2", "f8e5m2", "v_mfma_f32_32x32x8bf16_1k"),
    ("gfx950", "f8e4m3", "f8e5m2", "v_mfma_f32_32x32x16_f16"),
    ("gfx1100", "f8e4m3", "f8e4m3", "v_wmma_f32_16x16x16_f16"),
    # Those that have an instruction.
    ("gfx942", "f8e4m3fnuz", "f8e4m3fnuz", "v_mfma_f32_32x32x16_fp8_fp8"),
    ("gfx950", "f8e4m3", "f8e4m3", "v_mfma_f32_32x32x16_fp8_fp8"),
    ("gfx1200", "f8e5m2", "f8e5m2", "v_wmma_f32_16x16x16_bf8_bf8")])
def test_narrow_products(target, left, right, row, tmp_path):
    """8-bit floats that no instruction takes are widened two at a time, and not
    by way of f32 where f16 will do."""
    code = build(tmp_path / "dot.hsaco", target, "boxes.py", "advanced",
                 f"*{left}:16,*{right}:16,*f32:16,i32,i32,i32,i32:16,i32:16,"
                 "i32,64,64,128,2,True,False")
    loop, = code.main_loops(row)
    assert not uses_scratch(loop)
    assert not any(re.match(r"v_(pk_)?fma|v_(pk_|dual_)?fmac", text)
                   for text in loop)
    if row.endswith("f16") and "bf16" not in row:
        assert not any(text.startswith("v_cvt_") for text in loop)


def matmul(target, tile, warps):
    """The assembly of a float16 matmul."""
    return tool(COMMAND, "show", ROOT / "samples/03_matmul/matmul.py",
                "--kernel", "matmul", "--signature",
                "*f16:16,*f16:16,*f32:16" + ",i32:16" * 6 +
                ",{},{},{},8".format(*tile), "--target", target, "--stage",
                "asm", "--option", f"num_warps={warps}", "-q")


@pytest.mark.parametrize("warps", [4, 8])
@pytest.mark.parametrize("tile", [(128, 256, 64), (128, 192, 64)])
@pytest.mark.parametrize("target", ["gfx90a", "gfx942", "gfx950"])
def test_large_products_stay_in_registers(target, tile, warps):
    """Nothing is spilled; operands of the matrix instructions come 16 bytes a
    lane, or transposed by the load, two barriers an iteration."""
    text = matmul(target, tile, warps)
    assert re.search(r"\.vgpr_spill_count: +0\b", text)
    assert re.search(r"\.private_segment_fixed_size: +0\b", text)
    loop = loop_of(text, "v_mfma_")
    assert len(re.findall(r"\bs_barrier\b", loop)) == 2
    reads = set(re.findall(r"\bds_read\w*", loop))
    if target == "gfx950":
        # As memory has them: nothing is turned in registers.
        assert reads == {"ds_read_b128", "ds_read_b64_tr_b16"}
        assert set(re.findall(r"\bds_write\w*", loop)) <= {"ds_write_b128"}
        return
    # Of 256 columns eight warps load too few rows a thread to turn more.
    few = {"ds_read2st64_b64"} if (tile[1], warps) == (256, 8) else set()
    assert reads <= {"ds_read_b128"} | few


@pytest.mark.parametrize("target", ["gfx1100", "gfx1200"])
def test_products_of_wave32_stay_in_registers(target):
    text = matmul(target, (128, 128, 32), 8)
    assert re.search(r"\.vgpr_spill_count: +0\b", text)
    assert re.search(r"\.private_segment_fixed_size: +0\b", text)


BEFORE_A_LOOP = """
import triton
import triton.language as tl


@triton.jit
def decay(a_ptr, b_ptr, out_ptr, count):
    m = tl.arange(0, 128)
    at = m[:, None] * 128 + m[None, :]
    scores = tl.dot(tl.load(a_ptr + at), tl.load(b_ptr + at))
    sums = tl.zeros((128,), tl.float32)
    for _ in range(count):
        sums += tl.sum(scores, 1)
        scores = scores * 0.5 + 1
    tl.store(out_ptr + m, sums)
"""


@pytest.mark.parametrize("target", ["gfx1100", "gfx1200"])
def test_a_product_stays_before_the_loop_that_uses_it(target, tmp_path):
    """LLVM would move it behind the branch around the loop, and hold all that
    it reads until there."""
    (tmp_path / "decay.py").write_text(BEFORE_A_LOOP)
    text = tool(COMMAND, "show", tmp_path / "decay.py", "--signature",
                "*f16:16,*f16:16,*f32:16,i32", "--target", target, "--stage",
                "asm", "--option", "num_warps=8", "-q")
    blocks = [block for block in re.split(r"(?m)^\.LBB\S*:", text)
              if "v_wmma_" in block]
    assert len(blocks) == 1 and "ds_load" in blocks[0]
    assert re.search(r"\.vgpr_spill_count: +0\b", text)


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("left,bits,sums", [
    ("f16", "b16", "float32"), ("bf16", "b16", "float32"),
    ("i8", "b8", "int32"), ("f8e4m3", "b8", "float32")])
def test_loads_transpose_operands(left, bits, sums, tmp_path):
    """Rows of B lie across what a lane multiplies: CDNA 4 turns them when it
    loads them from shared memory, eight bytes a lane."""
    result = {"int32": "i32", "float32": "f32"}[sums]
    code = build(tmp_path / "matmul.hsaco", "gfx950", "matmul.py", "matmul",
                 f"*{left}:16,*{left}:16,*{result}:16,i32:16,i32:16,i32:16,"
                 'i32:16,1,i32:16,1,i32:16,1,128,128,64,8,"",tl.' + sums)
    loop = code.main_loops("v_mfma_")[0]
    reads = {text.split()[0] for text in loop if text.startswith("ds_read")}
    assert reads == {"ds_read_b128", f"ds_read_b64_tr_{bits}"}


def loop_of(text, instruction):
    """What lies between a label and the jump back to it, around the matrix
    instructions."""
    for label in re.findall(r"^(\.LBB\w+):", text, flags=re.M):
        body = re.search(rf"^{re.escape(label)}:(.*?)s_cbranch\w+ "
                         rf"{re.escape(label)}\b", text, flags=re.M | re.S)
        if body and instruction in body[1]:
            return body[1]
    raise AssertionError("no loop with matrix instructions")


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


# A warp of RDNA has half the lanes: twice as many make the same program.
WARPS = {target: 8 if matrix == "v_wmma_" else 4
         for target, matrix in TARGETS.items()}
GLOBAL_128 = r"global_(load_dwordx4|load_b128)\b"
GLOBAL_STORE_128 = r"global_(store_dwordx4|store_b128)\b"
# Loads to shared memory; RDNA has none.
DIRECT = {"gfx90a": r"global_load_dword .*\blds$",
          "gfx942": r"global_load_lds_dword\b",
          "gfx950": r"global_load_lds_dwordx4\b", "gfx1100": "$.",
          "gfx1200": "$."}
MASKED = ('*f16:16,*f16:16,*f16:16,i32,i32,i32,i32,1,i32,1,i32,1,64,128,32,8,"",'
          "tl.float32")
BUFFER_128 = r"buffer_(load_dwordx4|load_b128)\b"
BUFFER_STORE_128 = r"buffer_(store_dwordx4|store_b128)\b"
SHARED_LOAD_128 = r"ds_(read_b128|load_b128)\b"
SHARED_STORE_128 = (r"ds_(write_b128|store_b128|write2(st64)?_b64|"
                    r"store_2addr(_stride64)?_b64)\b")


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("left", ["f16", "bf16"])
@pytest.mark.parametrize("target", TARGETS)
def test_main_loop_of_a_matrix_product(target, left, tmp_path):
    """128 x 128 x 32, masked, any sizes: the loop has the matrix instructions,
    wide accesses of both memories, waits for some of what is in flight, and
    nothing that goes to scratch memory."""
    code = build(tmp_path / "matmul.hsaco", target, "matmul.py", "matmul",
                 f"*{left}:16,*{left}:16,*{left}:16,i32:16,i32:16,i32:16,"
                 'i32:16,1,i32:16,1,i32:16,1,128,128,32,8,"",tl.float32',
                 f"num_warps={WARPS[target]}")
    loops = code.main_loops(TARGETS[target])
    assert len(loops) == 1
    loop = loops[0]
    products = [text for text in loop if text.startswith(TARGETS[target])]
    lanes = WAVES[target]
    work = sum(int(m) * int(n) * int(k) for m, n, k in
               (re.search(r"_(\d+)x(\d+)x(\d+)", t).groups()
                for t in products))
    assert work * WARPS[target] == 128 * 128 * 32, "each product once"
    assert all("bf16" in t if left == "bf16" else "bf16" not in t
               for t in products)
    for pattern in (GLOBAL_128, SHARED_LOAD_128, SHARED_STORE_128):
        assert any(re.match(pattern, text) for text in loop), pattern
    # Two tiles of 2 bytes an element, 16 bytes a lane.
    loads = [text for text in loop if re.match(r"global_load", text)]
    assert all(re.match(GLOBAL_128, text) for text in loads)
    # The next tile is on its way while this one is multiplied; a loop may be
    # rotated, so that some of its loads stand before it.
    assert 0 < len(loads) <= 2 * 128 * 32 * 2 // (16 * WARPS[target] * lanes)
    assert any(count > 0 for count in waits(loop)), "waits for everything"
    assert not uses_scratch(loop)
    assert sum(text.startswith(("s_barrier", "s_barrier_signal"))
               for text in loop if not text.startswith("s_barrier_wait")) <= 2
    assert code.number("vgpr_spill_count") == 0
    assert code.number("sgpr_spill_count") == 0
    assert code.number("private_segment_fixed_size") == 0
    assert code.number("vgpr_count") <= 256
    # What the ABI does not ask for is not passed: three pointers, six numbers.
    assert code.number("kernarg_segment_size") == 3 * 8 + 6 * 4
    assert "hidden_" not in code.notes


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("target", TARGETS)
def test_memory_bound_kernels_move_16_bytes_a_lane(target, tmp_path):
    code = build(tmp_path / "softmax.hsaco", target, "softmax.py", "softmax",
                 "*f32:16,*f32:16,i32:16,i32:16,i32:16,4096")
    # Masked, a row each: by resources, with no branch around an access.
    assert code.has(BUFFER_128) and code.has(BUFFER_STORE_128)
    assert code.number("private_segment_fixed_size") == 0
    # The maximum and the sum go through a few words, not through the row.
    assert not code.has(r"(global|buffer)_load_(dword|b32)\b")
    assert not code.has(r"global_(load|store)")


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("target", TARGETS)
def test_masked_accesses_have_no_branches(target, tmp_path):
    """A block of a vector: the program's part goes into the resource, offsets
    beyond it stand for what is masked off."""
    code = build(tmp_path / "add.hsaco", target, "elementwise.py", "add",
                 "*f32:16,*f32:16,*f32:16,i32:16,1024")
    assert code.has(BUFFER_128) and code.has(BUFFER_STORE_128)
    assert not code.has("global_(load|store)|s_cbranch")
    # What lies beyond 2^31 bytes, or may, is no offset.
    far = build(tmp_path / "copy.hsaco", target, "matmul.py", "matmul", MASKED)
    assert far.has("global_load") and not far.has("buffer_load")


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("stages", [2, 3])
@pytest.mark.parametrize("target", ["gfx90a", "gfx942", "gfx950"])
def test_loads_go_to_shared_memory(target, stages, tmp_path):
    """An unmasked product of rows by columns: both operands go to shared memory
    by themselves, one barrier an iteration, behind a wait that leaves under way
    what is not needed yet; no read waits for a copy."""
    code = build(tmp_path / "matmul.hsaco", target, "pipelines.py",
                 "transposed",
                 "*f16:16,*f16:16,*f16:16,i32:16,i32:16,64,64,64,False",
                 f"num_stages={stages}")
    # With the ways back to its head from where there is nothing to copy.
    loop = max(code.loops(), key=len)
    copies = [i for i, text in enumerate(loop)
              if re.match(DIRECT[target], text)]
    width = 16 if target == "gfx950" else 4
    assert len(copies) == 2 * 64 * 64 * 2 // (width * 256)
    assert not any(re.match(r"ds_write|global_load", text)
                   for i, text in enumerate(loop) if i not in copies)
    assert any("v_mfma_" in text for text in loop)
    barriers = [i for i, text in enumerate(loop)
                if text.startswith("s_barrier")]
    assert len(barriers) == 1
    # The wait right before the barrier leaves copies under way; the others, for
    # everything, are where an iteration has nothing to copy.
    left = re.findall(r"vmcnt\((\d+)\)", loop[barriers[0] - 1])
    assert left == [str((stages - 2) * len(copies))]
    reads = [i for i, text in enumerate(loop) if text.startswith("ds_read")]
    assert not any("vmcnt" in text for text in loop[reads[0]:reads[-1]])
    assert code.number("private_segment_fixed_size") == 0


@pytest.mark.skipif(not READOBJ, reason="needs LLVM's tools")
@pytest.mark.parametrize("version", ["4", "5", "6"])
@pytest.mark.parametrize("target", TARGETS)
def test_code_object_version(target, version, tmp_path):
    output = tmp_path / "dot.hsaco"
    options = [] if version == "5" else [f"code_object_version={version}"]
    code = build(output, target, "matmul.py", "dot_tile",
                 '*f16:16,*f16:16,*f32:16,64,64,64,"tf32"', *options)
    head = output.read_bytes()[:16]
    assert head[7] == 64 and head[8] == int(version) - 2
    # The metadata of 6 is that of 5.
    assert f"amdhsa.version:\n  - 1\n  - {min(int(version) - 3, 2)}" in \
        code.notes


@pytest.mark.skipif(not READOBJ, reason="needs LLVM's tools")
def test_waves_per_eu_bounds_registers(tmp_path):
    """Eight waves of 64 lanes on a SIMD of 512 registers leave 64 of them."""
    signature = '*f16:16,*f16:16,*f32:16,64,64,64,"tf32"'
    free = build(tmp_path / "a.hsaco", "gfx90a", "matmul.py", "dot_tile",
                 signature, "num_warps=1")
    bound = build(tmp_path / "b.hsaco", "gfx90a", "matmul.py", "dot_tile",
                  signature, "num_warps=1", "waves_per_eu=8")
    assert bound.number("vgpr_count") <= 64 < free.number("vgpr_count")



@pytest.mark.skipif(not READOBJ, reason="needs LLVM's tools")
@pytest.mark.parametrize("target", ["gfx1100", "gfx1200"])
def test_a_build_that_spills_is_tried_with_one_stage(target, tmp_path):
    """Loads an element at a time, the next ones beside the accumulators: more
    than 256 registers; without the next ones it fits."""
    tight = build(tmp_path / "a.hsaco", target, "matmul.py", "matmul", MASKED,
                  "num_warps=4", "num_stages=2", "strict_stages=1")
    assert tight.number("vgpr_spill_count") > 0
    code = build(tmp_path / "b.hsaco", target, "matmul.py", "matmul", MASKED,
                 "num_warps=4")
    assert code.number("vgpr_spill_count") == 0
    assert code.number("private_segment_fixed_size") == 0


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("target", TARGETS)
def test_main_loop_of_attention(target, tmp_path):
    """Both products by matrix instructions, wide accesses, counted waits."""
    code = build(tmp_path / "attention.hsaco", target, "attention.py",
                 "forward_block_pointers",
                 "*f16:16,*f16:16,*f16:16,*f16:16,f32,i32:16,i32:16,1,4096,"
                 "64,64,32,False", f"num_warps={WARPS[target]}")
    loops = code.main_loops(TARGETS[target])
    assert len(loops) == 1
    loop = loops[0]
    assert len([t for t in loop if t.startswith(TARGETS[target])]) >= 2
    for pattern in (rf"{GLOBAL_128}|{DIRECT[target]}", SHARED_LOAD_128):
        assert any(re.match(pattern, text) for text in loop), pattern
    assert not any(re.match(r"global_load_(dword|b32|ushort|u16)\b", text)
                   and not re.match(DIRECT[target], text) for text in loop)
    assert any(count > 0 for count in waits(loop)), "waits for everything"
    assert any(re.match(r"v_exp_f32", text) for text in loop)
    # Rows are reduced in a lane, nearly.
    assert sum(bool(re.match(r"ds_(swizzle|bpermute)|.*(_dpp|permlane)", text))
               for text in loop) <= 8
    if TARGETS[target] == "v_mfma_":
        # What one product gives is in the registers that the next one wants:
        # only operands from memory are stored, the right one turned.
        assert not any(re.match(r"ds_write_b(32|64|128)", text)
                       for text in loop)
        assert sum(text.startswith("s_barrier") for text in loop) <= 2
    assert not uses_scratch(loop)
    assert code.number("vgpr_spill_count") == 0
    assert code.number("private_segment_fixed_size") == 0


# Types of operands that a target multiplies: (instruction, mnemonic's part).
EIGHT_BITS = {"gfx90a": {"i8": "i32_.*_?i8"},
              "gfx942": {"i8": "i32_.*_?i8"},
              "gfx950": {"i8": "i32_.*_?i8", "f8e4m3": "f32_.*fp8"},
              "gfx1100": {"i8": "i32_.*_iu8"},
              "gfx1200": {"i8": "i32_.*_iu8", "f8e4m3": "f32_.*_fp8_fp8"}}


@pytest.mark.skipif(not (OBJDUMP and READOBJ), reason="needs LLVM's tools")
@pytest.mark.parametrize("target,type", [(target, type)
                                         for target, rows in EIGHT_BITS.items()
                                         for type in rows])
def test_products_of_eight_bits(target, type, tmp_path):
    sums = "i32" if type == "i8" else "f32"
    code = build(tmp_path / "dot.hsaco", target, "matmul.py", "dot_tile",
                 f'*{type}:16,*{type}:16,*{sums}:16,64,64,64,"tf32"')
    assert code.has(TARGETS[target] + EIGHT_BITS[target][type])
    assert code.number("private_segment_fixed_size") == 0


@pytest.mark.skipif(not READOBJ, reason="needs LLVM's tools")
@pytest.mark.parametrize("target", ["gfx1100", "gfx1200"])
def test_a_build_that_spills_is_tried_with_more_warps(target, tmp_path):
    """Four products of float32 in an iteration; who asks for warps gets them."""
    signature = ("*f32:16,*f32:16,*f32:16,*f32:16" + 4 * ",i32:16" +
                 ",f32,i32,32,64,32,32,32")
    four = build(tmp_path / "a.hsaco", target, "wild.py",
                 "linear_attention_chunk", signature, "num_warps=4")
    assert four.number("vgpr_spill_count") > 0
    assert four.number("max_flat_workgroup_size") == 4 * 32
    more = build(tmp_path / "b.hsaco", target, "wild.py",
                 "linear_attention_chunk", signature)
    assert more.number("vgpr_spill_count") == 0
    assert more.number("max_flat_workgroup_size") == 8 * 32
