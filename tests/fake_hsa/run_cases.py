"""The end-to-end table on amd:0, where the real HIP runtime finds the GPU of
the fake HSA runtime: each kernel is built for the GPU and for its twin in the
simulator, which runs what HIP dispatches.

    python tests/fake_hsa/run_cases.py [--sample] [--version 4] [PATTERN...]

Starts itself again with the environment that this takes.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("TILESDK_BUILD_DIR", ROOT / "build"))


class Twin(ctypes.Structure):
    """fake_hsa_twin of fake_hsa.h."""
    _fields_ = [("object", ctypes.c_char_p), ("object_size", ctypes.c_size_t),
                ("twin", ctypes.c_char_p), ("twin_size", ctypes.c_size_t),
                ("symbol", ctypes.c_char_p), ("threads", ctypes.c_uint32),
                ("shared_bytes", ctypes.c_uint32),
                ("param_bytes", ctypes.POINTER(ctypes.c_uint32)),
                ("num_params", ctypes.c_uint32),
                ("num_twin_params", ctypes.c_uint32)]


def library():
    hsa = ctypes.CDLL("libhsa-runtime64.so.1")
    hsa.fake_hsa_problems.restype = ctypes.c_char_p
    hsa.fake_hsa_twin_runs.restype = ctypes.c_ulong
    hsa.fake_hsa_native_runs.restype = ctypes.c_ulong
    return hsa


def bytes_of_parameters(metadata):
    return ([p["bytes"] for p in metadata["params"]] +
            [f["bytes"] for f in metadata.get("hidden", {}).get("fields", [])])


def register(hsa, kernel, variant, target):
    """Builds the twin of a variant and gives it to the fake GPU."""
    info = variant.info
    options = {name: value for name, value in info["options"].items()
               if name != "code_object_version"}
    # More than asked for where that spills fewer registers.
    options["num_warps"] = variant.metadata["warps"]
    twin = kernel.build(info["signature"], target="sim:" + target,
                        options=options)
    metadata = variant.metadata
    sizes = bytes_of_parameters(metadata)
    given = Twin(variant.asm["object"], len(variant.asm["object"]),
                 twin.asm["object"], len(twin.asm["object"]),
                 metadata["symbol"].encode(), metadata["threads"],
                 metadata["shared_bytes"],
                 (ctypes.c_uint32 * len(sizes))(*sizes), len(sizes),
                 len(bytes_of_parameters(twin.metadata)))
    if hsa.fake_hsa_register(ctypes.byref(given),
                             str(BUILD / "lib").encode()) != 0:
        raise RuntimeError(hsa.fake_hsa_problems().decode())


class Kernel:
    """A kernel that registers what it is about to launch."""

    def __init__(self, kernel, hsa, target):
        self.kernel, self.hsa, self.target = kernel, hsa, target

    def __getitem__(self, grid):
        def launch(*args, **options):
            register(self.hsa, self.kernel,
                     self.kernel.warmup(*args, **options), self.target)
            self.kernel[grid](*args, **options)
        return launch


def run_here(options):
    sys.path.insert(0, str(ROOT / "tests/end_to_end"))
    import cases
    import launch
    import tilesdk
    tilesdk.set_device("amd:0")
    hsa = library()
    find = launch.kernel
    launch.kernel = lambda file, name: Kernel(find(file, name), hsa,
                                              options.target)
    chosen = cases.select(1, options.patterns)
    if options.sample:
        chosen = cases.sample(chosen)
    failed = 0
    for case in chosen:
        seen = len(hsa.fake_hsa_problems())
        try:
            launch.run(case, code_object_version=options.version)
            problem = hsa.fake_hsa_problems().decode()[seen:]
        except Exception as error:  # Whatever it is, the next case goes on.
            problem = f"{type(error).__name__}: {error}" + \
                hsa.fake_hsa_problems().decode()[seen:]
        if problem:
            failed += 1
            text = " | ".join(problem.split("\n"))[:400]
            print(f"FAILED {case.name}: {text}", flush=True)
        elif options.verbose:
            print(f"ok {case.name}", flush=True)
    print(f"amd:0 ({options.target}, code object version {options.version}): "
          f"{hsa.fake_hsa_twin_runs()} dispatches run by twins, "
          f"{hsa.fake_hsa_native_runs()} of the runtime's own")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return failed != 0


def environment(directory, target):
    """Of a process in which HIP finds the fake GPU: the runtime below it, and a
    topology as the kernel driver's."""
    for node, units in enumerate((0, 32)):
        path = pathlib.Path(directory) / str(node)
        path.mkdir()
        (path / "properties").write_text(f"simd_count {units}\n")
    paths = [str(BUILD / "fake_hsa"), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, paths)),
            "TILESDK_AMD_TOPOLOGY": str(directory), "TILESDK_CACHE": "0",
            "FAKE_HSA_ARCHITECTURE": target,
            "PYTHONPATH": str(BUILD / "python")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--target", default="gfx90a")
    parser.add_argument("--version", default="4",
                        help="of the code objects; HIP 5.2 takes 4 alone")
    parser.add_argument("--sample", action="store_true",
                        help="one case of each kernel only")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return run_here(options)
    with tempfile.TemporaryDirectory() as directory:
        return subprocess.run(
            [sys.executable, __file__, "--here", *sys.argv[1:]],
            env=environment(directory, options.target)).returncode


if __name__ == "__main__":
    sys.exit(main())
