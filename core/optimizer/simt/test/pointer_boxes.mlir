// RUN: tilesdk-opt %s --simt-select-matrix="target=group" --simt-box-copies="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-select-matrix="target=warp32" --simt-box-copies="target=warp32 num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s --check-prefix=PLAIN

// Rows and columns with limits: a block of a tensor of that shape. Of an empty
// one nothing is there; that the loop runs says that there are columns.
// PLAIN-LABEL: func.func @rows_and_columns(
// PLAIN-NOT: tile.descriptor_load
// CHECK-LABEL: func.func @rows_and_columns(
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : i64
// CHECK-DAG: %[[OUTSIDE:.*]] = arith.constant -1073741824 : i32
// CHECK-DAG: %[[ROW:.*]] = arith.muli %{{.*}}, %{{.*}} : i32
// CHECK-DAG: %[[ROWS:.*]] = arith.cmpi sgt, %arg1, %{{.*}} : i32
// CHECK-DAG: %[[START:.*]] = arith.select %[[ROWS]], %[[ROW]], %[[OUTSIDE]] : i32
// CHECK-DAG: %[[PITCH:.*]] = arith.extsi %arg3 : i32 to i64
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %arg2
// CHECK: tile.descriptor_load %arg0 shape[%arg1, %arg2] strides[%[[PITCH]], %[[ONE]]] at[%[[START]], %[[I]]] padding zero {simt.pointers, tile.keep_descriptor}
// CHECK-NOT: tile.load
func.func @rows_and_columns(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rs = tile.splat %row : i32 -> tensor<128xi32>
  %rows0 = arith.addi %rs, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %rows0, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ss = tile.splat %s : i32 -> tensor<128x1xi32>
  %ms = tile.splat %m : i32 -> tensor<128x1xi32>
  %ks = tile.splat %k : i32 -> tensor<1x64xi32>
  %at = arith.muli %rows, %ss : tensor<128x1xi32>
  %pa = tile.splat %a : !tile.ptr<f16> -> tensor<128x1x!tile.ptr<f16>>
  %pr = tile.addptr %pa, %at : tensor<128x1x!tile.ptr<f16>>, tensor<128x1xi32>
  %pb = tile.broadcast %pr : tensor<128x1x!tile.ptr<f16>> -> tensor<128x64x!tile.ptr<f16>>
  %mr0 = arith.cmpi slt, %rows, %ms : tensor<128x1xi32>
  %mr = tile.broadcast %mr0 : tensor<128x1xi1> -> tensor<128x64xi1>
  %sum = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
    %is = tile.splat %i : i32 -> tensor<64xi32>
    %columns0 = arith.addi %is, %r64 : tensor<64xi32>
    %columns = tile.expand_dims %columns0, 0 : tensor<64xi32> -> tensor<1x64xi32>
    %all = tile.broadcast %columns : tensor<1x64xi32> -> tensor<128x64xi32>
    %p = tile.addptr %pb, %all : tensor<128x64x!tile.ptr<f16>>, tensor<128x64xi32>
    %mc0 = arith.cmpi slt, %columns, %ks : tensor<1x64xi32>
    %mc = tile.broadcast %mc0 : tensor<1x64xi1> -> tensor<128x64xi1>
    %inside = arith.andi %mr, %mc : tensor<128x64xi1>
    %x = tile.load %p mask %inside other %none : tensor<128x64x!tile.ptr<f16>>
    %t = tile.trans %x[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}

// -----

// The loop moves the pointers, by scalar offsets, and the mask counts what is
// left: the same. The offsets are gone.
// CHECK-LABEL: func.func @moved_pointers(
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %arg2 step %{{.*}} iter_args(%{{[^,]*}} = %{{[^,]*}}) -> (tensor<128x128xf32>)
// CHECK-NOT: arith.muli
// CHECK: tile.descriptor_load %arg0 shape[%arg1, %arg2] strides[%{{.*}}, %{{.*}}] at[%{{.*}}, %[[I]]]
func.func @moved_pointers(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rs = tile.splat %row : i32 -> tensor<128xi32>
  %rows0 = arith.addi %rs, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %rows0, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ss = tile.splat %s : i32 -> tensor<128x1xi32>
  %ms = tile.splat %m : i32 -> tensor<128x1xi32>
  %ks = tile.splat %k : i32 -> tensor<1x64xi32>
  %at = arith.muli %rows, %ss : tensor<128x1xi32>
  %pa = tile.splat %a : !tile.ptr<f16> -> tensor<128x1x!tile.ptr<f16>>
  %pr = tile.addptr %pa, %at : tensor<128x1x!tile.ptr<f16>>, tensor<128x1xi32>
  %pb = tile.broadcast %pr : tensor<128x1x!tile.ptr<f16>> -> tensor<128x64x!tile.ptr<f16>>
  %mr0 = arith.cmpi slt, %rows, %ms : tensor<128x1xi32>
  %mr = tile.broadcast %mr0 : tensor<128x1xi1> -> tensor<128x64xi1>
  %c64w = arith.constant 64 : i64
  %c0w = arith.constant 0 : i64
  %columns0 = tile.expand_dims %r64, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %all = tile.broadcast %columns0 : tensor<1x64xi32> -> tensor<128x64xi32>
  %sum:2 = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero, %o = %c0w) -> (tensor<128x128xf32>, i64) : i32 {
    %pm = tile.addptr %a, %o : !tile.ptr<f16>, i64
    %pms = tile.splat %pm : !tile.ptr<f16> -> tensor<128x1x!tile.ptr<f16>>
    %pmr = tile.addptr %pms, %at : tensor<128x1x!tile.ptr<f16>>, tensor<128x1xi32>
    %pmb = tile.broadcast %pmr : tensor<128x1x!tile.ptr<f16>> -> tensor<128x64x!tile.ptr<f16>>
    %p = tile.addptr %pmb, %all : tensor<128x64x!tile.ptr<f16>>, tensor<128x64xi32>
    %left = arith.subi %k, %i : i32
    %lefts = tile.splat %left : i32 -> tensor<1x64xi32>
    %mc0 = arith.cmpi slt, %columns0, %lefts : tensor<1x64xi32>
    %mc = tile.broadcast %mc0 : tensor<1x64xi1> -> tensor<128x64xi1>
    %inside = arith.andi %mr, %mc : tensor<128x64xi1>
    %x = tile.load %p mask %inside other %none : tensor<128x64x!tile.ptr<f16>>
    %t = tile.trans %x[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    %on = arith.addi %o, %c64w : i64
    scf.yield %d, %on : tensor<128x128xf32>, i64
  }
  tile.print "s" signed = [false] : %sum#0 : tensor<128x128xf32>
  return
}

// -----

// What is read without a mask is there.
// CHECK-LABEL: func.func @known_rows(
// CHECK-DAG: %[[MANY:.*]] = arith.constant 2147483647 : i32
// CHECK: tile.descriptor_load %arg0 shape[%[[MANY]], %[[MANY]]]
func.func @known_rows(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rs = tile.splat %row : i32 -> tensor<128xi32>
  %rows0 = arith.addi %rs, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %rows0, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ss = tile.splat %c64 : i32 -> tensor<128x1xi32>
  %ms = tile.splat %m : i32 -> tensor<128x1xi32>
  %ks = tile.splat %k : i32 -> tensor<1x64xi32>
  %at = arith.muli %rows, %ss : tensor<128x1xi32>
  %pa = tile.splat %a : !tile.ptr<f16> -> tensor<128x1x!tile.ptr<f16>>
  %pr = tile.addptr %pa, %at : tensor<128x1x!tile.ptr<f16>>, tensor<128x1xi32>
  %pb = tile.broadcast %pr : tensor<128x1x!tile.ptr<f16>> -> tensor<128x64x!tile.ptr<f16>>
  %mr0 = arith.cmpi slt, %rows, %ms : tensor<128x1xi32>
  %mr = tile.broadcast %mr0 : tensor<128x1xi1> -> tensor<128x64xi1>
  %sum = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
    %is = tile.splat %c0 : i32 -> tensor<64xi32>
    %columns0 = arith.addi %is, %r64 : tensor<64xi32>
    %columns = tile.expand_dims %columns0, 0 : tensor<64xi32> -> tensor<1x64xi32>
    %all = tile.broadcast %columns : tensor<1x64xi32> -> tensor<128x64xi32>
    %p = tile.addptr %pb, %all : tensor<128x64x!tile.ptr<f16>>, tensor<128x64xi32>
    %mc0 = arith.cmpi slt, %columns, %ks : tensor<1x64xi32>
    %mc = tile.broadcast %mc0 : tensor<1x64xi1> -> tensor<128x64xi1>

    %x = tile.load %p : tensor<128x64x!tile.ptr<f16>>
    %t = tile.trans %x[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}

// -----

// A mask may say that rows above the first are not there.
// CHECK-LABEL: func.func @lower_limit(
// CHECK: tile.descriptor_load %arg0
func.func @lower_limit(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %r0 = arith.muli %pid, %c128 : i32
  %row = arith.subi %r0, %c1 : i32
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rs = tile.splat %row : i32 -> tensor<128xi32>
  %rows0 = arith.addi %rs, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %rows0, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ss = tile.splat %s : i32 -> tensor<128x1xi32>
  %ms = tile.splat %m : i32 -> tensor<128x1xi32>
  %ks = tile.splat %k : i32 -> tensor<1x64xi32>
  %zeros = arith.constant dense<0> : tensor<128x1xi32>
  %above = arith.cmpi sge, %rows, %zeros : tensor<128x1xi32>
  %at = arith.muli %rows, %ss : tensor<128x1xi32>
  %pa = tile.splat %a : !tile.ptr<f16> -> tensor<128x1x!tile.ptr<f16>>
  %pr = tile.addptr %pa, %at : tensor<128x1x!tile.ptr<f16>>, tensor<128x1xi32>
  %pb = tile.broadcast %pr : tensor<128x1x!tile.ptr<f16>> -> tensor<128x64x!tile.ptr<f16>>
  %mr0 = arith.cmpi slt, %rows, %ms : tensor<128x1xi32>
  %mr1 = arith.andi %mr0, %above : tensor<128x1xi1>
  %mr = tile.broadcast %mr1 : tensor<128x1xi1> -> tensor<128x64xi1>
  %sum = scf.for %i = %c0 to %k step %c64 iter_args(%acc = %zero) -> tensor<128x128xf32> : i32 {
    %is = tile.splat %i : i32 -> tensor<64xi32>
    %columns0 = arith.addi %is, %r64 : tensor<64xi32>
    %columns = tile.expand_dims %columns0, 0 : tensor<64xi32> -> tensor<1x64xi32>
    %all = tile.broadcast %columns : tensor<1x64xi32> -> tensor<128x64xi32>
    %p = tile.addptr %pb, %all : tensor<128x64x!tile.ptr<f16>>, tensor<128x64xi32>
    %mc0 = arith.cmpi slt, %columns, %ks : tensor<1x64xi32>
    %mc = tile.broadcast %mc0 : tensor<1x64xi1> -> tensor<128x64xi1>
    %inside = arith.andi %mr, %mc : tensor<128x64xi1>
    %x = tile.load %p mask %inside other %none : tensor<128x64x!tile.ptr<f16>>
    %t = tile.trans %x[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}
