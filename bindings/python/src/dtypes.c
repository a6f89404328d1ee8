/*===- dtypes.c - Element types of arrays, as others name them ------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <string.h>

static PyObject *codeOfDtype; /* dtype object -> int */

static const struct {
  const char *name;
  uint32_t code;
} dtypeNames[] = {
    {"bool", TSDK_I1},
    {"bool_", TSDK_I1},
    {"int1", TSDK_I1},
    {"int8", TSDK_I8},
    {"int16", TSDK_I16},
    {"int32", TSDK_I32},
    {"int64", TSDK_I64},
    {"uint8", TSDK_U8},
    {"uint16", TSDK_U16},
    {"uint32", TSDK_U32},
    {"uint64", TSDK_U64},
    {"float16", TSDK_F16},
    {"bfloat16", TSDK_BF16},
    {"float32", TSDK_F32},
    {"float64", TSDK_F64},
    {"float8_e4m3fn", TSDK_F8E4M3},
    {"float8_e5m2", TSDK_F8E5M2},
    {"float8_e4m3fnuz", TSDK_F8E4M3FNUZ},
    {"float8_e5m2fnuz", TSDK_F8E5M2FNUZ},
    {"float8e4nv", TSDK_F8E4M3},
    {"float8e5", TSDK_F8E5M2},
    {"float8e4b8", TSDK_F8E4M3FNUZ},
    {"float8e5b16", TSDK_F8E5M2FNUZ},
    {"float8e4b15", TSDK_F8E4M3B11},
};

/** Element type from a name such as "torch.float32"; 0 when unknown. */
static uint32_t dtypeFromName(const char *name) {
  const char *dot = strrchr(name, '.');
  if (dot)
    name = dot + 1;
  for (size_t i = 0; i < sizeof dtypeNames / sizeof dtypeNames[0]; ++i)
    if (!strcmp(dtypeNames[i].name, name))
      return dtypeNames[i].code;
  return TSDK_DTYPE_NONE;
}

uint32_t dtypeFromObject(PyObject *dtype) {
  PyObject *known = PyDict_GetItemWithError(codeOfDtype, dtype);
  PyObject *text, *code;
  const char *name;
  uint32_t result = TSDK_DTYPE_NONE;
  if (known)
    return (uint32_t)PyLong_AsLong(known);
  PyErr_Clear();
  text = PyObject_Str(dtype);
  name = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
  if (name)
    result = dtypeFromName(name);
  if (result && (code = PyLong_FromUnsignedLong(result))) {
    if (PyDict_SetItem(codeOfDtype, dtype, code))
      PyErr_Clear();
    Py_DECREF(code);
  } else if (name) {
    PyErr_Format(PyExc_TypeError,
                 "element type `%s` is unknown to tilesdk; pass "
                 "tilesdk.reinterpret(array, dtype)",
                 name);
  }
  Py_XDECREF(text);
  return result;
}

/* Kinds of numbers with a row for 8, 16, 32 and 64 bits. */
enum NumberKind { KindInt, KindUint, KindFloat, KindBool };

static uint32_t dtypeOf(enum NumberKind kind, long bytes) {
  static const uint32_t codes[4][4] = {
      {TSDK_I8, TSDK_I16, TSDK_I32, TSDK_I64},
      {TSDK_U8, TSDK_U16, TSDK_U32, TSDK_U64},
      {TSDK_DTYPE_NONE, TSDK_F16, TSDK_F32, TSDK_F64},
      {TSDK_I1, TSDK_DTYPE_NONE, TSDK_DTYPE_NONE, TSDK_DTYPE_NONE}};
  switch (bytes) {
  case 1:
    return codes[kind][0];
  case 2:
    return codes[kind][1];
  case 4:
    return codes[kind][2];
  case 8:
    return codes[kind][3];
  default:
    return TSDK_DTYPE_NONE;
  }
}

uint32_t dtypeFromFormat(const char *format, Py_ssize_t itemsize) {
  if (!format)
    return TSDK_U8;
  if (*format == '<' || *format == '=' || *format == '@' || *format == '|')
    ++format;
  if (format[0] == '\0' || format[1] != '\0')
    return TSDK_DTYPE_NONE;
  if (strchr("bhilqn", *format))
    return dtypeOf(KindInt, (long)itemsize);
  if (strchr("BHILQNc", *format))
    return dtypeOf(KindUint, (long)itemsize);
  switch (*format) {
  case '?':
    return TSDK_I1;
  case 'e':
    return TSDK_F16;
  case 'f':
    return TSDK_F32;
  case 'd':
    return TSDK_F64;
  default:
    return TSDK_DTYPE_NONE;
  }
}

uint32_t dtypeFromTypestr(const char *typestr) {
  static const char *const kinds = "iufb"; /* in the order of NumberKind */
  const char *kind;
  if (strlen(typestr) != 3 || typestr[0] == '>')
    return TSDK_DTYPE_NONE;
  kind = strchr(kinds, typestr[1]);
  return kind ? dtypeOf((enum NumberKind)(kind - kinds), typestr[2] - '0')
              : TSDK_DTYPE_NONE;
}

uint32_t dtypeFromDlpack(uint8_t code, uint8_t bits, uint16_t lanes) {
  if (lanes != 1 || bits % 8)
    return TSDK_DTYPE_NONE;
  switch (code) {
  case 0:
    return dtypeOf(KindInt, bits / 8);
  case 1:
    return dtypeOf(KindUint, bits / 8);
  case 2:
    return dtypeOf(KindFloat, bits / 8);
  case 4:
    return bits == 16 ? TSDK_BF16 : TSDK_DTYPE_NONE;
  case 6:
    return dtypeOf(KindBool, bits / 8);
  default:
    break;
  }
  if (bits != 8)
    return TSDK_DTYPE_NONE;
  switch (code) {
  case 10:
    return TSDK_F8E4M3;
  case 11:
    return TSDK_F8E4M3FNUZ;
  case 12:
    return TSDK_F8E5M2;
  case 13:
    return TSDK_F8E5M2FNUZ;
  default:
    return TSDK_DTYPE_NONE;
  }
}

int initDtypes(void) {
  codeOfDtype = PyDict_New();
  return codeOfDtype ? 0 : -1;
}
