"""tilesdk run: arguments, results, checks."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json

import numpy as np
import pytest

RUN = ["run", "add.py", "--kernel", "add"]


def test_prints_checksum_and_time(tool, add):
    done = tool(*RUN, "--arg", "f32[4096]:random", "--arg", "f32[4096]:random",
                "--arg", "f32[4096]", "--arg", "4096", "--arg", "1024",
                "--grid", "4")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["array"] * 3 + ["time"]
    sums = [float(line.split()[4]) for line in lines[:3]]
    assert sums[2] == pytest.approx(sums[0] + sums[1], abs=1e-3)
    assert "GB/s" in lines[3]


def test_json(tool, add):
    done = tool(*RUN, "--arg", "f32[8]:ones", "--arg", "f32[8]:arange",
                "--arg", "f32[8]", "--arg", "8", "--arg", "16", "--json",
                "--repeat", "3")
    report = json.loads(done.out)
    assert done.code == 0 and report["launches"] == 3
    assert report["arrays"][2]["sum"] == sum(range(8)) + 8
    assert report["median_ns"] > 0 and report["device"] == "cpu:0"


def test_files_in_and_out(tool, add, tmp_path):
    x = np.linspace(-3, 3, 100, dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    done = tool(*RUN, "--arg", "@x.npy", "--arg", "f32[100]:const=0.5",
                "--arg", "out_ptr=f32[100]", "--arg", "n=100", "--arg",
                "BLOCK=128", "--save", "out_ptr=out.npy")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), x + 0.5)


@pytest.mark.parametrize("kind", ["i8", "u16", "i32", "f16", "bf16", "f64"])
def test_element_types(tool, add, tmp_path, kind):
    done = tool(*RUN, "--arg", f"{kind}[64]:arange", "--arg",
                f"{kind}[64]:ones", "--arg", f"{kind}[64]", "--arg", "64",
                "--arg", "64", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["arrays"][2]["sum"] == sum(range(64)) + 64


def test_check(tool, add, tmp_path):
    x = np.arange(50, dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "right.npy", 2 * x)
    np.save(tmp_path / "wrong.npy", 2 * x + (x == 7))
    base = [*RUN, "--arg", "@x.npy", "--arg", "@x.npy", "--arg", "f32[50]",
            "--arg", "50", "--arg", "64", "--check"]
    assert tool(*base, "out_ptr=right.npy").code == 0
    done = tool(*base, "out_ptr=wrong.npy")
    assert done.code == 5 and "1 of 50" in done.err and "at 7" in done.err
    assert tool(*base, "out_ptr=wrong.npy", "--atol", "2").code == 0


def test_checks_of_a_simulated_device(tool, add):
    """The kernel is told of one element more than there is."""
    def run(count, checks, device="sim:sm_80"):
        return tool(*RUN, "--arg", "f32[50]", "--arg", "f32[64]", "--arg",
                    "f32[64]", "--arg", count, "--arg", "64", "-t", device,
                    "--check", checks)

    assert run("50", "all").code == 0
    assert run("51", "race,uninit").code == 0
    done = run("51", "bounds")
    assert done.code != 0 and "check bounds: thread 50 (load at" in done.err
    for text in ("add.py:9:9", "`x_ptr`, which has 200 bytes",
                 "200 bytes behind the begin", "program (0, 0, 0)"):
        assert text in done.err, done.err
    done = run("50", "bound")
    assert done.code == 2 and "did you mean `bounds`" in done.err
    done = run("50", "bounds", "cpu")
    assert done.code != 0 and "simulated device" in done.err


def test_same_seed_same_data(tool, add):
    base = [*RUN, "--arg", "f32[64]:random", "--arg", "f32[64]:random",
            "--arg", "f32[64]", "--arg", "64", "--arg", "64", "--json",
            "--seed"]
    hashes = [[a["hash"] for a in json.loads(tool(*base, seed).out)["arrays"]]
              for seed in ("1", "1", "2")]
    assert hashes[0] == hashes[1] != hashes[2]


ARGS = ["--arg", "f32[8]", "--arg", "f32[8]", "--arg", "f32[8]"]
WRONG = [
    ([], "x_ptr"),
    (ARGS, "`n`"),
    ([*ARGS, "--arg", "8", "--arg", "8", "--arg", "8"], "one too many"),
    (["--arg", "f33[8]"], "f32"),
    (["--arg", "f32[8"], "f32[1024,64]"),
    (["--arg", "f32[8]:randon"], "random"),
    (["--arg", "nope=3"], "nope"),
    (["--arg", "@missing.npy"], "missing.npy"),
    (["--arg", "@add.py"], "not a .npy"),
    (["--arg", "hello"], "neither a number nor an array"),
    ([*ARGS, "--arg", "8", "--arg", "8", "--grid", "x"], "--grid"),
    ([*ARGS, "--arg", "8", "--arg", "8", "--grid", "0"], "grid"),
    ([*ARGS, "--arg", "8", "--arg", "8", "--save", "zzz=x.npy"], "zzz"),
]


@pytest.mark.parametrize("arguments,words", WRONG)
def test_mistakes(tool, add, arguments, words):
    done = tool(*RUN, *arguments)
    assert done.code == 2 and words in done.err and done.out == ""


def test_no_device(tool, add):
    done = tool(*RUN, *ARGS, "--arg", "8", "--arg", "8", "-t", "nvidia:0")
    assert done.code in (2, 4) and "nvidia" in done.err


def test_failed_assertion(tool, tmp_path):
    (tmp_path / "a.py").write_text(
        "import triton\nimport triton.language as tl\n"
        "@triton.jit\ndef a(x):\n"
        "    tl.device_assert(tl.load(x) > 0, 'x must be positive')\n")
    done = tool("run", "a.py", "--arg", "f32[1]", "--option", "debug=1")
    assert done.code == 5 and "x must be positive" in done.err
    assert tool("run", "a.py", "--arg", "f32[1]:ones", "--option",
                "debug=1").code == 0
    assert tool("run", "a.py", "--arg", "f32[1]").code == 0


def test_print(tool, tmp_path):
    (tmp_path / "p.py").write_text(
        "import triton\nimport triton.language as tl\n"
        "@triton.jit\ndef p(x):\n    tl.device_print('value', tl.load(x))\n")
    done = tool("run", "p.py", "--arg", "i32[1]:const=42", "--repeat", "0")
    assert done.code == 0 and "value" in done.out and "42" in done.out
