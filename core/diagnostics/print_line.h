/*===- print_line.h - The lines that device_print makes ---------*- C++ -*-===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A line is
|*   pid (x, y, z) idx (i) PREFIX: VALUE
|* C, without a library: kernels that run on the host have it in their code
|* (core/codegen/builtins/print.c), what other devices say the runtime formats
|* by it (core/runtime/messages.cpp).
|*
\*===----------------------------------------------------------------------===*/

#pragma once

typedef unsigned int tsdk_line_u32;
typedef unsigned long tsdk_line_u64;

struct tsdk_line {
  tsdk_line_u32 size;
  char text[360];
};

static inline void tsdkLinePut(struct tsdk_line *line, char c) {
  if (line->size < sizeof line->text - 1)
    line->text[line->size++] = c;
}

static inline void tsdkLineText(struct tsdk_line *line, const char *text,
                                tsdk_line_u64 size) {
  for (tsdk_line_u64 i = 0; i < size; ++i)
    tsdkLinePut(line, text[i]);
}

static inline void tsdkLineNumber(struct tsdk_line *line, tsdk_line_u64 v,
                                  tsdk_line_u32 base, tsdk_line_u32 digits) {
  char text[24];
  tsdk_line_u32 n = 0;
  do {
    text[n++] = "0123456789abcdef"[v % base];
    v /= base;
  } while (v || n < digits);
  while (n)
    tsdkLinePut(line, text[--n]);
}

static inline void tsdkLineSigned(struct tsdk_line *line, tsdk_line_u64 v) {
  tsdk_line_u64 isNegative = v >> 63;
  if (isNegative)
    tsdkLinePut(line, '-');
  tsdkLineNumber(line, isNegative ? 0 - v : v, 10, 1);
}

/** Six significant digits, as %g. `pattern`: the bits of a double. */
static inline void tsdkLineFloat(struct tsdk_line *line,
                                 tsdk_line_u64 pattern) {
  union {
    tsdk_line_u64 u;
    double d;
  } bits = {pattern};
  if (bits.u >> 63)
    tsdkLinePut(line, '-');
  bits.u &= ~0ul >> 1;
  double v = bits.d;
  if (v != v) {
    tsdkLineText(line, "nan", 3);
    return;
  }
  if (bits.u >> 52 == 0x7ff) {
    tsdkLineText(line, "inf", 3);
    return;
  }
  if (v == 0) {
    tsdkLinePut(line, '0');
    return;
  }
  // The number itself is what comes nearer to its first digit. No library may
  // be called here: it runs on GPUs too.
  // NOLINTBEGIN(bugprone-float-loop-counter, bugprone-incorrect-roundings)
  int exponent = 0;
  for (; v >= 1e16; v /= 1e8)
    exponent += 8;
  for (; v >= 10; v /= 10)
    ++exponent;
  for (; v < 1e-15; v *= 1e8)
    exponent -= 8;
  for (; v < 1; v *= 10)
    --exponent;
  tsdk_line_u64 digits = (tsdk_line_u64)(v * 1e5 + 0.5);
  // NOLINTEND(bugprone-float-loop-counter, bugprone-incorrect-roundings)
  if (digits >= 1000000) {
    digits /= 10;
    ++exponent;
  }
  char text[6];
  for (int i = 5; i >= 0; --i, digits /= 10)
    text[i] = "0123456789"[digits % 10];
  int last = 5;
  while (last > 0 && text[last] == '0')
    --last;
  int scientific = exponent < -5 || exponent >= 6;
  int point = scientific ? 0 : exponent;
  if (point < 0) {
    tsdkLineText(line, "0.", 2);
    for (int i = -1; i > point; --i)
      tsdkLinePut(line, '0');
  }
  for (int i = 0; i <= last || i <= point; ++i) {
    tsdkLinePut(line, i <= last ? text[i] : '0');
    if (i == point && i < last)
      tsdkLinePut(line, '.');
  }
  if (!scientific)
    return;
  tsdkLinePut(line, 'e');
  tsdkLinePut(line, exponent < 0 ? '-' : '+');
  tsdkLineNumber(line, (tsdk_line_u64)(exponent < 0 ? -exponent : exponent), 10,
                 2);
}

/** `operand` counts the printed operands, -1 if there is only one; `index` is
 *  row-major, -1 for a scalar. */
static inline void tsdkLineBegin(struct tsdk_line *line,
                                 const tsdk_line_u32 *program,
                                 const char *prefix, tsdk_line_u64 prefixSize,
                                 long operand, long index) {
  line->size = 0;
  tsdkLineText(line, "pid (", 5);
  for (int i = 0; i < 3; ++i) {
    if (i)
      tsdkLineText(line, ", ", 2);
    tsdkLineNumber(line, program[i], 10, 1);
  }
  tsdkLinePut(line, ')');
  if (index >= 0) {
    tsdkLineText(line, " idx (", 6);
    tsdkLineNumber(line, (tsdk_line_u64)index, 10, 1);
    tsdkLinePut(line, ')');
  }
  tsdkLinePut(line, ' ');
  tsdkLineText(line, prefix, prefixSize);
  if (operand >= 0) {
    tsdkLineText(line, " (operand ", 10);
    tsdkLineNumber(line, (tsdk_line_u64)operand, 10, 1);
    tsdkLinePut(line, ')');
  }
}

static inline void tsdkLineFloatValue(struct tsdk_line *line,
                                      tsdk_line_u64 pattern) {
  tsdkLineText(line, ": ", 2);
  tsdkLineFloat(line, pattern);
}

/** `hexDigits` is 0 for decimal. */
static inline void tsdkLineIntValue(struct tsdk_line *line, tsdk_line_u64 v,
                                    tsdk_line_u32 hexDigits,
                                    tsdk_line_u32 isSigned) {
  tsdkLineText(line, ": ", 2);
  if (hexDigits) {
    tsdkLineText(line, "0x", 2);
    tsdkLineNumber(line, v, 16, hexDigits);
  } else if (isSigned) {
    tsdkLineSigned(line, v);
  } else {
    tsdkLineNumber(line, v, 10, 1);
  }
}

static inline void tsdkLineEnd(struct tsdk_line *line) {
  line->text[line->size++] = '\n';
}
