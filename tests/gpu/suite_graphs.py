"""Launches that a graph of the driver records."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import gc
import threading
import time

import numpy as np
import tilesdk

import kernels
from harness import BLOCK, Place, blocks, test, torch_of


@test
def graph_capture(uri):
    """torch.cuda.graph around our launches; built before and in the capture."""
    torch = torch_of(uri)
    device = tilesdk.device(uri)
    x = torch.zeros(50_000, device="cuda", dtype=torch.int32)
    y = torch.zeros_like(x)
    n = x.numel()

    def launch():
        stream = device.wrap_stream(torch.cuda.current_stream().cuda_stream)
        with tilesdk.using(device, stream):
            kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
            # Not built before: builds and loads while the capture is on.
            kernels.scale[blocks(n)](x, y, n, BY=3, BLOCK=BLOCK)

    with tilesdk.using(device, device.wrap_stream(0)):
        kernels.increment[blocks(n)](x, n, BLOCK=BLOCK)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        launch()
        x.add_(1)
        launch()
    assert int(x[0].item()) == 1, "the capture ran"
    for _ in range(10):
        graph.replay()
    torch.cuda.synchronize()
    assert (x == 31).all().item(), x[:4].tolist()
    assert (y == 93).all().item(), y[:4].tolist()
    # The graph holds the code after the kernels are gone.
    gc.collect()
    graph.replay()
    torch.cuda.synchronize()
    assert (x == 34).all().item()


@test
def graph_cannot_allocate(uri):
    """The reason is said, and the capture goes on or ends by itself."""
    torch = torch_of(uri)
    device = tilesdk.device(uri)
    x = torch.ones(64, device="cuda")
    native = None

    def launch():
        with tilesdk.using(device, native):
            kernels.must_be_positive[(1,)](x, 64, BLOCK=64, debug=True)

    graph = torch.cuda.CUDAGraph()
    text = ""
    try:
        with torch.cuda.graph(graph):
            native = device.wrap_stream(torch.cuda.current_stream().cuda_stream)
            try:
                launch()
            except tilesdk.Error as error:
                text = str(error)
    except RuntimeError as error:  # torch: the capture is void
        text = text or str(error)
    assert "captur" in text, text or "no error"
    # After one launch outside it needs nothing more.
    torch.cuda.synchronize()
    native = device.wrap_stream(0)
    launch()
    native.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        native = device.wrap_stream(torch.cuda.current_stream().cuda_stream)
        launch()
    before = float(x[0].item())
    graph.replay()
    torch.cuda.synchronize()
    assert float(x[0].item()) == before + 1
    return text[:160]


@test
def graph_on_many_threads(uri):
    """Others build and launch while one thread captures."""
    torch = torch_of(uri)
    device = tilesdk.device(uri)
    x = torch.zeros(4096, device="cuda", dtype=torch.int32)
    torch.cuda.synchronize()
    stop, wrong = threading.Event(), []
    n = 2048

    def others():
        try:
            stream = device.stream()
            by = 1000
            while not stop.is_set():
                by += 1
                a = Place(device, stream, np.arange(n, dtype=np.int32))
                out = Place(device, stream, np.zeros(n, np.int32))
                with tilesdk.using(device, stream):
                    kernels.scale[blocks(n)](a, out, n, BY=by, BLOCK=BLOCK)
                if not (out.fetch() == np.arange(n) * by).all():
                    wrong.append(by)
        except Exception as error:
            wrong.append(str(error))

    thread = threading.Thread(target=others)
    thread.start()
    try:
        for _ in range(5):
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                stream = device.wrap_stream(
                    torch.cuda.current_stream().cuda_stream)
                with tilesdk.using(device, stream):
                    for _ in range(10):
                        kernels.increment[(4,)](x, 4096, BLOCK=BLOCK)
            graph.replay()
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join()
    torch.cuda.synchronize()
    assert not wrong, wrong[:3]
    assert (x == 50).all().item(), x[:4].tolist()
