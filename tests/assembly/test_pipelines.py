"""What becomes of the loops of kernels/pipelines.py: fetched ahead, given warps
of their own for the copies, or declined with a remark at a line of the source.

The lists are exact: who makes a loop better or worse changes them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools
import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "build/bin/tilesdk"
FILE = ROOT / "tests/end_to_end/kernels/pipelines.py"

BLOCKS = "64,64,32"
SIGNATURES = {
    "bias_gelu": f"*f16:16,*f16:16,*f32:16,*f32:16,i32:16,i32:16,{BLOCKS}",
    "dequantized": f"*i8:16,*f32:16,*f16:16,*f32:16,i32:16,i32:16,{BLOCKS}",
    "transposed": f"*f16:16,*f16:16,*f32:16,i32:16,i32:16,{BLOCKS}",
    "ragged": f"*f16:16,*f16:16,*f32:16,i32,i32,i32,{BLOCKS}",
    "batched": f"*f16:16,*f16:16,*f32:16,i32:16,i32:16,i32:16,{BLOCKS}",
    "attention": "*f16:16,*f16:16,*f16:16,*f32:16,i32:16,f32,64,64,64",
    "gathered": f"*f16:16,*i32:16,*f16:16,*f32:16,i32:16,i32:16,{BLOCKS}",
    "two_accumulators":
        f"*f16:16,*f16:16,*f16:16,*f32:16,i32:16,i32:16,{BLOCKS}",
    "carried_descriptor":
        f"*f16:16,*f16:16,*f32:16,i32,i32:16,i32:16,i32:16,{BLOCKS}",
    "persistent": f"*f16:16,*f16:16,*f32:16,i32:16,i32:16,i32:16,{BLOCKS},4",
}

LANES = "asynchronous copies"
# Of each loop: the stages in effect, and how many loads come by which way.
TWO = {"stages": 3, LANES: 2}
REGISTERS = {"stages": 2, "registers": 2}
PIPELINED = {
    "sm_80": {
        **dict.fromkeys(SIGNATURES, TWO),
        "dequantized": {"stages": 3, LANES: 1, "registers": 2},
        "ragged": REGISTERS,
        "two_accumulators": {"stages": 3, LANES: 3},
    },
    "sm_90a": {
        **dict.fromkeys(SIGNATURES, {"stages": 3, "boxes": 2}),
        "dequantized": {"stages": 3, "boxes": 1, "registers": 2},
        "ragged": REGISTERS,
        "batched": TWO,
        "gathered": {"stages": 3, LANES: 1, "boxes": 1},
        "two_accumulators": {"stages": 3, "boxes": 3},
        "carried_descriptor": {"stages": 3, LANES: 1, "boxes": 1},
        # Only warps for the copies go round two loops.
        "persistent": TWO,
    },
    # Waves copy what has no mask and lies along k; the rest is turned in
    # registers, one iteration ahead.
    "gfx942": {
        **dict.fromkeys(SIGNATURES,
                        {"stages": 3, LANES: 1, "registers": 1}),
        "dequantized": {"stages": 2, "registers": 3},
        "transposed": TWO,
        "ragged": REGISTERS,
        "two_accumulators": {"stages": 3, LANES: 1, "registers": 2},
        "carried_descriptor": REGISTERS,
    },
    # Reads turn what does not lie along k.
    "gfx950": {
        **dict.fromkeys(SIGNATURES, TWO),
        "dequantized": {"stages": 3, LANES: 1, "registers": 2},
        "ragged": REGISTERS,
        "two_accumulators": {"stages": 3, LANES: 3},
        "carried_descriptor": REGISTERS,
    },
}
# With SPECIALIZE: who copies, or the line of the remark and what it says.
NO_WARPS = ("for ", "the machine has no warp groups with barriers of their own")
SPECIALIZED = {
    "sm_80": dict.fromkeys(SIGNATURES, NO_WARPS),
    "sm_90a": {
        **dict.fromkeys(SIGNATURES,
                        "a thread copies boxes, 4 warps compute, 3 stages"),
        # All operands are copied in the same way.
        "batched": "4 warps copy, 4 warps compute, 3 stages",
        "gathered": "4 warps copy, 4 warps compute, 3 stages",
        "dequantized": ("q = tl.load",
                        "this operand is not an asynchronous copy to a buffer"),
        "ragged": ("a = tl.load",
                   "this operand is not an asynchronous copy to a buffer"),
        "carried_descriptor": ("b.load", "one operand is copied by a thread, "
                                         "another by lanes"),
    },
    "gfx942": dict.fromkeys(SIGNATURES, NO_WARPS),
    "gfx950": dict.fromkeys(SIGNATURES, NO_WARPS),
}


@functools.lru_cache(maxsize=None)
def remarks(target, kernel, specialize):
    """Those of each pass, as pairs of the source line's text and the remark."""
    done = subprocess.run(
        [COMMAND, "explain", "--json", FILE, "--kernel", kernel, "--signature",
         f"{SIGNATURES[kernel]},{specialize}", "--target", target,
         "--option", "num_warps=4", "--option", "num_stages=3"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in json.loads(done.stdout)["lines"]:
        for remark in line["remarks"]:
            name, _, text = remark.partition(": ")
            found.setdefault(name, []).append((line["text"].strip(), text))
    return found


def pipelined(target, kernel, specialize=False):
    """The figures of the loop's remark; None when it was declined."""
    for line, text in remarks(target, kernel, specialize).get(
            "simt-pipeline-loops", []):
        stages = re.match(r"(\d+) stages", text)
        if not stages:
            continue
        assert line.startswith("for "), line
        counts = {"stages": int(stages[1])}
        for count, kind in re.findall(
                rf"(\d+) (?:loads )?(?:by|to) ({LANES}|registers|boxes)", text):
            if int(count):
                counts[kind] = int(count)
        return counts
    return None


def specialized(target, kernel):
    """What the remark says of the warps, or the line and the reason."""
    for line, text in remarks(target, kernel, True)["simt-warp-specialize"]:
        if text.startswith("declined: "):
            return line, text[len("declined: "):]
        if "compute" in text:
            assert line.startswith("for "), line
            return text
    return None


@pytest.mark.parametrize("kernel", SIGNATURES)
@pytest.mark.parametrize("target", PIPELINED)
def test_loop_is_fetched_ahead(target, kernel):
    assert pipelined(target, kernel) == PIPELINED[target][kernel]


@pytest.mark.parametrize("kernel", SIGNATURES)
@pytest.mark.parametrize("target", SPECIALIZED)
def test_copies_get_warps_or_a_line_says_why_not(target, kernel):
    expected, found = SPECIALIZED[target][kernel], specialized(target, kernel)
    if isinstance(expected, str):
        assert found.startswith(expected)
    else:
        assert expected[0] in found[0] and found[1] == expected[1]
        # What was declined is pipelined as without the wish.
        # Only boxes are not mixed with other copies.
        plain = dict(PIPELINED[target][kernel])
        if kernel == "dequantized" and plain.pop("boxes", 0):
            plain[LANES] = 1
        assert pipelined(target, kernel, True) == plain


def test_most_loops_are_overlapped():
    for target in PIPELINED:
        assert sum(pipelined(target, k) is not None for k in SIGNATURES) >= 6
    assert sum(isinstance(specialized("sm_90a", k), str)
               for k in SIGNATURES) >= 4


# Why operands are not copied as boxes, where they are read.
NO_BOXES = {
    "persistent": ("a = tl.load", "the loop is in another one that has no warps "
                                  "for copies"),
    "ragged": ("b = tl.load", "the distance of its rows is not known to be a "
                              "multiple of 16 bytes"),
    "batched": ("b = tl.load",
                "the first row or column is not known to be at least zero"),
    "gathered": ("a = tl.load", "its rows or columns are loaded"),
}


@pytest.mark.parametrize("kernel", NO_BOXES)
def test_a_line_says_why_it_is_no_box(kernel):
    where, why = NO_BOXES[kernel]
    found = remarks("sm_90a", kernel, False)["simt-box-copies"]
    assert (f"copied by lanes, not boxes: {why}") in [
        text for line, text in found if line.startswith(where)]
    # Of machines without boxes there is nothing to say.
    assert "simt-box-copies" not in remarks("sm_80", kernel, False)
