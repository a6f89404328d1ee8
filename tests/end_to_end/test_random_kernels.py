"""Random kernels against NumPy; the seeds are fixed, so a failure repeats."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import random_kernels
import random_loops


def pytest_generate_tests(metafunc):
    all_tiers = metafunc.config.getoption("--tier") != "1"
    metafunc.parametrize("seed", range(3000 if all_tiers else 200))


def test_random_kernel(seed):
    random_kernels.check(seed)


def test_random_loop(seed):
    random_loops.check(seed)
