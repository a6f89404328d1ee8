//===- tile_ops.cpp - Op classes, builders, effects, syntax -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/ir/simt_dialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace tilesdk::tile {

/// Two values of one type, written once.
static ParseResult parseSameTypes(OpAsmParser &parser, Type &lhs, Type &rhs) {
  if (parser.parseType(lhs))
    return failure();
  rhs = lhs;
  return success();
}

static void printSameTypes(OpAsmPrinter &printer, Operation *, Type lhs, Type) {
  printer << lhs;
}

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

void LoadOp::build(OpBuilder &builder, OperationState &state, Value ptr) {
  build(builder, state, ptr, Value(), Value());
}

void StoreOp::build(OpBuilder &builder, OperationState &state, Value ptr,
                    Value value) {
  build(builder, state, ptr, value, Value());
}

using CombineFunction = llvm::function_ref<SmallVector<Value>(
    OpBuilder &, Location, ValueRange, ValueRange)>;

/// Fills the region of a reduction or scan: twice the element types as
/// arguments, then what \p combine builds, then the yield.
static void buildCombine(OpBuilder &builder, OperationState &state,
                         Region *region, ValueRange sources,
                         CombineFunction combine) {
  SmallVector<Type> types;
  for (Value source : sources)
    types.push_back(elementOf(source.getType()));
  types.append(types.begin(), types.begin() + sources.size());
  OpBuilder::InsertionGuard guard(builder);
  Block *block =
      builder.createBlock(region, region->end(), types,
                          SmallVector<Location>(types.size(), state.location));
  auto values = combine(builder, state.location,
                        block->getArguments().take_front(sources.size()),
                        block->getArguments().drop_front(sources.size()));
  YieldOp::create(builder, state.location, values);
}

void ReduceOp::build(OpBuilder &builder, OperationState &state,
                     ValueRange sources, int32_t axis, bool commutative,
                     CombineFunction combine) {
  state.addOperands(sources);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.axis = builder.getI32IntegerAttr(axis);
  if (commutative)
    properties.commutative = builder.getUnitAttr();
  Region *region = state.addRegion();
  SmallVector<Type> types;
  Adaptor adaptor(sources, {}, properties, state.regions);
  if (succeeded(inferReturnTypes(builder.getContext(), state.location, adaptor,
                                 types)))
    state.addTypes(types);
  buildCombine(builder, state, region, sources, combine);
}

void ScanOp::build(OpBuilder &builder, OperationState &state,
                   ValueRange sources, int32_t axis, bool reverse,
                   CombineFunction combine) {
  state.addOperands(sources);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.axis = builder.getI32IntegerAttr(axis);
  if (reverse)
    properties.reverse = builder.getUnitAttr();
  Region *region = state.addRegion();
  for (Value source : sources)
    state.addTypes(source.getType());
  buildCombine(builder, state, region, sources, combine);
}

//===----------------------------------------------------------------------===//
// Effects
//===----------------------------------------------------------------------===//

using Effects =
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

void LoadOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Read::get());
  if (getIsVolatile())
    effects.emplace_back(MemoryEffects::Write::get());
}

static bool readsShared(DotOp op) {
  return isa<simt::SharedType>(op.getLhs().getType()) ||
         isa<simt::SharedType>(op.getRhs().getType());
}

void DotOp::getEffects(Effects &effects) {
  if (readsShared(*this))
    effects.emplace_back(MemoryEffects::Read::get(),
                         simt::SharedMemoryResource::get());
}

Speculation::Speculatability DotOp::getSpeculatability() {
  return readsShared(*this) ? Speculation::NotSpeculatable
                            : Speculation::Speculatable;
}

void ExternElementwiseOp::getEffects(Effects &effects) {
  if (getPure())
    return;
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}

Speculation::Speculatability ExternElementwiseOp::getSpeculatability() {
  return getPure() ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

} // namespace tilesdk::tile

#define GET_OP_CLASSES
#include "core/ir/tile_ops.cpp.inc"
