"""tilesdk explain on the samples: what matters of each line is said there."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import os
import re
import sys

import pytest

from kernel_source import ROOT

sys.path.insert(0, str(ROOT / "tests/assembly"))
from test_ptx import PTXAS  # noqa: E402

HALVES = "*f16:16,*f16:16,*f16:16"
# File, kernel, signature, warps; lines of scalar accesses, of which nothing is
# said, and lines that these constants leave out.
SAMPLES = {
    "vector_add": ("01_vector_add/vector_add.py", "vector_add",
                   "*f32:16,*f32:16,*f32:16,i32:16,1024", 4, "-"),
    "softmax": ("02_softmax/softmax.py", "softmax",
                "*f32:16,*f32:16,i32:16,i32:16,1024", 4, "-"),
    "matmul": ("03_matmul/matmul.py", "matmul",
               "*f16:16,*f16:16,*f32:16" + ",i32:16" * 6 + ",128,128,64,8", 8,
               "-"),
    "attention": ("04_attention/attention.py", "attention",
                  f"{HALVES},*f16:16,i32,i32:16,f32,64,128,64,False,False,True", 8,
                  "ahead = "),
    "persistent_matmul":
        ("05_persistent_matmul/persistent_matmul.py", "persistent_matmul",
         f"{HALVES},i32:16,i32:16,i32:16,128,128,64,8,132,True,True", 8,
         r"b\.load\(\[start, n\]"),
    "conv2d": ("06_conv2d/conv2d.py", "conv2d",
               f"{HALVES},i32,i32,i32,i32:16,i32:16,i32,i32,3,3,1,1,128,128,64,8",
               8, "-"),
    "grouped_matmul": ("07_grouped_gemm/grouped_gemm.py", "grouped_matmul",
                       "*i64:16,*i64:16,*i64:16,*i32:16,i32,128,128,64,132", 8,
                       r"sizes_ptr|_table"),
    "expert_matmul": ("07_grouped_gemm/grouped_gemm.py", "expert_matmul",
                      f"{HALVES},*i32:16,i32,i32:16,i32:16,8,128,128,64,8,True",
                      8, "-"),
}
ACCESS = re.compile(r"\.(load|store)\(")
WAYS = re.compile(r"simt-assign-layouts: (load|store) of \d+ bytes a lane, \d+ "
                  r"sectors? of \d+ bytes a warp|one thread asks for boxes of|"
                  r"simt-box-stores: box store through [1-9]\d* bytes of shared "
                  r"memory(, in [248] slices)?$")


@pytest.mark.parametrize("target", ["sm_80", "sm_90a", "gfx942"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_each_line(tool, sample, target):
    path, kernel, signature, warps, silent = SAMPLES[sample]
    file = ROOT / "samples" / path
    done = tool("explain", file, "--kernel", kernel, "--signature", signature,
                "--target", target, "--option", f"num_warps={warps}", "--json",
                env={"TILESDK_PTXAS": PTXAS or os.devnull})
    assert done.code == 0, done.err
    report = json.loads(done.out)
    remarks = {line["line"]: line["remarks"] for line in report["lines"]
               if line["file"].endswith(file.name)}
    source = file.read_text().splitlines()
    products = {n for n, said in remarks.items()
                if any("simt-select-matrix: product of" in s for s in said)}
    assert all("tl.dot(" in source[n - 1] for n in products)

    # Every access to memory says how wide it is, or that boxes do it.
    first = source.index(next(line for line in source
                              if line.startswith(f"def {kernel}(")))
    for n, line in enumerate(source, 1):
        code = line.split("#")[0]
        inside = n > first and not any(
            later.startswith("@triton.jit") for later in source[first:n])
        if inside and ACCESS.search(code) and not re.search(silent, code):
            assert any(WAYS.search(s) for s in remarks.get(n, [])), (n, line)

    # Loops around products say how many stages, once.
    stages = [n for n, said in remarks.items()
              if any(re.search(r"\d+ stages( |:|$)", s) for s in said)]
    if products:
        assert len(stages) == 1 and "for " in source[stages[0] - 1], stages
        assert not any("no operand of a product" in s
                       for s in remarks[stages[0]])
    # The assembler does not take asynchronous products for ordinary ones.
    assert "serialized" not in done.out
    figures = report["figures"]
    assert figures["stages"] == (1 if not products else
                                 2 if target == "gfx942" else 3)
    if products:
        assert 0 < figures["shared_bytes"] <= figures["max_shared_bytes"]
        assert figures["bank_conflicts"] == 0
    if PTXAS or target == "gfx942":
        assert 0 < figures["registers"] <= figures["max_registers"]
        assert figures["spill_bytes"] == 0
        assert figures["occupancy"]["registers_known"]
