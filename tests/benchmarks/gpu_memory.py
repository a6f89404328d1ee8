"""Kernels that memory bounds: add, softmax, layer normalisation, rows made
8-bit floats."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch
import torch.nn.functional as functional

import gpu_measure as gpu

SOURCE = "tests/benchmarks/gpu_kernels.py"


def variants(kernel, grid, args, constants, output, want, tolerance):
    """Ours and Triton's with several numbers of warps, and with few registers,
    so that one more program fits into a multiprocessor."""
    contenders = {}
    for maker, compiled in (("tilesdk", gpu.ours(SOURCE, kernel)),
                            ("triton", gpu.theirs(SOURCE, kernel))):
        for warps, limit in ((4, 0), (8, 0), (16, 0), (8, 40), (16, 40)):
            if compiled is None:
                continue
            few = {"maxnreg": limit} if limit else {}
            run = (lambda compiled=compiled, warps=warps, few=few:
                   compiled[grid](*args, *constants, num_warps=warps, **few))
            name = f"{maker} {warps} warps"
            if limit:
                name += f" of {limit} registers"
            if gpu.works(name, run, output, want, tolerance):
                contenders[name] = run
    return contenders


def add():
    count = 1 << 28
    x, y = torch.randn(2, count, device="cuda")
    z = torch.empty_like(x)
    contenders = variants("add", (count // 1024,), (x, y, z, count), (1024,), z,
                          x + y, 0)
    contenders["torch"] = lambda: torch.add(x, y, out=z)
    measured = gpu.times(contenders)
    moved = 12 * count
    yield from gpu.rows("add f32 2^28", measured, moved * 1e-9, "GB/s",
                        flops=count, bytes_moved=moved)
    # Bandwidth against bandwidth: a copy moves two thirds.
    copied = gpu.times({"tilesdk": contenders[gpu.best(measured, "tilesdk")],
                        "copy": lambda: z.copy_(x)})
    copied["copy"] = [ms * 1.5 for ms in copied["copy"]]
    yield from gpu.rows("add f32 2^28, bandwidth of copy", copied,
                        moved * 1e-9, "GB/s")


def softmax():
    for columns in (4096, 8192, 16384):
        x = torch.randn(8192, columns, device="cuda")
        y = torch.empty_like(x)
        contenders = variants("softmax", (8192,), (x, y, columns, columns),
                              (columns,), y, torch.softmax(x, 1), 1e-5)
        contenders["torch"] = lambda: torch.softmax(x, 1)
        moved = 2 * x.numel() * 4
        yield from gpu.rows(f"softmax f32 8192 x {columns}",
                            gpu.times(contenders), moved * 1e-9, "GB/s",
                            flops=5 * x.numel(), bytes_moved=moved)


def layernorm():
    for columns in (4096, 8192, 16384):
        x = torch.randn(8192, columns, device="cuda", dtype=torch.bfloat16)
        weight, bias = torch.randn(2, columns, device="cuda",
                                   dtype=torch.bfloat16)
        y = torch.empty_like(x)
        peer = lambda: functional.layer_norm(x, (columns,), weight, bias, 1e-5)
        contenders = variants(
            "layernorm", (8192,), (x, weight, bias, y, columns, columns, 1e-5),
            (columns,), y, peer(), 2e-2)
        contenders["torch"] = peer
        moved = 2 * x.numel() * 2
        yield from gpu.rows(f"layernorm bf16 8192 x {columns}",
                            gpu.times(contenders), moved * 1e-9, "GB/s",
                            flops=8 * x.numel(), bytes_moved=moved)


def quantize():
    for columns in (4096, 16384):
        x = torch.randn(16384, columns, device="cuda", dtype=torch.bfloat16)
        q = torch.empty_like(x, dtype=torch.float8_e4m3fn)
        scale = torch.empty(16384, device="cuda")
        def peer():
            largest = x.float().abs().amax(1, keepdim=True)
            return (x.float() * (448 / largest)).to(torch.float8_e4m3fn)
        contenders = variants("quantize", (16384,),
                              (x, q, scale, columns, columns), (columns,), q,
                              peer(), 1 / 8)
        contenders["torch"] = peer
        moved = x.numel() * 3
        yield from gpu.rows(f"quantize bf16 to e4m3 16384 x {columns}",
                            gpu.times(contenders), moved * 1e-9, "GB/s",
                            flops=3 * x.numel(), bytes_moved=moved)


PARTS = (add, softmax, layernorm, quantize)
