//===- target.h - A SIMT machine, as passes read it -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tables of tilesdk_plugin.h, read once, checked, with layouts parsed. A
// pass never sees the C structs, nor the name of a vendor: what differs from
// one machine to the next is a value here or a function of the device library.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/conversion.h"
#include "tilesdk/tilesdk_plugin.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::target {

/// A matrix instruction. Layouts map (register, lane, warp) to (row, column).
struct MatrixRow {
  std::string name;
  std::string leftType, rightType, resultType;
  /// Of one instruction of the smallest n. Empty layouts (no dimensions) when
  /// the operand is in shared memory only.
  layout::Layout left, right, result;
  uint32_t m = 0, n = 0, k = 0;
  uint32_t nStep = 0, nMax = 0;
  uint32_t warps = 1;
  bool leftInRegisters = true, rightInRegisters = true;
  bool leftInShared = false, rightInShared = false;
  bool isAsync = false, isSigned = false;
  bool flushes = false; ///< Subnormal operands count as 0.
  /// A warp does nothing else until it is done.
  bool isBlocking = false;
  uint32_t issueCycles = 1, latencyCycles = 1;

  /// Whether one instruction of width \p width exists.
  bool hasWidth(uint32_t width) const;
  /// The largest width that divides \p columns; 0: none.
  uint32_t widestFor(uint64_t columns) const;
  /// The result's layout for an instruction of \p width.
  layout::Layout resultFor(uint32_t width) const;
  layout::Layout rightFor(uint32_t width) const;
  /// The same instruction as one that makes the transposed product, of operands
  /// that have changed places: its left operand is this one's right,
  /// transposed. Operands are in registers.
  MatrixRow transposed() const;
  /// Elements next to each other along k that a lane has of both operands in
  /// its first registers.
  uint32_t run() const;
  /// \p pack instructions whose steps of k are interleaved, so that a lane has
  /// pack * run() neighbours: where along k the step \p k of number \p which
  /// lies.
  uint32_t interleavedK(uint32_t k, uint32_t which, uint32_t pack) const {
    return k % run() + run() * which + k / run() * run() * pack;
  }
};

struct SharedRow {
  std::string name;
  bool isMatrix = false, isStore = false, isTransposed = false;
  uint32_t bytes = 4, elementBytes = 4, rows = 0;
  std::vector<std::vector<uint32_t>> phases;
  layout::Layout layout; ///< Matrix rows only.
  uint32_t issueCycles = 1, latencyCycles = 1;
};

struct SharedFormat {
  std::string name;
  uint32_t rowBytes = 0, atomRows = 8, chunkCount = 1, rowShift = 1;
  uint32_t alignment = 16;

  /// offset (in elements) -> (row, column) of `rows` x `columns` elements, the
  /// columns contiguous in memory, atoms in the order: all rows of the first
  /// rowBytes of columns, then the next. Fails when the format does not tile
  /// it.
  layout::Result<layout::Layout> layoutOf(uint32_t elementBytes, uint64_t rows,
                                          uint64_t columns) const;
};

struct AsyncRow {
  std::string name;
  enum Issuer { Lane = 1, Warp = 2, Thread = 3 } issuer = Lane;
  enum Completion { Group = 1, Barrier = 2, Counter = 3 } completion = Group;
  uint32_t bytes = 0, maxPending = 0, maxRank = 0, maxBox = 0;
  bool zeroFill = false, needsFence = false;
  uint32_t issueCycles = 1, latencyCycles = 1;

  /// Issued by a warp as a whole, completed by a count of copies.
  bool isByWarps() const { return issuer == Warp && completion == Counter; }
};

/// Everything passes may ask of a SIMT target. Immutable and shared between
/// threads.
class Machine {
public:
  /// Reads and verifies. Fails with the row, the field and the reason: layouts
  /// onto and, where they must be, one to one; sizes that agree with m, n, k
  /// and the warp; types that exist; names that are unique; phases that hold
  /// every lane once.
  static layout::Result<Machine> read(const tsdk_machine &machine,
                                      const tsdk_codegen &codegen);

  uint32_t features = 0;
  uint32_t warpSize = 32, maxWarps = 32, maxRegisters = 255, registers = 65536;
  uint32_t multiprocessorThreads = 0, sharedBytes = 0;
  uint32_t multiprocessorSharedBytes = 0;
  uint32_t banks = 32, bankBytes = 4;
  uint32_t warpGroupWarps = 0, namedBarriers = 0;
  uint32_t registerGranule = 0, registerMin = 0, registerMax = 0;
  uint32_t maxVectorBytes = 16, coalesceBytes = 128;
  uint32_t barrierCycles = 20, globalCycles = 500;
  /// Instructions of warps that start in a cycle.
  uint32_t warpIssue = 1;
  std::vector<MatrixRow> matrix;
  std::vector<SharedRow> shared;
  std::vector<SharedFormat> formats;
  std::vector<AsyncRow> async;

  /// Codegen facts that lowering needs.
  bool parametersInArray = false, hasChecks = false;
  uint32_t callingConvention = 0;
  std::string kernelAttributes, moduleFlags;
  std::string programScope, deviceScope, systemScope;
  /// Constraint letters of i16, i32, i64, f32, f64, predicate.
  std::vector<std::string> constraints;

  /// Whether warps issue asynchronous copies, which are counted one by one.
  bool countsCopies() const;
  bool has(uint32_t feature) const { return features & feature; }
  const MatrixRow *matrixRow(std::string_view name) const;
  const SharedFormat *format(std::string_view name) const;
  const AsyncRow *asyncRow(std::string_view name) const;
  /// Whether neighbouring phases may be one (SharedAccess::mergesPairs).
  bool mergesPairs(const SharedRow &row) const;
  /// What core/layout needs to plan an exchange of elements of \p elementBytes:
  /// the plain rows of `shared`, shuffles and costs.
  layout::ConversionMachine conversion(uint32_t elementBytes) const;

private:
  uint32_t shuffleBytes = 4, shuffleCycles = 2, selectCycles = 1;
  uint32_t sharedCycles = 1, sharedIssueCycles = 2;
};

} // namespace tilesdk::target
