"""Grouped matrix products: products of different sizes beside a loop over
cuBLAS, rows of experts beside torch's grouped product; both beside Triton."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch

import gpu_measure as gpu

SOURCE = "samples/07_grouped_gemm/grouped_gemm.py"
# BLOCK_M, BLOCK_N, BLOCK_K, warps, stages.
GROUPED = ((128, 128, 64, 4, 3), (128, 128, 64, 8, 3), (128, 128, 64, 8, 4),
           (128, 256, 64, 8, 3), (64, 128, 64, 4, 4))
# And whether copies have warps of their own.
EXPERTS = ((128, 256, 64, 8, 4, True), (128, 128, 64, 8, 4, True),
           (128, 256, 64, 8, 3, False), (128, 128, 64, 4, 4, False))


def contenders(maker, compile_, arrays, sizes, want):
    kernel = compile_(SOURCE, "grouped_matmul")
    result = {}
    if kernel is None:
        return result
    units = torch.cuda.get_device_properties(0).multi_processor_count
    tables, out = arrays[:4], arrays[4]
    for bm, bn, bk, warps, stages in GROUPED:
        run = (lambda bm=bm, bn=bn, bk=bk, warps=warps, stages=stages:
               kernel[(units,)](*tables, len(sizes), bm, bn, bk, units,
                                num_warps=warps, num_stages=stages))
        name = f"{maker} {bm}x{bn}x{bk}x{stages} {warps} warps"
        if gpu.works(name, run, out, want, 5e-3):
            result[name] = run
    return result


def grouped():
    for label, sizes in (
            ("16 of 1024", [(1024, 1024, 1024)] * 16),
            ("of 128 to 4096 rows",
             [(rows, 2048, 1024) for rows in (128, 4096, 640, 256, 2048, 1280,
                                              384, 768)])):
        a = [torch.randn(m, k, device="cuda", dtype=torch.float16)
             for m, _, k in sizes]
        b = [torch.randn(k, n, device="cuda", dtype=torch.float16)
             for _, n, k in sizes]
        # One array, so that all of it is checked.
        out = torch.empty(sum(m * n for m, n, _ in sizes), device="cuda",
                          dtype=torch.float16)
        c = [part.view(m, n) for part, (m, n, _) in zip(
            out.split([m * n for m, n, _ in sizes]), sizes)]

        def loop():
            for left, right, result in zip(a, b, c):
                torch.matmul(left, right, out=result)
        loop()
        want = out.clone()
        tables = [torch.tensor([t.data_ptr() for t in group], device="cuda")
                  for group in (a, b, c)]
        table = torch.tensor(sizes, device="cuda", dtype=torch.int32)
        arrays = (*tables, table, out)
        runs = contenders("tilesdk", gpu.ours, arrays, sizes, want)
        runs.update(contenders("triton", gpu.theirs, arrays, sizes, want))
        runs["cuBLAS loop"] = loop
        work = sum(2 * m * n * k for m, n, k in sizes)
        yield from gpu.rows(
            f"grouped matmul f16 {label}", gpu.times(runs), work * 1e-12,
            "TFLOP/s", flops=work, bytes_moved=2 * sum(
                m * k + k * n + m * n for m, n, k in sizes))


def variants(maker, compile_, configs, arrays, want):
    kernel = compile_(SOURCE, "expert_matmul")
    result = {}
    if kernel is None:
        return result
    x, weights, y, ends = arrays
    rows, k = x.shape
    experts, n, _ = weights.shape
    for bm, bn, bk, warps, stages, specialize in configs:
        tiles = (rows // bm + experts) * -(-n // bn)
        run = (lambda bm=bm, bn=bn, bk=bk, warps=warps, stages=stages,
               specialize=specialize, tiles=tiles:
               kernel[(tiles,)](x, weights, y, ends, rows, n, k, experts, bm,
                                bn, bk, 8, specialize, num_warps=warps,
                                num_stages=stages))
        name = (f"{maker} {bm}x{bn}x{bk}x{stages} {warps} warps"
                f"{' specialized' if specialize else ''}")
        if gpu.works(name, run, y, want, 1e-2):
            result[name] = run
    return result


def experts():
    for count, rows, k, n in ((64, 16384, 2048, 1408), (8, 8192, 4096, 4096)):
        x = torch.randn(rows, k, device="cuda", dtype=torch.bfloat16)
        weights = torch.randn(count, n, k, device="cuda", dtype=torch.bfloat16)
        weights /= k ** 0.5
        # Some experts are in demand, some have no rows.
        share = torch.rand(count) ** 2
        share[1] = 0
        counts = (share / share.sum() * rows).int()
        counts[0] += rows - counts.sum()
        ends = counts.cumsum(0).int().cuda()
        y = torch.empty(rows, n, device="cuda", dtype=torch.bfloat16)
        bounds = [0] + ends.tolist()

        def loop():
            for expert in range(count):
                first, last = bounds[expert], bounds[expert + 1]
                if first < last:
                    torch.matmul(x[first:last], weights[expert].T,
                                 out=y[first:last])
        loop()
        want = y.clone()
        arrays = x, weights, y, ends
        runs = variants("tilesdk", gpu.ours, EXPERTS, arrays, want)
        runs.update(variants("triton", gpu.theirs, EXPERTS[2:], arrays, want))
        if hasattr(torch, "_grouped_mm"):
            transposed = weights.transpose(1, 2)
            runs["torch grouped_mm"] = lambda: torch._grouped_mm(
                x, transposed, offs=ends)
        runs["cuBLAS loop"] = loop
        work = 2 * rows * n * k
        yield from gpu.rows(
            f"experts bf16 {count}, {rows} x {n} x {k}", gpu.times(runs),
            work * 1e-12, "TFLOP/s", flops=work,
            bytes_moved=2 * (x.numel() + weights.numel() + y.numel()))


PARTS = (grouped, experts)
