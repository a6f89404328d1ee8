"""Suite `cpu`: kernels on all cores of this machine beside its best peers."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import mmap
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import tilesdk

import kernels
import measure

PEERS = pathlib.Path(__file__).resolve().parents[2] / "build/lib"


def pages(count, fill):
    """`count` floats on pages of their own, each touched."""
    array = np.frombuffer(mmap.mmap(-1, count * 4), np.float32)
    array[:] = fill(count) if callable(fill) else fill
    return array


def check(name, got, want, tolerance):
    error = np.max(np.abs(got - want))
    if not error <= tolerance:
        raise SystemExit(f"error: {name} is wrong by {error}")


def add():
    count = 64 << 20
    random = np.random.default_rng(1)
    draw = lambda n: random.standard_normal(n, dtype=np.float32)
    x, y, z = pages(count, draw), pages(count, draw), pages(count, np.nan)
    peers = ctypes.CDLL(str(PEERS / "libbenchmark_peers.so"))
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (x, y, z)]

    def loop(form):
        def run():
            assert not peers.tilesdk_peer_loop(form, *pointers,
                                               ctypes.c_size_t(count))
        return run

    contenders = {
        "C loop": loop(0), "C loop, 256-bit streaming stores": loop(1),
        "C loop, 512-bit streaming stores": loop(2), "memcpy": loop(3),
        "copy, streaming stores": loop(4)}
    for block in (4096, 16384, 65536):
        grid = (tilesdk.cdiv(count, block),)
        contenders[f"tilesdk {block}"] = (
            lambda grid=grid, block=block:
            kernels.add[grid](x, y, z, count, BLOCK=block))
    for name in [n for n in contenders if n.startswith("tilesdk")]:
        z[:] = np.nan
        contenders[name]()
        check("add", z, x + y, 0)
    times = measure.rounds(contenders, count=11, least=0.1)
    ours = measure.best(times, [n for n in times if n.startswith("tilesdk")])
    hand = measure.best(times, [n for n in times if n.startswith("C loop")])
    copy = measure.best(times, ["memcpy", "copy, streaming stores"])
    yield measure.result("add 256 MiB arrays", times, ours, hand, 12 * count,
                         "GB/s")
    row = measure.result("copy 256 MiB arrays (peers only)", times, copy,
                         "memcpy", 8 * count, "GB/s")
    yield row


def rowwise(name, ours, peer, x, tolerance, out, oracle):
    ours()
    check(name, out, oracle, tolerance)
    jitted = jax.jit(peer)
    device_x = jnp.asarray(x)
    jitted(device_x).block_until_ready()
    times = measure.rounds({
        "tilesdk": ours,
        "XLA on the CPU": lambda: jitted(device_x).block_until_ready()})
    return measure.result(name, times, "tilesdk", "XLA on the CPU",
                          8 * x.size, "GB/s")


def softmax():
    random = np.random.default_rng(2)
    for rows, columns in ((4096, 1024), (4096, 4096), (1823, 781)):
        x = random.standard_normal((rows, columns), dtype=np.float32)
        out = np.full_like(x, np.nan)
        block = tilesdk.next_power_of_2(columns)
        wide = x.astype(np.float64)
        wide = np.exp(wide - wide.max(1, keepdims=True))
        yield rowwise(
            f"softmax {rows} x {columns}",
            lambda: kernels.softmax[(rows,)](x, out, columns, columns,
                                             BLOCK=block),
            lambda v: jax.nn.softmax(v, axis=-1), x, 1e-6, out,
            wide / wide.sum(1, keepdims=True))


def layernorm():
    random = np.random.default_rng(3)
    for rows, columns in ((4096, 1024), (4096, 4096)):
        x, weight, bias = (random.standard_normal(s, dtype=np.float32)
                           for s in ((rows, columns), columns, columns))
        out = np.full_like(x, np.nan)
        block = tilesdk.next_power_of_2(columns)
        wide = x.astype(np.float64)
        centred = wide - wide.mean(1, keepdims=True)
        oracle = centred / np.sqrt((centred ** 2).mean(1, keepdims=True) +
                                   1e-5) * weight + bias

        def peer(v, weight=jnp.asarray(weight), bias=jnp.asarray(bias)):
            centred = v - v.mean(-1, keepdims=True)
            variance = (centred * centred).mean(-1, keepdims=True)
            return centred * jax.lax.rsqrt(variance + 1e-5) * weight + bias

        yield rowwise(
            f"layernorm {rows} x {columns}",
            lambda: kernels.layernorm[(rows,)](x, weight, bias, out, columns,
                                               columns, 1e-5, BLOCK=block),
            peer, x, 1e-4, out, oracle)


def matmul():
    """NumPy's wheels carry OpenBLAS; it uses all cores here."""
    n = 1024
    random = np.random.default_rng(4)
    a, b = (random.standard_normal((n, n), dtype=np.float32) for _ in range(2))
    c, reference = np.full_like(a, np.nan), np.empty_like(a)
    contenders = {"OpenBLAS": lambda: np.matmul(a, b, out=reference)}
    for blocks in ((64, 64, 64), (128, 128, 64), (128, 256, 64), (128, 128, 256),
                   (256, 256, 64)):
        grid = (n // blocks[0], n // blocks[1])
        contenders[f"tilesdk {blocks}"] = (
            lambda grid=grid, blocks=blocks: kernels.matmul[grid](
                a, b, c, n, n, n, n, n, n, BLOCK_M=blocks[0],
                BLOCK_N=blocks[1], BLOCK_K=blocks[2]))
    oracle = a.astype(np.float64) @ b.astype(np.float64)
    for name, run in contenders.items():
        if name.startswith("tilesdk"):
            c[:] = np.nan
            run()
            check("matmul", c, oracle, 1e-3)
    times = measure.rounds(contenders)
    ours = measure.best(times, [t for t in times if t.startswith("tilesdk")])
    yield measure.result(f"matmul f32 1024, {ours}", times, ours, "OpenBLAS",
                         2 * n ** 3, "GFLOP/s")


def run():
    for group in (add, softmax, layernorm, matmul):
        yield from group()
