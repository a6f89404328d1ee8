// RUN: tilesdk-opt %s --simt-select-matrix="target=group" --simt-box-copies="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-select-matrix="target=group" --simt-box-copies="target=group num-stages=3" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// One rule is not met in each.
// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the first row or column is not known to be at least zero
// CHECK-LABEL: func.func @above_the_first(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @above_the_first(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the first row or column is not known to be at least zero
// CHECK-LABEL: func.func @from_an_argument(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @from_an_argument(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.addi %m, %c0 : i32
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: rows or columns wrap around, by a remainder
// CHECK-LABEL: func.func @wrapped(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @wrapped(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
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
  %wrapped = arith.remsi %rows, %ms : tensor<128x1xi32>
  %at = arith.muli %wrapped, %ss : tensor<128x1xi32>
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the distance of its rows is not known to be a multiple of 16 bytes
// CHECK-LABEL: func.func @odd_pitch(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @odd_pitch(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32) {
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the base is not known to be aligned by 16 bytes
// CHECK-LABEL: func.func @odd_base(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @odd_base(%a: !tile.ptr<f16>, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the distance of its rows is not made of arguments of the kernel and constants
// CHECK-LABEL: func.func @computed_pitch(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @computed_pitch(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %pitch = arith.muli %pid, %s : i32
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rs = tile.splat %row : i32 -> tensor<128xi32>
  %rows0 = arith.addi %rs, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %rows0, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ss = tile.splat %pitch : i32 -> tensor<128x1xi32>
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: a limit of rows or columns is not made of arguments of the kernel and constants
// CHECK-LABEL: func.func @computed_limit(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @computed_limit(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %limit = arith.muli %pid, %k : i32
  %r128 = tile.make_range 0, 128 : tensor<128xi32>
  %r64 = tile.make_range 0, 64 : tensor<64xi32>
  %rs = tile.splat %row : i32 -> tensor<128xi32>
  %rows0 = arith.addi %rs, %r128 : tensor<128xi32>
  %rows = tile.expand_dims %rows0, 1 : tensor<128xi32> -> tensor<128x1xi32>
  %ss = tile.splat %s : i32 -> tensor<128x1xi32>
  %ms = tile.splat %m : i32 -> tensor<128x1xi32>
  %ks = tile.splat %limit : i32 -> tensor<1x64xi32>
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

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: it is volatile
// CHECK-LABEL: func.func @volatile(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @volatile(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
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
    %x = tile.load %p mask %inside other %none cache = cv : tensor<128x64x!tile.ptr<f16>>
    %t = tile.trans %x[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}

// -----

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the kernel writes to the tensor, or to nobody knows what
// CHECK-LABEL: func.func @written(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @written(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %h = arith.constant 1.0 : f16
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
  tile.store %a, %h : !tile.ptr<f16>
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}

// -----

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: masked elements are not zero
// CHECK-LABEL: func.func @other_value(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @other_value(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %none = arith.constant dense<0.0> : tensor<128x64xf16>
  %pid = tile.program_id 0
  %row = arith.muli %pid, %c128 : i32
  %ones = arith.constant dense<1.0> : tensor<128x64xf16>
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
    %x = tile.load %p mask %inside other %ones : tensor<128x64x!tile.ptr<f16>>
    %t = tile.trans %x[1, 0] : tensor<128x64xf16> -> tensor<64x128xf16>
    %d = tile.dot %x, %t, %acc : tensor<128x64xf16>, tensor<64x128xf16> -> tensor<128x128xf32>
    scf.yield %d : tensor<128x128xf32>
  }
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}

// -----

// REMARK: remark: simt-box-copies: copied by lanes, not boxes: the loop is not pipelined
// CHECK-LABEL: func.func @not_pipelined(
// CHECK-NOT: tile.descriptor_load
// CHECK: tile.load
func.func @not_pipelined(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %m: i32, %k: i32, %s: i32 {tile.divisibility = 8 : i64}) {
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
  } {tile.num_stages = 1 : i32}
  tile.print "s" signed = [false] : %sum : tensor<128x128xf32>
  return
}
