//===- affine_tiles.cpp - Tiles that are sums of ranges -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/optimizer/simt/polynomial.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tilesdk::optimizer {

/// More terms than this are no address.
static constexpr size_t maxTerms = 16;

static bool isSmall(const AffineTile &tile) {
  return tile.start.terms().size() <= maxTerms &&
         llvm::all_of(tile.steps, [](const Polynomial &step) {
           return step.terms().size() <= maxTerms;
         });
}

static AffineTile sum(const AffineTile &a, const AffineTile &b,
                      int64_t factor) {
  AffineTile result = a;
  if (!result.base)
    result.base = b.base;
  result.start.add(b.start, factor);
  for (auto [to, from] : llvm::zip(result.steps, b.steps))
    to.add(from, factor);
  return result;
}

/// Nothing when both run along a dimension.
static std::optional<AffineTile> product(const AffineTile &a,
                                         const AffineTile &b) {
  auto isUniform = [](const AffineTile &tile) {
    return llvm::all_of(tile.steps,
                        [](const Polynomial &step) { return step.isZero(); });
  };
  if (!isUniform(a) && !isUniform(b))
    return std::nullopt;
  const AffineTile &runs = isUniform(a) ? b : a, &scale = isUniform(a) ? a : b;
  AffineTile result{{}, runs.start * scale.start, {}};
  for (const Polynomial &step : runs.steps)
    result.steps.push_back(step * scale.start);
  return result;
}

/// Along other dimensions: steps that \p op makes of those of its operand.
static void reshape(Operation *op, AffineTile &tile) {
  if (auto splat = dyn_cast<tile::SplatOp>(op)) {
    tile.steps.assign(tile::shapeOf(splat.getType()).size(), Polynomial());
  } else if (auto expand = dyn_cast<tile::ExpandDimsOp>(op)) {
    tile.steps.insert(tile.steps.begin() + expand.getAxis(), Polynomial());
  } else if (auto trans = dyn_cast<tile::TransOp>(op)) {
    SmallVector<Polynomial, 2> from = std::move(tile.steps);
    tile.steps.clear();
    for (int32_t dim : trans.getPerm())
      tile.steps.push_back(from[dim]);
  } else if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    for (auto [step, extent] :
         llvm::zip(tile.steps, tile::shapeOf(broadcast.getSource().getType())))
      if (extent == 1)
        step = Polynomial();
  }
}

static bool isReshape(Operation *op) {
  return isa<tile::SplatOp, tile::ExpandDimsOp, tile::TransOp,
             tile::BroadcastOp>(op);
}

/// Sums that count bytes or characters wrap.
static bool isArithmetic(Operation *op) {
  if (isa<tile::AddPtrOp>(op))
    return true;
  return isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op) &&
         tile::elementOf(op->getResult(0).getType()).getIntOrFloatBitWidth() >=
             32;
}

std::optional<AffineTile> AffineTiles::find(Value value) {
  if (!tile::isTileTensor(value.getType()))
    return scalar(value);
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  size_t rank = tile::shapeOf(value.getType()).size();
  AffineTile result;
  result.steps.resize(rank);
  APInt constant;
  if (auto range = dyn_cast<tile::MakeRangeOp>(op)) {
    result.start = Polynomial(int64_t(range.getStart()));
    result.steps[0] = Polynomial(int64_t(1));
    return result;
  }
  if (matchPattern(value, m_ConstantInt(&constant))) {
    result.start = Polynomial(constant.getSExtValue());
    return result;
  }
  if (isReshape(op) || isa<arith::ExtSIOp, tile::HintOp>(op)) {
    std::optional<AffineTile> source = find(op->getOperand(0));
    if (source)
      reshape(op, *source);
    return source;
  }
  if (!isArithmetic(op))
    return std::nullopt;
  std::optional<AffineTile> left = find(op->getOperand(0)),
                            right = find(op->getOperand(1));
  if (!left || !right)
    return std::nullopt;
  std::optional<AffineTile> both =
      isa<arith::MulIOp>(op)
          ? product(*left, *right)
          : sum(*left, *right, isa<arith::SubIOp>(op) ? -1 : 1);
  return both && isSmall(*both) ? both : std::nullopt;
}

AffineTile AffineTiles::scalar(Value value) {
  bool isPointer = tile::isPtrLike(value.getType());
  AffineTile itself;
  if (isPointer)
    itself.base = value;
  else
    itself.start = Polynomial(value);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    std::optional<AffineTile> moved = carried(argument);
    return moved ? *moved : itself;
  }
  Operation *op = value.getDefiningOp();
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return {{}, Polynomial(constant.getSExtValue()), {}};
  if (isa<arith::ExtSIOp, tile::HintOp>(op))
    return scalar(op->getOperand(0));
  if (!isArithmetic(op))
    return itself;
  AffineTile left = scalar(op->getOperand(0)),
             right = scalar(op->getOperand(1));
  AffineTile both = isa<arith::MulIOp>(op)
                        ? *product(left, right)
                        : sum(left, right, isa<arith::SubIOp>(op) ? -1 : 1);
  return isSmall(both) ? both : itself;
}

std::optional<AffineTile> AffineTiles::carried(BlockArgument argument) {
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  if (!loop || argument.getArgNumber() == 0 ||
      open.contains(argument.getAsOpaquePointer()))
    return std::nullopt;
  unsigned index = argument.getArgNumber() - 1;
  open.insert(argument.getAsOpaquePointer());
  AffineTile next = scalar(loop.getYieldedValues()[index]);
  open.erase(argument.getAsOpaquePointer());
  // Each iteration adds the same.
  Polynomial moves = next.start;
  if (tile::isPtrLike(argument.getType())) {
    if (next.base != argument)
      return std::nullopt;
  } else {
    moves.add(Polynomial(argument), -1);
  }
  for (const Polynomial::Term &term : moves.terms())
    for (Value scalar : term.scalars)
      if (!loop.isDefinedOutsideOfLoop(scalar))
        return std::nullopt;
  auto [perCount, rest] = moves.divide(scalar(loop.getStep()).start);
  if (!rest.isZero())
    return std::nullopt;
  Polynomial counter =
      Polynomial(loop.getInductionVar()) - scalar(loop.getLowerBound()).start;
  AffineTile result = scalar(loop.getInitArgs()[index]);
  result.start.add(perCount * counter);
  return isSmall(result) ? std::optional(result) : std::nullopt;
}

std::optional<SmallVector<AffineTile, 4>>
AffineTiles::findConditions(Value mask) {
  Operation *op = mask.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (matchPattern(mask, m_One()))
    return SmallVector<AffineTile, 4>();
  if (isReshape(op)) {
    auto conditions = findConditions(op->getOperand(0));
    if (conditions)
      for (AffineTile &condition : *conditions)
        reshape(op, condition);
    return conditions;
  }
  if (isa<arith::AndIOp>(op)) {
    auto left = findConditions(op->getOperand(0)),
         right = findConditions(op->getOperand(1));
    if (!left || !right)
      return std::nullopt;
    llvm::append_range(*left, *right);
    return left;
  }
  auto compare = dyn_cast<arith::CmpIOp>(op);
  if (!compare)
    return std::nullopt;
  std::optional<AffineTile> left = find(compare.getLhs()),
                            right = find(compare.getRhs());
  if (!left || !right || left->base || right->base)
    return std::nullopt;
  AffineTile below;
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::slt:
    below = sum(*left, *right, -1);
    break;
  case arith::CmpIPredicate::sle:
    below = sum(*left, *right, -1);
    below.start.add(Polynomial(int64_t(1)), -1);
    break;
  case arith::CmpIPredicate::sgt:
    below = sum(*right, *left, -1);
    break;
  case arith::CmpIPredicate::sge:
    below = sum(*right, *left, -1);
    below.start.add(Polynomial(int64_t(1)), -1);
    break;
  default:
    return std::nullopt;
  }
  return SmallVector<AffineTile, 4>{below};
}

} // namespace tilesdk::optimizer
