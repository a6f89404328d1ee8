//===- builders_test.cpp - Builders that infer types ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/ir/tile_registration.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tilesdk;

namespace {

class Builders : public ::testing::Test {
protected:
  Builders() : context(MLIRContext::Threading::DISABLED), builder(&context) {
    tile::loadTileDialects(context);
    loc = builder.getUnknownLoc();
    module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
  }

  Type tensor(llvm::ArrayRef<int64_t> shape, Type element) {
    return RankedTensorType::get(shape, element);
  }
  Value value(Type type) {
    // Any op with a result of this type will do; it is never verified.
    return UnrealizedConversionCastOp::create(builder, loc, type, ValueRange())
        .getResult(0);
  }

  MLIRContext context;
  OpBuilder builder;
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module;
};

TEST_F(Builders, ShapesFollow) {
  Type f32 = builder.getF32Type();
  Value x = value(tensor({8, 16}, f32));
  EXPECT_EQ(tile::ExpandDimsOp::create(builder, loc, x, 2).getType(),
            tensor({8, 16, 1}, f32));
  EXPECT_EQ(
      tile::TransOp::create(builder, loc, x, llvm::ArrayRef{1, 0}).getType(),
      tensor({16, 8}, f32));
  EXPECT_EQ(tile::JoinOp::create(builder, loc, x, x).getType(),
            tensor({8, 16, 2}, f32));
  EXPECT_EQ(tile::CatOp::create(builder, loc, x, x, 1).getType(),
            tensor({8, 32}, f32));
  EXPECT_EQ(tile::MakeRangeOp::create(builder, loc, 3, 99).getType(),
            tensor({96}, builder.getI32Type()));
  auto split = tile::SplitOp::create(builder, loc, value(tensor({2}, f32)));
  EXPECT_EQ(split.getLhs().getType(), f32);
}

TEST_F(Builders, MemoryTypesFollow) {
  Type f16 = builder.getF16Type();
  Type ptr = tile::PointerType::get(f16);
  EXPECT_EQ(cast<tile::PointerType>(ptr).getAddressSpace(), 1u);
  Value p = value(tensor({8}, ptr)), scalar = value(ptr);
  EXPECT_EQ(tile::LoadOp::create(builder, loc, p).getType(), tensor({8}, f16));
  EXPECT_EQ(tile::LoadOp::create(builder, loc, scalar).getType(), f16);
  Value offset = value(tensor({8}, builder.getI64Type()));
  EXPECT_EQ(tile::AddPtrOp::create(builder, loc, p, offset).getType(),
            p.getType());
  auto atomic = tile::AtomicRMWOp::create(builder, loc, tile::AtomicKind::FAdd,
                                          scalar, value(f16), Value());
  EXPECT_EQ(atomic.getType(), f16);
  EXPECT_EQ(atomic.getSem(), tile::MemorySemantics::AcqRel);
}

TEST_F(Builders, ReductionsBuildTheirRegion) {
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  Value x = value(tensor({4, 8}, f32)), i = value(tensor({4, 8}, i32));
  auto reduce = tile::ReduceOp::create(
      builder, loc, ValueRange{x, i}, 1, true,
      [](OpBuilder &b, Location l, ValueRange acc, ValueRange elt) {
        EXPECT_EQ(acc.size(), 2u);
        Value sum = arith::AddFOp::create(b, l, acc[0], elt[0]);
        return SmallVector<Value>{sum, elt[1]};
      });
  EXPECT_TRUE(succeeded(verify(reduce)));
  EXPECT_TRUE(reduce.getCommutative());
  EXPECT_EQ(reduce.getResult(0).getType(), tensor({4}, f32));
  EXPECT_EQ(reduce.getResult(1).getType(), tensor({4}, i32));
  EXPECT_EQ(reduce.getAccumulators().size(), 2u);
  EXPECT_EQ(reduce.getElements()[1].getType(), i32);

  Value v = value(tensor({8}, f32));
  auto scan = tile::ScanOp::create(
      builder, loc, v, 0, false,
      [](OpBuilder &b, Location l, ValueRange acc, ValueRange elt) {
        return SmallVector<Value>{arith::MulFOp::create(b, l, acc[0], elt[0])};
      });
  EXPECT_TRUE(succeeded(verify(scan)));
  EXPECT_EQ(scan.getResult(0).getType(), v.getType());
  // The builder goes on behind the op.
  EXPECT_EQ(builder.getInsertionBlock(), module->getBody());
}

} // namespace
