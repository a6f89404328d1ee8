/*===- sample.c - What every sample needs around its kernel ----------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sample_check(tsdk_error error) {
  if (error) {
    tsdk_str text = tsdk_error_message(error);
    fprintf(stderr, "%.*s\n", (int)text.size, text.data);
    exit(1);
  }
}

void sample_open(sample *s) {
  const char *uri = getenv("TILESDK_DEVICE");
  char name[256];
  size_t size = sizeof name;

  memset(s, 0, sizeof *s);
  sample_check(tsdk_context_create(NULL, &s->context));
  sample_check(tsdk_device_open(s->context, tsdk_make_str(uri ? uri : "cpu:0"),
                                &s->device));
  sample_check(tsdk_stream_create(s->device, 0, 0, &s->stream));
  sample_check(tsdk_device_get(s->device, TSDK_DEVICE_NAME, name, &size));
  printf("device     %.*s\n", (int)size, name);
}

void sample_close(sample *s) {
  tsdk_release(s->stream);
  tsdk_release(s->device);
  tsdk_release(s->context);
}

static char *readFile(const char *folder, const char *file) {
  char path[4096];
  FILE *stream;
  long size;
  char *text;

  snprintf(path, sizeof path, "%s/%s", folder, file);
  stream = fopen(path, "rb");
  if (!stream || fseek(stream, 0, SEEK_END) || (size = ftell(stream)) < 0) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  rewind(stream);
  text = malloc((size_t)size + 1);
  if (!text || fread(text, 1, (size_t)size, stream) != (size_t)size) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  text[size] = 0;
  fclose(stream);
  return text;
}

tsdk_kernel sample_kernel(sample *s, const char *folder, const char *file,
                          const char *name) {
  tsdk_program_desc desc;
  tsdk_program program = NULL;
  tsdk_kernel kernel = NULL;
  char *source = readFile(folder, file);

  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.source = tsdk_make_str(source);
  desc.filename = tsdk_make_str(file);
  sample_check(tsdk_program_create(s->context, &desc, &program, NULL));
  sample_check(tsdk_kernel_get(program, tsdk_make_str(name), &kernel));
  tsdk_release(program);
  free(source);
  return kernel;
}

double sample_time(sample *s, tsdk_kernel kernel, const uint32_t grid[3],
                   const tsdk_arg *args, size_t num_args) {
  tsdk_launch_desc launch;
  tsdk_event from = NULL, to = NULL;
  uint64_t elapsed, best = UINT64_MAX;
  int run;

  memset(&launch, 0, sizeof launch);
  launch.struct_size = sizeof launch;
  memcpy(launch.grid, grid, sizeof launch.grid);
  launch.stream = s->stream;
  sample_check(tsdk_event_create(s->device, 0, &from));
  sample_check(tsdk_event_create(s->device, 0, &to));
  for (run = 0; run < 8; ++run) {
    sample_check(tsdk_event_record(from, s->stream));
    sample_check(
        tsdk_kernel_launch(kernel, s->device, &launch, args, num_args));
    sample_check(tsdk_event_record(to, s->stream));
    sample_check(tsdk_event_sync(to));
    sample_check(tsdk_event_elapsed(from, to, &elapsed));
    if (run == 0)
      printf("first run  %.2f ms, compilation included\n",
             (double)elapsed * 1e-6);
    else if (elapsed < best)
      best = elapsed;
  }
  tsdk_release(from);
  tsdk_release(to);
  return (double)best * 1e-9;
}

tsdk_buffer sample_floats(sample *s, size_t count) {
  tsdk_buffer buffer = NULL;
  sample_check(tsdk_buffer_alloc(s->device, s->stream, count * sizeof(float), 0,
                                 &buffer));
  return buffer;
}

void sample_copy(sample *s, void *to, const void *from, size_t bytes) {
  sample_check(tsdk_copy(s->stream, to, from, bytes));
  sample_check(tsdk_stream_sync(s->stream));
}

float sample_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (float)(*state >> 8) / 8388608.0f - 1.0f;
}
