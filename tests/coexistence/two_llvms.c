/*===- two_llvms.c - tilesdk beside another LLVM, in either order ----------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Usage: two_llvms first|last OTHER_LLVM.so
 *
 * Loads another libLLVM with RTLD_GLOBAL before or after tilesdk compiled its
 * first kernel, and compiles again. If either library bound a symbol of the
 * other, the compile crashes, fails, or reports the wrong version.
 *
 *===----------------------------------------------------------------------===*/

#include <tilesdk/tilesdk.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char source[] = "import triton\n"
                             "import triton.language as tl\n"
                             "@triton.jit\n"
                             "def fill(p, v, B: tl.constexpr):\n"
                             "    o = tl.program_id(0) * B + tl.arange(0, B)\n"
                             "    tl.store(p + o, tl.exp(v.to(tl.float32) + "
                             "tl.zeros([B], tl.float32)))\n";

static int loadOther(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  void *(*createContext)(void), *other;
  void (*disposeContext)(void *);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  /* Use it, so that its lazy state exists. */
  *(void **)&createContext = dlsym(library, "LLVMContextCreate");
  *(void **)&disposeContext = dlsym(library, "LLVMContextDispose");
  if (!createContext || !disposeContext || !(other = createContext()))
    return 1;
  disposeContext(other);
  return 0;
}

static int compile(const char *block) {
  tsdk_context context = NULL;
  tsdk_program program = NULL;
  tsdk_kernel kernel = NULL;
  tsdk_variant variant = NULL;
  tsdk_context_desc settings;
  /* Or the kernel would come from disk and the compiler stay closed. */
  tsdk_option noCache;
  tsdk_program_desc description;
  tsdk_variant_desc build;
  char signature[64];
  tsdk_error error;

  noCache.name = tsdk_make_str("cache");
  noCache.value = tsdk_make_str("0");
  memset(&settings, 0, sizeof settings);
  settings.struct_size = sizeof settings;
  settings.options = &noCache;
  settings.num_options = 1;
  memset(&description, 0, sizeof description);
  description.struct_size = sizeof description;
  description.source = tsdk_make_str(source);
  description.filename = tsdk_make_str("fill.py");
  memset(&build, 0, sizeof build);
  build.struct_size = sizeof build;
  snprintf(signature, sizeof signature, "*f32,i32,%s", block);
  build.signature = tsdk_make_str(signature);
  build.target = tsdk_make_str("x86-64-v3");
  if ((error = tsdk_context_create(&settings, &context)) ||
      (error = tsdk_program_create(context, &description, &program, NULL)) ||
      (error = tsdk_kernel_get(program, tsdk_make_str("fill"), &kernel)) ||
      (error = tsdk_variant_build(kernel, &build, &variant))) {
    tsdk_str text = tsdk_error_message(error);
    fprintf(stderr, "%.*s\n", (int)text.size, text.data);
    return 1;
  }
  tsdk_release(variant);
  tsdk_release(kernel);
  tsdk_release(program);
  tsdk_release(context);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  if (!strcmp(argv[1], "first") && loadOther(argv[2]))
    return 1;
  if (compile("128"))
    return 1;
  if (!strcmp(argv[1], "last") && loadOther(argv[2]))
    return 1;
  return compile("256");
}
