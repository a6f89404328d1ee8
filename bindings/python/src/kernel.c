/*===- kernel.c - Kernels and their launch
---------------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* `kernel[grid]` gives a builtin function bound to (kernel, grid); calling it
|* goes through CPython's vector call. Positional arguments, keyword arguments
|* and build options become one array of tsdk_arg and one of tsdk_option; what
|* they mean is decided by the C core.
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <stdio.h>
#include <string.h>

enum { MaxArgs = 128, MaxOptions = 64 };

typedef struct {
  PyObject_HEAD tsdk_kernel handle;
  PyObject *names;    /**< Tuple of interned parameter names. */
  PyObject *defaults; /**< Dict for callable grids. */
  unsigned char *constexprs;
  Py_ssize_t count;
} KernelObject;

typedef struct {
  PyObject_HEAD KernelObject *kernel;
  PyObject *grid;
} LauncherObject;

static PyTypeObject *launcherType;

/** What launches use: (device, stream or None); one for the process, and one
 *  per thread inside of tilesdk.using(). */
static PyObject *processTarget;
static PyObject *targetFactory;
static long overrides;
static PyObject *nameTarget, *nameLoad;

/** New reference to the (device, stream) tuple. */
static PyObject *currentTarget(void) {
  if (overrides > 0) {
    PyObject *dict = PyThreadState_GetDict(); /* borrowed */
    PyObject *target = dict ? PyDict_GetItemWithError(dict, nameTarget) : NULL;
    if (target) {
      Py_INCREF(target);
      return target;
    }
  }
  if (!processTarget) {
    if (!targetFactory) {
      PyErr_SetString(PyExc_RuntimeError, "no device was chosen");
      return NULL;
    }
    processTarget = PyObject_CallObject(targetFactory, NULL);
    if (!processTarget)
      return NULL;
  }
  Py_INCREF(processTarget);
  return processTarget;
}

static int checkTarget(PyObject *target) {
  if (PyTuple_Check(target) && PyTuple_Size(target) == 3 &&
      handleOf(PyTuple_GetItem(target, 0), deviceType, 0))
    return 1;
  if (!PyErr_Occurred())
    PyErr_SetString(PyExc_TypeError,
                    "expected (device, stream or None, default stream)");
  return 0;
}

/** set_target(target): for the process. */
static PyObject *setTarget(PyObject *module, PyObject *target) {
  PyObject *old = processTarget;
  (void)module;
  if (!checkTarget(target))
    return NULL;
  Py_INCREF(target);
  processTarget = target;
  Py_XDECREF(old);
  Py_RETURN_NONE;
}

/** push_target(target or None): for this thread; returns the former one. */
static PyObject *swapThreadTarget(PyObject *module, PyObject *target) {
  PyObject *dict = PyThreadState_GetDict();
  PyObject *old = dict ? PyDict_GetItemWithError(dict, nameTarget) : NULL;
  (void)module;
  if (!dict)
    return PyErr_NoMemory();
  if (!old)
    old = Py_None;
  Py_INCREF(old);
  if (target == Py_None) {
    if (old != Py_None && PyDict_DelItem(dict, nameTarget) == 0)
      --overrides;
  } else {
    if (!checkTarget(target) || PyDict_SetItem(dict, nameTarget, target)) {
      Py_DECREF(old);
      return NULL;
    }
    if (old == Py_None)
      ++overrides;
  }
  return old;
}

static PyObject *setTargetFactory(PyObject *module, PyObject *factory) {
  (void)module;
  Py_INCREF(factory);
  Py_XDECREF(targetFactory);
  targetFactory = factory;
  Py_RETURN_NONE;
}

static PyObject *getTarget(PyObject *module, PyObject *unused) {
  (void)module;
  (void)unused;
  return currentTarget();
}

/*===- Kernel -------------------------------------------------------------===*/

static int kernelTraverse(PyObject *object, visitproc visit, void *arg) {
  KernelObject *self = (KernelObject *)object;
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->names);
  Py_VISIT(self->defaults);
  return 0;
}

static int kernelClear(PyObject *object) {
  KernelObject *self = (KernelObject *)object;
  Py_CLEAR(self->defaults);
  return 0;
}

static void kernelDealloc(PyObject *object) {
  KernelObject *self = (KernelObject *)object;
  PyTypeObject *type = Py_TYPE(object);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  PyObject_GC_UnTrack(object);
  tsdk_release(self->handle);
  Py_XDECREF(self->names);
  Py_XDECREF(self->defaults);
  PyMem_Free(self->constexprs);
  release(object);
  Py_DECREF(type);
}

/** _bind(program, name, names, constexprs, defaults) */
static PyObject *kernelBind(PyObject *object, PyObject *args) {
  KernelObject *self = (KernelObject *)object;
  PyObject *programObject, *nameObject, *names, *constexprs, *defaults;
  tsdk_program program;
  tsdk_kernel kernel = NULL;
  tsdk_error error;
  tsdk_str name;
  PyObject *interned;
  Py_ssize_t count;
  if (!PyArg_ParseTuple(args, "OUO!O!O!:_bind", &programObject, &nameObject,
                        &PyTuple_Type, &names, &PyTuple_Type, &constexprs,
                        &PyDict_Type, &defaults) ||
      !(program = handleOf(programObject, programType, 0)) ||
      !utf8Of(nameObject, &name))
    return NULL;
  count = PyTuple_Size(names);
  if (PyTuple_Size(constexprs) != count || count > MaxArgs) {
    PyErr_Format(PyExc_ValueError, "a kernel has at most %d parameters",
                 MaxArgs);
    return NULL;
  }
  error = tsdk_kernel_get(program, name, &kernel);
  if (error)
    return raiseError(error);
  interned = PyTuple_New(count);
  PyMem_Free(self->constexprs);
  self->constexprs = (unsigned char *)PyMem_Calloc((size_t)count + 1, 1);
  if (!interned || !self->constexprs) {
    tsdk_release(kernel);
    Py_XDECREF(interned);
    return PyErr_NoMemory();
  }
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject *item = PyTuple_GetItem(names, i);
    Py_INCREF(item);
    PyUnicode_InternInPlace(&item);
    PyTuple_SetItem(interned, i, item);
    self->constexprs[i] = PyObject_IsTrue(PyTuple_GetItem(constexprs, i)) == 1;
  }
  Py_XDECREF(self->names);
  self->names = interned;
  Py_INCREF(defaults);
  Py_XDECREF(self->defaults);
  self->defaults = defaults;
  tsdk_release(self->handle);
  self->handle = kernel;
  self->count = count;
  Py_RETURN_NONE;
}

static int kernelLoaded(KernelObject *self) {
  PyObject *result;
  if (self->handle)
    return 1;
  result = PyObject_CallMethodObjArgs((PyObject *)self, nameLoad, NULL);
  Py_XDECREF(result);
  if (!result)
    return 0;
  if (!self->handle)
    PyErr_SetString(PyExc_RuntimeError, "the kernel did not load");
  return self->handle != NULL;
}

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
  tsdk_str uri = {NULL, 0};
  if (device)
    uri = tsdk_device_uri(device);
  return uri.size > 3 && uri.data[3] == ':' &&
         (!memcmp(uri.data, "cpu", 3) || !memcmp(uri.data, "sim", 3));
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
  call->scratch.textUsed = 0;
  call->scratch.keep = NULL;
  call->scratch.hostMemory = 0;
  call->scratch.onHost = isHost(call->device);
  call->scratch.foreign = 0;
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

static PyObject *launch(PyObject *object, PyObject *const *args,
                        Py_ssize_t nargs, PyObject *kwnames) {
  LauncherObject *launcher = (LauncherObject *)object;
  KernelObject *self = launcher->kernel;
  Call call;
  PyObject *target;
  tsdk_error error;
  tsdk_stream stream, waitFor = NULL;
  PyThreadState *thread;
  if (!kernelLoaded(self))
    return NULL;
  target = currentTarget();
  if (!target)
    return NULL;
  call.device = ((HandleObject *)PyTuple_GetItem(target, 0))->handle;
  call.scratch.keep = NULL;
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

/** _variant(*args, **kwargs): the variant a launch would use, built. */
static PyObject *kernelVariant(PyObject *object, PyObject *const *args,
                               Py_ssize_t nargs, PyObject *kwnames) {
  KernelObject *self = (KernelObject *)object;
  Call call;
  PyObject *target;
  tsdk_variant variant = NULL;
  tsdk_error error;
  tsdk_device device;
  PyThreadState *thread;
  if (!kernelLoaded(self))
    return NULL;
  target = currentTarget();
  if (!target)
    return NULL;
  device = ((HandleObject *)PyTuple_GetItem(target, 0))->handle;
  call.device = NULL;
  call.scratch.keep = NULL;
  if (!bindArguments(self, args, nargs, kwnames, &call)) {
    Py_DECREF(target);
    clearAfterError(&call.scratch);
    return NULL;
  }
  thread = PyEval_SaveThread();
  error = tsdk_kernel_variant(self->handle, device, &call.desc, call.args,
                              (size_t)self->count, &variant);
  PyEval_RestoreThread(thread);
  Py_DECREF(target);
  argScratchClear(&call.scratch);
  return error ? raiseError(error) : wrapHandle(variantType, variant);
}

static PyObject *optionalText(PyObject *dict, const char *key, tsdk_str *out) {
  PyObject *value = PyDict_GetItemString(dict, key);
  if (value && value != Py_None && !utf8Of(value, out))
    return NULL;
  return Py_None;
}

/** _build(signature, desc): desc is a dict of device, target, options,
 *  keep_stages, stop_stage, resume_stage, resume_ir, timeout_ns. */
static PyObject *kernelBuild(PyObject *object, PyObject *args) {
  KernelObject *self = (KernelObject *)object;
  PyObject *signature, *dict, *keep = NULL, *device, *timeout, *ir;
  tsdk_variant_desc desc;
  tsdk_option *options;
  size_t count;
  tsdk_variant variant = NULL;
  tsdk_error error;
  PyThreadState *thread;
  if (!PyArg_ParseTuple(args, "UO!:_build", &signature, &PyDict_Type, &dict) ||
      !kernelLoaded(self))
    return NULL;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  if (!utf8Of(signature, &desc.signature) ||
      !optionalText(dict, "target", &desc.target) ||
      !optionalText(dict, "keep_stages", &desc.keep_stages) ||
      !optionalText(dict, "stop_stage", &desc.stop_stage) ||
      !optionalText(dict, "resume_stage", &desc.resume_stage))
    return NULL;
  device = PyDict_GetItemString(dict, "device");
  desc.device = handleOf(device, deviceType, 1);
  timeout = PyDict_GetItemString(dict, "timeout_ns");
  if (timeout && timeout != Py_None)
    desc.timeout_ns = PyLong_AsUnsignedLongLong(timeout);
  ir = PyDict_GetItemString(dict, "resume_ir");
  if (ir && ir != Py_None) {
    char *data = NULL;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(ir, &data, &size))
      return NULL;
    desc.resume_ir.data = data;
    desc.resume_ir.size = (size_t)size;
  }
  if (PyErr_Occurred() ||
      !optionsFromDict(PyDict_GetItemString(dict, "options"), &options, &count,
                       &keep))
    return NULL;
  desc.options = options;
  desc.num_options = count;
  thread = PyEval_SaveThread();
  error = tsdk_variant_build(self->handle, &desc, &variant);
  PyEval_RestoreThread(thread);
  Py_XDECREF(keep);
  return error ? raiseError(error) : wrapHandle(variantType, variant);
}

static PyObject *kernelDescribe(PyObject *object, PyObject *unused) {
  tsdk_blob blob = NULL;
  tsdk_error error;
  (void)unused;
  if (!kernelLoaded((KernelObject *)object))
    return NULL;
  error = tsdk_kernel_describe(((KernelObject *)object)->handle, &blob);
  return error ? raiseError(error) : takeBlobText(blob);
}

static PyMethodDef launchMethod = {
    "launch", (PyCFunction)(void (*)(void))launch,
    METH_FASTCALL | METH_KEYWORDS,
    "Launches the kernel over the grid. Keywords that are no parameters are "
    "build options."};

static PyObject *kernelSubscript(PyObject *object, PyObject *grid) {
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

static PyObject *kernelArgNames(PyObject *object, void *unused) {
  KernelObject *self = (KernelObject *)object;
  (void)unused;
  if (!kernelLoaded(self))
    return NULL;
  return PySequence_List(self->names);
}

static PyMethodDef kernelMethods[] = {
    {"_bind", kernelBind, METH_VARARGS, NULL},
    {"_build", kernelBuild, METH_VARARGS, NULL},
    {"_variant", (PyCFunction)(void (*)(void))kernelVariant,
     METH_FASTCALL | METH_KEYWORDS, NULL},
    {"describe", kernelDescribe, METH_NOARGS, "JSON of the kernel."},
    {NULL, NULL, 0, NULL}};
static PyGetSetDef kernelGetters[] = {
    {"arg_names", kernelArgNames, NULL, "Names of the parameters.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot kernelSlots[] = {
    {Py_tp_dealloc, (void *)kernelDealloc},
    {Py_tp_traverse, (void *)kernelTraverse},
    {Py_tp_clear, (void *)kernelClear},
    {Py_tp_methods, kernelMethods},
    {Py_tp_getset, kernelGetters},
    {Py_mp_subscript, (void *)kernelSubscript},
    {Py_tp_doc, (void *)(uintptr_t)"A kernel; kernel[grid](...) launches it."},
    {0, NULL}};
static PyType_Spec kernelSpec = {
    "tilesdk._Kernel", sizeof(KernelObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, kernelSlots};
static PyType_Slot launcherSlots[] = {{Py_tp_dealloc, (void *)launcherDealloc},
                                      {0, NULL}};
static PyType_Spec launcherSpec = {
    "tilesdk._Launcher", sizeof(LauncherObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, launcherSlots};

static PyMethodDef functions[] = {
    {"set_target", setTarget, METH_O, NULL},
    {"swap_thread_target", swapThreadTarget, METH_O, NULL},
    {"set_target_factory", setTargetFactory, METH_O, NULL},
    {"get_target", getTarget, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}};

int initKernel(PyObject *module) {
  nameTarget = PyUnicode_InternFromString("tilesdk.target");
  nameLoad = PyUnicode_InternFromString("_load");
  kernelType = (PyTypeObject *)PyType_FromSpec(&kernelSpec);
  launcherType = (PyTypeObject *)PyType_FromSpec(&launcherSpec);
  if (!nameTarget || !nameLoad || !kernelType || !launcherType ||
      PyModule_AddObjectRef(module, "_Kernel", (PyObject *)kernelType))
    return -1;
  return PyModule_AddFunctions(module, functions);
}
