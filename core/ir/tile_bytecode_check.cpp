//===- tile_bytecode_check.cpp - Bounds on bytecode -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Its sections, strings, dialects and operations. Attributes and types are
// checked in bytecode_entries.cpp.
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_bytecode_check.h"
#include "core/ir/bytecode_checker.h"

using namespace mlir;
namespace section = mlir::bytecode::Section;
namespace op_mask = mlir::bytecode::OpEncodingMask;

namespace tilesdk::tile {

bool BytecodeChecker::run(StringRef bytes) {
  return readSections(bytes) && checkStrings() && checkDialects() &&
         readEntries() && checkTypes() && checkAttributes() &&
         checkReferences() && checkIr();
}

//===----------------------------------------------------------------------===//
// Sections
//===----------------------------------------------------------------------===//

bool BytecodeChecker::readSection(BytecodeCursor &cursor, unsigned &id,
                                  StringRef &data) {
  uint8_t tag = cursor.byte();
  data = cursor.bytes(cursor.varint());
  id = tag;
  if (cursor.failed() || tag >= section::kNumSections)
    return fail("a section is cut off or unknown");
  return true;
}

bool BytecodeChecker::readSections(StringRef bytes) {
  BytecodeCursor cursor(bytes.drop_front(4));
  uint64_t version = cursor.varint();
  cursor.cString();
  if (cursor.failed())
    return fail("the header is cut off");
  if (version != containerVersion)
    return fail("it has version " + Twine(version) +
                " of MLIR's container; tile IR is kept in version " +
                Twine(containerVersion) + ", which --emit-bytecode-version=" +
                Twine(containerVersion) + " writes");
  while (!cursor.atEnd()) {
    unsigned id;
    StringRef data;
    if (!readSection(cursor, id, data))
      return false;
    // MLIR writes an empty table of resources.
    bool isUnused = id == section::kProperties ||
                    id == section::kDialectVersions ||
                    (id == section::kResource && !data.empty()) ||
                    (id == section::kResourceOffset && data != "\x01");
    if (isUnused)
      return fail("it has a section that tile IR does not use");
    if (sections[id].data())
      return fail("a section occurs twice");
    sections[id] = data;
  }
  for (unsigned id : {section::kString, section::kDialect, section::kAttrType,
                      section::kAttrTypeOffset, section::kIR})
    if (!sections[id].data())
      return fail("a section is missing");
  return true;
}

bool BytecodeChecker::checkStrings() {
  BytecodeCursor cursor(sections[section::kString]);
  uint64_t count = cursor.count();
  SmallVector<uint64_t> sizes;
  for (uint64_t i = 0; i < count; ++i)
    sizes.push_back(cursor.varint());
  // Sizes stand in reverse order, texts in order, each with its zero byte.
  for (uint64_t size : llvm::reverse(sizes)) {
    StringRef text = cursor.bytes(size);
    if (cursor.failed() || text.empty() || text.back() != '\0')
      return fail("a string is cut off");
    strings.push_back(text.drop_back());
  }
  return (!cursor.failed() && cursor.atEnd()) || fail("strings are damaged");
}

bool BytecodeChecker::checkDialects() {
  BytecodeCursor cursor(sections[section::kDialect]);
  uint64_t count = cursor.count();
  for (uint64_t i = 0; i < count && !cursor.failed(); ++i) {
    uint64_t nameAndFlag = cursor.index(strings.size() * 2);
    if (cursor.failed())
      break;
    dialects.push_back(strings[nameAndFlag / 2]);
    unsigned id;
    StringRef data;
    if ((nameAndFlag & 1) &&
        (!readSection(cursor, id, data) || id != section::kDialectVersions))
      return fail("the version of a dialect is damaged");
  }
  while (!cursor.failed() && !cursor.atEnd()) {
    cursor.index(dialects.size());
    for (uint64_t names = cursor.count(); names != 0; --names, ++numOpNames)
      cursor.index(strings.size());
  }
  return !cursor.failed() || fail("the names of operations are damaged");
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

bool BytecodeChecker::checkIr() {
  BytecodeCursor cursor(sections[section::kIR]);
  uint64_t numValues = 0;
  if (!checkBlock(cursor, numValues, 0))
    return false;
  return (!cursor.failed() && cursor.atEnd()) ||
         fail("the operations are cut off");
}

bool BytecodeChecker::checkBlock(BytecodeCursor &cursor, uint64_t &numValues,
                                 unsigned depth) {
  if (depth > maxNesting)
    return fail("regions are nested deeper than " + Twine(maxNesting));
  uint64_t opsAndFlag = cursor.varint();
  if (opsAndFlag & 1) {
    uint64_t count = cursor.count(2);
    numValues += count;
    for (; count != 0; --count) {
      cursor.index(types.size());
      cursor.index(numAttrs);
    }
  }
  for (uint64_t left = opsAndFlag >> 1; left != 0; --left)
    if (!checkOp(cursor, numValues, depth))
      return false;
  return true;
}

bool BytecodeChecker::checkOp(BytecodeCursor &cursor, uint64_t &numValues,
                              unsigned depth) {
  cursor.index(numOpNames);
  uint8_t mask = cursor.byte();
  cursor.index(numAttrs);
  if (mask & ~(op_mask::kHasAttrs | op_mask::kHasResults |
               op_mask::kHasOperands | op_mask::kHasInlineRegions))
    return fail("an operation has parts that tile IR does not use");
  if (mask & op_mask::kHasAttrs)
    cursor.index(numAttrs);
  if (mask & op_mask::kHasResults) {
    uint64_t count = cursor.count();
    numValues += count;
    for (; count != 0; --count)
      cursor.index(types.size());
  }
  // Which values there are is known to MLIR's reader, and checked by it.
  if (mask & op_mask::kHasOperands)
    for (uint64_t count = cursor.count(); count != 0; --count)
      cursor.varint();
  if (cursor.failed())
    return fail("an operation is cut off");
  if (!(mask & op_mask::kHasInlineRegions))
    return true;

  uint64_t regionsAndFlag = cursor.varint();
  uint64_t count = regionsAndFlag >> 1;
  // No op of tile IR has more than a few.
  if (count > 8)
    return fail("an operation has too many regions");
  if (count == 0 || !(regionsAndFlag & 1))
    return checkRegions(cursor, count, depth);
  // Regions that see no outer values stand in a section of their own.
  unsigned id;
  StringRef data;
  if (!readSection(cursor, id, data) || id != section::kIR)
    return fail("a region is cut off");
  BytecodeCursor inner(data);
  return checkRegions(inner, count, depth) &&
         ((!inner.failed() && inner.atEnd()) || fail("a region is cut off"));
}

bool BytecodeChecker::checkRegions(BytecodeCursor &cursor, uint64_t count,
                                   unsigned depth) {
  for (; count != 0; --count) {
    uint64_t numBlocks = cursor.varint();
    if (cursor.failed())
      return fail("a region is cut off");
    if (numBlocks == 0)
      continue;
    if (numBlocks != 1)
      return fail("a region has several blocks; tile IR has structured "
                  "control flow");
    uint64_t stated = cursor.varint(), defined = 0;
    if (!checkBlock(cursor, defined, depth + 1))
      return false;
    if (stated != defined)
      return fail("a region defines another number of values than it says");
  }
  return true;
}

std::optional<std::string> checkBytecode(llvm::StringRef bytes,
                                         MLIRContext &context,
                                         unsigned maxNesting) {
  BytecodeChecker checker(context, maxNesting);
  if (checker.run(bytes))
    return std::nullopt;
  return checker.problem;
}

} // namespace tilesdk::tile
