/*===- program.c - Programs and the variants built of them ----------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <string.h>

/** Program(context, source, filename="", first_line=1, modules=(),
 *  captures=None); modules are (name, filename, source). */
static PyObject *programNew(PyTypeObject *type, PyObject *args,
                            PyObject *kwargs) {
  static char *names[] = {"context", "source",   "filename", "first_line",
                          "modules", "captures", NULL};
  PyObject *contextObject, *source, *filename = NULL, *modules = NULL,
                                    *captures = NULL, *keep = NULL;
  unsigned firstLine = 1;
  tsdk_program_desc desc;
  tsdk_option *captureList;
  size_t captureCount;
  tsdk_module *moduleList = NULL;
  tsdk_program program = NULL;
  tsdk_context context;
  tsdk_error error;
  Py_ssize_t moduleCount;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OIOO:Program", names,
                                   &contextObject, &source, &filename,
                                   &firstLine, &modules, &captures))
    return NULL;
  context = handleOf(contextObject, contextType, 0);
  if (!context)
    return NULL;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  if (PyBytes_Check(source)) {
    desc.source.data = PyBytes_AsString(source);
    desc.source.size = (size_t)PyBytes_Size(source);
  } else if (!utf8Of(source, &desc.source)) {
    return NULL;
  }
  if (filename && filename != Py_None && !utf8Of(filename, &desc.filename))
    return NULL;
  desc.first_line = firstLine;
  moduleCount = modules && modules != Py_None ? PySequence_Size(modules) : 0;
  if (moduleCount < 0 ||
      !optionsFromDict(captures, &captureList, &captureCount, &keep))
    return NULL;
  moduleList =
      (tsdk_module *)PyMem_Calloc((size_t)moduleCount + 1, sizeof(tsdk_module));
  if (!moduleList) {
    Py_XDECREF(keep);
    return PyErr_NoMemory();
  }
  for (Py_ssize_t i = 0; i < moduleCount; ++i) {
    PyObject *item = PySequence_GetItem(modules, i);
    int valid = item && PyTuple_Check(item) && PyTuple_Size(item) == 3 &&
                utf8Of(PyTuple_GetItem(item, 0), &moduleList[i].name) &&
                utf8Of(PyTuple_GetItem(item, 1), &moduleList[i].filename) &&
                utf8Of(PyTuple_GetItem(item, 2), &moduleList[i].source);
    Py_XDECREF(item); /* `modules` still holds it. */
    if (!valid) {
      if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError,
                        "a module is a tuple (name, filename, source)");
      PyMem_Free(moduleList);
      Py_XDECREF(keep);
      return NULL;
    }
  }
  desc.modules = moduleList;
  desc.num_modules = (size_t)moduleCount;
  desc.module_stride = sizeof(tsdk_module);
  desc.captures = captureList;
  desc.num_captures = captureCount;
  {
    tsdk_diags warnings = NULL;
    CALL_WITHOUT_GIL(error,
                     tsdk_program_create(context, &desc, &program, &warnings));
    if (!error && warnings) {
      tsdk_str text = tsdk_diags_text(warnings);
      writeLog(NULL, TSDK_LOG_WARNING, text);
      tsdk_release(warnings);
    }
  }
  PyMem_Free(moduleList);
  Py_XDECREF(keep);
  return error ? raiseError(error) : wrapHandle(type, program);
}

/** program_from_ir(context, stage, ir) */
static PyObject *programFromIr(PyObject *module, PyObject *args) {
  PyObject *contextObject, *stageObject;
  const char *data;
  Py_ssize_t size;
  tsdk_context context;
  tsdk_str stage;
  tsdk_bytes ir;
  tsdk_program program = NULL;
  tsdk_error error;
  (void)module;
  if (!PyArg_ParseTuple(args, "OUs#:program_from_ir", &contextObject,
                        &stageObject, &data, &size) ||
      !(context = handleOf(contextObject, contextType, 0)) ||
      !utf8Of(stageObject, &stage))
    return NULL;
  ir.data = data;
  ir.size = (size_t)size;
  error = tsdk_program_create_from_ir(context, stage, ir, &program);
  return error ? raiseError(error) : wrapHandle(programType, program);
}

static PyObject *programDescribe(PyObject *self, PyObject *unused) {
  tsdk_blob blob = NULL;
  tsdk_error error = tsdk_program_describe(HANDLE(self, program), &blob);
  (void)unused;
  return error ? raiseError(error) : takeBlobText(blob);
}
static PyMethodDef programMethods[] = {
    {"describe", programDescribe, METH_NOARGS, "JSON of the program."},
    {NULL, NULL, 0, NULL}};

/*===- Variant ------------------------------------------------------------===*/

static PyObject *variantArtifact(PyObject *self, PyObject *stage) {
  tsdk_str text;
  tsdk_blob blob = NULL;
  tsdk_error error;
  if (!utf8Of(stage, &text))
    return NULL;
  error = tsdk_variant_artifact(HANDLE(self, variant), text, &blob);
  return error ? raiseError(error) : takeBlobBytes(blob);
}
static PyObject *variantMetadata(PyObject *self, PyObject *unused) {
  tsdk_blob blob = NULL;
  tsdk_error error = tsdk_variant_metadata(HANDLE(self, variant), &blob);
  (void)unused;
  return error ? raiseError(error) : takeBlobText(blob);
}
static PyObject *variantInfo(PyObject *self, PyObject *unused) {
  tsdk_blob blob = NULL;
  tsdk_error error = tsdk_variant_info(HANDLE(self, variant), &blob);
  (void)unused;
  return error ? raiseError(error) : takeBlobText(blob);
}
static PyObject *variantDiagnostics(PyObject *self, PyObject *unused) {
  (void)unused;
  return diagnosticsList(tsdk_variant_diags(HANDLE(self, variant)));
}
static PyMethodDef variantMethods[] = {
    {"_artifact", variantArtifact, METH_O, "Bytes of a stage."},
    {"_metadata", variantMetadata, METH_NOARGS, "JSON of the metadata."},
    {"_info", variantInfo, METH_NOARGS, "JSON about the build."},
    {"diagnostics", variantDiagnostics, METH_NOARGS, "Warnings and remarks."},
    {NULL, NULL, 0, NULL}};

static PyMethodDef functions[] = {
    {"program_from_ir", programFromIr, METH_VARARGS,
     "program_from_ir(context, stage, ir): a program from IR."},
    {NULL, NULL, 0, NULL}};

int initProgram(PyObject *module) {
  programType =
      makeType(module, "tilesdk.Program", programNew, programMethods, NULL,
               "Parsed kernel source.", NULL, Py_TPFLAGS_BASETYPE);
  variantType = makeType(module, "tilesdk._Variant", NULL, variantMethods, NULL,
                         "A specialised kernel.", NULL, 0);
  return programType && variantType ? PyModule_AddFunctions(module, functions)
                                    : -1;
}
