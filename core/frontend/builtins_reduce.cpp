//===- builtins_reduce.cpp - Reductions, scans, sorting ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

namespace arith = mlir::arith;

//===----------------------------------------------------------------------===//
// Combine functions
//===----------------------------------------------------------------------===//

/// One operation on both arguments that does not care for their order.
static bool isCommutative(mlir::Block &block) {
  if (block.getNumArguments() != 2 || block.getOperations().size() != 2)
    return false;
  mlir::Operation &op = block.front();
  if (op.getNumOperands() != 2 || op.getNumResults() != 1 ||
      op.getOperand(0) == op.getOperand(1) ||
      !llvm::isa<mlir::BlockArgument>(op.getOperand(0)) ||
      !llvm::isa<mlir::BlockArgument>(op.getOperand(1)) ||
      block.back().getOperand(0) != op.getResult(0))
    return false;
  return llvm::isa<arith::AddFOp, arith::AddIOp, arith::MulFOp, arith::MulIOp,
                   arith::MaxNumFOp, arith::MinNumFOp, arith::MaximumFOp,
                   arith::MinimumFOp, arith::MaxSIOp, arith::MinSIOp,
                   arith::MaxUIOp, arith::MinUIOp, arith::AndIOp, arith::OrIOp,
                   arith::XOrIOp>(op);
}

/// Fills \p region with a call of \p combine; false after a message.
static bool buildCombine(Sema &sema, BuiltinCall &call, const Value &combine,
                         Span combineSpan, llvm::ArrayRef<Value> sources,
                         mlir::Region &region) {
  mlir::OpBuilder::InsertionGuard guard(sema.builder);
  mlir::Block &block = region.emplaceBlock();
  CallArgs args;
  args.span = combineSpan;
  for (unsigned side = 0; side < 2; ++side)
    for (const Value &source : sources) {
      mlir::Value argument =
          block.addArgument(sema.irType(source.dtype), sema.location());
      args.args.push_back(
          {"", Value::runtime(argument, source.dtype), combineSpan});
    }
  sema.builder.setInsertionPointToEnd(&block);
  if (combine.kind != Value::Kind::Function &&
      combine.kind != Value::Kind::Builtin)
    return sema.report(Diag::CombineFunction, combineSpan, call.name(),
                       "expected a function, found " + combine.describe());
  Value result = sema.call(combine, args);
  if (result.isError())
    return false;
  std::vector<Value> results;
  if (result.isTuple())
    results.assign(result.elements().begin(), result.elements().end());
  else
    results.push_back(result);
  if (results.size() != sources.size())
    return sema.report(Diag::CombineFunction, combineSpan, call.name(),
                       "it returns " + std::to_string(results.size()) +
                           " values for " + std::to_string(sources.size()) +
                           " tensors");
  llvm::SmallVector<mlir::Value, 4> yields;
  for (auto [value, source] : llvm::zip(results, sources)) {
    if (value.isNumber())
      value = sema.toRuntimeLike(value, source.dtype, combineSpan);
    // Widened on the way, as bfloat16 maxima are: back to the element type.
    if (value.isScalar() && value.dtype != source.dtype &&
        value.dtype.isFloat() && source.dtype.isFloat())
      value = sema.cast(value, source.dtype, combineSpan);
    if (!value.isScalar() || value.dtype != source.dtype)
      return sema.report(Diag::CombineFunction, combineSpan, call.name(),
                         "it returns " + value.describe() + " for " +
                             source.dtype.str());
    yields.push_back(value.ir);
  }
  sema.create<tile::YieldOp>(yields);
  return true;
}

/// The tensors of argument 0: one, or a tuple of equal shapes.
static bool sourcesOf(Sema &sema, BuiltinCall &call,
                      std::vector<Value> &sources) {
  if (call[0].isTuple())
    sources.assign(call[0].elements().begin(), call[0].elements().end());
  else
    sources.push_back(call[0]);
  if (sources.empty())
    return sema.report(Diag::TensorExpected, call.spans[0], "an empty tuple");
  for (Value &source : sources) {
    if (source.isNumber())
      source = sema.toRuntime(source, call.spans[0]);
    if (!source.isTensor() || source.dtype.isPointer())
      return sema.report(Diag::TensorExpected, call.spans[0], source.describe())
          .origin(source);
    if (source.shape != sources.front().shape)
      return sema
          .report(Diag::ShapeMismatch, call.spans[0], call.name(),
                  shapeStr(sources.front().shape), shapeStr(source.shape))
          .origin(sources.front())
          .origin(source);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// reduce, associative_scan
//===----------------------------------------------------------------------===//

static Value reduce(Sema &sema, BuiltinCall &call) {
  std::vector<Value> sources;
  if (!sourcesOf(sema, call, sources))
    return Value::error();
  Shape shape = sources.front().shape;
  bool keepDims = sema.truth(call[3]) == true;
  bool commutative = sema.truth(call[4]) == true;
  std::optional<int64_t> axis = 0;
  Shape kept;
  if (call[1].isNone()) {
    kept.assign(shape.size(), 1);
    shape = {elementCount(shape)};
    for (Value &source : sources)
      source = sema.reshape(source, shape, commutative);
  } else {
    axis = axisOf(sema, call[1], shape.size(), call.spans[1]);
    if (!axis)
      return Value::error();
    kept = shape;
    kept[*axis] = 1;
  }
  mlir::Region region;
  if (!buildCombine(sema, call, call[2], call.spans[2], sources, region))
    return Value::error();
  commutative |= isCommutative(region.front());
  Shape result = shape;
  result.erase(result.begin() + *axis);
  llvm::SmallVector<mlir::Value, 4> operands;
  llvm::SmallVector<mlir::Type, 4> types;
  for (const Value &source : sources) {
    operands.push_back(source.ir);
    types.push_back(sema.irType(source.dtype, result));
  }
  auto op = sema.create<tile::ReduceOp>(
      mlir::TypeRange(types), mlir::ValueRange(operands),
      static_cast<uint32_t>(*axis), commutative);
  op.getCombine().takeBody(region);
  std::vector<Value> results;
  for (auto [source, ir] : llvm::zip(sources, op.getResults())) {
    Value value = Value::runtime(ir, source.dtype, result);
    results.push_back(keepDims ? sema.reshape(value, kept) : value);
  }
  if (!call[0].isTuple())
    return results.front();
  return sema.makeTuple(std::move(results), false, call.span);
}

/// As users call it: nothing is known of the function's order.
static Value reduceUser(Sema &sema, BuiltinCall &call) {
  call.values.push_back(Value::boolOf(false));
  call.spans.push_back(call.span);
  return reduce(sema, call);
}

static Value scan(Sema &sema, BuiltinCall &call) {
  std::vector<Value> sources;
  if (!sourcesOf(sema, call, sources))
    return Value::error();
  std::optional<int64_t> axis =
      axisOf(sema, call[1], sources.front().shape.size(), call.spans[1]);
  if (!axis)
    return Value::error();
  mlir::Region region;
  if (!buildCombine(sema, call, call[2], call.spans[2], sources, region))
    return Value::error();
  llvm::SmallVector<mlir::Value, 4> operands;
  llvm::SmallVector<mlir::Type, 4> types;
  for (const Value &source : sources) {
    operands.push_back(source.ir);
    types.push_back(source.ir.getType());
  }
  auto op = sema.create<tile::ScanOp>(
      mlir::TypeRange(types), mlir::ValueRange(operands),
      static_cast<uint32_t>(*axis), sema.truth(call[3]) == true);
  op.getCombine().takeBody(region);
  std::vector<Value> results;
  for (auto [source, ir] : llvm::zip(sources, op.getResults()))
    results.push_back(Value::runtime(ir, source.dtype, source.shape));
  if (!call[0].isTuple())
    return results.front();
  return sema.makeTuple(std::move(results), false, call.span);
}

//===----------------------------------------------------------------------===//
// sort, histogram
//===----------------------------------------------------------------------===//

static Value sort(Sema &sema, BuiltinCall &call) {
  const Value &value = call[0];
  if (!value.isTensor() || value.dtype.isPointer())
    return sema.report(Diag::TensorExpected, call.spans[0], value.describe())
        .origin(value);
  int64_t last = static_cast<int64_t>(value.shape.size()) - 1;
  if (!call[1].isNone()) {
    std::optional<int64_t> axis =
        axisOf(sema, call[1], last + 1, call.spans[1]);
    if (!axis)
      return Value::error();
    if (*axis != last)
      return sema
          .report(Diag::InvalidArgumentValue, call.spans[1], "sort", "dim",
                  "the last dimension", *axis)
          .origin(value);
  }
  DType dtype = value.dtype;
  bool flips = dtype.isUnsigned() && !dtype.isBool();
  // The IR compares as signed: moving the sign bit makes unsigned order so.
  auto flip = [&](const Value &v) {
    BigInt sign = BigInt(1).shl(BigInt(dtype.width() - 1)).value();
    Value bit = sema.constantInt(sign, dtype, v.shape);
    return Value::runtime(sema.create<arith::XOrIOp>(v.ir, bit.ir), dtype,
                          v.shape);
  };
  Value source = flips ? flip(value) : value;
  if (dtype.isBool())
    source = sema.cast(value, Scalar::I8, call.span);
  auto op = sema.create<tile::SortOp>(source.ir.getType(), source.ir,
                                      sema.truth(call[2]) == true);
  Value result = Value::runtime(op, source.dtype, value.shape);
  if (flips)
    return flip(result);
  return sema.cast(result, dtype, call.span);
}

static Value histogram(Sema &sema, BuiltinCall &call) {
  Value value = call[0];
  if (!value.isTensor())
    return sema.report(Diag::TensorExpected, call.spans[0], value.describe())
        .origin(value);
  if (value.shape.size() != 1)
    return sema
        .report(Diag::RankMismatch, call.span, "histogram", 1,
                value.shape.size())
        .origin(value);
  if (!value.dtype.isInt() || value.dtype.isBool())
    return sema
        .report(Diag::IntExpected, call.spans[0], "histogram",
                value.dtype.str())
        .origin(value);
  std::optional<int64_t> bins =
      sema.constInt(call[1], "the number of bins", call.spans[1]);
  if (!bins || !sema.checkShape({*bins}, call.spans[1]))
    return Value::error();
  Value mask = call[2];
  if (!mask.isNone()) {
    if (!mask.isRuntime() || !mask.dtype.isBool())
      return sema.report(Diag::BoolExpected, call.spans[2], mask.describe())
          .origin(mask);
    if (!sema.broadcastable(mask.shape, value.shape))
      return sema.report(Diag::MaskShape, call.spans[2], shapeStr(mask.shape),
                         shapeStr(value.shape));
    mask = sema.broadcastTo(mask, value.shape);
  }
  Shape shape{*bins};
  auto op = sema.create<tile::HistogramOp>(
      sema.irType(Scalar::I32, shape), value.ir,
      mask.isRuntime() ? mask.ir : mlir::Value());
  return Value::runtime(op, Scalar::I32, shape);
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::reductionBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.reduce", "input, axis, combine_fn, keep_dims=False", reduceUser,
       isMethod},
      {"tl._reduce",
       "input, axis, combine_fn, keep_dims=False, commutative=True", reduce,
       isInternal},
      {"tl.associative_scan", "input, axis, combine_fn, reverse=False", scan,
       isMethod},
      {"tl.sort", "x, dim=None, descending=False", sort, isMethod},
      {"tl.histogram", "input, num_bins, mask=None", histogram, isMethod},
  };
  return rows;
}
