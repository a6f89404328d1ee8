//===- bytecode_checker.h - The parts of checkBytecode ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/bytecode_cursor.h"

#include "mlir/Bytecode/Encoding.h"
#include "mlir/IR/Types.h"

#include "llvm/ADT/SmallVector.h"

#include <vector>

namespace tilesdk::tile {

/// One run over a file of bytecode, before MLIR's reader may see it.
class BytecodeChecker {
public:
  BytecodeChecker(mlir::MLIRContext &context, unsigned maxNesting)
      : context(context), maxNesting(maxNesting) {}

  /// Whether MLIR's reader may have it; otherwise `problem` says why not.
  bool run(llvm::StringRef bytes);

  std::string problem;

private:
  /// One attribute or type: its bytes, and what it refers to.
  struct Entry {
    llvm::StringRef dialect;
    llvm::StringRef data;
    bool hasCustomEncoding = false;
    llvm::SmallVector<uint32_t, 2> references;
  };

  bool fail(const llvm::Twine &what) {
    if (problem.empty())
      problem = what.str();
    return false;
  }

  // Sections.

  /// One section: its number and its data. Alignment serves resources only.
  bool readSection(BytecodeCursor &cursor, unsigned &id, llvm::StringRef &data);
  bool readSections(llvm::StringRef bytes);
  bool checkStrings();
  bool checkDialects();

  // Attributes and types.

  bool readEntries();
  void attrRef(BytecodeCursor &cursor, Entry &entry);
  uint64_t typeRef(BytecodeCursor &cursor, Entry &entry);
  void attrRefs(BytecodeCursor &cursor, Entry &entry);
  void typeRefs(BytecodeCursor &cursor, Entry &entry);
  /// An entry kept as text, which goes through MLIR's parser.
  bool checkText(const Entry &entry, llvm::StringRef &text);
  bool checkTypes();
  bool checkScalarType(uint64_t code, size_t index, Entry &entry,
                       BytecodeCursor &cursor);
  mlir::Type float8(llvm::StringRef text);
  bool checkAttributes();
  bool checkBuiltinAttribute(uint64_t code, Entry &entry,
                             BytecodeCursor &cursor);
  /// The value has as many bytes as its type says.
  bool checkNumber(bool isFloat, Entry &entry, BytecodeCursor &cursor);
  bool checkDenseArray(Entry &entry, BytecodeCursor &cursor);
  bool checkDenseElements(Entry &entry, BytecodeCursor &cursor);
  /// No circles, and no chains longer than the limit.
  bool checkReferences();

  // Operations.

  bool checkIr();
  /// \p numValues is raised by the values that the block defines itself.
  bool checkBlock(BytecodeCursor &cursor, uint64_t &numValues, unsigned depth);
  bool checkOp(BytecodeCursor &cursor, uint64_t &numValues, unsigned depth);
  bool checkRegions(BytecodeCursor &cursor, uint64_t count, unsigned depth);

  mlir::MLIRContext &context;
  unsigned maxNesting;
  llvm::StringRef sections[mlir::bytecode::Section::kNumSections];
  std::vector<llvm::StringRef> strings, dialects;
  uint64_t numOpNames = 0;
  /// Attributes, then types.
  std::vector<Entry> entries;
  uint64_t numAttrs = 0;
  /// What is needed to know sizes: numbers and tensors of them, null for
  /// others.
  std::vector<mlir::Type> types;
};

} // namespace tilesdk::tile
