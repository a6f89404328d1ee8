"""The shared table on one device, through the Python binding."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pytest

import cases
import launch


def pytest_generate_tests(metafunc):
    tier = metafunc.config.getoption("--tier")
    chosen = cases.select(99 if tier == "all" else int(tier))
    if metafunc.config.getoption("--sample"):
        chosen = cases.sample(chosen)
    metafunc.parametrize("case", chosen, ids=[c.name for c in chosen])


def test_case(case, build_options):
    launch.run(case, **build_options)
