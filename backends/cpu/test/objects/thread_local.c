//===- thread_local.c - An object with thread-local storage --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

static __thread int counter __attribute__((tls_model("initial-exec"))) = 3;
__attribute__((visibility("default"))) int next(void) { return ++counter; }
