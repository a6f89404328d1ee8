/*===- vector_add.c - Build, launch and check the smallest kernel ----------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "../common/sample.h"

#include <stdio.h>
#include <stdlib.h>

enum { COUNT = (1 << 24) + 77 };

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : SAMPLE_DIR;
  const size_t bytes = COUNT * sizeof(float);
  float *x = malloc(bytes), *y = malloc(bytes), *z = malloc(bytes);
  uint32_t seed = 1, i, wrong = 0;
  uint32_t grid[3] = {(COUNT + 4095) / 4096, 1, 1};
  tsdk_buffer bx, by, bz;
  tsdk_kernel kernel;
  tsdk_arg args[5];
  double seconds;
  sample s;

  if (!x || !y || !z)
    return 1;
  for (i = 0; i < COUNT; ++i) {
    x[i] = sample_random(&seed);
    y[i] = sample_random(&seed);
    z[i] = 1e30f;
  }
  sample_open(&s);
  kernel = sample_kernel(&s, folder, "vector_add.py", "vector_add");
  bx = sample_floats(&s, COUNT);
  by = sample_floats(&s, COUNT);
  bz = sample_floats(&s, COUNT);
  sample_copy(&s, tsdk_buffer_ptr(bx), x, bytes);
  sample_copy(&s, tsdk_buffer_ptr(by), y, bytes);
  sample_copy(&s, tsdk_buffer_ptr(bz), z, bytes);

  args[0] = tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(bx));
  args[1] = tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(by));
  args[2] = tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(bz));
  args[3] = tsdk_make_int(COUNT);
  args[4] = tsdk_make_int(4096);
  seconds = sample_time(&s, kernel, grid, args, 5);

  sample_copy(&s, z, tsdk_buffer_ptr(bz), bytes);
  for (i = 0; i < COUNT; ++i)
    wrong += z[i] != x[i] + y[i];
  printf("vector add %u elements: %.3f ms, %.1f GB/s, %u wrong\n", COUNT,
         seconds * 1e3, 3.0 * (double)bytes / seconds * 1e-9, wrong);

  tsdk_release(bx);
  tsdk_release(by);
  tsdk_release(bz);
  tsdk_release(kernel);
  sample_close(&s);
  free(x);
  free(y);
  free(z);
  return wrong != 0;
}
