//===- tile_dialect.cpp - Registration and attribute checks -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_dialect.h"
#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"

#include "llvm/ADT/TypeSwitch.h"

#include "core/ir/tile_dialect.cpp.inc"
#include "core/ir/tile_enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "core/ir/tile_attributes.cpp.inc"

using namespace mlir;

namespace tilesdk::tile {
namespace {

/// Every tile op may move into another function with its caller's body.
struct TileInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
};

} // namespace

void TileDialect::initialize() {
  registerTypes();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "core/ir/tile_attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "core/ir/tile_ops.cpp.inc"
      >();
  addInterfaces<TileInliner>();
  addBytecodeInterface(*this);
}

Operation *TileDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

/// The named attribute must be a positive integer that fits i64.
static LogicalResult verifyPositive(Operation *op, NamedAttribute attribute) {
  auto value = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!value || value.getValue().getBitWidth() > 64 || value.getInt() < 1)
    return op->emitOpError()
           << "attribute '" << attribute.getName().getValue()
           << "' must be a positive integer, found " << attribute.getValue();
  return success();
}

LogicalResult TileDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == attr::version) {
    auto value = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!isa<ModuleOp>(op) || !value || !value.getType().isInteger(32))
      return op->emitOpError() << "attribute 'tile.version' must be an i32 on "
                                  "the module, found "
                               << attribute.getValue();
    if (value.getInt() < 1 || value.getInt() > dialectVersion)
      return op->emitOpError()
             << "needs version " << value.getInt()
             << " of the dialect 'tile'; this library reads 1 to "
             << dialectVersion;
    return success();
  }
  if (name == attr::kernel) {
    if (!isa<FunctionOpInterface>(op) || !isa<UnitAttr>(attribute.getValue()))
      return op->emitOpError()
             << "'tile.kernel' must be a unit attribute of a function";
    return success();
  }
  if (name == attr::numStages || name == attr::unrollFactor)
    return verifyPositive(op, attribute);
  return success();
}

LogicalResult TileDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                    unsigned index,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if (name == attr::name && !isa<StringAttr>(value))
    return op->emitOpError()
           << "argument " << index << ": 'tile.name' must be a string, found "
           << value;
  if (name == attr::divisibility)
    return verifyPositive(op, attribute);
  if (name == attr::leaf) {
    auto number = dyn_cast<IntegerAttr>(value);
    if (!number || number.getValue().getBitWidth() > 64 || number.getInt() < 0)
      return op->emitOpError()
             << "argument " << index
             << ": 'tile.leaf' must be a non-negative integer, found " << value;
  }
  return success();
}

} // namespace tilesdk::tile
