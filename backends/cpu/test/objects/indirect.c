//===- indirect.c - An object with a function chosen at load -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

static int one(void) { return 1; }
static int (*choose(void))(void) { return one; }
__attribute__((visibility("default"))) int chosen(void)
    __attribute__((ifunc("choose")));
