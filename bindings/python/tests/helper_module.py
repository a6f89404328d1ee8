"""Functions that kernels of the tests import."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import tilesdk
import tilesdk.language as tl

FACTOR = tl.constexpr(7)


@tilesdk.jit
def times_factor(x):
    return x * FACTOR


@tilesdk.jit
def twice_times(x):
    return times_factor(x) * 2
