"""Control flow, helper functions, compile-time values."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl

SCALE = tl.constexpr(3)
OFFSETS: tl.constexpr = tl.constexpr(5)


@triton.jit
def _square(x):
    return x * x


@triton.jit
def _norm(x, y):
    return tl.sqrt(_square(x) + _square(y))


@triton.jit
def _divide(x, y):
    """Two results."""
    return x // y, x % y


@triton.jit
def _sign(x):
    """Returns in the middle, on run-time scalars."""
    if x < 0:
        return -1
    if x == 0:
        return 0
    return 1


@triton.jit
def _power(x, N: tl.constexpr):
    """Recursion that ends on a constexpr."""
    if N == 0:
        return x * 0 + 1
    else:
        return x * _power(x, N - 1)


@triton.jit
def _apply(fn: tl.constexpr, x):
    return fn(x)


@triton.jit
def relu(x):
    return tl.where(x > 0, x, 0.0)


@triton.jit
def identity(x):
    return x


@triton.jit
def nested_helpers(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, _norm(x, y), mask=mask)


@triton.jit
def tuples(out_ptr, a, b):
    q, r = _divide(a, b)
    pair = (q, r)
    tl.store(out_ptr + 0, pair[0])
    tl.store(out_ptr + 1, pair[1])
    tl.store(out_ptr + 2, len(pair))


@triton.jit
def early_return(x_ptr, out_ptr, n):
    pid = tl.program_id(0)
    if pid >= n:
        return
    x = tl.load(x_ptr + pid)
    tl.store(out_ptr + pid, _sign(x))


@triton.jit
def constant_power(x_ptr, out_ptr, n, N: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, _power(x, N), mask=mask)


@triton.jit
def function_argument(x_ptr, out_ptr, n, FN: tl.constexpr,
                      BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, _apply(FN, x), mask=mask)


@triton.jit
def globals_and_defaults(out_ptr, a, FACTOR: tl.constexpr = SCALE):
    tl.store(out_ptr, a * FACTOR + OFFSETS)


@triton.jit
def collatz(x_ptr, out_ptr):
    """Steps until 1 is reached, in a while loop."""
    pid = tl.program_id(0)
    x = tl.load(x_ptr + pid)
    steps = 0
    while x != 1:
        if x % 2 == 0:
            x = x // 2
        else:
            x = 3 * x + 1
        steps += 1
    tl.store(out_ptr + pid, steps)


@triton.jit
def grid_stride(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Persistent: few programs, each walks over many blocks."""
    pid = tl.program_id(0)
    step = tl.num_programs(0)
    for block in range(pid, tl.cdiv(n, BLOCK), step):
        offsets = block * BLOCK + tl.arange(0, BLOCK)
        mask = offsets < n
        x = tl.load(x_ptr + offsets, mask=mask)
        tl.store(out_ptr + offsets, x * x + 1, mask=mask)


@triton.jit
def unrolled(x_ptr, out_ptr, BLOCK: tl.constexpr, N: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    acc = tl.zeros([BLOCK], dtype=tl.float32)
    for i in tl.static_range(N):
        tl.static_assert(i < N)
        if i % 2 == 0:
            acc += tl.load(x_ptr + i * BLOCK + offsets)
        else:
            acc -= tl.load(x_ptr + i * BLOCK + offsets)
    tl.store(out_ptr + offsets, acc)


@triton.jit
def loops(out_ptr, n, STEP: tl.constexpr):
    """Nested loops, a negative step, carried scalars of two types."""
    total = 0
    weighted = 0.0
    for i in range(n):
        for j in range(i, n, STEP):
            total += i * j
            weighted += 0.5 * i
    down = 0
    for i in range(n, 0, -1):
        down = down * 2 + i % 2
    tl.store(out_ptr + 0, total)
    tl.store(out_ptr + 1, weighted.to(tl.int32))
    tl.store(out_ptr + 2, down)


@triton.jit
def ternary(x_ptr, out_ptr, bias_ptr, n, SIGN: tl.constexpr,
            BLOCK: tl.constexpr):
    """Compile-time choices: an absent pointer, a conditional expression."""
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    r = x if SIGN > 0 else -x
    if bias_ptr is not None:
        r += tl.load(bias_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, r, mask=mask)


@triton.jit
def dynamic_choice(x_ptr, out_ptr, n, mode, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    if mode == 0:
        y = x + 1
    elif mode == 1:
        y = x * 2
    else:
        y = -x
    scale = 3 if mode > 1 else 1
    tl.store(out_ptr + offsets, y * scale, mask=mask)


@triton.jit
def logical(out_ptr, a, b):
    if a > 0 and b > 0:
        tl.store(out_ptr + 0, 1)
    else:
        tl.store(out_ptr + 0, 0)
    if a > 0 or b > 0:
        tl.store(out_ptr + 1, 1)
    else:
        tl.store(out_ptr + 1, 0)
    if not (a > b):
        tl.store(out_ptr + 2, 1)
    else:
        tl.store(out_ptr + 2, 0)
    tl.store(out_ptr + 3, min(a, b))
    tl.store(out_ptr + 4, max(a, b))


@triton.jit
def specialised(out_ptr, a, b, c):
    """An int equal to 1 is a constant: it may be a tile extent."""
    tl.store(out_ptr + tl.arange(0, 4), tl.arange(0, 4) * a + b // c)


@triton.jit
def printing(x_ptr, n):
    pid = tl.program_id(0)
    tl.device_print("value", tl.load(x_ptr + pid))


@triton.jit
def asserting(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.device_assert(x >= 0, "x must not be negative", mask=mask)


@triton.jit
def reporting(x_ptr, n, BLOCK: tl.constexpr):
    """Prints tiles and scalars of several types, and asserts."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n, other=0.0)
    tl.device_print("x", x, offsets)
    tl.device_print("hex", offsets, hex=True)
    tl.device_print("program", tl.program_id(0))
    tl.device_assert(x >= 0, "x must not be negative")
    tl.store(x_ptr + offsets, x + 1, mask=offsets < n)


@triton.jit
def printing_types(x_ptr, y_ptr, BLOCK: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, BLOCK))
    tl.device_print("f16", x.to(tl.float16))
    tl.device_print("bf16", x.to(tl.bfloat16))
    tl.device_print("bf16 hex", x.to(tl.bfloat16), hex=True)
    tl.device_print("f8", x.to(tl.float8e5))
    tl.device_print("f8 hex", x.to(tl.float8e5), hex=True)
    tl.device_print("f64", x.to(tl.float64))
    tl.device_print("f64 hex", x.to(tl.float64), hex=True)
    tl.device_print("i1", x > 0)
    tl.device_print("i8", x.to(tl.int8))
    tl.device_print("u8", x.to(tl.int8).to(tl.uint8))
    tl.device_print("i16 hex", x.to(tl.int16), hex=True)
    tl.device_print("i64", x.to(tl.int64) * 10000000000)
    tl.device_print("u32", x.to(tl.int32).to(tl.uint32))
    tl.device_print("u64", x.to(tl.int64).to(tl.uint64))
    tl.device_print("pointers", y_ptr + tl.arange(0, BLOCK))
    tl.device_print("pointer", y_ptr)
    tl.device_print("text only")
    tl.device_print("square", x[:, None] + tl.arange(0, 2)[None, :])
    tl.device_print("scalars", tl.sum(x), 3, BLOCK)
