/*===- objects.c - What all wrapped handles of the C ABI share ------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <string.h>

PyTypeObject *contextType, *deviceType, *streamType, *eventType, *bufferType,
    *programType, *kernelType, *variantType, *buildType, *tensorType;

static void handleDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  tsdk_release(((HandleObject *)self)->handle);
  release(self);
  Py_DECREF(type);
}

PyTypeObject *makeType(PyObject *module, const char *name, newfunc create,
                       PyMethodDef *methods, PyGetSetDef *getters,
                       const char *doc, reprfunc repr, unsigned extraFlags) {
  PyType_Slot slots[8];
  PyType_Spec spec;
  PyObject *type;
  int used = 0;
  memset(slots, 0, sizeof slots);
  slots[used].slot = Py_tp_dealloc;
  slots[used++].pfunc = (void *)handleDealloc;
  slots[used].slot = Py_tp_doc;
  slots[used++].pfunc = (void *)(uintptr_t)doc;
  if (create) {
    slots[used].slot = Py_tp_new;
    slots[used++].pfunc = (void *)create;
  }
  if (methods) {
    slots[used].slot = Py_tp_methods;
    slots[used++].pfunc = methods;
  }
  if (getters) {
    slots[used].slot = Py_tp_getset;
    slots[used++].pfunc = getters;
  }
  if (repr) {
    slots[used].slot = Py_tp_repr;
    slots[used++].pfunc = (void *)repr;
  }
  spec.name = name;
  spec.basicsize = sizeof(HandleObject);
  spec.itemsize = 0;
  spec.flags = Py_TPFLAGS_DEFAULT | extraFlags |
               (create ? 0 : Py_TPFLAGS_DISALLOW_INSTANTIATION);
  spec.slots = slots;
  type = PyType_FromSpec(&spec);
  if (!type || PyModule_AddObjectRef(module, strrchr(name, '.') + 1, type)) {
    Py_XDECREF(type);
    return NULL;
  }
  return (PyTypeObject *)type;
}

PyObject *wrapHandle(PyTypeObject *type, void *handle) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *self = allocate(type, 0);
  if (self)
    ((HandleObject *)self)->handle = handle;
  else
    tsdk_release(handle);
  return self;
}

void *handleOf(PyObject *object, PyTypeObject *type, int allowNone) {
  if (!object || (allowNone && object == Py_None))
    return NULL;
  if (PyObject_TypeCheck(object, type) && ((HandleObject *)object)->handle)
    return ((HandleObject *)object)->handle;
  PyObject *name = PyObject_GetAttrString((PyObject *)type, "__name__");
  if (name)
    PyErr_Format(PyExc_TypeError, "expected a tilesdk.%U", name);
  Py_XDECREF(name);
  return NULL;
}

int utf8Of(PyObject *object, tsdk_str *out) {
  Py_ssize_t size = 0;
  out->data = PyUnicode_AsUTF8AndSize(object, &size);
  out->size = (size_t)size;
  return out->data != NULL;
}

PyObject *takeBlobText(tsdk_blob blob) {
  tsdk_bytes bytes = tsdk_blob_bytes(blob);
  PyObject *text =
      PyUnicode_DecodeUTF8(bytes.data ? (const char *)bytes.data : "",
                           (Py_ssize_t)bytes.size, "replace");
  tsdk_release(blob);
  return text;
}

PyObject *takeBlobBytes(tsdk_blob blob) {
  tsdk_bytes bytes = tsdk_blob_bytes(blob);
  PyObject *result = PyBytes_FromStringAndSize((const char *)bytes.data,
                                               (Py_ssize_t)bytes.size);
  tsdk_release(blob);
  return result;
}

int optionsFromDict(PyObject *dict, tsdk_option **out, size_t *count,
                    PyObject **keep) {
  PyObject *items, *memory;
  ArgScratch *scratch;
  Py_ssize_t size;
  *out = NULL;
  *count = 0;
  *keep = NULL;
  if (!dict || dict == Py_None)
    return 1;
  items = PyMapping_Items(dict);
  if (!items)
    return 0;
  size = PyList_Size(items);
  *keep = PyList_New(0);
  memory = PyBytes_FromStringAndSize(NULL, (size + 1) *
                                               (Py_ssize_t)sizeof(tsdk_option));
  scratch = (ArgScratch *)PyMem_Calloc(1, sizeof(ArgScratch));
  if (!*keep || !memory || !scratch || PyList_Append(*keep, memory) ||
      PyList_Append(*keep, items))
    goto fail;
  *out = (tsdk_option *)(void *)PyBytes_AsString(memory);
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject *item = PyList_GetItem(items, i);
    PyObject *bytes;
    tsdk_option *option = &(*out)[i];
    scratch->textUsed = 0;
    if (!utf8Of(PyTuple_GetItem(item, 0), &option->name) ||
        !optionText(PyTuple_GetItem(item, 1), scratch, &option->value))
      goto fail;
    bytes = PyBytes_FromStringAndSize(option->value.data,
                                      (Py_ssize_t)option->value.size);
    if (!bytes || PyList_Append(*keep, bytes)) {
      Py_XDECREF(bytes);
      goto fail;
    }
    option->value.data = PyBytes_AsString(bytes);
    Py_DECREF(bytes);
  }
  *count = (size_t)size;
  argScratchClear(scratch);
  PyMem_Free(scratch);
  Py_DECREF(memory);
  Py_DECREF(items);
  return 1;
fail:
  if (scratch)
    argScratchClear(scratch);
  PyMem_Free(scratch);
  Py_XDECREF(memory);
  Py_DECREF(items);
  Py_CLEAR(*keep);
  return 0;
}
