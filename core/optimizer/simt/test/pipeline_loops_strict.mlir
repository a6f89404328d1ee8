// RUN: tilesdk-opt %s --simt-pipeline-loops="num-stages=64 strict-stages=true" --verify-diagnostics

#acc = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,32) }">
#group = #simt.layout<"(dim0: 64, dim1: 64) { register: (0,1) (8,0) (0,8) (0,16) (0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }">
#pa = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (0,2) (0,4) (32,0); lane: (0,8) (0,16) (1,0) (2,0) (4,0); warp: (8,0) (16,0) }">
#pb = #simt.layout<"(dim0: 32, dim1: 64) { register: (0,1) (0,2) (0,4) (16,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); warp: (4,0) (8,0) }">
#da = #simt.layout<"(dim0: 64, dim1: 32) { register: (0,1) (8,0) (0,8) (0,16) (16,0); lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (32,0) (0,0) }">
#db = #simt.layout<"(dim0: 32, dim1: 64) { register: (1,0) (8,0) (16,0) (0,8) (0,16); lane: (2,0) (4,0) (0,1) (0,2) (0,4); warp: (0,0) (0,32) }">
#sa = #simt.shared_layout<layout = "(dim0: 64, dim1: 32) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (1,0) (2,8) (4,16) (8,0) (16,0) (32,0) }", format = "", alignment = 16>
#sb = #simt.shared_layout<layout = "(dim0: 32, dim1: 64) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) }", format = "", alignment = 16>
func.func @strict(%a: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %b: !tile.ptr<f16> {tile.divisibility = 16 : i64}, %ao: tensor<64x32xi32, #pa>, %bo: tensor<32x64xi32, #pb>, %m: tensor<64x32xi1, #pa>, %z: tensor<64x64xf32, #acc>, %zg: tensor<64x64xf32, #group>, %k: i32 {tile.divisibility = 16 : i64}, %q: tensor<64x32x!tile.ptr<f16>, #pa>) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %ah = tile.hint %ao divisibility = [16, 16] contiguity = [1, 32] : tensor<64x32xi32, #pa>
  %bh = tile.hint %bo divisibility = [16, 16] contiguity = [1, 64] : tensor<32x64xi32, #pb>
  %mh = tile.hint %m constancy = [1, 32] : tensor<64x32xi1, #pa>
  // expected-error @below {{simt-pipeline-loops: 64 stages were asked for with strict_stages; shared memory has room for 20}}
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
