/*===- module.c - The extension module _tilesdk ---------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "_tilesdk",
    "The C ABI of tilesdk; use the package `tilesdk`.",
    -1,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL};

/** set_tensor_type(type): the class that tilesdk.reinterpret makes. */
static PyObject *setTensorType(PyObject *module, PyObject *type) {
  (void)module;
  if (!PyType_Check(type)) {
    PyErr_SetString(PyExc_TypeError, "expected a type");
    return NULL;
  }
  Py_INCREF(type);
  tensorType = (PyTypeObject *)type;
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"set_tensor_type", setTensorType, METH_O, NULL}, {NULL, NULL, 0, NULL}};

PyMODINIT_FUNC PyInit__tilesdk(void) {
  PyObject *module = PyModule_Create(&definition);
  if (!module)
    return NULL;
  if (initErrors(module) || initArgs() || initContext(module) ||
      initDevices(module) || initProgram(module) || initTarget(module) ||
      initKernel(module) || PyModule_AddFunctions(module, functions) ||
      PyModule_AddIntConstant(module, "abi_version",
                              (long)tsdk_abi_version())) {
    Py_DECREF(module);
    return NULL;
  }
  {
    PyObject *version = textOf(tsdk_version_text());
    if (!version || PyModule_AddObjectRef(module, "version", version)) {
      Py_XDECREF(version);
      Py_DECREF(module);
      return NULL;
    }
    Py_DECREF(version);
  }
  return module;
}
