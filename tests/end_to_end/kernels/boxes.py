"""Products of blocks that one thread may copy as boxes of a tensor."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import triton
import triton.language as tl


@triton.jit
def product(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
            BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
            SPECIALIZE: tl.constexpr):
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1], [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for k in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        acc = tl.dot(a.load([m, k]), b.load([k, n]), acc)
    c.store([m, n], acc.to(c.dtype))


@triton.jit
def transposed(a, b, c, K, SPECIALIZE: tl.constexpr):
    """Descriptors of the host, the right operand's rows along K."""
    m = tl.program_id(0) * c.block_shape[0]
    n = tl.program_id(1) * c.block_shape[1]
    acc = tl.zeros(c.block_shape, tl.float32)
    for k in tl.range(0, K, a.block_shape[1], warp_specialize=SPECIALIZE):
        acc = tl.dot(a.load([m, k]), b.load([n, k]).T, acc)
    c.store([m, n], acc.to(c.dtype))


@triton.jit
def shared_operand(a_ptr, b_ptr, c_ptr, d_ptr, M, N, K, BLOCK: tl.constexpr,
                   BLOCK_K: tl.constexpr, SPECIALIZE: tl.constexpr):
    """Two products of one left operand; one right operand comes by pointers."""
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1], [BLOCK_K, BLOCK])
    m = tl.program_id(0) * BLOCK
    n = tl.program_id(1) * BLOCK
    columns = n + tl.arange(0, BLOCK)
    first = tl.zeros((BLOCK, BLOCK), tl.float32)
    second = tl.zeros((BLOCK, BLOCK), tl.float32)
    for k in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        x = a.load([m, k])
        rows = k + tl.arange(0, BLOCK_K)
        y = tl.load(b_ptr + rows[:, None] * N + columns[None, :],
                    mask=(rows[:, None] < K) & (columns[None, :] < N), other=0)
        first = tl.dot(x, b.load([k, n]), first)
        second = tl.dot(x, y, second)
    at = (m + tl.arange(0, BLOCK))[:, None] * N + columns[None, :]
    inside = ((m + tl.arange(0, BLOCK))[:, None] < M) & (columns[None, :] < N)
    tl.store(c_ptr + at, first, mask=inside)
    tl.store(d_ptr + at, second, mask=inside)


@triton.jit
def persistent(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
               BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
               PROGRAMS: tl.constexpr, SPECIALIZE: tl.constexpr):
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1], [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    columns = tl.cdiv(N, BLOCK_N)
    for tile in tl.range(tl.program_id(0), tl.cdiv(M, BLOCK_M) * columns,
                         PROGRAMS, warp_specialize=SPECIALIZE):
        m = tile // columns * BLOCK_M
        n = tile % columns * BLOCK_N
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
        for k in range(0, K, BLOCK_K):
            acc = tl.dot(a.load([m, k]), b.load([k, n]), acc)
        c.store([m, n], acc.to(c.dtype))


@triton.jit
def pointers(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
             BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
             SPECIALIZE: tl.constexpr):
    """Tiles of pointers with masks at the ends of the tensors."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        k = start + tl.arange(0, BLOCK_K)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :],
                    mask=(m[:, None] < M) & (k[None, :] < K), other=0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :],
                    mask=(k[:, None] < K) & (n[None, :] < N), other=0)
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc.to(c_ptr.dtype.element_ty),
             mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def advanced(a_ptr, b_ptr, c_ptr, M, N, K, stride_a, stride_b, stride_c,
             BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
             BLOCK_K: tl.constexpr, GROUP: tl.constexpr,
             TRANSPOSED: tl.constexpr, SPECIALIZE: tl.constexpr):
    """Pointers that the loop moves; of B, elements along k are neighbours if it
    is transposed."""
    program = tl.program_id(0)
    columns = tl.cdiv(N, BLOCK_N)
    group = program // (GROUP * columns)
    size = min(tl.cdiv(M, BLOCK_M) - group * GROUP, GROUP)
    within = program % (GROUP * columns)
    m = (group * GROUP + within % size) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = within // size * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    a_ptrs = a_ptr + m[:, None].to(tl.int64) * stride_a + k[None, :]
    if TRANSPOSED:
        b_ptrs = b_ptr + k[:, None] + n[None, :] * stride_b
        b_step = BLOCK_K
    else:
        b_ptrs = b_ptr + k[:, None] * stride_b + n[None, :]
        b_step = BLOCK_K * stride_b
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for step in tl.range(tl.cdiv(K, BLOCK_K), warp_specialize=SPECIALIZE):
        left = K - step * BLOCK_K
        a = tl.load(a_ptrs, mask=(m[:, None] < M) & (k[None, :] < left),
                    other=0)
        b = tl.load(b_ptrs, mask=(k[:, None] < left) & (n[None, :] < N),
                    other=0)
        acc = tl.dot(a, b, acc)
        a_ptrs += BLOCK_K
        b_ptrs += b_step
    tl.store(c_ptr + m[:, None] * stride_c + n[None, :], acc,
             mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def shifted(a_ptr, b_ptr, c_ptr, ROWS, WIDTH: tl.constexpr,
            SHIFT: tl.constexpr, LENGTH, BLOCK: tl.constexpr,
            SPECIALIZE: tl.constexpr):
    """C[i] = A[i - SHIFT] B where that row is from 0 to ROWS, for blocks of
    LENGTH rows; B is WIDTH x BLOCK, without a mask."""
    m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    row = m - SHIFT
    n = tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for start in tl.range(0, WIDTH, 32, warp_specialize=SPECIALIZE):
        k = start + tl.arange(0, 32)
        a = tl.load(a_ptr + row[:, None] * WIDTH + k[None, :],
                    mask=(row[:, None] >= 0) & (row[:, None] < ROWS) &
                    (k[None, :] < WIDTH), other=0)
        b = tl.load(b_ptr + k[:, None] * BLOCK + n[None, :])
        acc = tl.dot(a, b, acc)
    tl.store(c_ptr + m[:, None] * BLOCK + n[None, :], acc,
             mask=m[:, None] < LENGTH)


@triton.jit
def pointers_persistent(a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
                        BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                        PROGRAMS: tl.constexpr, SPECIALIZE: tl.constexpr):
    columns = tl.cdiv(N, BLOCK_N)
    for tile in tl.range(tl.program_id(0), tl.cdiv(M, BLOCK_M) * columns,
                         PROGRAMS, warp_specialize=SPECIALIZE):
        m = tile // columns * BLOCK_M + tl.arange(0, BLOCK_M)
        n = tile % columns * BLOCK_N + tl.arange(0, BLOCK_N)
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
        for start in range(0, K, BLOCK_K):
            k = start + tl.arange(0, BLOCK_K)
            a = tl.load(a_ptr + m[:, None] * K + k[None, :],
                        mask=(m[:, None] < M) & (k[None, :] < K), other=0)
            b = tl.load(b_ptr + k[:, None] * N + n[None, :],
                        mask=(k[:, None] < K) & (n[None, :] < N), other=0)
            acc = tl.dot(a, b, acc)
        tl.store(c_ptr + m[:, None] * N + n[None, :], acc,
                 mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def read_back(x_ptr, c_ptr, d_ptr, M, N, BLOCK_M: tl.constexpr,
              BLOCK_N: tl.constexpr):
    """A block that the program stores, stores again, and reads from behind."""
    x = tl.make_tensor_descriptor(x_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    m = tl.program_id(0) * BLOCK_M
    block = x.load([m, 0])
    c.store([m, 0], block)
    c.store([m, 0], block + 1)
    tl.debug_barrier()
    rows = m + BLOCK_M - 1 - tl.arange(0, BLOCK_M)
    columns = BLOCK_N - 1 - tl.arange(0, BLOCK_N)
    at = rows[:, None] * N + columns[None, :]
    inside = (rows[:, None] < M) & (columns[None, :] < N)
    y = tl.load(c_ptr + at, mask=inside, other=0)
    tl.store(d_ptr + at, 2 * y, mask=inside)


@triton.jit
def show_others(x_ptr, c_ptr, d_ptr, ready_ptr, M, N, BLOCK: tl.constexpr):
    """Each program reads the block of the one before, when that is there."""
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK, 64])
    i = tl.program_id(0)
    at = tl.arange(0, BLOCK)[:, None] * N + tl.arange(0, 64)[None, :]
    c.store([i * BLOCK, 0], tl.load(x_ptr + i * BLOCK * N + at))
    tl.atomic_xchg(ready_ptr + i, 1)
    if i > 0:
        while tl.atomic_add(ready_ptr + i - 1, 0) == 0:
            pass
        tl.store(d_ptr + i * BLOCK * N + at,
                 tl.load(c_ptr + (i - 1) * BLOCK * N + at) + 1)


@triton.jit
def two_results(a_ptr, b_ptr, c_ptr, d_ptr, rows, M, N, K,
                BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                BLOCK_K: tl.constexpr):
    """Of a tensor with rows or without; the second result has another type."""
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1], [BLOCK_K, BLOCK_N])
    c = tl.make_tensor_descriptor(c_ptr, [rows, N], [N, 1], [BLOCK_M, BLOCK_N])
    d = tl.make_tensor_descriptor(d_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for k in range(0, K, BLOCK_K):
        acc = tl.dot(a.load([m, k]), b.load([k, n]), acc)
    c.store([m, n], acc.to(c.dtype))
    d.store([m, n], (acc * 2).to(d.dtype))


@triton.jit
def store_anywhere(x_ptr, c_ptr, M, N, row, column, BLOCK_M: tl.constexpr,
                   BLOCK_N: tl.constexpr):
    """Blocks side by side, which may begin before the tensor or lie outside."""
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    i = tl.arange(0, BLOCK_M)
    j = tl.arange(0, BLOCK_N)
    x = tl.load(x_ptr + i[:, None] * BLOCK_N + j[None, :])
    for n in range(0, 3):
        c.store([row, column + n * BLOCK_N], x + n)


@triton.jit
def store_row_ends(a_ptr, b_ptr, c_ptr, d_ptr, M, N, BLOCK_M: tl.constexpr,
                   BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                   PITCH: tl.constexpr):
    """The first N columns of wider tensors, by a descriptor and by pointers."""
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [PITCH, 1],
                                  [BLOCK_M, BLOCK_N])
    m = tl.arange(0, BLOCK_M)
    n = tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    product = tl.dot(tl.load(a_ptr + m[:, None] * BLOCK_K + k[None, :]),
                     tl.load(b_ptr + k[:, None] * BLOCK_N + n[None, :]))
    result = product.to(c_ptr.dtype.element_ty)
    c.store([0, 0], result)
    tl.store(d_ptr + m[:, None] * PITCH + n[None, :], result,
             mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def written_first(x_ptr, a_ptr, b_ptr, c_ptr, M, N, K, BLOCK_M: tl.constexpr,
                  BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                  SPECIALIZE: tl.constexpr):
    """Rows that the program's threads write, then multiply."""
    m = tl.program_id(0) * BLOCK_M
    i = m + tl.arange(0, BLOCK_M)
    j = tl.arange(0, BLOCK_N)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        at = i[:, None] * K + k[None, :]
        mask = (i[:, None] < M) & (k[None, :] < K)
        tl.store(a_ptr + at, 2 * tl.load(x_ptr + at, mask=mask), mask=mask)
    tl.debug_barrier()
    a = tl.make_tensor_descriptor(a_ptr, [M, K], [K, 1], [BLOCK_M, BLOCK_K])
    b = tl.make_tensor_descriptor(b_ptr, [K, N], [N, 1], [BLOCK_K, BLOCK_N])
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in tl.range(0, K, BLOCK_K, warp_specialize=SPECIALIZE):
        acc = tl.dot(a.load([m, start]), b.load([start, 0]), acc)
    tl.store(c_ptr + i[:, None] * N + j[None, :], acc,
             mask=(i[:, None] < M) & (j[None, :] < N))


@triton.jit
def store_overlapping(x_ptr, c_ptr, M, N, first, second, third,
                      BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    """The last of several blocks that meet stays: barriers order them."""
    c = tl.make_tensor_descriptor(c_ptr, [M, N], [N, 1], [BLOCK_M, BLOCK_N])
    i = tl.arange(0, BLOCK_M)
    j = tl.arange(0, BLOCK_N)
    x = tl.load(x_ptr + i[:, None] * BLOCK_N + j[None, :])
    c.store([0, first], x)
    tl.debug_barrier()
    c.store([0, second], x + 1)
    tl.debug_barrier()
    c.store([0, third], x + 2)


@triton.jit
def from_column(a_ptr, b_ptr, c_ptr, d_ptr, ROWS, WIDTH, first,
                FIRST: tl.constexpr, LENGTH: tl.constexpr, BLOCK: tl.constexpr,
                SPECIALIZE: tl.constexpr):
    """LENGTH columns of A times B: from FIRST on by pointers, from `first` on by
    a descriptor."""
    x = tl.make_tensor_descriptor(a_ptr, [ROWS, WIDTH], [WIDTH, 1], [BLOCK, 32])
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    n = tl.arange(0, BLOCK)
    by_pointers = tl.zeros((BLOCK, BLOCK), tl.float32)
    for start in tl.range(0, LENGTH, 32, warp_specialize=SPECIALIZE):
        k = start + tl.arange(0, 32)
        a = tl.load(a_ptr + row[:, None] * WIDTH + (FIRST + k)[None, :],
                    mask=(row[:, None] < ROWS) & (FIRST + k[None, :] < WIDTH),
                    other=0)
        b = tl.load(b_ptr + k[:, None] * BLOCK + n[None, :])
        by_pointers = tl.dot(a, b, by_pointers)
    by_boxes = tl.zeros((BLOCK, BLOCK), tl.float32)
    for start in range(0, LENGTH, 32):
        a = x.load([tl.program_id(0) * BLOCK, first + start])
        k = start + tl.arange(0, 32)
        b = tl.load(b_ptr + k[:, None] * BLOCK + n[None, :])
        by_boxes = tl.dot(a, b, by_boxes)
    at = row[:, None] * BLOCK + n[None, :]
    tl.store(c_ptr + at, by_pointers, mask=row[:, None] < ROWS)
    tl.store(d_ptr + at, by_boxes, mask=row[:, None] < ROWS)
