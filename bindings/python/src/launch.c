/*===- launch.c - The launch of a kernel ----------------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* `kernel[grid]` gives a builtin function bound to (kernel, grid); calling it
|* goes through CPython's vector call. Positional arguments, keyword arguments
|* and build options become one array of tsdk_arg and one of tsdk_option; what
|* they mean is decided by the C core.
|*
\*===----------------------------------------------------------------------===*/

#include "kernel.h"

#include <string.h>

typedef struct {
  PyObject_HEAD KernelObject *kernel;
  PyObject *grid;
} LauncherObject;

static PyTypeObject *launcherType;

static Py_ssize_t findParam(KernelObject *self, PyObject *name) {
  for (Py_ssize_t i = 0; i < self->count; ++i)
    if (PyTuple_GetItem(self->names, i) == name)
      return i;
  for (Py_ssize_t i = 0; i < self->count; ++i)
    if (PyUnicode_Compare(PyTuple_GetItem(self->names, i), name) == 0)
      return i;
  return -1;
}

/** Everything one launch needs in C. */
typedef struct {
  tsdk_device device; /**< NULL: nothing will be launched. */
  tsdk_launch_desc desc;
  tsdk_arg args[MaxArgs];
  tsdk_option options[MaxOptions];
  ArgScratch scratch;
} Call;

/** Devices that read and write host memory and no other. */
static int isHost(tsdk_device device) {
  /* Of the last launch: a handle never names something else later. */
  static tsdk_device last;
  static int lastIsHost;
  if (device && device != last) {
    tsdk_str uri = tsdk_device_uri(device);
    lastIsHost = uri.size > 3 && uri.data[3] == ':' &&
                 (!memcmp(uri.data, "cpu", 3) || !memcmp(uri.data, "sim", 3));
    last = device;
  }
  return device && lastIsHost;
}

static int convertNamed(KernelObject *self, Py_ssize_t i, PyObject *value,
                        Call *call) {
  tsdk_str uri;
  PyObject *device;
  if (!convertArg(value, self->constexprs[i], &call->args[i], &call->scratch))
    return 0;
  if (!call->scratch.foreign)
    return 1;
  uri = tsdk_device_uri(call->device);
  device = textOf(uri);
  if (device)
    PyErr_Format(invalidArgumentError(),
                 "%U: memory that kernels cannot use\n"
                 "error[T0900]: parameter `%U` points to memory that device %U "
                 "does not reach\n"
                 "   = help: it is on another device; launch there, "
                 "tilesdk.set_device(\"nvidia:0\") for instance, or copy it to "
                 "the host\n"
                 "   = for more: tilesdk explain T0900",
                 device, PyTuple_GetItem(self->names, i), device);
  Py_XDECREF(device);
  return 0;
}

static int bindArguments(KernelObject *self, PyObject *const *args,
                         Py_ssize_t nargs, PyObject *kwnames, Call *call) {
  Py_ssize_t keywords = kwnames ? PyTuple_Size(kwnames) : 0;
  size_t numOptions = 0;
  if (nargs > self->count) {
    PyErr_Format(PyExc_TypeError,
                 "the kernel takes %zd arguments but %zd were given",
                 self->count, nargs);
    return 0;
  }
  argScratchInit(&call->scratch);
  call->scratch.onHost = isHost(call->device);
  for (Py_ssize_t i = 0; i < nargs; ++i)
    if (!convertNamed(self, i, args[i], call))
      return 0;
  for (Py_ssize_t i = nargs; i < self->count; ++i) {
    call->args[i].kind = TSDK_ARG_DEFAULT;
    call->args[i].aux = 0;
    call->args[i].v.u = 0;
  }
  for (Py_ssize_t k = 0; k < keywords; ++k) {
    PyObject *name = PyTuple_GetItem(kwnames, k);
    PyObject *value = args[nargs + k];
    Py_ssize_t i = findParam(self, name);
    if (i >= 0) {
      if (call->args[i].kind != TSDK_ARG_DEFAULT) {
        PyErr_Format(PyExc_TypeError, "two values for the argument `%U`", name);
        return 0;
      }
      if (!convertNamed(self, i, value, call))
        return 0;
      continue;
    }
    if (numOptions == MaxOptions) {
      PyErr_Format(PyExc_TypeError, "at most %d build options", MaxOptions);
      return 0;
    }
    if (!utf8Of(name, &call->options[numOptions].name) ||
        !optionText(value, &call->scratch, &call->options[numOptions].value))
      return 0;
    ++numOptions;
  }
  memset(&call->desc, 0, sizeof call->desc);
  call->desc.struct_size = sizeof call->desc;
  call->desc.options = call->options;
  call->desc.num_options = numOptions;
  return addExtents(args, nargs + keywords, &call->desc, &call->scratch);
}

/** Dict of all bound arguments for a callable grid. */
static PyObject *boundArguments(KernelObject *self, PyObject *const *args,
                                Py_ssize_t nargs, PyObject *kwnames) {
  PyObject *dict = PyDict_Copy(self->defaults);
  Py_ssize_t keywords = kwnames ? PyTuple_Size(kwnames) : 0;
  for (Py_ssize_t i = 0; dict && i < nargs; ++i)
    if (PyDict_SetItem(dict, PyTuple_GetItem(self->names, i), args[i]))
      Py_CLEAR(dict);
  for (Py_ssize_t k = 0; dict && k < keywords; ++k)
    if (PyDict_SetItem(dict, PyTuple_GetItem(kwnames, k), args[nargs + k]))
      Py_CLEAR(dict);
  return dict;
}

static int gridEntry(PyObject *value, uint32_t *out) {
  long long number = -1;
  if (PyLong_Check(value)) {
    number = PyLong_AsLongLong(value);
  } else {
    PyObject *index = PyNumber_Index(value);
    if (!index)
      return 0;
    number = PyLong_AsLongLong(index);
    Py_DECREF(index);
  }
  if (number == -1 && PyErr_Occurred())
    return 0;
  if (number < 0 || number > 0xffffffffLL) {
    PyErr_Format(PyExc_ValueError, "a grid of %lld programs is out of range",
                 number);
    return 0;
  }
  *out = (uint32_t)number;
  return 1;
}

static int gridFrom(PyObject *grid, uint32_t out[3]) {
  Py_ssize_t count;
  out[0] = out[1] = out[2] = 1;
  if (PyLong_Check(grid))
    return gridEntry(grid, &out[0]);
  if (PyTuple_Check(grid)) {
    count = PyTuple_Size(grid);
    if (count >= 1 && count <= 3) {
      for (Py_ssize_t i = 0; i < count; ++i)
        if (!gridEntry(PyTuple_GetItem(grid, i), &out[i]))
          return 0;
      return 1;
    }
  } else if (PyList_Check(grid)) {
    PyObject *tuple = PyList_AsTuple(grid);
    int result = tuple && gridFrom(tuple, out);
    Py_XDECREF(tuple);
    return result;
  }
  PyErr_SetString(PyExc_TypeError,
                  "a grid is an int, a tuple of one to three ints, or a "
                  "function of the arguments that returns one");
  return 0;
}

/** What the scratch kept may run code of others when it goes: the exception
 * that is set stays. */
static void clearAfterError(ArgScratch *scratch) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  argScratchClear(scratch);
  if (!type)
    PyErr_SetString(PyExc_SystemError,
                    "tilesdk: an argument of the launch was not taken, and "
                    "nothing says why; please report it");
  else
    PyErr_Restore(type, value, trace);
}

/** What the call is for, its kernel loaded. New reference, NULL with an
 *  exception set. */
static PyObject *targetOfCall(KernelObject *self, Call *call) {
  call->scratch.keep = NULL;
  return kernelLoaded(self) ? currentTarget() : NULL;
}

static PyObject *launch(PyObject *object, PyObject *const *args,
                        Py_ssize_t nargs, PyObject *kwnames) {
  LauncherObject *launcher = (LauncherObject *)object;
  KernelObject *self = launcher->kernel;
  Call call;
  PyObject *target;
  tsdk_error error;
  tsdk_stream stream, waitFor = NULL;
  PyThreadState *thread;
  target = targetOfCall(self, &call);
  if (!target)
    return NULL;
  call.device = ((HandleObject *)PyTuple_GetItem(target, 0))->handle;
  if (!bindArguments(self, args, nargs, kwnames, &call))
    goto fail;
  if (PyTuple_Check(launcher->grid) || PyLong_Check(launcher->grid) ||
      !PyCallable_Check(launcher->grid)) {
    if (!gridFrom(launcher->grid, call.desc.grid))
      goto fail;
  } else {
    PyObject *bound = boundArguments(self, args, nargs, kwnames);
    PyObject *grid =
        bound ? PyObject_CallFunctionObjArgs(launcher->grid, bound, NULL)
              : NULL;
    int valid = grid && gridFrom(grid, call.desc.grid);
    Py_XDECREF(bound);
    Py_XDECREF(grid);
    if (!valid)
      goto fail;
  }
  stream = handleOf(PyTuple_GetItem(target, 1), streamType, 1);
  call.desc.stream = stream;
  /* Ordinary host memory knows no streams: its user looks at it right after
   * the call. Whoever names a stream waits on it. */
  if (!stream && call.scratch.hostMemory)
    waitFor = ((HandleObject *)PyTuple_GetItem(target, 2))->handle;
  thread = PyEval_SaveThread();
  error = tsdk_kernel_launch(self->handle, call.device, &call.desc, call.args,
                             (size_t)self->count);
  if (!error && waitFor)
    error = tsdk_stream_sync(waitFor);
  PyEval_RestoreThread(thread);
  Py_DECREF(target);
  argScratchClear(&call.scratch);
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
fail:
  Py_DECREF(target);
  clearAfterError(&call.scratch);
  return NULL;
}

PyObject *kernelVariant(PyObject *object, PyObject *const *args,
                        Py_ssize_t nargs, PyObject *kwnames) {
  KernelObject *self = (KernelObject *)object;
  Call call;
  PyObject *target;
  tsdk_variant variant = NULL;
  tsdk_error error;
  tsdk_device device;
  target = targetOfCall(self, &call);
  if (!target)
    return NULL;
  device = ((HandleObject *)PyTuple_GetItem(target, 0))->handle;
  call.device = NULL;
  if (!bindArguments(self, args, nargs, kwnames, &call)) {
    Py_DECREF(target);
    clearAfterError(&call.scratch);
    return NULL;
  }
  CALL_WITHOUT_GIL(error, tsdk_kernel_variant(self->handle, device, &call.desc,
                                              call.args, (size_t)self->count,
                                              &variant));
  Py_DECREF(target);
  argScratchClear(&call.scratch);
  return error ? raiseError(error) : wrapHandle(variantType, variant);
}

static PyMethodDef launchMethod = {
    "launch", (PyCFunction)(void (*)(void))launch,
    METH_FASTCALL | METH_KEYWORDS,
    "Launches the kernel over the grid. Keywords that are no parameters are "
    "build options."};

PyObject *kernelSubscript(PyObject *object, PyObject *grid) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(launcherType, Py_tp_alloc);
  LauncherObject *launcher = (LauncherObject *)allocate(launcherType, 0);
  PyObject *function;
  if (!launcher)
    return NULL;
  Py_INCREF(object);
  launcher->kernel = (KernelObject *)object;
  Py_INCREF(grid);
  launcher->grid = grid;
  function = PyCFunction_NewEx(&launchMethod, (PyObject *)launcher, NULL);
  Py_DECREF(launcher);
  return function;
}

static void launcherDealloc(PyObject *object) {
  LauncherObject *self = (LauncherObject *)object;
  PyTypeObject *type = Py_TYPE(object);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  Py_XDECREF(self->kernel);
  Py_XDECREF(self->grid);
  release(object);
  Py_DECREF(type);
}

static PyType_Slot launcherSlots[] = {{Py_tp_dealloc, (void *)launcherDealloc},
                                      {0, NULL}};
static PyType_Spec launcherSpec = {
    "tilesdk._Launcher", sizeof(LauncherObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, launcherSlots};

int initLaunch(void) {
  launcherType = (PyTypeObject *)PyType_FromSpec(&launcherSpec);
  return launcherType ? 0 : -1;
}
