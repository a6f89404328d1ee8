"""Suite `gpu`: kernels on a CUDA device beside torch, interleaved in one run.
Needs a GPU and PyTorch, which nothing installs:

    PYTHONPATH=build/python python tests/benchmarks/run.py gpu
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import statistics

import tilesdk
import torch

import kernels


def times(contenders, rounds=9, repeats=20):
    """Milliseconds of each, by events, in turns."""
    for run in contenders.values():
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    result = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            begin.record()
            for _ in range(repeats):
                run()
            end.record()
            torch.cuda.synchronize()
            result[name].append(begin.elapsed_time(end) / repeats)
    return result


def row(name, measured, ours, peer, amount, unit, peer_amount=None):
    """`amount` per second of the median; the ratio is above 1 when we win."""
    mine = statistics.median(measured[ours])
    other = statistics.median(measured[peer])
    value = amount / mine
    reference = (peer_amount or amount) / other
    return {"name": name, "value": value, "unit": unit, "peer": peer,
            "ratio": value / reference,
            "spread": (max(measured[ours]) - min(measured[ours])) / mine}


def check(name, got, want, tolerance):
    error = ((got.float() - want.float()).abs().max() /
             want.float().abs().max()).item()
    if not error <= tolerance:
        raise SystemExit(f"error: {name} is wrong by {error}")


def add():
    count = 1 << 27
    x, y = torch.randn(2, count, device="cuda")
    z = torch.full_like(x, float("nan"))
    grid = (tilesdk.cdiv(count, 1024),)
    run = lambda: kernels.add[grid](x, y, z, count, BLOCK=1024)
    run()
    check("add", z, x + y, 0)
    measured = times({"tilesdk": run, "torch": lambda: torch.add(x, y, out=z),
                      "copy": lambda: z.copy_(x)})
    gigabytes = count * 4e-6
    yield row("add 512 MiB arrays", measured, "tilesdk", "torch",
              3 * gigabytes, "GB/s")
    yield row("add against copy", measured, "tilesdk", "copy", 3 * gigabytes,
              "GB/s", 2 * gigabytes)


def softmax():
    for rows, columns in ((4096, 4096), (8192, 8192)):
        x = torch.randn(rows, columns, device="cuda")
        y = torch.full_like(x, float("nan"))
        run = lambda: kernels.softmax[(rows,)](x, y, columns, columns,
                                               BLOCK=columns, num_warps=8)
        run()
        check("softmax", y, torch.softmax(x, 1), 1e-5)
        yield row(f"softmax {rows} x {columns}", times(
            {"tilesdk": run, "torch": lambda: torch.softmax(x, 1)}),
            "tilesdk", "torch", 2 * x.numel() * 4e-6, "GB/s")


def matmul():
    for size in (2048, 4096):
        a, b = torch.randn(2, size, size, device="cuda", dtype=torch.float16)
        c = torch.empty(size, size, device="cuda")
        contenders = {"cuBLAS": lambda: torch.matmul(a, b)}
        for m, n, k, warps, stages in ((128, 128, 32, 4, 4),
                                       (128, 128, 64, 4, 3),
                                       (128, 256, 64, 8, 3)):
            grid = (size // m, size // n)
            run = (lambda grid=grid, m=m, n=n, k=k, warps=warps, stages=stages:
                   kernels.matmul[grid](a, b, c, size, size, size, size, size,
                                        size, BLOCK_M=m, BLOCK_N=n, BLOCK_K=k,
                                        num_warps=warps, num_stages=stages))
            c.fill_(float("nan"))
            run()
            check("matmul", c, a @ b, 2e-3)
            contenders[f"{m}x{n}x{k}"] = run
        measured = times(contenders, repeats=5)
        ours = min((name for name in contenders if name != "cuBLAS"),
                   key=lambda name: statistics.median(measured[name]))
        yield row(f"matmul f16 {size}^3, tiles {ours}", measured, ours,
                  "cuBLAS", 2e-9 * size ** 3, "TFLOP/s")


def run():
    tilesdk.set_device("nvidia:0")
    print(f"GPU: {torch.cuda.get_device_name()}")
    for part in (add, softmax, matmul):
        yield from part()
