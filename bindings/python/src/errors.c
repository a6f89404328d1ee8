/*===- errors.c - C errors as Python exceptions ---------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <string.h>

static PyObject *baseError;

static struct {
  tsdk_code code;
  const char *name;
  const char *doc;
  PyObject *type;
} errorTypes[] = {
    {TSDK_E_SOURCE, "CompilationError",
     "The kernel has errors; `diagnostics` lists them.", NULL},
    {TSDK_E_INVALID_ARGUMENT, "InvalidArgumentError",
     "A call or a kernel's argument is wrong.", NULL},
    {TSDK_E_NOT_FOUND, "NotFoundError",
     "No such kernel, target, device or option.", NULL},
    {TSDK_E_RESOURCE_EXHAUSTED, "OutOfResources",
     "Out of memory, or over a limit of the target.", NULL},
    {TSDK_E_UNSUPPORTED, "UnsupportedError", "Valid, but not for this target.",
     NULL},
    {TSDK_E_DEVICE_ASSERT, "DeviceAssertError",
     "A device_assert of a kernel failed.", NULL},
    {TSDK_E_UNAVAILABLE, "UnavailableError",
     "No driver, no device or no compiler.", NULL},
    {TSDK_E_INTERNAL, "InternalError",
     "A bug in tilesdk; the message holds a reproducer.", NULL},
    {TSDK_E_PLUGIN, "PluginError", "A plugin was refused.", NULL},
    {TSDK_E_KERNEL_FAULT, "KernelFaultError",
     "A kernel did what no kernel may do.", NULL},
    {TSDK_E_DRIVER, "DriverError", "The driver failed; see `native`.", NULL},
};

PyObject *invalidArgumentError(void) {
  for (size_t i = 0; i < sizeof errorTypes / sizeof errorTypes[0]; ++i)
    if (errorTypes[i].code == TSDK_E_INVALID_ARGUMENT)
      return errorTypes[i].type;
  return PyExc_ValueError;
}

PyObject *textOf(tsdk_str text) {
  return PyUnicode_DecodeUTF8(text.data ? text.data : "", (Py_ssize_t)text.size,
                              "replace");
}

static int setNew(PyObject *dict, const char *key, PyObject *value) {
  int result;
  if (!value)
    return -1;
  result = PyDict_SetItemString(dict, key, value);
  Py_DECREF(value);
  return result;
}

static const char *severityName(uint32_t severity) {
  static const char *const names[] = {"note", "remark", "warning", "error"};
  return severity < 4 ? names[severity] : "error";
}

PyObject *diagnosticsList(tsdk_diags diags) {
  PyObject *list = PyList_New(0);
  for (size_t i = 0, count = tsdk_diags_count(diags); list && i < count; ++i) {
    tsdk_diag diag;
    tsdk_error error;
    PyObject *dict;
    memset(&diag, 0, sizeof diag);
    diag.struct_size = sizeof diag;
    error = tsdk_diags_get(diags, i, &diag);
    if (error) {
      Py_DECREF(list);
      return raiseError(error);
    }
    dict = PyDict_New();
    if (!dict ||
        setNew(dict, "severity",
               PyUnicode_FromString(severityName(diag.severity))) ||
        setNew(dict, "code",
               diag.code ? PyUnicode_FromFormat("T%04u", diag.code)
                         : PyUnicode_FromString("")) ||
        setNew(dict, "parent",
               diag.parent == TSDK_NO_PARENT
                   ? (Py_INCREF(Py_None), Py_None)
                   : PyLong_FromUnsignedLong(diag.parent)) ||
        setNew(dict, "line", PyLong_FromUnsignedLong(diag.line)) ||
        setNew(dict, "column", PyLong_FromUnsignedLong(diag.column)) ||
        setNew(dict, "end_line", PyLong_FromUnsignedLong(diag.end_line)) ||
        setNew(dict, "end_column", PyLong_FromUnsignedLong(diag.end_column)) ||
        setNew(dict, "file", textOf(diag.file)) ||
        setNew(dict, "message", textOf(diag.message)) ||
        setNew(dict, "help", textOf(diag.help)) ||
        setNew(dict, "rendered", textOf(diag.rendered)) ||
        PyList_Append(list, dict)) {
      Py_XDECREF(dict);
      Py_DECREF(list);
      return NULL;
    }
    Py_DECREF(dict);
  }
  return list;
}

static int setNewAttr(PyObject *object, const char *name, PyObject *value) {
  int result;
  if (!value)
    return -1;
  result = PyObject_SetAttrString(object, name, value);
  Py_DECREF(value);
  return result;
}

PyObject *raiseError(tsdk_error error) {
  PyObject *type = baseError;
  PyObject *message, *instance = NULL;
  tsdk_code code = tsdk_error_code(error);
  for (size_t i = 0; i < sizeof errorTypes / sizeof errorTypes[0]; ++i)
    if (errorTypes[i].code == code)
      type = errorTypes[i].type;
  /* The message of an error with diagnostics holds their text. */
  message = textOf(tsdk_error_message(error));
  if (message)
    instance = PyObject_CallFunctionObjArgs(type, message, NULL);
  if (instance && !setNewAttr(instance, "code", PyLong_FromLong(code)) &&
      !setNewAttr(instance, "code_name", textOf(tsdk_code_name(code))) &&
      !setNewAttr(instance, "native",
                  PyLong_FromLongLong(tsdk_error_native(error))) &&
      !setNewAttr(instance, "diagnostics",
                  diagnosticsList(tsdk_error_diags(error))))
    PyErr_SetObject(type, instance);
  Py_XDECREF(message);
  Py_XDECREF(instance);
  tsdk_error_release(error);
  return NULL;
}

int initErrors(PyObject *module) {
  baseError = PyErr_NewExceptionWithDoc(
      "tilesdk.Error",
      "Base of tilesdk's errors. Attributes: code, code_name, native, "
      "diagnostics.",
      NULL, NULL);
  if (!baseError || PyModule_AddObjectRef(module, "Error", baseError))
    return -1;
  for (size_t i = 0; i < sizeof errorTypes / sizeof errorTypes[0]; ++i) {
    PyObject *bases, *type, *name;
    PyObject *second =
        errorTypes[i].code == TSDK_E_INVALID_ARGUMENT ? PyExc_ValueError
        : errorTypes[i].code == TSDK_E_NOT_FOUND      ? PyExc_LookupError
                                                      : NULL;
    bases = second ? PyTuple_Pack(2, baseError, second)
                   : PyTuple_Pack(1, baseError);
    name = PyUnicode_FromFormat("tilesdk.%s", errorTypes[i].name);
    if (!bases || !name)
      return -1;
    type = PyErr_NewExceptionWithDoc(PyUnicode_AsUTF8AndSize(name, NULL),
                                     errorTypes[i].doc, bases, NULL);
    Py_DECREF(bases);
    Py_DECREF(name);
    if (!type || PyModule_AddObjectRef(module, errorTypes[i].name, type))
      return -1;
    errorTypes[i].type = type;
  }
  return 0;
}
