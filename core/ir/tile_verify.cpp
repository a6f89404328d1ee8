//===- tile_verify.cpp - Verify shape, compute and region ops ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A message names the operand, what it must be and what was found.

#include "core/ir/tile_ops.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tilesdk::tile {

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

LogicalResult SplatOp::verify() {
  Type element = elementOf(getType());
  if (getSource().getType() != element)
    return emitOpError() << "'source' must have the element type " << element
                         << " of the result, found " << getSource().getType();
  return success();
}

LogicalResult BroadcastOp::verify() {
  Type from = getSource().getType(), to = getType();
  bool fits = elementOf(from) == elementOf(to) &&
              shapeOf(from).size() == shapeOf(to).size();
  if (fits)
    for (auto [a, b] : llvm::zip(shapeOf(from), shapeOf(to)))
      fits &= a == b || a == 1;
  if (!fits)
    return emitOpError() << "'source' of type " << from
                         << " cannot be stretched to " << to
                         << ": rank and element type must agree and each "
                            "extent must be equal or 1";
  return success();
}

LogicalResult ReshapeOp::verify() {
  Type from = getSource().getType(), to = getType();
  if (elementOf(from) != elementOf(to))
    return emitOpError() << "element type of the result must be that of "
                            "'source', "
                         << elementOf(from) << ", found " << elementOf(to);
  if (numElementsOf(from) != numElementsOf(to))
    return emitOpError() << "'source' of type " << from << " has "
                         << numElementsOf(from) << " elements, the result "
                         << to << " has " << numElementsOf(to);
  return success();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

LogicalResult FpToFpOp::verify() {
  if (shapeOf(getSource().getType()) != shapeOf(getType()))
    return emitOpError() << "'source' of type " << getSource().getType()
                         << " must have the shape of the result " << getType();
  return success();
}

LogicalResult ExternElementwiseOp::verify() {
  if (getSymbol().empty())
    return emitOpError() << "'symbol' must not be empty";
  for (auto [index, arg] : llvm::enumerate(getArgs()))
    if (shapeOf(arg.getType()) != shapeOf(getType()))
      return emitOpError() << "argument " << index << " of type "
                           << arg.getType()
                           << " must have the shape of the result "
                           << getType();
  return success();
}

/// One positive entry per dimension, one for a scalar.
static LogicalResult verifyHint(HintOp op, StringRef name,
                                std::optional<ArrayRef<int64_t>> values) {
  if (!values)
    return success();
  size_t rank = std::max<size_t>(1, shapeOf(op.getType()).size());
  if (values->size() != rank)
    return op.emitOpError()
           << "'" << name << "' must have " << rank << " entries for type "
           << op.getType() << ", found " << values->size();
  for (int64_t value : *values)
    if (value < 1)
      return op.emitOpError()
             << "'" << name << "' must be positive, found " << value;
  return success();
}

LogicalResult HintOp::verify() {
  if (failed(verifyHint(*this, "divisibility", getDivisibility())) ||
      failed(verifyHint(*this, "contiguity", getContiguity())) ||
      failed(verifyHint(*this, "constancy", getConstancy())))
    return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Compute
//===----------------------------------------------------------------------===//

/// Whether `tile.dot` multiplies \p a with \p b and sums in \p acc.
static bool areDotElements(Type a, Type b, Type acc) {
  if (isFloat8(a) && isFloat8(b))
    return acc.isF16() || acc.isF32();
  if (a != b)
    return false;
  if (a.isInteger(8))
    return acc.isInteger(32);
  if (a.isF16())
    return acc.isF16() || acc.isF32();
  if (a.isBF16() || a.isF32())
    return acc.isF32();
  return a.isF64() && acc.isF64();
}

LogicalResult DotOp::verify() {
  Type lhs = getLhs().getType(), rhs = getRhs().getType();
  Type acc = getAcc().getType();
  ArrayRef<int64_t> a = shapeOf(lhs), b = shapeOf(rhs), c = shapeOf(acc);
  size_t rank = a.size();
  if ((rank != 2 && rank != 3) || b.size() != rank || c.size() != rank)
    return emitOpError() << "operands must all have rank 2 or all have rank "
                            "3, found 'lhs' "
                         << lhs << ", 'rhs' " << rhs << ", 'acc' " << acc;
  size_t row = rank - 2, column = rank - 1;
  if (a[column] != b[row])
    return emitOpError() << "inner extents must agree: 'lhs' of type " << lhs
                         << " has " << a[column] << " columns, 'rhs' of type "
                         << rhs << " has " << b[row] << " rows";
  if (c[row] != a[row] || c[column] != b[column] ||
      (rank == 3 && (a[0] != b[0] || c[0] != a[0])))
    return emitOpError() << "'acc' of type " << acc
                         << " does not have the shape of the product of "
                            "'lhs' "
                         << lhs << " and 'rhs' " << rhs;
  if (!areDotElements(elementOf(lhs), elementOf(rhs), elementOf(acc)))
    return emitOpError() << "element types " << elementOf(lhs)
                         << " of 'lhs' and " << elementOf(rhs)
                         << " of 'rhs' cannot be summed in " << elementOf(acc)
                         << " of 'acc'";
  if (getInputPrecision() != InputPrecision::Ieee && !elementOf(lhs).isF32())
    return emitOpError() << "precision '"
                         << stringifyInputPrecision(getInputPrecision())
                         << "' is for f32 operands, found 'lhs' " << lhs;
  return success();
}

LogicalResult SortOp::verify() {
  if (isPtrLike(getType()))
    return emitOpError() << "'source' must hold numbers, found " << getType();
  return success();
}

LogicalResult HistogramOp::verify() {
  Type source = getSource().getType();
  if (shapeOf(source).size() != 1)
    return emitOpError() << "'source' must have rank 1, found " << source;
  if (shapeOf(getType()).size() != 1)
    return emitOpError() << "the result must have rank 1, found " << getType();
  if (getMask() && getMask().getType() != maskLike(source))
    return emitOpError() << "'mask' must be " << maskLike(source)
                         << " for 'source' of type " << source << ", found "
                         << getMask().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

/// Arguments of the combine region: the element types twice.
static LogicalResult verifyCombineSignature(Operation *op, ValueRange sources,
                                            Region &region) {
  Block &block = region.front();
  size_t count = sources.size();
  if (block.getNumArguments() != 2 * count)
    return op->emitOpError()
           << "region must have " << 2 * count << " arguments for " << count
           << " sources, found " << block.getNumArguments();
  for (auto [index, arg] : llvm::enumerate(block.getArguments())) {
    Type expected = elementOf(sources[index % count].getType());
    if (arg.getType() != expected)
      return op->emitOpError() << "region argument " << index << " must be "
                               << expected << ", the element type of source "
                               << index % count << ", found " << arg.getType();
  }
  return success();
}

/// The yield returns one value per source, and nothing has effects.
static LogicalResult verifyCombineBody(Operation *op, ValueRange sources,
                                       Region &region) {
  auto yield = dyn_cast<YieldOp>(region.front().back());
  if (!yield)
    return op->emitOpError() << "region must end with 'tile.yield', found '"
                             << region.front().back().getName() << "'";
  if (yield.getValues().size() != sources.size())
    return yield.emitOpError()
           << "must yield " << sources.size()
           << " values, one per source, found " << yield.getValues().size();
  for (auto [index, value] : llvm::enumerate(yield.getValues())) {
    Type expected = elementOf(sources[index].getType());
    if (value.getType() != expected)
      return yield.emitOpError() << "value " << index << " must be " << expected
                                 << ", the element type of source " << index
                                 << ", found " << value.getType();
  }
  for (Operation &inner : region.front())
    if (!isMemoryEffectFree(&inner))
      return inner.emitOpError() << "has effects and may not stand in the "
                                    "region of '"
                                 << op->getName() << "'";
  return success();
}

LogicalResult ReduceOp::verify() {
  return verifyCombineSignature(*this, getSources(), getCombine());
}
LogicalResult ReduceOp::verifyRegions() {
  return verifyCombineBody(*this, getSources(), getCombine());
}
LogicalResult ScanOp::verify() {
  return verifyCombineSignature(*this, getSources(), getCombine());
}
LogicalResult ScanOp::verifyRegions() {
  return verifyCombineBody(*this, getSources(), getCombine());
}

//===----------------------------------------------------------------------===//
// Debugging
//===----------------------------------------------------------------------===//

LogicalResult PrintOp::verify() {
  if (getIsSigned().size() != getArgs().size())
    return emitOpError() << "'is_signed' must have " << getArgs().size()
                         << " entries, one per value, found "
                         << getIsSigned().size();
  return success();
}

} // namespace tilesdk::tile
