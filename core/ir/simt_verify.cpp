//===- simt_verify.cpp - Verify the ops of simt -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A message names the operand, what it must be and what was found.

#include "core/ir/simt_ops.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tilesdk::simt {

//===----------------------------------------------------------------------===//
// Layouts and shared memory
//===----------------------------------------------------------------------===//

LogicalResult ConvertLayoutOp::verify() {
  Type from = getSource().getType(), to = getType();
  if (tile::shapeOf(from) != tile::shapeOf(to) ||
      tile::elementOf(from) != tile::elementOf(to))
    return emitOpError() << "'source' of type " << from
                         << " must have the shape and element type of the "
                            "result "
                         << to;
  if (!layoutAttrOf(from) || !layoutAttrOf(to))
    return emitOpError() << "'source' and the result must have a layout, found "
                         << from << " and " << to;
  return verifyLayouts(*this);
}

/// \p tensor and one buffer have the same shape and elements.
static LogicalResult verifyFits(Operation *op, StringRef name, Type tensor,
                                StringRef bufferName, SharedType buffer) {
  if (tile::shapeOf(tensor) != buffer.getShape() ||
      tile::elementOf(tensor) != buffer.getElementType())
    return op->emitOpError() << "'" << name << "' of type " << tensor
                             << " must have the shape and element type of '"
                             << bufferName << "' of type " << buffer;
  if (buffer.getRank() != buffer.getBufferRank())
    return op->emitOpError()
           << "'" << bufferName
           << "' must be one buffer, not an array: " << buffer;
  return success();
}

LogicalResult SharedAllocOp::verify() {
  auto type = cast<SharedType>(getType());
  if (getInit() &&
      failed(verifyFits(*this, "init", getInit().getType(), "result", type)))
    return failure();
  if (auto offset = getOffset(); offset && *offset % type.getAlignment())
    return emitOpError() << "'offset' must be a multiple of the alignment "
                         << type.getAlignment() << ", found " << *offset;
  return success();
}

LogicalResult SharedIndexOp::verify() {
  SharedType from = getSource().getType(), to = getType();
  if (from.getRank() == from.getBufferRank())
    return emitOpError() << "'source' must be an array of buffers, found "
                         << from;
  if (to.getShape() != from.getShape().drop_front() ||
      to.getElementType() != from.getElementType() ||
      to.getLayout() != from.getLayout())
    return emitOpError() << "the result must be 'source' of type " << from
                         << " without its first dimension, found " << to;
  return success();
}

LogicalResult SharedTransOp::verify() {
  SharedType from = getSource().getType(), to = getType();
  ArrayRef<int32_t> perm = getPerm();
  SmallVector<bool> seen(from.getRank());
  bool valid = from.getRank() == from.getBufferRank() &&
               static_cast<int64_t>(perm.size()) == from.getRank() &&
               to.getRank() == from.getRank() &&
               to.getElementType() == from.getElementType();
  for (size_t i = 0; valid && i < perm.size(); ++i) {
    valid = perm[i] >= 0 && perm[i] < from.getRank() && !seen[perm[i]] &&
            to.getShape()[i] == from.getShape()[perm[i]];
    if (valid)
      seen[perm[i]] = true;
  }
  if (!valid)
    return emitOpError() << "'perm' must name each dimension of 'source' of "
                            "type "
                         << from << " once and give the result " << to;
  return success();
}

LogicalResult SharedSliceOp::verify() {
  SharedType from = getSource().getType(), to = getType();
  bool valid = from.getRank() == from.getBufferRank() &&
               static_cast<int64_t>(getOffsets().size()) == from.getRank() &&
               to.getRank() == from.getRank() &&
               to.getElementType() == from.getElementType();
  for (size_t i = 0; valid && i < getOffsets().size(); ++i) {
    int64_t extent = to.getShape()[i], offset = getOffsets()[i];
    valid = offset >= 0 && offset % extent == 0 &&
            offset + extent <= from.getShape()[i] &&
            from.getShape()[i] % extent == 0;
  }
  if (!valid)
    return emitOpError() << "'offsets' must be multiples of the extents of the "
                            "result "
                         << to << " inside of 'source' of type " << from;
  return success();
}

LogicalResult SharedLoadOp::verify() {
  return verifyFits(*this, "result", getType(), "source",
                    getSource().getType());
}

LogicalResult SharedStoreOp::verify() {
  return verifyFits(*this, "value", getValue().getType(), "dest",
                    getDest().getType());
}

//===----------------------------------------------------------------------===//
// Asynchronous ops
//===----------------------------------------------------------------------===//

LogicalResult AsyncCopyOp::verify() {
  Type ptrs = getPtrs().getType();
  if (failed(verifyFits(*this, "ptrs", tile::pointeeLike(ptrs), "dest",
                        getDest().getType())))
    return failure();
  if (getMask() && getMask().getType() != tile::maskLike(ptrs))
    return emitOpError() << "'mask' must be " << tile::maskLike(ptrs)
                         << " for 'ptrs' of type " << ptrs << ", found "
                         << getMask().getType();
  if (getOther() && getOther().getType() != tile::pointeeLike(ptrs))
    return emitOpError() << "'other' must be " << tile::pointeeLike(ptrs)
                         << " for 'ptrs' of type " << ptrs << ", found "
                         << getOther().getType();
  if (getOther() && !getMask())
    return emitOpError() << "'other' needs a 'mask'";
  for (Operation *user : getToken().getUsers())
    if (!isa<AsyncCommitOp, AsyncWaitOp>(user))
      return emitOpError() << "'token' may only go to 'simt.async_commit' or "
                              "'simt.async_wait', found '"
                           << user->getName() << "'";
  return success();
}

/// Every use of \p start, followed through the edges of loops, takes values
/// that are in flight.
static LogicalResult verifyInFlight(MmaAsyncOp op) {
  llvm::SetVector<Value> values;
  values.insert(op.getResult());
  for (size_t i = 0; i < values.size(); ++i) {
    Value value = values[i];
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      if (auto next = dyn_cast<MmaAsyncOp>(user)) {
        if (use.get() == next.getAcc() && use.get() != next.getLhs())
          continue;
      } else if (isa<MmaWaitOp>(user)) {
        continue;
      } else if (auto loop = dyn_cast<scf::ForOp>(user)) {
        if (use.getOperandNumber() >= loop.getNumControlOperands()) {
          values.insert(loop.getTiedLoopRegionIterArg(&use));
          values.insert(loop.getTiedLoopResult(&use));
          continue;
        }
      } else if (isa<scf::YieldOp>(user)) {
        Operation *parent = user->getParentOp();
        unsigned index = use.getOperandNumber();
        if (auto loop = dyn_cast<scf::ForOp>(parent))
          values.insert(loop.getRegionIterArg(index));
        if (isa<scf::ForOp, scf::IfOp>(parent)) {
          values.insert(parent->getResult(index));
          continue;
        }
      }
      return op.emitOpError()
                 .append("the result is in flight; it may not be used before "
                         "'simt.mma_wait'")
                 .attachNote(user->getLoc())
             << "used by '" << user->getName() << "'";
    }
  }
  return success();
}

LogicalResult MmaAsyncOp::verify() {
  Type lhs = getLhs().getType(), acc = getAcc().getType();
  SharedType rhs = getRhs().getType();
  auto shape = [](Type type) {
    auto shared = dyn_cast<SharedType>(type);
    return shared ? shared.getShape() : tile::shapeOf(type);
  };
  ArrayRef<int64_t> a = shape(lhs), b = shape(rhs), c = shape(acc);
  if (a.size() != 2 || b.size() != 2 || c.size() != 2 || a[1] != b[0] ||
      c[0] != a[0] || c[1] != b[1])
    return emitOpError() << "'acc' of type " << acc
                         << " does not have the shape of the product of 'lhs' "
                         << lhs << " and 'rhs' " << rhs;
  if (!layoutAttrOf(acc))
    return emitOpError() << "'acc' must have a layout, found " << acc;
  if (failed(verifyLayouts(*this)))
    return failure();
  return verifyInFlight(*this);
}

LogicalResult BoxMapOp::verify() {
  size_t rank = getBox().size();
  if (rank < 1 || rank > 5)
    return emitOpError() << "'box' must have 1 to 5 extents, found " << rank;
  if (getShape().size() != rank || getStrides().size() != rank)
    return emitOpError() << "'shape' and 'strides' must have " << rank
                         << " entries, found " << getShape().size() << " and "
                         << getStrides().size();
  if (!isa<tile::PointerType>(getBase().getType()))
    return emitOpError() << "'base' must be one pointer, found "
                         << getBase().getType();
  return success();
}

/// As many coordinates as the map has dimensions, where the map is in sight.
static LogicalResult verifyBox(Operation *op, Value map, size_t coordinates,
                               SharedType buffer) {
  if (auto made = map.getDefiningOp<BoxMapOp>();
      made && made.getBox().size() != coordinates)
    return op->emitOpError()
           << "'coordinates' must have " << made.getBox().size()
           << " entries, one per dimension of 'map', found " << coordinates;
  if (buffer.getRank() != buffer.getBufferRank())
    return op->emitOpError()
           << "the buffer must be one, not an array: " << buffer;
  return success();
}

LogicalResult BoxLoadOp::verify() {
  return verifyBox(*this, getMap(), getCoordinates().size(),
                   getDest().getType());
}

LogicalResult BoxStoreOp::verify() {
  return verifyBox(*this, getMap(), getCoordinates().size(),
                   getSource().getType());
}

//===----------------------------------------------------------------------===//
// Program
//===----------------------------------------------------------------------===//

LogicalResult BarrierOp::verify() {
  if ((getId() == 0) != (getWarps() == 0))
    return emitOpError() << "'id' and 'warps' must both be given, or neither; "
                            "found id "
                         << getId() << " and warps " << getWarps();
  if (getId() == 0 && (*this)->getParentOfType<WarpSpecializeOp>())
    return emitOpError() << "all warps cannot meet inside of a partition; "
                            "'id' and 'warps' are needed";
  return success();
}

LogicalResult WarpSpecializeOp::verify() {
  size_t count = getPartitions().size();
  if (count < 1 || getWarps().size() != count)
    return emitOpError() << "'warps' must have one entry per partition, "
                         << count << ", found " << getWarps().size();
  if (getRegisters() && getRegisters()->size() != count)
    return emitOpError() << "'registers' must have one entry per partition, "
                         << count << ", found " << getRegisters()->size();
  int64_t total = 0;
  for (int32_t warps : getWarps()) {
    if (warps < 1)
      return emitOpError() << "'warps' must be positive, found " << warps;
    total += warps;
  }
  auto function = (*this)->getParentOfType<FunctionOpInterface>();
  auto all = function ? function->getAttrOfType<IntegerAttr>(attr::numWarps)
                      : IntegerAttr();
  if (all && all.getInt() != total)
    return emitOpError() << "'warps' must sum up to the program's "
                         << all.getInt() << ", found " << total;
  if ((*this)->getParentOfType<WarpSpecializeOp>())
    return emitOpError() << "may not stand inside of a partition";
  return success();
}

LogicalResult WarpSpecializeOp::verifyRegions() {
  for (auto [region, warps] : llvm::zip(getPartitions(), getWarps())) {
    llvm::SmallPtrSet<Attribute, 8> known;
    WalkResult result = region.walk([&,
                                     warps = uint64_t(warps)](Operation *op) {
      for (Type type : op->getResultTypes()) {
        LayoutAttr layout = layoutAttrOf(type);
        if (!layout || !known.insert(layout).second)
          continue;
        uint64_t found = layout.getLayout().inputSize(warpDim);
        if (found != warps)
          return WalkResult(op->emitOpError()
                            << "the partition has " << warps
                            << " warps, the layout of the result " << found);
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
  }
  return success();
}

} // namespace tilesdk::simt
