//===- copy_scopes.h - Copies that accesses do not wait for -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace tilesdk::compiler {

/// Says that asynchronous copies and accesses to shared memory do not meet:
/// waits and barriers are there where they would. A code generator that orders
/// them by itself would make each access wait for all copies that are under
/// way.
void separateCopies(llvm::Module &module);

} // namespace tilesdk::compiler
