/*===- binding.h - Shared declarations of the Python extension ------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The extension is plain C on the stable C ABI of tilesdk and on Python's
|* limited API of 3.10, so that one binary serves every later CPython.
|*
\*===----------------------------------------------------------------------===*/

#ifndef TILESDK_PYTHON_BINDING_H
#define TILESDK_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030A0000
#endif
#include <Python.h>

#include "tilesdk/tilesdk.h"

/* The buffer protocol joined the stable ABI in 3.11 with exactly the symbols
 * and the layout that 3.10 has; its headers hide them below that. */
#if Py_LIMITED_API + 0 < 0x030B0000
typedef struct {
  void *buf;
  PyObject *obj;
  Py_ssize_t len;
  Py_ssize_t itemsize;
  int readonly;
  int ndim;
  char *format;
  Py_ssize_t *shape;
  Py_ssize_t *strides;
  Py_ssize_t *suboffsets;
  void *internal;
} Py_buffer;
#define PyBUF_FORMAT 0x0004
#define PyBUF_STRIDES 0x0018
extern int PyObject_CheckBuffer(PyObject *object);
extern int PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
extern void PyBuffer_Release(Py_buffer *view);
#endif

#define CALL_WITHOUT_GIL(error, call)                                          \
  do {                                                                         \
    PyThreadState *savedThread = PyEval_SaveThread();                          \
    (error) = (call);                                                          \
    PyEval_RestoreThread(savedThread);                                         \
  } while (0)

/** Every handle type of the C ABI is wrapped by this one layout. */
typedef struct {
  PyObject_HEAD void *handle;
} HandleObject;

#define HANDLE(self, kind) ((tsdk_##kind)((HandleObject *)(self))->handle)

/** Types made by the module; they live as long as the process. */
extern PyTypeObject *contextType, *deviceType, *streamType, *eventType,
    *bufferType, *programType, *kernelType, *variantType, *buildType,
    *tensorType;

/** Makes a type of HandleObjects and puts it into the module. NULL with an
 *  exception set. */
PyTypeObject *makeType(PyObject *module, const char *name, newfunc create,
                       PyMethodDef *methods, PyGetSetDef *getters,
                       const char *doc, reprfunc repr, unsigned extraFlags);

/** An object of `type` that owns `handle`; drops it when out of memory. */
PyObject *wrapHandle(PyTypeObject *type, void *handle);

/** The handle of `object`, or NULL with TypeError set. None gives NULL without
 *  an error when `allowNone`. */
void *handleOf(PyObject *object, PyTypeObject *type, int allowNone);

/** Raises `error` as an exception and releases it. Always returns NULL. */
PyObject *raiseError(tsdk_error error);
/** The exception of TSDK_E_INVALID_ARGUMENT, borrowed. */
PyObject *invalidArgumentError(void);
int initErrors(PyObject *module);

/** List of dicts of the diagnostics. */
PyObject *diagnosticsList(tsdk_diags diags);

/** Prints a message of the core. Called from any thread, also while the
 *  interpreter waits for it: touches no Python object. */
void writeLog(void *user, int32_t level, tsdk_str message);

/** New reference to what launches use: (device, stream or None, default
 *  stream). NULL with an exception set. */
PyObject *currentTarget(void);

PyObject *textOf(tsdk_str text);
/** The text of a blob; releases it. */
PyObject *takeBlobText(tsdk_blob blob);
PyObject *takeBlobBytes(tsdk_blob blob);
/** Borrowed UTF-8 of a str object. 0 with TypeError when it is none. */
int utf8Of(PyObject *object, tsdk_str *out);

/** Options from a dict of str to str, int, bool or float; `keep` receives a
 *  list that owns the texts. */
int optionsFromDict(PyObject *dict, tsdk_option **out, size_t *count,
                    PyObject **keep);

/*===- Arguments of a launch ----------------------------------------------===*/

/** What argument conversion needs beside the tsdk_args themselves. */
typedef struct {
  char text[2048]; /**< Texts of constexprs. */
  size_t textUsed;
  PyObject
      *keep; /**< List of what must live until the launch ended, or NULL. */
  int hostMemory; /**< An argument is ordinary host memory: wait for the end. */
  int onHost;  /**< The launch is on a device that reads host memory alone. */
  int foreign; /**< Then: an argument is in memory of another device. */
} ArgScratch;

void argScratchInit(ArgScratch *scratch);
void argScratchClear(ArgScratch *scratch);

/** `object` lives until the launch has ended. 0 with an exception set. */
int keepAlive(ArgScratch *scratch, PyObject *object);

/** When the launch asks for checks: says how much memory is behind its
 *  arguments. 0 with an exception set. */
int addExtents(PyObject *const *args, Py_ssize_t count, tsdk_launch_desc *desc,
               ArgScratch *scratch);

/** Converts one argument. Constexpr parameters become text. 0 with an
 *  exception set when the object is of no kind that a kernel takes. */
int convertArg(PyObject *object, int isConstexpr, tsdk_arg *out,
               ArgScratch *scratch);

/** How an object is taken. */
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

/** What is found out once per type. */
typedef struct {
  enum ArgKind kind;
  /** Of DLPack's table of C functions (its version 1): fills a DLTensor that
   *  the object owns; 0, or -1 with an exception set. NULL where there is
   *  none. */
  int (*view)(PyObject *object, void *out);
} ArgType;

/** Lives as long as the process. NULL with an exception set. */
const ArgType *argTypeOf(PyObject *object);

/** Address and element type of an array. 0 with an exception set. */
int convertArray(PyObject *object, const ArgType *type, tsdk_arg *out,
                 ArgScratch *scratch);

/** Whether the object has a text of its own for signatures. */
int isConstexprLike(PyObject *object);

/** Signature text of a constexpr: `1024`, `'relu'`, `tl.float32`. */
int constexprText(PyObject *object, ArgScratch *scratch, tsdk_str *out);

/** Text of a build option: 1, true, a name. */
int optionText(PyObject *object, ArgScratch *scratch, tsdk_str *out);

/*===- Element types ------------------------------------------------------===*/

/** Of an object such as torch.float32. TSDK_DTYPE_NONE with TypeError set. */
uint32_t dtypeFromObject(PyObject *dtype);
/** Of a struct format such as "<f"; TSDK_DTYPE_NONE when it is none. */
uint32_t dtypeFromFormat(const char *format, Py_ssize_t itemsize);
/** Of an __array_interface__'s typestr such as "<f4"; likewise. */
uint32_t dtypeFromTypestr(const char *typestr);
/** Of a DLPack tensor; likewise. */
uint32_t dtypeFromDlpack(uint8_t code, uint8_t bits, uint16_t lanes);

/*===- Starts of the parts: -1 with an exception set ----------------------===*/

int initDtypes(void);
int initConstexprs(void);
int initArrays(void);
int initArgs(void);
int initContext(PyObject *module);
int initDevices(PyObject *module);
int initProgram(PyObject *module);
int initTarget(PyObject *module);
int initKernel(PyObject *module);

#endif
