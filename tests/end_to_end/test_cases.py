"""The shared table on one device, through the Python binding."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pytest

import cases
import launch


def pytest_generate_tests(metafunc):
    chosen = cases.select(metafunc.config.getoption("--tier"))
    metafunc.parametrize("case", chosen, ids=[c.name for c in chosen])


def test_case(case):
    launch.run(case)
