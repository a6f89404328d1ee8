/*===- arrays.c - Arrays of others as kernel arguments --------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Arrays are taken, in this order, from: an object with data_ptr() and dtype
|* (torch), the buffer protocol (NumPy), DLPack, and __array_interface__. Which
|* one a type offers is found out once per type.
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

/* The parts of DLPack's ABI that are read; the layout is frozen. */
typedef struct {
  void *data;
  int32_t deviceType, deviceId;
  int32_t ndim;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byteOffset;
} DLTensorView;

/* Devices of DLPack whose memory the host reads. */
enum { DLHost = 1, DLCudaHost = 3, DLRocmHost = 11, DLCudaManaged = 13 };

static PyObject *kindOfType; /* type -> int */
static PyObject *nameData, *nameDtype, *nameDlpack, *nameInterface, *nameIsCpu,
    *nameCuda;

static int hasAttr(PyTypeObject *type, PyObject *name) {
  return PyObject_HasAttr((PyObject *)type, name);
}

/** What objects of this type are taken as. */
static enum ArgKind findKind(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  PyObject *modules = PyImport_GetModuleDict(); /* borrowed */
  PyObject *numpy = modules ? PyDict_GetItemString(modules, "numpy") : NULL;
  if (numpy) {
    PyObject *generic = PyObject_GetAttrString(numpy, "generic");
    int isScalar = generic ? PyObject_IsInstance(object, generic) : 0;
    PyErr_Clear();
    Py_XDECREF(generic);
    if (isScalar == 1)
      return KindNumpyScalar;
  }
  if (isConstexprLike(object))
    return KindConstexprLike;
  if (hasAttr(type, nameData) && PyObject_HasAttr(object, nameDtype))
    return PyObject_HasAttr(object, nameIsCpu) ? KindTensor : KindDataPtr;
  /* CuPy's arrays have a buffer, which raises. */
  if (PyObject_CheckBuffer(object) &&
      !(hasAttr(type, nameCuda) && hasAttr(type, nameDlpack)))
    return KindBuffer;
  if (hasAttr(type, nameDlpack))
    return KindDlpack;
  if (hasAttr(type, nameInterface))
    return KindInterface;
  return KindNone;
}

enum ArgKind kindOf(PyObject *object) {
  PyObject *type = (PyObject *)Py_TYPE(object);
  PyObject *known = PyDict_GetItemWithError(kindOfType, type);
  PyObject *code;
  enum ArgKind kind;
  if (known)
    return (enum ArgKind)PyLong_AsLong(known);
  PyErr_Clear();
  kind = findKind(object);
  code = PyLong_FromLong(kind);
  if (!code || PyDict_SetItem(kindOfType, type, code))
    PyErr_Clear();
  Py_XDECREF(code);
  return kind;
}

/** Whether the tensor says that it is in memory of a device. */
static int isOnDevice(PyObject *object) {
  PyObject *isCpu = PyObject_GetAttr(object, nameIsCpu);
  int result = isCpu == Py_False;
  PyErr_Clear();
  Py_XDECREF(isCpu);
  return result;
}

static int convertDataPtr(PyObject *object, tsdk_arg *out) {
  PyObject *dtype = PyObject_GetAttr(object, nameDtype);
  PyObject *address = NULL;
  int result = 0;
  if (!dtype)
    return 0;
  out->aux = dtypeFromObject(dtype);
  Py_DECREF(dtype);
  if (!out->aux)
    return 0;
  address = PyObject_CallMethodObjArgs(object, nameData, NULL);
  if (address) {
    out->v.p = PyLong_AsVoidPtr(address);
    result = !PyErr_Occurred();
    Py_DECREF(address);
  }
  return result;
}

static int convertInterface(PyObject *object, tsdk_arg *out,
                            ArgScratch *scratch) {
  PyObject *interface = PyObject_GetAttr(object, nameInterface);
  PyObject *data, *typestr, *shape, *address;
  const char *format;
  if (!interface)
    return 0;
  if (!PyDict_Check(interface) ||
      !(data = PyDict_GetItemString(interface, "data")) ||
      !(typestr = PyDict_GetItemString(interface, "typestr")) ||
      !(shape = PyDict_GetItemString(interface, "shape")) ||
      !PyTuple_Check(data) || !PyUnicode_Check(typestr)) {
    Py_DECREF(interface);
    PyErr_SetString(PyExc_TypeError,
                    "__array_interface__ lacks `data`, `shape` or `typestr`");
    return 0;
  }
  format = PyUnicode_AsUTF8AndSize(typestr, NULL);
  address = PyTuple_GetItem(data, 0);
  out->aux = TSDK_DTYPE_NONE;
  if (format && address) {
    out->aux = dtypeFromTypestr(format);
    out->v.p = PyLong_AsVoidPtr(address);
  }
  Py_DECREF(interface);
  if (PyErr_Occurred())
    return 0;
  if (!out->aux) {
    PyErr_SetString(PyExc_TypeError,
                    "the array's element type is unknown to tilesdk; pass "
                    "tilesdk.reinterpret(array, dtype)");
    return 0;
  }
  scratch->hostMemory = 1;
  return 1;
}

static int convertDlpack(PyObject *object, tsdk_arg *out, ArgScratch *scratch) {
  PyObject *capsule = PyObject_CallMethodObjArgs(object, nameDlpack, NULL);
  DLTensorView *view;
  int kept;
  if (!capsule)
    return 0;
  /* It may run code of others when it goes: errors are set after that. */
  view = PyCapsule_IsValid(capsule, "dltensor")
             ? PyCapsule_GetPointer(capsule, "dltensor")
             : NULL;
  kept = view && keepAlive(scratch, capsule);
  Py_DECREF(capsule);
  if (!view)
    PyErr_SetString(PyExc_TypeError,
                    "__dlpack__() gave no capsule named `dltensor`");
  if (!kept)
    return 0;
  out->aux = dtypeFromDlpack(view->code, view->bits, view->lanes);
  if (!out->aux) {
    PyErr_Format(PyExc_TypeError,
                 "DLPack element type (code %d, %d bits, %d lanes) is unknown "
                 "to tilesdk",
                 view->code, view->bits, view->lanes);
    return 0;
  }
  out->v.p = (char *)view->data + view->byteOffset;
  if (view->deviceType == DLHost)
    scratch->hostMemory = 1;
  else if (view->deviceType != DLCudaHost && view->deviceType != DLRocmHost &&
           view->deviceType != DLCudaManaged)
    scratch->foreign = scratch->onHost;
  return 1;
}

static int convertBuffer(PyObject *object, tsdk_arg *out, ArgScratch *scratch) {
  Py_buffer view;
  /* Asking for an attribute clears exceptions: it is done first. */
  int hasInterface = hasAttr(Py_TYPE(object), nameInterface);
  if (PyObject_GetBuffer(object, &view, PyBUF_FORMAT | PyBUF_STRIDES)) {
    /* An array library may have types that the protocol cannot express. */
    if (hasInterface) {
      PyObject *dtype;
      PyErr_Clear();
      dtype = PyObject_GetAttr(object, nameDtype);
      out->aux = dtype ? dtypeFromObject(dtype) : TSDK_DTYPE_NONE;
      Py_XDECREF(dtype);
      if (out->aux) {
        uint32_t code = out->aux;
        PyObject *interface = PyObject_GetAttr(object, nameInterface);
        PyObject *data =
            interface ? PyDict_GetItemString(interface, "data") : NULL;
        PyObject *address = data ? PyTuple_GetItem(data, 0) : NULL;
        out->v.p = address ? PyLong_AsVoidPtr(address) : NULL;
        out->aux = code;
        Py_XDECREF(interface);
        scratch->hostMemory = 1;
        return !PyErr_Occurred();
      }
    }
    return 0;
  }
  out->aux = dtypeFromFormat(view.format, view.itemsize);
  out->v.p = view.buf;
  if (!out->aux)
    PyErr_Format(PyExc_TypeError,
                 "element format `%s` of the array is unknown to tilesdk; "
                 "pass tilesdk.reinterpret(array, dtype)",
                 view.format ? view.format : "");
  /* The caller's reference keeps the memory until the launch has ended. */
  PyBuffer_Release(&view);
  scratch->hostMemory = 1;
  return out->aux != TSDK_DTYPE_NONE;
}

int convertArray(PyObject *object, enum ArgKind kind, tsdk_arg *out,
                 ArgScratch *scratch) {
  switch (kind) {
  case KindTensor:
    if (scratch->onHost && isOnDevice(object))
      scratch->foreign = 1;
    return convertDataPtr(object, out);
  case KindDataPtr:
    return convertDataPtr(object, out);
  case KindBuffer:
    return convertBuffer(object, out, scratch);
  case KindDlpack:
    return convertDlpack(object, out, scratch);
  default:
    return convertInterface(object, out, scratch);
  }
}

int initArrays(void) {
  kindOfType = PyDict_New();
  nameData = PyUnicode_InternFromString("data_ptr");
  nameDtype = PyUnicode_InternFromString("dtype");
  nameDlpack = PyUnicode_InternFromString("__dlpack__");
  nameInterface = PyUnicode_InternFromString("__array_interface__");
  nameIsCpu = PyUnicode_InternFromString("is_cpu");
  nameCuda = PyUnicode_InternFromString("__cuda_array_interface__");
  return kindOfType && nameData && nameDtype && nameDlpack && nameInterface &&
                 nameIsCpu && nameCuda
             ? 0
             : -1;
}
