// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix --simt-assign-layouts 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --split-input-file --simt-select-matrix --simt-assign-layouts -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// One layout from loads to stores: 16 bytes a lane, constants and ranges made
// where they are used.
// CHECK: #[[L:layout[0-9]*]] = #simt.layout<"(dim0: 1024) { register: (1) (2) (512); lane: (4) (8) (16) (32) (64); warp: (128) (256) }">
// CHECK: module attributes {simt.target = "warp32"}
// CHECK-LABEL: @add
// CHECK-SAME: simt.num_warps = 4 : i32, simt.threads = 128 : i32, simt.warp_size = 32 : i32
// CHECK-NOT: convert_layout
// CHECK: tile.load {{.*}} tensor<1024x!tile.ptr<f32>, #[[L]]>
// CHECK: arith.addf {{.*}} tensor<1024xf32, #[[L]]>
// CHECK: tile.store {{.*}} tensor<1024x!tile.ptr<f32>, #[[L]]>
// REMARK: simt-assign-layouts: load of 16 bytes a lane, 16 sectors of 32 bytes a warp{{$}}
// REMARK: simt-assign-layouts: store of 16 bytes a lane, 16 sectors of 32 bytes a warp{{$}}
func.func @add(%x: !tile.ptr<f32> {tile.divisibility = 16 : i64},
               %o: !tile.ptr<f32> {tile.divisibility = 16 : i64},
               %n: i32 {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %r = tile.make_range 0, 1024 : tensor<1024xi32>
  %nn = tile.splat %n : i32 -> tensor<1024xi32>
  %m = arith.cmpi slt, %r, %nn : tensor<1024xi32>
  %xp = tile.splat %x : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
  %xq = tile.addptr %xp, %r : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
  %a = tile.load %xq mask %m : tensor<1024x!tile.ptr<f32>>
  %one = arith.constant dense<1.0> : tensor<1024xf32>
  %b = arith.addf %a, %one : tensor<1024xf32>
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
  %oq = tile.addptr %op, %r : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
  tile.store %oq, %b mask %m : tensor<1024x!tile.ptr<f32>>
  return
}

// -----

// Nothing is known of the length: one element a lane, and the remark says why.
// CHECK: #simt.layout<"(dim0: 256) { register: (128); lane: (1) (2) (4) (8) (16); warp: (32) (64) }">
// CHECK-LABEL: @unknown_length
// REMARK: simt-assign-layouts: store of 4 bytes a lane, 4 sectors of 32 bytes a warp: the mask is not known to be the same for neighbours
func.func @unknown_length(%o: !tile.ptr<f32>, %n: i32) attributes {tile.kernel} {
  %r = tile.make_range 0, 256 : tensor<256xi32>
  %nn = tile.splat %n : i32 -> tensor<256xi32>
  %m = arith.cmpi slt, %r, %nn : tensor<256xi32>
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<256x!tile.ptr<f32>>
  %oq = tile.addptr %op, %r : tensor<256x!tile.ptr<f32>>, tensor<256xi32>
  %c = arith.constant dense<1.0> : tensor<256xf32>
  tile.store %oq, %c mask %m : tensor<256x!tile.ptr<f32>>
  return
}

// -----

// Elements of 2 and of 4 bytes meet in one layout: the wider load takes two
// vectors.
// CHECK-LABEL: @mixed_widths
// CHECK-NOT: convert_layout
// CHECK: return
func.func @mixed_widths(%x: !tile.ptr<f16> {tile.divisibility = 16 : i64},
                        %y: !tile.ptr<f32> {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %r = tile.make_range 0, 2048 : tensor<2048xi32>
  %xp = tile.splat %x : !tile.ptr<f16> -> tensor<2048x!tile.ptr<f16>>
  %xq = tile.addptr %xp, %r : tensor<2048x!tile.ptr<f16>>, tensor<2048xi32>
  %yp = tile.splat %y : !tile.ptr<f32> -> tensor<2048x!tile.ptr<f32>>
  %yq = tile.addptr %yp, %r : tensor<2048x!tile.ptr<f32>>, tensor<2048xi32>
  %a = tile.load %xq : tensor<2048x!tile.ptr<f16>>
  %b = tile.load %yq : tensor<2048x!tile.ptr<f32>>
  %c = arith.extf %a : tensor<2048xf16> to tensor<2048xf32>
  %d = arith.addf %c, %b : tensor<2048xf32>
  tile.store %yq, %d : tensor<2048x!tile.ptr<f32>>
  return
}

// -----

// A row stays in its warp; what reductions yield is broadcast as it lies.
// CHECK-DAG: #[[L:layout[0-9]*]] = #simt.layout<"(dim0: 8, dim1: 256) { register: (0,1) (0,2) (0,128) (4,0); lane: (0,4) (0,8) (0,16) (0,32) (0,64); warp: (1,0) (2,0) }">
// CHECK-DAG: #[[S:layout[0-9]*]] = #simt.layout<"(dim0: 8) { register: (4); lane: (0) (0) (0) (0) (0); warp: (1) (2) }">
// CHECK-LABEL: @softmax_rows
// CHECK-NOT: convert_layout
// CHECK: tile.reduce {{.*}} : (tensor<8x256xf32, #[[L]]>) -> tensor<8xf32, #[[S]]>
// CHECK: tile.expand_dims {{.*}} #[[S]]>
// CHECK-NOT: convert_layout
// CHECK: return
func.func @softmax_rows(%x: !tile.ptr<f32> {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %r = tile.make_range 0, 8 : tensor<8xi32>
  %c = tile.make_range 0, 256 : tensor<256xi32>
  %re = tile.expand_dims %r, 1 : tensor<8xi32> -> tensor<8x1xi32>
  %k = arith.constant dense<256> : tensor<8x1xi32>
  %rs = arith.muli %re, %k : tensor<8x1xi32>
  %ce = tile.expand_dims %c, 0 : tensor<256xi32> -> tensor<1x256xi32>
  %rb = tile.broadcast %rs : tensor<8x1xi32> -> tensor<8x256xi32>
  %cb = tile.broadcast %ce : tensor<1x256xi32> -> tensor<8x256xi32>
  %off = arith.addi %rb, %cb : tensor<8x256xi32>
  %p = tile.splat %x : !tile.ptr<f32> -> tensor<8x256x!tile.ptr<f32>>
  %q = tile.addptr %p, %off : tensor<8x256x!tile.ptr<f32>>, tensor<8x256xi32>
  %v = tile.load %q : tensor<8x256x!tile.ptr<f32>>
  %max = tile.reduce %v axis = 1 commutative : (tensor<8x256xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.maxnumf %a, %b : f32
    tile.yield %0 : f32
  }
  %me = tile.expand_dims %max, 1 : tensor<8xf32> -> tensor<8x1xf32>
  %mb = tile.broadcast %me : tensor<8x1xf32> -> tensor<8x256xf32>
  %s = arith.subf %v, %mb : tensor<8x256xf32>
  tile.store %q, %s : tensor<8x256x!tile.ptr<f32>>
  return
}

// -----

// Loaded along rows, stored along columns: one conversion, by shared memory.
// CHECK-LABEL: @transpose
// CHECK: tile.load
// CHECK: simt.convert_layout
// CHECK-NOT: convert_layout
// CHECK: tile.store
// REMARK: simt-assign-layouts: 4096 elements of 'f32' change threads through shared memory
func.func @transpose(%x: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                     %o: !tile.ptr<f32> {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %r = tile.make_range 0, 64 : tensor<64xi32>
  %re = tile.expand_dims %r, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %k = arith.constant dense<64> : tensor<64x1xi32>
  %rs = arith.muli %re, %k : tensor<64x1xi32>
  %ce = tile.expand_dims %r, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %rb = tile.broadcast %rs : tensor<64x1xi32> -> tensor<64x64xi32>
  %cb = tile.broadcast %ce : tensor<1x64xi32> -> tensor<64x64xi32>
  %off = arith.addi %rb, %cb : tensor<64x64xi32>
  %p = tile.splat %x : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %q = tile.addptr %p, %off : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  %v = tile.load %q : tensor<64x64x!tile.ptr<f32>>
  %t = tile.trans %v [1, 0] : tensor<64x64xf32> -> tensor<64x64xf32>
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %oq = tile.addptr %op, %off : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  tile.store %oq, %t : tensor<64x64x!tile.ptr<f32>>
  return
}

// -----

// A loop carries the layout its body makes; the start is made in it, and what
// comes from outside is converted outside.
// CHECK: #[[D:layout[0-9]*]] = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
// CHECK-LABEL: @loop
// CHECK: arith.constant dense<0.000000e+00> : tensor<64x64xf32, #[[D]]>
// CHECK: simt.shared_alloc init
// CHECK: simt.shared_load
// CHECK: scf.for
// CHECK-NOT: convert_layout
// CHECK: tile.dot {{.*}} {simt.row = "m16n8k16.f32.f16"}
// CHECK: scf.yield {{.*}} tensor<64x64xf32, #[[D]]>
// REMARK: simt-select-matrix: product of 64 x 64 x 64 of f16 and f16 in f32: m16n8k16.f32.f16, warps 2 x 2
func.func @loop(%x: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %o: !tile.ptr<f32>, %n: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = tile.make_range 0, 64 : tensor<64xi32>
  %re = tile.expand_dims %r, 1 : tensor<64xi32> -> tensor<64x1xi32>
  %k = arith.constant dense<64> : tensor<64x1xi32>
  %rs = arith.muli %re, %k : tensor<64x1xi32>
  %ce = tile.expand_dims %r, 0 : tensor<64xi32> -> tensor<1x64xi32>
  %rb = tile.broadcast %rs : tensor<64x1xi32> -> tensor<64x64xi32>
  %cb = tile.broadcast %ce : tensor<1x64xi32> -> tensor<64x64xi32>
  %off = arith.addi %rb, %cb : tensor<64x64xi32>
  %p = tile.splat %x : !tile.ptr<f16> -> tensor<64x64x!tile.ptr<f16>>
  %q = tile.addptr %p, %off : tensor<64x64x!tile.ptr<f16>>, tensor<64x64xi32>
  %a = tile.load %q : tensor<64x64x!tile.ptr<f16>>
  %d = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %b = tile.load %q : tensor<64x64x!tile.ptr<f16>>
    %e = tile.dot %a, %b, %acc : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %e : tensor<64x64xf32>
  }
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<64x64x!tile.ptr<f32>>
  %oq = tile.addptr %op, %off : tensor<64x64x!tile.ptr<f32>>, tensor<64x64xi32>
  tile.store %oq, %d : tensor<64x64x!tile.ptr<f32>>
  return
}

// -----

// Both branches yield, and a while loop carries, one layout.
// CHECK: #[[L:layout[0-9]*]] = #simt.layout<"(dim0: 256) { register: (1); lane: (2) (4) (8) (16) (32); warp: (64) (128) }">
// CHECK-LABEL: @control
// CHECK: scf.if {{.*}} -> (tensor<256xf32, #[[L]]>)
// CHECK: scf.while {{.*}} : (tensor<256xf32, #[[L]]>) -> tensor<256xf32, #[[L]]>
// CHECK-NOT: convert_layout
// CHECK: return
func.func @control(%x: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %c: i1) attributes {tile.kernel} {
  %r = tile.make_range 0, 256 : tensor<256xi32>
  %p = tile.splat %x : !tile.ptr<f32> -> tensor<256x!tile.ptr<f32>>
  %q = tile.addptr %p, %r : tensor<256x!tile.ptr<f32>>, tensor<256xi32>
  %zero = arith.constant dense<0.0> : tensor<256xf32>
  %a = scf.if %c -> (tensor<256xf32>) {
    %l = tile.load %q : tensor<256x!tile.ptr<f32>>
    scf.yield %l : tensor<256xf32>
  } else {
    scf.yield %zero : tensor<256xf32>
  }
  %w = scf.while (%v = %a) : (tensor<256xf32>) -> tensor<256xf32> {
    scf.condition(%c) %v : tensor<256xf32>
  } do {
  ^bb0(%v: tensor<256xf32>):
    %d = arith.addf %v, %v : tensor<256xf32>
    scf.yield %d : tensor<256xf32>
  }
  tile.store %q, %w : tensor<256x!tile.ptr<f32>>
  return
}

// -----

// 3 repetitions of 64; 33 rows have no binary digit and lie in registers.
// CHECK-DAG: #simt.layout<"(dim0: 64*3) { register: 3*(64); lane: (1) (2) (4) (8) (16); warp: (32) (0) }">
// CHECK-DAG: #simt.layout<"(dim0: 33) { register: 33*(1); lane: (0) (0) (0) (0) (0); warp: (0) (0) }">
// CHECK-LABEL: @odd
func.func @odd(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>) attributes {tile.kernel} {
  %r = tile.make_range 0, 192 : tensor<192xi32>
  %p = tile.splat %x : !tile.ptr<f32> -> tensor<192x!tile.ptr<f32>>
  %q = tile.addptr %p, %r : tensor<192x!tile.ptr<f32>>, tensor<192xi32>
  %v = tile.load %q : tensor<192x!tile.ptr<f32>>
  tile.store %q, %v : tensor<192x!tile.ptr<f32>>
  %s = tile.make_range 0, 33 : tensor<33xi32>
  %t = tile.splat %y : !tile.ptr<f32> -> tensor<33x!tile.ptr<f32>>
  %u = tile.addptr %t, %s : tensor<33x!tile.ptr<f32>>, tensor<33xi32>
  %w = tile.load %u : tensor<33x!tile.ptr<f32>>
  tile.store %u, %w : tensor<33x!tile.ptr<f32>>
  return
}

// -----

// Shapes change where the elements are: pairs and halves in registers.
// CHECK-LABEL: @shapes
// CHECK: tile.join
// CHECK-NOT: convert_layout
// CHECK: tile.split
func.func @shapes(%x: !tile.ptr<f32> {tile.divisibility = 16 : i64}) attributes {tile.kernel} {
  %r = tile.make_range 0, 256 : tensor<256xi32>
  %p = tile.splat %x : !tile.ptr<f32> -> tensor<256x!tile.ptr<f32>>
  %q = tile.addptr %p, %r : tensor<256x!tile.ptr<f32>>, tensor<256xi32>
  %v = tile.load %q : tensor<256x!tile.ptr<f32>>
  %j = tile.join %v, %v : tensor<256xf32> -> tensor<256x2xf32>
  %f = tile.reshape %j : tensor<256x2xf32> -> tensor<512xf32>
  %g = tile.reshape %f : tensor<512xf32> -> tensor<256x2xf32>
  %a, %b = tile.split %g : tensor<256x2xf32> -> tensor<256xf32>
  %s = arith.addf %a, %b : tensor<256xf32>
  tile.store %q, %s : tensor<256x!tile.ptr<f32>>
  return
}

// -----

// Nothing is known of the address, or that it is even.
// CHECK-LABEL: @unaligned
// REMARK: simt-assign-layouts: store of 4 bytes a lane, 4 sectors of 32 bytes a warp: addresses are known to be multiples of 4 bytes
// CHECK-LABEL: @aligned_by_8
// REMARK: simt-assign-layouts: store of 8 bytes a lane, 8 sectors of 32 bytes a warp: addresses are known to be multiples of 8 bytes
func.func @unaligned(%o: !tile.ptr<f32>) attributes {tile.kernel} {
  %r = tile.make_range 0, 1024 : tensor<1024xi32>
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
  %oq = tile.addptr %op, %r : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
  %c = arith.constant dense<1.0> : tensor<1024xf32>
  tile.store %oq, %c : tensor<1024x!tile.ptr<f32>>
  return
}
func.func @aligned_by_8(%o: !tile.ptr<f32> {tile.divisibility = 8 : i64}) attributes {tile.kernel} {
  %r = tile.make_range 0, 1024 : tensor<1024xi32>
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<1024x!tile.ptr<f32>>
  %oq = tile.addptr %op, %r : tensor<1024x!tile.ptr<f32>>, tensor<1024xi32>
  %c = arith.constant dense<1.0> : tensor<1024xf32>
  tile.store %oq, %c : tensor<1024x!tile.ptr<f32>>
  return
}

// -----

// Down a column: each lane moves a sector of its own.
// CHECK-LABEL: @column
// REMARK: simt-assign-layouts: store of 4 bytes a lane, 32 sectors of 32 bytes a warp where 4 would hold them: elements are not known to be neighbours in memory
func.func @column(%o: !tile.ptr<f32>, %stride: i32) attributes {tile.kernel} {
  %r = tile.make_range 0, 256 : tensor<256xi32>
  %s = tile.splat %stride : i32 -> tensor<256xi32>
  %i = arith.muli %r, %s : tensor<256xi32>
  %op = tile.splat %o : !tile.ptr<f32> -> tensor<256x!tile.ptr<f32>>
  %oq = tile.addptr %op, %i : tensor<256x!tile.ptr<f32>>, tensor<256xi32>
  %c = arith.constant dense<1.0> : tensor<256xf32>
  tile.store %oq, %c : tensor<256x!tile.ptr<f32>>
  return
}
