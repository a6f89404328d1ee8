/*===- matmul.c - Matrix product, checked in double precision --------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "../common/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { M = 1000, N = 1030, K = 520, BLOCK_M = 96, BLOCK_N = 128, BLOCK_K = 64 };

/* Every 7th row against the sum in double, relative to sum |a| |b|. */
static double largestError(const float *a, const float *b, const float *c) {
  double worst = 0;
  int m, n, k;
  for (m = 0; m < M; m += 7)
    for (n = 0; n < N; ++n) {
      double want = 0, scale = 0, error;
      for (k = 0; k < K; ++k) {
        double product = (double)a[m * K + k] * b[k * N + n];
        want += product;
        scale += fabs(product);
      }
      error = fabs(c[m * N + n] - want) / scale;
      if (!(error <= worst))
        worst = error;
    }
  return worst;
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : SAMPLE_DIR;
  const size_t sizes[3] = {(size_t)M * K, (size_t)K * N, (size_t)M * N};
  const int strides[3] = {K, N, N};
  const int blocks[4] = {BLOCK_M, BLOCK_N, BLOCK_K, 8};
  uint32_t grid[3] = {
      ((M + BLOCK_M - 1) / BLOCK_M) * ((N + BLOCK_N - 1) / BLOCK_N), 1, 1};
  float *host[3];
  tsdk_buffer buffers[3];
  tsdk_kernel kernel;
  tsdk_arg args[13];
  uint32_t seed = 3;
  double seconds, error;
  size_t i, j;
  sample s;

  sample_open(&s);
  kernel = sample_kernel(&s, folder, "matmul.py", "matmul");
  for (i = 0; i < 3; ++i) {
    host[i] = malloc(sizes[i] * sizeof(float));
    if (!host[i])
      return 1;
    for (j = 0; j < sizes[i]; ++j)
      host[i][j] = i < 2 ? sample_random(&seed) : NAN;
    buffers[i] = sample_floats(&s, sizes[i]);
    sample_copy(&s, tsdk_buffer_ptr(buffers[i]), host[i],
                sizes[i] * sizeof(float));
    args[i] = tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(buffers[i]));
    args[6 + i] = tsdk_make_int(strides[i]);
  }
  args[3] = tsdk_make_int(M);
  args[4] = tsdk_make_int(N);
  args[5] = tsdk_make_int(K);
  for (i = 0; i < 4; ++i)
    args[9 + i] = tsdk_make_int(blocks[i]);
  seconds = sample_time(&s, kernel, grid, args, 13);

  sample_copy(&s, host[2], tsdk_buffer_ptr(buffers[2]),
              sizes[2] * sizeof(float));
  error = largestError(host[0], host[1], host[2]);
  printf("matmul     %d x %d x %d: %.3f ms, %.1f GFLOP/s, largest error %.1e\n",
         M, N, K, seconds * 1e3, 2e-9 * M * N * K / seconds, error);

  for (i = 0; i < 3; ++i) {
    tsdk_release(buffers[i]);
    free(host[i]);
  }
  tsdk_release(kernel);
  sample_close(&s);
  return !(error < 1e-6);
}
