"""Layout text (docs/layouts.md), read without the library that it describes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re

import numpy as np


class Layout:
    """Powers of two only: each input bit adds its basis by XOR."""

    def __init__(self, text):
        outputs, inputs = re.fullmatch(r"\((.*?)\) \{ (.*) \}", text).groups()
        self.sizes = [int(part.split(":")[1]) for part in outputs.split(",")]
        self.bases = {}
        for part in filter(None, (p.strip() for p in inputs.split(";"))):
            name, list_ = part.split(":", 1)
            bases = re.findall(r"\(([\d,\s]+)\)", list_)
            if "*" in list_ or list_.count("(") != len(bases):
                raise ValueError(f"unexpected layout text: {text}")
            self.bases[name] = [tuple(int(n) for n in b.split(","))
                                for b in bases]

    def size(self, name):
        return 1 << len(self.bases.get(name, ()))

    def table(self, lanes, warps=1):
        """The element (index in row-major order) of [thread][register]."""
        registers, threads = self.size("register"), lanes * warps
        at = np.zeros((threads, registers, len(self.sizes)), np.int64)
        for name, number in (
                ("register", np.arange(registers)[None, :, None]),
                ("lane", np.arange(threads)[:, None, None] % lanes),
                ("warp", np.arange(threads)[:, None, None] // lanes)):
            for bit, basis in enumerate(self.bases.get(name, ())):
                at ^= (number >> bit & 1) * np.array(basis)
        index = np.zeros((threads, registers), np.int64)
        for d, size in enumerate(self.sizes):
            index = index * size + at[:, :, d]
        return index


def spoiled(text):
    """The layout with each of its basis vectors wrong in turn."""
    layout = Layout(text)
    start = text.index("{")
    for one in re.finditer(r"\((\d+),(\d+)\)", text):
        if one.start() < start:
            continue
        wrong = [int(one[1]), int(one[2])]
        # Another row, or another column where there is one row only.
        d = 0 if layout.sizes[0] > 1 else 1
        wrong[d] ^= 1 if wrong[d] != 1 or layout.sizes[d] == 2 else 2
        yield (text[:one.start()] + "(%d,%d)" % tuple(wrong) +
               text[one.end():])
