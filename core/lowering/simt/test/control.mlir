// RUN: simt-lower %s | FileCheck %s

#l = #simt.layout<"(dim0: 64) { register: (32); lane: (1) (2) (4) (8) (16); warp: (0) }">

// What a loop carries goes register by register.
// CHECK-LABEL: define void @loop(
// CHECK: phi i32
// CHECK: phi float
// CHECK: phi float
// CHECK-NOT: phi float
// CHECK: br i1
// CHECK: br i1
// CHECK: fadd
// CHECK: fadd
// CHECK: call void @tsdk.barrier()
func.func @loop(%p: !tile.ptr<f32> {tile.divisibility = 16}, %n: i32) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %r = tile.make_range 0, 64 : tensor<64xi32, #l>
  %ps = tile.splat %p : !tile.ptr<f32> -> tensor<64x!tile.ptr<f32>, #l>
  %q = tile.addptr %ps, %r : tensor<64x!tile.ptr<f32>, #l>, tensor<64xi32, #l>
  %z = arith.constant dense<0.0> : tensor<64xf32, #l>
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %z) -> (tensor<64xf32, #l>) : i32 {
    %x = tile.load %q : tensor<64x!tile.ptr<f32>, #l>
    %b = arith.cmpi sgt, %i, %c1 : i32
    %y = scf.if %b -> (tensor<64xf32, #l>) {
      %t = arith.addf %a, %x : tensor<64xf32, #l>
      scf.yield %t : tensor<64xf32, #l>
    } else {
      scf.yield %a : tensor<64xf32, #l>
    }
    tile.barrier
    scf.yield %y : tensor<64xf32, #l>
  }
  tile.store %q, %s : tensor<64x!tile.ptr<f32>, #l>
  return
}

// CHECK-LABEL: define void @while(
// CHECK: phi i32
// CHECK: icmp slt
// CHECK: mul i32
func.func @while(%p: !tile.ptr<i32>, %n: i32) attributes {tile.kernel, simt.num_warps = 2 : i32} {
  %c1 = arith.constant 1 : i32
  %w = scf.while (%i = %c1) : (i32) -> i32 {
    %b = arith.cmpi slt, %i, %n : i32
    scf.condition(%b) %i : i32
  } do {
  ^bb0(%i: i32):
    %k = arith.muli %i, %n : i32
    scf.yield %k : i32
  }
  tile.store %p, %w : !tile.ptr<i32>
  return
}
