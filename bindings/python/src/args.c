/*===- args.c - Python objects as kernel arguments
-------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Arrays are taken, in this order, from: a Tensor or Buffer of ours, an object
|* with data_ptr() and dtype (torch), the buffer protocol (NumPy), DLPack, and
|* __array_interface__. Which one a type offers is found out once per type.
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <stdio.h>
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

enum ArgKind {
  KindUnknown,
  KindDataPtr,
  KindTensor, /**< The same with is_cpu. */
  KindBuffer,
  KindDlpack,
  KindInterface,
  KindNumpyScalar,
  KindConstexprLike,
  KindNone,
};

static PyObject *kindOfType;  /* type -> int */
static PyObject *codeOfDtype; /* dtype object -> int */
static PyObject *nameData, *nameDtype, *nameDlpack, *nameInterface, *nameItem,
    *nameSignature, *nameDescriptor, *nameIsCpu, *nameCuda;

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

static uint32_t dtypeFromObject(PyObject *dtype) {
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

/** Element type of a struct format such as "<f"; 0 when it is none. */
static uint32_t dtypeFromFormat(const char *format, Py_ssize_t itemsize) {
  static const uint32_t ints[] = {TSDK_I8, TSDK_I16, TSDK_I32, TSDK_I64};
  static const uint32_t uints[] = {TSDK_U8, TSDK_U16, TSDK_U32, TSDK_U64};
  int log = itemsize == 1   ? 0
            : itemsize == 2 ? 1
            : itemsize == 4 ? 2
            : itemsize == 8 ? 3
                            : -1;
  if (!format)
    return TSDK_U8;
  if (*format == '<' || *format == '=' || *format == '@' || *format == '|')
    ++format;
  if (format[0] == '\0' || format[1] != '\0' || log < 0)
    return TSDK_DTYPE_NONE;
  if (strchr("bhilqn", *format))
    return ints[log];
  if (strchr("BHILQNc", *format))
    return uints[log];
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

static uint32_t dtypeFromDlpack(uint8_t code, uint8_t bits, uint16_t lanes) {
  static const uint32_t ints[] = {TSDK_I8, TSDK_I16, TSDK_I32, TSDK_I64};
  static const uint32_t uints[] = {TSDK_U8, TSDK_U16, TSDK_U32, TSDK_U64};
  int log = bits == 8    ? 0
            : bits == 16 ? 1
            : bits == 32 ? 2
            : bits == 64 ? 3
                         : -1;
  if (lanes != 1 || log < 0)
    return TSDK_DTYPE_NONE;
  switch (code) {
  case 0:
    return ints[log];
  case 1:
    return uints[log];
  case 2:
    return bits == 16   ? TSDK_F16
           : bits == 32 ? TSDK_F32
           : bits == 64 ? TSDK_F64
                        : TSDK_DTYPE_NONE;
  case 4:
    return bits == 16 ? TSDK_BF16 : TSDK_DTYPE_NONE;
  case 6:
    return bits == 8 ? TSDK_I1 : TSDK_DTYPE_NONE;
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

void argScratchClear(ArgScratch *scratch) { Py_CLEAR(scratch->keep); }

int keepAlive(ArgScratch *scratch, PyObject *object) {
  if (!scratch->keep && !(scratch->keep = PyList_New(0)))
    return 0;
  return PyList_Append(scratch->keep, object) == 0;
}

/** Copies text into the scratch, or keeps a bytes object when it is too long.
 */
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
  if (PyObject_HasAttr(object, nameSignature)) {
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
  if (PyObject_HasAttr(object, nameSignature))
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

static enum ArgKind kindOf(PyObject *object) {
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
  if (format && address && strlen(format) == 3 && format[0] != '>') {
    static const char *const kinds = "iufb";
    static const uint32_t codes[4][4] = {
        {TSDK_I8, TSDK_I16, TSDK_I32, TSDK_I64},
        {TSDK_U8, TSDK_U16, TSDK_U32, TSDK_U64},
        {TSDK_DTYPE_NONE, TSDK_F16, TSDK_F32, TSDK_F64},
        {TSDK_I1, TSDK_DTYPE_NONE, TSDK_DTYPE_NONE, TSDK_DTYPE_NONE}};
    const char *kind = strchr(kinds, format[1]);
    int log = format[2] == '1'   ? 0
              : format[2] == '2' ? 1
              : format[2] == '4' ? 2
              : format[2] == '8' ? 3
                                 : -1;
    if (kind && log >= 0)
      out->aux = codes[kind - kinds][log];
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

int convertArg(PyObject *object, int isConstexpr, tsdk_arg *out,
               ArgScratch *scratch) {
  PyTypeObject *type = Py_TYPE(object);
  out->aux = 0;
  out->v.u = 0;
  if (isConstexpr) {
    tsdk_str text;
    /* Numbers and flags, which most are, need no text. */
    if (type == &PyBool_Type) {
      out->kind = TSDK_ARG_BOOL;
      out->v.u = object == Py_True;
      return 1;
    }
    if (type == &PyLong_Type) {
      int overflow = 0;
      long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
      if (!overflow) {
        out->kind = TSDK_ARG_INT;
        out->v.i = value;
        return value != -1 || !PyErr_Occurred();
      }
    }
    if (!constexprText(object, scratch, &text))
      return 0;
    out->kind = TSDK_ARG_CONSTEXPR;
    out->aux = (uint32_t)text.size;
    out->v.p = (void *)(uintptr_t)text.data;
    return 1;
  }
  if (type == &PyLong_Type) {
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) {
      out->kind = TSDK_ARG_INT;
      out->v.i = value;
      return value != -1 || !PyErr_Occurred();
    }
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
  if (type == &PyBool_Type) {
    out->kind = TSDK_ARG_BOOL;
    out->v.u = object == Py_True;
    return 1;
  }
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
  switch (kindOf(object)) {
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
  case KindInterface:
    return convertInterface(object, out, scratch);
  case KindConstexprLike:
    return convertArg(object, 1, out, scratch);
  case KindNumpyScalar: {
    PyObject *item = PyObject_CallMethodObjArgs(object, nameItem, NULL);
    int done = item && convertArg(item, 0, out, scratch);
    Py_XDECREF(item);
    return done;
  }
  default:
    break;
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

int initArgs(PyObject *module) {
  (void)module;
  kindOfType = PyDict_New();
  codeOfDtype = PyDict_New();
  nameData = PyUnicode_InternFromString("data_ptr");
  nameDtype = PyUnicode_InternFromString("dtype");
  nameDlpack = PyUnicode_InternFromString("__dlpack__");
  nameInterface = PyUnicode_InternFromString("__array_interface__");
  nameItem = PyUnicode_InternFromString("item");
  nameSignature = PyUnicode_InternFromString("_tilesdk_signature_");
  nameDescriptor = PyUnicode_InternFromString("_tilesdk_descriptor_");
  nameIsCpu = PyUnicode_InternFromString("is_cpu");
  nameCuda = PyUnicode_InternFromString("__cuda_array_interface__");
  return kindOfType && codeOfDtype && nameData && nameDtype && nameDlpack &&
                 nameInterface && nameItem && nameSignature && nameDescriptor &&
                 nameIsCpu && nameCuda
             ? 0
             : -1;
}
