/*===- objects.c - Handles of the C ABI as Python objects
------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <stdio.h>
#include <string.h>

PyTypeObject *contextType, *deviceType, *streamType, *eventType, *bufferType,
    *programType, *kernelType, *variantType, *buildType, *tensorType;

#define CALL_WITHOUT_GIL(error, call)                                          \
  do {                                                                         \
    PyThreadState *savedThread = PyEval_SaveThread();                          \
    (error) = (call);                                                          \
    PyEval_RestoreThread(savedThread);                                         \
  } while (0)

static void handleDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  tsdk_release(((HandleObject *)self)->handle);
  release(self);
  Py_DECREF(type);
}

PyObject *wrapHandle(PyTypeObject *type, void *handle) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *self = allocate(type, 0);
  if (self)
    ((HandleObject *)self)->handle = handle;
  else
    tsdk_release(handle);
  return self;
}

void *handleOf(PyObject *object, PyTypeObject *type, int allowNone) {
  if (!object || (allowNone && object == Py_None))
    return NULL;
  if (PyObject_TypeCheck(object, type) && ((HandleObject *)object)->handle)
    return ((HandleObject *)object)->handle;
  PyObject *name = PyObject_GetAttrString((PyObject *)type, "__name__");
  if (name)
    PyErr_Format(PyExc_TypeError, "expected a tilesdk.%U", name);
  Py_XDECREF(name);
  return NULL;
}

int utf8Of(PyObject *object, tsdk_str *out) {
  Py_ssize_t size = 0;
  out->data = PyUnicode_AsUTF8AndSize(object, &size);
  out->size = (size_t)size;
  return out->data != NULL;
}

PyObject *takeBlobText(tsdk_blob blob) {
  tsdk_bytes bytes = tsdk_blob_bytes(blob);
  PyObject *text =
      PyUnicode_DecodeUTF8(bytes.data ? (const char *)bytes.data : "",
                           (Py_ssize_t)bytes.size, "replace");
  tsdk_release(blob);
  return text;
}

PyObject *takeBlobBytes(tsdk_blob blob) {
  tsdk_bytes bytes = tsdk_blob_bytes(blob);
  PyObject *result = PyBytes_FromStringAndSize((const char *)bytes.data,
                                               (Py_ssize_t)bytes.size);
  tsdk_release(blob);
  return result;
}

int optionsFromDict(PyObject *dict, tsdk_option **out, size_t *count,
                    PyObject **keep) {
  PyObject *items, *memory;
  ArgScratch *scratch;
  Py_ssize_t size;
  *out = NULL;
  *count = 0;
  *keep = NULL;
  if (!dict || dict == Py_None)
    return 1;
  items = PyMapping_Items(dict);
  if (!items)
    return 0;
  size = PyList_Size(items);
  *keep = PyList_New(0);
  memory = PyBytes_FromStringAndSize(NULL, (size + 1) *
                                               (Py_ssize_t)sizeof(tsdk_option));
  scratch = (ArgScratch *)PyMem_Calloc(1, sizeof(ArgScratch));
  if (!*keep || !memory || !scratch || PyList_Append(*keep, memory) ||
      PyList_Append(*keep, items))
    goto fail;
  *out = (tsdk_option *)(void *)PyBytes_AsString(memory);
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject *item = PyList_GetItem(items, i);
    PyObject *bytes;
    tsdk_option *option = &(*out)[i];
    scratch->textUsed = 0;
    if (!utf8Of(PyTuple_GetItem(item, 0), &option->name) ||
        !optionText(PyTuple_GetItem(item, 1), scratch, &option->value))
      goto fail;
    bytes = PyBytes_FromStringAndSize(option->value.data,
                                      (Py_ssize_t)option->value.size);
    if (!bytes || PyList_Append(*keep, bytes)) {
      Py_XDECREF(bytes);
      goto fail;
    }
    option->value.data = PyBytes_AsString(bytes);
    Py_DECREF(bytes);
  }
  *count = (size_t)size;
  argScratchClear(scratch);
  PyMem_Free(scratch);
  Py_DECREF(memory);
  Py_DECREF(items);
  return 1;
fail:
  if (scratch)
    argScratchClear(scratch);
  PyMem_Free(scratch);
  Py_XDECREF(memory);
  Py_DECREF(items);
  Py_CLEAR(*keep);
  return 0;
}

/*===- Context ------------------------------------------------------------===*/

/* Called from any thread, also while the interpreter waits for it: touches no
 * Python object. */
static void writeLog(void *user, int32_t level, tsdk_str message) {
  FILE *file = level == TSDK_LOG_PRINT ? stdout : stderr;
  (void)user;
  if (level < TSDK_LOG_WARNING)
    return;
  if (level == TSDK_LOG_PRINT) {
    fwrite(message.data, 1, message.size, file);
  } else {
    fprintf(file, "tilesdk: %s: %.*s\n",
            level == TSDK_LOG_WARNING ? "warning" : "error", (int)message.size,
            message.data);
  }
  fflush(file);
}

static PyObject *contextNew(PyTypeObject *type, PyObject *args,
                            PyObject *kwargs) {
  static char *names[] = {"options", NULL};
  PyObject *options = NULL, *keep = NULL;
  tsdk_option *list;
  size_t count;
  tsdk_context_desc desc;
  tsdk_context context = NULL;
  tsdk_error error;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Context", names,
                                   &options) ||
      !optionsFromDict(options, &list, &count, &keep))
    return NULL;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.options = list;
  desc.num_options = count;
  desc.log = writeLog;
  error = tsdk_context_create(&desc, &context);
  Py_XDECREF(keep);
  if (error)
    return raiseError(error);
  return wrapHandle(type, context);
}

#define HANDLE(self, kind) ((tsdk_##kind)((HandleObject *)(self))->handle)

typedef tsdk_error (*ContextText)(tsdk_context, tsdk_blob *);
static PyObject *contextText(PyObject *self, ContextText get) {
  tsdk_blob blob = NULL;
  tsdk_error error;
  CALL_WITHOUT_GIL(error, get(HANDLE(self, context), &blob));
  return error ? raiseError(error) : takeBlobText(blob);
}
static PyObject *contextDescribe(PyObject *self, PyObject *unused) {
  (void)unused;
  return contextText(self, tsdk_context_describe);
}
static PyObject *contextPlugins(PyObject *self, PyObject *unused) {
  (void)unused;
  return contextText(self, tsdk_plugins_list);
}
static PyObject *contextTargets(PyObject *self, PyObject *unused) {
  (void)unused;
  return contextText(self, tsdk_targets_list);
}
static PyObject *contextDevices(PyObject *self, PyObject *unused) {
  (void)unused;
  return contextText(self, tsdk_devices_list);
}
static PyObject *contextCacheStats(PyObject *self, PyObject *unused) {
  (void)unused;
  return contextText(self, tsdk_cache_stats);
}
static PyObject *contextCacheVerify(PyObject *self, PyObject *unused) {
  (void)unused;
  return contextText(self, tsdk_cache_verify);
}
static PyObject *contextCacheClear(PyObject *self, PyObject *unused) {
  tsdk_error error = tsdk_cache_clear(HANDLE(self, context));
  (void)unused;
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
}
static PyObject *contextCachePrune(PyObject *self, PyObject *bytes) {
  uint64_t removed = 0, limit = PyLong_AsUnsignedLongLong(bytes);
  tsdk_error error;
  if (PyErr_Occurred())
    return NULL;
  error = tsdk_cache_prune(HANDLE(self, context), limit, &removed);
  return error ? raiseError(error) : PyLong_FromUnsignedLongLong(removed);
}
static PyObject *contextTarget(PyObject *self, PyObject *name) {
  tsdk_str text;
  tsdk_blob blob = NULL;
  tsdk_error error;
  if (!utf8Of(name, &text))
    return NULL;
  error = tsdk_target_describe(HANDLE(self, context), text, &blob);
  return error ? raiseError(error) : takeBlobText(blob);
}
static PyObject *contextLoadPlugin(PyObject *self, PyObject *path) {
  tsdk_str text;
  tsdk_error error;
  if (!utf8Of(path, &text))
    return NULL;
  error = tsdk_plugin_load(HANDLE(self, context), text);
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
}
static PyObject *contextExplain(PyObject *self, PyObject *code) {
  unsigned long number = PyLong_AsUnsignedLong(code);
  tsdk_blob blob = NULL;
  tsdk_error error;
  if (PyErr_Occurred())
    return NULL;
  CALL_WITHOUT_GIL(error, tsdk_diagnostic_explain(HANDLE(self, context),
                                                  (uint32_t)number, &blob));
  return error ? raiseError(error) : takeBlobText(blob);
}
static PyObject *contextDevice(PyObject *self, PyObject *uri) {
  tsdk_str text;
  tsdk_device device = NULL;
  tsdk_error error;
  if (!utf8Of(uri, &text))
    return NULL;
  CALL_WITHOUT_GIL(error,
                   tsdk_device_open(HANDLE(self, context), text, &device));
  return error ? raiseError(error) : wrapHandle(deviceType, device);
}

static PyMethodDef contextMethods[] = {
    {"describe", contextDescribe, METH_NOARGS, "JSON about the context."},
    {"plugins", contextPlugins, METH_NOARGS, "JSON list of plugins."},
    {"targets", contextTargets, METH_NOARGS, "JSON list of targets."},
    {"target", contextTarget, METH_O, "JSON with all data of a target."},
    {"devices", contextDevices, METH_NOARGS, "JSON list of devices."},
    {"device", contextDevice, METH_O, "Opens a device by URI."},
    {"load_plugin", contextLoadPlugin, METH_O, "Loads a plugin."},
    {"explain", contextExplain, METH_O, "Long text of a diagnostic number."},
    {"cache_stats", contextCacheStats, METH_NOARGS, "JSON about the cache."},
    {"cache_verify", contextCacheVerify, METH_NOARGS, "Checks all entries."},
    {"cache_prune", contextCachePrune, METH_O, "Shrinks to so many bytes."},
    {"cache_clear", contextCacheClear, METH_NOARGS, "Removes all entries."},
    {NULL, NULL, 0, NULL}};

/*===- Device -------------------------------------------------------------===*/

static PyObject *deviceUri(PyObject *self, void *unused) {
  (void)unused;
  return textOf(tsdk_device_uri(HANDLE(self, device)));
}
static PyObject *deviceTarget(PyObject *self, void *unused) {
  (void)unused;
  return textOf(tsdk_device_target(HANDLE(self, device)));
}
static PyObject *deviceFingerprint(PyObject *self, void *unused) {
  (void)unused;
  return textOf(tsdk_device_fingerprint(HANDLE(self, device)));
}
static PyObject *deviceName(PyObject *self, void *unused) {
  char text[256];
  size_t size = sizeof text;
  tsdk_error error =
      tsdk_device_get(HANDLE(self, device), TSDK_DEVICE_NAME, text, &size);
  (void)unused;
  return error ? raiseError(error)
               : PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
}
static PyObject *deviceUnits(PyObject *self, void *unused) {
  uint32_t units = 0;
  size_t size = sizeof units;
  tsdk_error error = tsdk_device_get(HANDLE(self, device),
                                     TSDK_DEVICE_COMPUTE_UNITS, &units, &size);
  (void)unused;
  return error ? raiseError(error) : PyLong_FromUnsignedLong(units);
}
static PyObject *deviceMemory(PyObject *self, void *unused) {
  uint64_t bytes = 0;
  size_t size = sizeof bytes;
  tsdk_error error = tsdk_device_get(HANDLE(self, device),
                                     TSDK_DEVICE_MEMORY_TOTAL, &bytes, &size);
  (void)unused;
  return error ? raiseError(error) : PyLong_FromUnsignedLongLong(bytes);
}
static PyObject *deviceRepr(PyObject *self) {
  PyObject *uri = deviceUri(self, NULL);
  PyObject *text =
      uri ? PyUnicode_FromFormat("<tilesdk.Device %U>", uri) : NULL;
  Py_XDECREF(uri);
  return text;
}
static PyObject *deviceStream(PyObject *self, PyObject *args) {
  int priority = 0;
  tsdk_stream stream = NULL;
  tsdk_error error;
  if (!PyArg_ParseTuple(args, "|i:stream", &priority))
    return NULL;
  error = tsdk_stream_create(HANDLE(self, device), priority, 0, &stream);
  return error ? raiseError(error) : wrapHandle(streamType, stream);
}
static PyObject *deviceWrapStream(PyObject *self, PyObject *native) {
  uint64_t value = PyLong_AsUnsignedLongLong(native);
  tsdk_stream stream = NULL;
  tsdk_error error;
  if (PyErr_Occurred())
    return NULL;
  error = tsdk_stream_wrap(HANDLE(self, device), value, &stream);
  return error ? raiseError(error) : wrapHandle(streamType, stream);
}
static PyObject *deviceEvent(PyObject *self, PyObject *unused) {
  tsdk_event event = NULL;
  tsdk_error error = tsdk_event_create(HANDLE(self, device), 0, &event);
  (void)unused;
  return error ? raiseError(error) : wrapHandle(eventType, event);
}
static PyObject *deviceAlloc(PyObject *self, PyObject *args) {
  Py_ssize_t bytes;
  tsdk_buffer buffer = NULL;
  tsdk_error error;
  if (!PyArg_ParseTuple(args, "n:alloc", &bytes))
    return NULL;
  if (bytes < 0) {
    PyErr_SetString(PyExc_ValueError, "a buffer cannot have a negative size");
    return NULL;
  }
  error =
      tsdk_buffer_alloc(HANDLE(self, device), NULL, (size_t)bytes, 0, &buffer);
  return error ? raiseError(error) : wrapHandle(bufferType, buffer);
}
static PyGetSetDef deviceGetters[] = {
    {"uri", deviceUri, NULL, "\"cpu:0\".", NULL},
    {"target", deviceTarget, NULL, "Name of the target it is built for.", NULL},
    {"fingerprint", deviceFingerprint, NULL, "Hex digits.", NULL},
    {"name", deviceName, NULL, "Marketing name.", NULL},
    {"compute_units", deviceUnits, NULL, "Cores or SMs.", NULL},
    {"memory", deviceMemory, NULL, "Bytes.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};
static PyMethodDef deviceMethods[] = {
    {"stream", deviceStream, METH_VARARGS, "A new stream."},
    {"wrap_stream", deviceWrapStream, METH_O, "A native stream; 0: default."},
    {"event", deviceEvent, METH_NOARGS, "A new event."},
    {"alloc", deviceAlloc, METH_VARARGS, "A buffer of so many bytes."},
    {NULL, NULL, 0, NULL}};

/*===- Stream, event, buffer ----------------------------------------------===*/

static PyObject *streamSync(PyObject *self, PyObject *unused) {
  tsdk_error error;
  (void)unused;
  CALL_WITHOUT_GIL(error, tsdk_stream_sync(HANDLE(self, stream)));
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
}
static PyObject *streamQuery(PyObject *self, PyObject *unused) {
  tsdk_bool done = 0;
  tsdk_error error = tsdk_stream_query(HANDLE(self, stream), &done);
  (void)unused;
  return error ? raiseError(error) : PyBool_FromLong((long)done);
}
static PyObject *streamNative(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromUnsignedLongLong(tsdk_stream_native(HANDLE(self, stream)));
}
/** Address of a Buffer, an array or an integer. */
static int addressOf(PyObject *object, void **out, ArgScratch *scratch) {
  tsdk_arg arg;
  if (!convertArg(object, 0, &arg, scratch))
    return 0;
  if (arg.kind == TSDK_ARG_BUFFER)
    *out = tsdk_buffer_ptr((tsdk_buffer)arg.v.p);
  else if (arg.kind == TSDK_ARG_PTR || arg.kind == TSDK_ARG_INT ||
           arg.kind == TSDK_ARG_UINT)
    *out = arg.v.p;
  else {
    PyErr_SetString(PyExc_TypeError, "expected a buffer, an array or an "
                                     "address");
    return 0;
  }
  return 1;
}
static PyObject *streamCopy(PyObject *self, PyObject *args) {
  PyObject *toObject, *fromObject;
  Py_ssize_t bytes;
  void *to = NULL, *from = NULL;
  ArgScratch scratch;
  tsdk_error error = NULL;
  int known;
  scratch.textUsed = 0;
  scratch.keep = NULL;
  scratch.hostMemory = 0;
  if (!PyArg_ParseTuple(args, "OOn:copy", &toObject, &fromObject, &bytes))
    return NULL;
  known = addressOf(toObject, &to, &scratch) &&
          addressOf(fromObject, &from, &scratch);
  if (known)
    CALL_WITHOUT_GIL(error,
                     tsdk_copy(HANDLE(self, stream), to, from, (size_t)bytes));
  argScratchClear(&scratch);
  if (!known)
    return NULL;
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
}
static PyMethodDef streamMethods[] = {
    {"synchronize", streamSync, METH_NOARGS, "Waits for the stream's work."},
    {"query", streamQuery, METH_NOARGS, "Whether the work is done."},
    {"copy", streamCopy, METH_VARARGS,
     "copy(to, from, nbytes): buffers, arrays or addresses; asynchronous."},
    {NULL, NULL, 0, NULL}};
static PyGetSetDef streamGetters[] = {
    {"native", streamNative, NULL, "The native stream.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyObject *eventRecord(PyObject *self, PyObject *streamObject) {
  tsdk_stream stream = handleOf(streamObject, streamType, 1);
  tsdk_error error;
  if (PyErr_Occurred())
    return NULL;
  error = tsdk_event_record(HANDLE(self, event), stream);
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
}
static PyObject *eventSync(PyObject *self, PyObject *unused) {
  tsdk_error error;
  (void)unused;
  CALL_WITHOUT_GIL(error, tsdk_event_sync(HANDLE(self, event)));
  if (error)
    return raiseError(error);
  Py_RETURN_NONE;
}
static PyObject *eventElapsed(PyObject *self, PyObject *later) {
  tsdk_event to = handleOf(later, eventType, 0);
  uint64_t nanoseconds = 0;
  tsdk_error error;
  if (!to)
    return NULL;
  error = tsdk_event_elapsed(HANDLE(self, event), to, &nanoseconds);
  return error ? raiseError(error) : PyLong_FromUnsignedLongLong(nanoseconds);
}
static PyMethodDef eventMethods[] = {
    {"record", eventRecord, METH_O, "Puts the event behind a stream's work."},
    {"synchronize", eventSync, METH_NOARGS, "Waits for the event."},
    {"elapsed_ns", eventElapsed, METH_O, "Time to a later event."},
    {NULL, NULL, 0, NULL}};

static PyObject *bufferPtr(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromVoidPtr(tsdk_buffer_ptr(HANDLE(self, buffer)));
}
static PyObject *bufferSize(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromSize_t(tsdk_buffer_size(HANDLE(self, buffer)));
}
static PyGetSetDef bufferGetters[] = {
    {"ptr", bufferPtr, NULL, "The device address.", NULL},
    {"nbytes", bufferSize, NULL, "Size in bytes.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

/*===- Program ------------------------------------------------------------===*/

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

/*===- Types --------------------------------------------------------------===*/

static PyTypeObject *makeType(PyObject *module, const char *name,
                              newfunc create, PyMethodDef *methods,
                              PyGetSetDef *getters, const char *doc,
                              reprfunc repr, unsigned extraFlags) {
  PyType_Slot slots[8];
  PyType_Spec spec;
  PyObject *type;
  int used = 0;
  memset(slots, 0, sizeof slots);
  slots[used].slot = Py_tp_dealloc;
  slots[used++].pfunc = (void *)handleDealloc;
  slots[used].slot = Py_tp_doc;
  slots[used++].pfunc = (void *)(uintptr_t)doc;
  if (create) {
    slots[used].slot = Py_tp_new;
    slots[used++].pfunc = (void *)create;
  }
  if (methods) {
    slots[used].slot = Py_tp_methods;
    slots[used++].pfunc = methods;
  }
  if (getters) {
    slots[used].slot = Py_tp_getset;
    slots[used++].pfunc = getters;
  }
  if (repr) {
    slots[used].slot = Py_tp_repr;
    slots[used++].pfunc = (void *)repr;
  }
  spec.name = name;
  spec.basicsize = sizeof(HandleObject);
  spec.itemsize = 0;
  spec.flags = Py_TPFLAGS_DEFAULT | extraFlags |
               (create ? 0 : Py_TPFLAGS_DISALLOW_INSTANTIATION);
  spec.slots = slots;
  type = PyType_FromSpec(&spec);
  if (!type || PyModule_AddObjectRef(module, strrchr(name, '.') + 1, type)) {
    Py_XDECREF(type);
    return NULL;
  }
  return (PyTypeObject *)type;
}

static PyMethodDef functions[] = {
    {"program_from_ir", programFromIr, METH_VARARGS,
     "program_from_ir(context, stage, ir): a program from IR."},
    {NULL, NULL, 0, NULL}};

int initObjects(PyObject *module) {
  contextType = makeType(module, "tilesdk.Context", contextNew, contextMethods,
                         NULL, "Plugins, cache and settings.", NULL, 0);
  deviceType = makeType(module, "tilesdk.Device", NULL, deviceMethods,
                        deviceGetters, "A device.", deviceRepr, 0);
  streamType = makeType(module, "tilesdk.Stream", NULL, streamMethods,
                        streamGetters, "An ordered queue of work.", NULL, 0);
  eventType = makeType(module, "tilesdk.Event", NULL, eventMethods, NULL,
                       "A point in a stream.", NULL, 0);
  bufferType = makeType(module, "tilesdk.Buffer", NULL, NULL, bufferGetters,
                        "Memory of a device.", NULL, 0);
  programType =
      makeType(module, "tilesdk.Program", programNew, programMethods, NULL,
               "Parsed kernel source.", NULL, Py_TPFLAGS_BASETYPE);
  variantType = makeType(module, "tilesdk._Variant", NULL, variantMethods, NULL,
                         "A specialised kernel.", NULL, 0);
  return contextType && deviceType && streamType && eventType && bufferType &&
                 programType && variantType
             ? PyModule_AddFunctions(module, functions)
             : -1;
}
