//===- axis_info_test.cpp - What the axis analysis claims holds -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random index arithmetic is evaluated element by element and compared with
// what the analysis claims of it.
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/diagnostics.h"
#include "core/ir/tile_ops.h"
#include "core/ir/tile_reader.h"
#include "core/ir/tile_registration.h"
#include "core/optimizer/axis_info.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

using namespace mlir;
using namespace tilesdk;
using optimizer::AxisDim;
using optimizer::AxisInfo;
using optimizer::AxisInfoAnalysis;

namespace {

using Elements = std::vector<int64_t>;

/// Row-major elements of a tensor, or one of a scalar.
class Interpreter {
public:
  explicit Interpreter(Elements args) : args(std::move(args)) {}

  const Elements &operator[](Value value) {
    auto found = values.find(value);
    if (found != values.end())
      return found->second;
    return values[value] = compute(value);
  }

private:
  Elements compute(Value value) {
    if (auto arg = dyn_cast<BlockArgument>(value))
      return {args[arg.getArgNumber()]};
    Operation *op = value.getDefiningOp();
    Type type = value.getType();
    int64_t count = tile::numElementsOf(type);
    DenseElementsAttr constant;
    if (matchPattern(op, m_Constant(&constant)))
      return Elements(count, constant.getSplatValue<APInt>().getSExtValue());
    Elements result(count);
    if (auto range = dyn_cast<tile::MakeRangeOp>(op)) {
      for (int64_t i = 0; i < count; ++i)
        result[i] = static_cast<int32_t>(range.getStart()) + i;
      return result;
    }
    Elements a = (*this)[op->getOperand(0)];
    if (isa<tile::SplatOp>(op))
      return Elements(count, a[0]);
    if (isa<tile::ExpandDimsOp, tile::ReshapeOp>(op))
      return a;
    if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
      auto from = tile::shapeOf(broadcast.getSource().getType());
      auto to = tile::shapeOf(type);
      for (int64_t i = 0; i < count; ++i) {
        int64_t row = from[0] == 1 ? 0 : i / to[1];
        int64_t column = from[1] == 1 ? 0 : i % to[1];
        result[i] = a[row * from[1] + column];
      }
      return result;
    }
    if (isa<tile::TransOp>(op)) {
      auto to = tile::shapeOf(type);
      for (int64_t i = 0; i < count; ++i)
        result[i] = a[i % to[1] * to[0] + i / to[1]];
      return result;
    }
    Elements b = (*this)[op->getOperand(1)];
    Elements c = op->getNumOperands() > 2 ? (*this)[op->getOperand(2)] : b;
    for (int64_t i = 0; i < count; ++i)
      result[i] = scalar(op, a[i], b[i], c[i]);
    return result;
  }

  static int64_t scalar(Operation *op, int32_t a, int32_t b, int32_t c) {
    uint32_t ua = a, ub = b;
    if (auto compare = dyn_cast<arith::CmpIOp>(op))
      return arith::applyCmpPredicate(compare.getPredicate(), APInt(32, ua),
                                      APInt(32, ub));
    return llvm::TypeSwitch<Operation *, int64_t>(op)
        .Case([&](arith::AddIOp) { return a + b; })
        .Case([&](arith::SubIOp) { return a - b; })
        .Case([&](arith::MulIOp) { return a * b; })
        .Case([&](arith::DivSIOp) { return a / b; })
        .Case([&](arith::RemSIOp) { return a % b; })
        .Case([&](arith::DivUIOp) { return static_cast<int32_t>(ua / ub); })
        .Case([&](arith::RemUIOp) { return static_cast<int32_t>(ua % ub); })
        .Case([&](arith::ShLIOp) { return static_cast<int32_t>(ua << ub); })
        .Case([&](arith::ShRSIOp) { return a >> b; })
        .Case([&](arith::AndIOp) { return a & b; })
        .Case([&](arith::MinSIOp) { return std::min(a, b); })
        .Case([&](arith::MaxSIOp) { return std::max(a, b); })
        .Case([&](arith::SelectOp) { return a ? b : c; });
  }

  Elements args;
  std::map<Value, Elements, decltype([](Value a, Value b) {
             return a.getAsOpaquePointer() < b.getAsOpaquePointer();
           })>
      values;
};

/// Checks one dimension of what is claimed: `stride` separates neighbours.
void checkDim(const AxisDim &dim, const Elements &elements, int64_t extent,
              int64_t stride) {
  ASSERT_EQ(extent % dim.contiguity, 0);
  ASSERT_EQ(extent % dim.constancy, 0);
  for (int64_t i = 0; i < static_cast<int64_t>(elements.size()); ++i) {
    int64_t position = i / stride % extent;
    if (position % dim.contiguity == 0)
      ASSERT_EQ(elements[i] % dim.divisibility, 0) << "divisibility at " << i;
    else
      ASSERT_EQ(elements[i], elements[i - stride] + 1) << "contiguity at " << i;
    if (position % dim.constancy != 0)
      ASSERT_EQ(elements[i], elements[i - stride]) << "constancy at " << i;
  }
}

void check(const AxisInfo &info, Type type, const Elements &elements) {
  auto shape = tile::shapeOf(type);
  if (info.constant)
    for (int64_t element : elements)
      ASSERT_EQ(element, *info.constant);
  if (info.isNonNegative)
    for (int64_t element : elements)
      ASSERT_GE(element, 0);
  if (shape.empty())
    return checkDim(info.dims[0], elements, 1, 1);
  int64_t stride = elements.size();
  for (auto [dim, extent] : llvm::zip(info.dims, shape)) {
    stride /= extent;
    checkDim(dim, elements, extent, stride);
  }
}

class AxisInfoTest : public ::testing::Test {
protected:
  AxisInfoTest() : context(MLIRContext::Threading::DISABLED) {
    tile::loadTileDialects(context);
  }
  MLIRContext context;
};

/// Builds random arithmetic on tensors of one shape.
class Generator {
public:
  Generator(OpBuilder &builder, ValueRange args, unsigned seed)
      : builder(builder), random(seed) {
    Location loc = builder.getUnknownLoc();
    const int64_t extents[] = {8, 12, 16, 24};
    shape = {pick(extents), pick(extents)};
    for (int64_t d : {0, 1}) {
      // Starts of ranges are aligned now and then, and may be negative.
      const int32_t starts[] = {0, 0, 0, 4, 16, 7, -8};
      int32_t start = pick(starts);
      Value range = tile::MakeRangeOp::create(
          builder, loc, start, static_cast<int32_t>(start + shape[d]));
      Value column = tile::ExpandDimsOp::create(builder, loc, range, 1 - d);
      pool.push_back(stretch(column));
    }
    for (Value arg : args)
      pool.push_back(stretch(tile::SplatOp::create(
          builder, loc, tensorOf({1, 1}, builder.getI32Type()), arg)));
  }

  void grow(unsigned steps) {
    for (unsigned i = 0; i < steps; ++i)
      pool.push_back(step());
  }

private:
  template <typename T, size_t N> T pick(const T (&choices)[N]) {
    return choices[random() % N];
  }
  Value any() { return pool[random() % pool.size()]; }
  Type tensorOf(ArrayRef<int64_t> dims, Type element) {
    return RankedTensorType::get(dims, element);
  }
  Value stretch(Value value) {
    return tile::BroadcastOp::create(builder, builder.getUnknownLoc(),
                                     tensorOf(shape, builder.getI32Type()),
                                     value);
  }
  Value constant(int32_t value) {
    auto type = cast<ShapedType>(tensorOf(shape, builder.getI32Type()));
    return arith::ConstantOp::create(
        builder, builder.getUnknownLoc(),
        DenseElementsAttr::get(type, APInt(32, value, true)));
  }
  /// Keeps values small: the analysis assumes that runs do not wrap.
  Value bounded(Value value) {
    return arith::RemSIOp::create(builder, builder.getUnknownLoc(), value,
                                  constant(1 << 12));
  }

  Value step() {
    Location loc = builder.getUnknownLoc();
    const int32_t divisors[] = {1, 2, 3, 4, 8, 12, 16};
    switch (random() % 14) {
    case 0:
    case 1:
      return arith::AddIOp::create(builder, loc, bounded(any()),
                                   bounded(any()));
    case 2:
      return arith::SubIOp::create(builder, loc, bounded(any()),
                                   bounded(any()));
    case 3:
      return arith::MulIOp::create(builder, loc, bounded(any()),
                                   constant(pick(divisors)));
    case 4:
      return arith::DivSIOp::create(builder, loc, any(),
                                    constant(pick(divisors)));
    case 5:
      return arith::RemSIOp::create(builder, loc, any(),
                                    constant(pick(divisors)));
    case 6:
      return arith::DivUIOp::create(builder, loc, any(),
                                    constant(pick(divisors)));
    case 7:
      return arith::RemUIOp::create(builder, loc, any(),
                                    constant(pick(divisors)));
    case 8:
      return arith::ShLIOp::create(builder, loc, bounded(any()),
                                   constant(random() % 5));
    case 9:
      return arith::ShRSIOp::create(builder, loc, any(),
                                    constant(random() % 5));
    case 10:
      return arith::AndIOp::create(builder, loc, any(),
                                   constant((1 << random() % 6) - 1));
    case 11: {
      auto predicate = static_cast<arith::CmpIPredicate>(random() % 10);
      Value mask = arith::CmpIOp::create(builder, loc, predicate, any(), any());
      return arith::SelectOp::create(builder, loc, mask, any(), any());
    }
    case 12:
      return arith::MinSIOp::create(builder, loc, any(), any());
    default:
      return arith::MaxSIOp::create(builder, loc, any(), any());
    }
  }

  OpBuilder &builder;
  std::mt19937 random;
  SmallVector<int64_t> shape;
  SmallVector<Value> pool;
};

TEST_F(AxisInfoTest, ClaimsHoldForRandomArithmetic) {
  unsigned informative = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    OpBuilder builder(&context);
    Location loc = builder.getUnknownLoc();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
    Type i32 = builder.getI32Type();
    auto function = func::FuncOp::create(
        builder, loc, "f", builder.getFunctionType({i32, i32}, {}));
    function.setArgAttr(0, tile::attr::divisibility,
                        builder.getI64IntegerAttr(16));
    builder.setInsertionPointToEnd(function.addEntryBlock());
    Generator(builder, function.getArguments(), seed).grow(25);
    AxisInfoAnalysis analysis(function);
    for (Elements args : {Elements{48, 5}, Elements{-32, 3}, Elements{0, -7}}) {
      Interpreter interpreter(args);
      function.walk([&](Operation *op) {
        if (op->getNumResults() != 1 || ::testing::Test::HasFatalFailure())
          return;
        Value value = op->getResult(0);
        AxisInfo info = analysis.lookup(value);
        for (const AxisDim &dim : info.dims)
          informative += dim.contiguity > 1 || dim.constancy > 1;
        check(info, value.getType(), interpreter[value]);
        if (::testing::Test::HasFatalFailure()) {
          std::string text;
          llvm::raw_string_ostream os(text);
          function.print(os);
          ADD_FAILURE() << "seed " << seed << "\n" << text;
          op->emitRemark("this value");
        }
      });
      ASSERT_FALSE(::testing::Test::HasFatalFailure());
    }
  }
  // The claims are not empty.
  EXPECT_GT(informative, 10000u);
}

TEST_F(AxisInfoTest, VectorsOfMaskedAddresses) {
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink(sources);
  auto module = tile::readTileModule(R"(
    func.func @f(%p: !tile.ptr<f32> {tile.divisibility = 16 : i64},
                 %n: i32 {tile.divisibility = 8 : i64}) {
      %r = tile.make_range 0, 64 : tensor<64xi32>
      %s = tile.splat %p : !tile.ptr<f32> -> tensor<64x!tile.ptr<f32>>
      %q = tile.addptr %s, %r : tensor<64x!tile.ptr<f32>>, tensor<64xi32>
      %ns = tile.splat %n : i32 -> tensor<64xi32>
      %m = arith.cmpi slt, %r, %ns : tensor<64xi32>
      %x = tile.load %q mask %m : tensor<64x!tile.ptr<f32>>
      %y = tile.load %p : !tile.ptr<f32>
      return
    })",
                                     "test", context, sink);
  ASSERT_TRUE(module);
  auto function = *module->getOps<func::FuncOp>().begin();
  AxisInfoAnalysis analysis(function);
  SmallVector<tile::LoadOp> loads(function.getOps<tile::LoadOp>());
  EXPECT_EQ(analysis.vectorRun(loads[0].getPtr(), Value()), 64);
  EXPECT_EQ(analysis.vectorRun(loads[0].getPtr(), loads[0].getMask()), 8);
  EXPECT_EQ(analysis.alignment(loads[0].getPtr(), 64), 16);
  EXPECT_EQ(analysis.alignment(loads[0].getPtr(), 2), 8);
  EXPECT_EQ(analysis.vectorRun(loads[1].getPtr(), Value()), 1);
}

} // namespace
