/*===- consumer.c - The smallest program that links an installed tilesdk ---===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Builds and launches one kernel on the CPU and checks the result: proof that
 * the installed headers, libraries and plugins belong together.
 *
 *===----------------------------------------------------------------------===*/

#include <tilesdk/tilesdk.h>

#include <stdio.h>
#include <string.h>

static const char source[] =
    "import triton\n"
    "import triton.language as tl\n"
    "\n"
    "@triton.jit\n"
    "def scale(x_ptr, y_ptr, n, factor, BLOCK: tl.constexpr):\n"
    "    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
    "    mask = offsets < n\n"
    "    x = tl.load(x_ptr + offsets, mask=mask)\n"
    "    tl.store(y_ptr + offsets, x * factor, mask=mask)\n";

enum { COUNT = 1000, BLOCK = 256 };

static int report(tsdk_error error) {
  tsdk_str text = tsdk_error_message(error);
  fprintf(stderr, "%.*s\n", (int)text.size, text.data);
  tsdk_error_release(error);
  return 1;
}

int main(void) {
  static float x[COUNT], y[COUNT];
  tsdk_context context = NULL;
  tsdk_device device = NULL;
  tsdk_program program = NULL;
  tsdk_kernel kernel = NULL;
  tsdk_stream stream = NULL;
  tsdk_program_desc description;
  tsdk_launch_desc launch;
  tsdk_arg args[5];
  tsdk_error error;
  int i, wrong = 0;

  for (i = 0; i < COUNT; ++i) {
    x[i] = (float)i;
    y[i] = -1.0f;
  }
  memset(&description, 0, sizeof description);
  description.struct_size = sizeof description;
  description.source = tsdk_make_str(source);
  description.filename = tsdk_make_str("scale.py");
  if ((error = tsdk_context_create(NULL, &context)) ||
      (error = tsdk_device_open(context, tsdk_make_str("cpu:0"), &device)) ||
      (error = tsdk_stream_create(device, 0, 0, &stream)) ||
      (error = tsdk_program_create(context, &description, &program, NULL)) ||
      (error = tsdk_kernel_get(program, tsdk_make_str("scale"), &kernel)))
    return report(error);

  args[0] = tsdk_make_ptr(TSDK_F32, x);
  args[1] = tsdk_make_ptr(TSDK_F32, y);
  args[2] = tsdk_make_int(COUNT);
  args[3] = tsdk_make_float(3.0);
  args[4] = tsdk_make_int(BLOCK);
  memset(&launch, 0, sizeof launch);
  launch.struct_size = sizeof launch;
  launch.grid[0] = (COUNT + BLOCK - 1) / BLOCK;
  launch.grid[1] = launch.grid[2] = 1;
  launch.stream = stream;
  if ((error = tsdk_kernel_launch(kernel, device, &launch, args, 5)) ||
      (error = tsdk_stream_sync(stream)))
    return report(error);
  for (i = 0; i < COUNT; ++i)
    wrong += y[i] != 3.0f * (float)i;
  printf("%d of %d wrong\n", wrong, COUNT);

  tsdk_release(kernel);
  tsdk_release(program);
  tsdk_release(stream);
  tsdk_release(device);
  tsdk_release(context);
  return wrong != 0;
}
