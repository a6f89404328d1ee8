// RUN: tilesdk-opt %s --simt-allocate-shared --simt-insert-barriers | FileCheck %s

#a = #simt.layout<"(dim0: 128) { register: ; lane: (1) (2) (4) (8) (16); warp: (32) (64) }">
#b = #simt.layout<"(dim0: 128) { register: ; lane: (64) (32) (16) (8) (4); warp: (2) (1) }">
#s = #simt.shared_layout<layout = "(dim0: 128) { offset: (1) (2) (4) (8) (16) (32) (64) }", format = "", alignment = 16>
#m = #simt.layout<"(dim0: 64, dim1: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#k = #simt.shared_layout<layout = "(dim0: 64, dim1: 16) { offset: (0,1) (0,2) (0,4) (0,8) (1,0) (2,0) (4,0) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#l = #simt.shared_layout<layout = "(dim0: 16, dim1: 8) { offset: (0,1) (0,2) (0,4) (1,0) (2,0) (4,0) (8,0) }", format = "", alignment = 16>

// Read after write, write after read of the same bytes; nothing between reads.
// CHECK-LABEL: func.func @straight(
func.func @straight(%x: tensor<128xf32, #a>) -> (tensor<128xf32, #a>, tensor<128xf32, #b>) {
  // CHECK-NEXT: simt.shared_alloc
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_load
  // CHECK-NEXT: simt.shared_load
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_alloc
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_load
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.convert_layout
  // CHECK-NEXT: return
  %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  %6 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #b>
  %2 = simt.shared_alloc init %1 : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %3 = simt.shared_load %2 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  %4 = simt.convert_layout %3 : tensor<128xf32, #a> -> tensor<128xf32, #b>
  return %3, %4 : tensor<128xf32, #a>, tensor<128xf32, #b>
}

// The read at the end of an iteration meets the write at the start of the next.
// CHECK-LABEL: func.func @loop(
func.func @loop(%x: tensor<128xf32, #a>, %n: index) -> tensor<128xf32, #a> {
  // CHECK: scf.for
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_alloc init
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_load
  // CHECK-NEXT: scf.yield
  %r = scf.for %i = %n to %n step %n iter_args(%c = %x) -> tensor<128xf32, #a> {
    %2 = simt.shared_alloc init %c : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %3 = simt.shared_load %2 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    scf.yield %3 : tensor<128xf32, #a>
  }
  return %r : tensor<128xf32, #a>
}

// What was written ahead of a loop is met ahead of it, once.
// CHECK-LABEL: func.func @before_loop(
func.func @before_loop(%x: tensor<128xf32, #a>, %n: index) -> tensor<128xf32, #a> {
  // CHECK: simt.shared_alloc init
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: simt.shared_load
  // CHECK-NEXT: arith.addf
  // CHECK-NEXT: scf.yield
  %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  %r = scf.for %i = %n to %n step %n iter_args(%c = %x) -> tensor<128xf32, #a> {
    %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    %2 = arith.addf %1, %c : tensor<128xf32, #a>
    scf.yield %2 : tensor<128xf32, #a>
  }
  return %r : tensor<128xf32, #a>
}

// Scratch in a loop: the op meets inside, not from one iteration to the next.
// CHECK-LABEL: func.func @scratch_loop(
func.func @scratch_loop(%x: tensor<128xf32, #a>, %n: index) -> f32 {
  %z = arith.constant 0.0 : f32
  // CHECK: scf.for
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: tile.reduce
  %r = scf.for %i = %n to %n step %n iter_args(%c = %z) -> f32 {
    %0 = tile.reduce %x axis = 0 : (tensor<128xf32, #a>) -> f32 {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tile.yield %s : f32
    }
    %1 = arith.addf %0, %c : f32
    scf.yield %1 : f32
  }
  return %r : f32
}

// Only one side of a branch writes.
// CHECK-LABEL: func.func @branch(
func.func @branch(%x: tensor<128xf32, #a>, %p: i1) -> tensor<128xf32, #a> {
  %0 = simt.shared_alloc -> !simt.shared<128xf32, #s>
  scf.if %p {
    // CHECK: scf.if
    // CHECK-NEXT: simt.shared_store
    // CHECK-NEXT: }
    simt.shared_store %x, %0 : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
  }
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_load
  %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  return %1 : tensor<128xf32, #a>
}

// An asynchronous copy that nobody waits for: commit, wait, meet.
// CHECK-LABEL: func.func @copy(
func.func @copy(%p: tensor<128x!tile.ptr<f32>, #a>) -> tensor<128xf32, #a> {
  %0 = simt.shared_alloc -> !simt.shared<128xf32, #s>
  // CHECK: simt.async_copy
  // CHECK-NEXT: simt.async_commit()
  // CHECK-NEXT: simt.async_wait pending = 0
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_load
  %t = simt.async_copy "b32" %p to %0 : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
  %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  return %1 : tensor<128xf32, #a>
}

// Three buffers filled two iterations ahead: one barrier an iteration, behind
// the wait, also closes what the last iteration read.
// CHECK-LABEL: func.func @pipelined(
func.func @pipelined(%p: tensor<128x!tile.ptr<f32>, #a>, %x: tensor<128xf32, #a>, %n: i32) -> tensor<128xf32, #a> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %0 = simt.shared_alloc -> !simt.shared<3x128xf32, #s>
  %b0 = simt.shared_index %0[%c0] {simt.slot = 0 : i32} : !simt.shared<3x128xf32, #s> -> !simt.shared<128xf32, #s>
  // CHECK: simt.async_copy
  // CHECK-NEXT: simt.async_commit
  // CHECK-NEXT: simt.shared_index
  // CHECK-NEXT: simt.async_copy
  // CHECK-NEXT: simt.async_commit
  %t0 = simt.async_copy "b32" %p to %b0 : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
  %g0 = simt.async_commit(%t0)
  %b1 = simt.shared_index %0[%c1] {simt.slot = 1 : i32} : !simt.shared<3x128xf32, #s> -> !simt.shared<128xf32, #s>
  %t1 = simt.async_copy "b32" %p to %b1 : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
  %g1 = simt.async_commit(%t1)
  // CHECK: scf.for
  // CHECK-NEXT: simt.async_wait pending = 1
  // CHECK-NEXT: simt.shared_index
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_load
  // CHECK-NOT: simt.barrier
  // CHECK: scf.yield
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%c = %x) -> tensor<128xf32, #a> : i32 {
    %w = simt.async_wait pending = 1
    %v = simt.shared_index %0[%i] {simt.slot = 0 : i32} : !simt.shared<3x128xf32, #s> -> !simt.shared<128xf32, #s>
    %y = simt.shared_load %v token %w : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    %u = simt.shared_index %0[%i] {simt.slot = 2 : i32} : !simt.shared<3x128xf32, #s> -> !simt.shared<128xf32, #s>
    %t = simt.async_copy "b32" %p to %u : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
    %g = simt.async_commit(%t)
    %s = arith.addf %c, %y : tensor<128xf32, #a>
    scf.yield %s : tensor<128xf32, #a>
  }
  return %r : tensor<128xf32, #a>
}

// The same with the copy in front of the load: what a first look at the body
// asks for, a barrier before the load, is not needed behind the one that the
// copy needs.
// CHECK-LABEL: func.func @copy_first(
func.func @copy_first(%p: tensor<128x!tile.ptr<f32>, #a>, %x: tensor<128xf32, #a>, %n: i32) -> tensor<128xf32, #a> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %0 = simt.shared_alloc -> !simt.shared<2x128xf32, #s>
  %b0 = simt.shared_index %0[%c0] {simt.slot = 0 : i32} : !simt.shared<2x128xf32, #s> -> !simt.shared<128xf32, #s>
  %t0 = simt.async_copy "b32" %p to %b0 : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
  %g0 = simt.async_commit(%t0)
  // CHECK: scf.for
  // CHECK: simt.barrier
  // CHECK-NEXT: simt.async_copy
  // CHECK-NOT: simt.barrier
  // CHECK: scf.yield
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%c = %x) -> tensor<128xf32, #a> : i32 {
    %w = simt.async_wait pending = 0
    %v = simt.shared_index %0[%i] {simt.slot = 0 : i32} : !simt.shared<2x128xf32, #s> -> !simt.shared<128xf32, #s>
    %u = simt.shared_index %0[%i] {simt.slot = 1 : i32} : !simt.shared<2x128xf32, #s> -> !simt.shared<128xf32, #s>
    %t = simt.async_copy "b32" %p to %u : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
    %g = simt.async_commit(%t)
    %y = simt.shared_load %v token %w : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    %s = arith.addf %c, %y : tensor<128xf32, #a>
    scf.yield %s : tensor<128xf32, #a>
  }
  return %r : tensor<128xf32, #a>
}

// One buffer filled one iteration ahead: the copy would overtake the readers.
// CHECK-LABEL: func.func @too_few(
func.func @too_few(%p: tensor<128x!tile.ptr<f32>, #a>, %x: tensor<128xf32, #a>, %n: i32) -> tensor<128xf32, #a> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %0 = simt.shared_alloc -> !simt.shared<1x128xf32, #s>
  // CHECK: scf.for
  // CHECK: simt.barrier
  // CHECK-NEXT: simt.shared_load
  // CHECK: simt.barrier
  // CHECK-NEXT: simt.async_copy
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%c = %x) -> tensor<128xf32, #a> : i32 {
    %w = simt.async_wait pending = 0
    %v = simt.shared_index %0[%c0] {simt.slot = 0 : i32} : !simt.shared<1x128xf32, #s> -> !simt.shared<128xf32, #s>
    %y = simt.shared_load %v token %w : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
    %u = simt.shared_index %0[%c0] {simt.slot = 1 : i32} : !simt.shared<1x128xf32, #s> -> !simt.shared<128xf32, #s>
    %t = simt.async_copy "b32" %p to %u : tensor<128x!tile.ptr<f32>, #a> -> !simt.shared<128xf32, #s>
    %g = simt.async_commit(%t)
    %s = arith.addf %c, %y : tensor<128xf32, #a>
    scf.yield %s : tensor<128xf32, #a>
  }
  return %r : tensor<128xf32, #a>
}

// An asynchronous product reads what was stored: fence, meet; and its buffers
// are written again only when it was waited for.
// CHECK-LABEL: func.func @product(
func.func @product(%a: tensor<64x16xf16>, %b: tensor<16x8xf16>, %c: tensor<64x8xf32, #m>) -> tensor<64x8xf32, #m> {
  // CHECK: simt.shared_alloc
  // CHECK-NEXT: simt.shared_alloc
  // CHECK-NEXT: simt.fence_async
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.mma_async
  // CHECK-NEXT: simt.mma_wait pending = 0
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: simt.shared_store
  %0 = simt.shared_alloc init %a : tensor<64x16xf16> -> !simt.shared<64x16xf16, #k>
  %1 = simt.shared_alloc init %b : tensor<16x8xf16> -> !simt.shared<16x8xf16, #l>
  %2 = simt.mma_async "m64k16.f32.f16" %0, %1, %c : !simt.shared<64x16xf16, #k>, !simt.shared<16x8xf16, #l> -> tensor<64x8xf32, #m>
  simt.shared_store %a, %0 : tensor<64x16xf16> -> !simt.shared<64x16xf16, #k>
  %3 = simt.mma_wait %2 pending = 0 : tensor<64x8xf32, #m>
  return %3 : tensor<64x8xf32, #m>
}

// A partition meets by itself.
// CHECK-LABEL: func.func @partitions(
func.func @partitions(%x: tensor<128xf32, #a>) attributes {simt.num_warps = 8 : i32} {
  // CHECK: simt.warp_specialize
  // CHECK-NEXT: simt.shared_alloc
  // CHECK-NEXT: simt.barrier id = 1 warps = 4
  // CHECK-NEXT: simt.shared_load
  // CHECK: simt.shared_alloc
  // CHECK-NEXT: simt.barrier id = 2 warps = 4
  simt.warp_specialize warps = [4, 4] {
    %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  }, {
    %0 = simt.shared_alloc init %x : tensor<128xf32, #a> -> !simt.shared<128xf32, #s>
    %1 = simt.shared_load %0 : !simt.shared<128xf32, #s> -> tensor<128xf32, #a>
  }
  return
}

#copies = #simt.layout<"(dim0: 32) { register: ; lane: (1) (2) (4) (8) (16); warp: (0) (0) }">

// All warps read what one of them writes; other arguments are other memory.
// CHECK-LABEL: func.func @copies(
func.func @copies(%p: tensor<32x!tile.ptr<f32>, #copies>, %q: tensor<32x!tile.ptr<f32>, #copies>) {
  // CHECK: tile.load
  // CHECK-NEXT: tile.store
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: tile.store
  %x = tile.load %p : tensor<32x!tile.ptr<f32>, #copies>
  tile.store %q, %x : tensor<32x!tile.ptr<f32>, #copies>
  tile.store %p, %x : tensor<32x!tile.ptr<f32>, #copies>
  return
}

// Each element has one thread.
// CHECK-LABEL: func.func @in_place(
func.func @in_place(%p: tensor<128x!tile.ptr<f32>, #a>) {
  // CHECK: tile.load
  // CHECK-NEXT: tile.store
  %x = tile.load %p : tensor<128x!tile.ptr<f32>, #a>
  tile.store %p, %x : tensor<128x!tile.ptr<f32>, #a>
  return
}

// CHECK-LABEL: func.func @scalar(
func.func @scalar(%p: !tile.ptr<i32>, %n: i32) {
  // CHECK: scf.for
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: tile.load
  // CHECK-NEXT: simt.barrier
  // CHECK-NEXT: tile.store
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  scf.for %i = %zero to %n step %one : i32 {
    %x = tile.load %p : !tile.ptr<i32>
    tile.store %p, %x : !tile.ptr<i32>
  }
  return
}
