# RUN: tilesdk-translate %s --kernel add --signature '*f32:16,*f32,*f32,i32,192' | FileCheck %s
import triton
import triton.language as tl


@triton.jit
def add(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    # CHECK: module attributes {tile.version = 1 : i32}
    # CHECK: func.func @add(%[[X:.*]]: !tile.ptr<f32> {tile.divisibility = 16 : i64, tile.leaf = 0 : i64, tile.name = "x_ptr"}
    # CHECK-SAME: attributes {tile.kernel}
    # CHECK: %[[PID:.*]] = tile.program_id 0
    pid = tl.program_id(0)
    # CHECK: %[[START:.*]] = arith.muli %[[PID]]
    # CHECK: %[[RANGE:.*]] = tile.make_range 0, 192
    offs = pid * BLOCK + tl.arange(0, BLOCK)
    # CHECK: %[[MASK:.*]] = arith.cmpi slt
    mask = offs < n
    # CHECK: tile.load {{.*}} mask %[[MASK]] : tensor<192x!tile.ptr<f32>>
    x = tl.load(x_ptr + offs, mask=mask)
    # CHECK: tile.load {{.*}} mask %[[MASK]] other
    y = tl.load(y_ptr + offs, mask=mask, other=0.0)
    # CHECK: arith.addf {{.*}} fastmath<contract>
    # CHECK: tile.store {{.*}} mask %[[MASK]]
    tl.store(out_ptr + offs, x + y, mask=mask)
