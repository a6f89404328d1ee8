//===- simt_ops.cpp - Builders, folders, effects of simt --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"

#include "core/layout/algebra.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tilesdk::simt {

//===----------------------------------------------------------------------===//
// convert_layout
//===----------------------------------------------------------------------===//

OpFoldResult ConvertLayoutOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return splat.resizeSplat(cast<ShapedType>(getType()));
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getSource()))
    return dense.reshape(cast<ShapedType>(getType()));
  if (auto inner = getSource().getDefiningOp<ConvertLayoutOp>()) {
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  return {};
}

namespace {

/// What costs nothing in any layout is made in the right one.
struct ConvertOfFree : OpRewritePattern<ConvertLayoutOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvertLayoutOp op,
                                PatternRewriter &rewriter) const override {
    Operation *source = op.getSource().getDefiningOp();
    if (!isa_and_nonnull<tile::SplatOp, tile::MakeRangeOp>(source))
      return failure();
    Operation *copy = rewriter.clone(*source);
    copy->getResult(0).setType(op.getType());
    rewriter.replaceOp(op, copy);
    return success();
  }
};

} // namespace

void ConvertLayoutOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                  MLIRContext *context) {
  patterns.add<ConvertOfFree>(context);
}

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

void SharedAllocOp::build(OpBuilder &, OperationState &state, Type result,
                          Value init) {
  state.addTypes(result);
  if (init)
    state.addOperands(init);
}

void SharedIndexOp::build(OpBuilder &builder, OperationState &state,
                          Value source, Value index) {
  auto type = cast<SharedType>(source.getType());
  build(builder, state,
        SharedType::get(type.getShape().drop_front(), type.getElementType(),
                        type.getLayout()),
        source, index);
}

void SharedTransOp::build(OpBuilder &builder, OperationState &state,
                          Value source, ArrayRef<int32_t> perm) {
  auto type = cast<SharedType>(source.getType());
  SmallVector<int64_t> shape;
  std::vector<std::string> names;
  for (int32_t dim : perm) {
    shape.push_back(type.getShape()[dim]);
    names.push_back(dimName(dim));
  }
  layout::Layout layout = type.getLayout().getLayout();
  if (auto moved = layout::transpose(layout, {offsetDim}, names)) {
    layout = *moved;
    for (const char *prefix : {"new", "dim"})
      for (size_t i = 0; i < perm.size(); ++i)
        if (auto renamed = layout::renameOutput(
                layout, std::string(layout.outputs()[i].name),
                prefix + std::to_string(i)))
          layout = *renamed;
  }
  auto attr = SharedLayoutAttr::get(builder.getContext(), layout,
                                    type.getLayout().getFormat(),
                                    type.getLayout().getAlignment());
  build(builder, state, SharedType::get(shape, type.getElementType(), attr),
        source, perm);
}

//===----------------------------------------------------------------------===//
// Effects and inferred types
//===----------------------------------------------------------------------===//

void SharedAllocOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  // On the result: an allocation that nobody uses goes away, initial value and
  // all.
  effects.emplace_back(MemoryEffects::Allocate::get(),
                       getOperation()->getResult(0),
                       SharedMemoryResource::get());
  if (getInit())
    effects.emplace_back(MemoryEffects::Write::get(),
                         getOperation()->getResult(0),
                         SharedMemoryResource::get());
}

LogicalResult MmaWaitOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location>,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  for (Value acc : adaptor.getAccs())
    types.push_back(acc.getType());
  return success();
}

} // namespace tilesdk::simt

#define GET_OP_CLASSES
#include "core/ir/simt_ops.cpp.inc"
