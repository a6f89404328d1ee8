//===- buffers.h - Tensors in shared memory, thread by thread ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

/// Where the elements of a distributed tensor lie in a buffer.
class BufferAccess {
public:
  /// \p buffer is a !simt.shared, \p tensor the layout of a tensor of its
  /// shape. Emits an error at \p op and is not valid when it cannot be done.
  BufferAccess(SimtEngine &e, Value buffer, const layout::Layout &tensor,
               Operation *op);

  bool isValid() const { return table != nullptr; }
  /// Calls \p fn with the address and the registers of each access of at most
  /// \p maxBytes; those of one access lie one after the other. Copies in
  /// registers are left out.
  void
  visit(unsigned maxBytes,
        llvm::function_ref<void(Value address, ArrayRef<unsigned>)> fn) const;
  /// The same for what a warp copies: lanes follow each other, and the address
  /// is the first lane's.
  void visitWarps(
      unsigned bytes,
      llvm::function_ref<void(Value address, ArrayRef<unsigned>)> fn) const;
  /// Loads, or stores if \p stores, by the matrix row of the target that moves
  /// most at once. Calls \p fn with the address that each lane gives, the row,
  /// and the registers of one access, in order. False: no row fits, nothing was
  /// called.
  bool visitMatrices(
      bool stores,
      llvm::function_ref<void(Value address, const target::SharedRow &,
                              ArrayRef<unsigned>)>
          fn) const;
  /// Register, lane and warp to the offset in elements.
  const LayoutTable *table = nullptr;

private:
  void
  visit(unsigned maxBytes, const ThreadMap &thread,
        llvm::function_ref<void(Value address, ArrayRef<unsigned>)> fn) const;

  SimtEngine &e;
  Value base;
  uint64_t start = 0; ///< Of a part of a buffer: XOR to the offset.
  unsigned bytes = 1;
};

} // namespace tilesdk::lowering
