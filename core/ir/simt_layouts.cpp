//===- simt_layouts.cpp - Layouts of shape-changing ops ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/layout/algebra.h"

#include "mlir/IR/Operation.h"

using namespace mlir;

namespace tilesdk::simt {

using layout::Layout;

static const std::vector<std::string> places = {registerDim, laneDim, warpDim};

/// \p layout with outputs named dim0, dim1, ... in their order, as attribute.
static LayoutAttr numbered(MLIRContext *context, const Layout &layout) {
  // Through other names: a permutation would collide with itself.
  Layout result = layout;
  for (const char *prefix : {"new", "dim"})
    for (size_t i = 0; i < layout.outputs().size(); ++i) {
      auto renamed =
          layout::renameOutput(result, std::string(result.outputs()[i].name),
                               prefix + std::to_string(i));
      if (!renamed)
        return {};
      result = std::move(*renamed);
    }
  return LayoutAttr::get(context, result);
}

LayoutAttr expandDimsLayout(LayoutAttr source, unsigned axis) {
  const Layout &from = source.getLayout();
  auto unit = Layout::zeros1D(1, registerDim, "unit");
  if (!unit)
    return {};
  auto all = layout::product(from, *unit);
  if (!all)
    return {};
  std::vector<std::string> outputs;
  for (const layout::Dim &dim : from.outputs())
    outputs.push_back(dim.name);
  outputs.insert(outputs.begin() + axis, "unit");
  auto ordered = layout::transpose(*all, places, outputs);
  return ordered ? numbered(source.getContext(), *ordered) : LayoutAttr();
}

LayoutAttr sliceLayout(LayoutAttr source, unsigned axis) {
  auto sliced = layout::slice(source.getLayout(), dimName(axis));
  if (!sliced)
    return {};
  auto dropped = layout::dropBroadcast(*sliced);
  return numbered(source.getContext(), dropped ? *dropped : *sliced);
}

LayoutAttr transLayout(LayoutAttr source, ArrayRef<int32_t> perm) {
  std::vector<std::string> outputs;
  for (int32_t dim : perm)
    outputs.push_back(dimName(dim));
  auto ordered = layout::transpose(source.getLayout(), places, outputs);
  return ordered ? numbered(source.getContext(), *ordered) : LayoutAttr();
}

LayoutAttr joinLayout(LayoutAttr source) {
  const Layout &from = source.getLayout();
  auto pair =
      Layout::identity1D(2, registerDim, dimName(from.outputs().size()));
  if (!pair)
    return {};
  auto all = layout::product(*pair, from);
  if (!all)
    return {};
  std::vector<std::string> outputs;
  for (size_t i = 0; i <= from.outputs().size(); ++i)
    outputs.push_back(dimName(i));
  auto ordered = layout::transpose(*all, places, outputs);
  return ordered ? LayoutAttr::get(source.getContext(), *ordered)
                 : LayoutAttr();
}

LayoutAttr splitLayout(LayoutAttr source) {
  const Layout &from = source.getLayout();
  size_t last = from.outputs().size() - 1;
  // The last dimension must be held by registers alone: then each thread has
  // both halves of what it holds.
  for (const char *place : {laneDim, warpDim})
    for (const layout::Basis &basis : from.bases(place))
      if (basis.value[last] != 0)
        return {};
  return last == 0 ? LayoutAttr() : sliceLayout(source, last);
}

LogicalResult verifyLayouts(Operation *op) {
  LayoutAttr first;
  Type firstType;
  auto check = [&](Type type) -> LogicalResult {
    if (!isa<RankedTensorType>(type))
      return success();
    LayoutAttr layout = layoutAttrOf(type);
    if (!firstType) {
      first = layout;
      firstType = type;
      return success();
    }
    if (!first != !layout)
      return op->emitOpError()
             << "all tensors must have a layout, or none: " << firstType
             << " and " << type;
    if (first && (first.getLayout().inputSize(laneDim) !=
                      layout.getLayout().inputSize(laneDim) ||
                  first.getLayout().inputSize(warpDim) !=
                      layout.getLayout().inputSize(warpDim)))
      return op->emitOpError()
             << "all layouts must have the same numbers of lanes and warps: "
             << firstType << " and " << type;
    return success();
  };
  for (Type type : op->getOperandTypes())
    if (failed(check(type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(check(type)))
      return failure();
  return success();
}

} // namespace tilesdk::simt
