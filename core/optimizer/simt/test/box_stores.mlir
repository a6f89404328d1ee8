// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=3 box-stores=2" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s --check-prefixes=CHECK,POINTERS
// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=3 box-stores=2" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=WHY
// RUN: tilesdk-opt %s --simt-pipeline="target=group num-stages=3 box-stores=0" --split-input-file 2>/dev/null | FileCheck %s --check-prefix=PLAIN
// RUN: tilesdk-opt %s --simt-pipeline="target=warp32 num-stages=3" --split-input-file 2>/dev/null | FileCheck %s --check-prefix=PLAIN
// RUN: tilesdk-opt %s --simt-pipeline="target=warp32 num-stages=3" --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=SILENT

// PLAIN-NOT: simt.box_store
// PLAIN-NOT: tile.descriptor_store
// SILENT-NOT: simt-box-
// SILENT: simt-select-matrix:
// SILENT-NOT: simt-box-

// The result goes to where the operands were, in the layout it has. Of a
// tensor without rows the block is outside.
// CHECK-LABEL: func.func @product(
// CHECK: %[[MAP:.*]] = simt.box_map %arg2 shape[%arg3, %arg4] strides[%{{.*}}, %{{.*}}] box = [128, 64] format = "swizzle128" {simt.pointers}
// CHECK: scf.for
// CHECK: %[[ROW:.*]] = arith.select %{{.*}}, %c0_i32, %c-1_i32
// CHECK: %[[S:.*]] = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<128x128xf16
// CHECK-NEXT: %[[H:.*]] = arith.truncf
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: simt.shared_store %[[H]], %[[S]]
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: simt.box_store %[[S]] to %[[MAP]][%[[ROW]], %c64_i32]
// CHECK-NEXT: simt.box_store_wait pending = 0{{$}}
// CHECK-NEXT: return
// REMARK: remark: simt-box-stores: box store through 32768 bytes of shared memory
func.func @product(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %n: i32 {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) {
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
  %h = arith.truncf %s : tensor<128x128xf32> to tensor<128x128xf16>
  tile.descriptor_store %c shape[%m, %n] strides[%ns, %one] at[%c0, %c64], %h : !tile.ptr<f16>, tensor<128x128xf16>
  return
}

// -----

// Those that multiply store. The next tile's products run meanwhile: what was
// stored is waited for where its buffer is filled again, and at the end.
// CHECK-LABEL: func.func @persistent(
// CHECK: simt.warp_specialize
// CHECK: scf.for
// CHECK: scf.for
// CHECK: simt.mma_async
// CHECK: simt.mma_wait {{.*}} pending = 0
// CHECK: simt.shared_alloc
// CHECK-NEXT: simt.box_store_wait pending = 0{{$}}
// CHECK-NEXT: simt.barrier id = 1 warps = 4
// CHECK-NEXT: simt.shared_store
// CHECK-NEXT: simt.box_store_wait pending = 0 written
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier id = 1 warps = 4
// CHECK-NEXT: simt.box_store
// CHECK-NOT: box_store_wait
// CHECK: scf.yield
// CHECK: simt.box_store_wait pending = 0{{$}}
// CHECK-NEXT: }, {
func.func @persistent(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %m: i32, %n: i32 {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %ks = arith.extsi %k : i32 to i64
  %ns = arith.extsi %n : i32 to i64
  scf.for %t = %c0 to %m step %c128 : i32 {
    %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
      %x = tile.descriptor_load %a shape[%m, %k] strides[%ks, %one] at[%t, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
      %y = tile.descriptor_load %b shape[%k, %n] strides[%ns, %one] at[%i, %c0] padding zero : !tile.ptr<f16> -> tensor<64x128xf16>
      %d = tile.dot %x, %y, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
      scf.yield %d : tensor<128x128xf32>
    }
    tile.descriptor_store %c shape[%m, %n] strides[%ns, %one] at[%t, %c0], %s : !tile.ptr<f32>, tensor<128x128xf32>
  } {tile.warp_specialize = true}
  return
}

// -----

// Beside four stages there is no room for all of the block: slices of it, in
// the registers that have them, take turns in two buffers.
// CHECK-LABEL: func.func @sliced(
// CHECK-SAME: simt.num_stages = 4
// CHECK: simt.box_map %arg2 {{.*}} box = [128, 64]
// CHECK: simt.mma_wait {{.*}} pending = 0
// CHECK: %[[TWO:.*]] = simt.shared_alloc {{.*}} -> !simt.shared<2x128x64xf16
// CHECK-NOT: simt.convert_layout
// CHECK: %[[B0:.*]] = simt.shared_index %[[TWO]][%c0_i32]
// CHECK: simt.box_store_wait pending = 1{{$}}
// CHECK-NEXT: simt.barrier id = 1
// CHECK-NEXT: simt.shared_store %{{.*}}, %[[B0]]
// CHECK-NEXT: simt.box_store_wait pending = 0 written
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier id = 1
// CHECK-NEXT: simt.box_store %[[B0]] to %{{.*}}[%{{.*}}, %c0_i32]
// CHECK: %[[B1:.*]] = simt.shared_index %[[TWO]][%c1_i32]
// CHECK-NOT: box_store_wait
// CHECK: simt.shared_store %{{.*}}, %[[B1]]
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier id = 1
// CHECK-NEXT: simt.box_store %[[B1]]
// CHECK: simt.box_store_wait pending = 1{{$}}
// CHECK-NEXT: simt.barrier id = 1
// CHECK-NEXT: simt.shared_store %{{.*}}, %[[B0]]
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier id = 1
// CHECK-NEXT: simt.box_store %[[B0]]
// CHECK: scf.yield
// CHECK: simt.box_store_wait pending = 0{{$}}
// REMARK: box store through 32768 bytes of shared memory, in 4 slices
func.func @sliced(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %c: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %n: i32 {tile.divisibility = 16 : i64}, %k: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %one = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<128x256xf32>
  %ks = arith.extsi %k : i32 to i64
  %ns = arith.extsi %n : i32 to i64
  scf.for %t = %c0 to %m step %c128 : i32 {
    %s = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x256xf32> : i32 {
      %x = tile.descriptor_load %a shape[%m, %k] strides[%ks, %one] at[%t, %i] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
      %y = tile.descriptor_load %b shape[%k, %n] strides[%ns, %one] at[%i, %c0] padding zero : !tile.ptr<f16> -> tensor<64x256xf16>
      %d = tile.dot %x, %y, %acc : tensor<128x64xf16>, tensor<64x256xf16> -> tensor<128x256xf32>
      scf.yield %d : tensor<128x256xf32>
    } {tile.num_stages = 4 : i32}
    %h = arith.truncf %s : tensor<128x256xf32> to tensor<128x256xf16>
    tile.descriptor_store %c shape[%m, %n] strides[%ns, %one] at[%t, %c0], %h : !tile.ptr<f16>, tensor<128x256xf16>
  } {tile.warp_specialize = true}
  return
}

// -----

// What each iteration writes is elsewhere: only the buffer is waited for.
// CHECK-LABEL: func.func @rows(
// CHECK: scf.for
// CHECK: simt.box_store_wait pending = 0{{$}}
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: simt.shared_store
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: simt.box_store
// CHECK: scf.for
// CHECK: simt.shared_store
// CHECK-NEXT: simt.box_store_wait pending = 0 written
// CHECK-NEXT: simt.fence_async
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: simt.box_store
func.func @rows(%c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %n: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %c16 = arith.constant 16 : i32
  %c32 = arith.constant 32 : i32
  %one = arith.constant 1 : i64
  %ns = arith.extsi %n : i32 to i64
  %ones = arith.constant dense<1.0> : tensor<32x32xf32>
  scf.for %i = %c0 to %n step %c32 : i32 {
    tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %i], %ones : !tile.ptr<f32>, tensor<32x32xf32>
  }
  scf.for %i = %c0 to %n step %c16 : i32 {
    tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %i], %ones : !tile.ptr<f32>, tensor<32x32xf32>
  }
  return
}

// -----

// Who looks at the memory finds it there: a barrier of the kernel, an atomic,
// a load from the same argument or from nobody knows where. Others do not wait.
// CHECK-LABEL: func.func @order(
// CHECK: simt.box_store %
// CHECK-NOT: box_store_wait
// CHECK: tile.load {{.*}}
// CHECK: simt.box_store_wait pending = 0 written
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: tile.load
// CHECK: simt.box_store %
// CHECK: simt.box_store_wait pending = 0 written
// CHECK-NEXT: tile.barrier
// CHECK: simt.box_store %
// CHECK: simt.box_store_wait pending = 0 written
// CHECK-NEXT: simt.barrier{{$}}
// CHECK-NEXT: tile.atomic_rmw
// CHECK-NEXT: return
func.func @order(%c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %o: !tile.ptr<f32>, %flag: !tile.ptr<i32>, %n: i32 {tile.divisibility = 16 : i64}) {
  %c0 = arith.constant 0 : i32
  %one = arith.constant 1 : i64
  %ns = arith.extsi %n : i32 to i64
  %ones = arith.constant dense<1.0> : tensor<32x32xf32>
  tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %ones : !tile.ptr<f32>, tensor<32x32xf32>
  %x = tile.load %o : !tile.ptr<f32>
  %y = tile.load %c : !tile.ptr<f32>
  %xy = arith.addf %x, %y : f32
  %xs = tile.splat %xy : f32 -> tensor<32x32xf32>
  tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %xs : !tile.ptr<f32>, tensor<32x32xf32>
  tile.barrier
  tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %ones : !tile.ptr<f32>, tensor<32x32xf32>
  %old = tile.atomic_rmw add acq_rel gpu, %flag, %n : !tile.ptr<i32>
  return
}

// -----

// What no box can do, line by line.
// CHECK-LABEL: func.func @declined(
// CHECK-NOT: simt.box_store
// CHECK: return
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: the block has not two dimensions
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: no map of a tensor has elements of this type
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: no format of shared memory that boxes have tiles the block
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: a stride is not known to be a multiple of 16 bytes
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: the base is not known to be aligned by 16 bytes
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: the block has 262144 bytes, shared memory 232448
// REMARK: box_stores.mlir:[[@LINE+11]]:3: remark: simt-box-copies: stored by lanes, not boxes: its rows are not known to end at a multiple of 16 bytes, by which boxes are cut off
func.func @declined(%c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %bits: !tile.ptr<i1> {tile.divisibility = 16 : i64}, %u: !tile.ptr<f32>, %n: i32 {tile.divisibility = 16 : i64}, %odd: i64, %rest: i32, %b1: tensor<64xf32>, %b2: tensor<32x32xi1>, %b3: tensor<32x4xf32>, %b4: tensor<32x32xf32>, %b6: tensor<256x256xf32>) {
  %c0 = arith.constant 0 : i32
  %one = arith.constant 1 : i64
  %ns = arith.constant 64 : i64
  tile.descriptor_store %c shape[%n] strides[%one] at[%c0], %b1 : !tile.ptr<f32>, tensor<64xf32>
  tile.descriptor_store %bits shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %b2 : !tile.ptr<i1>, tensor<32x32xi1>
  tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %b3 : !tile.ptr<f32>, tensor<32x4xf32>
  tile.descriptor_store %c shape[%n, %n] strides[%odd, %one] at[%c0, %c0], %b4 : !tile.ptr<f32>, tensor<32x32xf32>
  tile.descriptor_store %u shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %b4 : !tile.ptr<f32>, tensor<32x32xf32>
  tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %b6 : !tile.ptr<f32>, tensor<256x256xf32>
  tile.descriptor_store %c shape[%n, %rest] strides[%ns, %one] at[%c0, %c0], %b4 : !tile.ptr<f32>, tensor<32x32xf32>
  return
}

// -----

// Nothing orders what threads write and what one of them has copied.
// CHECK-LABEL: func.func @mixed(
// CHECK-NOT: simt.box_store
// CHECK: return
// REMARK: stored by lanes, not boxes: threads of the kernel write to the tensor by pointers too, or to nobody knows what
func.func @mixed(%c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %n: i32 {tile.divisibility = 16 : i64}, %x: f32) {
  %c0 = arith.constant 0 : i32
  %one = arith.constant 1 : i64
  %ns = arith.constant 64 : i64
  %xs = tile.splat %x : f32 -> tensor<32x32xf32>
  tile.descriptor_store %c shape[%n, %n] strides[%ns, %one] at[%c0, %c0], %xs : !tile.ptr<f32>, tensor<32x32xf32>
  tile.store %c, %x : !tile.ptr<f32>
  return
}

// -----

// What a product gives goes to a tile of pointers with `box-stores=2`, up to
// the limits of its mask.
// CHECK-LABEL: func.func @pointers(
// POINTERS: simt.box_map %arg2 shape[%arg3, %arg4] strides[%{{.*}}, %{{.*}}] box = [64, 32] format = "swizzle128" {simt.pointers}
// POINTERS: simt.shared_store
// POINTERS: simt.box_store %{{.*}} to %{{.*}}[%{{.*}}, %c0_i32]
// POINTERS-NOT: tile.store %{{.*}}tensor<64x64
// CHECK: tile.store
// CHECK: return
// WHY: box_stores.mlir:[[@LINE+32]]:3: remark: simt-box-copies: stored by lanes, not boxes: rows or columns have a lower limit that is not zero
func.func @pointers(%a: tensor<64x64xf16>, %b: tensor<64x64xf16>, %c: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %m: i32, %n: i32 {tile.divisibility = 16 : i64}, %d: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %e: !tile.ptr<f32> {tile.divisibility = 16 : i64}) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %c64 = arith.constant 64 : i32
  %p = tile.program_id 0
  %first = arith.muli %p, %c64 : i32
  %s = tile.dot %a, %b, %zero : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %range = tile.make_range 0, 64 : tensor<64xi32>
  %starts = tile.splat %first : i32 -> tensor<64xi32>
  %row = arith.addi %starts, %range : tensor<64xi32>
  %rows1 = tile.expand_dims %row, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %cols1 = tile.expand_dims %range, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %ms = tile.splat %m : i32 -> tensor<64x1xi32>
  %ns = tile.splat %n : i32 -> tensor<64x1xi32>
  %ns1 = tile.splat %n : i32 -> tensor<1x64xi32>
  %below = arith.cmpi slt, %rows1, %ms : tensor<64x1xi32>
  %left = arith.cmpi slt, %cols1, %ns1 : tensor<1x64xi32>
  %below2 = tile.broadcast %below : tensor<64x1xi1> -> tensor<64x64xi1>
  %left2 = tile.broadcast %left : tensor<1x64xi1> -> tensor<64x64xi1>
  %mask = arith.andi %below2, %left2 : tensor<64x64xi1>
  %scaled = arith.muli %rows1, %ns : tensor<64x1xi32>
  %at = tile.broadcast %scaled : tensor<64x1xi32> -> tensor<64x64xi32>
  %col = tile.broadcast %cols1 : tensor<1x64xi32> -> tensor<64x64xi32>
  %offset = arith.addi %at, %col : tensor<64x64xi32>
  %cs = tile.splat %c : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %ptrs = tile.addptr %cs, %offset : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  tile.store %ptrs, %s mask %mask : tensor<64x64x!tile.ptr<f32>>
  %above = arith.cmpi sge, %rows1, %ms : tensor<64x1xi32>
  %above2 = tile.broadcast %above : tensor<64x1xi1> -> tensor<64x64xi1>
  %es = tile.splat %e : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %others = tile.addptr %es, %offset : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  // Rows above are no box of a tensor.
  tile.store %others, %s mask %above2 : tensor<64x64x!tile.ptr<f32>>
  // What no product gives stays.
  %ds = tile.splat %d : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %plain = tile.addptr %ds, %offset : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  tile.store %plain, %zero mask %mask : tensor<64x64x!tile.ptr<f32>>
  return
}
