// RUN: tilesdk-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{inputs of a layout must be register, lane, warp in this order}}
#a = #simt.layout<"(dim0: 2) { lane: (1); register: ; warp: }">

// -----

// expected-error @below {{a layout's output 0 must be 'dim0', found 'row'}}
#a = #simt.layout<"(row: 2) { register: ; lane: (1); warp: }">

// -----

// expected-error @below {{a layout does not reach every element}}
#a = #simt.layout<"(dim0: 4) { register: ; lane: (1); warp: }">

// -----

// expected-error @below {{layout: }}
#a = #simt.layout<"nonsense">

// -----

// expected-error @below {{the input of a shared layout must be 'offset'}}
#a = #simt.shared_layout<layout = "(dim0: 2) { lane: (1) }", format = "", alignment = 16>

// -----

// expected-error @below {{alignment of a shared layout must be a power of two, found 12}}
#a = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 12>

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
// expected-error @below {{a layout does not have the shape of its tensor}}
func.func private @f(tensor<4xf32, #a>)

// -----

#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
// expected-error @below {{the layout of !simt.shared does not have the shape of its last dimensions}}
func.func private @f(!simt.shared<2x4xf32, #s>)

// -----

// expected-error @below {{!simt.barriers must hold at least one, found 0}}
func.func private @f(!simt.barriers<0>)

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
func.func @f(%x: tensor<2xf32, #a>) {
  // expected-error @below {{must have the shape and element type of the result}}
  %0 = simt.convert_layout %x : tensor<2xf32, #a> -> tensor<2xf16, #a>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{'source' and the result must have a layout, found 'tensor<2xf32>' and 'tensor<2xf32>'}}
  %0 = simt.convert_layout %x : tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#b = #simt.layout<"(dim0: 2) { register: ; lane: (1) (0); warp: }">
func.func @f(%x: tensor<2xf32, #a>) {
  // expected-error @below {{all layouts must have the same numbers of lanes and warps}}
  %0 = simt.convert_layout %x : tensor<2xf32, #a> -> tensor<2xf32, #b>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%x: tensor<2xf16, #a>) {
  // expected-error @below {{'init' of type}}
  %0 = simt.shared_alloc init %x : tensor<2xf16, #a> -> !simt.shared<2xf32, #s>
  return
}

// -----

#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f() {
  // expected-error @below {{'offset' must be a multiple of the alignment 16, found 8}}
  %0 = simt.shared_alloc {offset = 8 : i32} -> !simt.shared<2xf32, #s>
  return
}

// -----

#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%b: !simt.shared<2xf32, #s>, %i: i32) {
  // expected-error @below {{'source' must be an array of buffers}}
  %0 = simt.shared_index %b[%i] : !simt.shared<2xf32, #s> -> !simt.shared<2xf32, #s>
  return
}

// -----

#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%b: !simt.shared<3x2xf32, #s>, %i: i32) {
  // expected-error @below {{the result must be 'source' of type}}
  %0 = simt.shared_index %b[%i] : !simt.shared<3x2xf32, #s> -> !simt.shared<2xf16, #s>
  return
}

// -----

#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%b: !simt.shared<2xf32, #s>) {
  // expected-error @below {{'perm' must name each dimension of 'source'}}
  %0 = simt.shared_trans %b [1] : !simt.shared<2xf32, #s> -> !simt.shared<2xf32, #s>
  return
}

// -----

#s = #simt.shared_layout<layout = "(dim0: 4) { offset: (1) (2) }", format = "", alignment = 16>
#t = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%b: !simt.shared<4xf32, #s>) {
  // expected-error @below {{'offsets' must be multiples of the extents of the result}}
  %0 = simt.shared_slice %b [1] : !simt.shared<4xf32, #s> -> !simt.shared<2xf32, #t>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%b: !simt.shared<2xf32, #s>) {
  // expected-error @below {{'result' of type}}
  %0 = simt.shared_load %b : !simt.shared<2xf32, #s> -> tensor<2xf16, #a>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%b: !simt.shared<3x2xf32, #s>, %x: tensor<3x2xf32>) {
  // expected-error @below {{'dest' must be one buffer, not an array}}
  simt.shared_store %x, %b : tensor<3x2xf32> -> !simt.shared<3x2xf32, #s>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%p: tensor<2x!tile.ptr<f16>, #a>, %b: !simt.shared<2xf32, #s>) {
  // expected-error @below {{'ptrs' of type}}
  %0 = simt.async_copy "b32" %p to %b : tensor<2x!tile.ptr<f16>, #a> -> !simt.shared<2xf32, #s>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%p: tensor<2x!tile.ptr<f32>, #a>, %o: tensor<2xf32, #a>, %b: !simt.shared<2xf32, #s>) {
  // expected-error @below {{'other' needs a 'mask'}}
  %0 = simt.async_copy "b32" %p to %b other %o : tensor<2x!tile.ptr<f32>, #a> -> !simt.shared<2xf32, #s>
  return
}

// -----

#a = #simt.layout<"(dim0: 2) { register: ; lane: (1); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 2) { offset: (1) }", format = "", alignment = 16>
func.func @f(%p: tensor<2x!tile.ptr<f32>, #a>, %b: !simt.shared<2xf32, #s>) {
  // expected-error @below {{'token' may only go to 'simt.async_commit' or 'simt.async_wait', found 'simt.shared_load'}}
  %0 = simt.async_copy "b32" %p to %b : tensor<2x!tile.ptr<f32>, #a> -> !simt.shared<2xf32, #s>
  %1 = simt.shared_load %b token %0 : !simt.shared<2xf32, #s> -> tensor<2xf32, #a>
  return
}

// -----

#m = #simt.layout<"(dim0: 2, dim1: 2) { register: (0,1); lane: (1,0); warp: }">
#k = #simt.shared_layout<layout = "(dim0: 2, dim1: 2) { offset: (0,1) (1,0) }", format = "", alignment = 16>
func.func @f(%a: !simt.shared<2x2xf16, #k>, %c: tensor<2x2xf32, #m>) -> tensor<2x2xf32, #m> {
  // expected-error @below {{the result is in flight; it may not be used before 'simt.mma_wait'}}
  %0 = simt.mma_async "row" %a, %a, %c : !simt.shared<2x2xf16, #k>, !simt.shared<2x2xf16, #k> -> tensor<2x2xf32, #m>
  // expected-note @below {{used by 'func.return'}}
  return %0 : tensor<2x2xf32, #m>
}

// -----

#m = #simt.layout<"(dim0: 2, dim1: 2) { register: (0,1); lane: (1,0); warp: }">
#k = #simt.shared_layout<layout = "(dim0: 2, dim1: 2) { offset: (0,1) (1,0) }", format = "", alignment = 16>
func.func @f(%a: !simt.shared<2x2xf16, #k>, %c: tensor<2x2xf32, #m>, %n: index) {
  %r = scf.for %i = %n to %n step %n iter_args(%acc = %c) -> (tensor<2x2xf32, #m>) {
    // expected-note @below {{used by 'arith.negf'}}
    %x = arith.negf %acc : tensor<2x2xf32, #m>
    // expected-error @below {{the result is in flight}}
    %0 = simt.mma_async "row" %a, %a, %acc : !simt.shared<2x2xf16, #k>, !simt.shared<2x2xf16, #k> -> tensor<2x2xf32, #m>
    scf.yield %0 : tensor<2x2xf32, #m>
  }
  return
}

// -----

#m = #simt.layout<"(dim0: 4, dim1: 2) { register: (0,1) (2,0); lane: (1,0); warp: }">
#k = #simt.shared_layout<layout = "(dim0: 2, dim1: 2) { offset: (0,1) (1,0) }", format = "", alignment = 16>
func.func @f(%a: !simt.shared<2x2xf16, #k>, %c: tensor<4x2xf32, #m>) {
  // expected-error @below {{does not have the shape of the product of 'lhs'}}
  %0 = simt.mma_async "row" %a, %a, %c : !simt.shared<2x2xf16, #k>, !simt.shared<2x2xf16, #k> -> tensor<4x2xf32, #m>
  return
}

// -----

func.func @f(%p: !tile.ptr<f16>, %m: i32, %s: i64) {
  // expected-error @below {{'shape' and 'strides' must have 2 entries, found 1 and 1}}
  %0 = simt.box_map %p shape [%m] strides [%s] box = [16, 8] format = "" : !tile.ptr<f16>
  return
}

// -----

#k = #simt.shared_layout<layout = "(dim0: 2, dim1: 2) { offset: (0,1) (1,0) }", format = "", alignment = 16>
func.func @f(%p: !tile.ptr<f16>, %m: i32, %s: i64, %b: !simt.shared<2x2xf16, #k>) {
  %0 = simt.box_map %p shape [%m, %m] strides [%s, %s] box = [2, 2] format = "" : !tile.ptr<f16>
  // expected-error @below {{'coordinates' must have 2 entries, one per dimension of 'map', found 1}}
  simt.box_store %b to %0[%m] : !simt.shared<2x2xf16, #k>
  return
}

// -----

func.func @f() {
  // expected-error @below {{'id' and 'warps' must both be given, or neither; found id 1 and warps 0}}
  simt.barrier id = 1
  return
}

// -----

func.func @f() {
  simt.warp_specialize warps = [4] {
    // expected-error @below {{all warps cannot meet inside of a partition}}
    simt.barrier
  }
  return
}

// -----

func.func @f() {
  // expected-error @below {{'warps' must have one entry per partition, 1, found 2}}
  simt.warp_specialize warps = [4, 4] {
  }
  return
}

// -----

func.func @f() attributes {simt.num_warps = 8 : i32} {
  // expected-error @below {{'warps' must sum up to the program's 8, found 4}}
  simt.warp_specialize warps = [4] {
  }
  return
}

// -----

#a = #simt.layout<"(dim0: 4) { register: ; lane: (1); warp: (2) }">
func.func @f() attributes {simt.num_warps = 3 : i32} {
  simt.warp_specialize warps = [2, 1] {
    %0 = tile.make_range 0, 4 : tensor<4xi32, #a>
  }, {
    // expected-error @below {{the partition has 1 warps, the layout of the result 2}}
    %0 = tile.make_range 0, 4 : tensor<4xi32, #a>
  }
  return
}

// -----

// expected-error @below {{attribute 'simt.num_warps' must be an i32 of at least 1, found 0 : i32}}
func.func @f() attributes {simt.num_warps = 0 : i32} {
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error @below {{attribute 'simt.row' belongs on 'tile.dot'}}
  %0 = arith.negf %x {simt.row = "m16n8k16"} : f32
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error @below {{attribute 'simt.transposed' belongs on 'tile.dot'}}
  %0 = arith.negf %x {simt.transposed} : f32
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error @below {{attribute 'simt.transposed' has no value}}
  %0 = arith.negf %x {simt.transposed = 1 : i32} : f32
  return
}
