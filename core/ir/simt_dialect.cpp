//===- simt_dialect.cpp - Registration and attribute checks -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/ir/tile_registration.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "core/ir/simt_dialect.cpp.inc"

using namespace mlir;

namespace tilesdk::simt {
namespace {

/// Layouts are long: they are written once, above the module.
struct SimtAliases : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;
  AliasResult getAlias(Attribute attr, raw_ostream &os) const final {
    if (isa<LayoutAttr>(attr))
      os << "layout";
    else if (isa<SharedLayoutAttr>(attr))
      os << "shared";
    else
      return AliasResult::NoAlias;
    return AliasResult::FinalAlias;
  }
};

} // namespace

void SimtDialect::initialize() {
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "core/ir/simt_ops.cpp.inc"
      >();
  addInterfaces<SimtAliases>();
}

Operation *SimtDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

static LogicalResult verifyInteger(Operation *op, NamedAttribute attribute,
                                   int64_t least) {
  auto value = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!value || !value.getType().isInteger(32) || value.getInt() < least)
    return op->emitOpError() << "attribute '" << attribute.getName().getValue()
                             << "' must be an i32 of at least " << least
                             << ", found " << attribute.getValue();
  return success();
}

LogicalResult SimtDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == attr::numWarps || name == attr::warpSize ||
      name == attr::threads || name == attr::numStages) {
    if (!isa<FunctionOpInterface>(op))
      return op->emitOpError()
             << "attribute '" << name << "' belongs on a function";
    return verifyInteger(op, attribute, 1);
  }
  if (name == attr::pack) {
    if (!isa<tile::DotOp>(op))
      return op->emitOpError() << "attribute 'simt.pack' belongs on 'tile.dot'";
    return verifyInteger(op, attribute, 2);
  }
  if (name == attr::sharedBytes || name == attr::scratch)
    return verifyInteger(op, attribute, 0);
  if ((name == attr::target || name == attr::row || name == attr::strategy) &&
      !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError()
           << "attribute '" << name << "' must be a string, found "
           << attribute.getValue();
  if (name == attr::transposed && !isa<UnitAttr>(attribute.getValue()))
    return op->emitOpError() << "attribute 'simt.transposed' has no value";
  if ((name == attr::row || name == attr::transposed) && !isa<tile::DotOp>(op))
    return op->emitOpError()
           << "attribute '" << name << "' belongs on 'tile.dot'";
  return success();
}

void registerSimtDialects(DialectRegistry &registry) {
  tile::registerTileDialects(registry);
  registry.insert<SimtDialect>();
}

} // namespace tilesdk::simt
