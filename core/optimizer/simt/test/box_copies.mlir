// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-select-matrix="target=group" --simt-box-copies="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: tilesdk-opt %s --simt-pipeline="target=warp32 num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s --check-prefix=PLAIN

// Both operands are boxes: a thread fills a buffer where there is an iteration
// for it, all wait at its barrier. Before it is filled again its readers meet.
// PLAIN-LABEL: func.func @product(
// PLAIN-NOT: simt.box
// PLAIN-NOT: tile.descriptor_load
// CHECK-LABEL: func.func @product(
// CHECK: %[[MA:.*]] = simt.box_map %arg0 shape[%arg3, %arg5] strides[%{{.*}}, %{{.*}}] box = [128, 64] format = "swizzle128"
// CHECK: %[[MB:.*]] = simt.box_map %arg1 shape[%arg5, %arg4] strides[%{{.*}}, %{{.*}}] box = [64, 64] format = "swizzle128"
// CHECK: %[[FULL:.*]] = simt.barriers_init count = 1
// CHECK-NEXT: simt.barrier{{$}}
// CHECK: scf.if
// CHECK: simt.barrier_expect %[[FULL]]{{.*}} bytes = 32768
// CHECK: simt.box_load %[[MA]]
// CHECK: simt.box_load %[[MB]]
// CHECK: scf.for
// CHECK: simt.barrier_wait %[[FULL]][%[[I:.*]]], %{{.*}}
// CHECK: simt.shared_index %{{.*}}[%[[I]]] {simt.slot = 0 : i32}
// CHECK: scf.if
// CHECK-NEXT: simt.barrier_expect
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: simt.box_load
// CHECK-NEXT: simt.box_load
// CHECK: simt.mma_async
// CHECK-NOT: simt.barrier{{$}}
// CHECK: scf.yield
func.func @product(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f32>, %m: i32, %n: i32 {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %ks = arith.extsi %k : i32 to i64
  %ns = arith.extsi %n : i32 to i64
  %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
    %x = tile.descriptor_load %a shape[%m, %k] strides[%ks, %one] at[%c0, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
    %y = tile.descriptor_load %b shape[%k, %n] strides[%ns, %one] at[%i, %c0] padding zero : !tile.ptr<f16> -> tensor<64x128xf16>
    %d = tile.dot %x, %y, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tile.print "s" signed = [false] : %s : tensor<128x128xf32>
  return
}

// -----

// The right operand's rows are the summed dimension. With a warp of its own the
// thread waits for the readers at a barrier; three warps are idle.
// CHECK-LABEL: func.func @specialized(
// CHECK: simt.box_map %arg1 shape[%{{.*}}, %{{.*}}] strides[%{{.*}}, %{{.*}}] box = [128, 64]
// CHECK: %[[FULL:.*]] = simt.barriers_init count = 1
// CHECK: %[[EMPTY:.*]] = simt.barriers_init count = 4
// CHECK: simt.warp_specialize warps = [4, 1, 3] registers = [248, 40, 40] {
// CHECK: simt.barrier_wait %[[FULL]]
// CHECK: simt.shared_trans
// CHECK: simt.barrier_arrive %[[EMPTY]]
// CHECK: }, {
// CHECK: simt.barrier_wait %[[EMPTY]]
// CHECK-NEXT: simt.barrier_expect %[[FULL]]{{.*}} bytes = 32768
// CHECK-NEXT: simt.box_load
// CHECK-NEXT: simt.box_load
// CHECK: }, {
// CHECK-NEXT: }
func.func @specialized(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %stride: i64 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
    %x = tile.descriptor_load %a shape[%m, %k] strides[%stride, %one] at[%c0, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
    %y = tile.descriptor_load %b shape[%m, %k] strides[%stride, %one] at[%c0, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
    %t = tile.trans %y[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  } {tile.warp_specialize = true}
  tile.print "s" signed = [false] : %s : tensor<128x128xf32>
  return
}

// -----

// REMARK: remark: simt-box-copies: masked accesses by pointers, not boxes: a stride is not known to be a multiple of 16 bytes
// REMARK: remark: simt-box-copies: masked accesses by pointers, not boxes: the base is not an argument of the kernel
// REMARK: remark: simt-box-copies: masked accesses by pointers, not boxes: the padding is not zero
// REMARK: remark: simt-box-copies: masked accesses by pointers, not boxes: it is no operand that a product reads from shared memory
// CHECK-LABEL: func.func @others(
// CHECK-NOT: tile.descriptor_load
func.func @others(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %k: i32, %s: i64 {tile.divisibility = 16 : i64}, %odd: i64) {
  %c0 = arith.constant 0 : i32
  %one = arith.constant 1 : i64
  %moved = tile.addptr %a, %k : !tile.ptr<f16>, i32
  %u = tile.descriptor_load %a shape[%k, %k] strides[%odd, %one] at[%c0, %c0] padding zero : !tile.ptr<f16> -> tensor<16x16xf16>
  %v = tile.descriptor_load %moved shape[%k, %k] strides[%s, %one] at[%c0, %c0] padding zero : !tile.ptr<f16> -> tensor<16x16xf16>
  %w = tile.descriptor_load %a shape[%k, %k] strides[%s, %one] at[%c0, %c0] padding nan : !tile.ptr<f16> -> tensor<16x16xf16>
  %x = tile.descriptor_load %a shape[%k, %k] strides[%s, %one] at[%c0, %c0] padding zero : !tile.ptr<f16> -> tensor<16x16xf16>
  tile.print "" signed = [false, false, false, false] : %u, %v, %w, %x : tensor<16x16xf16>, tensor<16x16xf16>, tensor<16x16xf16>, tensor<16x16xf16>
  return
}

// -----

// A loop that cannot be pipelined gets accesses by pointers after all.
// CHECK-LABEL: func.func @in_order(
// CHECK-NOT: simt.box
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @in_order(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %k: i32, %stride: i64 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<64x64xf32> : i32 {
    %x = tile.descriptor_load %a shape[%k, %k] strides[%stride, %one] at[%c0, %i] padding zero : !tile.ptr<f16> -> tensor<64x64xf16>
    %y = tile.descriptor_load %b shape[%k, %k] strides[%stride, %one] at[%i, %c0] padding zero : !tile.ptr<f16> -> tensor<64x64xf16>
    %d = tile.dot %x, %y, %acc : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    tile.barrier
    scf.yield %d : tensor<64x64xf32>
  }
  tile.print "s" signed = [false] : %s : tensor<64x64xf32>
  return
}
