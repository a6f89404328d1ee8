// RUN: tilesdk-opt %s --simt-select-matrix="target=group num-warps=8" --simt-assign-layouts="target=group num-warps=8" --simt-warp-specialize="target=group num-warps=8" --cse 2>/dev/null | FileCheck %s

// More warps compute than copy: the producer's layouts count its own warps, and
// what it clones verifies with them.
// CHECK-DAG: #[[CONSUMER:.*]] = #simt.layout<"(dim0: 64, dim1: 64) {{.*}}; warp: {{\([0-9,]*\) \([0-9,]*\) \([0-9,]*\)}} }">
// CHECK-DAG: #[[PRODUCER:.*]] = #simt.layout<"(dim0: 64, dim1: 32) {{.*}}; warp: {{\([0-9,]*\) \([0-9,]*\)}} }">
// CHECK-LABEL: func.func @mm(
// CHECK-SAME: simt.num_warps = 12 : i32
// CHECK-SAME: simt.threads = 384 : i32
// CHECK: simt.warp_specialize warps = [8, 4] registers = [200, 96] {
// CHECK: simt.barrier_wait
// CHECK: -> tensor<64x64xf32, #[[CONSUMER]]>
// CHECK: simt.barrier_arrive
// CHECK: tile.store
// CHECK: }, {
// CHECK-NOT: tile.store
// CHECK: simt.async_copy {{.*}} : tensor<64x32x!tile.ptr<f16>, #[[PRODUCER]]> ->
func.func @mm(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %c4096 = arith.constant 4096 : i32
  %z = arith.constant dense<0.0> : tensor<64x64xf32>
  %rm = tile.make_range 0, 64 : tensor<64xi32>
  %rk = tile.make_range 0, 32 : tensor<32xi32>
  %rm1 = tile.expand_dims %rm, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %rk1 = tile.expand_dims %rk, 1 : tensor<32xi32> -> tensor<32x1xi32>
  %rn1 = tile.expand_dims %rm, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %rk0 = tile.expand_dims %rk, 0 : tensor<32xi32> -> tensor<1x32xi32>
  %s = arith.constant dense<4096> : tensor<64x1xi32>
  %sk = arith.constant dense<4096> : tensor<32x1xi32>
  %ro = arith.muli %rm1, %s : tensor<64x1xi32>
  %ro2 = tile.broadcast %ro : tensor<64x1xi32> -> tensor<64x32xi32>
  %ko = tile.broadcast %rk0 : tensor<1x32xi32> -> tensor<64x32xi32>
  %ao = arith.addi %ro2, %ko : tensor<64x32xi32>
  %kr = arith.muli %rk1, %sk : tensor<32x1xi32>
  %kr2 = tile.broadcast %kr : tensor<32x1xi32> -> tensor<32x64xi32>
  %no = tile.broadcast %rn1 : tensor<1x64xi32> -> tensor<32x64xi32>
  %bo = arith.addi %kr2, %no : tensor<32x64xi32>
  %r = scf.for %i = %c0 to %k step %c32 iter_args(%acc = %z) -> tensor<64x64xf32> : i32 {
    %ap = tile.addptr %a, %i : !tile.ptr<f16>, i32
    %aps = tile.splat %ap : !tile.ptr<f16> -> tensor<64x32x!tile.ptr<f16>>
    %app = tile.addptr %aps, %ao : tensor<64x32x!tile.ptr<f16>>, tensor<64x32xi32>
    %left = arith.subi %k, %i : i32
    %ls = tile.splat %left : i32 -> tensor<1x32xi32>
    %m = arith.cmpi slt, %rk0, %ls : tensor<1x32xi32>
    %mm = tile.broadcast %m : tensor<1x32xi1> -> tensor<64x32xi1>
    %x = tile.load %app mask %mm : tensor<64x32x!tile.ptr<f16>>
    %bi = arith.muli %i, %c4096 : i32
    %bp = tile.addptr %b, %bi : !tile.ptr<f16>, i32
    %bps = tile.splat %bp : !tile.ptr<f16> -> tensor<32x64x!tile.ptr<f16>>
    %bpp = tile.addptr %bps, %bo : tensor<32x64x!tile.ptr<f16>>, tensor<32x64xi32>
    %y = tile.load %bpp : tensor<32x64x!tile.ptr<f16>>
    %d = tile.dot %x, %y, %acc : tensor<64x32xf16>, tensor<32x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tile.warp_specialize = true}
  %co2 = tile.broadcast %ro : tensor<64x1xi32> -> tensor<64x64xi32>
  %cn = tile.broadcast %rn1 : tensor<1x64xi32> -> tensor<64x64xi32>
  %co = arith.addi %co2, %cn : tensor<64x64xi32>
  %cs = tile.splat %c : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %cp = tile.addptr %cs, %co : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  tile.store %cp, %r : tensor<64x64x!tile.ptr<f32>>
  return
}

