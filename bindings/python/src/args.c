/*===- args.c - Python objects as kernel arguments ------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

static PyObject *nameItem, *nameDescriptor;

static int convertBool(PyObject *object, tsdk_arg *out) {
  out->kind = TSDK_ARG_BOOL;
  out->v.u = object == Py_True;
  return 1;
}

/** An int of 64 bits; 0, with no exception, when it is larger. */
static int convertInt(PyObject *object, tsdk_arg *out) {
  int overflow = 0;
  out->kind = TSDK_ARG_INT;
  out->v.i = PyLong_AsLongLongAndOverflow(object, &overflow);
  return !overflow;
}

int convertArg(PyObject *object, int isConstexpr, tsdk_arg *out,
               ArgScratch *scratch) {
  PyTypeObject *type = Py_TYPE(object);
  const ArgType *argType;
  out->aux = 0;
  out->v.u = 0;
  if (isConstexpr) {
    tsdk_str text;
    /* Numbers and flags, which most are, need no text. */
    if (type == &PyBool_Type)
      return convertBool(object, out);
    if (type == &PyLong_Type && convertInt(object, out))
      return 1;
    if (!constexprText(object, scratch, &text))
      return 0;
    out->kind = TSDK_ARG_CONSTEXPR;
    out->aux = (uint32_t)text.size;
    out->v.p = (void *)(uintptr_t)text.data;
    return 1;
  }
  if (type == &PyLong_Type) {
    if (convertInt(object, out))
      return 1;
    out->kind = TSDK_ARG_UINT;
    out->v.u = PyLong_AsUnsignedLongLong(object);
    if (!PyErr_Occurred())
      return 1;
    PyErr_SetString(PyExc_OverflowError,
                    "an integer argument must fit 64 bits");
    return 0;
  }
  if (type == &PyFloat_Type) {
    out->kind = TSDK_ARG_FLOAT;
    out->v.f = PyFloat_AsDouble(object);
    return 1;
  }
  if (type == &PyBool_Type)
    return convertBool(object, out);
  if (object == Py_None) {
    out->kind = TSDK_ARG_NONE;
    return 1;
  }
  if (type == tensorType) {
    /* A Tensor keeps what it views in `owner`. */
    PyObject *code = PyObject_GetAttrString(object, "_code");
    PyObject *owner = PyObject_GetAttrString(object, "owner");
    int done = code && owner && convertArg(owner, 0, out, scratch);
    if (done)
      out->aux = (uint32_t)PyLong_AsLong(code);
    Py_XDECREF(code);
    Py_XDECREF(owner);
    return done;
  }
  if (type == bufferType) {
    out->kind = TSDK_ARG_BUFFER;
    out->aux = TSDK_U8;
    out->v.p = ((HandleObject *)object)->handle;
    return 1;
  }
  if (PyTuple_Check(object)) {
    Py_ssize_t count = PyTuple_Size(object);
    PyObject *memory =
        PyBytes_FromStringAndSize(NULL, (count + 1) * (Py_ssize_t)sizeof *out);
    tsdk_arg *nested =
        memory ? (tsdk_arg *)(void *)PyBytes_AsString(memory) : NULL;
    int kept = memory && keepAlive(scratch, memory);
    Py_XDECREF(memory);
    if (!kept)
      return 0;
    for (Py_ssize_t i = 0; i < count; ++i)
      if (!convertArg(PyTuple_GetItem(object, i), 0, &nested[i], scratch))
        return 0;
    out->kind = type != &PyTuple_Type &&
                        PyObject_HasAttr((PyObject *)type, nameDescriptor)
                    ? TSDK_ARG_DESCRIPTOR
                    : TSDK_ARG_TUPLE;
    out->aux = (uint32_t)count;
    out->v.p = nested;
    return 1;
  }
  if (PyUnicode_Check(object))
    return convertArg(object, 1, out, scratch);

  out->kind = TSDK_ARG_PTR;
  argType = argTypeOf(object);
  if (!argType)
    return 0;
  switch (argType->kind) {
  case KindConstexprLike:
    return convertArg(object, 1, out, scratch);
  case KindNumpyScalar: {
    PyObject *item = PyObject_CallMethodObjArgs(object, nameItem, NULL);
    int done = item && convertArg(item, 0, out, scratch);
    Py_XDECREF(item);
    return done;
  }
  case KindNone:
    break;
  default:
    return convertArray(object, argType, out, scratch);
  }
  if (PyLong_Check(object) || PyFloat_Check(object)) {
    PyObject *plain =
        PyLong_Check(object) ? PyNumber_Long(object) : PyNumber_Float(object);
    int done =
        plain && Py_TYPE(plain) != type && convertArg(plain, 0, out, scratch);
    Py_XDECREF(plain);
    if (done)
      return 1;
  }
  if (!PyErr_Occurred()) {
    PyObject *typeName = PyObject_GetAttrString((PyObject *)type, "__name__");
    if (typeName)
      PyErr_Format(PyExc_TypeError,
                   "an object of type `%U` cannot be an argument of a kernel; "
                   "pass a number, an array (NumPy, DLPack) or None",
                   typeName);
    Py_XDECREF(typeName);
  }
  return 0;
}

int initArgs(void) {
  nameItem = PyUnicode_InternFromString("item");
  nameDescriptor = PyUnicode_InternFromString("_tilesdk_descriptor_");
  return nameItem && nameDescriptor && !initDtypes() && !initConstexprs() &&
                 !initArrays()
             ? 0
             : -1;
}
