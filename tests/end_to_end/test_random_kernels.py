"""Random kernels against NumPy; the seeds are fixed, so a failure repeats."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import random_kernels
import random_loops


SEEDS = 200, 3000


def shape_of(seed, device, options):
    """Where threads are, each seed has its numbers of warps and of stages."""
    if device.startswith("cpu"):
        return options
    return {"num_warps": 1 << seed % 4, "num_stages": 1 + seed // 4 % 4,
            **options}


def test_random_kernel(seed, device, build_options):
    random_kernels.check(seed, **shape_of(seed, device, build_options))


def test_random_loop(seed, device, build_options):
    random_loops.check(seed, **shape_of(seed, device, build_options))
