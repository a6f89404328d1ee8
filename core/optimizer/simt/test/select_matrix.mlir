// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=warp32 num-warps=8" -o /dev/null 2>&1 | FileCheck %s --check-prefix=WARP32
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=warp64 num-warps=4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=WARP64
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=flushes64 num-warps=4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FLUSHES
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=group num-warps=8" -o /dev/null 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=group num-warps=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix="target=group num-warps=8" --simt-assign-layouts="target=group num-warps=8" 2>/dev/null | FileCheck %s --check-prefix=ASYNC

// Fewest operands a warp where fragments stay in registers; wide instructions
// where each reads its own from shared memory.
// WARP32: product of 128 x 256 x 64 of f16 and f16 in f32: m16n8k16.f32.f16, warps 2 x 4
// WARP64: product of 128 x 256 x 64 of f16 and f16 in f32: m16n16k16.f32.f16, warps
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
// FLUSHES: product of 32 x 32 x 64 of f8E4M3FN and f8E5M2 in f32: m16n16k16.f32.bf16, warps {{.*}}, of operands made bf16
// FLUSHES: product of 32 x 32 x 64 of f8E4M3FN and f8E4M3FN in f32: m16n16k16.f32.f16
// WARP32: product of 32 x 32 x 64 of i8 and i8 in i32: single multiply-adds, no matrix instruction has these types
func.func @narrow(%a: tensor<32x64xf8E4M3FN>, %b: tensor<64x32xf8E5M2>, %c: tensor<32x32xf32>, %e: tensor<64x32xf8E4M3FN>, %i: tensor<32x64xi8>, %j: tensor<64x32xi8>, %k: tensor<32x32xi32>) -> (tensor<32x32xf32>, tensor<32x32xi32>) {
  %d = tile.dot %a, %b, %c : tensor<32x64xf8E4M3FN>, tensor<64x32xf8E5M2> -> tensor<32x32xf32>
  %f = tile.dot %a, %e, %d : tensor<32x64xf8E4M3FN>, tensor<64x32xf8E4M3FN> -> tensor<32x32xf32>
  %g = tile.dot %i, %j, %k : tensor<32x64xi8>, tensor<64x32xi8> -> tensor<32x32xi32>
  return %f, %g : tensor<32x32xf32>, tensor<32x32xi32>
}
