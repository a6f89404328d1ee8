//===- bounded_address.cpp - Addresses near one uniform pointer -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/bounded_address.h"

#include "core/ir/simt_ops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

namespace tilesdk::lowering {

namespace {

/// Both ends belong to it. Small enough for sums and products of two.
struct Range {
  int64_t low, high;
};
constexpr int64_t most = int64_t(1) << 31;

constexpr unsigned maxDepth = 16;

std::optional<Range> within(int64_t low, int64_t high) {
  if (low < -most || high > most)
    return std::nullopt;
  return Range{low, high};
}

std::optional<Range> rangeOfConstant(Attribute attribute) {
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getValue().getSignificantBits() <= 33
               ? within(number.getInt(), number.getInt())
               : std::nullopt;
  auto all = dyn_cast<DenseIntElementsAttr>(attribute);
  if (!all || all.empty() || all.getElementType().getIntOrFloatBitWidth() > 64)
    return std::nullopt;
  auto values = all.isSplat() ? SmallVector<APInt>{all.getSplatValue<APInt>()}
                              : SmallVector<APInt>(all.getValues<APInt>());
  int64_t low = most, high = -most;
  for (const APInt &value : values) {
    low = std::min(low, value.getSExtValue());
    high = std::max(high, value.getSExtValue());
  }
  return within(low, high);
}

/// What the elements of \p v are between, whatever the program; no sum is
/// assumed to wrap.
std::optional<Range> rangeOf(Value v, unsigned depth = 0) {
  Operation *op = v.getDefiningOp();
  if (!op || depth > maxDepth)
    return std::nullopt;
  auto of = [&](unsigned i) { return rangeOf(op->getOperand(i), depth + 1); };
  Attribute constant;
  if (matchPattern(op, m_Constant(&constant)))
    return rangeOfConstant(constant);
  if (auto range = dyn_cast<tile::MakeRangeOp>(op))
    return within(range.getStart(), int64_t(range.getEnd()) - 1);
  if (isa<tile::SplatOp, tile::BroadcastOp, tile::ExpandDimsOp, tile::TransOp,
          tile::ReshapeOp, tile::HintOp, simt::ConvertLayoutOp, arith::ExtSIOp>(
          op))
    return of(0);
  if (isa<arith::AndIOp, arith::RemUIOp>(op)) {
    // The smaller of two that are not negative; of a divisor, less one.
    std::optional<Range> a = of(0), b = of(1);
    bool isRemainder = isa<arith::RemUIOp>(op);
    if (b && (b->low < (isRemainder ? 1 : 0)))
      b.reset();
    if (b)
      return Range{0, b->high - isRemainder};
    return a && a->low >= 0 && !isRemainder ? std::optional(Range{0, a->high})
                                            : std::nullopt;
  }
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::RemSIOp,
           arith::DivSIOp, arith::MinSIOp, arith::MaxSIOp>(op))
    return std::nullopt;
  std::optional<Range> a = of(0), b = of(1);
  if (!b)
    return std::nullopt;
  if (isa<arith::RemSIOp>(op) && b->low >= 1)
    return Range{a && a->low >= 0 ? 0 : 1 - b->high, b->high - 1};
  if (!a)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return within(a->low + b->low, a->high + b->high);
  if (isa<arith::SubIOp>(op))
    return within(a->low - b->high, a->high - b->low);
  if (isa<arith::MulIOp>(op)) {
    auto ends = {a->low * b->low, a->low * b->high, a->high * b->low,
                 a->high * b->high};
    return within(std::min(ends), std::max(ends));
  }
  if (isa<arith::DivSIOp>(op))
    return a->low >= 0 && b->low >= 1
               ? std::optional(Range{0, a->high / b->low})
               : std::nullopt;
  if (isa<arith::MinSIOp>(op))
    return Range{std::min(a->low, b->low), std::min(a->high, b->high)};
  if (isa<arith::MaxSIOp>(op))
    return Range{std::max(a->low, b->low), std::max(a->high, b->high)};
  return std::nullopt;
}

struct Part {
  Value value;
  unsigned scale;
};

/// Takes an index apart: what is the same everywhere, as scalars, and the rest.
bool takeApart(Value index, unsigned scale, SmallVectorImpl<Part> &uniform,
               SmallVectorImpl<Part> &rest, unsigned depth = 0) {
  if (depth > maxDepth)
    return false;
  if (auto splat = index.getDefiningOp<tile::SplatOp>()) {
    uniform.push_back({splat.getSource(), scale});
    return true;
  }
  if (auto hint = index.getDefiningOp<tile::HintOp>())
    return takeApart(hint->getOperand(0), scale, uniform, rest, depth + 1);
  if (auto wide = index.getDefiningOp<arith::ExtSIOp>())
    return takeApart(wide.getIn(), scale, uniform, rest, depth + 1);
  if (auto sum = index.getDefiningOp<arith::AddIOp>())
    return takeApart(sum.getLhs(), scale, uniform, rest, depth + 1) &&
           takeApart(sum.getRhs(), scale, uniform, rest, depth + 1);
  rest.push_back({index, scale});
  return true;
}

} // namespace

std::optional<BoundedAddress> BoundedAddress::find(SimtEngine &e, Value ptr,
                                                   unsigned bytes) {
  SmallVector<Part> uniform, rest;
  Value at = ptr;
  while (auto add = at.getDefiningOp<tile::AddPtrOp>()) {
    auto type = cast<tile::PointerType>(tile::elementOf(at.getType()));
    if (!takeApart(add.getOffset(), e.bytesOf(type.getPointee()), uniform,
                   rest))
      return std::nullopt;
    at = add.getPtr();
  }
  auto splat = at.getDefiningOp<tile::SplatOp>();
  if (!splat)
    return std::nullopt;
  int64_t low = 0, high = 0;
  for (const Part &part : rest) {
    std::optional<Range> range = rangeOf(part.value);
    if (!range)
      return std::nullopt;
    low += range->low * part.scale;
    high += range->high * part.scale;
  }
  if (low < 0 || high > most - int64_t(bytes))
    return std::nullopt;
  BoundedAddress result(e);
  Build &B = e.B;
  result.start = e.registers(splat.getSource())[0];
  for (const Part &part : uniform) {
    Value index = e.registers(part.value)[0];
    if (index.getType() != B.i64)
      index = B.cast("sext", index, B.i64);
    result.start = B.gep(result.start, B.i8,
                         B.bin("mul", index, B.cst64(int64_t(part.scale))));
  }
  for (const Part &part : rest)
    result.terms.push_back({part.value, part.scale});
  return result;
}

Value BoundedAddress::offset(unsigned r) const {
  Build &B = e->B;
  Value sum;
  for (const Term &term : terms) {
    Value index = e->registers(term.value)[r];
    unsigned bits = index.getType().getIntOrFloatBitWidth();
    if (bits != 32)
      index = B.cast(bits < 32 ? "sext" : "trunc", index, B.i32);
    Value bytes = B.bin("mul", index, B.cst32(int32_t(term.scale)));
    sum = sum ? B.bin("add", sum, bytes) : bytes;
  }
  return sum ? sum : B.cst32(0);
}

} // namespace tilesdk::lowering
