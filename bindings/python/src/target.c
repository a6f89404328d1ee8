/*===- target.c - The device and stream that launches use -----------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "binding.h"

/** What launches use: (device, stream or None); one for the process, and one
 *  per thread inside of tilesdk.using(). */
static PyObject *processTarget;
static PyObject *targetFactory;
static long overrides;
static PyObject *nameTarget;

PyObject *currentTarget(void) {
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

static PyMethodDef functions[] = {
    {"set_target", setTarget, METH_O, NULL},
    {"swap_thread_target", swapThreadTarget, METH_O, NULL},
    {"set_target_factory", setTargetFactory, METH_O, NULL},
    {"get_target", getTarget, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}};

int initTarget(PyObject *module) {
  nameTarget = PyUnicode_InternFromString("tilesdk.target");
  return nameTarget ? PyModule_AddFunctions(module, functions) : -1;
}
