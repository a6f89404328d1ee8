"""The probes of each row of an NVIDIA target are assembled by ptxas: they run on
hardware only where there is some."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import subprocess
import sys

import pytest

from test_ptx import PTXAS, ROOT

sys.path.insert(0, str(ROOT / "tests/probes"))

import probes  # noqa: E402
from conversion_kernels import STRATEGIES, random_conversions  # noqa: E402
from device import IrKernel, Target, tilesdk  # noqa: E402


def assemble(kernel, target, directory):
    text = kernel.build("", target=target, keep_stages="asm").asm["asm"]
    source = directory / "probe.ptx"
    source.write_text(text)
    done = subprocess.run([PTXAS, f"-arch={target}", "-o",
                           directory / "probe.cubin", source],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not PTXAS, reason="there is no ptxas")
@pytest.mark.parametrize("target", ("sm_89", "sm_90a"))
def test_probes_assemble(target, tmp_path):
    found = list(probes.of(Target(target)))
    assert len(found) > 30
    for probe in found:
        assemble(probe.build(Target(target)), target, tmp_path)


@pytest.mark.skipif(not PTXAS, reason="there is no ptxas")
def test_conversions_assemble(tmp_path):
    built = 0
    for conversion in random_conversions(10, 32):
        for strategy in STRATEGIES:
            kernel = IrKernel("simt", conversion.ir(32, strategy, 64),
                              conversion.name, ["x", "y"])
            try:
                assemble(kernel, "sm_90a", tmp_path)
                built += 1
            except tilesdk.UnsupportedError as error:
                assert "cannot be done by the strategy" in str(error)
    assert built >= 20
