"""Accesses to shared memory take the fewest bank cycles where it counts."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pytest

from test_ptx import ROOT, matmul

import tilesdk

SOURCE = ROOT / "tests/probes/conflict_kernels.py"


@pytest.mark.parametrize("target", ("sm_80", "sm_90a", "gfx942"))
@pytest.mark.parametrize("tile", ((128, 128, 64), (128, 256, 64)))
def test_matmul_has_no_conflicts(target, tile):
    file, name, signature = matmul("f16", *tile)
    program = tilesdk.Program((ROOT / file).read_text(), file)
    built = program.kernel(name).build(signature, target=target,
                                       options={"num_warps": "8"})
    found = built.metadata["shared_accesses"]
    assert found["dynamic"] == 0
    assert found["load"]["conflicts"] == found["store"]["conflicts"] == 0
    # The epilogue at least goes through shared memory, or nothing does.
    assert found["store"]["wavefronts"] >= 0


def test_trip_counts_and_conflicts_are_counted():
    program = tilesdk.Program(SOURCE.read_text(), SOURCE.name)
    figures = []
    for depth in (64, 128):
        built = program.kernel("matmul_tf32").build(
            f"*f32:16,*f32:16,*f32:16,128,{depth},64,64,32", target="sm_80")
        found = built.metadata["shared_accesses"]
        assert found["complete"]
        figures.append(found["load"]["wavefronts"])
    assert figures[1] == 2 * figures[0] > 0
    built = program.kernel("column_sums").build("*f32:16,*f32:16,64,64",
                                                target="sm_80")
    assert built.metadata["shared_accesses"]["load"]["conflicts"] > 0
