"""Atomic operations, from many programs and many lanes at once."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def rmw(x_ptr, target_ptr, n, OP: tl.constexpr, SLOTS: tl.constexpr,
        BLOCK: tl.constexpr):
    """Every lane updates one of SLOTS cells."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    cell = target_ptr + offsets % SLOTS
    if OP == "add":
        tl.atomic_add(cell, x, mask=mask)
    elif OP == "max":
        tl.atomic_max(cell, x, mask=mask)
    elif OP == "min":
        tl.atomic_min(cell, x, mask=mask)
    elif OP == "and":
        tl.atomic_and(cell, x, mask=mask)
    elif OP == "or":
        tl.atomic_or(cell, x, mask=mask)
    elif OP == "xor":
        tl.atomic_xor(cell, x, mask=mask)
    else:
        tl.static_assert(False, "unknown operation")


@triton.jit
def scalar_counter(counter_ptr, seen_ptr):
    """Each program takes a different ticket."""
    ticket = tl.atomic_add(counter_ptr, 1, sem="acq_rel", scope="gpu")
    tl.store(seen_ptr + ticket, 1)


@triton.jit
def exchange(x_ptr, target_ptr, old_ptr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets)
    old = tl.atomic_xchg(target_ptr + offsets, x)
    tl.store(old_ptr + offsets, old)


@triton.jit
def compare_and_swap(expected_ptr, x_ptr, target_ptr, old_ptr,
                     BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    expected = tl.load(expected_ptr + offsets)
    x = tl.load(x_ptr + offsets)
    old = tl.atomic_cas(target_ptr + offsets, expected, x)
    tl.store(old_ptr + offsets, old)


@triton.jit
def spin_lock(lock_ptr, value_ptr, N: tl.constexpr):
    """Programs take turns in a critical section."""
    for _ in range(N):
        while tl.atomic_cas(lock_ptr, 0, 1) == 1:
            pass
        value = tl.load(value_ptr, volatile=True)
        tl.store(value_ptr, value + 1)
        tl.debug_barrier()
        tl.atomic_xchg(lock_ptr, 0)


@triton.jit
def last_block_sum(x_ptr, partial_ptr, counter_ptr, out_ptr, n,
                   BLOCK: tl.constexpr, PROGRAMS: tl.constexpr):
    """The program that finishes last adds up what all have written."""
    pid = tl.program_id(0)
    offsets = pid * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n, other=0.0)
    tl.store(partial_ptr + pid, tl.sum(x, axis=0))
    tl.debug_barrier()
    done = tl.atomic_add(counter_ptr, 1)
    if done == PROGRAMS - 1:
        parts = tl.load(partial_ptr + tl.arange(0, PROGRAMS), volatile=True)
        tl.store(out_ptr, tl.sum(parts, axis=0))
