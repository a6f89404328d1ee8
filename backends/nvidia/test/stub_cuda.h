//===- stub_cuda.h - A CUDA driver of ours for tests ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libcuda.so.1 without a device: it checks its callers as the real one does
// (current context, live handles, captures), logs calls and fails as told.
// Copies and fills happen at once, kernels are only counted. Used through
// TILESDK_CUDA_LIBRARY; told what to be by variables, read by stubReset and
// when loaded:
//
//   STUB_CUDA_DEVICES       number of devices, 1
//   STUB_CUDA_VERSION       of the driver, 12080
//   STUB_CUDA_CAPABILITY    times ten, 90
//   STUB_CUDA_MEMORY        of a device in MiB, 1024
//   STUB_CUDA_POOLS         0: no memory pools
//   STUB_CUDA_PAGEABLE      1: kernels reach all memory of the process
//   STUB_CUDA_MISSING       functions it lacks: "cuLaunchKernelEx,..."
//   STUB_CUDA_FAIL          "cuLaunchKernel=700": all calls give 700;
//                           "cuLaunchKernel=700@2": the second does
//   STUB_CUDA_BUSY          1: queries say that work is not done
//   STUB_CUDA_QUIET         1: the linker says nothing of what it made
//   STUB_CUDA_REGISTERS, STUB_CUDA_LOCAL, STUB_CUDA_SHARED,
//   STUB_CUDA_MAX_THREADS   of functions: 32, 0, 0, 1024
//   STUB_CUDA_LOG           file that calls are appended to
//
// An injected fault of a kernel (700, 714 to 719) stays: all later calls fail
// with it.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>

extern "C" {
/// Reads the variables again and forgets log, faults and counts.
void stubReset();
/// All calls since, one a line: "cuStreamDestroy". Launches have their numbers.
const char *stubLog();
/// Objects that were made and not destroyed, text like "stream 1, event 2".
const char *stubLive();
/// How often the kernel has run, by graphs too.
int stubRuns(const char *kernel);
/// A function of the driver by its name, for what somebody else may do.
void *stubFind(const char *name);
}
