//===- tile_bytecode_check.cpp - Bounds on bytecode -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_bytecode_check.h"
#include "core/ir/bytecode_cursor.h"
#include "core/ir/tile_text_scan.h"

#include "mlir/Bytecode/Encoding.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSwitch.h"

#include <vector>

using namespace mlir;
namespace section = mlir::bytecode::Section;
namespace op_mask = mlir::bytecode::OpEncodingMask;

namespace tilesdk::tile {
namespace {

// Codes of the builtin dialect's encodings, frozen by MLIR.
enum BuiltinAttr : uint64_t {
  Array = 0,
  Dictionary,
  String,
  StringWithType,
  FlatSymbolRef,
  SymbolRef,
  TypeAttribute,
  Unit,
  Integer,
  Float,
  CallSite,
  FileLineColumn,
  Fused,
  FusedWithMetadata,
  Name,
  Unknown,
  DenseArray = 17,
  DenseIntOrFloat = 18,
  FileLineColumnRange = 22,
};
enum BuiltinType : uint64_t {
  IntegerT = 0,
  IndexT,
  FunctionT,
  BFloat16T,
  Float16T,
  Float32T,
  Float64T,
  NoneT = 12,
  RankedTensorT = 13,
};

/// One attribute or type: its bytes, and what it refers to.
struct Entry {
  StringRef dialect;
  StringRef data;
  bool hasCustomEncoding = false;
  SmallVector<uint32_t, 2> references;
};

class Checker {
public:
  Checker(MLIRContext &context, unsigned maxNesting)
      : context(context), maxNesting(maxNesting) {}

  bool run(StringRef bytes) {
    return readSections(bytes) && checkStrings() && checkDialects() &&
           readEntries() && checkTypes() && checkAttributes() &&
           checkReferences() && checkIr();
  }

  std::string problem;

private:
  bool fail(const Twine &what) {
    if (problem.empty())
      problem = what.str();
    return false;
  }

  //===--------------------------------------------------------------------===//
  // Sections
  //===--------------------------------------------------------------------===//

  /// One section: its number and its data. Alignment serves resources only.
  bool readSection(BytecodeCursor &cursor, unsigned &id, StringRef &data) {
    uint8_t tag = cursor.byte();
    data = cursor.bytes(cursor.varint());
    id = tag;
    if (cursor.failed() || tag >= section::kNumSections)
      return fail("a section is cut off or unknown");
    return true;
  }

  bool readSections(StringRef bytes) {
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

  bool checkStrings() {
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

  bool checkDialects() {
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

  //===--------------------------------------------------------------------===//
  // Attributes and types
  //===--------------------------------------------------------------------===//

  bool readEntries() {
    BytecodeCursor sizes(sections[section::kAttrTypeOffset]);
    BytecodeCursor contents(sections[section::kAttrType]);
    numAttrs = sizes.count();
    uint64_t numTypes = sizes.count();
    entries.resize(numAttrs + numTypes);
    // Groups of one dialect; none goes from attributes over to types.
    for (size_t next = 0; next < entries.size() && !sizes.failed();) {
      size_t end = next < numAttrs ? numAttrs : entries.size();
      uint64_t dialect = sizes.index(dialects.size());
      uint64_t group = sizes.count();
      if (sizes.failed() || group > end - next)
        return fail("the table of attributes and types is damaged");
      for (; group != 0; --group, ++next) {
        uint64_t sizeAndFlag = sizes.varint();
        Entry &entry = entries[next];
        entry.dialect = dialects[dialect];
        entry.hasCustomEncoding = sizeAndFlag & 1;
        entry.data = contents.bytes(sizeAndFlag >> 1);
      }
    }
    if (sizes.failed() || !sizes.atEnd() || contents.failed() ||
        !contents.atEnd())
      return fail("the table of attributes and types is damaged");
    types.resize(numTypes);
    return true;
  }

  void attrRef(BytecodeCursor &cursor, Entry &entry) {
    entry.references.push_back(cursor.index(numAttrs));
  }
  uint64_t typeRef(BytecodeCursor &cursor, Entry &entry) {
    uint64_t index = cursor.index(types.size());
    entry.references.push_back(numAttrs + index);
    return index;
  }
  void attrRefs(BytecodeCursor &cursor, Entry &entry) {
    for (uint64_t count = cursor.count(); count != 0; --count)
      attrRef(cursor, entry);
  }
  void typeRefs(BytecodeCursor &cursor, Entry &entry) {
    for (uint64_t count = cursor.count(); count != 0; --count)
      typeRef(cursor, entry);
  }

  /// An entry kept as text, which goes through MLIR's parser.
  bool checkText(const Entry &entry, StringRef &text) {
    BytecodeCursor cursor(entry.data);
    text = cursor.cString();
    if (cursor.failed() || !cursor.atEnd())
      return fail("the text of an attribute or type is cut off");
    if (auto found = scanIrText(text, maxNesting))
      return fail(found->message);
    return true;
  }

  bool checkTypes() {
    // Scalars first: a tensor may stand in front of its element type.
    SmallVector<std::tuple<size_t, SmallVector<int64_t>, uint64_t>> tensors;
    for (size_t index = 0; index < types.size(); ++index) {
      Entry &entry = entries[numAttrs + index];
      if (!entry.hasCustomEncoding) {
        StringRef text;
        if (!checkText(entry, text))
          return false;
        types[index] = float8(text);
        continue;
      }
      BytecodeCursor cursor(entry.data);
      uint64_t code = cursor.varint();
      if (entry.dialect == "tile") {
        typeRef(cursor, entry);
        cursor.varint();
      } else if (entry.dialect != "builtin") {
        return fail("a type of an unknown dialect");
      } else if (code == RankedTensorT) {
        SmallVector<int64_t> shape;
        for (uint64_t rank = cursor.count(); rank != 0; --rank) {
          // Zigzag: even numbers are not negative.
          uint64_t extent = cursor.varint();
          if ((extent & 1) || extent >> 33)
            return fail("a tensor has an extent out of range");
          shape.push_back(extent >> 1);
        }
        tensors.emplace_back(index, shape, typeRef(cursor, entry));
      } else if (!checkScalarType(code, index, entry, cursor)) {
        return false;
      }
      if (cursor.failed() || !cursor.atEnd())
        return fail("a type is damaged");
    }
    for (auto &[index, shape, element] : tensors)
      if (types[element] && !isa<RankedTensorType>(types[element]))
        types[index] = RankedTensorType::get(shape, types[element]);
    return true;
  }

  bool checkScalarType(uint64_t code, size_t index, Entry &entry,
                       BytecodeCursor &cursor) {
    switch (code) {
    case IntegerT: {
      uint64_t widthAndSign = cursor.varint();
      if (widthAndSign >> 2 == 0 || widthAndSign >> 2 > 64 ||
          (widthAndSign & 3) == 3)
        return fail("an integer type has a width or sign out of range");
      types[index] = IntegerType::get(&context, widthAndSign >> 2);
      return true;
    }
    case IndexT:
      types[index] = IndexType::get(&context);
      return true;
    case FunctionT:
      typeRefs(cursor, entry);
      typeRefs(cursor, entry);
      return true;
    case BFloat16T:
      types[index] = BFloat16Type::get(&context);
      return true;
    case Float16T:
      types[index] = Float16Type::get(&context);
      return true;
    case Float32T:
      types[index] = Float32Type::get(&context);
      return true;
    case Float64T:
      types[index] = Float64Type::get(&context);
      return true;
    case NoneT:
      return true;
    default:
      return fail("a type that tile IR does not use");
    }
  }

  Type float8(StringRef text) {
    return llvm::StringSwitch<Type>(text)
        .Case("f8E4M3FN", Float8E4M3FNType::get(&context))
        .Case("f8E5M2", Float8E5M2Type::get(&context))
        .Case("f8E4M3FNUZ", Float8E4M3FNUZType::get(&context))
        .Case("f8E5M2FNUZ", Float8E5M2FNUZType::get(&context))
        .Default(Type());
  }

  bool checkAttributes() {
    for (size_t index = 0; index < numAttrs; ++index) {
      Entry &entry = entries[index];
      if (!entry.hasCustomEncoding) {
        StringRef text;
        if (!checkText(entry, text))
          return false;
        continue;
      }
      BytecodeCursor cursor(entry.data);
      uint64_t code = cursor.varint();
      if (entry.dialect == "tile")
        cursor.varint();
      else if (entry.dialect != "builtin")
        return fail("an attribute of an unknown dialect");
      else if (!checkBuiltinAttribute(code, entry, cursor))
        return false;
      if (cursor.failed() || !cursor.atEnd())
        return fail("an attribute is damaged");
    }
    return true;
  }

  bool checkBuiltinAttribute(uint64_t code, Entry &entry,
                             BytecodeCursor &cursor) {
    switch (code) {
    case Array:
    case Fused:
      attrRefs(cursor, entry);
      return true;
    case Dictionary:
      for (uint64_t count = cursor.count(2); count != 0; --count) {
        attrRef(cursor, entry);
        attrRef(cursor, entry);
      }
      return true;
    case String:
      cursor.index(strings.size());
      return true;
    case StringWithType:
      cursor.index(strings.size());
      typeRef(cursor, entry);
      return true;
    case FlatSymbolRef:
      attrRef(cursor, entry);
      return true;
    case SymbolRef:
    case FusedWithMetadata:
      if (code == SymbolRef)
        attrRef(cursor, entry);
      attrRefs(cursor, entry);
      if (code == FusedWithMetadata)
        attrRef(cursor, entry);
      return true;
    case TypeAttribute:
      typeRef(cursor, entry);
      return true;
    case Unit:
    case Unknown:
      return true;
    case Integer:
    case Float:
      return checkNumber(code == Float, entry, cursor);
    case CallSite:
    case Name:
      attrRef(cursor, entry);
      attrRef(cursor, entry);
      return true;
    case FileLineColumn:
      attrRef(cursor, entry);
      cursor.varint();
      cursor.varint();
      return true;
    case FileLineColumnRange: {
      attrRef(cursor, entry);
      uint64_t count = cursor.count();
      if (count > 4)
        return fail("a location is damaged");
      for (; count != 0; --count)
        cursor.varint();
      return true;
    }
    case DenseArray:
      return checkDenseArray(entry, cursor);
    case DenseIntOrFloat:
      return checkDenseElements(entry, cursor);
    default:
      return fail("an attribute that tile IR does not use");
    }
  }

  /// The value has as many bytes as its type says.
  bool checkNumber(bool isFloat, Entry &entry, BytecodeCursor &cursor) {
    Type type = types[typeRef(cursor, entry)];
    bool fits = type && (isFloat ? isa<FloatType>(type)
                                 : isa<IntegerType, IndexType>(type));
    if (!fits)
      return fail("a number has no number type");
    unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
    if (width <= 8)
      cursor.byte();
    else
      cursor.varint();
    return true;
  }

  bool checkDenseArray(Entry &entry, BytecodeCursor &cursor) {
    Type type = types[typeRef(cursor, entry)];
    uint64_t count = cursor.varint();
    StringRef data = cursor.bytes(cursor.varint());
    if (!type || !type.isIntOrFloat())
      return fail("an array has elements that are no numbers");
    uint64_t bytes = (type.getIntOrFloatBitWidth() + 7) / 8;
    if (count != data.size() / bytes || data.size() % bytes != 0)
      return fail("an array has another size than its data");
    return true;
  }

  bool checkDenseElements(Entry &entry, BytecodeCursor &cursor) {
    auto type =
        dyn_cast_or_null<RankedTensorType>(types[typeRef(cursor, entry)]);
    StringRef data = cursor.bytes(cursor.varint());
    if (!type)
      return fail("a dense constant has no tensor type");
    // The count of elements must not overflow before it is compared.
    uint64_t count = 1;
    for (int64_t extent : type.getShape())
      count = llvm::SaturatingMultiply<uint64_t>(count, extent);
    bool isSplat;
    if (count == 0 || count > (uint64_t(1) << 32) ||
        !DenseElementsAttr::isValidRawBuffer(
            type, ArrayRef(data.data(), data.size()), isSplat))
      return fail("a dense constant has another size than its type");
    return true;
  }

  /// No circles, and no chains longer than the limit.
  bool checkReferences() {
    enum : uint32_t { New = ~0u, Open = ~0u - 1 };
    std::vector<uint32_t> depth(entries.size(), New);
    for (uint32_t root = 0; root < entries.size(); ++root) {
      SmallVector<uint32_t> stack{root};
      while (!stack.empty()) {
        uint32_t node = stack.back();
        if (depth[node] == New) {
          depth[node] = Open;
          for (uint32_t child : entries[node].references) {
            if (depth[child] == Open)
              return fail(
                  "attributes or types refer to each other in a circle");
            if (depth[child] == New)
              stack.push_back(child);
          }
          continue;
        }
        stack.pop_back();
        if (depth[node] != Open)
          continue;
        uint32_t deepest = 0;
        for (uint32_t child : entries[node].references)
          deepest = std::max(deepest, depth[child] + 1);
        if (deepest > maxNesting)
          return fail("an attribute, type or location is nested deeper than " +
                      Twine(maxNesting));
        depth[node] = deepest;
      }
    }
    return true;
  }

  //===--------------------------------------------------------------------===//
  // Operations
  //===--------------------------------------------------------------------===//

  bool checkIr() {
    BytecodeCursor cursor(sections[section::kIR]);
    uint64_t numValues = 0;
    if (!checkBlock(cursor, numValues, 0))
      return false;
    return (!cursor.failed() && cursor.atEnd()) ||
           fail("the operations are cut off");
  }

  /// \p numValues is raised by the values that the block defines itself.
  bool checkBlock(BytecodeCursor &cursor, uint64_t &numValues, unsigned depth) {
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

  bool checkOp(BytecodeCursor &cursor, uint64_t &numValues, unsigned depth) {
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

  bool checkRegions(BytecodeCursor &cursor, uint64_t count, unsigned depth) {
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

  MLIRContext &context;
  unsigned maxNesting;
  StringRef sections[section::kNumSections];
  std::vector<StringRef> strings, dialects;
  uint64_t numOpNames = 0;
  /// Attributes, then types.
  std::vector<Entry> entries;
  uint64_t numAttrs = 0;
  /// What is needed to know sizes: numbers and tensors of them, null for
  /// others.
  std::vector<Type> types;
};

} // namespace

std::optional<std::string> checkBytecode(llvm::StringRef bytes,
                                         MLIRContext &context,
                                         unsigned maxNesting) {
  Checker checker(context, maxNesting);
  if (checker.run(bytes))
    return std::nullopt;
  return checker.problem;
}

} // namespace tilesdk::tile
