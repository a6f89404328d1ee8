//===- expand_descriptors.cpp - Descriptor accesses by pointer --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILEEXPANDDESCRIPTORS
#include "core/optimizer/passes.h.inc"

namespace {

/// Builds the addresses and the mask of one access.
class BlockAddresses {
public:
  BlockAddresses(OpBuilder &builder, Location loc, ArrayRef<int64_t> block)
      : b(builder), loc(loc), block(block) {}

  Value pointers, mask;

  void build(Value base, ValueRange shape, ValueRange strides,
             ValueRange offsets) {
    Value sum;
    for (unsigned d = 0; d < block.size(); ++d) {
      Value coordinate = coordinateOf(d, offsets[d]);
      auto type = cast<RankedTensorType>(coordinate.getType());
      Value inside = arith::AndIOp::create(
          b, loc,
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, coordinate,
                                constant(type, 0)),
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, coordinate,
                                splat(extend(shape[d]), type)));
      Value scaled =
          arith::MulIOp::create(b, loc, coordinate, splat(strides[d], type));
      inside = widen(inside);
      scaled = widen(scaled);
      mask = mask ? arith::AndIOp::create(b, loc, mask, inside) : inside;
      sum = sum ? arith::AddIOp::create(b, loc, sum, scaled) : scaled;
    }
    auto type = RankedTensorType::get(block, base.getType());
    pointers = tile::AddPtrOp::create(
        b, loc, tile::SplatOp::create(b, loc, type, base), sum);
  }

private:
  Value extend(Value i32) {
    return arith::ExtSIOp::create(b, loc, b.getI64Type(), i32);
  }
  Value splat(Value scalar, RankedTensorType type) {
    return tile::SplatOp::create(b, loc, type, scalar);
  }
  Value constant(RankedTensorType type, int64_t value) {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, b.getI64IntegerAttr(value)));
  }
  /// Coordinates of dimension \p d as i64, of the block's rank.
  Value coordinateOf(unsigned d, Value offset) {
    auto flat = RankedTensorType::get({block[d]}, b.getI64Type());
    Value range = tile::MakeRangeOp::create(b, loc, 0u, uint32_t(block[d]));
    Value value =
        arith::AddIOp::create(b, loc, splat(extend(offset), flat),
                              arith::ExtSIOp::create(b, loc, flat, range));
    for (unsigned other = 0; other < block.size(); ++other)
      if (other != d)
        value = tile::ExpandDimsOp::create(b, loc, value, other);
    return value;
  }
  Value widen(Value value) {
    Type element = tile::elementOf(value.getType());
    auto type = RankedTensorType::get(block, element);
    if (value.getType() == type)
      return value;
    return tile::BroadcastOp::create(b, loc, type, value);
  }

  OpBuilder &b;
  Location loc;
  ArrayRef<int64_t> block;
};

/// What is read outside the tensor; nothing for zeros, which a load gives.
Value paddingOf(OpBuilder &b, tile::DescriptorLoadOp op) {
  if (op.getPadding() == tile::Padding::Zero)
    return {};
  auto type = cast<RankedTensorType>(op.getType());
  auto element = cast<FloatType>(type.getElementType());
  return arith::ConstantOp::create(
      b, op.getLoc(),
      DenseElementsAttr::get(
          type, b.getFloatAttr(element,
                               APFloat::getNaN(element.getFloatSemantics()))));
}

struct ExpandDescriptors : impl::TileExpandDescriptorsBase<ExpandDescriptors> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (isa<tile::DescriptorLoadOp, tile::DescriptorStoreOp>(op) &&
          !op->hasAttr(keepDescriptorAttr))
        expandDescriptor(op);
    });
  }
};

} // namespace

Operation *expandDescriptor(Operation *op) {
  OpBuilder b(op);
  if (auto load = dyn_cast<tile::DescriptorLoadOp>(op)) {
    BlockAddresses block(b, load.getLoc(), tile::shapeOf(load.getType()));
    block.build(load.getBase(), load.getShape(), load.getStrides(),
                load.getOffsets());
    auto made = tile::LoadOp::create(
        b, load.getLoc(), load.getType(), block.pointers, block.mask,
        paddingOf(b, load), tile::CacheModifier::None,
        tile::EvictionPolicy::Normal, false);
    load.replaceAllUsesWith(made.getResult());
    load.erase();
    return made;
  }
  auto store = cast<tile::DescriptorStoreOp>(op);
  BlockAddresses block(b, store.getLoc(),
                       tile::shapeOf(store.getValue().getType()));
  block.build(store.getBase(), store.getShape(), store.getStrides(),
              store.getOffsets());
  auto made = tile::StoreOp::create(
      b, store.getLoc(), block.pointers, store.getValue(), block.mask,
      tile::CacheModifier::None, tile::EvictionPolicy::Normal);
  store.erase();
  return made;
}

} // namespace tilesdk::optimizer
