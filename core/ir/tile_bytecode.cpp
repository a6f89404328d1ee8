//===- tile_bytecode.cpp - Bytecode of the dialect --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A file carries the version of the dialect that wrote it. Numbers below are
// part of the format: append, never renumber. A version that changes ops also
// overrides upgradeFromVersion.

#include "core/ir/tile_ops.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tilesdk::tile {
namespace {

enum class TypeCode : uint64_t { Pointer = 0 };
enum class AttrCode : uint64_t {
  CacheModifier = 0,
  EvictionPolicy = 1,
  AtomicKind = 2,
  MemorySemantics = 3,
  MemoryScope = 4,
  InputPrecision = 5,
  Rounding = 6,
};

struct TileVersion : DialectVersion {
  explicit TileVersion(uint64_t number) : number(number) {}
  uint64_t number;
};

struct TileBytecode : BytecodeDialectInterface {
  explicit TileBytecode(Dialect *dialect) : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(dialectVersion);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t number;
    if (failed(reader.readVarInt(number)))
      return nullptr;
    if (number < 1 || number > dialectVersion) {
      reader.emitError() << "the file has version " << number
                         << " of the dialect 'tile'; this library reads 1 to "
                         << dialectVersion;
      return nullptr;
    }
    return std::make_unique<TileVersion>(number);
  }

  Type readType(DialectBytecodeReader &reader) const override {
    uint64_t code, space;
    Type pointee;
    if (failed(reader.readVarInt(code)))
      return {};
    if (code != static_cast<uint64_t>(TypeCode::Pointer)) {
      reader.emitError() << "unknown type code " << code
                         << " of the dialect 'tile'";
      return {};
    }
    if (failed(reader.readType(pointee)) || failed(reader.readVarInt(space)))
      return {};
    return PointerType::getChecked(
        [&] { return reader.emitError(); }, getContext(), pointee,
        static_cast<unsigned>(std::min<uint64_t>(space, ~0u)));
  }

  LogicalResult writeType(Type type,
                          DialectBytecodeWriter &writer) const override {
    auto pointer = dyn_cast<PointerType>(type);
    if (!pointer)
      return failure();
    writer.writeVarInt(static_cast<uint64_t>(TypeCode::Pointer));
    writer.writeType(pointer.getPointee());
    writer.writeVarInt(pointer.getAddressSpace());
    return success();
  }

  Attribute readAttribute(DialectBytecodeReader &reader) const override {
    uint64_t code, value;
    if (failed(reader.readVarInt(code)) || failed(reader.readVarInt(value)))
      return {};
    uint32_t number = std::min<uint64_t>(value, ~0u);
    Attribute result;
    auto make = [&](auto symbol, auto tag) {
      if (symbol)
        result = decltype(tag)::get(getContext(), *symbol);
    };
    switch (static_cast<AttrCode>(code)) {
    case AttrCode::CacheModifier:
      make(symbolizeCacheModifier(number), CacheModifierAttr());
      break;
    case AttrCode::EvictionPolicy:
      make(symbolizeEvictionPolicy(number), EvictionPolicyAttr());
      break;
    case AttrCode::AtomicKind:
      make(symbolizeAtomicKind(number), AtomicKindAttr());
      break;
    case AttrCode::MemorySemantics:
      make(symbolizeMemorySemantics(number), MemorySemanticsAttr());
      break;
    case AttrCode::MemoryScope:
      make(symbolizeMemoryScope(number), MemoryScopeAttr());
      break;
    case AttrCode::InputPrecision:
      make(symbolizeInputPrecision(number), InputPrecisionAttr());
      break;
    case AttrCode::Rounding:
      make(symbolizeRounding(number), RoundingAttr());
      break;
    }
    if (!result)
      reader.emitError() << "unknown attribute " << code << ", " << value
                         << " of the dialect 'tile'";
    return result;
  }

  LogicalResult writeAttribute(Attribute attr,
                               DialectBytecodeWriter &writer) const override {
    auto write = [&](AttrCode code, auto value) {
      writer.writeVarInt(static_cast<uint64_t>(code));
      writer.writeVarInt(static_cast<uint64_t>(value.getValue()));
      return success();
    };
    return llvm::TypeSwitch<Attribute, LogicalResult>(attr)
        .Case([&](CacheModifierAttr a) {
          return write(AttrCode::CacheModifier, a);
        })
        .Case([&](EvictionPolicyAttr a) {
          return write(AttrCode::EvictionPolicy, a);
        })
        .Case([&](AtomicKindAttr a) { return write(AttrCode::AtomicKind, a); })
        .Case([&](MemorySemanticsAttr a) {
          return write(AttrCode::MemorySemantics, a);
        })
        .Case(
            [&](MemoryScopeAttr a) { return write(AttrCode::MemoryScope, a); })
        .Case([&](InputPrecisionAttr a) {
          return write(AttrCode::InputPrecision, a);
        })
        .Case([&](RoundingAttr a) { return write(AttrCode::Rounding, a); })
        .Default([](Attribute) { return failure(); });
  }
};

} // namespace

void addBytecodeInterface(TileDialect &dialect) {
  dialect.addInterfaces<TileBytecode>();
}

} // namespace tilesdk::tile
