// One case for every message of the verifiers.
// RUN: tilesdk-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{pointee of !tile.ptr must be a tile scalar, found 'tensor<4xf32>'}}
func.func @ptr(%p: !tile.ptr<tensor<4xf32>>) { return }

// -----

// expected-error@+1 {{address space 16777216 of !tile.ptr is out of range}}
func.func @space(%p: !tile.ptr<f32, 16777216>) { return }

// -----

// expected-error@+1 {{needs version 2 of the dialect 'tile'; this library reads 1 to 1}}
module attributes {tile.version = 2 : i32} {}

// -----

// expected-error@+1 {{attribute 'tile.version' must be an i32 on the module, found "one"}}
module attributes {tile.version = "one"} {}

// -----

// expected-error@+1 {{'tile.kernel' must be a unit attribute of a function}}
func.func @kernel() attributes {tile.kernel = 1 : i32} { return }

// -----

// expected-error@+1 {{argument 0: 'tile.name' must be a string, found 1 : i32}}
func.func @name(%a: i32 {tile.name = 1 : i32}) { return }

// -----

// expected-error@+1 {{attribute 'tile.divisibility' must be a positive integer, found 0 : i64}}
func.func @divisibility(%a: i32 {tile.divisibility = 0 : i64}) { return }

// -----

// expected-error@+1 {{argument 1: 'tile.leaf' must be a non-negative integer, found -1 : i64}}
func.func @leaf(%a: i32, %b: i32 {tile.leaf = -1 : i64}) { return }

// -----

func.func @stages(%a: i32) {
  // expected-error@+1 {{attribute 'tile.num_stages' must be a positive integer, found "two"}}
  scf.for %i = %a to %a step %a : i32 {
  } {tile.num_stages = "two"}
  return
}

// -----

func.func @axis() {
  // expected-error@+1 {{attribute 'axis' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 0 whose maximum value is 2}}
  %0 = tile.program_id 3
  return
}

// -----

func.func @range() {
  // expected-error@+2 {{'end' must be 1 to 1048576 above 'start', found start 4 and end 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.make_range 4, 4 : tensor<1xi32>
  return
}

// -----

func.func @range_huge() {
  // expected-error@+2 {{'end' must be 1 to 1048576 above 'start', found start -2147483648 and end 2147483647}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.make_range -2147483648, 2147483647 : tensor<4294967295xi32>
  return
}

// -----

func.func @range_type() {
  // expected-error@+2 {{inferred type(s) 'tensor<8xi32>' are incompatible with return type(s) of operation 'tensor<9xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.make_range 0, 8 : tensor<9xi32>
  return
}

// -----

func.func @splat(%x: i32) {
  // expected-error@+1 {{'source' must have the element type 'f32' of the result, found 'i32'}}
  %0 = tile.splat %x : i32 -> tensor<8xf32>
  return
}

// -----

func.func @dynamic(%x: f32) {
  // expected-error@+1 {{result #0 must be a tensor of tile scalars, but got 'tensor<?xf32>'}}
  %0 = tile.splat %x : f32 -> tensor<?xf32>
  return
}

// -----

func.func @rank9(%x: f32) {
  // expected-error@+1 {{result #0 must be a tensor of tile scalars, but got 'tensor<1x1x1x1x1x1x1x1x1xf32>'}}
  %0 = tile.splat %x : f32 -> tensor<1x1x1x1x1x1x1x1x1xf32>
  return
}

// -----

func.func @zero_extent(%x: f32) {
  // expected-error@+1 {{result #0 must be a tensor of tile scalars, but got 'tensor<4x0xf32>'}}
  %0 = tile.splat %x : f32 -> tensor<4x0xf32>
  return
}

// -----

func.func @signed(%x: si32) {
  // expected-error@+1 {{operand #0 must be a tile scalar, but got 'si32'}}
  %0 = tile.splat %x : si32 -> tensor<4xsi32>
  return
}

// -----

func.func @expand(%x: tensor<4xf32>) {
  // expected-error@+2 {{axis 2 does not fit 'source' of type 'tensor<4xf32>': it may be 0 to the rank, which may become 8 at most}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.expand_dims %x, 2 : tensor<4xf32> -> tensor<4x1xf32>
  return
}

// -----

func.func @broadcast(%x: tensor<4x2xf32>) {
  // expected-error@+1 {{'source' of type 'tensor<4x2xf32>' cannot be stretched to 'tensor<4x8xf32>'}}
  %0 = tile.broadcast %x : tensor<4x2xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @reshape(%x: tensor<4x2xf32>) {
  // expected-error@+1 {{'source' of type 'tensor<4x2xf32>' has 8 elements, the result 'tensor<9xf32>' has 9}}
  %0 = tile.reshape %x : tensor<4x2xf32> -> tensor<9xf32>
  return
}

// -----

func.func @reshape_type(%x: tensor<4xf32>) {
  // expected-error@+1 {{element type of the result must be that of 'source', 'f32', found 'i32'}}
  %0 = tile.reshape %x : tensor<4xf32> -> tensor<2x2xi32>
  return
}

// -----

func.func @trans_twice(%x: tensor<4x2xf32>) {
  // expected-error@+2 {{'perm' must name each of 2 dimensions of 'source' of type 'tensor<4x2xf32>' once}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.trans %x [1, 1] : tensor<4x2xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @trans_short(%x: tensor<4x2xf32>) {
  // expected-error@+2 {{'perm' must name each of 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.trans %x [] : tensor<4x2xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @trans_negative(%x: tensor<4x2xf32>) {
  // expected-error@+2 {{'perm' must name each of 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.trans %x [0, -1] : tensor<4x2xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @join(%x: tensor<4xf32>, %y: tensor<8xf32>) {
  // expected-error@+2 {{'lhs' and 'rhs' must have one type, found 'tensor<4xf32>' and 'tensor<8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = "tile.join"(%x, %y) : (tensor<4xf32>, tensor<8xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @join_rank(%x: tensor<1x1x1x1x1x1x1x1xf32>) {
  // expected-error@+2 {{'lhs' of type 'tensor<1x1x1x1x1x1x1x1xf32>' has no room for another dimension; rank 8 is the limit}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.join %x, %x : tensor<1x1x1x1x1x1x1x1xf32> -> tensor<2xf32>
  return
}

// -----

func.func @split(%x: tensor<2x4xf32>) {
  // expected-error@+2 {{last extent of 'source' must be 2, found type 'tensor<2x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0, %1 = tile.split %x : tensor<2x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @cat(%x: tensor<2x4xf32>, %y: tensor<2x5xf32>) {
  // expected-error@+2 {{'rhs' must equal 'lhs' of type 'tensor<2x4xf32>' except in dimension 0, found 'tensor<2x5xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.cat %x, %y, 0 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @cat_axis(%x: tensor<2xf32>) {
  // expected-error@+2 {{axis 1 is out of range for 'lhs' of type 'tensor<2xf32>' with rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.cat %x, %x, 1 : tensor<2xf32>, tensor<2xf32> -> tensor<4xf32>
  return
}

// -----

func.func @addptr(%p: tensor<4x!tile.ptr<f32>>, %o: tensor<8xi32>) {
  // expected-error@+1 {{'offset' must have the shape of 'ptr' of type 'tensor<4x!tile.ptr<f32>>', found 'tensor<8xi32>'}}
  %0 = tile.addptr %p, %o : tensor<4x!tile.ptr<f32>>, tensor<8xi32>
  return
}

// -----

func.func @addptr_float(%p: !tile.ptr<f32>, %o: f32) {
  // expected-error@+1 {{operand #1 must be a signless integer or a tensor of them, but got 'f32'}}
  %0 = tile.addptr %p, %o : !tile.ptr<f32>, f32
  return
}

// -----

func.func @int_to_ptr(%i: tensor<4xi64>) {
  // expected-error@+1 {{'source' of type 'tensor<4xi64>' must have the shape of the result '!tile.ptr<f32>'}}
  %0 = tile.int_to_ptr %i : tensor<4xi64> -> !tile.ptr<f32>
  return
}

// -----

func.func @ptr_cast(%p: !tile.ptr<f32>) {
  // expected-error@+1 {{may not change the address space: 'source' is '!tile.ptr<f32>', the result '!tile.ptr<f32, 3>'}}
  %0 = tile.ptr_cast %p : !tile.ptr<f32> -> !tile.ptr<f32, 3>
  return
}

// -----

func.func @load_ptr(%p: f32) {
  // expected-error@+1 {{'ptr' must be a !tile.ptr or a tensor of !tile.ptr, but got 'f32'}}
  %0 = tile.load %p : f32
  return
}

// -----

func.func @load_mask(%p: tensor<4x!tile.ptr<f32>>, %m: i1) {
  // expected-error@+1 {{'mask' must be 'tensor<4xi1>' for 'ptr' of type 'tensor<4x!tile.ptr<f32>>', found 'i1'}}
  %0 = "tile.load"(%p, %m) <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<4x!tile.ptr<f32>>, i1) -> tensor<4xf32>
  return
}

// -----

func.func @load_other(%p: !tile.ptr<f32>, %m: i1, %o: f16) {
  // expected-error@+1 {{'other' must be 'f32' for 'ptr' of type '!tile.ptr<f32>', found 'f16'}}
  %0 = "tile.load"(%p, %m, %o) <{operandSegmentSizes = array<i32: 1, 1, 1>}> : (!tile.ptr<f32>, i1, f16) -> f32
  return
}

// -----

func.func @load_other_alone(%p: !tile.ptr<f32>, %o: f32) {
  // expected-error@+1 {{'other' needs a 'mask'}}
  %0 = tile.load %p other %o : !tile.ptr<f32>
  return
}

// -----

func.func @load_result(%p: !tile.ptr<f32>) {
  // expected-error@+2 {{inferred type(s) 'f32' are incompatible with return type(s) of operation 'f16'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = "tile.load"(%p) <{operandSegmentSizes = array<i32: 1, 0, 0>}> : (!tile.ptr<f32>) -> f16
  return
}

// -----

func.func @load_cache(%p: !tile.ptr<f32>) {
  // expected-error@+1 {{'cache' must be none, ca, cg, cs or cv, found wb}}
  %0 = tile.load %p cache = wb : !tile.ptr<f32>
  return
}

// -----

func.func @store_value(%p: !tile.ptr<f32>, %x: f16) {
  // expected-error@+1 {{'value' must be 'f32' for 'ptr' of type '!tile.ptr<f32>', found 'f16'}}
  "tile.store"(%p, %x) : (!tile.ptr<f32>, f16) -> ()
  return
}

// -----

func.func @store_cache(%p: !tile.ptr<f32>, %x: f32) {
  // expected-error@+1 {{'cache' must be none, wb, cg, cs or wt, found cv}}
  tile.store %p, %x cache = cv : !tile.ptr<f32>
  return
}

// -----

func.func @atomic_kind(%p: !tile.ptr<f32>, %x: f32) {
  // expected-error@+1 {{'umax' does not work on elements of type 'f32'}}
  %0 = tile.atomic_rmw umax relaxed gpu, %p, %x : !tile.ptr<f32>
  return
}

// -----

func.func @atomic_fadd(%p: !tile.ptr<i32>, %x: i32) {
  // expected-error@+1 {{'fadd' does not work on elements of type 'i32'}}
  %0 = tile.atomic_rmw fadd relaxed gpu, %p, %x : !tile.ptr<i32>
  return
}

// -----

func.func @cas(%p: !tile.ptr<i1>, %x: i1) {
  // expected-error@+1 {{'value' must have at least 8 bits an element, found 'i1'}}
  %0 = tile.atomic_cas relaxed gpu, %p, %x, %x : !tile.ptr<i1>
  return
}

// -----

func.func @fp_to_fp(%x: tensor<4xf32>) {
  // expected-error@+1 {{'source' of type 'tensor<4xf32>' must have the shape of the result 'f16'}}
  %0 = tile.fp_to_fp %x : tensor<4xf32> -> f16
  return
}

// -----

func.func @extern(%x: tensor<4xf32>, %y: f32) {
  // expected-error@+1 {{argument 1 of type 'f32' must have the shape of the result 'tensor<4xf32>'}}
  %0 = tile.extern_elementwise "f" pure (%x, %y) : (tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @extern_symbol(%y: f32) {
  // expected-error@+1 {{'symbol' must not be empty}}
  %0 = tile.extern_elementwise "" pure (%y) : (f32) -> f32
  return
}

// -----

func.func @hint(%x: tensor<4x4xi32>) {
  // expected-error@+1 {{'contiguity' must have 2 entries for type 'tensor<4x4xi32>', found 1}}
  %0 = tile.hint %x contiguity = [4] : tensor<4x4xi32>
  return
}

// -----

func.func @hint_zero(%x: i32) {
  // expected-error@+1 {{'divisibility' must be positive, found 0}}
  %0 = tile.hint %x divisibility = [0] : i32
  return
}

// -----

func.func @dot_rank(%a: tensor<4xf32>, %b: tensor<4x4xf32>) {
  // expected-error@+1 {{operands must all have rank 2 or all have rank 3, found 'lhs' 'tensor<4xf32>', 'rhs' 'tensor<4x4xf32>', 'acc' 'tensor<4x4xf32>'}}
  %0 = tile.dot %a, %b, %b : tensor<4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @dot_inner(%a: tensor<4x8xf32>, %b: tensor<4x4xf32>) {
  // expected-error@+1 {{inner extents must agree: 'lhs' of type 'tensor<4x8xf32>' has 8 columns, 'rhs' of type 'tensor<4x4xf32>' has 4 rows}}
  %0 = tile.dot %a, %b, %b : tensor<4x8xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @dot_acc(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<8x4xf32>) {
  // expected-error@+1 {{'acc' of type 'tensor<8x4xf32>' does not have the shape of the product of 'lhs' 'tensor<4x8xf32>' and 'rhs' 'tensor<8x4xf32>'}}
  %0 = tile.dot %a, %b, %c : tensor<4x8xf32>, tensor<8x4xf32> -> tensor<8x4xf32>
  return
}

// -----

func.func @dot_batch(%a: tensor<2x4x4xf32>, %b: tensor<3x4x4xf32>) {
  // expected-error@+1 {{'acc' of type 'tensor<2x4x4xf32>' does not have the shape of the product}}
  %0 = tile.dot %a, %b, %a : tensor<2x4x4xf32>, tensor<3x4x4xf32> -> tensor<2x4x4xf32>
  return
}

// -----

func.func @dot_types(%a: tensor<4x4xbf16>) {
  // expected-error@+1 {{element types 'bf16' of 'lhs' and 'bf16' of 'rhs' cannot be summed in 'bf16' of 'acc'}}
  %0 = tile.dot %a, %a, %a : tensor<4x4xbf16>, tensor<4x4xbf16> -> tensor<4x4xbf16>
  return
}

// -----

func.func @dot_precision(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{precision 'tf32' is for f32 operands, found 'lhs' 'tensor<4x4xf64>'}}
  %0 = tile.dot %a, %a, %a precision = tf32 : tensor<4x4xf64>, tensor<4x4xf64> -> tensor<4x4xf64>
  return
}

// -----

func.func @sort(%a: tensor<4x!tile.ptr<f32>>) {
  // expected-error@+1 {{'source' must hold numbers, found 'tensor<4x!tile.ptr<f32>>'}}
  %0 = tile.sort %a : tensor<4x!tile.ptr<f32>>
  return
}

// -----

func.func @gather(%a: tensor<4x8xf32>, %i: tensor<5x5xi32>) {
  // expected-error@+2 {{shape of 'indices' must equal that of 'source' of type 'tensor<4x8xf32>' except in dimension 0, found 'tensor<5x5xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.gather %a, %i, 0 : tensor<4x8xf32>, tensor<5x5xi32> -> tensor<5x5xf32>
  return
}

// -----

func.func @histogram(%a: tensor<4x4xi32>) {
  // expected-error@+1 {{'source' must have rank 1, found 'tensor<4x4xi32>'}}
  %0 = tile.histogram %a : tensor<4x4xi32> -> tensor<4xi32>
  return
}

// -----

func.func @histogram_result(%a: tensor<4xi32>) {
  // expected-error@+1 {{the result must have rank 1, found 'tensor<4x4xi32>'}}
  %0 = tile.histogram %a : tensor<4xi32> -> tensor<4x4xi32>
  return
}

// -----

func.func @histogram_mask(%a: tensor<4xi32>, %m: tensor<5xi1>) {
  // expected-error@+1 {{'mask' must be 'tensor<4xi1>' for 'source' of type 'tensor<4xi32>', found 'tensor<5xi1>'}}
  %0 = "tile.histogram"(%a, %m) : (tensor<4xi32>, tensor<5xi1>) -> tensor<4xi32>
  return
}

// -----

func.func @reduce_none() {
  // expected-error@+2 {{'tile.reduce' op needs a source}}
  // expected-error@+1 {{failed to infer returned types}}
  "tile.reduce"() <{axis = 0 : i32}> ({
    "tile.yield"() : () -> ()
  }) : () -> ()
  return
}

// -----

func.func @reduce_shapes(%a: tensor<4xf32>, %b: tensor<5xf32>) {
  // expected-error@+2 {{source 1 must have the shape of source 0 of type 'tensor<4xf32>', found 'tensor<5xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0:2 = tile.reduce %a, %b axis = 0 : (tensor<4xf32>, tensor<5xf32>) -> (f32, f32) {
  ^bb0(%x: f32, %y: f32, %z: f32, %w: f32):
    tile.yield %x, %y : f32, f32
  }
  return
}

// -----

func.func @reduce_axis(%a: tensor<4xf32>) {
  // expected-error@+2 {{axis 1 is out of range for 'sources' of type 'tensor<4xf32>' with rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tile.reduce %a axis = 1 : (tensor<4xf32>) -> f32 {
  ^bb0(%x: f32, %y: f32):
    tile.yield %x : f32
  }
  return
}

// -----

func.func @reduce_args(%a: tensor<4xf32>) {
  // expected-error@+1 {{region must have 2 arguments for 1 sources, found 1}}
  %0 = tile.reduce %a axis = 0 : (tensor<4xf32>) -> f32 {
  ^bb0(%x: f32):
    tile.yield %x : f32
  }
  return
}

// -----

func.func @scan_arg_type(%a: tensor<4xf32>) {
  // expected-error@+1 {{region argument 1 must be 'f32', the element type of source 0, found 'i32'}}
  %0 = tile.scan %a axis = 0 : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x: f32, %y: i32):
    tile.yield %x : f32
  }
  return
}

// -----

func.func @yield_count(%a: tensor<4xf32>) {
  %0 = tile.scan %a axis = 0 : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x: f32, %y: f32):
    // expected-error@+1 {{must yield 1 values, one per source, found 2}}
    tile.yield %x, %y : f32, f32
  }
  return
}

// -----

func.func @yield_type(%a: tensor<4xf32>) {
  %0 = tile.reduce %a axis = 0 : (tensor<4xf32>) -> f32 {
  ^bb0(%x: f32, %y: f32):
    %i = arith.fptosi %x : f32 to i32
    // expected-error@+1 {{value 0 must be 'f32', the element type of source 0, found 'i32'}}
    tile.yield %i : i32
  }
  return
}

// -----

func.func @region_effects(%a: tensor<4xf32>) {
  %0 = tile.reduce %a axis = 0 : (tensor<4xf32>) -> f32 {
  ^bb0(%x: f32, %y: f32):
    // expected-error@+1 {{has effects and may not stand in the region of 'tile.reduce'}}
    tile.barrier
    tile.yield %x : f32
  }
  return
}

// -----

func.func @region_captures(%a: tensor<4xf32>, %s: f32) {
  // expected-note@+1 {{required by region isolation constraints}}
  %0 = tile.reduce %a axis = 0 : (tensor<4xf32>) -> f32 {
  ^bb0(%x: f32, %y: f32):
    // expected-error@+1 {{using value defined outside the region}}
    %z = arith.addf %x, %s : f32
    tile.yield %z : f32
  }
  return
}

// -----

func.func @print(%a: i32) {
  // expected-error@+1 {{'is_signed' must have 1 entries, one per value, found 0}}
  tile.print "x" signed = [] : %a : i32
  return
}

// -----

func.func @yield_alone() {
  // expected-error@+1 {{expects parent op to be one of 'tile.reduce, tile.scan'}}
  tile.yield
}

// -----

func.func @descriptor_rank(%p: !tile.ptr<f16>, %m: i32, %s: i64) {
  // expected-error@+1 {{'strides' must have 2 entries for the block 'tensor<16x32xf16>', found 1}}
  %t = tile.descriptor_load %p shape[%m, %m] strides[%s] at[%m, %m] padding zero
    : !tile.ptr<f16> -> tensor<16x32xf16>
  return
}

// -----

func.func @descriptor_element(%p: !tile.ptr<f16>, %m: i32, %s: i64, %v: tensor<16xf32>) {
  // expected-error@+1 {{'base' of type '!tile.ptr<f16>' must point to elements of the block 'tensor<16xf32>'}}
  tile.descriptor_store %p shape[%m] strides[%s] at[%m], %v
    : !tile.ptr<f16>, tensor<16xf32>
  return
}
