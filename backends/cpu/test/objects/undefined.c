//===- undefined.c - An object that uses what it does not define ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

extern float expf(float);
__attribute__((visibility("default"))) float useExp(float x) { return expf(x); }
