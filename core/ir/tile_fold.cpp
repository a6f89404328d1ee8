//===- tile_fold.cpp - Folders: results that need no new op -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tilesdk::tile {

/// The elements of \p constant in the shape of \p type, in the same order. For
/// a splat the number of elements may change.
static Attribute reshapeConstant(Attribute constant, Type type) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  auto shaped = dyn_cast<ShapedType>(type);
  if (!elements || !shaped)
    return {};
  if (elements.isSplat())
    return elements.resizeSplat(shaped);
  if (elements.getNumElements() == shaped.getNumElements())
    return elements.reshape(shaped);
  return {};
}

static Attribute splatConstant(Attribute constant, Type type) {
  auto elements = dyn_cast_or_null<SplatElementsAttr>(constant);
  return elements ? reshapeConstant(elements, type) : Attribute();
}

OpFoldResult MakeRangeOp::fold(FoldAdaptor) {
  if (numElementsOf(getType()) != 1)
    return {};
  return DenseElementsAttr::get(cast<ShapedType>(getType()),
                                APInt(32, getStart(), false, true));
}

OpFoldResult SplatOp::fold(FoldAdaptor adaptor) {
  Attribute value = adaptor.getSource();
  if (!isa_and_nonnull<IntegerAttr, FloatAttr>(value))
    return {};
  return SplatElementsAttr::get(cast<ShapedType>(getType()), value);
}

OpFoldResult ExpandDimsOp::fold(FoldAdaptor adaptor) {
  return reshapeConstant(adaptor.getSource(), getType());
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  return splatConstant(adaptor.getSource(), getType());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  return reshapeConstant(adaptor.getSource(), getType());
}

OpFoldResult TransOp::fold(FoldAdaptor adaptor) {
  bool identity = true;
  for (auto [index, dim] : llvm::enumerate(getPerm()))
    identity &= static_cast<int32_t>(index) == dim;
  if (identity)
    return getSource();
  return splatConstant(adaptor.getSource(), getType());
}

OpFoldResult JoinOp::fold(FoldAdaptor) {
  auto split = getLhs().getDefiningOp<SplitOp>();
  if (split && getLhs() == split.getLhs() && getRhs() == split.getRhs())
    return split.getSource();
  return {};
}

LogicalResult SplitOp::fold(FoldAdaptor adaptor,
                            SmallVectorImpl<OpFoldResult> &results) {
  if (auto join = getSource().getDefiningOp<JoinOp>()) {
    results.push_back(join.getLhs());
    results.push_back(join.getRhs());
    return success();
  }
  auto constant = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource());
  if (!constant)
    return failure();
  Attribute half = isTileTensor(getLhs().getType())
                       ? reshapeConstant(constant, getLhs().getType())
                       : constant.getSplatValue<Attribute>();
  results.assign(2, half);
  return success();
}

OpFoldResult AddPtrOp::fold(FoldAdaptor adaptor) {
  if (matchPattern(adaptor.getOffset(), m_Zero()))
    return getPtr();
  return {};
}

OpFoldResult IntToPtrOp::fold(FoldAdaptor) {
  auto inverse = getSource().getDefiningOp<PtrToIntOp>();
  if (inverse && inverse.getSource().getType() == getType())
    return inverse.getSource();
  return {};
}

OpFoldResult PtrToIntOp::fold(FoldAdaptor) {
  if (auto inverse = getSource().getDefiningOp<IntToPtrOp>())
    return inverse.getSource();
  // A cast changes the type of the pointee, not the address.
  if (auto cast = getSource().getDefiningOp<PtrCastOp>()) {
    getSourceMutable().assign(cast.getSource());
    return getResult();
  }
  return {};
}

OpFoldResult PtrCastOp::fold(FoldAdaptor) {
  if (getSource().getType() == getType())
    return getSource();
  if (auto inner = getSource().getDefiningOp<PtrCastOp>()) {
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  return {};
}

OpFoldResult FpToFpOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  // Saturation of the 8-bit types is left to lowering, the one place that
  // knows it.
  Type element = elementOf(getType());
  if (isFloat8(element) || isFloat8(elementOf(getSource().getType())))
    return {};
  auto convert = [&](APFloat value) {
    bool losesInfo;
    value.convert(cast<FloatType>(element).getFloatSemantics(),
                  getRounding() == Rounding::Rtz ? APFloat::rmTowardZero
                                                 : APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return value;
  };
  if (auto scalar = dyn_cast_or_null<FloatAttr>(adaptor.getSource()))
    return FloatAttr::get(element, convert(scalar.getValue()));
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return DenseElementsAttr::get(cast<ShapedType>(getType()),
                                  convert(splat.getSplatValue<APFloat>()));
  return {};
}

OpFoldResult HintOp::fold(FoldAdaptor adaptor) {
  if (adaptor.getSource())
    return adaptor.getSource();
  if (!getDivisibility() && !getContiguity() && !getConstancy())
    return getSource();
  return {};
}

} // namespace tilesdk::tile
