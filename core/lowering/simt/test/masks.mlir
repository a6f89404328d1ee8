// RUN: simt-lower %s | FileCheck %s

#v = #simt.layout<"(dim0: 256) { register: (1) (2) (4); lane: (8) (16) (32) (64) (128); warp: }">

// The bound is a multiple of 8, so a thread's elements are under one mask: it
// is compared once, also for who selects by it.
// CHECK-LABEL: define void @whole_vectors(
// CHECK-COUNT-1: icmp slt i32
// CHECK-NOT: icmp slt i32
// CHECK: ret void
func.func @whole_vectors(%p: !tile.ptr<f16> {tile.divisibility = 16}, %n: i32 {tile.divisibility = 16}) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #v>
  %b = tile.splat %n : i32 -> tensor<256xi32, #v>
  %m = arith.cmpi slt, %r, %b : tensor<256xi32, #v>
  %s = tile.splat %p : !tile.ptr<f16> -> tensor<256x!tile.ptr<f16>, #v>
  %a = tile.addptr %s, %r : tensor<256x!tile.ptr<f16>, #v>, tensor<256xi32, #v>
  %x = tile.load %a mask %m : tensor<256x!tile.ptr<f16>, #v>
  %one = arith.constant dense<1.0> : tensor<256xf16, #v>
  %y = arith.select %m, %x, %one : tensor<256xi1, #v>, tensor<256xf16, #v>
  tile.store %a, %y : tensor<256x!tile.ptr<f16>, #v>
  return
}

// Of any bound nothing is known.
// CHECK-LABEL: define void @any_bound(
// CHECK-COUNT-8: icmp slt i32
// CHECK: ret void
func.func @any_bound(%p: !tile.ptr<f16> {tile.divisibility = 16}, %n: i32) attributes {tile.kernel, simt.num_warps = 1 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #v>
  %b = tile.splat %n : i32 -> tensor<256xi32, #v>
  %m = arith.cmpi slt, %r, %b : tensor<256xi32, #v>
  %s = tile.splat %p : !tile.ptr<f16> -> tensor<256x!tile.ptr<f16>, #v>
  %a = tile.addptr %s, %r : tensor<256x!tile.ptr<f16>, #v>, tensor<256xi32, #v>
  %x = tile.load %a mask %m : tensor<256x!tile.ptr<f16>, #v>
  tile.store %a, %x : tensor<256x!tile.ptr<f16>, #v>
  return
}
