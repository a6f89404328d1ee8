"""Kernels with one fault each, for sanitize.py:

    python3 tests/gpu/offenders.py memcheck|racecheck|synccheck nvidia:0

Their PTX is our compiler's with one change; it is launched past our library, so
that nothing but the tool can object.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import re
import sys

import tilesdk

SOURCE = """import tilesdk
import tilesdk.language as tl


@tilesdk.jit
def total(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out, tl.sum(tl.load(x + i)))
"""
BLOCK = 1024


def offending(tool, ptx):
    """The change, and how many bytes of `x` there are."""
    barrier = re.compile(r"\n\t(bar\.sync[^;]*;)")
    if tool == "memcheck":
        return ptx, 4 * BLOCK - 64
    assert len(barrier.findall(ptx)) == 1, "the kernel has other barriers now"
    if tool == "racecheck":
        return barrier.sub("", ptx), 4 * BLOCK
    assert tool == "synccheck", tool
    # One lane of each warp does not come.
    return barrier.sub(
        "\n\t{ .reg .pred %comes; .reg .b32 %who; mov.u32 %who, %laneid;"
        " setp.ne.u32 %comes, %who, 5; @%comes bra $come; bra.uni $gone;"
        r"\n$come:\n\t\1\n$gone:\n\t}", ptx), 4 * BLOCK


def check(result, what):
    assert result == 0, f"{what}: {result}"


def main():
    tool, uri = sys.argv[1:]
    device = tilesdk.device(uri)
    built = tilesdk.Program(SOURCE, "offenders.py").kernel("total").build(
        "*f32:16,*f32:16,1024", target=device.target, keep_stages="asm")
    ptx, size = offending(tool, built.asm["asm"])
    cuda = ctypes.CDLL("libcuda.so.1")
    # Opening the device of ours has made its primary context; it is current
    # only inside of calls.
    context, native = ctypes.c_void_p(), ctypes.c_int()
    check(cuda.cuInit(0), "cuInit")
    check(cuda.cuDeviceGet(ctypes.byref(native), int(uri.split(":")[-1])),
          "cuDeviceGet")
    check(cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), native),
          "cuDevicePrimaryCtxRetain")
    check(cuda.cuCtxSetCurrent(context), "cuCtxSetCurrent")
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    check(cuda.cuModuleLoadData(ctypes.byref(module), ptx.encode() + b"\0"),
          "cuModuleLoadData")
    check(cuda.cuModuleGetFunction(ctypes.byref(function), module, b"total"),
          "cuModuleGetFunction")
    x, out = ctypes.c_uint64(), ctypes.c_uint64()
    check(cuda.cuMemAlloc_v2(ctypes.byref(x), ctypes.c_size_t(size)), "x")
    check(cuda.cuMemAlloc_v2(ctypes.byref(out), ctypes.c_size_t(4)), "out")
    check(cuda.cuMemsetD32_v2(x, 0x3f800000, ctypes.c_size_t(size // 4)),
          "cuMemsetD32")
    values = (ctypes.c_void_p * 2)(ctypes.addressof(x), ctypes.addressof(out))
    threads = int(re.search(r"\.reqntid (\d+)", ptx).group(1))
    shared = built.metadata.get("shared_bytes", 0) or 1024
    check(cuda.cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, shared, None,
                              values, None), "cuLaunchKernel")
    print("launched, the stream says", cuda.cuCtxSynchronize())


if __name__ == "__main__":
    main()
