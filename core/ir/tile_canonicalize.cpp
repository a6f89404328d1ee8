//===- tile_canonicalize.cpp - Rewrites to the simplest form ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// All are exact: they never change a numeric result. Shape changes of a splat
// become splats, so that a uniform value stays visible as one scalar.

#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tilesdk::tile {
namespace {

/// shape-change(splat(x)) -> splat(x)
template <typename Op> struct ShapeOfSplat : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto splat = op.getSource().template getDefiningOp<SplatOp>();
    if (!splat)
      return failure();
    rewriter.replaceOpWithNewOp<SplatOp>(op, op.getType(), splat.getSource());
    return success();
  }
};

/// broadcast(broadcast(x)) -> broadcast(x)
struct BroadcastOfBroadcast : OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getSource().getDefiningOp<BroadcastOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(),
                                             inner.getSource());
    return success();
  }
};

/// reshape(reshape(x)), reshape(expand_dims(x)) -> reshape(x). Elements may
/// move if either was allowed to move them.
struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    if (auto inner = op.getSource().getDefiningOp<ReshapeOp>()) {
      rewriter.replaceOpWithNewOp<ReshapeOp>(
          op, op.getType(), inner.getSource(),
          op.getAllowReorder() || inner.getAllowReorder());
      return success();
    }
    if (auto inner = op.getSource().getDefiningOp<ExpandDimsOp>()) {
      rewriter.replaceOpWithNewOp<ReshapeOp>(
          op, op.getType(), inner.getSource(), op.getAllowReorder());
      return success();
    }
    return failure();
  }
};

/// A reshape that only inserts one unit extent -> expand_dims, whose effect on
/// contiguity is known to every analysis.
struct ReshapeToExpandDims : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> from = shapeOf(op.getSource().getType());
    ArrayRef<int64_t> to = shapeOf(op.getType());
    if (to.size() != from.size() + 1)
      return failure();
    size_t axis = 0;
    while (axis < from.size() && from[axis] == to[axis])
      ++axis;
    if (to[axis] != 1 || from.drop_front(axis) != to.drop_front(axis + 1))
      return failure();
    rewriter.replaceOpWithNewOp<ExpandDimsOp>(op, op.getType(), op.getSource(),
                                              static_cast<uint32_t>(axis));
    return success();
  }
};

/// trans(trans(x, p), q) -> trans(x, p∘q); the folder drops identities.
struct TransOfTrans : OpRewritePattern<TransOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getSource().getDefiningOp<TransOp>();
    if (!inner)
      return failure();
    // Result dim i reads source dim p[q[i]]; the order matters from rank 3 on.
    auto perm = llvm::map_to_vector(
        op.getPerm(), [&](int32_t dim) { return inner.getPerm()[dim]; });
    rewriter.replaceOpWithNewOp<TransOp>(op, op.getType(), inner.getSource(),
                                         perm);
    return success();
  }
};

/// addptr(splat(p), splat(o)) -> splat(addptr(p, o))
struct AddPtrOfSplats : OpRewritePattern<AddPtrOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddPtrOp op,
                                PatternRewriter &rewriter) const override {
    auto ptr = op.getPtr().getDefiningOp<SplatOp>();
    if (!ptr)
      return failure();
    Value offset;
    DenseElementsAttr constant;
    if (auto splat = op.getOffset().getDefiningOp<SplatOp>())
      offset = splat.getSource();
    else if (matchPattern(op.getOffset(), m_Constant(&constant)) &&
             constant.isSplat())
      offset = arith::ConstantOp::create(rewriter, op.getLoc(),
                                         constant.getSplatValue<TypedAttr>());
    else
      return failure();
    Value moved =
        AddPtrOp::create(rewriter, op.getLoc(), ptr.getSource(), offset);
    rewriter.replaceOpWithNewOp<SplatOp>(op, op.getType(), moved);
    return success();
  }
};

bool isUniform(Value value) {
  DenseElementsAttr constant;
  return value.getDefiningOp<SplatOp>() ||
         (matchPattern(value, m_Constant(&constant)) && constant.isSplat());
}

/// addptr(addptr(p, x), s) -> addptr(addptr(p, s), x) for uniform s and other
/// x: what is uniform gathers in the scalar base pointer.
struct AddPtrUniformFirst : OpRewritePattern<AddPtrOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddPtrOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getPtr().getDefiningOp<AddPtrOp>();
    if (!inner || !isUniform(op.getOffset()) || isUniform(inner.getOffset()))
      return failure();
    Value base =
        AddPtrOp::create(rewriter, op.getLoc(), inner.getPtr(), op.getOffset());
    rewriter.replaceOpWithNewOp<AddPtrOp>(op, base, inner.getOffset());
    return success();
  }
};

/// addptr(addptr(p, a), b) -> addptr(p, a + b) for constant a and b whose sum
/// fits their type.
struct AddPtrOfConstants : OpRewritePattern<AddPtrOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddPtrOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getPtr().getDefiningOp<AddPtrOp>();
    APInt a, b;
    if (!inner || !matchPattern(inner.getOffset(), m_ConstantInt(&a)) ||
        !matchPattern(op.getOffset(), m_ConstantInt(&b)) ||
        a.getBitWidth() != b.getBitWidth())
      return failure();
    bool overflow;
    APInt sum = a.sadd_ov(b, overflow);
    if (overflow)
      return failure();
    Type type = op.getOffset().getType();
    TypedAttr value = IntegerAttr::get(elementOf(type), sum);
    if (auto shaped = dyn_cast<ShapedType>(type))
      value = SplatElementsAttr::get(shaped, sum);
    Value offset = arith::ConstantOp::create(rewriter, op.getLoc(), value);
    rewriter.replaceOpWithNewOp<AddPtrOp>(op, inner.getPtr(), offset);
    return success();
  }
};

/// All-true masks vanish; an all-false load is its `other`, or zero.
struct LoadOfConstantMask : OpRewritePattern<LoadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LoadOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getMask())
      return failure();
    if (matchPattern(op.getMask(), m_One())) {
      rewriter.replaceOpWithNewOp<LoadOp>(op, op.getPtr(), Value(), Value(),
                                          op.getCache(), op.getEvict(),
                                          op.getIsVolatile());
      return success();
    }
    if (!matchPattern(op.getMask(), m_Zero()))
      return failure();
    if (op.getOther()) {
      rewriter.replaceOp(op, op.getOther());
      return success();
    }
    TypedAttr zero = rewriter.getZeroAttr(op.getType());
    if (!zero)
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, zero);
    return success();
  }
};

/// load(splat(p)) -> splat(load(p)): one address is read once.
struct LoadOfSplat : OpRewritePattern<LoadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LoadOp op,
                                PatternRewriter &rewriter) const override {
    auto ptr = op.getPtr().getDefiningOp<SplatOp>();
    if (!ptr || op.getMask() || op.getIsVolatile())
      return failure();
    Value scalar =
        LoadOp::create(rewriter, op.getLoc(), ptr.getSource(), Value(), Value(),
                       op.getCache(), op.getEvict());
    rewriter.replaceOpWithNewOp<SplatOp>(op, op.getType(), scalar);
    return success();
  }
};

struct StoreOfConstantMask : OpRewritePattern<StoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(StoreOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getMask())
      return failure();
    if (matchPattern(op.getMask(), m_Zero())) {
      rewriter.eraseOp(op);
      return success();
    }
    if (!matchPattern(op.getMask(), m_One()))
      return failure();
    rewriter.replaceOpWithNewOp<StoreOp>(op, op.getPtr(), op.getValue(),
                                         Value(), op.getCache(), op.getEvict());
    return success();
  }
};

/// Reducing an extent of 1 only drops the dimension.
struct ReduceOfUnitExtent : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = shapeOf(op.getSources().front().getType());
    // There is no op that turns a tensor of one element into a scalar.
    if (shape.size() == 1 || shape[op.getAxis()] != 1)
      return failure();
    SmallVector<Value> results;
    for (auto [source, result] : llvm::zip(op.getSources(), op.getResults()))
      results.push_back(ReshapeOp::create(rewriter, op.getLoc(),
                                          result.getType(), source, false));
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct ScanOfUnitExtent : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp op,
                                PatternRewriter &rewriter) const override {
    if (shapeOf(op.getSources().front().getType())[op.getAxis()] != 1)
      return failure();
    rewriter.replaceOp(op, op.getSources());
    return success();
  }
};

} // namespace

void ExpandDimsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<ShapeOfSplat<ExpandDimsOp>>(context);
}

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<ShapeOfSplat<BroadcastOp>, BroadcastOfBroadcast>(context);
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<ShapeOfSplat<ReshapeOp>, ReshapeOfReshape, ReshapeToExpandDims>(
      context);
}

void TransOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<ShapeOfSplat<TransOp>, TransOfTrans>(context);
}

void AddPtrOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<AddPtrOfSplats, AddPtrOfConstants, AddPtrUniformFirst>(context);
}

void LoadOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<LoadOfConstantMask, LoadOfSplat>(context);
}

void StoreOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<StoreOfConstantMask>(context);
}

void ReduceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<ReduceOfUnitExtent>(context);
}

void ScanOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<ScanOfUnitExtent>(context);
}

LogicalResult AssumeOp::canonicalize(AssumeOp op, PatternRewriter &rewriter) {
  if (!matchPattern(op.getCondition(), m_One()))
    return failure();
  rewriter.eraseOp(op);
  return success();
}

LogicalResult AssertOp::canonicalize(AssertOp op, PatternRewriter &rewriter) {
  if (!matchPattern(op.getCondition(), m_One()))
    return failure();
  rewriter.eraseOp(op);
  return success();
}

} // namespace tilesdk::tile
