/*===- kernel.c - Kernels and what is built of them -----------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "kernel.h"

#include <string.h>

static PyObject *nameLoad;

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

int kernelLoaded(KernelObject *self) {
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
  CALL_WITHOUT_GIL(error, tsdk_variant_build(self->handle, &desc, &variant));
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
int initKernel(PyObject *module) {
  nameLoad = PyUnicode_InternFromString("_load");
  kernelType = (PyTypeObject *)PyType_FromSpec(&kernelSpec);
  return nameLoad && kernelType && !initLaunch()
             ? PyModule_AddObjectRef(module, "_Kernel", (PyObject *)kernelType)
             : -1;
}
