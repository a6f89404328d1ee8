// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=3" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s
// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=3" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=4 target=group" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s --check-prefix=GROUP
// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=4 target=group" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=GROUP-REMARK
// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=3 target=warp64" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>/dev/null | FileCheck %s --check-prefix=PLAIN
// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=3 target=warp64" --cse --mlir-print-op-on-diagnostic=false --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=PLAIN-REMARK

// Three buffers, two iterations ahead; the copies of an iteration are one group;
// what runs past the end is masked. Without asynchronous copies loads run one
// iteration ahead.
// REMARK: remark: simt-pipeline-loops: asynchronous copies of 16 bytes a lane
// REMARK: remark: simt-pipeline-loops: 3 stages: 2 loads by asynchronous copies, 0 to registers, 24576 bytes of shared memory
// CHECK-LABEL: func.func @product(
// CHECK-SAME: simt.num_stages = 3 : i32
// CHECK: %[[A:.*]] = simt.shared_alloc -> !simt.shared<3x64x32xf16
// CHECK: %[[B:.*]] = simt.shared_alloc -> !simt.shared<3x32x64xf16
// CHECK: simt.shared_index %[[A]][%{{.*}}] {simt.slot = 0 : i32}
// CHECK: simt.async_copy "b128"
// CHECK: simt.shared_index %[[B]][%{{.*}}] {simt.slot = 0 : i32}
// CHECK: simt.async_copy "b128"
// CHECK: simt.async_commit
// CHECK: simt.shared_index %[[A]][%{{.*}}] {simt.slot = 1 : i32}
// CHECK: simt.async_commit
// CHECK: scf.for
// CHECK: %[[AHEAD:.*]] = arith.cmpi slt, %{{.*}}, %{{.*}} : i32
// CHECK: %[[W:.*]] = simt.async_wait pending = 1
// CHECK: %[[U:.*]] = simt.shared_index %[[A]][%{{.*}}] {simt.slot = 0 : i32}
// CHECK: %[[V:.*]] = simt.shared_index %[[B]][%{{.*}}] {simt.slot = 0 : i32}
// CHECK: simt.shared_index %[[A]][%{{.*}}] {simt.slot = 2 : i32}
// CHECK: tile.splat %[[AHEAD]]
// CHECK: %[[M:.*]] = arith.andi
// CHECK: simt.async_copy "b128" {{.*}} mask %[[M]]
// CHECK: simt.shared_index %[[B]][%{{.*}}] {simt.slot = 2 : i32}
// CHECK: %[[N:.*]] = tile.splat %[[AHEAD]]
// CHECK: simt.async_copy "b128" {{.*}} mask %[[N]]
// CHECK: simt.async_commit
// CHECK: simt.shared_load %[[U]] token %[[W]]
// CHECK: simt.shared_load %[[V]] token %[[W]]
// CHECK: tile.dot
// CHECK: scf.yield

// PLAIN-REMARK: remark: simt-pipeline-loops: 2 stages of 3 that may be: 0 loads by asynchronous copies, 2 to registers
// PLAIN-LABEL: func.func @product(
// PLAIN-SAME: simt.num_stages = 2 : i32
// PLAIN: %[[X:.*]] = tile.load
// PLAIN: %[[Y:.*]] = tile.load
// PLAIN: scf.for {{.*}} = %[[X]], {{.*}} = %[[Y]])
// PLAIN: tile.load
// PLAIN: tile.load
// PLAIN: simt.shared_alloc init
// PLAIN: tile.dot
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @product(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
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
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    scf.yield %d : tensor<64x64xf32, #acc>
  }
  return
}

// -----

// A product under way: its buffers are filled again one iteration later, its
// result is waited for behind the loop.
// GROUP-REMARK: remark: simt-pipeline-loops: 4 stages: 2 loads by asynchronous copies, 0 to registers, 32768 bytes of shared memory; a product is waited for one iteration later
// GROUP-LABEL: func.func @async_product(
// GROUP: simt.shared_alloc -> !simt.shared<4x64x32xf16
// GROUP: %[[R:.*]]:3 = scf.for
// GROUP: simt.async_wait pending = 1
// GROUP: {simt.slot = 2 : i32}
// GROUP: simt.async_copy
// GROUP: simt.mma_async
// GROUP-NEXT: simt.mma_wait %{{.*}} pending = 1
// GROUP: scf.yield
// GROUP: simt.mma_wait %[[R]]#0 pending = 0
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
  }
  tile.print "s" signed = [false] : %s : tensor<64x64xf32, #group>
  return
}

// -----

// The loop's own number of stages; a converted operand is loaded to registers,
// one iteration ahead of its use.
// REMARK: remark: simt-pipeline-loops: 4 stages: 1 loads by asynchronous copies, 1 to registers, 16384 bytes of shared memory
// CHECK-LABEL: func.func @converted(
// CHECK: scf.for
// CHECK: simt.async_wait pending = 2
// CHECK: simt.async_copy
// CHECK: tile.load
// CHECK: arith.negf
// CHECK: simt.shared_alloc init
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
  } {tile.num_stages = 4 : i64}
  return
}

// -----

// REMARK: remark: simt-pipeline-loops: loads of later iterations may not move before this write to memory
// CHECK-LABEL: func.func @writes(
// CHECK-SAME: simt.num_stages = 1 : i32
// CHECK-NOT: simt.async_copy
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @writes(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
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
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    tile.store %q, %x : tensor<64x32x!tile.ptr<f16>, #pa>
    scf.yield %d : tensor<64x64xf32, #acc>
  }
  return
}

// What may stand for anything: another program's signal, a function that is not
// pure.
// REMARK: remark: simt-pipeline-loops: 'tile.load' keeps iterations in order
// CHECK-LABEL: func.func @waits(
// CHECK-NOT: simt.async_copy
func.func @waits(%aq: tensor<64x32x!tile.ptr<f16>, #pa>, %bq: tensor<32x64x!tile.ptr<f16>, #pb>, %flag: !tile.ptr<i32>, %z: tensor<64x64xf32, #acc>, %k: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %s = scf.for %i = %c0 to %k step %c1 iter_args(%acc = %z) -> tensor<64x64xf32, #acc> : i32 {
    %f = tile.load %flag volatile : !tile.ptr<i32>
    %x = tile.load %aq : tensor<64x32x!tile.ptr<f16>, #pa>
    %y = tile.load %bq : tensor<32x64x!tile.ptr<f16>, #pb>
    %u = simt.shared_alloc init %x : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    scf.yield %d : tensor<64x64xf32, #acc>
  }
  return
}

// REMARK: remark: simt-pipeline-loops: 'tile.extern_elementwise' keeps iterations in order
// CHECK-LABEL: func.func @calls(
// CHECK-NOT: simt.async_copy
func.func @calls(%aq: tensor<64x32x!tile.ptr<f16>, #pa>, %bq: tensor<32x64x!tile.ptr<f16>, #pb>, %flag: !tile.ptr<i32>, %z: tensor<64x64xf32, #acc>, %k: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %s = scf.for %i = %c0 to %k step %c1 iter_args(%acc = %z) -> tensor<64x64xf32, #acc> : i32 {
    %f = tile.extern_elementwise "anything" (%i) : (i32) -> i32
    %x = tile.load %aq : tensor<64x32x!tile.ptr<f16>, #pa>
    %y = tile.load %bq : tensor<32x64x!tile.ptr<f16>, #pb>
    %u = simt.shared_alloc init %x : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %l, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    scf.yield %d : tensor<64x64xf32, #acc>
  }
  return
}

// -----

// REMARK: remark: simt-pipeline-loops: the address depends on what earlier iterations compute
// REMARK: note: by 'tile.dot'
// CHECK-LABEL: func.func @depends(
// CHECK-NOT: simt.async_copy
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
  }
  return
}

// -----

// Gathered: the index is loaded with the address, both ahead.
// REMARK: remark: simt-pipeline-loops: 3 stages: 2 loads by asynchronous copies
// CHECK-LABEL: func.func @gathered(
// CHECK: scf.for
// CHECK: simt.async_wait
// CHECK: %[[I:.*]] = tile.load %{{.*}} mask %{{.*}} : !tile.ptr<i32>
// CHECK: tile.hint %[[I]]
// CHECK: simt.async_copy
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @gathered(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %ah = tile.hint %ao divisibility = [16, 16] contiguity = [1, 32] : tensor<64x32xi32, #pa>
  %bh = tile.hint %bo divisibility = [16, 16] contiguity = [1, 64] : tensor<32x64xi32, #pb>
  %mh = tile.hint %m constancy = [1, 32] : tensor<64x32xi1, #pa>
  %s = scf.for %i = %c0 to %k step %c32 iter_args(%acc = %z) -> tensor<64x64xf32, #acc> : i32 {
    %jp = tile.ptr_cast %a : !tile.ptr<f16> -> !tile.ptr<i32>
    %jq = tile.addptr %jp, %i : !tile.ptr<i32>, i32
    %j = tile.load %jq : !tile.ptr<i32>
    %jh = tile.hint %j divisibility = [16] : i32
    %ap = tile.addptr %a, %jh : !tile.ptr<f16>, i32
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
  }
  return
}

// -----

// A tensor that both the address and the product's side use is computed twice
// rather than carried.
// CHECK-LABEL: func.func @shared_use(
// CHECK: scf.for {{.*}} -> (tensor<64x64xf32, #{{.*}}>, i32, i32{{(, i32)*}})
#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @shared_use(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
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
    %v = simt.shared_alloc init %y : tensor<32x64xf16, #pb> -> !simt.shared<32x64xf16, #sb>
    %ii = tile.splat %i : i32 -> tensor<64x32xi32, #pa>
    %mi = arith.cmpi slt, %ah, %ii : tensor<64x32xi32, #pa>
    %xx = tile.load %aq mask %mi : tensor<64x32x!tile.ptr<f16>, #pa>
    %uu = simt.shared_alloc init %xx : tensor<64x32xf16, #pa> -> !simt.shared<64x32xf16, #sa>
    %ll = simt.shared_load %uu : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %md = simt.convert_layout %mi : tensor<64x32xi1, #pa> -> tensor<64x32xi1, #da>
    %l = simt.shared_load %u : !simt.shared<64x32xf16, #sa> -> tensor<64x32xf16, #da>
    %lm = arith.select %md, %l, %ll : tensor<64x32xi1, #da>, tensor<64x32xf16, #da>
    %r = simt.shared_load %v : !simt.shared<32x64xf16, #sb> -> tensor<32x64xf16, #db>
    %d = tile.dot %lm, %r, %acc {simt.row = "m16n8k16.f32.f16"} : tensor<64x32xf16, #da>, tensor<32x64xf16, #db> -> tensor<64x64xf32, #acc>
    scf.yield %d : tensor<64x64xf32, #acc>
  }
  return
}
