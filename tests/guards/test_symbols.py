"""What the built libraries export and need."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import re
import subprocess

import pytest

# Library -> what its exported symbols look like.
EXPORTS = {
    "libtilesdk.so": r"tsdk_\w+",
    "libtilesdk_compiler.so": r"tsdk_compiler_table",
    "libtilesdk_plugin_cpu.so": r"tsdk_plugin_query",
}
SYSTEM = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "libgcc_s.so.1",
          "libstdc++.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"}
NEEDED = {
    "libtilesdk.so": SYSTEM,
    "libtilesdk_compiler.so": SYSTEM | {"libz.so.1", "libzstd.so.1",
                                        "libz3.so.4"},
    "libtilesdk_plugin_cpu.so": SYSTEM,
}


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          capture_output=True).stdout


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_only_what_is_intended(build, name):
    lines = run("nm", "-D", "--defined-only", build / "lib" / name).split("\n")
    # A version script also defines the version's own absolute symbol.
    symbols = [line.split()[2].split("@")[0] for line in lines
               if len(line.split()) == 3 and line.split()[1] != "A"]
    assert symbols
    wrong = [s for s in symbols if not re.fullmatch(EXPORTS[name], s)]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("name", NEEDED)
def test_needs_only_the_system(build, name):
    dynamic = run("readelf", "-d", build / "lib" / name)
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
    assert needed <= NEEDED[name], needed - NEEDED[name]


def test_the_command_needs_no_llvm(build):
    libraries = run("ldd", build / "bin" / "tilesdk")
    assert "libtilesdk.so" in libraries
    assert not re.search(r"LLVM|MLIR|python", libraries)


def test_the_thin_library_is_thin(build):
    """No LLVM compiler in it: only LLVMSupport may be linked in."""
    path = build / "lib" / "libtilesdk.so"
    symbols = run("nm", "-C", path)
    assert "llvm::json" in symbols
    for name in ("llvm::PassBuilder", "llvm::TargetMachine::", "mlir::",
                 "lld::"):
        assert name not in symbols, name


def test_nothing_runs_the_stack_or_writes_code(build):
    for name in EXPORTS:
        program = run("readelf", "-lW", build / "lib" / name)
        stack = [line for line in program.split("\n") if "GNU_STACK" in line]
        assert stack and "RWE" not in stack[0], name
        assert "TEXTREL" not in run("readelf", "-d", build / "lib" / name)
