//===- simt_dialect.h - The dialect simt ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_types.h"
#include "core/layout/layout.h"

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/Hashing.h"

namespace tilesdk::layout {
/// For MLIR's uniquer, which looks for this name.
// NOLINTNEXTLINE(readability-identifier-naming)
inline llvm::hash_code hash_value(const Layout &layout) {
  return llvm::hash_code(layout.hash());
}
} // namespace tilesdk::layout

namespace mlir {
class DialectRegistry;
} // namespace mlir

#include "core/ir/simt_dialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "core/ir/simt_attributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "core/ir/simt_types.h.inc"

namespace tilesdk::simt {

/// Attributes with meaning on ops of other dialects; simt_dialect.td says on
/// which.
namespace attr {
inline constexpr llvm::StringLiteral target = "simt.target";
inline constexpr llvm::StringLiteral numWarps = "simt.num_warps";
inline constexpr llvm::StringLiteral warpSize = "simt.warp_size";
inline constexpr llvm::StringLiteral threads = "simt.threads";
inline constexpr llvm::StringLiteral sharedBytes = "simt.shared_bytes";
inline constexpr llvm::StringLiteral numStages = "simt.num_stages";
inline constexpr llvm::StringLiteral row = "simt.row";
/// Of a product with a row: so many instructions share out what a lane has next
/// to each other along k (target::MatrixRow::interleavedK).
inline constexpr llvm::StringLiteral pack = "simt.pack";
/// Of a product with a row: it makes the transposed product
/// (target::MatrixRow::transposed).
inline constexpr llvm::StringLiteral transposed = "simt.transposed";
inline constexpr llvm::StringLiteral scratch = "simt.scratch";
/// Of a conversion, for measurements: how it is done, or "chosen"; lowering
/// then says in a remark what it does.
inline constexpr llvm::StringLiteral strategy = "simt.strategy";
} // namespace attr

/// Names of the dimensions of layouts.
inline constexpr char registerDim[] = "register";
inline constexpr char laneDim[] = "lane";
inline constexpr char warpDim[] = "warp";
inline constexpr char offsetDim[] = "offset";
/// "dim0", "dim1", ...
std::string dimName(unsigned dim);

/// The layout of a tensor, or null.
LayoutAttr layoutAttrOf(mlir::Type type);
/// The layout of a tensor that has one; the layout without dimensions for any
/// other type.
const layout::Layout &layoutOf(mlir::Type type);
/// The same tensor with another layout; scalars come back unchanged.
mlir::Type withLayout(mlir::Type tensor, LayoutAttr layout);
mlir::Type withLayout(mlir::Type tensor, const layout::Layout &layout);
/// Bytes of one element in memory: i1 takes one, a pointer eight.
unsigned elementBytes(mlir::Type element);
/// The natural layouts of shape-changing ops, which need no movement. Nothing
/// when there is none.
LayoutAttr expandDimsLayout(LayoutAttr source, unsigned axis);
/// The dimension dropped, with it the registers that then hold copies.
LayoutAttr sliceLayout(LayoutAttr source, unsigned axis);
LayoutAttr transLayout(LayoutAttr source, llvm::ArrayRef<int32_t> perm);
/// Registers come in pairs (lhs, rhs).
LayoutAttr joinLayout(LayoutAttr source);
/// Nothing unless the last dimension is a bit of the registers.
LayoutAttr splitLayout(LayoutAttr source);

/// Whether all tensors of \p op have a layout, of the same numbers of lanes and
/// warps, or none of them. Emits an error otherwise.
mlir::LogicalResult verifyLayouts(mlir::Operation *op);

/// Shared memory, which never aliases global memory.
struct SharedMemoryResource
    : mlir::SideEffects::Resource::Base<SharedMemoryResource> {
  llvm::StringRef getName() final { return "simt.shared"; }
};
/// Groups of asynchronous copies and products: what keeps commits and waits in
/// order.
struct InFlightResource : mlir::SideEffects::Resource::Base<InFlightResource> {
  llvm::StringRef getName() final { return "simt.in_flight"; }
};

/// The dialects of the stage `simt`: those of tile IR and this one.
void registerSimtDialects(mlir::DialectRegistry &registry);

} // namespace tilesdk::simt
