//===- tile_types.cpp - Types of tile IR ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/ir/tile_dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

#include "llvm/ADT/TypeSwitch.h"

#define GET_TYPEDEF_CLASSES
#include "core/ir/tile_types.cpp.inc"

using namespace mlir;

namespace tilesdk::tile {

static bool isInt(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer && integer.isSignless() &&
         llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
}

bool isFloat8(Type type) {
  return isa<Float8E4M3FNType, Float8E5M2Type, Float8E4M3FNUZType,
             Float8E5M2FNUZType>(type);
}

static bool isFloat(Type type) {
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type) ||
         isFloat8(type);
}

bool isTileScalar(Type type) {
  return type && (isInt(type) || isFloat(type) || isa<PointerType>(type));
}

bool isTileTensor(Type type) {
  auto tensor = dyn_cast_or_null<RankedTensorType>(type);
  return tensor &&
         (!tensor.getEncoding() ||
          isa<simt::LayoutAttr>(tensor.getEncoding())) &&
         tensor.getRank() >= 1 && tensor.getRank() <= maxTileRank &&
         llvm::all_of(tensor.getShape(), [](int64_t n) { return n >= 1; }) &&
         isTileScalar(tensor.getElementType());
}

bool isDotOperand(Type type) {
  return isTileTensor(type) || isa_and_nonnull<simt::SharedType>(type);
}

bool isTileValue(Type type) { return isTileScalar(type) || isTileTensor(type); }

template <typename Predicate>
static bool elementIs(Type type, Predicate predicate) {
  return isTileValue(type) && predicate(elementOf(type));
}

bool isIntLike(Type type) { return elementIs(type, isInt); }
bool isI64Like(Type type) {
  return elementIs(type, [](Type t) { return t.isInteger(64); });
}
bool isBoolLike(Type type) {
  return elementIs(type, [](Type t) { return t.isInteger(1); });
}
bool isFloatLike(Type type) { return elementIs(type, isFloat); }
bool isPtrLike(Type type) {
  return elementIs(type, [](Type t) { return isa<PointerType>(t); });
}
bool isIntTensor(Type type) { return isTileTensor(type) && isIntLike(type); }
bool isI32Tensor(Type type) {
  return isTileTensor(type) && elementOf(type).isInteger(32);
}

Type elementOf(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.getElementType();
  if (auto shared = dyn_cast<simt::SharedType>(type))
    return shared.getElementType();
  return type;
}

ArrayRef<int64_t> shapeOf(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.getShape();
  if (auto shared = dyn_cast<simt::SharedType>(type))
    return shared.getShape();
  return {};
}

int64_t numElementsOf(Type type) {
  int64_t count = 1;
  for (int64_t extent : shapeOf(type))
    count *= extent;
  return count;
}

Type typeOf(ArrayRef<int64_t> shape, Type element) {
  return shape.empty() ? element : RankedTensorType::get(shape, element);
}

Type withElement(Type like, Type element) {
  if (auto tensor = dyn_cast<RankedTensorType>(like))
    return RankedTensorType::get(tensor.getShape(), element,
                                 tensor.getEncoding());
  return typeOf(shapeOf(like), element);
}

bool areEqualButLayout(Type a, Type b) {
  return a == b || (isTileTensor(a) && isTileTensor(b) &&
                    shapeOf(a) == shapeOf(b) && elementOf(a) == elementOf(b));
}

Type pointeeLike(Type ptr) {
  if (auto pointer = dyn_cast<PointerType>(elementOf(ptr)))
    return withElement(ptr, pointer.getPointee());
  return ptr;
}

Type maskLike(Type type) {
  return withElement(type, IntegerType::get(type.getContext(), 1));
}

LogicalResult PointerType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  Type pointee, unsigned addressSpace) {
  if (!isTileScalar(pointee))
    return emitError() << "pointee of !tile.ptr must be a tile scalar, found "
                       << pointee;
  if (addressSpace > 0xffffff)
    return emitError() << "address space " << addressSpace
                       << " of !tile.ptr is out of range";
  return success();
}

void TileDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "core/ir/tile_types.cpp.inc"
      >();
}

} // namespace tilesdk::tile
