//===- builtins_atomic.cpp - Atomic memory access ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

namespace arith = mlir::arith;

static bool parseOrder(Sema &sema, BuiltinCall &call, unsigned sem,
                       unsigned scope, tile::MemorySemantics &order,
                       tile::MemoryScope &range) {
  using M = tile::MemorySemantics;
  using S = tile::MemoryScope;
  if (!call[sem].isNone()) {
    std::string text = call[sem].str();
    if (text == "acquire")
      order = M::Acquire;
    else if (text == "release")
      order = M::Release;
    else if (text == "relaxed")
      order = M::Relaxed;
    else if (text != "acq_rel")
      return sema
          .report(Diag::AtomicSemantics, call.spans[sem], text, "ordering")
          .help("orderings are acquire, release, acq_rel and relaxed");
  }
  if (!call[scope].isNone()) {
    std::string text = call[scope].str();
    if (text == "cta")
      range = S::Cta;
    else if (text == "sys")
      range = S::Sys;
    else if (text != "gpu")
      return sema
          .report(Diag::AtomicSemantics, call.spans[scope], text, "scope")
          .help("scopes are gpu, cta and sys");
  }
  return true;
}

/// Pointer, value and mask of a read-modify-write, all of one shape.
static bool prepare(Sema &sema, BuiltinCall &call, Value &pointer, Value &value,
                    Value *mask) {
  pointer = call[0];
  value = call[1];
  if (!pointer.isPointer() || pointer.dtype.pointee().isVoid())
    return sema
        .report(Diag::PointerExpected, call.spans[0], call.name(),
                pointer.describe())
        .origin(pointer);
  if (pointer.dtype.isConst)
    return sema.report(Diag::StoreToConst, call.spans[0]).origin(pointer);
  if (!value.isNumber() && !value.isRuntime())
    return sema.report(Diag::TypeMismatch, call.spans[1],
                       "a number or a tensor", value.describe());
  if (!sema.broadcastable(value.shape, pointer.shape))
    return sema
        .report(Diag::StoreValueShape, call.spans[1], shapeStr(value.shape),
                shapeStr(pointer.shape))
        .origin(value)
        .origin(pointer);
  value = sema.broadcastTo(
      sema.cast(value, pointer.dtype.pointee(), call.spans[1]), pointer.shape);
  if (value.isError())
    return false;
  if (!mask || mask->isNone())
    return true;
  if (std::optional<bool> known = sema.truth(*mask);
      known && !mask->isRuntime())
    *mask = sema.constantInt(*known, Scalar::I1);
  if (!mask->isRuntime() || !mask->dtype.isBool())
    return sema.report(Diag::BoolExpected, call.spans[2], mask->describe())
        .origin(*mask);
  if (!sema.broadcastable(mask->shape, pointer.shape))
    return sema
        .report(Diag::MaskShape, call.spans[2], shapeStr(mask->shape),
                shapeStr(pointer.shape))
        .origin(*mask)
        .origin(pointer);
  *mask = sema.broadcastTo(*mask, pointer.shape);
  return true;
}

static Value emit(Sema &sema, tile::AtomicKind kind, const Value &pointer,
                  const Value &value, const Value &mask,
                  tile::MemorySemantics order, tile::MemoryScope scope) {
  auto op = sema.create<tile::AtomicRMWOp>(
      value.ir.getType(), kind, pointer.ir, value.ir,
      mask.isRuntime() ? mask.ir : mlir::Value(), order, scope);
  return Value::runtime(op, pointer.dtype.pointee(), pointer.shape);
}

static Value wrongType(Sema &sema, BuiltinCall &call, DType dtype) {
  return sema.report(Diag::AtomicType, call.span, call.name(), dtype.str())
      .origin(call[0]);
}

/// Float order is integer order of the bits: signed where the sign bit is 0,
/// unsigned and reversed where it is 1.
static Value floatMinMax(Sema &sema, const Value &pointer, const Value &value,
                         const Value &mask, bool isMax,
                         tile::MemorySemantics order, tile::MemoryScope scope,
                         Span where) {
  DType element = value.dtype;
  DType bits = element.width() == 64 ? Scalar::I64 : Scalar::I32;
  Value address = sema.cast(
      pointer, bits.pointerTo(false, pointer.dtype.addressSpace), where);
  Value pattern = sema.bitcast(value, bits, where);
  Value zero = sema.constantInt(0, bits, value.shape);
  Value isPositive =
      Value::runtime(sema.create<arith::CmpIOp>(arith::CmpIPredicate::sge,
                                                pattern.ir, zero.ir),
                     Scalar::I1, value.shape);
  Value ones = sema.constantInt(1, Scalar::I1, value.shape);
  Value isNegative =
      Value::runtime(sema.create<arith::XOrIOp>(isPositive.ir, ones.ir),
                     Scalar::I1, value.shape);
  if (mask.isRuntime()) {
    isPositive.ir = sema.create<arith::AndIOp>(isPositive.ir, mask.ir);
    isNegative.ir = sema.create<arith::AndIOp>(isNegative.ir, mask.ir);
  }
  using K = tile::AtomicKind;
  Value a = emit(sema, isMax ? K::Max : K::Min, address, pattern, isPositive,
                 order, scope);
  Value b = emit(sema, isMax ? K::UMin : K::UMax, address, pattern, isNegative,
                 order, scope);
  Value old = sema.select(isPositive, a, b);
  return sema.bitcast(old, element, where);
}

enum class Rmw { Add, Max, Min, And, Or, Xor, Xchg };

template <Rmw kind> static Value rmw(Sema &sema, BuiltinCall &call) {
  tile::MemorySemantics order = tile::MemorySemantics::AcqRel;
  tile::MemoryScope scope = tile::MemoryScope::Gpu;
  Value pointer, value, mask = call[2];
  if (!parseOrder(sema, call, 3, 4, order, scope) ||
      !prepare(sema, call, pointer, value, &mask))
    return Value::error();
  DType element = value.dtype;
  using K = tile::AtomicKind;
  bool isWideInt = element.isInt() && element.width() >= 32;
  bool isWideFloat =
      element == DType(Scalar::F32) || element == DType(Scalar::F64);
  auto simple = [&](K op) {
    return emit(sema, op, pointer, value, mask, order, scope);
  };
  switch (kind) {
  case Rmw::Add:
    if (isWideFloat || element == DType(Scalar::F16) ||
        element == DType(Scalar::BF16))
      return simple(K::FAdd);
    return isWideInt ? simple(K::Add) : wrongType(sema, call, element);
  case Rmw::Max:
  case Rmw::Min:
    if (isWideFloat)
      return floatMinMax(sema, pointer, value, mask, kind == Rmw::Max, order,
                         scope, call.span);
    if (!isWideInt)
      return wrongType(sema, call, element);
    if (kind == Rmw::Max)
      return simple(element.isSigned() ? K::Max : K::UMax);
    return simple(element.isSigned() ? K::Min : K::UMin);
  case Rmw::And:
    return isWideInt ? simple(K::And) : wrongType(sema, call, element);
  case Rmw::Or:
    return isWideInt ? simple(K::Or) : wrongType(sema, call, element);
  case Rmw::Xor:
    return isWideInt ? simple(K::Xor) : wrongType(sema, call, element);
  case Rmw::Xchg:
    if (!isWideInt && !isWideFloat && !element.isPointer())
      return wrongType(sema, call, element);
    return simple(K::Xchg);
  }
  return Value::error();
}

static Value cas(Sema &sema, BuiltinCall &call) {
  tile::MemorySemantics order = tile::MemorySemantics::AcqRel;
  tile::MemoryScope scope = tile::MemoryScope::Gpu;
  Value pointer, compare;
  if (!parseOrder(sema, call, 3, 4, order, scope) ||
      !prepare(sema, call, pointer, compare, nullptr))
    return Value::error();
  DType element = compare.dtype;
  if (element.width() < 16)
    return wrongType(sema, call, element);
  Value value = call[2];
  if (!value.isNumber() && !value.isRuntime())
    return sema.report(Diag::TypeMismatch, call.spans[2],
                       "a number or a tensor", value.describe());
  if (!sema.broadcastable(value.shape, pointer.shape))
    return sema
        .report(Diag::StoreValueShape, call.spans[2], shapeStr(value.shape),
                shapeStr(pointer.shape))
        .origin(value)
        .origin(pointer);
  value =
      sema.broadcastTo(sema.cast(value, element, call.spans[2]), pointer.shape);
  if (value.isError())
    return value;
  auto op = sema.create<tile::AtomicCASOp>(value.ir.getType(), pointer.ir,
                                           compare.ir, value.ir, order, scope);
  return Value::runtime(op, element, pointer.shape);
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::atomicBuiltins() {
  static constexpr llvm::StringLiteral params =
      "pointer, val, mask=None, sem=None, scope=None";
  static constexpr BuiltinInfo rows[] = {
      {"tl.atomic_add", params, rmw<Rmw::Add>, isMethod},
      {"tl.atomic_max", params, rmw<Rmw::Max>, isMethod},
      {"tl.atomic_min", params, rmw<Rmw::Min>, isMethod},
      {"tl.atomic_and", params, rmw<Rmw::And>, isMethod},
      {"tl.atomic_or", params, rmw<Rmw::Or>, isMethod},
      {"tl.atomic_xor", params, rmw<Rmw::Xor>, isMethod},
      {"tl.atomic_xchg", params, rmw<Rmw::Xchg>, isMethod},
      {"tl.atomic_cas", "pointer, cmp, val, sem=None, scope=None", cas,
       isMethod},
  };
  return rows;
}
