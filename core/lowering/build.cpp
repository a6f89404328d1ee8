//===- build.cpp - Builder of LLVM dialect code -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/build.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <numeric>

using namespace mlir;

namespace tilesdk::lowering {

Build::Build(ModuleOp module, bool contractFloat)
    : b(module.getContext()), loc(module.getLoc()), module(module),
      contractFloat(contractFloat) {
  i1 = b.getI1Type();
  i8 = b.getI8Type();
  i16 = b.getI16Type();
  i32 = b.getI32Type();
  i64 = b.getI64Type();
  f16 = b.getF16Type();
  f32 = b.getF32Type();
  f64 = b.getF64Type();
  ptr = LLVM::LLVMPointerType::get(b.getContext());
}

Type Build::pointer(unsigned addressSpace) const {
  return LLVM::LLVMPointerType::get(b.getContext(), addressSpace);
}

Type Build::structOf(ArrayRef<Type> fields) const {
  return LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
}

int64_t Build::bytesOf(Type element) const {
  if (isa<LLVM::LLVMPointerType>(element))
    return 8;
  return (element.getIntOrFloatBitWidth() + 7) / 8;
}

// Constants ----------------------------------------------------------------//

Value Build::cst(Type type, int64_t value) {
  Type element = elementOf(type);
  if (lanesOf(type) == 0 && entry) {
    Value &known = constants[{type, value}];
    if (!known)
      atEntry([&] {
        known = LLVM::ConstantOp::create(
            b, loc, type,
            IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(),
                                         uint64_t(value), false, true)));
      });
    return known;
  }
  Attribute attr =
      IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(),
                                      uint64_t(value), false, true));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return LLVM::ConstantOp::create(b, loc, type, attr);
}

Value Build::cstAPFloat(Type type, const APFloat &value) {
  Attribute attr = FloatAttr::get(elementOf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return LLVM::ConstantOp::create(b, loc, type, attr);
}

Value Build::cstFloat(Type type, double value) {
  APFloat f(value);
  bool lost;
  f.convert(llvm::cast<FloatType>(elementOf(type)).getFloatSemantics(),
            APFloat::rmNearestTiesToEven, &lost);
  return cstAPFloat(type, f);
}

Value Build::cstLanes(Type element, ArrayRef<int64_t> lanes) {
  SmallVector<APInt> ints;
  for (int64_t lane : lanes)
    ints.push_back(
        APInt(element.getIntOrFloatBitWidth(), uint64_t(lane), false, true));
  auto type = VectorType::get({int64_t(lanes.size())}, element);
  return LLVM::ConstantOp::create(b, loc, type,
                                  DenseElementsAttr::get(type, ints));
}

Value Build::zero(Type type) { return LLVM::ZeroOp::create(b, loc, type); }

Value Build::poison(Type type) { return LLVM::PoisonOp::create(b, loc, type); }

Value Build::iota(Type element, unsigned lanes) {
  SmallVector<int64_t> values(lanes);
  std::iota(values.begin(), values.end(), 0);
  return cstLanes(element, values);
}

std::optional<int64_t> Build::constant(Value v) {
  auto op = v.getDefiningOp<LLVM::ConstantOp>();
  if (!op)
    return std::nullopt;
  if (auto i = dyn_cast<IntegerAttr>(op.getValue())) {
    if (i.getType().isInteger(1))
      return i.getValue().getZExtValue();
    return i.getValue().getSExtValue();
  }
  return std::nullopt;
}

// Operations ---------------------------------------------------------------//

Value Build::op(StringRef name, Type result, ValueRange operands) {
  OperationState state(loc, ("llvm." + name).str());
  state.addOperands(operands);
  state.addTypes(result);
  if (contractFloat && (name == "fadd" || name == "fmul" || name == "fsub"))
    state.addAttribute("fastmathFlags",
                       LLVM::FastmathFlagsAttr::get(
                           b.getContext(), LLVM::FastmathFlags::contract));
  if (name == "intr.abs")
    state.addAttribute("is_int_min_poison", b.getBoolAttr(false));
  if (name == "intr.ctlz" || name == "intr.cttz")
    state.addAttribute("is_zero_poison", b.getBoolAttr(false));
  return b.create(state)->getResult(0);
}

Value Build::cast(StringRef name, Value v, Type to) {
  Type type = like(v.getType(), to);
  if (v.getType() == type)
    return v;
  return op(name, type, {v});
}

Value Build::icmp(unsigned predicate, Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (a && c && !lanesOf(l)) {
    unsigned bits = l.getType().getIntOrFloatBitWidth();
    APInt x(bits, uint64_t(*a), false, true),
        y(bits, uint64_t(*c), false, true);
    bool table[] = {x == y,   x != y,   x.slt(y), x.sle(y), x.sgt(y),
                    x.sge(y), x.ult(y), x.ule(y), x.ugt(y), x.uge(y)};
    return boolean(table[predicate]);
  }
  return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate(predicate), l, r);
}

Value Build::fcmp(unsigned predicate, Value l, Value r) {
  return LLVM::FCmpOp::create(b, loc, LLVM::FCmpPredicate(predicate), l, r);
}

Value Build::select(Value c, Value t, Value f) {
  if (t == f)
    return t;
  if (auto known = constant(c); known && !lanesOf(c))
    return *known ? t : f;
  return LLVM::SelectOp::create(b, loc, c, t, f);
}

Value Build::add(Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (!lanesOf(l)) {
    if (a && c)
      return cst(l.getType(), *a + *c);
    if (a && *a == 0)
      return r;
    if (c && *c == 0)
      return l;
  }
  return LLVM::AddOp::create(b, loc, l, r, LLVM::IntegerOverflowFlags::nsw);
}

Value Build::sub(Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (!lanesOf(l)) {
    if (a && c)
      return cst(l.getType(), *a - *c);
    if (c && *c == 0)
      return l;
  }
  return LLVM::SubOp::create(b, loc, l, r, LLVM::IntegerOverflowFlags::nsw);
}

Value Build::mul(Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (!lanesOf(l)) {
    if (a && c)
      return cst(l.getType(), *a * *c);
    if ((a && *a == 0) || (c && *c == 1))
      return l;
    if ((c && *c == 0) || (a && *a == 1))
      return r;
  }
  return LLVM::MulOp::create(b, loc, l, r, LLVM::IntegerOverflowFlags::nsw);
}

Value Build::mulWrapping(Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (!lanesOf(l)) {
    if (a && c)
      return cst(l.getType(), int64_t(uint64_t(*a) * uint64_t(*c)));
    if ((a && *a == 0) || (c && *c == 1))
      return l;
    if ((c && *c == 0) || (a && *a == 1))
      return r;
  }
  return LLVM::MulOp::create(b, loc, l, r);
}

Value Build::smin(Value l, Value r) {
  if (l == r)
    return l;
  auto a = constant(l), c = constant(r);
  if (a && c && !lanesOf(l))
    return *a < *c ? l : r;
  return LLVM::SMinOp::create(b, loc, l, r);
}

Value Build::smax(Value l, Value r) {
  if (l == r)
    return l;
  auto a = constant(l), c = constant(r);
  if (a && c && !lanesOf(l))
    return *a > *c ? l : r;
  return LLVM::SMaxOp::create(b, loc, l, r);
}

Value Build::logicalAnd(Value l, Value r) {
  if (!lanesOf(l)) {
    if (auto a = constant(l))
      return *a ? r : l;
    if (auto c = constant(r))
      return *c ? l : r;
  }
  return LLVM::AndOp::create(b, loc, l, r);
}

Value Build::logicalNot(Value v) {
  if (auto a = constant(v); a && !lanesOf(v))
    return boolean(!*a);
  return LLVM::XOrOp::create(b, loc, v, cst(v.getType(), 1));
}

Value Build::orDisjoint(Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (a && c)
    return cst(l.getType(), *a | *c);
  if (a && *a == 0)
    return r;
  if (c && *c == 0)
    return l;
  return LLVM::OrOp::create(b, loc, l, r, /*isDisjoint=*/true);
}

Value Build::logicalXor(Value l, Value r) {
  auto a = constant(l), c = constant(r);
  if (a && c)
    return cst(l.getType(), *a ^ *c);
  if (a && *a == 0)
    return r;
  if (c && *c == 0)
    return l;
  return LLVM::XOrOp::create(b, loc, l, r);
}

Value Build::shiftLeft(Value v, int64_t bits) {
  if (auto c = constant(v))
    return cst(v.getType(), int64_t(uint64_t(*c) << bits));
  return bits ? bin("shl", v, cst(v.getType(), bits)) : v;
}

Value Build::shiftRight(Value v, int64_t bits) {
  if (auto c = constant(v); c && *c >= 0)
    return cst(v.getType(), *c >> bits);
  return bits ? bin("lshr", v, cst(v.getType(), bits)) : v;
}

Value Build::andMask(Value v, int64_t mask) {
  if (auto c = constant(v))
    return cst(v.getType(), *c & mask);
  return bin("and", v, cst(v.getType(), mask));
}

Value Build::toInt(Value v, Type to) {
  Type from = elementOf(v.getType());
  if (from == to)
    return v;
  if (auto c = constant(v); c && !lanesOf(v))
    return cst(to, *c);
  return cast(from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth()
                  ? "sext"
                  : "trunc",
              v, to);
}

// Vectors ------------------------------------------------------------------//

Value Build::splat(Value scalar, unsigned lanes) {
  if (lanesOf(scalar) || lanes == 0)
    return scalar;
  Type type = vec(scalar.getType(), lanes);
  if (auto c = scalar.getDefiningOp<LLVM::ConstantOp>())
    return LLVM::ConstantOp::create(
        b, loc, type,
        DenseElementsAttr::get(mlir::cast<VectorType>(type),
                               Attribute(c.getValue())));
  Value v = poison(type);
  v = LLVM::InsertElementOp::create(b, loc, v, scalar, cst32(0));
  SmallVector<int32_t> zeros(lanes, 0);
  return shuffle(v, v, zeros);
}

Value Build::extract(Value vector, Value lane) {
  return LLVM::ExtractElementOp::create(b, loc, vector, lane);
}

Value Build::insert(Value vector, Value scalar, Value lane) {
  return LLVM::InsertElementOp::create(b, loc, vector, scalar, lane);
}

Value Build::shuffle(Value a, Value c, ArrayRef<int32_t> lanes) {
  return LLVM::ShuffleVectorOp::create(b, loc, a, c, lanes);
}

Value Build::slice(Value v, unsigned first, unsigned lanes) {
  if (lanesOf(v) == lanes)
    return v;
  SmallVector<int32_t> ids(lanes);
  std::iota(ids.begin(), ids.end(), first);
  return shuffle(v, v, ids);
}

Value Build::concat(ArrayRef<Value> parts) {
  // Pairwise, because a shuffle takes two operands of one type.
  SmallVector<Value> level(parts.begin(), parts.end());
  while (level.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i < level.size(); i += 2) {
      SmallVector<int32_t> ids(2 * lanesOf(level[i]));
      std::iota(ids.begin(), ids.end(), 0);
      next.push_back(shuffle(level[i], level[i + 1], ids));
    }
    level = next;
  }
  return level[0];
}

// Memory -------------------------------------------------------------------//

Value Build::gep(Value base, Type element, Value index) {
  if (auto c = constant(index); c && !lanesOf(index) && *c == 0)
    return base;
  unsigned lanes = std::max(lanesOf(base), lanesOf(index));
  SmallVector<Value> indices{index};
  return LLVM::GEPOp::create(b, loc, vec(elementOf(base.getType()), lanes),
                             element, base, ValueRange(indices));
}

Value Build::load(Type type, Value address, unsigned align, bool isVolatile) {
  return LLVM::LoadOp::create(b, loc, type, address, align, isVolatile);
}

Value Build::atomicLoad(Type type, Value address, unsigned align,
                        StringRef scope) {
  return LLVM::LoadOp::create(b, loc, type, address, align,
                              /*isVolatile=*/false, /*isNonTemporal=*/false,
                              /*isInvariant=*/false, /*isInvariantGroup=*/false,
                              LLVM::AtomicOrdering::monotonic, scope);
}

void Build::store(Value v, Value address, unsigned align, bool nontemporal) {
  LLVM::StoreOp::create(b, loc, v, address, align, false, nontemporal);
}

Value Build::maskedLoad(Type type, Value address, Value mask, Value pass,
                        unsigned align) {
  return LLVM::MaskedLoadOp::create(b, loc, type, address, mask, pass,
                                    b.getI32IntegerAttr(align), UnitAttr());
}

void Build::maskedStore(Value v, Value address, Value mask, unsigned align) {
  LLVM::MaskedStoreOp::create(b, loc, v, address, mask, align);
}

Value Build::gather(Type type, Value addresses, Value mask, Value pass,
                    unsigned align) {
  return LLVM::masked_gather::create(b, loc, type, addresses, mask,
                                     ValueRange{pass},
                                     b.getI32IntegerAttr(align));
}

void Build::scatter(Value v, Value addresses, Value mask, unsigned align) {
  LLVM::masked_scatter::create(b, loc, v, addresses, mask, align);
}

static LLVM::AtomicOrdering orderingOf(Ordering order) {
  switch (order) {
  case Ordering::Relaxed:
    return LLVM::AtomicOrdering::monotonic;
  case Ordering::Acquire:
    return LLVM::AtomicOrdering::acquire;
  case Ordering::Release:
    return LLVM::AtomicOrdering::release;
  case Ordering::AcqRel:
    return LLVM::AtomicOrdering::acq_rel;
  }
  return LLVM::AtomicOrdering::seq_cst;
}

Value Build::atomicRmw(StringRef kind, Value address, Value v, Ordering order,
                       unsigned align, StringRef scope) {
  return LLVM::AtomicRMWOp::create(b, loc, *LLVM::symbolizeAtomicBinOp(kind),
                                   address, v, orderingOf(order), scope, align);
}

std::pair<Value, Value> Build::cmpxchg(Value address, Value expected,
                                       Value desired, Ordering order,
                                       unsigned align, StringRef scope) {
  LLVM::AtomicOrdering onFailure =
      order == Ordering::Relaxed || order == Ordering::Release
          ? LLVM::AtomicOrdering::monotonic
          : LLVM::AtomicOrdering::acquire;
  Value pair =
      LLVM::AtomicCmpXchgOp::create(b, loc, address, expected, desired,
                                    orderingOf(order), onFailure, scope, align);
  Value old = LLVM::ExtractValueOp::create(b, loc, pair, 0);
  Value ok = LLVM::ExtractValueOp::create(b, loc, pair, 1);
  return {old, ok};
}

} // namespace tilesdk::lowering
