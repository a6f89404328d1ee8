//===- axis_info_rules.cpp - How ops pass axis information on ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/axis_info_rules.h"
#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;

namespace tilesdk::optimizer::axis {

static constexpr int64_t maxDivisibility = int64_t(1) << 30;
using Infos = ArrayRef<AxisInfo>;

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

int64_t powerOfTwoIn(int64_t value) {
  if (value == 0)
    return maxDivisibility;
  return std::min(maxDivisibility,
                  static_cast<int64_t>(uint64_t(1) << llvm::countr_zero(
                                           static_cast<uint64_t>(value))));
}

int64_t divisibilityAt(const AxisDim &dim, int64_t run, int64_t bytes) {
  if (run % dim.contiguity == 0)
    return dim.divisibility;
  return std::gcd(dim.divisibility, std::gcd(dim.contiguity, run) * bytes);
}

int64_t elementBytes(Type type) {
  auto pointer = dyn_cast<tile::PointerType>(tile::elementOf(type));
  if (!pointer)
    return 1;
  Type pointee = pointer.getPointee();
  if (isa<tile::PointerType>(pointee))
    return 8;
  return std::max<int64_t>(1, pointee.getIntOrFloatBitWidth() / 8);
}

AxisInfo unknown(Type type) {
  AxisInfo info;
  info.dims.resize(std::max<size_t>(1, tile::shapeOf(type).size()));
  return info;
}

/// All elements are equal, each a multiple of \p divisibility.
static AxisInfo uniform(Type type, int64_t divisibility) {
  AxisInfo info = unknown(type);
  for (AxisDim &dim : info.dims)
    dim.divisibility = divisibility;
  for (auto [dim, extent] : llvm::zip(info.dims, tile::shapeOf(type)))
    dim.constancy = extent;
  return info;
}

AxisInfo constant(Type type, int64_t value) {
  AxisInfo info = uniform(type, powerOfTwoIn(value));
  info.constant = value;
  info.isNonNegative = value >= 0;
  return info;
}

AxisInfo join(const AxisInfo &a, const AxisInfo &b, int64_t bytes) {
  AxisInfo info;
  for (auto [x, y] : llvm::zip(a.dims, b.dims)) {
    AxisDim dim;
    dim.contiguity = std::gcd(x.contiguity, y.contiguity);
    dim.constancy = std::gcd(x.constancy, y.constancy);
    dim.divisibility = std::gcd(divisibilityAt(x, dim.contiguity, bytes),
                                divisibilityAt(y, dim.contiguity, bytes));
    info.dims.push_back(dim);
  }
  if (a.constant == b.constant)
    info.constant = a.constant;
  info.isNonNegative = a.isNonNegative && b.isNonNegative;
  return info;
}

AxisInfo inductionInfo(const AxisInfo &lowerBound, const AxisInfo &step) {
  AxisInfo info;
  info.dims.resize(1);
  info.dims[0].divisibility =
      std::gcd(lowerBound.dims[0].divisibility, step.dims[0].divisibility);
  // scf.for has a positive step.
  info.isNonNegative = lowerBound.isNonNegative;
  return info;
}

/// Divisibility that every element has, along whatever dimension it is seen.
static int64_t divisibilityOfAll(const AxisInfo &info, int64_t bytes) {
  int64_t best = 1;
  for (const AxisDim &dim : info.dims)
    best = std::max(best, divisibilityAt(dim, 1, bytes));
  return best;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Constancy of an elementwise function, which is all that is known of most.
static AxisInfo elementwise(Operation *op, Infos operands) {
  AxisInfo info = unknown(op->getResult(0).getType());
  ArrayRef<int64_t> shape = tile::shapeOf(op->getResult(0).getType());
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t constancy = shape[d];
    for (auto [operand, value] : llvm::zip(operands, op->getOperands()))
      if (tile::isTileTensor(value.getType()))
        constancy = std::gcd(constancy, operand.dims[d].constancy);
    info.dims[d].constancy = constancy;
  }
  return info;
}

/// a + b, for pointers \p bytes apart.
static void add(AxisInfo &info, const AxisInfo &a, const AxisInfo &b,
                int64_t bytes) {
  for (auto [dim, x, y] : llvm::zip(info.dims, a.dims, b.dims)) {
    dim.contiguity = std::max(std::gcd(x.contiguity, y.constancy),
                              std::gcd(x.constancy, y.contiguity));
    dim.divisibility = std::gcd(divisibilityAt(x, dim.contiguity, bytes),
                                divisibilityAt(y, dim.contiguity) * bytes);
  }
  info.isNonNegative = a.isNonNegative && b.isNonNegative;
}

static void subtract(AxisInfo &info, const AxisInfo &a, const AxisInfo &b) {
  for (auto [dim, x, y] : llvm::zip(info.dims, a.dims, b.dims)) {
    dim.contiguity = std::gcd(x.contiguity, y.constancy);
    dim.divisibility = std::gcd(divisibilityAt(x, dim.contiguity),
                                divisibilityAt(y, dim.contiguity));
  }
}

static void multiply(AxisInfo &info, const AxisInfo &a, const AxisInfo &b) {
  if (a.constant == 1 || b.constant == 1) {
    const AxisInfo &other = a.constant == 1 ? b : a;
    for (auto [dim, x] : llvm::zip(info.dims, other.dims)) {
      dim.contiguity = x.contiguity;
      dim.divisibility = x.divisibility;
    }
  } else {
    for (auto [dim, x, y] : llvm::zip(info.dims, a.dims, b.dims))
      dim.divisibility = std::min(maxDivisibility,
                                  divisibilityAt(x, 1) * divisibilityAt(y, 1));
  }
  info.isNonNegative = a.isNonNegative && b.isNonNegative;
}

/// Runs of \p x that lie between two multiples of the elements of \p y.
static int64_t alignedRun(const AxisDim &x, const AxisDim &y) {
  return std::gcd(std::gcd(x.contiguity, y.constancy),
                  std::gcd(x.divisibility, divisibilityAt(y, 1)));
}

/// a / b and a % b; signed ones need a not negative, for they round to zero.
static void divide(AxisInfo &info, const AxisInfo &a, const AxisInfo &b,
                   bool isSigned, bool isRemainder) {
  info.isNonNegative = a.isNonNegative && (isRemainder || b.isNonNegative);
  bool usable = !isSigned || a.isNonNegative;
  for (auto [dim, x, y] : llvm::zip(info.dims, a.dims, b.dims)) {
    if (usable && isRemainder)
      dim.contiguity = alignedRun(x, y);
    else if (usable)
      dim.constancy = std::max(dim.constancy, alignedRun(x, y));
    if (isRemainder)
      dim.divisibility = std::gcd(divisibilityAt(x, dim.contiguity),
                                  divisibilityAt(y, dim.contiguity));
    // Exact division by a power of two leaves the other factors.
    else if (b.constant && llvm::isPowerOf2_64(*b.constant) && *b.constant > 0)
      dim.divisibility =
          std::max<int64_t>(1, divisibilityAt(x, 1) / *b.constant);
  }
}

/// Where contiguous values are compared with values that do not cut a run.
static void compare(AxisInfo &info, const AxisInfo &a, const AxisInfo &b,
                    arith::CmpIPredicate predicate) {
  using Predicate = arith::CmpIPredicate;
  bool left = llvm::is_contained(
      {Predicate::slt, Predicate::ult, Predicate::sge, Predicate::uge},
      predicate);
  bool right = llvm::is_contained(
      {Predicate::sgt, Predicate::ugt, Predicate::sle, Predicate::ule},
      predicate);
  for (auto [dim, x, y] : llvm::zip(info.dims, a.dims, b.dims)) {
    if (left)
      dim.constancy = std::max(dim.constancy, alignedRun(x, y));
    if (right)
      dim.constancy = std::max(dim.constancy, alignedRun(y, x));
  }
}

/// One of several values, chosen per element by \p chooser (may be null).
static void choose(AxisInfo &info, const AxisInfo &a, const AxisInfo &b,
                   const AxisInfo *chooser) {
  AxisInfo joined = join(a, b, 1);
  for (size_t d = 0; d < info.dims.size(); ++d) {
    AxisDim &dim = info.dims[d];
    dim.contiguity = joined.dims[d].contiguity;
    if (chooser)
      dim.contiguity = std::gcd(dim.contiguity, chooser->dims[d].constancy);
    dim.divisibility = std::gcd(divisibilityAt(a.dims[d], dim.contiguity),
                                divisibilityAt(b.dims[d], dim.contiguity));
  }
  info.isNonNegative = joined.isNonNegative;
}

/// The arithmetic ops; the constancy in \p info is that of any elementwise op.
static void inferArith(Operation *op, Infos in, AxisInfo &info) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](arith::AddIOp) { add(info, in[0], in[1], 1); })
      .Case([&](arith::SubIOp) { subtract(info, in[0], in[1]); })
      .Case([&](arith::MulIOp) { multiply(info, in[0], in[1]); })
      .Case([&](arith::ShLIOp) {
        if (in[1].constant && *in[1].constant >= 0 && *in[1].constant < 31)
          multiply(info, in[0],
                   constant(op->getResult(0).getType(),
                            int64_t(1) << *in[1].constant));
      })
      .Case([&](arith::DivUIOp) { divide(info, in[0], in[1], false, false); })
      .Case([&](arith::DivSIOp) { divide(info, in[0], in[1], true, false); })
      .Case([&](arith::RemUIOp) { divide(info, in[0], in[1], false, true); })
      .Case([&](arith::RemSIOp) { divide(info, in[0], in[1], true, true); })
      .Case<arith::ShRUIOp, arith::ShRSIOp>([&](Operation *) {
        // Both round down, so the sign does not matter for runs.
        if (in[1].constant && *in[1].constant >= 0 && *in[1].constant < 31)
          divide(info, in[0],
                 constant(op->getResult(0).getType(), int64_t(1)
                                                          << *in[1].constant),
                 false, false);
        info.isNonNegative = in[0].isNonNegative;
      })
      .Case([&](arith::AndIOp) {
        // x & (2^k - 1) is the remainder by 2^k.
        if (in[1].constant && *in[1].constant >= 0 &&
            llvm::isMask_64(*in[1].constant))
          divide(info, in[0],
                 constant(op->getResult(0).getType(), *in[1].constant + 1),
                 false, true);
        info.isNonNegative = in[0].isNonNegative || in[1].isNonNegative;
      })
      .Case([&](arith::CmpIOp compareOp) {
        compare(info, in[0], in[1], compareOp.getPredicate());
      })
      .Case([&](arith::SelectOp select) {
        bool perElement = tile::isTileTensor(select.getCondition().getType());
        choose(info, in[1], in[2], perElement ? &in[0] : nullptr);
      })
      .Case<arith::MinSIOp, arith::MinUIOp, arith::MaxSIOp, arith::MaxUIOp>(
          [&](Operation *) {
            for (auto [dim, x, y] :
                 llvm::zip(info.dims, in[0].dims, in[1].dims))
              dim.divisibility =
                  std::gcd(divisibilityAt(x, 1), divisibilityAt(y, 1));
            info.isNonNegative = in[0].isNonNegative && in[1].isNonNegative;
          })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::ExtUIOp>([&](Operation *) {
        info.dims = in[0].dims;
        info.isNonNegative = isa<arith::ExtUIOp>(op) ||
                             (isa<arith::ExtSIOp>(op) && in[0].isNonNegative);
      });
}

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

static AxisInfo expandDims(tile::ExpandDimsOp op, const AxisInfo &in) {
  AxisInfo info = in;
  AxisDim dim;
  dim.divisibility = divisibilityOfAll(in, elementBytes(op.getType()));
  info.dims.insert(info.dims.begin() + op.getAxis(), dim);
  return info;
}

static AxisInfo broadcast(tile::BroadcastOp op, const AxisInfo &in) {
  AxisInfo info = in;
  ArrayRef<int64_t> from = tile::shapeOf(op.getSource().getType());
  ArrayRef<int64_t> to = tile::shapeOf(op.getType());
  for (size_t d = 0; d < to.size(); ++d)
    if (from[d] != to[d])
      info.dims[d] = {1, info.dims[d].divisibility, to[d]};
  return info;
}

static AxisInfo trans(tile::TransOp op, const AxisInfo &in) {
  AxisInfo info = in;
  for (auto [dim, source] : llvm::zip(info.dims, op.getPerm()))
    dim = in.dims[source];
  return info;
}

static AxisInfo reshape(tile::ReshapeOp op, const AxisInfo &in) {
  Type type = op.getType();
  int64_t bytes = elementBytes(type);
  ArrayRef<int64_t> from = tile::shapeOf(op.getSource().getType());
  ArrayRef<int64_t> to = tile::shapeOf(type);
  bool isUniform = true;
  for (auto [dim, extent] : llvm::zip(in.dims, from))
    isUniform &= dim.constancy == extent;
  int64_t ofAll = divisibilityOfAll(in, bytes);
  AxisInfo info = isUniform ? uniform(type, ofAll) : unknown(type);
  info.isNonNegative = in.isNonNegative;
  info.constant = in.constant;
  if (isUniform)
    return info;
  for (AxisDim &dim : info.dims)
    dim.divisibility = ofAll;
  if (op.getAllowReorder())
    return info;
  // Row-major order keeps neighbours of the last dimension together as far as
  // both extents allow.
  const AxisDim &last = in.dims.back();
  AxisDim &newLast = info.dims.back();
  newLast.contiguity = std::gcd(last.contiguity, to.back());
  newLast.constancy = std::gcd(last.constancy, to.back());
  newLast.divisibility =
      std::max(newLast.contiguity == 1 ? ofAll : 1,
               divisibilityAt(last, newLast.contiguity, bytes));
  return info;
}

static AxisInfo hint(tile::HintOp op, const AxisInfo &in) {
  AxisInfo info = in;
  ArrayRef<int64_t> shape = tile::shapeOf(op.getType());
  for (size_t d = 0; d < info.dims.size(); ++d) {
    int64_t extent = shape.empty() ? 1 : shape[d];
    AxisDim &dim = info.dims[d];
    if (op.getContiguity()) {
      int64_t run = std::gcd((*op.getContiguity())[d], extent);
      // The old divisibility was stated for shorter runs, so it holds here.
      dim.contiguity = std::max(dim.contiguity, run);
    }
    if (op.getConstancy())
      dim.constancy =
          std::max(dim.constancy, std::gcd((*op.getConstancy())[d], extent));
    if (op.getDivisibility())
      dim.divisibility =
          std::max(dim.divisibility, powerOfTwoIn((*op.getDivisibility())[d]));
  }
  return info;
}

/// Pointer conversions: a run of elements is no run of other sizes.
static AxisInfo convertPointer(Operation *op, const AxisInfo &in) {
  int64_t from = elementBytes(op->getOperand(0).getType());
  int64_t to = elementBytes(op->getResult(0).getType());
  AxisInfo info = in;
  info.constant.reset();
  info.isNonNegative = false;
  if (from != to)
    for (auto [dim, source] : llvm::zip(info.dims, in.dims)) {
      dim.contiguity = 1;
      dim.divisibility = divisibilityAt(source, 1, from);
    }
  return info;
}

static AxisInfo inferConstant(arith::ConstantOp op) {
  Type type = op.getType();
  Attribute value = op.getValue();
  auto elements = dyn_cast<SplatElementsAttr>(value);
  if (elements)
    value = elements.getSplatValue<Attribute>();
  if (auto number = dyn_cast<IntegerAttr>(value);
      number && number.getValue().getSignificantBits() <= 64)
    return constant(type, number.getValue().getSExtValue());
  return elements ? uniform(type, 1) : unknown(type);
}

AxisInfo infer(Operation *op, Infos in) {
  Type type = op->getResult(0).getType();
  if (!tile::isTileValue(type))
    return unknown(type);
  return llvm::TypeSwitch<Operation *, AxisInfo>(op)
      .Case([&](arith::ConstantOp constantOp) {
        return inferConstant(constantOp);
      })
      .Case<tile::ProgramIdOp, tile::NumProgramsOp>([&](Operation *) {
        AxisInfo info = unknown(type);
        info.isNonNegative = true;
        return info;
      })
      .Case([&](tile::MakeRangeOp range) {
        AxisInfo info = unknown(type);
        int64_t start = static_cast<int32_t>(range.getStart());
        info.dims[0].contiguity = tile::shapeOf(type)[0];
        info.dims[0].divisibility = powerOfTwoIn(start);
        info.isNonNegative = start >= 0;
        return info;
      })
      .Case([&](tile::SplatOp) {
        AxisInfo info = uniform(type, in[0].dims[0].divisibility);
        info.constant = in[0].constant;
        info.isNonNegative = in[0].isNonNegative;
        return info;
      })
      .Case([&](tile::ExpandDimsOp o) { return expandDims(o, in[0]); })
      .Case([&](tile::BroadcastOp o) { return broadcast(o, in[0]); })
      .Case([&](tile::TransOp o) { return trans(o, in[0]); })
      .Case([&](tile::ReshapeOp o) { return reshape(o, in[0]); })
      .Case([&](tile::HintOp o) { return hint(o, in[0]); })
      .Case([&](simt::ConvertLayoutOp) { return in[0]; })
      .Case<tile::IntToPtrOp, tile::PtrToIntOp, tile::PtrCastOp>(
          [&](Operation *) { return convertPointer(op, in[0]); })
      .Case([&](tile::AddPtrOp) {
        AxisInfo info = elementwise(op, in);
        add(info, in[0], in[1], elementBytes(type));
        info.isNonNegative = false;
        return info;
      })
      .Case([&](tile::LoadOp) { return elementwise(op, in); })
      .Case<tile::FpToFpOp, tile::SqrtRnOp, tile::DivRnOp>(
          [&](Operation *) { return elementwise(op, in); })
      .Default([&](Operation *) {
        if (!op->hasTrait<OpTrait::Elementwise>())
          return unknown(type);
        AxisInfo info = elementwise(op, in);
        inferArith(op, in, info);
        return info;
      });
}

} // namespace tilesdk::optimizer::axis
