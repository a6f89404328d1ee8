"""Variants of other targets, and machine code from the cache on disk."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ctypes
import json
import pathlib
import tempfile

import numpy as np
import tilesdk

import kernels
from harness import BLOCK, Place, Skipped, child, only_gpu, test


@test
def a_variant_of_an_older_target_runs(uri):
    """Machine code of another generation comes with what the driver builds."""
    only_gpu(uri)
    import capi
    api = capi.Api()
    device = api.device(uri)
    own = tilesdk.device(uri)
    if not uri.startswith(("nvidia", "cuda")):
        raise Skipped("code objects run on their own target only")
    source = pathlib.Path(kernels.__file__).read_text(encoding="utf-8")
    source = "import tilesdk.language as tl\nimport tilesdk\n" + \
        source[source.index("@tilesdk.jit\ndef increment"):
               source.index("@tilesdk.jit\ndef scale")]
    kernel = api.kernel(source, "increment")
    stream = own.wrap_stream(0)
    x = Place(own, stream, np.zeros(BLOCK, np.int32))
    values = [ctypes.c_uint64(x.data_ptr()), ctypes.c_int32(BLOCK)]
    signature = f"*i32,i32,{BLOCK}"
    for target in dict.fromkeys(("sm_80", own.target)):
        variant = api.build(kernel, signature, target)
        api.launch(variant, device, (1, 1, 1), values)
    stream.synchronize()
    launched = len(set(("sm_80", own.target)))
    assert (x.fetch() == launched).all(), x.fetch()[:8]
    # Attributes reach the driver: cooperative, overlap, priority.
    variant = api.build(kernel, signature, own.target)
    for attr in ((1, 1, [1]), (5, 1, [1])):
        api.launch(variant, device, (1, 1, 1), values, [attr])
    if own.target >= "sm_90":
        api.launch(variant, device, (4, 1, 1), values, [(3, 1, [2, 1, 1])])
        api.launch(variant, device, (1, 1, 1), values, [(4, 1, [1])])
    try:
        api.launch(variant, device, (3, 1, 1), values, [(3, 1, [2, 1, 1])])
        raise AssertionError("a cluster that does not divide the grid")
    except capi.Failed as error:
        assert "2 x 1 x 1" in str(error) or "no clusters" in str(error), error


@test
def a_variant_of_a_wrong_target_is_refused(uri):
    import capi
    api = capi.Api()
    device = api.device(uri)
    own = tilesdk.device(uri).target
    other = "gfx942" if own.startswith("sm_") else "sm_90a"
    source = ("import tilesdk\nimport tilesdk.language as tl\n\n"
              "@tilesdk.jit\ndef nothing_much(x):\n    tl.store(x, 1)\n")
    variant = api.build(api.kernel(source, "nothing_much"), "*i32", other)
    value = ctypes.c_uint64(0)
    try:
        api.launch(variant, device, (1, 1, 1), [value])
    except capi.Failed as error:
        text = str(error)
        assert "nothing_much" in text and other in text and own in text, text
        return text[:160]
    raise AssertionError("it was launched")


@test
def cache_of_machine_code(uri):
    """A new process takes the code from the disk cache."""
    body = """
import numpy as np, tilesdk, kernels, harness, json, time
device = tilesdk.device(sys.argv[1])
stream = device.stream()
x = harness.Place(device, stream, np.zeros(4096, np.int32))
with tilesdk.using(device, stream):
    start = time.perf_counter()
    built = kernels.increment.warmup(x, 4096, BLOCK=1024)
    kernels.increment[(4,)](x, 4096, BLOCK=1024)
    stream.synchronize()
    took = time.perf_counter() - start
assert (x.fetch() == 1).all()
code = built.asm["object"]
print(json.dumps({"from": built.info["from"], "ms": took * 1e3,
                  "elf": code[:4] == b"\\x7fELF",
                  "resources": built.metadata.get("resources")}))
"""
    with tempfile.TemporaryDirectory() as folder:
        env = {"TILESDK_CACHE": "1", "TILESDK_CACHE_DIR": folder}
        seen = []
        for _ in range(2):
            code, output = child(body, uri, env=env)
            assert code == 0, output
            seen.append(json.loads(output.splitlines()[-1]))
    assert [s["from"] for s in seen] == ["build", "cache"], seen
    if uri.startswith(("nvidia", "cuda")):
        assert seen[1]["elf"], f"no machine code in the cache: {seen}"
        assert seen[1]["resources"]["registers"] > 0, seen
    return (f"built and run in {seen[0]['ms']:.0f} ms, from the cache in "
            f"{seen[1]['ms']:.1f} ms, {seen[1]['resources']}")


@test
def random_kernels_are_right(uri):
    """Seeds that the simulator does not run, each in a shape of its own."""
    import random_boxes
    import random_kernels
    import random_loops
    import random_stores
    from test_random_kernels import shape_of
    tilesdk.set_device(uri)
    seeds = range(10000, 10040)
    for module in (random_kernels, random_loops):
        for seed in seeds:
            module.check(seed, **shape_of(seed, uri, {}))
    for module in (random_boxes, random_stores):
        for seed in seeds:
            module.check(seed)
