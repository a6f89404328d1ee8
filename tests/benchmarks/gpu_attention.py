"""Attention forward beside cuDNN and Triton."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import math

import torch
import torch.nn.functional as functional
from torch.nn.attention import SDPBackend, sdpa_kernel

import gpu_measure as gpu

SOURCE = "samples/04_attention/attention.py"
# BLOCK_M, BLOCK_N, warps, stages, whether scores are begun ahead and copies have
# warps of their own.
OURS = ((128, 128, 8, 2, False, False), (128, 128, 8, 2, False, True),
        (128, 64, 8, 3, False, False), (64, 64, 4, 3, False, False),
        (128, 64, 4, 3, False, False), (128, 128, 8, 2, True, False),
        (128, 128, 8, 2, True, True), (128, 64, 8, 3, True, True),
        (128, 64, 8, 4, True, True))
TRITON = ((128, 128, 8, 2, False, False), (128, 64, 8, 3, False, False),
          (128, 64, 4, 3, False, False), (128, 128, 8, 3, False, False),
          (128, 128, 8, 2, True, False))


def variants(maker, compile_, configs, arrays, head, causal, want):
    kernel = compile_(SOURCE, "attention")
    result = {}
    if kernel is None:
        return result
    q, k, v, out = arrays
    heads, length = q.shape[0] * q.shape[1], q.shape[2]
    scale = math.log2(math.e) / math.sqrt(head)
    for bm, bn, warps, stages, ahead, specialize in configs:
        run = (lambda bm=bm, bn=bn, warps=warps, stages=stages, ahead=ahead,
               specialize=specialize:
               kernel[(length // bm, heads)](
                   q, k, v, out, heads, length, scale, head, bm, bn, causal,
                   ahead, specialize, num_warps=warps, num_stages=stages))
        name = (f"{maker} {bm}x{bn}x{stages} {warps} warps"
                f"{' ahead' if ahead else ''}"
                f"{' specialized' if specialize else ''}")
        if gpu.works(name, run, out, want, 5e-3):
            result[name] = run
    return result


def forward():
    for head in (64, 128):
        for causal in (False, True):
            shape = (4, 32, 4096, head)
            q, k, v = (torch.randn(shape, device="cuda", dtype=torch.float16)
                       for _ in range(3))
            out = torch.empty_like(q)

            def cudnn():
                with sdpa_kernel(SDPBackend.CUDNN_ATTENTION):
                    return functional.scaled_dot_product_attention(
                        q, k, v, is_causal=causal)
            want = cudnn()
            arrays = (q, k, v, out)
            runs = variants("tilesdk", gpu.ours, OURS, arrays, head, causal,
                            want)
            runs.update(variants("triton", gpu.theirs, TRITON, arrays, head,
                                 causal, want))
            runs["cuDNN"] = cudnn
            work = 4 * 4 * 32 * 4096 * 4096 * head // (2 if causal else 1)
            yield from gpu.rows(
                f"attention f16 d{head} {'causal' if causal else 'full'} 4096",
                gpu.times(runs), work * 1e-12, "TFLOP/s", flops=work,
                bytes_moved=4 * q.numel() * 2)


PARTS = (forward,)
