// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=warp32 num-warps=8" -o /dev/null 2>&1 | FileCheck %s --check-prefix=WARP32
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=warp64 num-warps=4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=WARP64
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=flushes64 num-warps=4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FLUSHES
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=group num-warps=8" -o /dev/null 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=group num-warps=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=group num-warps=8" --simt-assign-layouts="target=group num-warps=8" 2>/dev/null | FileCheck %s --check-prefix=ASYNC

// Fewest operands a warp where fragments stay in registers; wide instructions
// where each reads its own from shared memory.
// WARP32: product of 128 x 256 x 64 of f16 and f16 in f32: m16n8k16.f32.f16, warps 2 x 4
// WARP64: product of 128 x 256 x 64 of f16 and f16 in f32: m16n16k16.f32.f16 of the transposed product, warps
// GROUP: product of 128 x 256 x 64 of f16 and f16 in f32: m64k16.f32.f16, warps 8 x 1
// FEW: m16n8k16.f32.f16, warps {{.*}}; m64k16.f32.f16: needs 4 warps, there are 2
// ASYNC-LABEL: @large
// ASYNC: %[[D:.*]] = simt.mma_async "m64k16.f32.f16" {{.*}} : !simt.shared<128x64xf16, {{.*}}>, !simt.shared<64x256xf16, {{.*}}> -> tensor<128x256xf32
// ASYNC: simt.mma_wait %[[D]] pending = 0
func.func @large(%a: tensor<128x64xf16>, %b: tensor<64x256xf16>, %c: tensor<128x256xf32>) -> tensor<128x256xf32> {
  %d = tile.dot %a, %b, %c : tensor<128x64xf16>, tensor<64x256xf16> -> tensor<128x256xf32>
  return %d : tensor<128x256xf32>
}

// -----

// What is reduced along rows, or goes on as a left operand, keeps whole rows in
// a warp.
// WARP32: product of 128 x 64 x 64 {{.*}}, warps 8 x 1
// ASYNC-LABEL: @chained
// ASYNC: simt.mma_async {{.*}} : !simt.shared<{{.*}}>, !simt.shared
// ASYNC-NOT: convert_layout
// ASYNC-NOT: shared_alloc
// ASYNC: simt.mma_async {{.*}} : tensor<128x64xf16, {{.*}}>, !simt.shared
func.func @chained(%a: tensor<128x64xf16>, %b: tensor<64x64xf16>, %c: tensor<128x64xf32>) -> tensor<128x64xf32> {
  %d = tile.dot %a, %b, %c : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
  %e = arith.truncf %d : tensor<128x64xf32> to tensor<128x64xf16>
  %f = tile.dot %e, %b, %c : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
  return %f : tensor<128x64xf32>
}

// -----

// So does what a loop carries to the iteration that reduces it; what is reduced
// behind the loop only does not.
// WARP32: product of 128 x 64 x 64 {{.*}}, warps 8 x 1
// WARP32: product of 128 x 64 x 64 {{.*}}, warps 4 x 2
func.func @carried(%a: tensor<128x64xf16>, %b: tensor<64x64xf16>, %c: tensor<128x64xf32>, %s: tensor<128xf32>, %n: i32) -> (tensor<128xf32>, tensor<128xf32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %loop:3 = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %s, %d = %c, %acc = %c) -> (tensor<128xf32>, tensor<128x64xf32>, tensor<128x64xf32>) : i32 {
    %r = tile.reduce %d axis = 1 commutative : (tensor<128x64xf32>) -> tensor<128xf32> {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tile.yield %z : f32
    }
    %t = arith.addf %sum, %r : tensor<128xf32>
    %d1 = tile.dot %a, %b, %c : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
    %e1 = tile.dot %a, %b, %acc : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
    scf.yield %t, %d1, %e1 : tensor<128xf32>, tensor<128x64xf32>, tensor<128x64xf32>
  }
  %last = tile.reduce %loop#2 axis = 1 commutative : (tensor<128x64xf32>) -> tensor<128xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    tile.yield %z : f32
  }
  return %loop#0, %last : tensor<128xf32>, tensor<128xf32>
}

// -----

// A lane of `warp64` holds four neighbours of a column of the result, or of a
// row of the transposed product's: who takes the result decides. A product takes
// runs along k of either operand.
// WARP32: product of 64 x 32 x 64 of f16 and f16 in f32: m16n8k16.f32.f16, warps
// WARP64: product of 64 x 32 x 64 of f16 and f16 in f32: m16n16k16.f32.f16, warps
// WARP64: product of 128 x 32 x 64 of f16 and f16 in f32: m16n16k16.f32.f16 of the transposed product, warps
func.func @right_operand(%a: tensor<64x64xf16>, %b: tensor<64x32xf16>, %c: tensor<64x32xf32>, %l: tensor<128x64xf16>, %s: tensor<128x32xf32>) -> tensor<128x32xf32> {
  %d = tile.dot %a, %b, %c : tensor<64x64xf16>, tensor<64x32xf16> -> tensor<64x32xf32>
  %e = arith.truncf %d : tensor<64x32xf32> to tensor<64x32xf16>
  %f = tile.dot %l, %e, %s : tensor<128x64xf16>, tensor<64x32xf16> -> tensor<128x32xf32>
  return %f : tensor<128x32xf32>
}

// -----

// What is stored as it is, and what is stored transposed, behind a loop.
// WARP64: product of 32 x 64 x 64 {{.*}}f32.f16 of the transposed product, warps
// WARP64: product of 64 x 64 x 32 {{.*}}f32.f16, warps
func.func @stored(%p: !tile.ptr<f32>, %a: tensor<32x64xf16>, %b: tensor<64x64xf16>, %c: tensor<32x64xf32>, %l: tensor<64x32xf16>, %r: tensor<32x64xf16>, %s: tensor<64x64xf32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0 : index
  %m = arith.constant 64 : i32
  %one = arith.constant 1 : i64
  %stride = arith.constant 64 : i64
  %d = tile.dot %a, %b, %c : tensor<32x64xf16>, tensor<64x64xf16> -> tensor<32x64xf32>
  tile.descriptor_store %p shape[%m, %m] strides[%stride, %one] at[%c0, %c0], %d : !tile.ptr<f32>, tensor<32x64xf32>
  %f = scf.for %i = %zero to %c8 step %c1 iter_args(%sum = %s) -> (tensor<64x64xf32>) {
    %e = tile.dot %l, %r, %sum : tensor<64x32xf16>, tensor<32x64xf16> -> tensor<64x64xf32>
    scf.yield %e : tensor<64x64xf32>
  }
  %t = tile.trans %f [1, 0] : tensor<64x64xf32> -> tensor<64x64xf32>
  tile.descriptor_store %p shape[%m, %m] strides[%stride, %one] at[%c0, %c0], %t : !tile.ptr<f32>, tensor<64x64xf32>
  return
}

// -----

// Single multiply-adds, and why.
// WARP32: product of 32 x 32 x 16 of f64 and f64 in f64: single multiply-adds, no matrix instruction has these types
func.func @double(%a: tensor<32x16xf64>, %b: tensor<16x32xf64>, %c: tensor<32x32xf64>) -> tensor<32x32xf64> {
  %d = tile.dot %a, %b, %c : tensor<32x16xf64>, tensor<16x32xf64> -> tensor<32x32xf64>
  return %d : tensor<32x32xf64>
}

// -----

// WARP32: product of 32 x 32 x 8 of f16 and f16 in f32: single multiply-adds, no matrix instruction fits; m16n8k16.f32.f16: the product is no multiple of its 16 x 8 x 16
func.func @short(%a: tensor<32x8xf16>, %b: tensor<8x32xf16>, %c: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %d = tile.dot %a, %b, %c : tensor<32x8xf16>, tensor<8x32xf16> -> tensor<32x32xf32>
  return %d : tensor<32x32xf32>
}

// -----

// f32 goes through tf32 only where that is allowed.
// WARP32: of f32 and f32 in f32: single multiply-adds
// WARP32: of tf32 and tf32 in f32: m16n8k8.f32.tf32
func.func @precision(%a: tensor<32x32xf32>, %c: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %d = tile.dot %a, %a, %c : tensor<32x32xf32>, tensor<32x32xf32> -> tensor<32x32xf32>
  %e = tile.dot %a, %a, %d precision = tf32 : tensor<32x32xf32>, tensor<32x32xf32> -> tensor<32x32xf32>
  return %e : tensor<32x32xf32>
}

// -----

// Batches are spread over warps first; 48 columns are 3 repetitions of 16.
// WARP32: product of 4 times 32 x 48 x 16 {{.*}}m16n8k16.f32.f16, warps
// GROUP: m64k16.f32.f16: the product is no multiple of its 64 x 8 x 16
func.func @batches(%a: tensor<4x32x16xf16>, %b: tensor<4x16x48xf16>, %c: tensor<4x32x48xf32>) -> tensor<4x32x48xf32> {
  %d = tile.dot %a, %b, %c : tensor<4x32x16xf16>, tensor<4x16x48xf16> -> tensor<4x32x48xf32>
  return %d : tensor<4x32x48xf32>
}

// -----

// Three products of what the instruction keeps and of the rest.
// WARP32-COUNT-3: of tf32 and tf32 in f32: m16n8k8.f32.tf32
func.func @split(%a: tensor<32x32xf32>, %c: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %d = tile.dot %a, %a, %c precision = tf32x3 : tensor<32x32xf32>, tensor<32x32xf32> -> tensor<32x32xf32>
  return %d : tensor<32x32xf32>
}

// -----

// 8-bit floats that no instruction takes, by one for wider floats.
// WARP32: product of 32 x 32 x 64 of f8E4M3FN and f8E5M2 in f32: m16n8k16.f32.f16, warps {{.*}}, of operands made f16 on their way from registers
// Not by one that counts the smallest of them as 0.
// FLUSHES: product of 32 x 32 x 64 of f8E4M3FN and f8E5M2 in f32: m16n16k16.f32.bf16 of the transposed product, warps {{.*}}, of operands made bf16
// FLUSHES: product of 32 x 32 x 64 of f8E4M3FN and f8E4M3FN in f32: m16n16k16.f32.f16
// WARP32: product of 32 x 32 x 64 of i8 and i8 in i32: single multiply-adds, no matrix instruction has these types
func.func @narrow(%a: tensor<32x64xf8E4M3FN>, %b: tensor<64x32xf8E5M2>, %c: tensor<32x32xf32>, %e: tensor<64x32xf8E4M3FN>, %i: tensor<32x64xi8>, %j: tensor<64x32xi8>, %k: tensor<32x32xi32>) -> (tensor<32x32xf32>, tensor<32x32xi32>) {
  %d = tile.dot %a, %b, %c : tensor<32x64xf8E4M3FN>, tensor<64x32xf8E5M2> -> tensor<32x32xf32>
  %f = tile.dot %a, %e, %d : tensor<32x64xf8E4M3FN>, tensor<64x32xf8E4M3FN> -> tensor<32x32xf32>
  %g = tile.dot %i, %j, %k : tensor<32x64xi8>, tensor<64x32xi8> -> tensor<32x32xi32>
  return %f, %g : tensor<32x32xf32>, tensor<32x32xi32>
}

// -----

// Each product is waited for where it is taken; the second, which is begun later,
// may still be under way at the first one's wait. What a loop carries is taken at
// its end, and the one before it lies in registers as the product takes it.
// ASYNC-LABEL: @late
// ASYNC: %[[P:.*]] = simt.mma_async "m64k16.f32.f16"
// ASYNC: %[[Q:.*]] = simt.mma_async "m64k16.f32.f16"
// ASYNC: %[[P0:.*]] = simt.mma_wait %[[P]] pending = 1
// ASYNC: arith.truncf %[[P0]]
// ASYNC: scf.for {{.*}} iter_args(%[[BEFORE:.*]] = %{{.*}}, %[[SUM:.*]] = %{{.*}})
// ASYNC: %[[NEXT:.*]] = simt.mma_async "m64k16.f32.f16"
// ASYNC: %[[H:.*]] = arith.truncf %[[BEFORE]]
// ASYNC-NOT: shared_alloc
// ASYNC: %[[S:.*]] = simt.mma_async "m64k16.f32.f16" %[[H]],
// ASYNC-DAG: simt.mma_wait %[[S]] pending = 0
// ASYNC-DAG: simt.mma_wait %[[NEXT]] pending = 1
// ASYNC-NEXT: scf.yield
func.func @late(%a: tensor<128x64xf16>, %b: tensor<64x64xf16>, %c: tensor<128x64xf32>) -> (tensor<128x64xf16>, tensor<128x64xf32>) {
  %zero = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %none = arith.constant dense<0.0> : tensor<128x64xf32>
  %p = tile.dot %a, %b, %c : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
  %q = tile.dot %a, %b, %none : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
  %h = arith.truncf %p : tensor<128x64xf32> to tensor<128x64xf16>
  %r:2 = scf.for %i = %zero to %c8 step %c1 iter_args(%before = %q, %sum = %none) -> (tensor<128x64xf32>, tensor<128x64xf32>) {
    %next = tile.dot %a, %b, %none : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
    %x = arith.truncf %before : tensor<128x64xf32> to tensor<128x64xf16>
    %s = tile.dot %x, %b, %sum : tensor<128x64xf16>, tensor<64x64xf16> -> tensor<128x64xf32>
    scf.yield %next, %s : tensor<128x64xf32>, tensor<128x64xf32>
  }
  return %h, %r#1 : tensor<128x64xf16>, tensor<128x64xf32>
}
