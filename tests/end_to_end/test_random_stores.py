"""Random stores of blocks against NumPy, with what is around them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pytest
import random_stores


SEEDS = 80, 1000


def test_random_store(seed, device, build_options):
    random_stores.check(seed, **build_options)


def test_many_are_boxes(device):
    """So that the seeds test what they are for."""
    if "sm_90" not in device:
        pytest.skip("the device copies no boxes")
    remarks = [random_stores.check(seed) for seed in range(40)]
    assert sum("box store through" in text for text in remarks) >= 8
    assert any("end at a multiple of 16 bytes" in text for text in remarks)
