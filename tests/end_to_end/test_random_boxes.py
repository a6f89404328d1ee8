"""Random products of tiles of pointers against NumPy, exactly."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pytest
import random_boxes


SEEDS = 80, 1000


def test_random_product(seed, device, build_options):
    random_boxes.check(seed, **build_options)


def test_random_result_is_stored(device, build_options):
    """By boxes, where the device has them."""
    remarks = [random_boxes.check(seed, **{**build_options, "box_stores": 2})
               for seed in range(20)]
    assert "sm_90" not in device or all("box store" in text for text in remarks)


def test_many_are_boxes(device):
    """So that the seeds test what they are for."""
    if "sm_90" not in device:
        pytest.skip("the device copies no boxes")
    remarks = [random_boxes.check(seed) for seed in range(20)]
    assert sum("by boxes" in text or "copies boxes" in text
               for text in remarks) >= 10
    assert any("copied by lanes, not boxes" in text for text in remarks)
