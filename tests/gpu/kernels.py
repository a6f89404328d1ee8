"""Kernels of the suite."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import tilesdk
import tilesdk.language as tl


@tilesdk.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)


@tilesdk.jit
def increment(x, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + i, tl.load(x + i, i < n) + 1, i < n)


@tilesdk.jit
def scale(x, out, n, BY: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) * BY, i < n)


@tilesdk.jit
def spin(x, rounds, BLOCK: tl.constexpr):
    """Long and narrow: many of them fit side by side."""
    i = tl.arange(0, BLOCK)
    value = tl.load(x + i)
    for _ in range(rounds):
        value = value * 0.999 + 0.001
    tl.store(x + i, value)


@tilesdk.jit
def write_far_away(x, distance, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(x + distance + i, i.to(tl.float32))


@tilesdk.jit
def must_be_positive(x, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    value = tl.load(x + i, i < n, other=1.0)
    tl.device_assert(value > 0, "not positive")
    tl.store(x + i, value + 1, i < n)
