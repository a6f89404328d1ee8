"""Runs the command under test."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from kernel_source import ADD, TOOL  # noqa: E402


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr


@pytest.fixture
def tool(tmp_path):
    """Runs the command in an empty folder with a cache of its own."""
    def run(*arguments, env=None, stdin=None, text=True):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path),
                       "XDG_CACHE_HOME": str(tmp_path / "cache")}
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                environment[name] = value
        environment.update(env or {})
        return Result(subprocess.run([TOOL, *map(str, arguments)],
                                     cwd=tmp_path, env=environment, text=text,
                                     input=stdin, capture_output=True,
                                     timeout=120))
    return run


@pytest.fixture
def add(tmp_path):
    (tmp_path / "add.py").write_text(ADD)
    return "add.py"
