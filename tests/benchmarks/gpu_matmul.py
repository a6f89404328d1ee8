"""Matrix products beside cuBLAS and Triton."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch

import gpu_measure as gpu

SOURCE = "samples/05_persistent_matmul/persistent_matmul.py"
# BLOCK_M, BLOCK_N, BLOCK_K, warps, stages, whether copies have warps of their
# own, which kernel.
OURS = ((128, 256, 64, 8, 4, True, "persistent"),
        (128, 256, 64, 8, 4, True, "descriptor"),
        (256, 128, 64, 8, 4, True, "persistent"),
        (256, 128, 64, 8, 4, False, "descriptor"),
        (128, 128, 64, 4, 4, False, "descriptor"),
        (128, 256, 64, 8, 4, True, "pointer"),
        (128, 128, 64, 4, 4, False, "pointer"))
TRITON = ((128, 256, 64, 8, 3, False, "persistent"),
          (128, 256, 64, 8, 4, False, "descriptor"),
          (128, 256, 64, 8, 3, True, "persistent"),
          (128, 128, 64, 4, 4, False, "descriptor"),
          (128, 256, 64, 8, 4, False, "pointer"))
OURS_F8 = ((128, 256, 128, 8, 4, True, "persistent"),
           (128, 256, 128, 8, 4, True, "descriptor"),
           (256, 128, 128, 8, 4, True, "persistent"),
           (128, 128, 128, 8, 4, False, "descriptor"))
TRITON_F8 = ((128, 256, 128, 8, 3, False, "persistent"),
             (128, 256, 128, 8, 4, False, "descriptor"))


def contenders(maker, compile_, configs, a, b, c, size, transposed, want):
    m, n, k = size
    programs = torch.cuda.get_device_properties(0).multi_processor_count
    result = {}
    for bm, bn, bk, warps, stages, specialize, form in configs:
        stays = form == "persistent"
        kernel = compile_(SOURCE, f"{form}_matmul")
        if kernel is None:
            continue
        tiles = -(-m // bm) * -(-n // bn)
        constants = (bm, bn, bk, 8) + ((min(programs, tiles),) if stays else ())
        grid = (min(programs, tiles) if stays else tiles,)
        run = (lambda kernel=kernel, constants=constants, grid=grid,
               warps=warps, stages=stages, specialize=specialize:
               kernel[grid](a, b, c, m, n, k, *constants, transposed,
                            specialize, num_warps=warps, num_stages=stages))
        name = (f"{maker} {bm}x{bn}x{bk}x{stages}"
                f"{' specialized' if specialize else ''}"
                f"{'' if form == 'descriptor' else ' ' + form}")
        if gpu.works(name, run, c, want, 2e-3):
            result[name] = run
    return result


def product(dtype, size, transposed):
    m, n, k = size
    a = torch.randn(m, k, device="cuda").to(dtype)
    b = torch.randn((n, k) if transposed else (k, n), device="cuda").to(dtype)
    c = torch.empty(m, n, device="cuda", dtype=torch.float16)
    right = b.T if transposed else b
    if dtype == torch.float16:
        peer = lambda: torch.matmul(a, right, out=c)
        want, name = torch.matmul(a, right), "cuBLAS"
        ours, theirs = OURS, TRITON
    else:
        one = torch.ones((), device="cuda")
        peer = lambda: torch._scaled_mm(a, right, one, one,
                                        out_dtype=torch.float16,
                                        use_fast_accum=True)
        want, name = peer(), "cuBLASLt"
        ours, theirs = OURS_F8, TRITON_F8
    runs = contenders("tilesdk", gpu.ours, ours, a, b, c, size, transposed,
                      want)
    runs.update(contenders("triton", gpu.theirs, theirs, a, b, c, size,
                           transposed, want))
    runs[name] = peer
    work = 2 * m * n * k
    label = "f16" if dtype == torch.float16 else "f8"
    yield from gpu.rows(
        f"matmul {label} {m} x {n} x {k} {'TN' if transposed else 'NN'}",
        gpu.times(runs), work * 1e-12, "TFLOP/s", flops=work,
        bytes_moved=(m * k + n * k) * a.element_size() + m * n * 2)


def f16():
    for size in (4096, 8192, 4000, 2048):
        yield from product(torch.float16, (size,) * 3, True)
    yield from product(torch.float16, (4096,) * 3, False)


def f8():
    for size in (4096, 8192):
        yield from product(torch.float8_e4m3fn, (size,) * 3, True)


PARTS = (f16, f8)
