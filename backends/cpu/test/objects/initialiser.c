//===- initialiser.c - An object with code to run at load ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

volatile int ready;
__attribute__((constructor)) static void initialise(void) { ready = 1; }
