/*===- extents.c - How much memory is behind the arguments ----------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Simulated devices check accesses against it. Asked for by launches with the
|* option `check` only, so it may take its time.
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <string.h>

enum { MaxExtents = 64 };

typedef struct {
  tsdk_launch_attr *attrs;
  uint32_t count;
} Extents;

static void add(Extents *out, const void *start, uint64_t bytes) {
  tsdk_launch_attr *attr;
  if (out->count == MaxExtents || !start)
    return;
  attr = &out->attrs[out->count++];
  memset(attr, 0, sizeof *attr);
  attr->id = TSDK_LAUNCH_EXTENT;
  attr->v[0] = (uint64_t)(uintptr_t)start;
  attr->v[1] = bytes;
}

static int fromBuffer(PyObject *object, Extents *out) {
  Py_buffer view;
  Py_ssize_t low = 0, high;
  if (PyObject_GetBuffer(object, &view, PyBUF_STRIDES)) {
    PyErr_Clear();
    return 0;
  }
  high = view.itemsize;
  for (int i = 0; i < view.ndim; ++i) {
    Py_ssize_t step = view.strides[i] * (view.shape[i] - 1);
    if (view.shape[i] == 0)
      low = high = 0;
    else if (step < 0)
      low += step;
    else
      high += step;
    if (view.shape[i] == 0)
      break;
  }
  add(out, (char *)view.buf + low, (uint64_t)(high - low));
  PyBuffer_Release(&view);
  return 1;
}

/** Calls a method without arguments that gives a number; 0 when it fails. */
static uint64_t ask(PyObject *object, const char *method) {
  PyObject *value = PyObject_CallMethod(object, method, NULL);
  uint64_t number = value ? PyLong_AsUnsignedLongLong(value) : 0;
  Py_XDECREF(value);
  if (PyErr_Occurred()) {
    PyErr_Clear();
    return 0;
  }
  return number;
}

/** A tensor says how large the storage is that it views. */
static int fromStorage(PyObject *object, Extents *out) {
  PyObject *storage = PyObject_CallMethod(object, "untyped_storage", NULL);
  if (!storage) {
    PyErr_Clear();
    return 0;
  }
  add(out, (void *)(uintptr_t)ask(storage, "data_ptr"), ask(storage, "nbytes"));
  Py_DECREF(storage);
  return 1;
}

/** Arrays whose types the buffer protocol cannot express say `nbytes`. */
static void fromInterface(PyObject *object, Extents *out) {
  PyObject *interface = PyObject_GetAttrString(object, "__array_interface__");
  PyObject *bytes = PyObject_GetAttrString(object, "nbytes");
  PyObject *data = NULL, *strides = NULL;
  if (interface && PyDict_Check(interface)) {
    data = PyDict_GetItemString(interface, "data");
    strides = PyDict_GetItemString(interface, "strides");
  }
  if (bytes && data && PyTuple_Check(data) && (!strides || strides == Py_None))
    add(out, PyLong_AsVoidPtr(PyTuple_GetItem(data, 0)),
        PyLong_AsUnsignedLongLong(bytes));
  Py_XDECREF(interface);
  Py_XDECREF(bytes);
  PyErr_Clear();
}

static void findExtents(PyObject *object, Extents *out) {
  PyTypeObject *type = Py_TYPE(object);
  if (type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type ||
      object == Py_None || PyUnicode_Check(object) || type == bufferType)
    return;
  if (PyTuple_Check(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(object); ++i)
      findExtents(PyTuple_GetItem(object, i), out);
    return;
  }
  if (type == tensorType) {
    PyObject *owner = PyObject_GetAttrString(object, "owner");
    if (owner)
      findExtents(owner, out);
    Py_XDECREF(owner);
    PyErr_Clear();
    return;
  }
  if (!fromBuffer(object, out) && !fromStorage(object, out))
    fromInterface(object, out);
}

int addExtents(PyObject *const *args, Py_ssize_t count, tsdk_launch_desc *desc,
               ArgScratch *scratch) {
  Extents extents = {NULL, 0};
  PyObject *memory = NULL;
  int wanted = 0;
  for (size_t i = 0; i < desc->num_options; ++i)
    if (desc->options[i].name.size == 5 && desc->options[i].value.size &&
        !memcmp(desc->options[i].name.data, "check", 5))
      wanted = 1;
  if (!wanted)
    return 1;
  memory = PyBytes_FromStringAndSize(NULL, MaxExtents * sizeof *desc->attrs);
  if (!memory || !keepAlive(scratch, memory)) {
    Py_XDECREF(memory);
    return 0;
  }
  Py_DECREF(memory);
  extents.attrs = (tsdk_launch_attr *)(void *)PyBytes_AsString(memory);
  for (Py_ssize_t i = 0; i < count; ++i)
    findExtents(args[i], &extents);
  desc->attrs = extents.attrs;
  desc->num_attrs = extents.count;
  return 1;
}
