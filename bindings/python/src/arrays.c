/*===- arrays.c - Arrays of others as kernel arguments --------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Arrays are taken, in this order, from: an object with data_ptr() and dtype
|* (torch), the buffer protocol (NumPy), DLPack, and __array_interface__. Which
|* one a type offers is found out once per type. Where it has DLPack's table of
|* C functions, that is asked first: it makes no Python objects.
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <string.h>

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

/* DLPack's table of functions up to the one that is called. */
typedef struct {
  uint32_t major, minor;
  void *former;
  void (*allocate)(void), (*give)(void), (*take)(void);
  int (*view)(PyObject *object, void *out); /* may be NULL */
} DLExchangeView;

static PyObject *knownTypes; /* type -> address of its ArgType */
static PyObject *nameData, *nameDtype, *nameDlpack, *nameInterface, *nameIsCpu,
    *nameCuda, *nameExchange;

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

/** Whether both types have the same attribute. */
static int isInherited(PyObject *from, PyObject *type, PyObject *name) {
  PyObject *theirs = PyObject_GetAttr(from, name);
  PyObject *own = PyObject_GetAttr(type, name);
  int result = theirs == own;
  PyErr_Clear();
  Py_XDECREF(theirs);
  Py_XDECREF(own);
  return result;
}

/** DLPack's function that views objects of the type, where it means the same
 *  memory as data_ptr(): that of the class that has the table was not
 *  overridden. */
static int (*findView(PyObject *type))(PyObject *, void *) {
  PyObject *capsule = PyObject_GetAttr(type, nameExchange);
  PyObject *bases = capsule ? PyObject_GetAttrString(type, "__mro__") : NULL;
  DLExchangeView *table = NULL;
  if (capsule && PyCapsule_IsValid(capsule, "dlpack_exchange_api"))
    table = PyCapsule_GetPointer(capsule, "dlpack_exchange_api");
  for (Py_ssize_t i = 0; table && bases && i < PyTuple_Size(bases); ++i) {
    PyObject *base = PyTuple_GetItem(bases, i);
    if (PyObject_HasAttr(base, nameExchange) &&
        !isInherited(base, type, nameData))
      table = NULL;
  }
  PyErr_Clear();
  Py_XDECREF(bases);
  /* The table itself is the framework's, for ever. */
  Py_XDECREF(capsule);
  return table && table->major == 1 ? table->view : NULL;
}

const ArgType *argTypeOf(PyObject *object) {
  static PyObject *lastType;
  static const ArgType *last;
  PyObject *type = (PyObject *)Py_TYPE(object);
  PyObject *known;
  ArgType *found;
  if (type == lastType)
    return last;
  known = PyDict_GetItemWithError(knownTypes, type);
  if (known) {
    found = PyLong_AsVoidPtr(known);
  } else {
    PyErr_Clear();
    found = PyMem_Malloc(sizeof *found);
    if (!found) {
      PyErr_NoMemory();
      return NULL;
    }
    found->kind = findKind(object);
    found->view = findView(type);
    known = PyLong_FromVoidPtr(found);
    /* The dictionary keeps the type: its address stays its own. */
    if (!known || PyDict_SetItem(knownTypes, type, known)) {
      Py_XDECREF(known);
      PyMem_Free(found);
      return NULL;
    }
    Py_DECREF(known);
  }
  lastType = type;
  last = found;
  return found;
}

/** Notes where a tensor that says it has its memory. */
static void noteIsCpu(PyObject *object, ArgScratch *scratch) {
  PyObject *isCpu = PyObject_GetAttr(object, nameIsCpu);
  if (isCpu == Py_False)
    scratch->foreign = 1;
  else if (isCpu == Py_True)
    scratch->hostMemory = 1;
  PyErr_Clear();
  Py_XDECREF(isCpu);
}

/** Takes what DLPack says of an array; 0 for an element type that kernels do
 *  not have. */
static int takeView(const DLTensorView *view, tsdk_arg *out,
                    ArgScratch *scratch) {
  out->aux = dtypeFromDlpack(view->code, view->bits, view->lanes);
  if (!out->aux)
    return 0;
  out->v.p = (char *)view->data + view->byteOffset;
  if (view->deviceType == DLHost)
    scratch->hostMemory = 1;
  else if (view->deviceType != DLCudaHost && view->deviceType != DLRocmHost &&
           view->deviceType != DLCudaManaged)
    scratch->foreign |= scratch->onHost;
  return 1;
}

/** 0, without an exception, for what the other ways take or refuse: they know
 *  more types, and tensors without memory of their own. */
static int convertByTable(PyObject *object, const ArgType *type, tsdk_arg *out,
                          ArgScratch *scratch) {
  DLTensorView view;
  int hostMemory = scratch->hostMemory;
  memset(&view, 0, sizeof view);
  if (type->view(object, &view)) {
    PyErr_Clear();
    return 0;
  }
  if (!view.data || !takeView(&view, out, scratch))
    return 0;
  /* Pinned memory may call itself the host's: tensors beside a GPU's stream
   * are waited for by who looks at them. */
  if (!scratch->onHost)
    scratch->hostMemory = hostMemory;
  return 1;
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
  if (takeView(view, out, scratch))
    return 1;
  PyErr_Format(PyExc_TypeError,
               "DLPack element type (code %d, %d bits, %d lanes) is unknown "
               "to tilesdk",
               view->code, view->bits, view->lanes);
  return 0;
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

int convertArray(PyObject *object, const ArgType *type, tsdk_arg *out,
                 ArgScratch *scratch) {
  if (type->view && convertByTable(object, type, out, scratch))
    return 1;
  switch (type->kind) {
  case KindTensor:
    if (scratch->onHost)
      noteIsCpu(object, scratch);
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
  knownTypes = PyDict_New();
  nameData = PyUnicode_InternFromString("data_ptr");
  nameDtype = PyUnicode_InternFromString("dtype");
  nameDlpack = PyUnicode_InternFromString("__dlpack__");
  nameInterface = PyUnicode_InternFromString("__array_interface__");
  nameIsCpu = PyUnicode_InternFromString("is_cpu");
  nameCuda = PyUnicode_InternFromString("__cuda_array_interface__");
  nameExchange = PyUnicode_InternFromString("__dlpack_c_exchange_api__");
  return knownTypes && nameData && nameDtype && nameDlpack && nameInterface &&
                 nameIsCpu && nameCuda && nameExchange
             ? 0
             : -1;
}
