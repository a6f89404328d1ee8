/*===- peers.c - The best loops we can write by hand, as benchmark peers ---===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Element-wise add and copy over all cores, each in several forms: the
 * compiler's own vectors, and stores that bypass the caches. A benchmark tries
 * all forms and compares with the fastest. Built with -O3 -march=native, which
 * nothing that is shipped is.
 *
 *===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

typedef void (*body)(const float *x, const float *y, float *z, size_t count);

static void addPlain(const float *restrict x, const float *restrict y,
                     float *restrict z, size_t count) {
  for (size_t i = 0; i < count; ++i)
    z[i] = x[i] + y[i];
}

/* Both need z aligned to the vector and count a multiple of four vectors; the
 * caller's arrays are pages and the parts are multiples of 64 elements. */
static void addStreaming(const float *x, const float *y, float *z,
                         size_t count) {
  for (size_t i = 0; i < count; i += 32)
    for (size_t j = i; j < i + 32; j += 8)
      _mm256_stream_ps(
          z + j, _mm256_add_ps(_mm256_loadu_ps(x + j), _mm256_loadu_ps(y + j)));
  _mm_sfence();
}

static void addStreamingWide(const float *x, const float *y, float *z,
                             size_t count) {
#ifdef __AVX512F__
  for (size_t i = 0; i < count; i += 64)
    for (size_t j = i; j < i + 64; j += 16)
      _mm512_stream_ps(
          z + j, _mm512_add_ps(_mm512_loadu_ps(x + j), _mm512_loadu_ps(y + j)));
  _mm_sfence();
#else
  addStreaming(x, y, z, count);
#endif
}

static void copyPlain(const float *x, const float *y, float *z, size_t count) {
  (void)y;
  memcpy(z, x, count * sizeof(float));
}

static void copyStreaming(const float *x, const float *y, float *z,
                          size_t count) {
  (void)y;
  for (size_t i = 0; i < count; i += 32)
    for (size_t j = i; j < i + 32; j += 8)
      _mm256_stream_ps(z + j, _mm256_loadu_ps(x + j));
  _mm_sfence();
}

static const body bodies[] = {addPlain, addStreaming, addStreamingWide,
                              copyPlain, copyStreaming};

struct part {
  body run;
  const float *x, *y;
  float *z;
  size_t count;
};

static void *runPart(void *argument) {
  struct part *part = argument;
  part->run(part->x, part->y, part->z, part->count);
  return NULL;
}

/* Forms 0 to 2 are z = x + y, 3 and 4 are z = x. Starting the threads costs
 * some tens of microseconds, which is nothing beside arrays of 256 MiB. */
int tilesdk_peer_loop(int form, const float *x, const float *y, float *z,
                      size_t count) {
  enum { MAX_THREADS = 256 };
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  size_t threads = cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : cores;
  size_t step = count / threads / 64 * 64;
  pthread_t handles[MAX_THREADS];
  struct part parts[MAX_THREADS];
  if (form < 0 || form > 4 || count % 64)
    return 1;
  for (size_t i = 0; i < threads; ++i) {
    size_t first = i * step;
    size_t size = i + 1 == threads ? count - first : step;
    parts[i] =
        (struct part){bodies[form], x + first, y + first, z + first, size};
    if (i && pthread_create(&handles[i], NULL, runPart, &parts[i]))
      return 1;
  }
  runPart(&parts[0]);
  for (size_t i = 1; i < threads; ++i)
    pthread_join(handles[i], NULL);
  return 0;
}
