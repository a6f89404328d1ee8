// RUN: tilesdk-opt %s --simt-warp-specialize="num-stages=4 target=group" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-warp-specialize="num-stages=4 target=group" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: tilesdk-opt %s --simt-warp-specialize="num-stages=4 target=warp32" --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=PLAIN

// The consumers wait for a full buffer and give the one before back; the
// producer runs ahead by two, for one buffer is held by a product under way and
// one is being given back. What the loop leaves under way arrives behind it.
// REMARK: remark: simt-warp-specialize: 4 warps copy, 4 warps compute, 4 stages of 8192 bytes
// PLAIN: remark: simt-warp-specialize: declined: the machine has no warp groups with barriers of their own
// CHECK-LABEL: func.func @async_product(
// CHECK-SAME: simt.num_stages = 4 : i32, simt.num_warps = 8 : i32, simt.threads = 256 : i32
// CHECK: %[[A:.*]] = simt.shared_alloc {simt.ring} -> !simt.shared<4x64x32xf16
// CHECK: %[[B:.*]] = simt.shared_alloc {simt.ring} -> !simt.shared<4x32x64xf16
// CHECK: %[[FULL:.*]] = simt.barriers_init count = 4 : !simt.barriers<4>
// CHECK: %[[EMPTY:.*]] = simt.barriers_init count = 4 : !simt.barriers<4>
// CHECK: simt.warp_specialize warps = [4, 4] registers = [248, 96] {
// CHECK: %[[R:.*]]:5 = scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[I:.*]] = %{{.*}}, %[[P:.*]] = %{{.*}}, %[[BEFORE:.*]] = %{{.*}}, %[[HELD:.*]] = %{{.*}})
// CHECK-NEXT: simt.barrier_wait %[[FULL]][%[[I]]], %[[P]]
// CHECK-NEXT: simt.shared_index %[[A]][%[[I]]]
// CHECK-NEXT: simt.shared_index %[[B]][%[[I]]]
// CHECK-NEXT: simt.mma_async
// CHECK-NEXT: simt.mma_wait %{{.*}} pending = 1
// CHECK: scf.if
// CHECK-NEXT: simt.barrier_arrive %[[EMPTY]][%[[BEFORE]]]
// CHECK: scf.yield
// CHECK: simt.mma_wait %[[R]]#0 pending = 0
// CHECK: }, {
// CHECK: scf.for {{.*}} iter_args(%[[F:.*]] = %{{.*}}, %[[Q:.*]] = %{{.*}}, %[[D:.*]] = %{{.*}}, %[[N:.*]] = %{{.*}})
// CHECK-NEXT: simt.barrier_wait %[[EMPTY]][%[[F]]], %[[Q]]
// CHECK: %[[V:.*]] = simt.shared_index %[[A]][%[[F]]]
// CHECK: simt.async_copy "b128" %{{.*}} to %[[V]] mask
// CHECK: simt.async_copy "b128"
// CHECK: simt.async_commit
// CHECK: simt.async_wait pending = 2
// CHECK: simt.fence_async
// CHECK: arith.cmpi sge, %[[N]]
// CHECK-NEXT: scf.if
// CHECK-NEXT: simt.barrier_arrive %[[FULL]][%[[D]]]
// CHECK: scf.yield
// CHECK: simt.async_wait pending = 0
// CHECK: scf.for
// CHECK: simt.barrier_arrive %[[FULL]]
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @async_product(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %ah = tile.hint %ao divisibility = [16, 16] contiguity = [1, 32] : tensor<64x32xi32, #pa>
  %bh = tile.hint %bo divisibility = [16, 16] contiguity = [1, 64] : tensor<32x64xi32, #pb>
  %mh = tile.hint %m constancy = [1, 32] : tensor<64x32xi1, #pa>
  %s = scf.for %i = %c0 to %k step %c32 iter_args(%acc = %zg) -> tensor<64x64xf32, #group> : i32 {
    %ap = tile.addptr %a, %i : !tile.ptr<f16>, i32
    %as = tile.splat %ap : !tile.ptr<f16> -> tensor<64x32x!tile.ptr<f16>, #pa>
    %aq = tile.addptr %as, %ah : tensor<64x32x!tile.ptr<f16>, #pa>, tensor<64x32xi32, #pa>
    %bp = tile.addptr %b, %i : !tile.ptr<f16>, i32
    %bs = tile.splat %bp : !tile.ptr<f16> -> tensor<32x64x!tile.ptr<f16>, #pb>
    %bq = tile.addptr %bs, %bh : tensor<32x64x!tile.ptr<f16>, #pb>, tensor<32x64xi32, #pb>
    %x = tile.load %aq mask %mh : tensor<64x32x!tile.ptr<f16>, #pa>
    %y = tile.load %bq : tensor<32x64x!tile.ptr<f16>, #pb>
    %u = simt.shared_alloc init %x : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %p = simt.mma_async "m64k16.f32.f16" %u, %v, %acc : !simt.shared<64x32xf16, #sa>, !simt.shared<32x64xf16, #sb> -> tensor<64x64xf32, #group>
    %d = simt.mma_wait %p pending = 0 : tensor<64x64xf32, #group>
    scf.yield %d : tensor<64x64xf32, #group>
  } {tile.warp_specialize = true}
  tile.print "s" signed = [false] : %s : tensor<64x64xf32, #group>
  return
}


// -----

// REMARK: remark: simt-warp-specialize: declined: this operand is not an asynchronous copy to a buffer
// CHECK-LABEL: func.func @converted(
// CHECK-NOT: simt.warp_specialize
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @converted(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %ah = tile.hint %ao divisibility = [16, 16] contiguity = [1, 32] : tensor<64x32xi32, #pa>
  %bh = tile.hint %bo divisibility = [16, 16] contiguity = [1, 64] : tensor<32x64xi32, #pb>
  %mh = tile.hint %m constancy = [1, 32] : tensor<64x32xi1, #pa>
  %s = scf.for %i = %c0 to %k step %c32 iter_args(%acc = %z) -> tensor<64x64xf32, #acc> : i32 {
    %ap = tile.addptr %a, %i : !tile.ptr<f16>, i32
    %as = tile.splat %ap : !tile.ptr<f16> -> tensor<64x32x!tile.ptr<f16>, #pa>
    %aq = tile.addptr %as, %ah : tensor<64x32x!tile.ptr<f16>, #pa>, tensor<64x32xi32, #pa>
    %bp = tile.addptr %b, %i : !tile.ptr<f16>, i32
    %bs = tile.splat %bp : !tile.ptr<f16> -> tensor<32x64x!tile.ptr<f16>, #pb>
    %bq = tile.addptr %bs, %bh : tensor<32x64x!tile.ptr<f16>, #pb>, tensor<32x64xi32, #pb>
    %x = tile.load %aq mask %mh : tensor<64x32x!tile.ptr<f16>, #pa>
    %y = tile.load %bq : tensor<32x64x!tile.ptr<f16>, #pb>
    %u = simt.shared_alloc init %x : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %n = arith.negf %y : tensor<32x64xf16, #pb>
    %v = simt.shared_alloc init %n : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    scf.yield %d : tensor<64x64xf32, #acc>
  } {tile.warp_specialize = true}
  return
}


// -----

// REMARK: remark: simt-warp-specialize: the address depends on what earlier iterations compute
// CHECK-LABEL: func.func @depends(
// CHECK-NOT: simt.warp_specialize
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @depends(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %ah = tile.hint %ao divisibility = [16, 16] contiguity = [1, 32] : tensor<64x32xi32, #pa>
  %bh = tile.hint %bo divisibility = [16, 16] contiguity = [1, 64] : tensor<32x64xi32, #pb>
  %mh = tile.hint %m constancy = [1, 32] : tensor<64x32xi1, #pa>
  %s:2 = scf.for %i = %c0 to %k step %c32 iter_args(%acc = %z, %o = %c0) -> (tensor<64x64xf32, #acc>, i32) : i32 {
    %ap = tile.addptr %a, %o : !tile.ptr<f16>, i32
    %as = tile.splat %ap : !tile.ptr<f16> -> tensor<64x32x!tile.ptr<f16>, #pa>
    %aq = tile.addptr %as, %ah : tensor<64x32x!tile.ptr<f16>, #pa>, tensor<64x32xi32, #pa>
    %bp = tile.addptr %b, %i : !tile.ptr<f16>, i32
    %bs = tile.splat %bp : !tile.ptr<f16> -> tensor<32x64x!tile.ptr<f16>, #pb>
    %bq = tile.addptr %bs, %bh : tensor<32x64x!tile.ptr<f16>, #pb>, tensor<32x64xi32, #pb>
    %x = tile.load %aq mask %mh : tensor<64x32x!tile.ptr<f16>, #pa>
    %y = tile.load %bq : tensor<32x64x!tile.ptr<f16>, #pb>
    %u = simt.shared_alloc init %x : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    %e = tile.reduce %d axis = 0 : (tensor<64x64xf32, #acc>) -> tensor<64xf32> {
    ^bb0(%g: f32, %h: f32):
      %f = arith.addf %g, %h : f32
      tile.yield %f : f32
    }
    %t = tile.reduce %e axis = 0 : (tensor<64xf32>) -> f32 {
    ^bb0(%g: f32, %h: f32):
      %f = arith.addf %g, %h : f32
      tile.yield %f : f32
    }
    %w = arith.fptosi %t : f32 to i32
    scf.yield %d, %w : tensor<64x64xf32, #acc>, i32
  } {tile.warp_specialize = true}
  return
}


// -----

// REMARK: remark: simt-warp-specialize: declined: the loop is inside of another op
// CHECK-LABEL: func.func @nested(
// CHECK-NOT: simt.warp_specialize
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @nested(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %ah = tile.hint %ao divisibility = [16, 16] contiguity = [1, 32] : tensor<64x32xi32, #pa>
  %bh = tile.hint %bo divisibility = [16, 16] contiguity = [1, 64] : tensor<32x64xi32, #pb>
  %mh = tile.hint %m constancy = [1, 32] : tensor<64x32xi1, #pa>
  scf.for %o = %c0 to %k step %c32 : i32 {
  %s = scf.for %i = %c0 to %k step %c32 iter_args(%acc = %z) -> tensor<64x64xf32, #acc> : i32 {
    %ap = tile.addptr %a, %i : !tile.ptr<f16>, i32
    %as = tile.splat %ap : !tile.ptr<f16> -> tensor<64x32x!tile.ptr<f16>, #pa>
    %aq = tile.addptr %as, %ah : tensor<64x32x!tile.ptr<f16>, #pa>, tensor<64x32xi32, #pa>
    %bp = tile.addptr %b, %i : !tile.ptr<f16>, i32
    %bs = tile.splat %bp : !tile.ptr<f16> -> tensor<32x64x!tile.ptr<f16>, #pb>
    %bq = tile.addptr %bs, %bh : tensor<32x64x!tile.ptr<f16>, #pb>, tensor<32x64xi32, #pb>
    %x = tile.load %aq mask %mh : tensor<64x32x!tile.ptr<f16>, #pa>
    %y = tile.load %bq : tensor<32x64x!tile.ptr<f16>, #pb>
    %u = simt.shared_alloc init %x : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    scf.yield %d : tensor<64x64xf32, #acc>
  } {tile.warp_specialize = true}
  }
  return
}

