// Every op in its written form survives text, generic text and bytecode.
// RUN: tilesdk-opt %s | tilesdk-opt | FileCheck %s
// RUN: tilesdk-opt %s --mlir-print-op-generic | tilesdk-opt | FileCheck %s
// RUN: tilesdk-opt %s --emit-bytecode | tilesdk-opt | FileCheck %s

// CHECK: module attributes {tile.version = 1 : i32}
module attributes {tile.version = 1 : i32} {

// CHECK-LABEL: func.func @program(
// CHECK-SAME: tile.divisibility = 16 : i64, tile.leaf = 0 : i64, tile.name = "x"
// CHECK-SAME: attributes {tile.kernel}
func.func @program(%x: !tile.ptr<f32> {tile.divisibility = 16 : i64, tile.leaf = 0 : i64, tile.name = "x"}) attributes {tile.kernel} {
  // CHECK: tile.program_id 0
  %0 = tile.program_id 0
  // CHECK: tile.num_programs 2
  %1 = tile.num_programs 2
  // CHECK: tile.barrier
  tile.barrier
  return
}

// CHECK-LABEL: func.func @types(
// CHECK-SAME: !tile.ptr<f16>, %{{.*}}: !tile.ptr<!tile.ptr<i8>>, %{{.*}}: !tile.ptr<f32, 3>, %{{.*}}: tensor<4x!tile.ptr<f8E4M3FN>>
func.func @types(%a: !tile.ptr<f16, 1>, %b: !tile.ptr<!tile.ptr<i8>>, %c: !tile.ptr<f32, 3>, %d: tensor<4x!tile.ptr<f8E4M3FN>>) {
  return
}

// CHECK-LABEL: func.func @shape(
func.func @shape(%s: f32, %x: tensor<8x16xf32>, %v: tensor<8xf32>, %w: tensor<4xf32>) {
  // CHECK: tile.make_range 0, 192 : tensor<192xi32>
  %0 = tile.make_range 0, 192 : tensor<192xi32>
  // CHECK: tile.make_range -3, 5 : tensor<8xi32>
  %neg = tile.make_range -3, 5 : tensor<8xi32>
  // CHECK: tile.splat %{{.*}} : f32 -> tensor<128x64xf32>
  %1 = tile.splat %s : f32 -> tensor<128x64xf32>
  // CHECK: tile.expand_dims %{{.*}}, 1 : tensor<8xf32> -> tensor<8x1xf32>
  %2 = tile.expand_dims %v, 1 : tensor<8xf32> -> tensor<8x1xf32>
  // CHECK: tile.broadcast %{{.*}} : tensor<8x1xf32> -> tensor<8x3xf32>
  %3 = tile.broadcast %2 : tensor<8x1xf32> -> tensor<8x3xf32>
  // CHECK: tile.reshape %{{.*}} : tensor<8x16xf32> -> tensor<128xf32>
  %4 = tile.reshape %x : tensor<8x16xf32> -> tensor<128xf32>
  // CHECK: tile.reshape %{{.*}} allow_reorder : tensor<8x16xf32> -> tensor<16x8xf32>
  %5 = tile.reshape %x allow_reorder : tensor<8x16xf32> -> tensor<16x8xf32>
  // CHECK: tile.trans %{{.*}} [1, 0] : tensor<8x16xf32> -> tensor<16x8xf32>
  %6 = tile.trans %x [1, 0] : tensor<8x16xf32> -> tensor<16x8xf32>
  // CHECK: tile.join %{{.*}}, %{{.*}} : tensor<8xf32> -> tensor<8x2xf32>
  %7 = tile.join %v, %v : tensor<8xf32> -> tensor<8x2xf32>
  // CHECK: tile.join %{{.*}}, %{{.*}} : f32 -> tensor<2xf32>
  %8 = tile.join %s, %s : f32 -> tensor<2xf32>
  // CHECK: tile.split %{{.*}} : tensor<8x2xf32> -> tensor<8xf32>
  %9, %10 = tile.split %7 : tensor<8x2xf32> -> tensor<8xf32>
  // CHECK: tile.split %{{.*}} : tensor<2xf32> -> f32
  %11, %12 = tile.split %8 : tensor<2xf32> -> f32
  // CHECK: tile.cat %{{.*}}, %{{.*}}, 0 : tensor<8xf32>, tensor<4xf32> -> tensor<12xf32>
  %13 = tile.cat %v, %w, 0 : tensor<8xf32>, tensor<4xf32> -> tensor<12xf32>
  return
}

// CHECK-LABEL: func.func @memory(
func.func @memory(%p: !tile.ptr<f32>, %t: tensor<64x!tile.ptr<f16>>, %m: tensor<64xi1>, %o: tensor<64xf16>, %i: i32, %l: tensor<64xi64>, %b: i1, %f: f32, %q: !tile.ptr<i32>) {
  // CHECK: tile.addptr %{{.*}}, %{{.*}} : !tile.ptr<f32>, i32
  %0 = tile.addptr %p, %i : !tile.ptr<f32>, i32
  // CHECK: tile.addptr %{{.*}}, %{{.*}} : tensor<64x!tile.ptr<f16>>, tensor<64xi64>
  %1 = tile.addptr %t, %l : tensor<64x!tile.ptr<f16>>, tensor<64xi64>
  // CHECK: tile.ptr_to_int %{{.*}} : !tile.ptr<f32> -> i64
  %2 = tile.ptr_to_int %p : !tile.ptr<f32> -> i64
  // CHECK: tile.int_to_ptr %{{.*}} : i64 -> !tile.ptr<f32>
  %3 = tile.int_to_ptr %2 : i64 -> !tile.ptr<f32>
  // CHECK: tile.ptr_cast %{{.*}} : !tile.ptr<f32> -> !tile.ptr<i32>
  %4 = tile.ptr_cast %p : !tile.ptr<f32> -> !tile.ptr<i32>
  // CHECK: tile.load %{{.*}} : !tile.ptr<f32>
  %5 = tile.load %p : !tile.ptr<f32>
  // CHECK: tile.load %{{.*}} mask %{{.*}} : !tile.ptr<f32>
  %6 = tile.load %p mask %b : !tile.ptr<f32>
  // CHECK: tile.load %{{.*}} mask %{{.*}} other %{{.*}} cache = cg evict = evict_first volatile : tensor<64x!tile.ptr<f16>>
  %7 = tile.load %t mask %m other %o cache = cg evict = evict_first volatile : tensor<64x!tile.ptr<f16>>
  // CHECK: tile.store %{{.*}}, %{{.*}} : !tile.ptr<f32>
  tile.store %p, %f : !tile.ptr<f32>
  // CHECK: tile.store %{{.*}}, %{{.*}} mask %{{.*}} cache = cs evict = evict_last : tensor<64x!tile.ptr<f16>>
  tile.store %t, %o mask %m cache = cs evict = evict_last : tensor<64x!tile.ptr<f16>>
  // CHECK: tile.atomic_rmw fadd relaxed gpu, %{{.*}}, %{{.*}} mask %{{.*}} : tensor<64x!tile.ptr<f16>>
  %8 = tile.atomic_rmw fadd relaxed gpu, %t, %o mask %m : tensor<64x!tile.ptr<f16>>
  // CHECK: tile.atomic_rmw umax acq_rel sys, %{{.*}}, %{{.*}} : !tile.ptr<i32>
  %9 = tile.atomic_rmw umax acq_rel sys, %q, %i : !tile.ptr<i32>
  // CHECK: tile.atomic_cas acquire cta, %{{.*}}, %{{.*}}, %{{.*}} : !tile.ptr<i32>
  %10 = tile.atomic_cas acquire cta, %q, %i, %i : !tile.ptr<i32>
  return
}

// CHECK-LABEL: func.func @elementwise(
func.func @elementwise(%x: tensor<64xf32>, %s: f32, %i: tensor<4x64xi32>) {
  // CHECK: tile.fp_to_fp %{{.*}} : tensor<64xf32> -> tensor<64xf8E4M3FN>
  %0 = tile.fp_to_fp %x : tensor<64xf32> -> tensor<64xf8E4M3FN>
  // CHECK: tile.fp_to_fp %{{.*}} rounding = rtz : f32 -> bf16
  %1 = tile.fp_to_fp %s rounding = rtz : f32 -> bf16
  // CHECK: tile.sqrt_rn %{{.*}} : tensor<64xf32>
  %2 = tile.sqrt_rn %x : tensor<64xf32>
  // CHECK: tile.div_rn %{{.*}}, %{{.*}} : f32
  %3 = tile.div_rn %s, %s : f32
  // CHECK: tile.extern_elementwise "tsdk.math.tanh" pure(%{{.*}}) : (tensor<64xf32>) -> tensor<64xf32>
  %4 = tile.extern_elementwise "tsdk.math.tanh" pure (%x) : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: tile.extern_elementwise "clock"() : () -> i64
  %5 = tile.extern_elementwise "clock"() : () -> i64
  // CHECK: tile.hint %{{.*}} divisibility = [1, 16] contiguity = [1, 64] constancy = [4, 1] : tensor<4x64xi32>
  %6 = tile.hint %i divisibility = [1, 16] contiguity = [1, 64] constancy = [4, 1] : tensor<4x64xi32>
  return
}

// CHECK-LABEL: func.func @compute(
func.func @compute(%a: tensor<64x32xf32>, %b: tensor<32x128xf32>, %c: tensor<64x128xf32>, %d: tensor<4x8x16xi8>, %e: tensor<4x16x8xi8>, %f: tensor<4x8x8xi32>, %x: tensor<4x64xf32>, %i: tensor<4x16xi32>, %h: tensor<256xi32>, %m: tensor<256xi1>) {
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} : tensor<64x32xf32>, tensor<32x128xf32> -> tensor<64x128xf32>
  %0 = tile.dot %a, %b, %c : tensor<64x32xf32>, tensor<32x128xf32> -> tensor<64x128xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} precision = tf32x3 max_imprecise_acc = 32 : tensor<64x32xf32>
  %1 = tile.dot %a, %b, %c precision = tf32x3 max_imprecise_acc = 32 : tensor<64x32xf32>, tensor<32x128xf32> -> tensor<64x128xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} : tensor<4x8x16xi8>, tensor<4x16x8xi8> -> tensor<4x8x8xi32>
  %2 = tile.dot %d, %e, %f : tensor<4x8x16xi8>, tensor<4x16x8xi8> -> tensor<4x8x8xi32>
  // CHECK: tile.sort %{{.*}} descending : tensor<4x64xf32>
  %3 = tile.sort %x descending : tensor<4x64xf32>
  // CHECK: tile.gather %{{.*}}, %{{.*}}, 1 : tensor<4x64xf32>, tensor<4x16xi32> -> tensor<4x16xf32>
  %4 = tile.gather %x, %i, 1 : tensor<4x64xf32>, tensor<4x16xi32> -> tensor<4x16xf32>
  // CHECK: tile.histogram %{{.*}} mask %{{.*}} : tensor<256xi32> -> tensor<16xi32>
  %5 = tile.histogram %h mask %m : tensor<256xi32> -> tensor<16xi32>
  return
}

// CHECK-LABEL: func.func @regions(
func.func @regions(%x: tensor<8x64xf32>, %v: tensor<64xf32>, %i: tensor<64xi32>) {
  // CHECK: tile.reduce %{{.*}} axis = 1 commutative : (tensor<8x64xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[ELT:.*]]: f32):
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[ACC]], %[[ELT]] : f32
  // CHECK-NEXT: tile.yield %[[SUM]] : f32
  %0 = tile.reduce %x axis = 1 commutative : (tensor<8x64xf32>) -> tensor<8xf32> {
  ^bb0(%acc: f32, %elt: f32):
    %s = arith.addf %acc, %elt : f32
    tile.yield %s : f32
  }
  // CHECK: tile.reduce %{{.*}}, %{{.*}} axis = 0 : (tensor<64xf32>, tensor<64xi32>) -> (f32, i32) {
  %1:2 = tile.reduce %v, %i axis = 0 : (tensor<64xf32>, tensor<64xi32>) -> (f32, i32) {
  ^bb0(%av: f32, %ai: i32, %bv: f32, %bi: i32):
    %c = arith.cmpf ogt, %av, %bv : f32
    %r = arith.select %c, %av, %bv : f32
    %j = arith.select %c, %ai, %bi : i32
    tile.yield %r, %j : f32, i32
  }
  // CHECK: tile.scan %{{.*}} axis = 0 reverse : (tensor<64xf32>) -> tensor<64xf32> {
  %2 = tile.scan %v axis = 0 reverse : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%acc: f32, %elt: f32):
    %s = arith.addf %acc, %elt : f32
    tile.yield %s : f32
  }
  return
}

// CHECK-LABEL: func.func @debug(
func.func @debug(%c: i1, %m: tensor<64xi1>, %x: tensor<64xi32>, %s: f32) {
  // CHECK: tile.assume %{{.*}}
  tile.assume %c
  // CHECK: tile.assert %{{.*}}, "index out of range" : tensor<64xi1>
  tile.assert %m, "index out of range" : tensor<64xi1>
  // CHECK: tile.print "x" hex signed = [true, false] : %{{.*}}, %{{.*}} : tensor<64xi32>, f32
  tile.print "x" hex signed = [true, false] : %x, %s : tensor<64xi32>, f32
  // CHECK: tile.print "here" signed = []
  tile.print "here" signed = []
  return
}

// CHECK-LABEL: func.func @descriptors
// CHECK: tile.descriptor_load %{{.*}} shape[%{{.*}}, %{{.*}}] strides[%{{.*}}, %{{.*}}] at[%{{.*}}, %{{.*}}] padding nan : !tile.ptr<f16> -> tensor<16x32xf16>
// CHECK: tile.descriptor_store %{{.*}} shape[%{{.*}}, %{{.*}}] strides[%{{.*}}, %{{.*}}] at[%{{.*}}, %{{.*}}], %{{.*}} : !tile.ptr<f16>, tensor<16x32xf16>
func.func @descriptors(%p: !tile.ptr<f16>, %m: i32, %s: i64) {
  %one = arith.constant 1 : i64
  %t = tile.descriptor_load %p shape[%m, %m] strides[%s, %one] at[%m, %m] padding nan
    : !tile.ptr<f16> -> tensor<16x32xf16>
  tile.descriptor_store %p shape[%m, %m] strides[%s, %one] at[%m, %m], %t
    : !tile.ptr<f16>, tensor<16x32xf16>
  return
}

}
