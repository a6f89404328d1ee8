#!/usr/bin/env python3
"""Packs a built tree into a wheel that needs nothing else.

    bindings/python/make_wheel.py [--build DIR] [--out DIR]

The wheel holds the package, the extension (limited API: CPython 3.10 and later)
and the libraries beside it: libtilesdk, the compiler and the plugins. The same
tree gives the same bytes.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import base64
import hashlib
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def version():
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"project\(tilesdk VERSION ([\d.]+)", text)[1]


def stripped(path):
    """A shared library without its debugging information."""
    tool = shutil.which("llvm-strip-22") or shutil.which("strip")
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / path.name
        shutil.copyfile(path, copy)
        if tool:
            subprocess.run([tool, "--strip-unneeded", copy], check=True)
        return copy.read_bytes()


def contents(build):
    package = build / "python" / "tilesdk"
    if not (package / "_tilesdk.abi3.so").exists():
        raise SystemExit(f"error: {package} holds no extension; build the "
                         "target tilesdk_python first")
    files = {}
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".pyi", ".so") or \
                path.name == "py.typed":
            data = stripped(path) if path.suffix == ".so" else path.read_bytes()
            files[f"tilesdk/{path.relative_to(package).as_posix()}"] = data
    lib = build / "lib"
    libraries = [lib / "libtilesdk.so.0", *sorted(
        lib.glob("libtilesdk_plugin_*.so"))]
    if (lib / "libtilesdk_compiler.so").exists():
        libraries.append(lib / "libtilesdk_compiler.so")
    for path in libraries:
        files[f"tilesdk/{path.name}"] = stripped(path)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."))
    options = parser.parse_args()
    number = version()
    tag = f"cp310-abi3-linux_{platform.machine()}"
    info = f"tilesdk-{number}.dist-info"
    files = contents(options.build)
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: tilesdk\nVersion: {number}\n"
        "Summary: Tile kernels in the Triton language\n"
        "License: Apache-2.0 WITH LLVM-exception\n"
        "Requires-Python: >=3.10\n").encode()
    files[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: tilesdk make_wheel\n"
        f"Root-Is-Purelib: false\nTag: {tag}\n").encode()
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = "".join(
        f"{name},sha256="
        f"{base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')}"
        f",{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"tilesdk-{number}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith((".so", ".so.0"))
                                   else 0o644) << 16
            wheel.writestr(entry, data)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
