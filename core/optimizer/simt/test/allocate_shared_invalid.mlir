// RUN: tilesdk-opt %s --simt-allocate-shared --verify-diagnostics

#a = #simt.layout<"(dim0: 65536) { register: (1) (2) (4) (8) (16) (32) (64) (128) (256); lane: (512) (1024) (2048) (4096) (8192); warp: (16384) (32768) }">
#s = #simt.shared_layout<layout = "(dim0: 65536) { offset: (1) (2) (4) (8) (16) (32) (64) (128) (256) (512) (1024) (2048) (4096) (8192) (16384) (32768) }", format = "", alignment = 16>

// expected-error @below {{the kernel needs 393216 bytes of shared memory, the target has 166912; use smaller tiles or a smaller num_stages}}
func.func @large(%x: tensor<65536xf32, #a>, %y: tensor<65536xf16, #a>) {
  // expected-note @below {{262144 bytes: a buffer of 65536 f32}}
  %0 = simt.shared_alloc init %x : tensor<65536xf32, #a> -> !simt.shared<65536xf32, #s>
  // expected-note @below {{131072 bytes: a buffer of 65536 f16}}
  %1 = simt.shared_alloc init %y : tensor<65536xf16, #a> -> !simt.shared<65536xf16, #s>
  %2 = simt.shared_load %0 : !simt.shared<65536xf32, #s> -> tensor<65536xf32, #a>
  %3 = simt.shared_load %1 : !simt.shared<65536xf16, #s> -> tensor<65536xf16, #a>
  return
}
