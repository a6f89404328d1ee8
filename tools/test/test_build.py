"""tilesdk build and show: artifacts, JSON, exit codes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from kernel_source import ADD, SIGNATURE, TOOL


def takes_interrupts(process):
    caught = re.search(r"SigCgt:\s*(\w+)",
                       pathlib.Path(f"/proc/{process}/status").read_text())
    return int(caught[1], 16) >> (signal.SIGINT - 1) & 1


def test_the_spelling_of_the_design(tool, add):
    done = tool("build", add, "--kernel", "add", "--signature", SIGNATURE,
                "--target", "cpu")
    assert done.code == 0 and done.out == ""
    assert "built `add`" in done.err and "next:" in done.err


def test_remarks_of_lines_are_counted_and_kept_back(tool, add):
    build = ("build", add, "-s", SIGNATURE, "-t", "sm_80", "--option",
             "waves_per_eu=2")
    done = tool(*build)
    assert done.code == 0
    # What is no line's stays.
    assert done.err.count("remark: ") == 1, done.err
    assert "remark: option `waves_per_eu`" in done.err
    assert re.search(r"^3 remarks: tilesdk explain shows them", done.err, re.M)
    done = tool(*build, "-v")
    assert done.err.count("remark: simt-assign-layouts: ") == 3, done.err
    lines = [json.loads(line)
             for line in tool(*build, "--message-format=json").err.splitlines()]
    assert sum(line["severity"] == "remark" for line in lines) == 4
    assert "remark" not in tool(*build, "-q").err


def test_output_file(tool, add, tmp_path):
    done = tool("build", add, "-k", "add", "-s", SIGNATURE, "-o", "add.so",
                "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "add.so").read_bytes()[:4] == b"\x7fELF"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["add.py", "add.so",
                                                          "cache"]


def test_output_is_deterministic(tool, add, tmp_path):
    for name in ("one.so", "two.so"):
        assert tool("build", add, "-s", SIGNATURE, "-o", name,
                    env={"TILESDK_CACHE": "0"}).code == 0
    assert (tmp_path / "one.so").read_bytes() == (
        tmp_path / "two.so").read_bytes()


def test_output_on_stdout(tool, add):
    done = tool("build", add, "-s", SIGNATURE, "-o", "-", text=False)
    assert done.code == 0 and done.out[:4] == b"\x7fELF"


@pytest.mark.parametrize("target", ["cpu", "cpu:0", "x86-64-v3"])
def test_targets(tool, add, target):
    assert tool("build", add, "-s", SIGNATURE, "-t", target).code == 0


def test_json(tool, add):
    done = tool("build", add, "-s", SIGNATURE, "--json")
    report = json.loads(done.out)
    assert done.code == 0 and report["schema"] == 1
    assert report["info"]["kernel"] == "add" and report["bytes"] > 0
    assert report["metadata"]["params"]


@pytest.mark.parametrize("stage,text", [
    ("tile", "tile.load"), ("tile-opt", "tile.store"), ("llvm", "define"),
    ("asm", ".text")])
def test_stages(tool, add, stage, text):
    shown = tool("show", add, "-s", SIGNATURE, "--stage", stage)
    assert shown.code == 0 and text in shown.out
    emitted = tool("build", add, "-s", SIGNATURE, "--emit", stage)
    assert emitted.code == 0 and emitted.out == shown.out
    report = json.loads(tool("show", add, "-s", SIGNATURE, "--stage", stage,
                             "--json").out)
    assert report["stage"] == stage and text in report["text"]


def test_ir_can_be_edited_and_built(tool, add, tmp_path):
    ir = tool("show", add, "-s", SIGNATURE, "--stage", "tile").out
    (tmp_path / "add.mlir").write_text(ir)
    done = tool("build", "add.mlir", "-o", "from_ir.so")
    assert done.code == 0, done.err
    assert (tmp_path / "from_ir.so").stat().st_size > 0


def test_source_from_stdin(tool):
    done = tool("build", "-", "-s", SIGNATURE, stdin=ADD)
    assert done.code == 0


def test_modules(tool, tmp_path):
    (tmp_path / "k.py").write_text(
        "import triton\nimport triton.language as tl\nfrom lib import twice\n"
        "@triton.jit\ndef k(x):\n    tl.store(x, twice(tl.load(x)))\n")
    (tmp_path / "twice.py").write_text(
        "import triton\n@triton.jit\ndef twice(x):\n    return x + x\n")
    assert tool("build", "k.py", "-s", "*f32", "--module",
                "lib=twice.py").code == 0
    assert tool("build", "k.py", "-s", "*f32").code == 1
    assert tool("build", "k.py", "--module", "lib").code == 2


# What is wrong, the exit code, and words that the message must have.
WRONG = [
    (["build"], 2, "FILE"),
    (["build", "missing.py"], 2, "missing.py"),
    (["build", "add.py", "-k", "ad", "-s", SIGNATURE], 2, "add"),
    (["build", "add.py", "-s", SIGNATURE, "-t", "x86-64-v9"], 2, "x86-64-v9"),
    (["build", "add.py", "-s", "*f33,*f32,*f32,i32,1024"], None, "f33"),
    (["build", "add.py", "-s", SIGNATURE, "--option", "num_warps"], 2,
     "NAME=VALUE"),
    (["build", "add.py", "-s", SIGNATURE, "--option", "num_warpz=4"], None,
     "num_warps"),
    (["build", "add.py", "-s", SIGNATURE, "--emit", "llwm"], 2, "llvm"),
    (["build", "add.py", "-s", SIGNATURE, "--emti", "llvm"], 2, "--emit"),
    (["show", "add.py", "-s", SIGNATURE, "--stage", "ptx"], 2, "stage"),
    (["build", "add.py", "-s", SIGNATURE, "-o", "no/such/folder/x"], 2,
     "no/such/folder"),
    (["build", "add.py", "-s", SIGNATURE, "--color", "maybe"], 2, "color"),
    (["biuld"], 2, "build"),
    (["--no-such-option"], 2, "--no-such-option"),
]


@pytest.mark.parametrize("arguments,code,words", WRONG)
def test_mistakes(tool, add, arguments, code, words):
    done = tool(*arguments)
    assert done.out == "" and "error" in done.err and words in done.err
    assert done.code in ((code,) if code else (1, 2)), done.err


def test_kernel_errors(tool, tmp_path):
    (tmp_path / "bad.py").write_text(
        "import triton\nimport triton.language as tl\n"
        "@triton.jit\ndef bad(x):\n    tl.store(x, missing)\n"
        "    tl.stroe(x, 1)\n")
    done = tool("build", "bad.py", "-s", "*f32")
    assert done.code == 1 and done.out == ""
    assert "bad.py:5:" in done.err and "missing" in done.err
    assert "tl.store" in done.err and "^" in done.err


def test_diagnostics_as_json(tool, tmp_path):
    (tmp_path / "bad.py").write_text(
        "import triton\nimport triton.language as tl\n"
        "@triton.jit\ndef bad(x):\n    tl.store(x, missing)\n")
    done = tool("build", "bad.py", "-s", "*f32", "--message-format=json")
    assert done.code == 1
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert lines[0]["reason"] == "diagnostic" and lines[0]["line"] == 5
    assert lines[0]["severity"] == "error" and lines[0]["code"].startswith("T")


def test_hostile_sources(tool, tmp_path):
    for name, data in (("bytes.py", b"\xff\xfe\x00\x01"), ("empty.py", b""),
                       ("deep.py", b"x = " + b"(" * 20000),
                       ("bad.mlir", b"func.func @f( {"),
                       ("bad.ll", b"define void @f( {")):
        (tmp_path / name).write_bytes(data)
        done = tool("build", name, "-s", "*f32")
        assert done.code in (1, 2), (name, done.code, done.err)
        assert "error" in done.err


def test_timeout(tool, add):
    done = tool("build", add, "-s", SIGNATURE, "--timeout", "0.000001",
                env={"TILESDK_CACHE": "0"})
    assert done.code == 3 and "error" in done.err


def test_internal_error(tool, add, tmp_path):
    """LLVM gives up on a register that does not exist: ours to survive."""
    ir = tool("show", add, "-s", SIGNATURE, "--stage", "llvm").out
    call = '  call void asm sideeffect "", "{nosuch}"(i32 1)\n'
    (tmp_path / "bad.ll").write_text(ir.replace(
        "  ret void", call + "  ret void", 1))
    done = tool("build", "bad.ll")
    assert done.code == 70 and "nosuch" in done.err
    reproducer = [word for word in done.err.split() if "reproducers" in word]
    assert reproducer and pathlib.Path(reproducer[0]).stat().st_size > 0
    assert str(tmp_path) in reproducer[0]


def test_interrupt(tmp_path):
    (tmp_path / "big.py").write_text(
        "import triton\nimport triton.language as tl\n"
        "@triton.jit\ndef k(x):\n" + "".join(
            f"    tl.store(x + {i}, tl.load(x + {i}) * {i})\n"
            for i in range(50000)))
    process = subprocess.Popen(
        [TOOL, "build", "big.py", "-s", "*f32", "-o", "big.so"], cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # From when on it takes the signal; the build takes much longer.
    while not takes_interrupts(process.pid):
        time.sleep(0.01)
    time.sleep(0.1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == "" and "cancel" in err
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == [
        "big.py"]


def test_colour(tool, tmp_path):
    (tmp_path / "bad.py").write_text("def f(:\n")
    assert "\x1b[" not in tool("build", "bad.py").err
    assert "\x1b[" in tool("build", "bad.py", "--color=always").err
    assert "\x1b[" in tool("build", "bad.py", env={"CLICOLOR_FORCE": "1"}).err
    assert "\x1b[" not in tool("build", "bad.py", env={
        "CLICOLOR_FORCE": "1", "NO_COLOR": "1"}).err


def test_time_of_each_pass(tool, add):
    done = tool("build", add, "-s", SIGNATURE, "-t", "sm_80", "--time-passes")
    assert done.code == 0
    rows = [line.split() for line in done.err.splitlines()
            if re.match(r" *\d+\.\d+ ms +\d+ x ", line)]
    names = [row[4] for row in rows]
    for name in ("frontend", "tile-opt", "mlir.simt-assign-layouts",
                 "mlir.simt-insert-barriers", "lower-to-threads", "translate",
                 "optimise-llvm", "llvm.InstCombinePass", "emit-assembly"):
        assert names.count(name) == 1, name
    times = [float(row[0]) for row in rows]
    assert times == sorted(times, reverse=True) and times[0] > 0
