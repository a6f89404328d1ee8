//===- print.c - What device_print prints ------------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Called by kernels, one call an element (core/lowering/debug.cpp). A line is
//   pid (x, y, z) idx (i) PREFIX: VALUE
// and goes to the program's print function. `operand` counts the printed
// operands, -1 if there is only one; `index` is row-major, -1 for a scalar.
//
//===----------------------------------------------------------------------===//

typedef unsigned char p_u8;
typedef unsigned int p_u32;
typedef unsigned long p_u64;

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

struct p_line {
  p_u32 size;
  char text[360];
};

static void put(struct p_line *line, char c) {
  if (line->size < sizeof line->text - 1)
    line->text[line->size++] = c;
}

static void putText(struct p_line *line, const char *text, p_u64 size) {
  for (p_u64 i = 0; i < size; ++i)
    put(line, text[i]);
}

static void putUnsigned(struct p_line *line, p_u64 v, p_u32 base,
                        p_u32 digits) {
  char text[24];
  p_u32 n = 0;
  do {
    p_u32 digit = v % base;
    text[n++] = digit < 10 ? '0' + digit : 'a' + digit - 10;
    v /= base;
  } while (v || n < digits);
  while (n)
    put(line, text[--n]);
}

static void putSigned(struct p_line *line, long v) {
  if (v < 0)
    put(line, '-');
  putUnsigned(line, v < 0 ? 0 - (p_u64)v : (p_u64)v, 10, 1);
}

/// Six significant digits, as %g.
static void putFloat(struct p_line *line, double v) {
  union {
    double d;
    p_u64 u;
  } bits = {v};
  if (bits.u >> 63)
    put(line, '-');
  bits.u &= ~0ul >> 1;
  v = bits.d;
  if (v != v)
    return putText(line, "nan", 3);
  if (bits.u >> 52 == 0x7ff)
    return putText(line, "inf", 3);
  if (v == 0)
    return put(line, '0');
  int exponent = 0;
  for (; v >= 1e16; v /= 1e8)
    exponent += 8;
  for (; v >= 10; v /= 10)
    ++exponent;
  for (; v < 1e-15; v *= 1e8)
    exponent -= 8;
  for (; v < 1; v *= 10)
    --exponent;
  p_u64 digits = (p_u64)(v * 1e5 + 0.5);
  if (digits >= 1000000) {
    digits /= 10;
    ++exponent;
  }
  char text[6];
  for (int i = 5; i >= 0; --i, digits /= 10)
    text[i] = '0' + digits % 10;
  int last = 5;
  while (last > 0 && text[last] == '0')
    --last;
  int scientific = exponent < -5 || exponent >= 6;
  int point = scientific ? 0 : exponent;
  if (point < 0) {
    putText(line, "0.", 2);
    for (int i = -1; i > point; --i)
      put(line, '0');
  }
  for (int i = 0; i <= last || i <= point; ++i) {
    put(line, i <= last ? text[i] : '0');
    if (i == point && i < last)
      put(line, '.');
  }
  if (!scientific)
    return;
  put(line, 'e');
  put(line, exponent < 0 ? '-' : '+');
  putUnsigned(line, exponent < 0 ? -exponent : exponent, 10, 2);
}

static void begin(struct p_line *line, const struct p_program *program,
                  const char *prefix, p_u64 prefixSize, long operand,
                  long index) {
  line->size = 0;
  putText(line, "pid (", 5);
  for (int i = 0; i < 3; ++i) {
    if (i)
      putText(line, ", ", 2);
    putUnsigned(line, program->id[i], 10, 1);
  }
  put(line, ')');
  if (index >= 0) {
    putText(line, " idx (", 6);
    putUnsigned(line, index, 10, 1);
    put(line, ')');
  }
  put(line, ' ');
  putText(line, prefix, prefixSize);
  if (operand >= 0) {
    putText(line, " (operand ", 10);
    putUnsigned(line, operand, 10, 1);
    put(line, ')');
  }
}

static void end(struct p_line *line, const struct p_program *program) {
  line->text[line->size++] = '\n';
  program->print(program->hostState, line->text, line->size);
}

void tsdkPrintText(const struct p_program *program, const char *prefix,
                   p_u64 prefixSize) __asm__("tsdk.print.text");
void tsdkPrintText(const struct p_program *program, const char *prefix,
                   p_u64 prefixSize) {
  struct p_line line;
  begin(&line, program, prefix, prefixSize, -1, -1);
  end(&line, program);
}

void tsdkPrintFloat(const struct p_program *program, const char *prefix,
                    p_u64 prefixSize, long operand, long index,
                    double v) __asm__("tsdk.print.float");
void tsdkPrintFloat(const struct p_program *program, const char *prefix,
                    p_u64 prefixSize, long operand, long index, double v) {
  struct p_line line;
  begin(&line, program, prefix, prefixSize, operand, index);
  putText(&line, ": ", 2);
  putFloat(&line, v);
  end(&line, program);
}

/// `hexDigits` is 0 for decimal.
void tsdkPrintInt(const struct p_program *program, const char *prefix,
                  p_u64 prefixSize, long operand, long index, p_u64 v,
                  p_u32 hexDigits, p_u32 isSigned) __asm__("tsdk.print.int");
void tsdkPrintInt(const struct p_program *program, const char *prefix,
                  p_u64 prefixSize, long operand, long index, p_u64 v,
                  p_u32 hexDigits, p_u32 isSigned) {
  struct p_line line;
  begin(&line, program, prefix, prefixSize, operand, index);
  putText(&line, ": ", 2);
  if (hexDigits) {
    putText(&line, "0x", 2);
    putUnsigned(&line, v, 16, hexDigits);
  } else if (isSigned) {
    putSigned(&line, (long)v);
  } else {
    putUnsigned(&line, v, 10, 1);
  }
  end(&line, program);
}
