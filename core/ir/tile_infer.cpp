//===- tile_infer.cpp - Result types from operands --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Each function refuses what has no result type, naming the operand, what it
// needs and what it got; it is called by builders, the parser and the verifier.

#include "core/ir/simt_dialect.h"
#include "core/ir/tile_ops.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace tilesdk::tile {

using MaybeLoc = std::optional<Location>;
using Types = SmallVectorImpl<Type>;

/// A tensor of \p shape with the layout that \p natural derives from that of
/// \p source, without one when there is none.
template <typename Natural>
static Type inferred(ArrayRef<int64_t> shape, Type source, Natural natural) {
  Type type = typeOf(shape, elementOf(source));
  simt::LayoutAttr layout = simt::layoutAttrOf(source);
  return layout ? simt::withLayout(type, natural(layout)) : type;
}

/// The operand is a tensor of rank above \p axis; error otherwise.
static LogicalResult checkAxis(MaybeLoc loc, StringRef op, StringRef operand,
                               Type type, int64_t axis) {
  int64_t rank = shapeOf(type).size();
  if (axis >= 0 && axis < rank)
    return success();
  return emitOptionalError(loc, "'tile.", op, "' op axis ", axis,
                           " is out of range for '", operand, "' of type ",
                           type, " with rank ", rank);
}

LogicalResult MakeRangeOp::inferReturnTypes(MLIRContext *context, MaybeLoc loc,
                                            Adaptor adaptor, Types &types) {
  int64_t start = static_cast<int32_t>(adaptor.getStart());
  int64_t end = static_cast<int32_t>(adaptor.getEnd());
  if (end <= start || end - start > maxTileElements)
    return emitOptionalError(loc, "'tile.make_range' op 'end' must be 1 to ",
                             maxTileElements, " above 'start', found start ",
                             start, " and end ", end);
  types.push_back(
      RankedTensorType::get({end - start}, IntegerType::get(context, 32)));
  return success();
}

LogicalResult ExpandDimsOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                             Adaptor adaptor, Types &types) {
  Type source = adaptor.getSource().getType();
  SmallVector<int64_t> shape(shapeOf(source));
  int64_t axis = adaptor.getAxis();
  if (axis > static_cast<int64_t>(shape.size()) ||
      static_cast<int64_t>(shape.size()) >= maxTileRank)
    return emitOptionalError(loc, "'tile.expand_dims' op axis ", axis,
                             " does not fit 'source' of type ", source,
                             ": it may be 0 to the rank, which may become ",
                             maxTileRank, " at most");
  shape.insert(shape.begin() + axis, 1);
  types.push_back(inferred(shape, source, [&](simt::LayoutAttr from) {
    return simt::expandDimsLayout(from, axis);
  }));
  return success();
}

LogicalResult TransOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                        Adaptor adaptor, Types &types) {
  Type source = adaptor.getSource().getType();
  ArrayRef<int64_t> shape = shapeOf(source);
  ArrayRef<int32_t> perm = adaptor.getPerm();
  SmallVector<bool> seen(shape.size());
  SmallVector<int64_t> result;
  bool valid = perm.size() == shape.size();
  for (int32_t dim : perm) {
    if (!valid || dim < 0 || dim >= static_cast<int64_t>(shape.size()) ||
        seen[dim]) {
      valid = false;
      break;
    }
    seen[dim] = true;
    result.push_back(shape[dim]);
  }
  if (!valid)
    return emitOptionalError(loc, "'tile.trans' op 'perm' must name each of ",
                             shape.size(), " dimensions of 'source' of type ",
                             source, " once");
  types.push_back(inferred(result, source, [&](simt::LayoutAttr from) {
    return simt::transLayout(from, perm);
  }));
  return success();
}

LogicalResult JoinOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                       Adaptor adaptor, Types &types) {
  Type lhs = adaptor.getLhs().getType(), rhs = adaptor.getRhs().getType();
  if (lhs != rhs)
    return emitOptionalError(loc, "'tile.join' op 'lhs' and 'rhs' must have ",
                             "one type, found ", lhs, " and ", rhs);
  SmallVector<int64_t> shape(shapeOf(lhs));
  if (static_cast<int64_t>(shape.size()) >= maxTileRank)
    return emitOptionalError(loc, "'tile.join' op 'lhs' of type ", lhs,
                             " has no room for another dimension; rank ",
                             maxTileRank, " is the limit");
  shape.push_back(2);
  types.push_back(inferred(shape, lhs, simt::joinLayout));
  return success();
}

LogicalResult SplitOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                        Adaptor adaptor, Types &types) {
  Type source = adaptor.getSource().getType();
  ArrayRef<int64_t> shape = shapeOf(source);
  if (shape.empty() || shape.back() != 2)
    return emitOptionalError(loc, "'tile.split' op last extent of 'source' ",
                             "must be 2, found type ", source);
  types.assign(2, inferred(shape.drop_back(), source, simt::splitLayout));
  return success();
}

LogicalResult CatOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                      Adaptor adaptor, Types &types) {
  Type lhs = adaptor.getLhs().getType(), rhs = adaptor.getRhs().getType();
  int64_t dim = adaptor.getDim();
  if (failed(checkAxis(loc, "cat", "lhs", lhs, dim)))
    return failure();
  SmallVector<int64_t> shape(shapeOf(lhs));
  bool agree =
      elementOf(lhs) == elementOf(rhs) && shapeOf(rhs).size() == shape.size();
  for (size_t i = 0; agree && i < shape.size(); ++i)
    agree = static_cast<int64_t>(i) == dim || shape[i] == shapeOf(rhs)[i];
  if (!agree)
    return emitOptionalError(loc, "'tile.cat' op 'rhs' must equal 'lhs' of ",
                             "type ", lhs, " except in dimension ", dim,
                             ", found ", rhs);
  shape[dim] += shapeOf(rhs)[dim];
  types.push_back(typeOf(shape, elementOf(lhs)));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                         Adaptor adaptor, Types &types) {
  Type source = adaptor.getSource().getType();
  Type indices = adaptor.getIndices().getType();
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(loc, "gather", "source", source, axis)))
    return failure();
  ArrayRef<int64_t> from = shapeOf(source), at = shapeOf(indices);
  bool agree = from.size() == at.size();
  for (size_t i = 0; agree && i < from.size(); ++i)
    agree = static_cast<int64_t>(i) == axis || from[i] == at[i];
  if (!agree)
    return emitOptionalError(loc, "'tile.gather' op shape of 'indices' must ",
                             "equal that of 'source' of type ", source,
                             " except in dimension ", axis, ", found ",
                             indices);
  types.push_back(withElement(indices, elementOf(source)));
  return success();
}

/// Sources of a reduction or scan: at least one, all of one shape.
template <typename Adaptor>
static LogicalResult checkSources(MaybeLoc loc, StringRef op, Adaptor adaptor) {
  ValueRange sources = adaptor.getSources();
  if (sources.empty())
    return emitOptionalError(loc, "'tile.", op, "' op needs a source");
  Type first = sources.front().getType();
  for (auto [index, source] : llvm::enumerate(sources))
    if (shapeOf(source.getType()) != shapeOf(first))
      return emitOptionalError(loc, "'tile.", op, "' op source ", index,
                               " must have the shape of source 0 of type ",
                               first, ", found ", source.getType());
  return checkAxis(loc, op, "sources", first, adaptor.getAxis());
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                         Adaptor adaptor, Types &types) {
  if (failed(checkSources(loc, "reduce", adaptor)))
    return failure();
  for (Value source : adaptor.getSources()) {
    SmallVector<int64_t> shape(shapeOf(source.getType()));
    shape.erase(shape.begin() + adaptor.getAxis());
    types.push_back(
        inferred(shape, source.getType(), [&](simt::LayoutAttr from) {
          return simt::sliceLayout(from, adaptor.getAxis());
        }));
  }
  return success();
}

LogicalResult ScanOp::inferReturnTypes(MLIRContext *, MaybeLoc loc,
                                       Adaptor adaptor, Types &types) {
  if (failed(checkSources(loc, "scan", adaptor)))
    return failure();
  for (Value source : adaptor.getSources())
    types.push_back(source.getType());
  return success();
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// What was inferred and what the op has may differ in their layouts.
static bool areCompatible(TypeRange inferred, TypeRange actual) {
  return inferred.size() == actual.size() &&
         llvm::all_of(llvm::zip(inferred, actual), [](auto pair) {
           return areEqualButLayout(std::get<0>(pair), std::get<1>(pair));
         });
}

#define TILE_COMPATIBLE(Op)                                                    \
  bool Op::isCompatibleReturnTypes(TypeRange l, TypeRange r) {                 \
    return areCompatible(l, r);                                                \
  }
TILE_COMPATIBLE(MakeRangeOp)
TILE_COMPATIBLE(ExpandDimsOp)
TILE_COMPATIBLE(TransOp)
TILE_COMPATIBLE(JoinOp)
TILE_COMPATIBLE(SplitOp)
TILE_COMPATIBLE(CatOp)
TILE_COMPATIBLE(GatherOp)
TILE_COMPATIBLE(ReduceOp)
TILE_COMPATIBLE(ScanOp)
#undef TILE_COMPATIBLE

} // namespace tilesdk::tile
