/*===- constexprs.c - Python objects as text of a signature or option -----===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Texts live in the scratch of the call, or in objects that it keeps.
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <stdio.h>
#include <string.h>

static PyObject *nameSignature;

void argScratchInit(ArgScratch *scratch) {
  scratch->textUsed = 0;
  scratch->keep = NULL;
  scratch->hostMemory = scratch->onHost = scratch->foreign = 0;
}

void argScratchClear(ArgScratch *scratch) { Py_CLEAR(scratch->keep); }

int keepAlive(ArgScratch *scratch, PyObject *object) {
  if (!scratch->keep && !(scratch->keep = PyList_New(0)))
    return 0;
  return PyList_Append(scratch->keep, object) == 0;
}

/** Copies text into the scratch, or keeps a bytes object of it. */
static int keepText(ArgScratch *scratch, const char *text, size_t size,
                    tsdk_str *out) {
  PyObject *bytes;
  int kept;
  if (sizeof scratch->text - scratch->textUsed >= size) {
    out->data = memcpy(scratch->text + scratch->textUsed, text, size);
    out->size = size;
    scratch->textUsed += size;
    return 1;
  }
  bytes = PyBytes_FromStringAndSize(text, (Py_ssize_t)size);
  if (!bytes)
    return 0;
  out->data = PyBytes_AsString(bytes);
  out->size = size;
  kept = keepAlive(scratch, bytes);
  Py_DECREF(bytes);
  return kept;
}

static int keepObjectText(ArgScratch *scratch, PyObject *text, tsdk_str *out) {
  Py_ssize_t size = 0;
  const char *data = text ? PyUnicode_AsUTF8AndSize(text, &size) : NULL;
  int result = data && keepText(scratch, data, (size_t)size, out);
  Py_XDECREF(text);
  return result;
}

/** `'text'` with the escapes of docs/signature.md. */
static int quotedText(PyObject *object, ArgScratch *scratch, tsdk_str *out) {
  Py_ssize_t size = 0;
  const char *data = PyUnicode_AsUTF8AndSize(object, &size);
  PyObject *bytes;
  char *quoted, *to;
  int result;
  if (!data)
    return 0;
  bytes = PyBytes_FromStringAndSize(NULL, 4 * size + 2);
  if (!bytes)
    return 0;
  to = quoted = PyBytes_AsString(bytes);
  *to++ = '\'';
  for (Py_ssize_t i = 0; i < size; ++i) {
    unsigned char c = (unsigned char)data[i];
    if (c == '\'' || c == '\\') {
      *to++ = '\\';
      *to++ = (char)c;
    } else if (c < 0x20) {
      to += snprintf(to, 5, "\\x%02x", c);
    } else {
      *to++ = (char)c;
    }
  }
  *to++ = '\'';
  result = keepText(scratch, quoted, (size_t)(to - quoted), out);
  Py_DECREF(bytes);
  return result;
}

int isConstexprLike(PyObject *object) {
  return PyObject_HasAttr(object, nameSignature);
}

int constexprText(PyObject *object, ArgScratch *scratch, tsdk_str *out) {
  char text[32];
  if (PyBool_Check(object)) {
    const char *name = object == Py_True ? "True" : "False";
    return keepText(scratch, name, strlen(name), out);
  }
  if (PyLong_Check(object)) {
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow)
      return keepObjectText(scratch, PyObject_Str(object), out);
    if (value == -1 && PyErr_Occurred())
      return 0;
    return keepText(scratch, text,
                    (size_t)snprintf(text, sizeof text, "%lld", value), out);
  }
  if (PyFloat_Check(object)) {
    PyObject *plain = PyFloat_FromDouble(PyFloat_AsDouble(object));
    PyObject *repr = plain ? PyObject_Repr(plain) : NULL;
    Py_XDECREF(plain);
    return keepObjectText(scratch, repr, out);
  }
  if (object == Py_None)
    return keepText(scratch, "None", 4, out);
  if (PyUnicode_Check(object))
    return quotedText(object, scratch, out);
  if (PyTuple_Check(object) || PyList_Check(object)) {
    PyObject *joined = PyUnicode_FromString("(");
    Py_ssize_t count = PySequence_Size(object);
    for (Py_ssize_t i = 0; joined && i < count; ++i) {
      PyObject *item = PySequence_GetItem(object, i), *next = NULL;
      tsdk_str part;
      if (item && constexprText(item, scratch, &part)) {
        PyObject *piece = textOf(part);
        if (piece)
          next = PyUnicode_FromFormat("%U%U,", joined, piece);
        Py_XDECREF(piece);
      }
      Py_XDECREF(item);
      Py_DECREF(joined);
      joined = next;
    }
    if (joined) {
      PyObject *closed = PyUnicode_FromFormat("%U)", joined);
      Py_DECREF(joined);
      joined = closed;
    }
    return keepObjectText(scratch, joined, out);
  }
  if (isConstexprLike(object)) {
    PyObject *text2 = PyObject_GetAttr(object, nameSignature);
    return keepObjectText(scratch, text2, out);
  }
  if (PyObject_HasAttrString(object, "__index__")) {
    PyObject *number = PyNumber_Index(object);
    int result = number && constexprText(number, scratch, out);
    Py_XDECREF(number);
    return result;
  }
  {
    PyObject *typeName =
        PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
    if (typeName)
      PyErr_Format(PyExc_TypeError,
                   "a constexpr cannot be made from an object of type `%U`; "
                   "pass a number, text, None, a type of tilesdk.language or "
                   "a jit function",
                   typeName);
    Py_XDECREF(typeName);
  }
  return 0;
}

int optionText(PyObject *object, ArgScratch *scratch, tsdk_str *out) {
  if (PyUnicode_Check(object)) {
    Py_INCREF(object);
    return keepObjectText(scratch, object, out);
  }
  if (PyBool_Check(object))
    return keepText(scratch, object == Py_True ? "1" : "0", 1, out);
  return constexprText(object, scratch, out);
}

int initConstexprs(void) {
  nameSignature = PyUnicode_InternFromString("_tilesdk_signature_");
  return nameSignature ? 0 : -1;
}
