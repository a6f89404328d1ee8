"""Cycles of shared memory's banks, as modelled for the code that was emitted,
beside what the simulator counts or ncu measures, for kernels and for random
conversions of layouts.

    python tests/probes/conflicts.py --device nvidia:0 --ncu
    python tests/probes/conflicts.py --device sim:sm_80 --trace
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import csv
import io
import pathlib
import subprocess
import sys
import time

import numpy as np

from conversion_kernels import ELEMENTS, random_conversions
from device import Device, IrKernel, tilesdk, tl
from trace import Traced

SOURCE = pathlib.Path(__file__).with_name("conflict_kernels.py")
FIGURES = ("load wavefronts", "load conflicts", "store wavefronts",
           "store conflicts")
# What a cycle of the banks is spent on: the accesses of a kind, and what they
# wait because others, of asynchronous copies for one, come between. The counters
# by instruction leave out the second.
MEMORY = {kind: (f"l1tex__data_pipe_lsu_wavefronts_mem_shared_op_{kind}.sum",
                 f"l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_{kind}.sum")
          for kind in ("ld", "st")}
INSTRUCTIONS = {
    kind: tuple("smsp__sass_l1tex_data_pipe_lsu_wavefronts_mem_shared_op_"
                f"{name}.sum" for name in names)
    for kind, names in (("ld", ("ld", "ldsm")), ("st", ("st", "stsm")))}
METRICS = tuple(name for table in (MEMORY, INSTRUCTIONS)
                for names in table.values() for name in names)
F16, F32, I8, I32 = tl.float16, tl.float32, tl.int8, tl.int32
LAUNCHES = 3
MATMUL = (256, 256, 128, 128, 64)
# Name, types of the arguments, constants, grid, options.
KERNELS = (
    ("matmul_f16", (F16, F16, F16), MATMUL, (2, 2), {}),
    ("matmul_f16_two_warps", (F16, F16, F16), (128, 128, 64, 64, 32), (2, 2),
     {"num_warps": 2}),
    ("matmul_transposed_b", (F16, F16, F16), MATMUL, (2, 2), {}),
    ("matmul_tf32", (F32, F32, F32), (128, 128, 64, 64, 32), (2, 2), {}),
    ("matmul_i8", (I8, I8, I32), (128, 256, 64, 64, 64), (2, 2), {}),
    ("chained_dots", (F16, F16, F16, F16), (64, 64), (1,), {}),
    ("transpose_f32", (F32, F32), (64, 64), (1,), {}),
    ("transpose_f16", (F16, F16), (128, 64), (1,), {}),
    ("column_sums", (F32, F32), (64, 64), (1,), {}),
    ("softmax_row", (F32, F32), (2048,), (4,), {}),
    ("running_sums", (F32, F32), (64, 32), (1,), {}),
    ("outer_sums", (F32, F32), (64,), (1,), {}),
)
BYTES = {F16: 2, F32: 4, I8: 1, I32: 4}


class _Typed:
    def __init__(self, address, dtype):
        self._address, self.dtype = address, dtype

    def data_ptr(self):
        return self._address


class Case:
    """A kernel, its model, and a launch."""

    def __init__(self, device, name, programs, kernel, arguments, options):
        self.device, self.name, self.programs = device, name, programs
        self.kernel, self.arguments = kernel, arguments
        self.options = options

    def total(self):
        count = 1
        for n in self.programs:
            count *= n
        return count

    def model(self, built):
        """The figures of a launch; None where they depend on data."""
        found = built.metadata.get("shared_accesses")
        if not found or not found["complete"]:
            return None
        return [found[kind][what] * self.total()
                for kind in ("load", "store")
                for what in ("wavefronts", "conflicts")]

    def trace(self, built):
        """The figures of a launch, from the addresses that it accesses."""
        traced = Traced(self.device, built.asm["llvm"])
        buffer = traced.buffer(self.total())
        self.run(traced.kernel, [a for a in self.arguments
                                 if isinstance(a, tuple)] + [buffer], {})
        return traced.figures(buffer)

    def launch(self):
        self.run(self.kernel, self.arguments, self.options)

    def run(self, kernel, given, options):
        places, arguments = [], []
        for argument in given:
            if isinstance(argument, tuple):
                dtype, size = argument
                # Zeros: what the kernels compute is of no interest here.
                array = np.zeros(size, np.uint8)
                where = self.device.place(array)
                places.append((array, where))
                address = array.ctypes.data if self.device.is_host \
                    else where.ptr
                arguments.append(_Typed(address, dtype))
            elif isinstance(argument, np.ndarray):
                where = self.device.place(argument)
                places.append((argument, where))
                arguments.append(self.device.argument(where))
            else:
                arguments.append(argument)
        with tilesdk.using(self.device.device):
            kernel[self.programs](*arguments, **options)
            self.device.stream.synchronize()
        for array, where in places:
            self.device.fetch(array, where)


class KernelCase(Case):
    def __init__(self, device, program, row):
        name, types, constants, grid, options = row
        size = 512 * 512 * 4
        super().__init__(device, name, grid, program.kernel(name),
                         [(t, size) for t in types] + list(constants), options)

    def build(self):
        names = {F16: "f16", F32: "f32", I8: "i8", I32: "i32"}
        signature = ",".join(
            f"*{names[a[0]]}:16" if isinstance(a, tuple) else str(a)
            for a in self.arguments)
        return self.kernel.build(
            signature, target=self.device.target, keep_stages="llvm",
            options={k: str(v) for k, v in self.options.items()})


class ConversionCase(Case):
    def __init__(self, device, conversion):
        kernel = IrKernel("simt", conversion.ir(device.simt["warp_size"]),
                          conversion.name, ["x", "y"])
        size = conversion.elements * ELEMENTS[conversion.element]
        super().__init__(device, conversion.name, (1,), kernel,
                         [(tl.uint8, size)] * 2, {})

    def build(self):
        return self.kernel.build("", target=self.device.target,
                                 keep_stages="llvm")


def cases(device, count):
    program = tilesdk.Program(SOURCE.read_text(), SOURCE.name)
    for row in KERNELS:
        yield KernelCase(device, program, row)
    for conversion in random_conversions(count, device.simt["warp_size"]):
        yield ConversionCase(device, conversion)


def figures(counted):
    """Of one launch: wavefronts and conflicts of the accesses alone."""
    found = []
    for kind in MEMORY:
        wavefronts, conflicts = (counted[name] for name in MEMORY[kind])
        own = sum(counted[name] for name in INSTRUCTIONS[kind])
        found += [own, conflicts - (wavefronts - own)]
    return found


def measure(uri, count, ncu):
    """Figures of each kernel by name, as ncu reports them: the least of each
    over its launches."""
    command = [ncu, "--csv", "--print-units", "base", "--target-processes",
               "all", "--metrics", ",".join(METRICS), sys.executable,
               __file__, "--device", uri, "--count", str(count), "--launch"]
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    lines = done.stdout.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith('"ID"')]
    if not starts:
        raise SystemExit("ncu gave no figures:\n" + "\n".join(lines[-20:]))
    rows = csv.DictReader(io.StringIO("\n".join(
        line for line in lines[starts[0]:] if line.startswith('"'))))
    launches = {}
    for row in rows:
        counted = launches.setdefault(
            (row["ID"], row["Kernel Name"].split("(")[0]), {})
        pairs = [(row["Metric Name"], row["Metric Value"])] \
            if "Metric Name" in row else row.items()
        for metric, value in pairs:
            if metric in METRICS:
                counted[metric] = int(float(value.replace(",", "") or 0))
    found = {}
    for (_, name), counted in launches.items():
        if len(counted) == len(METRICS):
            now = figures(counted)
            found[name] = [min(pair) for pair in zip(now, found.get(name, now))]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="sim:sm_80")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--ncu", nargs="?", const="ncu",
                        help="compare with this profiler's counters")
    parser.add_argument("--trace", action="store_true",
                        help="compare with the addresses that were accessed")
    parser.add_argument("--launch", action="store_true",
                        help="launch everything, print nothing")
    options = parser.parse_args()
    device = Device(options.device)
    start = time.time()
    if options.launch:
        for case in cases(device, options.count):
            for _ in range(LAUNCHES):
                case.launch()
        return 0
    measured = measure(options.device, options.count, options.ncu) \
        if options.ncu else {}
    print("kernel: " + ", ".join(FIGURES))
    passed = failed = 0
    for case in cases(device, options.count):
        try:
            built = case.build()
            model = case.model(built)
            other, who = measured.get(case.name), "ncu"
            # A map of a tensor is a parameter that tracing would displace.
            if options.trace and not built.metadata.get("maps"):
                traced = case.trace(built)
                if traced != model:
                    other, who = traced, "what it accesses"
        except tilesdk.Error as error:
            failed += 1
            print(f"FAIL {case.name}: {error}")
            continue
        if model is None:
            failed += 1
            print(f"FAIL {case.name}: its addresses depend on data")
        elif other is None and options.ncu:
            failed += 1
            print(f"FAIL {case.name}: {model}, but {who} has no figures")
        elif other is not None and other != model:
            failed += 1
            print(f"FAIL {case.name}: {model}, {who} has {other}")
        else:
            passed += 1
            print(f"ok   {case.name}: {model}", flush=True)
    print(f"{options.device} ({device.device.name}, {device.target}): "
          f"{time.time() - start:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or not passed


if __name__ == "__main__":
    sys.exit(main())
