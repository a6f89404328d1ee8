//===- builtins_memory.cpp - Loads and stores -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/memory_access.h"

#include "core/ir/tile_ops.h"

#include "llvm/ADT/StringSwitch.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Access modes
//===----------------------------------------------------------------------===//

static bool parseModes(Sema &sema, BuiltinCall &call, unsigned cache,
                       unsigned evict, bool isStore, AccessModes &modes) {
  using C = tile::CacheModifier;
  if (!call[cache].isNone() && !call[cache].str().empty()) {
    std::string text = call[cache].str();
    std::optional<C> modifier = isStore
                                    ? llvm::StringSwitch<std::optional<C>>(text)
                                          .Case(".wb", C::WB)
                                          .Case(".cg", C::CG)
                                          .Case(".cs", C::CS)
                                          .Case(".wt", C::WT)
                                          .Default(std::nullopt)
                                    : llvm::StringSwitch<std::optional<C>>(text)
                                          .Case(".ca", C::CA)
                                          .Case(".cg", C::CG)
                                          .Case(".cs", C::CS)
                                          .Case(".cv", C::CV)
                                          .Default(std::nullopt);
    if (!modifier)
      return sema
          .report(Diag::CacheModifier, call.spans[cache], text, call.name())
          .help(isStore ? "stores take .wb, .cg, .cs and .wt"
                        : "loads take .ca, .cg, .cs and .cv");
    modes.cache = *modifier;
  }
  if (!call[evict].isNone() && !call[evict].str().empty()) {
    std::string text = call[evict].str();
    if (text == "evict_first")
      modes.evict = tile::EvictionPolicy::EvictFirst;
    else if (text == "evict_last")
      modes.evict = tile::EvictionPolicy::EvictLast;
    else if (text != "evict_normal")
      return sema.report(Diag::EvictionPolicy, call.spans[evict], text);
  }
  return true;
}

/// A mask as int1 of the pointer's shape.
static bool prepareMask(Sema &sema, Value &mask, const Value &pointer,
                        Span where) {
  if (std::optional<bool> known = sema.truth(mask); known && !mask.isRuntime())
    mask = sema.constantInt(*known, Scalar::I1);
  if (!mask.isRuntime())
    return sema.report(Diag::TypeMismatch, where, "a mask", mask.describe());
  if (!mask.dtype.isBool())
    return sema.report(Diag::BoolExpected, where, mask.describe())
        .origin(mask)
        .help("compare first, e.g. `mask != 0`");
  if (!sema.broadcastable(mask.shape, pointer.shape))
    return sema
        .report(Diag::MaskShape, where, shapeStr(mask.shape),
                shapeStr(pointer.shape))
        .origin(mask)
        .origin(pointer);
  mask = sema.broadcastTo(mask, pointer.shape);
  return true;
}

//===----------------------------------------------------------------------===//
// Pointers to int1 are bytes in memory
//===----------------------------------------------------------------------===//

static Value asBytes(Sema &sema, const Value &pointer, Span where) {
  if (!pointer.dtype.pointee().isBool())
    return pointer;
  DType bytes =
      DType(Scalar::I8)
          .pointerTo(pointer.dtype.isConst, pointer.dtype.addressSpace);
  return sema.cast(pointer, bytes, where);
}

Value tilesdk::frontend::emitLoad(Sema &sema, const Value &pointerValue,
                                  const Value *mask, const Value *other,
                                  const AccessModes &modes, Span where) {
  DType element = pointerValue.dtype.pointee();
  Value pointer = asBytes(sema, pointerValue, where);
  DType stored = pointer.dtype.pointee();
  mlir::Value otherValue;
  if (other)
    otherValue = sema.cast(*other, stored, where).ir;
  auto op =
      sema.create<tile::LoadOp>(sema.irType(stored, pointer.shape), pointer.ir,
                                mask ? mask->ir : mlir::Value(), otherValue,
                                modes.cache, modes.evict, modes.isVolatile);
  Value result = Value::runtime(op, stored, pointer.shape);
  return stored == element ? result : sema.cast(result, element, where);
}

void tilesdk::frontend::emitStore(Sema &sema, const Value &pointerValue,
                                  const Value &value, const Value *mask,
                                  const AccessModes &modes, Span where) {
  Value pointer = asBytes(sema, pointerValue, where);
  Value stored = value;
  if (pointerValue.dtype.pointee().isBool())
    stored = sema.cast(sema.cast(value, Scalar::I1, where), Scalar::I8, where);
  else
    stored = sema.cast(value, pointer.dtype.pointee(), where);
  if (stored.isError())
    return;
  sema.create<tile::StoreOp>(pointer.ir, stored.ir,
                             mask ? mask->ir : mlir::Value(), modes.cache,
                             modes.evict);
}

//===----------------------------------------------------------------------===//
// load, store
//===----------------------------------------------------------------------===//

static bool checkPointer(Sema &sema, BuiltinCall &call, const Value &pointer) {
  if (pointer.isPointer() && !pointer.dtype.pointee().isVoid())
    return true;
  Report message = sema.report(Diag::PointerExpected, call.spans[0],
                               call.name(), pointer.describe());
  message.origin(pointer);
  return message;
}

enum LoadParam {
  loadPointer,
  loadMask,
  loadOther,
  loadBoundary,
  loadPadding,
  loadCache,
  loadEvict,
  loadVolatile
};

static Value load(Sema &sema, BuiltinCall &call) {
  AccessModes modes;
  if (!parseModes(sema, call, loadCache, loadEvict, false, modes))
    return Value::error();
  modes.isVolatile = sema.truth(call[loadVolatile]) == true;
  const Value &pointer = call[loadPointer];
  bool hasMask = !call[loadMask].isNone(), hasOther = !call[loadOther].isNone();
  if (pointer.kind == Value::Kind::BlockPointer) {
    if (hasMask || hasOther)
      return sema.report(Diag::MaskWithBlockPointer,
                         call.spans[hasMask ? loadMask : loadOther],
                         hasMask ? "mask" : "other");
    return loadBlock(sema, call, loadBoundary, loadPadding, modes);
  }
  if (!checkPointer(sema, call, pointer))
    return Value::error();
  if (hasOther && !hasMask)
    return sema.report(Diag::OtherWithoutMask, call.spans[loadOther])
        .help("add `mask=...`, or drop `other`");
  Value mask = call[loadMask], other = call[loadOther];
  if (hasMask && !prepareMask(sema, mask, pointer, call.spans[loadMask]))
    return Value::error();
  if (hasOther) {
    DType element = pointer.dtype.pointee();
    if (!other.isNumber() && !other.isRuntime())
      return sema.report(Diag::TypeMismatch, call.spans[loadOther],
                         "a number or a tensor", other.describe());
    other = sema.cast(other, element, call.spans[loadOther]);
    if (other.isError())
      return other;
    if (!sema.broadcastable(other.shape, pointer.shape))
      return sema
          .report(Diag::OtherShape, call.spans[loadOther],
                  shapeStr(other.shape), shapeStr(pointer.shape))
          .origin(other)
          .origin(pointer);
    other = sema.broadcastTo(other, pointer.shape);
  }
  return emitLoad(sema, pointer, hasMask ? &mask : nullptr,
                  hasOther ? &other : nullptr, modes, call.span);
}

enum StoreParam {
  storePointer,
  storeValue,
  storeMask,
  storeBoundary,
  storeCache,
  storeEvict
};

static Value store(Sema &sema, BuiltinCall &call) {
  AccessModes modes;
  if (!parseModes(sema, call, storeCache, storeEvict, true, modes))
    return Value::error();
  const Value &pointer = call[storePointer];
  bool hasMask = !call[storeMask].isNone();
  if (pointer.kind == Value::Kind::BlockPointer) {
    if (hasMask)
      return sema.report(Diag::MaskWithBlockPointer, call.spans[storeMask],
                         "mask");
    return storeBlock(sema, call, storeValue, storeBoundary, modes);
  }
  if (!checkPointer(sema, call, pointer))
    return Value::error();
  if (pointer.dtype.isConst)
    return sema.report(Diag::StoreToConst, call.spans[storePointer])
        .origin(pointer);
  Value value = call[storeValue];
  DType element = pointer.dtype.pointee();
  if (!value.isNumber() && !value.isRuntime())
    return sema.report(Diag::TypeMismatch, call.spans[storeValue],
                       "a number or a tensor", value.describe());
  if (!sema.broadcastable(value.shape, pointer.shape)) {
    Report message =
        sema.report(Diag::StoreValueShape, call.spans[storeValue],
                    shapeStr(value.shape), shapeStr(pointer.shape));
    message.origin(value).origin(pointer);
    if (pointer.shape.empty())
      message.help("a block of pointers is needed: add `tl.arange(0, N)` to "
                   "the pointer");
    return message;
  }
  value = sema.broadcastTo(sema.cast(value, element, call.spans[storeValue]),
                           pointer.shape);
  if (value.isError())
    return value;
  Value mask = call[storeMask];
  if (hasMask && !prepareMask(sema, mask, pointer, call.spans[storeMask]))
    return Value::error();
  emitStore(sema, pointer, value, hasMask ? &mask : nullptr, modes, call.span);
  return Value::none();
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::memoryBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.load",
       "pointer, mask=None, other=None, boundary_check=(), "
       "padding_option='', cache_modifier='', eviction_policy='', "
       "volatile=False",
       load},
      {"tl.store",
       "pointer, value, mask=None, boundary_check=(), cache_modifier='', "
       "eviction_policy=''",
       store, isMethod},
  };
  return rows;
}
