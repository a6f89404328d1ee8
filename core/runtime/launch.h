//===- launch.h - Typed and raw launches ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/build.h"
#include "core/runtime/device.h"
#include "core/runtime/program.h"
#include "tilesdk/tilesdk.h"

namespace tilesdk::runtime {

/// The native stream of a launch. `stream` is that of the description, looked
/// up, or null.
Error streamOf(const tsdk_launch_desc &desc, const Stream *stream,
               const Device &device, uint64_t *out);

/// Typed launch; with `out` nothing is launched and the variant is given.
Error launchKernel(Kernel &kernel, Device &device, const tsdk_launch_desc &desc,
                   uint64_t stream, const tsdk_arg *args, size_t numArgs,
                   Ref<Variant> *out);

Error launchVariant(Variant &variant, Device &device,
                    const tsdk_launch_desc &desc, uint64_t stream,
                    void *const *params, size_t numParams);

} // namespace tilesdk::runtime
