"""Convolution beside cuDNN and Triton."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch
import torch.nn.functional as functional

import gpu_measure as gpu

SOURCE = "samples/06_conv2d/conv2d.py"
# BLOCK_M, BLOCK_N, BLOCK_K, warps, stages.
CONFIGS = ((128, 128, 64, 4, 3), (128, 128, 64, 8, 3), (128, 128, 64, 8, 4),
           (128, 256, 64, 8, 3), (256, 128, 64, 8, 3), (128, 64, 64, 4, 3),
           (64, 128, 64, 4, 3), (128, 64, 64, 8, 4))
# Images, pixels each way, channels, filters, taps each way, stride, padding: the
# layers that a residual network spends its time in.
SHAPES = ((32, 56, 64, 64, 3, 1, 1), (32, 28, 128, 128, 3, 1, 1),
          (32, 56, 256, 256, 3, 1, 1), (64, 14, 512, 512, 3, 1, 1),
          (32, 56, 128, 128, 3, 2, 1), (32, 56, 256, 64, 1, 1, 0))


def variants(maker, compile_, arrays, shape, out_size, want):
    kernel = compile_(SOURCE, "conv2d")
    result = {}
    if kernel is None:
        return result
    x, weights, y = arrays
    images, size, channels, filters, taps, stride, padding = shape
    for bm, bn, bk, warps, stages in CONFIGS:
        if bn > max(64, filters):
            continue
        tiles = -(-images * out_size ** 2 // bm) * -(-filters // bn)
        run = (lambda bm=bm, bn=bn, bk=bk, warps=warps, stages=stages,
               tiles=tiles:
               kernel[(tiles,)](x, weights, y, images, size, size, channels,
                                filters, out_size, out_size, taps, taps,
                                stride, padding, bm, bn, bk, 8,
                                num_warps=warps, num_stages=stages))
        name = f"{maker} {bm}x{bn}x{bk}x{stages} {warps} warps"
        if gpu.works(name, run, y, want, 5e-3):
            result[name] = run
    return result


def conv2d():
    torch.backends.cudnn.benchmark = True
    for shape in SHAPES:
        images, size, channels, filters, taps, stride, padding = shape
        x = torch.randn(images, channels, size, size, device="cuda",
                        dtype=torch.float16)
        weights = torch.randn(filters, channels, taps, taps, device="cuda",
                              dtype=torch.float16) / (channels ** 0.5 * taps)
        x, weights = (t.to(memory_format=torch.channels_last)
                      for t in (x, weights))
        peer = lambda: functional.conv2d(x, weights, stride=stride,
                                         padding=padding)
        want = peer().permute(0, 2, 3, 1)
        out_size = want.shape[1]
        y = torch.empty(want.shape, device="cuda", dtype=torch.float16)
        arrays = x, weights, y  # Their memory is [N, H, W, C] already.
        runs = variants("tilesdk", gpu.ours, arrays, shape, out_size, want)
        runs.update(variants("triton", gpu.theirs, arrays, shape, out_size,
                             want))
        runs["cuDNN"] = peer
        work = 2 * images * out_size ** 2 * filters * channels * taps ** 2
        yield from gpu.rows(
            f"conv2d f16 {images}x{size}x{size}x{channels} to {filters}, "
            f"{taps}x{taps} stride {stride}", gpu.times(runs), work * 1e-12,
            "TFLOP/s", flops=work,
            bytes_moved=2 * (x.numel() + weights.numel() + y.numel()))


PARTS = (conv2d,)
