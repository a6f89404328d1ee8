"""What NVIDIA targets give is assembled by ptxas, and has the instructions,
registers and spills that it should have."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "build/bin/tilesdk"
TARGETS = ("sm_80", "sm_86", "sm_89", "sm_90a")


def find_ptxas():
    """TILESDK_PTXAS, the PATH, or the package nvidia-cuda-nvcc of this Python."""
    named = os.environ.get("TILESDK_PTXAS") or shutil.which("ptxas")
    if named:
        return named
    for place in sys.path:
        for found in pathlib.Path(place).glob("nvidia/*/bin/ptxas"):
            return str(found)
    return None


PTXAS = find_ptxas()


@functools.lru_cache(maxsize=None)
def ptx(target, file, kernel, signature, options=()):
    arguments = [COMMAND, "show", ROOT / file, "--kernel", kernel,
                 "--signature", signature, "--target", target, "--stage", "asm"]
    for option in options:
        arguments += ["--option", option]
    done = subprocess.run(arguments, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assemble(text, target, directory):
    """Registers of a thread, and bytes it spills."""
    source = directory / "kernel.ptx"
    source.write_text(text)
    done = subprocess.run([PTXAS, f"-arch={target}", "-v", "-o",
                           directory / "kernel.cubin", source],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout
    registers = int(re.search(r"Used (\d+) registers", done.stdout)[1])
    spills = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads",
                       done.stdout)
    return registers, int(spills[1]) + int(spills[2])


ADD = ("samples/01_vector_add/vector_add.py", "vector_add",
       "*f32:16,*f32:16,*f32:16,i32:16,1024")
SOFTMAX = ("samples/02_softmax/softmax.py", "softmax",
           "*f32:16,*f32:16,i32:16,i32:16,1024")


def matmul(element, m, n, k):
    return ("samples/03_matmul/matmul.py", "matmul",
            f"*{element}:16,*{element}:16,*f32:16" + ",i32:16" * 6 +
            f",{m},{n},{k},8")


KERNELS = {
    "add": (ADD, ()),
    "softmax": (SOFTMAX, ()),
    "matmul_f16": (matmul("f16", 128, 128, 32), ()),
    "matmul_f16_8_warps": (matmul("f16", 128, 256, 64), ("num_warps=8",)),
    "matmul_f16_192": (matmul("f16", 128, 192, 64), ("num_warps=8",)),
    "matmul_bf16": (matmul("bf16", 64, 64, 32), ()),
    "matmul_f32": (matmul("f32", 64, 64, 32), ()),
    "print_assert": (("tests/end_to_end/kernels/control.py", "reporting",
                      "*f32:16,i32,256"), ("debug=1",)),
    "print_types": (("tests/end_to_end/kernels/control.py", "printing_types",
                     "*f32:16,*f32:16,8"), ()),
}


@pytest.mark.skipif(not PTXAS, reason="there is no ptxas")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_assembles_without_spills(target, kernel, tmp_path):
    what, options = KERNELS[kernel]
    registers, spills = assemble(ptx(target, *what, options), target, tmp_path)
    assert spills == 0
    assert registers <= 255


def test_add_moves_16_bytes_a_lane():
    text = ptx("sm_80", *ADD)
    assert "ld.global.v4" in text and "st.global.v4" in text


def test_fast_functions_of_f32():
    """One instruction each; the exact division and root stay exact."""
    text = ptx("sm_90a", "tests/benchmarks/gpu_kernels.py", "softmax",
               "*f32:16,*f32:16,i32:16,i32:16,2048")
    assert "div.full.f32" in text and "div.rn" not in text
    assert "ex2.approx.ftz.f32" in text
    text = ptx("sm_90a", "tests/benchmarks/gpu_kernels.py", "layernorm",
               "*bf16:16,*bf16:16,*bf16:16,*bf16:16,i32:16,i32:16,f32,2048")
    assert "rsqrt.approx.f32" in text and "sqrt.rn" not in text


@pytest.mark.parametrize("tile", [(128, 128, 32), (128, 256, 64), (128, 192, 64)])
def test_matmul_uses_what_the_machine_has(tile):
    text = ptx("sm_80", *matmul("f16", *tile), ("num_warps=8",))
    for instruction in ("mma.sync.aligned.m16n8k16", "ldmatrix.sync.aligned",
                        "cp.async.cg.shared.global", "cp.async.wait_group"):
        assert instruction in text, instruction
    # Accumulators stay in registers, operands come by matrix rows alone.
    assert ".local" not in text
    assert not re.search(r"ld\.shared(?!\.b8 )[^;]*;", loop_of(text))


@pytest.mark.parametrize("tile", [(128, 128, 64), (128, 256, 64), (128, 192, 64)])
def test_warp_groups_multiply_from_shared_memory(tile):
    """Accumulators stay where they are: one set of registers for all products
    of the loop, and nothing between them but addresses."""
    text = ptx("sm_90a", *matmul("f16", *tile), ("num_warps=8",))
    loop = loop_of(text, "wgmma.mma_async")
    products = re.findall(
        r"wgmma\.mma_async\.sync\.aligned\.m64n(\d+)k16\.f32\.f16\.f16 ({.*?})",
        loop)
    assert products and {int(n) for n, _ in products} == {tile[1]}
    assert len({sums for _, sums in products}) == 1
    # Tiles of pointers with masks at the tensor's end are boxes.
    assert "cp.async.bulk.tensor.2d" in loop and "cp.async.cg" not in text
    assert "wgmma.wait_group.sync.aligned \t1;" in loop
    for instruction in ("ld.shared", "st.shared", "ldmatrix", ".local"):
        assert instruction not in loop, instruction


def assert_stored_as_boxes(text, boxes):
    """Nothing but boxes: threads store elements, of one box after the other,
    only where a coordinate may be none of a box."""
    assert len(re.findall(r"tensor\.2d\.global\.shared", text)) == boxes
    for access in ("ld.shared", "st.global"):
        assert re.findall(rf"{access}[.\w]*", text) == [f"{access}.b16"] * boxes
    assert not re.search(r"st\.shared|ldmatrix|\.local", text)


def assert_converted_in_pairs(text, count):
    assert text.count("cvt.rn.f16x2.f32") == count
    assert "cvt.rn.f16.f32" not in text


BOXES = ("tests/end_to_end/kernels/boxes.py", "product",
         "*f16:16,*f16:16,*f16:16,i32:16,i32:16,i32:16,128,256,64")


@pytest.mark.parametrize("specialize", [False, True])
def test_one_thread_copies_boxes(specialize, tmp_path):
    text = ptx("sm_90a", *BOXES[:2], f"{BOXES[2]},{specialize}",
               ("num_warps=8", "num_stages=4"))
    copies = re.findall(r"cp\.async\.bulk\.tensor\.2d\.shared", text)
    assert copies and "cp.async.cg" not in text
    assert text.count(".align 64 .b8") == 3, "the maps are parameters"
    # The result goes to shared memory by matrices, from there as four boxes.
    assert_stored_as_boxes(text, 4)
    assert len(re.findall("stmatrix.sync.aligned.m8n8.x4", text)) == 16
    assert_converted_in_pairs(text, 64)
    stores = re.findall(r"fence\.proxy\.async\.shared::cta;(?:.*\n)*?"
                        r"\s*bar\.sync(?:.*\n)*?"
                        r"(?:\s*cp\.async\.bulk\.tensor\.2d\.global"
                        r"\.shared(?:.*\n)*?){4}"
                        r"\s*cp\.async\.bulk\.commit_group;(?:.*\n)*?"
                        r"\s*cp\.async\.bulk\.wait_group\.read \t?0;", text)
    assert len(stores) == 1
    assert ("setmaxnreg.inc" in text) == specialize
    if specialize:
        # Four stages fit: what follows the loop has the memory of its buffers.
        assert len(re.findall(r"mbarrier\.init", text)) == 8
        # One warp copies: a box of the left operand, four of the right one.
        assert len(copies) == 5
    if PTXAS:
        registers, spilled = assemble(text, "sm_90a", tmp_path)
        assert spilled == 0 and registers <= 255


@pytest.mark.parametrize("target", ["sm_80", "sm_86", "sm_89", "sm_90a"])
def test_hints_for_the_cache(target, tmp_path):
    text = ptx(target, "tests/end_to_end/kernels/memory.py", "cache_hints",
               "*f32:16,*f32:16,i32:16,1024")
    assert "ld.global.L1::evict_first" in text
    assert "st.global.L1::evict_last" in text
    if PTXAS:
        assemble(text, target, tmp_path)


@pytest.mark.parametrize("type,name", [("f8e4m3", "e4m3x2"),
                                       ("f8e5m2", "e5m2x2")])
@pytest.mark.parametrize("target", ["sm_80", "sm_89", "sm_90a"])
def test_numbers_of_eight_bits_by_instruction(target, type, name, tmp_path):
    """From sm_89 on."""
    narrow = ptx(target, "tests/end_to_end/kernels/elementwise.py", "convert",
                 f"*f32:16,*{type}:16,i32:16,512")
    wide = ptx(target, "tests/end_to_end/kernels/elementwise.py", "convert",
               f"*{type}:16,*f32:16,i32:16,512")
    is_there = target != "sm_80"
    assert (f"cvt.rn.satfinite.{name}.f32" in narrow) == is_there
    # e5m2 is the upper half of f16.
    assert (f"cvt.rn.f16x2.{name}" in wide) == (is_there and type == "f8e4m3")
    if PTXAS:
        assemble(narrow, target, tmp_path)
        assemble(wide, target, tmp_path)


@pytest.mark.parametrize("specialize", [False, True])
def test_scores_are_begun_ahead(specialize, tmp_path):
    """The exponents of one block are computed while the scores of the next are
    under way, which stay in the registers that the other product takes."""
    text = ptx("sm_90a", "samples/04_attention/attention.py", "attention",
               "*f16:16,*f16:16,*f16:16,*f16:16,i32:16,i32:16,f32,128,128,128,"
               f"False,True,{specialize}", ("num_warps=8", "num_stages=2"))
    loop = loop_of(text, "ex2.approx")
    steps = re.findall(r"wgmma\.commit|wgmma\.wait_group|ex2\.approx|bar\.sync|"
                       r"st\.shared", loop)
    order = [step for i, step in enumerate(steps) if step != steps[i - 1]]
    first = order.index("wgmma.commit")
    assert order[first:first + 4] == ["wgmma.commit", "ex2.approx",
                                      "wgmma.commit", "wgmma.wait_group"]
    assert "st.shared" not in order
    if PTXAS:
        assert assemble(text, "sm_90a", tmp_path)[1] == 0


def test_what_threads_wrote_is_not_copied_as_boxes():
    text = ptx("sm_90a", "tests/end_to_end/kernels/boxes.py", "written_first",
               "*f16:16,*f16:16,*f16:16,*f32:16,i32:16,i32:16,i32:16,64,64,64,"
               "False", ("num_stages=3",))
    assert text.count(".align 64 .b8") == 1, "the map of the other operand"
    assert "cp.async.cg" in text and "cp.async.bulk.tensor" in text


def test_block_is_stored_in_slices(tmp_path):
    """Beside four stages shared memory has room for two slices of four, which
    wait for each other, but not for memory."""
    text = ptx("sm_90a", "samples/05_persistent_matmul/persistent_matmul.py",
               "persistent_matmul", "*f16:16,*f16:16,*f16:16,i32:16,i32:16,"
               "i32:16,128,256,64,8,132,False,True",
               ("num_warps=8", "num_stages=4"))
    assert len(re.findall(r"mbarrier\.init", text)) == 8
    assert_stored_as_boxes(text, 4)
    assert_converted_in_pairs(text, 64)
    assert len(re.findall(r"bulk\.wait_group\.read \t?1;", text)) == 3
    assert len(re.findall(r"bulk\.wait_group \t?0;", text)) == 1
    if PTXAS:
        assert assemble(text, "sm_90a", tmp_path)[1] == 0


def loop_of(text, instruction="mma.sync"):
    """The shortest loop that holds the instruction: from a label to the last
    jump back to it."""
    loops = []
    for label in re.finditer(r"^(\$L(?!__tmp)\w+):", text, flags=re.M):
        jumps = list(re.finditer(rf"bra(?:\.uni)?\s+{re.escape(label[1])};",
                                 text[label.end():]))
        body = text[label.end():][:jumps[-1].end()] if jumps else ""
        if instruction in body:
            loops.append(body)
    assert loops, "no loop with matrix instructions"
    return min(loops, key=len)
