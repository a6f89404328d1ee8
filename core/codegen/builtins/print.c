//===- print.c - What device_print prints ------------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Called by kernels, one call an element (core/lowering/debug.cpp). A line goes
// to the program's print function.
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/print_line.h"

typedef tsdk_line_u32 p_u32;
typedef tsdk_line_u64 p_u64;

/// The head of tsdk_tile_program (tilesdk_plugin.h).
struct p_program {
  p_u32 structSize, flags, id[3], count[3];
  p_u64 streamingBytes;
  void (*yield)(void *);
  void *yieldState;
  void (*print)(void *state, const char *text, p_u64 size);
  void (*assertFailed)(void *state, const char *text, p_u64 size);
  void *hostState;
};

static void end(struct tsdk_line *line, const struct p_program *program) {
  tsdkLineEnd(line);
  program->print(program->hostState, line->text, line->size);
}

void tsdkPrintText(const struct p_program *program, const char *prefix,
                   p_u64 prefixSize) __asm__("tsdk.print.text");
void tsdkPrintText(const struct p_program *program, const char *prefix,
                   p_u64 prefixSize) {
  struct tsdk_line line;
  tsdkLineBegin(&line, program->id, prefix, prefixSize, -1, -1);
  end(&line, program);
}

void tsdkPrintFloat(const struct p_program *program, const char *prefix,
                    p_u64 prefixSize, long operand, long index,
                    double v) __asm__("tsdk.print.float");
void tsdkPrintFloat(const struct p_program *program, const char *prefix,
                    p_u64 prefixSize, long operand, long index, double v) {
  union {
    double d;
    p_u64 u;
  } bits = {v};
  struct tsdk_line line;
  tsdkLineBegin(&line, program->id, prefix, prefixSize, operand, index);
  tsdkLineFloatValue(&line, bits.u);
  end(&line, program);
}

/// `hexDigits` is 0 for decimal.
void tsdkPrintInt(const struct p_program *program, const char *prefix,
                  p_u64 prefixSize, long operand, long index, p_u64 v,
                  p_u32 hexDigits, p_u32 isSigned) __asm__("tsdk.print.int");
void tsdkPrintInt(const struct p_program *program, const char *prefix,
                  p_u64 prefixSize, long operand, long index, p_u64 v,
                  p_u32 hexDigits, p_u32 isSigned) {
  struct tsdk_line line;
  tsdkLineBegin(&line, program->id, prefix, prefixSize, operand, index);
  tsdkLineIntValue(&line, v, hexDigits, isSigned);
  end(&line, program);
}
