/*===- softmax.c - Row softmax, checked in double precision ----------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "../common/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 1823, COLUMNS = 781, BLOCK = 1024 };

static double largestError(const float *x, const float *y) {
  double worst = 0;
  int row, column;
  for (row = 0; row < ROWS; ++row) {
    const float *in = x + row * COLUMNS, *out = y + row * COLUMNS;
    double top = in[0], sum = 0;
    for (column = 1; column < COLUMNS; ++column)
      top = fmax(top, in[column]);
    for (column = 0; column < COLUMNS; ++column)
      sum += exp(in[column] - top);
    for (column = 0; column < COLUMNS; ++column) {
      double want = exp(in[column] - top) / sum;
      double error = fabs(out[column] - want) / want;
      /* A NaN must not pass: it compares false with everything. */
      if (!(error <= worst))
        worst = error;
    }
  }
  return worst;
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : SAMPLE_DIR;
  const size_t count = (size_t)ROWS * COLUMNS, bytes = count * sizeof(float);
  float *x = malloc(bytes), *y = malloc(bytes);
  uint32_t grid[3] = {ROWS, 1, 1}, seed = 2;
  tsdk_buffer bx, by;
  tsdk_kernel kernel;
  tsdk_arg args[5];
  double seconds, error;
  size_t i;
  sample s;

  if (!x || !y)
    return 1;
  for (i = 0; i < count; ++i) {
    x[i] = 10 * sample_random(&seed);
    y[i] = NAN;
  }
  sample_open(&s);
  kernel = sample_kernel(&s, folder, "softmax.py", "softmax");
  bx = sample_floats(&s, count);
  by = sample_floats(&s, count);
  sample_copy(&s, tsdk_buffer_ptr(bx), x, bytes);
  sample_copy(&s, tsdk_buffer_ptr(by), y, bytes);

  args[0] = tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(bx));
  args[1] = tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(by));
  args[2] = tsdk_make_int(COLUMNS);
  args[3] = tsdk_make_int(COLUMNS);
  args[4] = tsdk_make_int(BLOCK);
  seconds = sample_time(&s, kernel, grid, args, 5);

  sample_copy(&s, y, tsdk_buffer_ptr(by), bytes);
  error = largestError(x, y);
  printf(
      "softmax    %d x %d: %.3f ms, %.1f GB/s, largest relative error %.1e\n",
      ROWS, COLUMNS, seconds * 1e3, 2.0 * (double)bytes / seconds * 1e-9,
      error);

  tsdk_release(bx);
  tsdk_release(by);
  tsdk_release(kernel);
  sample_close(&s);
  free(x);
  free(y);
  return !(error < 1e-5);
}
