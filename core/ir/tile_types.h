//===- tile_types.h - Types of tile IR and questions about them -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

#define GET_TYPEDEF_CLASSES
#include "core/ir/tile_types.h.inc"

namespace tilesdk::tile {

/// No tensor has more elements than this; what Triton allows too.
inline constexpr int64_t maxTileElements = 1048576;
inline constexpr int64_t maxTileRank = 8;

/// A number type that tiles are made of, or a `!tile.ptr`.
bool isTileScalar(mlir::Type type);
/// A ranked static tensor of tile scalars, rank 1 to `maxTileRank`. It may have
/// a layout of the dialect `simt` as encoding, which tile IR itself has not.
bool isTileTensor(mlir::Type type);
bool isTileValue(mlir::Type type);
/// These hold for a scalar and for a tensor of such scalars.
/// What `tile.dot` multiplies: a tensor, or in `simt` a buffer.
bool isDotOperand(mlir::Type type);
bool isIntLike(mlir::Type type);
bool isI64Like(mlir::Type type);
bool isBoolLike(mlir::Type type);
bool isFloatLike(mlir::Type type);
bool isPtrLike(mlir::Type type);
bool isIntTensor(mlir::Type type);
bool isI32Tensor(mlir::Type type);
/// One of the four 8-bit floating-point scalars.
bool isFloat8(mlir::Type type);

/// The type itself for a scalar, the element type for a tensor or a buffer.
mlir::Type elementOf(mlir::Type type);
/// Empty for a scalar.
llvm::ArrayRef<int64_t> shapeOf(mlir::Type type);
/// 1 for a scalar.
int64_t numElementsOf(mlir::Type type);
/// A tensor, or `element` itself when `shape` is empty.
mlir::Type typeOf(llvm::ArrayRef<int64_t> shape, mlir::Type element);
/// A type of the shape and layout of `like` with another element type.
mlir::Type withElement(mlir::Type like, mlir::Type element);

/// Type of what is read through `ptr`: `tensor<8x!tile.ptr<f16>>` gives
/// `tensor<8xf16>`. Other types come back unchanged.
mlir::Type pointeeLike(mlir::Type ptr);
/// Whether two types differ in nothing but a layout.
bool areEqualButLayout(mlir::Type a, mlir::Type b);
/// The i1 type of the shape of `type`.
mlir::Type maskLike(mlir::Type type);

/// For TableGen: derived types whose check is left to verify(), which has the
/// better message.
inline mlir::Type sameType(mlir::Type type) { return type; }
template <typename A, typename B> bool checkedByVerify(const A &, const B &) {
  return true;
}

} // namespace tilesdk::tile
