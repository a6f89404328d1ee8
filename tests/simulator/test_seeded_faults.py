"""Faults put into kernels on purpose: the simulator's checks, or the oracle,
must find each, and say where; without the fault they must say nothing."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools
import re

import pytest

from faulty import ALL, COPY, Build, launch_source, source_fault

DEVICES = ("sim:sm_80", "sim:sm_90a", "sim:gfx942", "sim:gfx1100")
CP_ASYNC = "sim:sm_80", "pipelines/transposed/plain"
BY_WARPS = "sim:gfx950", "pipelines/transposed/plain"
WGMMA = "sim:sm_90a", "pipelines/batched/plain"
BOXES = "sim:sm_90a", "boxes/product/f16/128x128x256/plain"
SPECIALIZED = "sim:sm_90a", "boxes/product/f16/128x128x256/specialized"

build = functools.lru_cache(maxsize=None)(Build)


def found(report, check, *texts, lines=()):
    """The check's report, which says all of the texts and names lines with
    these texts; and where it happened."""
    assert report is not None, "nobody noticed"
    assert report.check == check, report
    assert report.program is not None, report
    for text in texts:
        assert text in report.rest, report
    for text in lines:
        assert any(text in line for line in report.lines), report
    return report


@pytest.mark.parametrize("device, name", [
    CP_ASYNC, WGMMA, BOXES, SPECIALIZED,
    ("sim:gfx942", "pipelines/transposed/plain"), BY_WARPS,
    ("sim:gfx1100", "pipelines/transposed/plain")])
@pytest.mark.parametrize("check", [ALL, "race,early"])
def test_correct_kernels_are_clean(device, name, check):
    kernel = build(device, name)
    assert kernel.run(kernel.text, check) is None


#===------------------------------------------------------------------------===#
# Barriers
#===------------------------------------------------------------------------===#

BARRIER = r"call void @tsdk\.barrier\("


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name, line", [
    ("reduce/tile_32x64/sum/axis0", "tl.sum"),
    ("shape/sort_64/f32/up", "tl.sort"),
    ("shape/histogram", "tl.histogram"),
    ("softmax/online", "tl."),
    ("pipelines/batched/plain", "tl.load")])
def test_removed_barrier(device, name, line):
    """Each barrier of the kernel, one at a time: none is there for nothing."""
    kernel = build(device, name, "llvm")
    count = kernel.count(BARRIER)
    if not count:
        pytest.skip("one warp alone holds what it exchanges")
    for i in range(count):
        report = found(kernel.run(kernel.without(BARRIER, i), "race"), "race",
                       "of shared memory, which")
        assert re.search(r"thread \d+", report.rest), report
        assert any(line in text for text in report.lines), report


DIVERGE = """
define internal void @diverge() {
  %t = call i32 @tsdk.thread_id()
  %c = icmp ult i32 %t, 64
  br i1 %c, label %wait, label %done
wait:
  call void @tsdk.barrier()
  br label %done
done:
  ret void
}
"""


@pytest.mark.parametrize("device", DEVICES)
def test_divergent_barrier(device):
    """Half of the threads, or fewer, come to one of the barriers."""
    kernel = build(device, "softmax/online", "llvm")
    text = kernel.replace(r"call void @tsdk\.barrier\(\)",
                          "call void @diverge()", 0) + DIVERGE
    if "@tsdk.thread_id()" not in kernel.text:
        text += "declare i32 @tsdk.thread_id()\n"
    report = found(kernel.run(text, "barrier"), "barrier", "divergent barrier",
                   "thread 64")
    assert "the barrier of the block" in report.rest, report


def test_removed_barrier_of_some_warps():
    """Those of the products, before they exchange the result."""
    kernel = build(*SPECIALIZED)
    found(kernel.run(kernel.without(r"simt\.barrier id = ")), "race",
          "of shared memory, which", lines=["c.store("])


@pytest.mark.parametrize("kernel", [BOXES, SPECIALIZED])
def test_barriers_used_before_they_are_made(kernel):
    kernel = build(*kernel)
    found(kernel.run(kernel.without(r"simt\.barrier ", 0), "race"), "race",
          "(mbarrier.", "of shared memory, which thread 0 (mbarrier.init")


def test_nobody_gives_buffers_back():
    kernel = build(*SPECIALIZED)
    found(kernel.run(kernel.without(r"simt\.barrier_arrive")), "barrier",
          "a barrier in shared memory", lines=["for k in tl.range"])


def test_divergent_copies():
    """Nobody tells who waits for a buffer that it is full."""
    kernel = build(*SPECIALIZED)
    found(kernel.run(kernel.without(r"simt\.barrier_expect")), "barrier",
          "a barrier in shared memory", "mbarrier.wait")


#===------------------------------------------------------------------------===#
# Asynchronous copies and products
#===------------------------------------------------------------------------===#


@pytest.mark.parametrize("device, name, pending, reader, line", [
    (*CP_ASYNC, 1, "thread 0 (shared.load.m8n8.x4", "tl.load"),
    (*BY_WARPS, 1, "(load at", "tl.load"),
    (*WGMMA, 0, "an asynchronous product of warp 0", "tl.dot")])
def test_copy_read_before_its_wait(device, name, pending, reader, line):
    kernel = build(device, name)
    text = kernel.replace(rf"(async_wait.*)pending = {pending}",
                          rf"\1pending = {pending + 1}")
    for check in ("race", "race,early"):
        found(kernel.run(text, check), "race", reader, "reads",
              "an asynchronous copy of thread", "nothing has waited for it",
              lines=[line])
    # It arrives as late as it may, unless it is to arrive at once.
    assert kernel.run(text, None).by_oracle
    assert kernel.run(text, "early") is None


@pytest.mark.parametrize("name, which", [
    ("pipelines/transposed/plain", 0), ("pipelines/attention/plain", 0),
    ("pipelines/attention/plain", 1),
    ("boxes/product/f16/128x128x256/specialized", 0)])
def test_result_used_before_its_wait(name, which):
    kernel = build("sim:sm_90a", name, "llvm")
    text = kernel.without(r"call void @tsdk\.mma\.wait\.0", which)
    found(kernel.run(text, "race"), "race", "uses the result of an asynchronous "
          "product; nothing has waited for it")
    assert kernel.run(kernel.text, "race") is None


def test_counted_copies_that_are_not_issued():
    """The last iterations copy nothing; what they wait for is counted from the
    end, and is still under way unless all was waited for."""
    kernel = build(*BY_WARPS, "llvm")
    pattern = r"call void @tsdk\.async\.wait\.0"
    assert kernel.count(pattern)
    text = kernel.without(pattern)
    found(kernel.run(text, "race"), "race", "reads",
          "an asynchronous copy of thread", "nothing has waited for it",
          lines=["tl.load"])
    assert kernel.run(text, None).by_oracle


@pytest.mark.parametrize("device, why, line", [
    (CP_ASYNC, "nothing has waited for it", "b = tl.load"),
    (BY_WARPS, "nothing orders the two", "a = tl.load")])
def test_copy_into_the_buffer_that_is_read(device, why, line):
    kernel = build(*device)
    read = re.search(r"async_wait.*\n.*shared_index %\d+\[(%\d+)\]",
                     kernel.text)[1]
    text = kernel.replace(r"(shared_index %\d+\[)%\d+(\] \{simt.slot = 2)",
                          rf"\g<1>{read}\2")
    for check in ("race", "race,early"):
        found(kernel.run(text, check), "race", "an asynchronous copy of thread",
              why, lines=[line])
    assert kernel.run(text, "early").by_oracle


@pytest.mark.parametrize("device, name, filler, line", [
    (*WGMMA, "an asynchronous copy of thread", "= tl.load"),
    (*BOXES, "a copy of a box of thread", "a.load("),
    (*SPECIALIZED, "a copy of a box of thread", "a.load(")])
def test_buffer_refilled_under_a_product(device, name, filler, line):
    """The product of a former iteration may still read what is filled."""
    kernel = build(device, name)
    text = kernel.replace(r"(mma_wait .*)pending = 1", r"\1pending = 2")
    for check in (ALL, "race,early"):
        found(kernel.run(text, check), "race", filler, "writes",
              "which an asynchronous product of warp", "reads; nothing has "
              "waited for it", lines=[line, "tl.dot"])


def test_box_read_before_its_barrier():
    kernel = build(*BOXES)
    text = kernel.without(r"simt\.barrier_wait")
    for check in (ALL, "race,early"):
        found(kernel.run(text, check), "race",
              "an asynchronous product of warp", "reads",
              "which a copy of a box of thread 0", lines=["a.load(", "tl.dot"])
    assert kernel.run(text, None).by_oracle
    assert kernel.run(text, "early") is None


def test_barrier_that_expects_too_little():
    """The phase is over when the first of two boxes is there."""
    kernel = build(*BOXES)
    text = kernel.replace(r"bytes = 16384", "bytes = 8192")
    found(kernel.run(text), "race", "which a copy of a box of thread 0")


def test_buffer_overwritten_under_a_store():
    """The left operand's box goes back to where it came from, while the result
    gets its memory."""
    kernel = build("sim:sm_90a", "boxes/product/f16/24x48x16/plain",
                   box_stores=0)
    load = re.search(r"simt\.box_load (%\d+\[.*?\]) to (%\d+) .*?: (.*?>),",
                     kernel.text)
    store = f"simt.box_store {load[2]} to {load[1]} : {load[3]}\n"
    wait = "simt.box_store_wait pending = 0\n"
    end = r"(simt\.barrier.*\n.*simt\.convert_layout)"
    for check in (ALL, "early", None):
        assert kernel.run(kernel.replace(end, store + wait + r"\1"),
                          check) is None
    text = kernel.replace(end, store + r"\1")
    found(kernel.run(text), "race", "writes", "which a store of a box of thread "
          "0", "reads; nothing has waited for it", lines=["c.store("])
    assert kernel.run(text, None).by_oracle
    assert kernel.run(text, "early") is None


@pytest.mark.parametrize("name", [
    "boxes/persistent/plain", "boxes/persistent/specialized",
    "descriptor/copy_2d/f32"])
def test_store_is_not_waited_for(name):
    """The next block gets the buffer of one that is being stored; the program
    ends while one is."""
    kernel = build("sim:sm_90a", name)
    wait = r"box_store_wait pending = 0( loc|$)"
    assert kernel.count(wait) == 2
    for check in (ALL, "race,early"):
        found(kernel.run(kernel.without(wait, 0), check), "race",
              "writes byte", "of shared memory, which a store of a box of "
              "thread 0", "reads; nothing has waited for it", lines=["store("])
    report = kernel.run(kernel.without(wait, 1))
    found(report, "race", "the program ends", "a store of a box of thread 0",
          lines=["store("])


def test_stored_block_is_not_complete():
    """What others read of it, and the store that replaces it, come early."""
    kernel = build("sim:sm_90a", "boxes/stores/read_back")
    text = kernel.without("box_store_wait pending = 0 written")
    for check in (ALL, "race,early"):
        found(kernel.run(text, check), "race", "a store of a box of thread 0",
              "nothing has waited for it", lines=["store("])
    assert kernel.run(text, None).by_oracle
    assert kernel.run(text, "early") is None


def test_store_before_the_block_is_there():
    """Other warps still write to the buffer."""
    kernel = build("sim:sm_90a", "descriptor/copy_2d/f32")
    text = kernel.replace(r"(fence_async.*\n).*simt\.barrier.*\n", r"\1")
    found(kernel.run(text, "race"), "race", "a store of a box of thread 0",
          "reads", lines=["store("])


def test_box_refilled_before_it_is_free():
    """The copies' warp does not wait until the buffer is empty."""
    kernel = build(*SPECIALIZED)
    found(kernel.run(kernel.without(r"simt\.barrier_wait", 1)), "race",
          "a copy of a box of thread 128", "writes", lines=["a.load("])


def test_box_read_before_it_is_full():
    """The products' warps do not wait for the copies' warp."""
    kernel = build(*SPECIALIZED)
    full = kernel.run(kernel.without(r"simt\.barrier_wait", 0))
    found(full, "uninit", "an asynchronous product of warp", "reads",
          "which the program has not written", lines=["tl.dot"])


#===------------------------------------------------------------------------===#
# Memory
#===------------------------------------------------------------------------===#


def test_uninitialised_shared_memory():
    """A buffer of the ring is not filled before the loop."""
    kernel = build(*CP_ASYNC)
    copy = re.search(r"(%\d+) = simt\.async_copy.*\n", kernel.text)
    text = kernel.text.replace(copy[0], "", 1)
    text = text.replace(f"async_commit({copy[1]}, ", "async_commit(", 1)
    found(kernel.run(text), "uninit", "shared.load.m8n8.x4", "reads byte 0 of "
          "shared memory, which the program has not written", lines=["tl.dot"])


MASKED = {
    # What is wrong, where, and what the report must say.
    "load": ("mask=at < n, other=0.0)", "mask=at <= n, other=0.0)",
             "`x_ptr`", "reads 4 bytes", "x = tl.load"),
    "store": ("mask=at < n)", "mask=at <= n)",
              "`out_ptr`", "writes 4 bytes", "tl.store"),
    "begin": ("out_ptr + at, x", "out_ptr + at - 1, x",
              "`out_ptr`", "4 bytes before the begin", "tl.store"),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("fault", MASKED)
def test_off_by_one_mask(device, fault):
    right, wrong, argument, what, line = MASKED[fault]
    report = source_fault(device, right, wrong)
    assert report is not None, "nobody noticed"
    assert report.check == "bounds", report
    assert argument in report.rest and what in report.rest, report
    assert report.program == ((0, 0, 0) if fault == "begin" else (3, 0, 0))
    assert re.match(r"thread \d+ ", report.rest), report
    assert line in report.lines[0], report
    assert source_fault(device, right, right) is None


def test_global_memory_of_two_threads():
    """Each element is written by the thread that reads another one."""
    report = source_fault("sim:sm_80", "out_ptr + at, x",
                          "x_ptr + (at ^ 1), x")
    found(report, "race", "of argument `x_ptr`", "nothing orders the two",
          lines=["tl.store"])


def test_programs_that_overlap():
    """Each program also writes the first element of the next one's."""
    report = source_fault("sim:gfx942", "mask=at < n)",
                          "mask=at < n)\n    tl.store(out_ptr + at + 1, x, "
                          "mask=at + 1 < n)")
    found(report, "race", "of argument `out_ptr`, which", lines=["tl.store"])
    # What another program may have read before.
    report = source_fault("sim:sm_80", "tl.store(out_ptr + at, x, mask=at < n)",
                          "tl.store(x_ptr + at + BLOCK, x, "
                          "mask=at + BLOCK < n)")
    found(report, "race", "of argument `x_ptr`, which program (",
          "nothing orders the two programs", lines=["tl.store", "tl.load"])


@pytest.mark.parametrize("device", DEVICES)
def test_sums_of_programs(device):
    """All programs add to one element: by a load and a store, by an atomic
    addition, under a lock, and under a lock that is given back too early."""
    add = "tl.store(out_ptr, tl.load(out_ptr) + tl.sum(x))"
    lock = ("\n    while tl.atomic_cas(lock_ptr, 0, 1) == 1:\n        pass\n"
            "    {}\n    {}\n")
    unlock = "tl.atomic_xchg(lock_ptr, 0)"

    def run(body):
        source = COPY.replace("out_ptr, n", "out_ptr, lock_ptr, n").replace(
            "tl.store(out_ptr + at, x, mask=at < n)", body)
        return launch_source(device, source, n=1000, block=256, sums=True)

    for wrong in (add, lock.format(unlock, add)):
        found(run(wrong), "race", "of argument `out_ptr`, which program (",
              "nothing orders the two programs", lines=["tl.load(out_ptr)"])
    for right in ("tl.atomic_add(out_ptr, tl.sum(x))",
                  lock.format(add, unlock)):
        assert run(right) is None


@pytest.mark.parametrize("device", DEVICES)
def test_lock_given_back_by_one_thread(device):
    """Others of the program may not have written yet."""
    body = ("while tl.atomic_cas(lock_ptr, 0, 1) == 1:\n        pass\n"
            "    i = tl.arange(0, BLOCK)\n"
            "    tl.store(out_ptr + i, tl.load(out_ptr + i) + tl.sum(x))\n"
            "    tl.atomic_xchg(lock_ptr, 0)\n")
    source = COPY.replace("out_ptr, n", "out_ptr, lock_ptr, n").replace(
        "tl.store(out_ptr + at, x, mask=at < n)", body)

    def give_back_early(text):
        last = text.index("atomicrmw xchg")
        barrier = text.rindex("  call void @tsdk.barrier()", 0, last)
        return text[:barrier] + text[text.index("\n", barrier) + 1:]

    assert launch_source(device, source, sums=True) is None
    found(launch_source(device, source, sums=True, edit=give_back_early),
          "race", "of argument `out_ptr`, which program (",
          lines=["tl.load(out_ptr + i)"])


#===------------------------------------------------------------------------===#
# What is not an access: the oracle finds it
#===------------------------------------------------------------------------===#


@pytest.mark.parametrize("device, name", [
    CP_ASYNC, ("sim:gfx942", "pipelines/transposed/plain"),
    ("sim:gfx1100", "pipelines/transposed/plain")])
def test_swizzle_on_one_side(device, name):
    """Written with the swizzle, read as if there was none."""
    kernel = build(device, name)
    swizzled = re.search(r"#shared = (#simt\.shared_layout<.*>)\n",
                         kernel.text)
    # Rows are moved along columns: a basis vector with both loses the latter.
    offsets = re.search(r"offset: (.*?) \}", swizzled[1])[1]
    plain = re.sub(r"\(([1-9]\d*),\d+\)",
                   lambda v: f"({1 << int(v[1]).bit_length() - 1},0)", offsets)
    assert plain != offsets

    def read_as(layout):
        text = kernel.text.replace(
            swizzled[0], f"{swizzled[0]}#plain = {layout}\n", 1)
        return kernel.run(one_reader(text))

    assert read_as(swizzled[1]) is None
    report = read_as(swizzled[1].replace(offsets, plain))
    assert report is not None and report.by_oracle, report


def one_reader(text):
    """What is read first of memory of type #shared is taken for #plain: another
    name for the place of the first such memory."""
    alloc = re.search(r"(?m)^ *(%\d+) = simt\.shared_alloc .*\n", text)
    name = alloc[1]
    view = re.sub(r"init %\w+ : .*?> \{", "{",
                  alloc[0].replace(name, "%view", 1)).replace("#shared>",
                                                              "#plain>")
    head, tail = text[:alloc.end()] + view, text[alloc.end():]
    wait = tail.find("async_wait")
    if wait >= 0:
        # In a ring, by the slot that the loop has waited for.
        index = re.compile(rf".*shared_index {name}\[.*\n").search(tail, wait)[0]
        name = index.split()[0]
        slot = index.replace(name, "%slot", 1).replace("#shared>", "#plain>")
        slot = re.sub(r"shared_index %\d+", "shared_index %view", slot)
        tail, view_name = tail.replace(index, index + slot, 1), "%slot"
    else:
        view_name = "%view"
    load = re.search(rf".*shared_load {name} .*\n", tail)[0]
    return head + tail.replace(load, load.replace(
        f"{name} ", f"{view_name} ").replace("#shared>", "#plain>"), 1)


def test_swizzle_of_the_copies_only():
    """A box is written row by row, and read as the product's format says."""
    kernel = build(*BOXES)
    text = kernel.replace(r"(box_map .*format = )\"swizzle128\"", r'\1"none"', 0)
    report = kernel.run(text)
    assert report is not None and report.by_oracle, report


@pytest.mark.parametrize("device", DEVICES)
def test_wrong_basis_vector_of_a_row(device):
    """tests/probes does this for every row: here for one of each kind."""
    import probes
    from device import Device
    opened = Device(device)
    seen = set()
    for probe in probes.of(opened):
        kind = probe.name.split()[0]
        if probe.layouts and kind not in seen:
            seen.add(kind)
            assert probe.check(None) is None
            assert probe.faults() is None
    assert "matrix" in seen
