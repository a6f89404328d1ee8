// RUN: tilesdk-opt %s --canonicalize --cse | FileCheck %s

#a = #simt.layout<"(dim0: 64) { register: (32); lane: (1) (2) (4) (8) (16); warp: }">
#b = #simt.layout<"(dim0: 64) { register: (1); lane: (2) (4) (8) (16) (32); warp: }">
#s = #simt.shared_layout<layout = "(dim0: 64) { offset: (1) (2) (4) (8) (16) (32) }", format = "", alignment = 16>

// CHECK-DAG: #[[A:.*]] = #simt.layout<"(dim0: 64) { register: (32); lane: (1) (2) (4) (8) (16); warp: }">
// CHECK-DAG: #[[B:.*]] = #simt.layout<"(dim0: 64) { register: (1); lane: (2) (4) (8) (16) (32); warp: }">

// CHECK-LABEL: func.func @free(
// CHECK-SAME: %[[X:.*]]: f32
func.func @free(%x: f32) -> (tensor<64xf32, #b>, tensor<64xi32, #b>, tensor<64xf32, #b>) {
  // CHECK-DAG: arith.constant dense<1.000000e+00> : tensor<64xf32, #[[B]]>
  // CHECK-DAG: tile.splat %[[X]] : f32 -> tensor<64xf32, #[[B]]>
  // CHECK-DAG: tile.make_range 0, 64 : tensor<64xi32, #[[B]]>
  // CHECK-NOT: convert_layout
  %0 = tile.splat %x : f32 -> tensor<64xf32, #a>
  %1 = simt.convert_layout %0 : tensor<64xf32, #a> -> tensor<64xf32, #b>
  %2 = tile.make_range 0, 64 : tensor<64xi32, #a>
  %3 = simt.convert_layout %2 : tensor<64xi32, #a> -> tensor<64xi32, #b>
  %c = arith.constant dense<1.0> : tensor<64xf32, #a>
  %4 = simt.convert_layout %c : tensor<64xf32, #a> -> tensor<64xf32, #b>
  return %1, %3, %4 : tensor<64xf32, #b>, tensor<64xi32, #b>, tensor<64xf32, #b>
}

// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[X:.*]]: tensor<64xf32, #[[A]]>
// CHECK-NEXT: return %[[X]]
func.func @chain(%x: tensor<64xf32, #a>) -> tensor<64xf32, #a> {
  %0 = simt.convert_layout %x : tensor<64xf32, #a> -> tensor<64xf32, #b>
  %1 = simt.convert_layout %0 : tensor<64xf32, #b> -> tensor<64xf32, #a>
  return %1 : tensor<64xf32, #a>
}

// Two loads are one only without a store between them; a buffer that nobody
// reads goes away.
// CHECK-LABEL: func.func @effects(
func.func @effects(%x: tensor<64xf32, #a>, %b: !simt.shared<64xf32, #s>) -> (tensor<64xf32, #a>, tensor<64xf32, #a>, tensor<64xf32, #a>) {
  // CHECK-NOT: shared_alloc
  // CHECK: %[[L:.*]] = simt.shared_load
  // CHECK-NEXT: simt.shared_store
  // CHECK-NEXT: %[[M:.*]] = simt.shared_load
  // CHECK-NEXT: return %[[L]], %[[L]], %[[M]]
  %dead = simt.shared_alloc init %x : tensor<64xf32, #a> -> !simt.shared<64xf32, #s>
  %0 = simt.shared_load %b : !simt.shared<64xf32, #s> -> tensor<64xf32, #a>
  %1 = simt.shared_load %b : !simt.shared<64xf32, #s> -> tensor<64xf32, #a>
  simt.shared_store %x, %b : tensor<64xf32, #a> -> !simt.shared<64xf32, #s>
  %2 = simt.shared_load %b : !simt.shared<64xf32, #s> -> tensor<64xf32, #a>
  return %0, %1, %2 : tensor<64xf32, #a>, tensor<64xf32, #a>, tensor<64xf32, #a>
}
