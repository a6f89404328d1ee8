//===- shared_accesses.h - Bank cycles of what was emitted ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Counts the accesses to shared memory in the code of one thread (stage `llvm`)
// by evaluating their addresses for every lane of every warp, with the phases
// and banks of the machine. It is the model of conflicts applied to the code
// itself: whatever a plan said, this is what the machine is asked to do.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/Support/JSON.h"

#include <cstdint>
#include <string>
#include <vector>

namespace llvm {
class Function;
} // namespace llvm
namespace tilesdk::target {
class Machine;
} // namespace tilesdk::target

namespace tilesdk::compiler {

struct SharedAccess {
  unsigned line = 0; ///< Of the kernel's source; 0: unknown.
  std::string file;  ///< Where it is not that of the kernel.
  bool isStore = false, isMatrix = false;
  uint32_t bytes = 0; ///< A lane, or a row of a matrix access.
  /// All warps of a program, executed once.
  uint64_t instructions = 0, wavefronts = 0, conflicts = 0;
  /// Of the loops around it; 0: not known.
  uint64_t executions = 1;
};

struct SharedAccesses {
  std::vector<SharedAccess> list;
  /// Accesses whose addresses depend on data.
  unsigned dynamic = 0;

  llvm::json::Object toJson() const;
};

SharedAccesses countSharedAccesses(llvm::Function &function,
                                   const target::Machine &machine,
                                   uint32_t warps);

} // namespace tilesdk::compiler
