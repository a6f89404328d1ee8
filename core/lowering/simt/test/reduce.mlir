// RUN: simt-lower %s | FileCheck %s

#l = #simt.layout<"(dim0: 256) { register: (128); lane: (1) (2) (4) (8) (16); warp: (32) (64) }">
#rows = #simt.layout<"(dim0: 8, dim1: 64) { register: (0,1) (0,2); lane: (0,4) (0,8) (0,16) (0,32) (1,0); warp: (2,0) (4,0) }">
#row = #simt.layout<"(dim0: 8) { register: ; lane: (0) (0) (0) (0) (1); warp: (2) (4) }">

// In the thread, across lanes, across warps.
// CHECK-LABEL: define void @sum(
// CHECK: fadd
// CHECK: shuffle.xor.1.b32
// CHECK: fadd
// CHECK: shuffle.xor.2.b32
// CHECK: fadd
// CHECK: shuffle.xor.4.b32
// CHECK: fadd
// CHECK: shuffle.xor.8.b32
// CHECK: fadd
// CHECK: shuffle.xor.16.b32
// CHECK: fadd
// CHECK: br i1
// CHECK: store float %{{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.barrier()
// CHECK: load <4 x float>, ptr addrspace(3)
// CHECK-NOT: load {{.*}}addrspace(3)
// CHECK-NOT: tsdk.barrier
// CHECK: tsdk.global.store.b32
func.func @sum(%p: !tile.ptr<f32>) attributes {tile.kernel, simt.num_warps = 4 : i32, simt.shared_bytes = 16 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #l>
  %x = arith.sitofp %r : tensor<256xi32, #l> to tensor<256xf32, #l>
  %s = tile.reduce %x axis = 0 commutative {simt.scratch = 0 : i32} : (tensor<256xf32, #l>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %t = arith.addf %a, %b : f32
    tile.yield %t : f32
  }
  tile.store %p, %s : !tile.ptr<f32>
  return
}

// A row lies in 16 lanes of a warp: no shared memory. Two operands.
// CHECK-LABEL: define void @argmax(
// CHECK-COUNT-8: shuffle.xor.{{[1248]}}.b32
// CHECK-NOT: shuffle
// CHECK-NOT: addrspace(3)
// CHECK: tsdk.global.store.b32
func.func @argmax(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 4 : i32} {
  %c = arith.constant dense<1.0> : tensor<8x64xf32, #rows>
  %i = arith.constant dense<3> : tensor<8x64xi32, #rows>
  %v, %k = tile.reduce %c, %i axis = 1 : (tensor<8x64xf32, #rows>, tensor<8x64xi32, #rows>) -> (tensor<8xf32, #row>, tensor<8xi32, #row>) {
  ^bb0(%a: f32, %ia: i32, %b: f32, %ib: i32):
    %g = arith.cmpf ogt, %a, %b : f32
    %m = arith.select %g, %a, %b : f32
    %n = arith.select %g, %ia, %ib : i32
    tile.yield %m, %n : f32, i32
  }
  %r = tile.make_range 0, 8 : tensor<8xi32, #row>
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<8x!tile.ptr<i32>, #row>
  %q = tile.addptr %ps, %r : tensor<8x!tile.ptr<i32>, #row>, tensor<8xi32, #row>
  tile.store %q, %k : tensor<8x!tile.ptr<i32>, #row>
  return
}

// A scan goes from the lowest digit up: lanes, warps, registers.
// CHECK-LABEL: define void @scan(
// CHECK: shuffle.xor.1.b32
// CHECK: select
// CHECK: shuffle.xor.16.b32
// CHECK: store <2 x i32> %{{.*}}, ptr addrspace(3)
// CHECK: call void @tsdk.barrier()
// CHECK-COUNT-4: load <2 x i32>, ptr addrspace(3)
// CHECK-NOT: load {{.*}}addrspace(3)
// CHECK-NOT: tsdk.barrier
// CHECK: tsdk.global.store
func.func @scan(%p: !tile.ptr<i32>) attributes {tile.kernel, simt.num_warps = 4 : i32, simt.shared_bytes = 64 : i32} {
  %r = tile.make_range 0, 256 : tensor<256xi32, #l>
  %s = tile.scan %r axis = 0 {simt.scratch = 0 : i32} : (tensor<256xi32, #l>) -> tensor<256xi32, #l> {
  ^bb0(%a: i32, %b: i32):
    %t = arith.addi %a, %b : i32
    tile.yield %t : i32
  }
  %ps = tile.splat %p : !tile.ptr<i32> -> tensor<256x!tile.ptr<i32>, #l>
  %q = tile.addptr %ps, %r : tensor<256x!tile.ptr<i32>, #l>, tensor<256xi32, #l>
  %m = arith.cmpi sgt, %s, %r : tensor<256xi32, #l>
  tile.store %q, %s mask %m : tensor<256x!tile.ptr<i32>, #l>
  return
}
