"""Samples that run on any device check themselves."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import subprocess
import sys

import pytest

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"


@pytest.mark.parametrize("device", ["cpu", "sim:sm_80", "sim:sm_90a"])
@pytest.mark.parametrize("script", sorted(SAMPLES.glob("*/run.py")),
                         ids=lambda path: path.parent.name)
def test_sample(script, device):
    done = subprocess.run([sys.executable, str(script), device], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(", ok") >= 2, done.stdout
