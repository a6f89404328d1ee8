/*===- kernel.h - What kernels and their launch share ---------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#ifndef TILESDK_PYTHON_KERNEL_H
#define TILESDK_PYTHON_KERNEL_H

#include "binding.h"

enum { MaxArgs = 128, MaxOptions = 64 };

typedef struct {
  PyObject_HEAD tsdk_kernel handle;
  PyObject *names;    /**< Tuple of interned parameter names. */
  PyObject *defaults; /**< Dict for callable grids. */
  unsigned char *constexprs;
  Py_ssize_t count;
} KernelObject;

/** Whether the kernel has its handle, which the first use brings. 0 with an
 *  exception set. */
int kernelLoaded(KernelObject *self);

/** kernel[grid]: what launches. */
PyObject *kernelSubscript(PyObject *object, PyObject *grid);

/** _variant(*args, **kwargs): the variant a launch would use, built. */
PyObject *kernelVariant(PyObject *object, PyObject *const *args,
                        Py_ssize_t nargs, PyObject *kwnames);

int initLaunch(void);

#endif
