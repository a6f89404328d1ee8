//===- compile.h - One build from its first stage to its last ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"

#include "core/frontend/frontend.h"

namespace tilesdk::compiler {

struct Program {
  explicit Program(const frontend::ProgramSource &source) : parsed(source) {}
  frontend::ParsedProgram parsed;
};

tsdk_code compileKernel(const CompileInput &input, const Sink &sink);

} // namespace tilesdk::compiler
