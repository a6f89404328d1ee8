# RUN: tilesdk-translate %s --kernel early --signature '*f32,i32' | FileCheck %s --check-prefix=EARLY
# RUN: tilesdk-translate %s --kernel partial --signature '*f32,i32' | FileCheck %s --check-prefix=PARTIAL
# RUN: tilesdk-translate %s --kernel values --signature '*i32,i32' | FileCheck %s --check-prefix=VALUES
# RUN: tilesdk-translate %s --kernel static --signature '*f32,None,3' | FileCheck %s --check-prefix=STATIC
# RUN: tilesdk-translate %s --kernel loops --signature '*f32,i32' | FileCheck %s --check-prefix=LOOPS
# RUN: tilesdk-translate %s --kernel falling --signature '*i32,i32' | FileCheck %s --check-prefix=FALLING
import triton
import triton.language as tl


# What follows an early return goes to the other side.
@triton.jit
def early(x, n):
    # EARLY: scf.if %{{.*}} {
    # EARLY-NEXT: } else {
    # EARLY: tile.store
    # EARLY-NEXT: }
    # EARLY-NEXT: return
    if n > 3:
        return
    tl.store(x, 1.0)


# Both sides may go on: a flag guards the rest.
@triton.jit
def partial(x, n):
    # PARTIAL: %[[R:.*]]:2 = scf.if {{.*}} -> (i32, i1)
    if n > 3:
        n = n + 1
        # PARTIAL: %[[F:.*]] = scf.if {{.*}} -> (i1)
        # PARTIAL: arith.constant true
        # PARTIAL: arith.constant false
        if n > 8:
            tl.store(x, 2.0)
            return
    # PARTIAL: scf.if %[[R]]#1 {
    # PARTIAL-NEXT: } else {
    # PARTIAL: arith.sitofp %[[R]]#0
    tl.store(x, n.to(tl.float32))


@triton.jit
def pick(n):
    if n > 0:
        return 1, n
    elif n < -5:
        return 2, n + 1
    return 3, n + 2


@triton.jit
def values(x, n):
    # VALUES: %[[O:.*]]:2 = scf.if {{.*}} -> (i32, i32)
    # VALUES: %[[I:.*]]:2 = scf.if {{.*}} -> (i32, i32)
    # VALUES: scf.yield %[[I]]#0, %[[I]]#1
    # VALUES: arith.addi %[[O]]#0, %[[O]]#1
    a, b = pick(n)
    tl.store(x, a + b)


# Dead branches are not looked at; unrolled loops leave no loop behind.
@triton.jit
def static(x, bias, N: tl.constexpr):
    # STATIC-NOT: scf
    if bias is not None:
        undefined_here(bias)
    # STATIC-COUNT-2: tile.store
    # STATIC-NOT: tile.store
    for i in tl.static_range(N):
        if i == 1:
            continue
        tl.store(x + i, 1.0)


@triton.jit
def loops(x, n):
    # LOOPS: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<64xf32>, f32)
    acc = tl.zeros((64,), tl.float32)
    last = 0.0
    pair = (acc, last)
    for i in tl.range(0, n, 2, num_stages=3, flatten=True):
        acc += tl.load(x + i + tl.arange(0, 64))
        last = last + 1.0
    # LOOPS: } {tile.flatten = 1 : i32, tile.num_stages = 3 : i32}
    # LOOPS: scf.for {{.*}} -> (tensor<64xf32>, f32)
    for i in range(n):
        pair = (pair[0] + acc, pair[1])
    # LOOPS: scf.while {{.*}} : (i32, tensor<64xf32>) -> (i32, tensor<64xf32>)
    # LOOPS: scf.condition
    while n > 0:
        n -= 1
        acc = acc * 2.0
    tl.store(x + tl.arange(0, 64), acc + last + pair[0])


@triton.jit
def falling(x, n):
    # FALLING: arith.divsi
    # FALLING: scf.for %[[J:.*]] = %c0{{.*}} to
    # FALLING: %[[M:.*]] = arith.muli %[[J]]
    # FALLING: arith.addi %{{.*}}, %[[M]]
    for i in range(n, 0, -2):
        tl.store(x + i, i)
