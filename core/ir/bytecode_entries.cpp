//===- bytecode_entries.cpp - Bounds on attributes and types of bytecode --===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/bytecode_checker.h"
#include "core/ir/tile_text_scan.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
namespace section = mlir::bytecode::Section;

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

} // namespace

bool BytecodeChecker::readEntries() {
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

void BytecodeChecker::attrRef(BytecodeCursor &cursor, Entry &entry) {
  entry.references.push_back(cursor.index(numAttrs));
}

uint64_t BytecodeChecker::typeRef(BytecodeCursor &cursor, Entry &entry) {
  uint64_t index = cursor.index(types.size());
  entry.references.push_back(numAttrs + index);
  return index;
}

void BytecodeChecker::attrRefs(BytecodeCursor &cursor, Entry &entry) {
  for (uint64_t count = cursor.count(); count != 0; --count)
    attrRef(cursor, entry);
}

void BytecodeChecker::typeRefs(BytecodeCursor &cursor, Entry &entry) {
  for (uint64_t count = cursor.count(); count != 0; --count)
    typeRef(cursor, entry);
}

bool BytecodeChecker::checkText(const Entry &entry, StringRef &text) {
  BytecodeCursor cursor(entry.data);
  text = cursor.cString();
  if (cursor.failed() || !cursor.atEnd())
    return fail("the text of an attribute or type is cut off");
  if (auto found = scanIrText(text, maxNesting))
    return fail(found->message);
  return true;
}

bool BytecodeChecker::checkTypes() {
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

bool BytecodeChecker::checkScalarType(uint64_t code, size_t index, Entry &entry,
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

Type BytecodeChecker::float8(StringRef text) {
  return llvm::StringSwitch<Type>(text)
      .Case("f8E4M3FN", Float8E4M3FNType::get(&context))
      .Case("f8E5M2", Float8E5M2Type::get(&context))
      .Case("f8E4M3FNUZ", Float8E4M3FNUZType::get(&context))
      .Case("f8E5M2FNUZ", Float8E5M2FNUZType::get(&context))
      .Default(Type());
}

bool BytecodeChecker::checkAttributes() {
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

bool BytecodeChecker::checkBuiltinAttribute(uint64_t code, Entry &entry,
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

bool BytecodeChecker::checkNumber(bool isFloat, Entry &entry,
                                  BytecodeCursor &cursor) {
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

bool BytecodeChecker::checkDenseArray(Entry &entry, BytecodeCursor &cursor) {
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

bool BytecodeChecker::checkDenseElements(Entry &entry, BytecodeCursor &cursor) {
  auto type = dyn_cast_or_null<RankedTensorType>(types[typeRef(cursor, entry)]);
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

bool BytecodeChecker::checkReferences() {
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
            return fail("attributes or types refer to each other in a circle");
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

} // namespace tilesdk::tile
