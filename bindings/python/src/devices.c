/*===- devices.c - Devices, streams, events and buffers -------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

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

/*===- Stream -------------------------------------------------------------===*/

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
  argScratchInit(&scratch);
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

/*===- Event, buffer ------------------------------------------------------===*/

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

int initDevices(PyObject *module) {
  deviceType = makeType(module, "tilesdk.Device", NULL, deviceMethods,
                        deviceGetters, "A device.", deviceRepr, 0);
  streamType = makeType(module, "tilesdk.Stream", NULL, streamMethods,
                        streamGetters, "An ordered queue of work.", NULL, 0);
  eventType = makeType(module, "tilesdk.Event", NULL, eventMethods, NULL,
                       "A point in a stream.", NULL, 0);
  bufferType = makeType(module, "tilesdk.Buffer", NULL, NULL, bufferGetters,
                        "Memory of a device.", NULL, 0);
  return deviceType && streamType && eventType && bufferType ? 0 : -1;
}
