//===- layout_rules.cpp - How ops pass layouts on -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Interfaces/CallInterfaces.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

LayoutRule layoutRuleOf(Operation *op) {
  return TypeSwitch<Operation *, LayoutRule>(op)
      .Case<arith::ConstantOp, tile::SplatOp, tile::MakeRangeOp,
            tile::DescriptorLoadOp>([](auto) { return LayoutRule::Leaf; })
      .Case([](tile::LoadOp) { return LayoutRule::Load; })
      .Case([](tile::StoreOp) { return LayoutRule::Store; })
      .Case<tile::AtomicRMWOp, tile::AtomicCASOp>(
          [](auto) { return LayoutRule::Atomic; })
      .Case([](tile::ExpandDimsOp) { return LayoutRule::ExpandDims; })
      .Case([](tile::BroadcastOp) { return LayoutRule::Broadcast; })
      .Case([](tile::TransOp) { return LayoutRule::Trans; })
      .Case([](tile::ReshapeOp) { return LayoutRule::Reshape; })
      .Case([](tile::JoinOp) { return LayoutRule::Join; })
      .Case([](tile::SplitOp) { return LayoutRule::Split; })
      .Case([](tile::CatOp) { return LayoutRule::Cat; })
      .Case([](tile::ReduceOp) { return LayoutRule::Reduce; })
      .Case([](tile::ScanOp) { return LayoutRule::Scan; })
      .Case([](tile::SortOp) { return LayoutRule::Sort; })
      .Case([](tile::GatherOp) { return LayoutRule::Gather; })
      .Case([](tile::HistogramOp) { return LayoutRule::Histogram; })
      .Case([](tile::DotOp) { return LayoutRule::Dot; })
      .Case<RegionBranchOpInterface, CallOpInterface>(
          [](auto) { return LayoutRule::Control; })
      .Default([](Operation *op) {
        return op->hasTrait<OpTrait::IsTerminator>() ? LayoutRule::Control
                                                     : LayoutRule::Elementwise;
      });
}

static SmallVector<int32_t, 4> inverse(ArrayRef<int32_t> perm) {
  SmallVector<int32_t, 4> result(perm.size());
  for (auto [to, from] : llvm::enumerate(perm))
    result[from] = to;
  return result;
}

LayoutAttr operandLayout(Operation *op, LayoutAttr result, Value operand) {
  if (!result)
    return {};
  switch (layoutRuleOf(op)) {
  case LayoutRule::Elementwise:
  case LayoutRule::Load:
  case LayoutRule::Atomic:
    return result;
  case LayoutRule::ExpandDims:
    return sliceLayout(result, cast<tile::ExpandDimsOp>(op).getAxis());
  case LayoutRule::Broadcast:
    return broadcastSourceLayout(result, tile::shapeOf(operand.getType()));
  case LayoutRule::Trans:
    return transLayout(result, inverse(cast<tile::TransOp>(op).getPerm()));
  case LayoutRule::Reshape:
    return reshapeLayout(result, tile::shapeOf(operand.getType()));
  case LayoutRule::Join:
    return splitLayout(result);
  default:
    return {};
  }
}

LayoutAttr resultLayout(Operation *op, LayoutAttr source) {
  if (!source)
    return {};
  switch (layoutRuleOf(op)) {
  case LayoutRule::Elementwise:
  case LayoutRule::Load:
    return source;
  case LayoutRule::ExpandDims:
    return expandDimsLayout(source, cast<tile::ExpandDimsOp>(op).getAxis());
  case LayoutRule::Trans:
    return transLayout(source, cast<tile::TransOp>(op).getPerm());
  case LayoutRule::Reshape:
    return reshapeLayout(source, tile::shapeOf(op->getResult(0).getType()));
  case LayoutRule::Join:
    return joinLayout(source);
  case LayoutRule::Split:
    return splitLayout(source);
  case LayoutRule::Reduce:
    return sliceLayout(source, cast<tile::ReduceOp>(op).getAxis());
  default:
    return {};
  }
}

double elementWeight(Operation *op) {
  switch (layoutRuleOf(op)) {
  case LayoutRule::Leaf:
    return isa<tile::MakeRangeOp>(op) ? 0.5 : 0;
  case LayoutRule::ExpandDims:
  case LayoutRule::Broadcast:
  case LayoutRule::Trans:
  case LayoutRule::Reshape:
  case LayoutRule::Join:
  case LayoutRule::Split:
    return 0;
  default:
    break;
  }
  if (isa_and_nonnull<math::MathDialect>(op->getDialect()) ||
      isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp,
          arith::RemUIOp, arith::RemFOp, tile::DivRnOp, tile::SqrtRnOp,
          tile::ExternElementwiseOp>(op))
    return 12;
  if (isa<tile::HintOp>(op))
    return 0;
  // Pointers and 64-bit integers take two instructions.
  for (Type type : op->getResultTypes())
    if (tile::isPtrLike(type) || tile::elementOf(type).isInteger(64))
      return 2;
  return 1;
}

} // namespace tilesdk::optimizer
