"""Cases of the end-to-end table with a fault put into their IR.

A fault is an edit of the text of a stage. What finds it is a check of the
simulator, whose report this reads, or the case's oracle.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import re
import sys

os.environ.setdefault("TILESDK_CACHE", "0")
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "end_to_end"), str(TESTS / "probes")]

import numpy as np
import tilesdk

import cases
import launch
from device import IrKernel
from table import Bound, Const, Function

ALL = "race,bounds,uninit,barrier"
KNOWN = {case.name: case for case in cases.CASES}


class Report:
    """What went wrong: the checks' report, or what the oracle says."""

    def __init__(self, error):
        self.text = str(error)
        self.by_oracle = isinstance(error, AssertionError)
        found = re.search(r"check (\w+): (.*)", self.text, re.S)
        self.check, self.rest = found.groups() if found else (None, self.text)
        found = re.search(r"program \((\d+), (\d+), (\d+)\)", self.text)
        self.program = tuple(map(int, found.groups())) if found else None
        #: The places it names, each as the text of its source line.
        self.lines = []
        for name, line in re.findall(r"(\w+\.py):(\d+)", self.text):
            path = launch.KERNELS / name
            if path.exists():
                self.lines.append(
                    path.read_text().splitlines()[int(line) - 1].strip())

    def __repr__(self):
        return self.text


class Build:
    """A case as IR of a stage, built for a device."""

    def __init__(self, device, name, stage="simt", **options):
        self.device, self.case, self.stage = device, KNOWN[name], stage
        self.options = {**self.case.options, **options}
        tilesdk.set_device(device)
        built = self._kernel().warmup(*self._bind()[1], grid=self.case.grid,
                                      **self.options, check=ALL)
        self.text = built.asm[stage]

    def _kernel(self):
        return launch.kernel(self.case.file, self.case.function)

    def _bind(self):
        bound = Bound(self.case)
        places = {name: launch._HostPlace(memory)
                  for name, memory in bound.memory.items()}
        return bound, launch.arguments(bound, places)

    def run(self, text, check=ALL):
        """None, or the Report of a launch of the edited text."""
        tilesdk.set_device(self.device)
        bound, arguments = self._bind()
        values = [value for value, spec in zip(arguments,
                                               self.case.args.values())
                  if not isinstance(spec, (Const, Function))]
        kernel = IrKernel(self.stage, text, self.case.function,
                          [f"p{i}" for i in range(len(values))])
        options = dict(self.options, check=check) if check else self.options
        try:
            kernel[self.case.grid](*values, **options)
            bound.check()
        except (tilesdk.KernelFaultError, AssertionError) as error:
            return Report(error)
        return None

    def without(self, pattern, which=None):
        """The text without the lines that hold a pattern, or one of them."""
        return self.replace(rf"^.*{pattern}.*\n", "", which)

    def replace(self, pattern, by, which=None):
        """The text with all that matches replaced, or one match."""
        found = list(re.finditer(pattern, self.text, re.M))
        assert found, f"nothing matches {pattern}:\n{self.text}"
        text = self.text
        for match in reversed(found if which is None else [found[which]]):
            text = (text[:match.start()] + match.expand(by) +
                    text[match.end():])
        return text

    def count(self, pattern):
        return len(re.findall(pattern, self.text, re.M))


COPY = """import triton
import triton.language as tl


@triton.jit
def copy(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n, other=0.0)
    tl.store(out_ptr + at, x, mask=at < n)
"""


def source_fault(device, right, wrong):
    """None, or the Report of COPY with one text replaced by another."""
    assert right in COPY
    return launch_source(device, COPY.replace(right, wrong))


def launch_source(device, source, n=1000, block=256, sums=False, edit=None):
    """None, or the Report of a launch of a kernel like COPY; `sums`: it takes a
    lock, and its first output is the sum of the inputs; `edit` changes the text
    of its stage llvm."""
    tilesdk.set_device(device)
    x, out = np.arange(n, dtype=np.float32), np.zeros(n, np.float32)
    arguments = (x, out, np.zeros(1, np.int32)) if sums else (x, out)
    kernel = tilesdk.Program(source, "copy.py").kernel("copy")
    values = [*arguments, n, block]
    if edit:
        text = kernel.warmup(*values, grid=(1,), check=ALL).asm["llvm"]
        kernel = IrKernel("llvm", edit(text), "copy",
                          [f"p{i}" for i in range(len(values) - 1)])
        values.pop()
    try:
        kernel[(-(-n // block),)](*values, check=ALL)
        if sums:
            assert out[0] == np.arange(n).sum(), "another result"
        else:
            assert np.array_equal(out, np.arange(n)), "another result"
    except (tilesdk.KernelFaultError, AssertionError) as error:
        report = Report(error)
        report.lines = [source.splitlines()[int(line) - 1].strip() for line in
                        re.findall(r"copy\.py:(\d+)", report.text)]
        return report
    return None
