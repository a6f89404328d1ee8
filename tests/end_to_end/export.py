"""Writes the table for bindings in other languages.

    python3 export.py DIRECTORY [PATTERN...]

DIRECTORY/cases.json lists the cases; arrays lie beside it as raw bytes, before
the launch (`file`) and as the oracle wants them after it (`expected`). Guard
zones are the reader's to add: `strides` and `offset` count elements.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import json
import pathlib
import sys

import numpy as np

import cases
import table


def literal(value):
    if hasattr(value, "_tilesdk_signature_"):
        return value._tilesdk_signature_
    return repr(value)


def export_case(case, directory, number):
    bound = table.Bound(case)
    args = []
    for name, spec in case.args.items():
        if isinstance(spec, table.Array):
            memory = bound.memory[name]
            entry = {"kind": "array", "dtype": spec.dtype,
                     "shape": list(spec.shape), "offset": spec.offset,
                     "strides": [s // memory.dtype.itemsize
                                 for s in memory.array.strides],
                     "output": spec.output, "poison": spec.poison}
            file = f"{number:04}_{name}"
            if not spec.poison:
                np.ascontiguousarray(memory.array).tofile(
                    directory / f"{file}.bin")
                entry["file"] = f"{file}.bin"
            if name in bound.expected:
                expected = np.broadcast_to(
                    np.asarray(bound.expected[name]), spec.shape)
                table.encode(spec.dtype, expected).tofile(
                    directory / f"{file}.expected.bin")
                entry["expected"] = f"{file}.expected.bin"
                relative, absolute = case.tolerance.get(
                    spec.dtype, table.DTYPES[spec.dtype][1:])
                exact = case.exact or not table.is_float(spec.dtype)
                entry["relative"] = 0 if exact else relative * case.scale
                entry["absolute"] = 0 if exact else absolute * case.scale
        elif isinstance(spec, table.Pointers):
            return None  # Addresses mean nothing in a file.
        elif isinstance(spec, table.Const):
            entry = {"kind": "constexpr", "value": literal(spec.value)}
        elif isinstance(spec, table.Function):
            entry = {"kind": "constexpr", "value": spec.name}
        elif spec is None:
            entry = {"kind": "none"}
        else:
            kind = "float" if isinstance(spec, float) else "int"
            entry = {"kind": kind, "value": spec}
        args.append({"name": name, **entry})
    return {"name": case.name, "file": case.file, "kernel": case.function,
            "tier": case.tier, "grid": list(case.grid),
            "options": case.options, "args": args}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    directory = options.directory
    directory.mkdir(parents=True, exist_ok=True)
    chosen = cases.select(99, options.patterns)
    listed = [export_case(case, directory, i) for i, case in enumerate(chosen)]
    listed = [entry for entry in listed if entry]
    (directory / "cases.json").write_text(
        json.dumps({"schema": 1, "cases": listed}, indent=1))
    print(f"{len(listed)} cases in {directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
