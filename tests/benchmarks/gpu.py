"""Suite `gpu`: kernels on a CUDA device beside cuBLAS, cuDNN, torch and Triton,
in turns, in one run. Needs a GPU and PyTorch, which nothing installs:

    PYTHONPATH=build/python python tests/benchmarks/run.py gpu [--only NAME]

The kernels of the samples are compiled by us and, from the same source, by
Triton where it is installed; the best of a few configurations of each counts.
`ratio` is the peer's time over ours.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import tilesdk
import torch

import gpu_attention
import gpu_compile
import gpu_conv
import gpu_grouped
import gpu_launch
import gpu_matmul
import gpu_measure
import gpu_memory


def run(only=None):
    tilesdk.set_device("nvidia:0")
    print(f"GPU: {torch.cuda.get_device_name()}, "
          f"{gpu_measure.clocks()} MHz and degrees")
    torch.manual_seed(0)
    for module in (gpu_memory, gpu_matmul, gpu_attention, gpu_conv,
                   gpu_grouped, gpu_launch, gpu_compile):
        for part in module.PARTS:
            if not only or only in f"{module.__name__}.{part.__name__}":
                yield from part()
