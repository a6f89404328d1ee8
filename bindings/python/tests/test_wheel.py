"""The wheel works alone, away from the tree it was made of; so do samples."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]

PROGRAM = '''
import array, tilesdk, tilesdk.language as tl

@tilesdk.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)

x = array.array("f", range(1000))
out = array.array("f", bytes(4000))
add[(tilesdk.cdiv(1000, 256),)](x, x, out, 1000, BLOCK=256)
assert list(out) == [2.0 * i for i in range(1000)]
print(tilesdk.__file__)
'''


def test_wheel(tmp_path):
    def run(*command, **kw):
        return subprocess.run(command, check=True, text=True,
                              capture_output=True, cwd=tmp_path, **kw).stdout
    made = [run(sys.executable, ROOT / "bindings/python/make_wheel.py",
                "--out", tmp_path / str(i)) for i in range(2)]
    wheels = [next((tmp_path / str(i)).glob("*.whl")) for i in range(2)]
    assert "MB" in made[0]
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps",
        "--disable-pip-version-check", wheels[0])
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    where = run(python, "program.py", env=environment)
    assert where.startswith(str(tmp_path / "venv"))


@pytest.mark.parametrize("name", ["01_vector_add", "02_softmax", "03_matmul"])
def test_samples(name):
    done = subprocess.run(
        [sys.executable, ROOT / "samples" / name / "from_python.py"],
        text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout
