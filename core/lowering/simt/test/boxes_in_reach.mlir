// RUN: simt-lower --target group %s | FileCheck %s

// Nothing is compared where the box is known to be in reach.
// CHECK-LABEL: define void @known(
// CHECK-NOT: icmp ugt
// CHECK-NOT: store half
// CHECK: ret void
#s = #simt.shared_layout<layout = "(dim0: 64, dim1: 128) { offset: (0,1) (0,2) (0,4) (0,8) (0,16) (0,32) (1,8) (2,16) (4,32) (8,0) (16,0) (32,0) (0,64) }", format = "swizzle128", alignment = 1024>
func.func @known(%p: !tile.ptr<f16>, %m: i32, %s: i64) attributes {tile.kernel, simt.num_warps = 4 : i32, simt.shared_bytes = 16384 : i32} {
  %zero = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %one = arith.constant 1 : i64
  %map = simt.box_map %p shape[%m, %c64] strides[%s, %one] box = [64, 64] format = "swizzle128" : !tile.ptr<f16>
  %a = simt.shared_alloc {offset = 0 : i32} -> !simt.shared<64x128xf16, #s>
  simt.box_store %a to %map[%c64, %zero] : !simt.shared<64x128xf16, #s>
  simt.box_store_wait pending = 0
  return
}
