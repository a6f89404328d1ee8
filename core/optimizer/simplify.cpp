//===- simplify.cpp - Simplify ops to a fixed point -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Rewrite/FrozenRewritePatternSet.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILESIMPLIFY
#include "core/optimizer/passes.h.inc"

namespace {

/// The scalar all elements of \p value equal, or null. A constant is made at
/// the insertion point.
Value scalarOfSplat(Value value, OpBuilder &builder) {
  if (auto splat = value.getDefiningOp<tile::SplatOp>())
    return splat.getSource();
  DenseElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)) && constant.isSplat())
    return arith::ConstantOp::create(builder, value.getLoc(),
                                     constant.getSplatValue<TypedAttr>());
  return {};
}

bool isSplat(Value value) {
  if (value.getDefiningOp<tile::SplatOp>())
    return true;
  DenseElementsAttr constant;
  return matchPattern(value, m_Constant(&constant)) && constant.isSplat();
}

/// The splat \p value again, in another shape.
Value splatOfShape(Value value, ArrayRef<int64_t> shape, OpBuilder &builder) {
  Type type = tile::typeOf(shape, tile::elementOf(value.getType()));
  if (auto splat = value.getDefiningOp<tile::SplatOp>())
    return tile::SplatOp::create(builder, value.getLoc(), type,
                                 splat.getSource());
  DenseElementsAttr constant;
  matchPattern(value, m_Constant(&constant));
  return arith::ConstantOp::create(
      builder, value.getLoc(), constant.resizeSplat(cast<ShapedType>(type)));
}

/// An op without effects and regions that computes one tensor by elements.
bool isElementwise(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumOperands() == 0 ||
      op->getNumRegions() != 0 ||
      !tile::isTileTensor(op->getResult(0).getType()) ||
      !isMemoryEffectFree(op))
    return false;
  return op->hasTrait<OpTrait::Elementwise>() ||
         isa<tile::AddPtrOp, tile::FpToFpOp, tile::SqrtRnOp, tile::DivRnOp,
             tile::IntToPtrOp, tile::PtrToIntOp, tile::PtrCastOp>(op);
}

/// The op \p op on other operands, with its attributes and properties.
Value withOperands(Operation *op, ValueRange operands, Type type,
                   PatternRewriter &rewriter) {
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addTypes(type);
  state.addAttributes(llvm::to_vector(op->getDiscardableAttrs()));
  state.propertiesAttr = op->getPropertiesAsAttribute();
  return rewriter.create(state)->getResult(0);
}

/// f(splat(x), splat(y)) -> splat(f(x, y))
struct ElementwiseOfSplats : RewritePattern {
  explicit ElementwiseOfSplats(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return failure();
    bool anySplatOp = false;
    for (Value operand : op->getOperands()) {
      bool isScalar = tile::isTileScalar(operand.getType());
      if (!isScalar && !isSplat(operand))
        return failure();
      // Constants alone are the folders' business.
      anySplatOp |= isScalar || operand.getDefiningOp<tile::SplatOp>();
    }
    if (!anySplatOp)
      return failure();
    SmallVector<Value> scalars;
    for (Value operand : op->getOperands())
      scalars.push_back(tile::isTileScalar(operand.getType())
                            ? operand
                            : scalarOfSplat(operand, rewriter));
    Type type = op->getResult(0).getType();
    Value scalar = withOperands(op, scalars, tile::elementOf(type), rewriter);
    rewriter.replaceOpWithNewOp<tile::SplatOp>(op, type, scalar);
    return success();
  }
};

/// f(broadcast(x), broadcast(y), splat(s)) -> broadcast(f(x, y, splat(s))) for
/// x and y of one shape: what repeats is computed once, and what is uniform
/// goes on its way to the base pointer.
struct ElementwiseOfBroadcasts : RewritePattern {
  explicit ElementwiseOfBroadcasts(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return failure();
    Type source;
    for (Value operand : op->getOperands()) {
      if (auto broadcast = operand.getDefiningOp<tile::BroadcastOp>()) {
        Type type = broadcast.getSource().getType();
        if (source && tile::shapeOf(source) != tile::shapeOf(type))
          return failure();
        source = type;
      } else if (!tile::isTileScalar(operand.getType()) && !isSplat(operand))
        return failure();
    }
    if (!source)
      return failure();
    ArrayRef<int64_t> shape = tile::shapeOf(source);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (auto broadcast = operand.getDefiningOp<tile::BroadcastOp>())
        operands.push_back(broadcast.getSource());
      else if (tile::isTileScalar(operand.getType()))
        operands.push_back(operand);
      else
        operands.push_back(splatOfShape(operand, shape, rewriter));
    }
    Type type = op->getResult(0).getType();
    Value small = withOperands(
        op, operands, tile::typeOf(shape, tile::elementOf(type)), rewriter);
    rewriter.replaceOpWithNewOp<tile::BroadcastOp>(op, type, small);
    return success();
  }
};

struct Bounds {
  int64_t low, high; ///< Both included.
};

/// Bounds of all elements of an integer tensor as signed numbers, where they
/// follow from ranges and constants.
std::optional<Bounds> boundsOf(Value value, unsigned depth = 0) {
  // Patterns are local: a few steps find what a kernel writes in one line.
  constexpr unsigned maxSteps = 6;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)) &&
      constant.getSignificantBits() <= 62)
    return Bounds{constant.getSExtValue(), constant.getSExtValue()};
  Operation *op = value.getDefiningOp();
  if (!op || depth == maxSteps)
    return std::nullopt;
  if (auto range = dyn_cast<tile::MakeRangeOp>(op))
    return Bounds{static_cast<int32_t>(range.getStart()),
                  int64_t(static_cast<int32_t>(range.getEnd())) - 1};
  if (isa<tile::ExpandDimsOp, tile::BroadcastOp, tile::ReshapeOp, tile::TransOp,
          tile::SplatOp, arith::ExtSIOp>(op))
    return boundsOf(op->getOperand(0), depth + 1);
  if (isa<arith::AddIOp>(op)) {
    auto a = boundsOf(op->getOperand(0), depth + 1);
    auto b = boundsOf(op->getOperand(1), depth + 1);
    unsigned width = tile::elementOf(value.getType()).getIntOrFloatBitWidth();
    if (!a || !b || width > 64 || width < 8)
      return std::nullopt;
    Bounds sum{a->low + b->low, a->high + b->high};
    if (!llvm::isIntN(std::min(width, 62u), sum.low) ||
        !llvm::isIntN(std::min(width, 62u), sum.high))
      return std::nullopt;
    return sum;
  }
  return std::nullopt;
}

/// Decides a comparison from bounds; nullopt where both outcomes occur.
std::optional<bool> decide(arith::CmpIPredicate predicate, Bounds a, Bounds b) {
  using Predicate = arith::CmpIPredicate;
  auto less = [](Bounds x, Bounds y) -> std::optional<bool> {
    if (x.high < y.low)
      return true;
    if (x.low >= y.high)
      return false;
    return std::nullopt;
  };
  auto negate = [](std::optional<bool> value) {
    return value ? std::optional<bool>(!*value) : value;
  };
  bool isUnsigned = predicate >= Predicate::ult;
  // Equal for signed and unsigned where both are not negative.
  if (isUnsigned && (a.low < 0 || b.low < 0))
    return std::nullopt;
  switch (predicate) {
  case Predicate::slt:
  case Predicate::ult:
    return less(a, b);
  case Predicate::sge:
  case Predicate::uge:
    return negate(less(a, b));
  case Predicate::sgt:
  case Predicate::ugt:
    return less(b, a);
  case Predicate::sle:
  case Predicate::ule:
    return negate(less(b, a));
  case Predicate::eq:
  case Predicate::ne:
    if (a.high < b.low || b.high < a.low)
      return predicate == Predicate::ne;
    return std::nullopt;
  }
  return std::nullopt;
}

/// make_range(0, 64) < 64 -> true
struct CompareOfRange : OpRewritePattern<arith::CmpIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::CmpIOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type)
      return failure();
    auto a = boundsOf(op.getLhs()), b = boundsOf(op.getRhs());
    if (!a || !b)
      return failure();
    auto outcome = decide(op.getPredicate(), *a, *b);
    if (!outcome)
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, type, DenseElementsAttr::get(type, *outcome));
    return success();
  }
};

/// select(m, load(p, m), constant) -> load(p, m, constant)
struct SelectOfMaskedLoad : OpRewritePattern<arith::SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SelectOp op,
                                PatternRewriter &rewriter) const override {
    auto load = op.getTrueValue().getDefiningOp<tile::LoadOp>();
    // Only a constant can surely be had where the load is.
    Attribute constant;
    if (!load || load.getMask() != op.getCondition() || load.getIsVolatile() ||
        !load->hasOneUse() ||
        !matchPattern(op.getFalseValue(), m_Constant(&constant)))
      return failure();
    rewriter.setInsertionPoint(load);
    Value other = arith::ConstantOp::create(rewriter, op.getLoc(),
                                            cast<TypedAttr>(constant));
    Value merged = tile::LoadOp::create(rewriter, load.getLoc(), load.getPtr(),
                                        load.getMask(), other, load.getCache(),
                                        load.getEvict(), load.getIsVolatile());
    rewriter.replaceOp(op, merged);
    return success();
  }
};

struct Simplify : impl::TileSimplifyBase<Simplify> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    for (RegisteredOperationName name : context->getRegisteredOperations())
      if (llvm::is_contained({"tile", "arith", "math", "scf", "func"},
                             name.getDialectNamespace()))
        name.getCanonicalizationPatterns(set, context);
    set.add<ElementwiseOfSplats, ElementwiseOfBroadcasts, CompareOfRange,
            SelectOfMaskedLoad>(context);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() override {
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal();
    // There are no branches to simplify, only regions of one block.
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    // What is not done after these rounds is left as it is; it is correct.
    (void)applyPatternsGreedily(getOperation(), patterns, config);
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
} // namespace tilesdk::optimizer
