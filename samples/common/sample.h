/*===- sample.h - What every sample needs around its kernel ----------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens a device, reads a kernel's source beside the sample, and times a
 * launch. Errors print their text and end the program: fine for a sample, and
 * the SDK itself never does it.
 *
 *===----------------------------------------------------------------------===*/

#ifndef TILESDK_SAMPLE_H
#define TILESDK_SAMPLE_H

#include <tilesdk/tilesdk.h>

typedef struct {
  tsdk_context context;
  tsdk_device device;
  tsdk_stream stream;
} sample;

/** Ends the program with the error's text, unless it is NULL. */
void sample_check(tsdk_error error);

/** Opens the device of TILESDK_DEVICE, or the CPU, and prints its name. */
void sample_open(sample *s);
void sample_close(sample *s);

/** A kernel of the file `name` in the sample's folder, whose path the build
 *  compiled in (SAMPLE_DIR), or of the folder given on the command line. */
tsdk_kernel sample_kernel(sample *s, const char *folder, const char *file,
                          const char *name);

/** Best time of several launches in seconds, by events on the stream; the
 *  first launch, which compiles, is printed apart and not counted. */
double sample_time(sample *s, tsdk_kernel kernel, const uint32_t grid[3],
                   const tsdk_arg *args, size_t num_args);

/** A device buffer of `count` floats. */
tsdk_buffer sample_floats(sample *s, size_t count);

/** Copies `bytes` and waits. */
void sample_copy(sample *s, void *to, const void *from, size_t bytes);

/** Same numbers on every run: uniform in [-1, 1). */
float sample_random(uint32_t *state);

#endif
