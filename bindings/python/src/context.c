/*===- context.c - A context: plugins, targets, devices, cache ------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

#include <stdio.h>
#include <string.h>

void writeLog(void *user, int32_t level, tsdk_str message) {
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

int initContext(PyObject *module) {
  contextType = makeType(module, "tilesdk.Context", contextNew, contextMethods,
                         NULL, "Plugins, cache and settings.", NULL, 0);
  return contextType ? 0 : -1;
}
