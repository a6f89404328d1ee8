//===- tile_verify_memory.cpp - Verify pointer and memory ops ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace tilesdk::tile {

/// \p value has type \p expected, which follows from 'ptr'.
static LogicalResult verifyFollows(Operation *op, StringRef name, Value value,
                                   Type expected, Value ptr) {
  if (!value || value.getType() == expected)
    return success();
  return op->emitOpError() << "'" << name << "' must be " << expected
                           << " for 'ptr' of type " << ptr.getType()
                           << ", found " << value.getType();
}

LogicalResult AddPtrOp::verify() {
  if (shapeOf(getPtr().getType()) != shapeOf(getOffset().getType()))
    return emitOpError() << "'offset' must have the shape of 'ptr' of type "
                         << getPtr().getType() << ", found "
                         << getOffset().getType();
  return success();
}

/// Source and result of an elementwise conversion have one shape.
static LogicalResult verifySameShape(Operation *op) {
  Type source = op->getOperand(0).getType(),
       result = op->getResult(0).getType();
  if (shapeOf(source) != shapeOf(result))
    return op->emitOpError() << "'source' of type " << source
                             << " must have the shape of the result " << result;
  return success();
}

LogicalResult IntToPtrOp::verify() { return verifySameShape(*this); }
LogicalResult PtrToIntOp::verify() { return verifySameShape(*this); }

LogicalResult PtrCastOp::verify() {
  auto from = cast<PointerType>(elementOf(getSource().getType()));
  auto to = cast<PointerType>(elementOf(getType()));
  if (from.getAddressSpace() != to.getAddressSpace())
    return emitOpError() << "may not change the address space: 'source' is "
                         << getSource().getType() << ", the result "
                         << getType();
  return verifySameShape(*this);
}

LogicalResult LoadOp::verify() {
  Type ptr = getPtr().getType();
  if (failed(
          verifyFollows(*this, "mask", getMask(), maskLike(ptr), getPtr())) ||
      failed(verifyFollows(*this, "other", getOther(), pointeeLike(ptr),
                           getPtr())))
    return failure();
  if (getOther() && !getMask())
    return emitOpError() << "'other' needs a 'mask'";
  if (getCache() == CacheModifier::WB || getCache() == CacheModifier::WT)
    return emitOpError() << "'cache' must be none, ca, cg, cs or cv, found "
                         << stringifyCacheModifier(getCache());
  return success();
}

LogicalResult StoreOp::verify() {
  Type ptr = getPtr().getType();
  if (failed(verifyFollows(*this, "value", getValue(), pointeeLike(ptr),
                           getPtr())) ||
      failed(verifyFollows(*this, "mask", getMask(), maskLike(ptr), getPtr())))
    return failure();
  if (getCache() == CacheModifier::CA || getCache() == CacheModifier::CV)
    return emitOpError() << "'cache' must be none, wb, cg, cs or wt, found "
                         << stringifyCacheModifier(getCache());
  return success();
}

LogicalResult AtomicRMWOp::verify() {
  Type ptr = getPtr().getType();
  if (failed(verifyFollows(*this, "value", getValue(), pointeeLike(ptr),
                           getPtr())) ||
      failed(verifyFollows(*this, "mask", getMask(), maskLike(ptr), getPtr())))
    return failure();
  Type element = elementOf(getValue().getType());
  bool isFloat = isFloatLike(element), isInt = isIntLike(element);
  bool fits = getKind() == AtomicKind::FAdd
                  ? isFloat && !isFloat8(element)
                  : isInt || getKind() == AtomicKind::Xchg;
  if (!fits || element.isInteger(1))
    return emitOpError() << "'" << stringifyAtomicKind(getKind())
                         << "' does not work on elements of type " << element;
  return success();
}

LogicalResult AtomicCASOp::verify() {
  Type ptr = getPtr().getType();
  if (failed(verifyFollows(*this, "compare", getCompare(), pointeeLike(ptr),
                           getPtr())) ||
      failed(verifyFollows(*this, "value", getValue(), pointeeLike(ptr),
                           getPtr())))
    return failure();
  if (elementOf(getValue().getType()).isInteger(1))
    return emitOpError() << "'value' must have at least 8 bits an element, "
                            "found "
                         << getValue().getType();
  return success();
}

/// What both descriptor accesses demand of their parts.
template <typename Op>
static LogicalResult verifyDescriptor(Op op, Type block) {
  auto pointer = dyn_cast<PointerType>(op.getBase().getType());
  if (!pointer)
    return op.emitOpError()
           << "'base' must be one pointer, found " << op.getBase().getType();
  if (pointer.getPointee() != elementOf(block))
    return op.emitOpError()
           << "'base' of type " << pointer << " must point to elements of the "
           << "block " << block;
  size_t rank = shapeOf(block).size();
  if (rank > 5)
    return op.emitOpError() << "a descriptor has at most 5 dimensions, the "
                            << "block is " << block;
  for (auto [name, parts] :
       {std::pair<StringRef, OperandRange>{"shape", op.getShape()},
        {"strides", op.getStrides()},
        {"offsets", op.getOffsets()}})
    if (parts.size() != rank)
      return op.emitOpError() << "'" << name << "' must have " << rank
                              << " entries for the block " << block
                              << ", found " << parts.size();
  return success();
}

LogicalResult DescriptorLoadOp::verify() {
  return verifyDescriptor(*this, getType());
}
LogicalResult DescriptorStoreOp::verify() {
  return verifyDescriptor(*this, getValue().getType());
}

} // namespace tilesdk::tile
