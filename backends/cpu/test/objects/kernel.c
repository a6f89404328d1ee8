//===- kernel.c - What a kernel object may contain -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tilesdk/tilesdk_plugin.h"

#define EXPORT __attribute__((visibility("default")))

static const int Table[4] = {1, 2, 3, 4};
EXPORT int Shared = 40;  // reached through the global offset table
static int Zeroed[2000]; // more than a page of zeros
static const int *const Rows[] = {Table, Table + 1, Table + 2}; // relocated

EXPORT int addTable(int i) { return Rows[i % 3][i % 2] + Shared; }
EXPORT int (*const Entry)(int) = addTable; // relocated against a symbol

EXPORT int countZeroed(void) {
  int sum = 0;
  for (int i = 0; i < 2000; ++i)
    sum += Zeroed[i];
  Zeroed[1999] += 1;
  return sum;
}

// out[program] = in[program] * scale
EXPORT void scale(void *const *params, const tsdk_tile_program *program,
                  void *scratch) {
  (void)scratch;
  float *const *out = params[0];
  const float *const *in = params[1];
  const float *factor = params[2];
  unsigned i = program->program_id[0];
  (*out)[i] = (*in)[i] * *factor;
}
