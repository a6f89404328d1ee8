//===- boxes.h - Tiles that one thread copies as boxes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/target/target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <optional>
#include <string>

namespace tilesdk::optimizer {

/// Bytes of which addresses and distances must be multiples.
constexpr int64_t boxAlignment = 16;

/// Of boxes that are not known to begin at a multiple of boxAlignment of a row:
/// an H100 says that the instruction is illegal.
inline constexpr char columnReason[] =
    "its first column is not known to be a multiple of 16 bytes";

/// On a load or a map that stands for pointers of the kernel's own: where there
/// is no such tensor, the kernel is right all the same.
inline constexpr char pointersAttr[] = "simt.pointers";

/// How boxes fill a buffer.
struct BoxPlan {
  /// Extents of a box, in the order of the tensor's dimensions.
  llvm::SmallVector<int32_t, 2> box;
  struct Part {
    llvm::SmallVector<int64_t, 2> at; ///< Of the box's first element.
    uint64_t bytes;                   ///< From the start of the buffer.
  };
  llvm::SmallVector<Part> parts;
};

/// The row of the machine that copies boxes; null: it has none that ends at a
/// barrier in memory.
const target::AsyncRow *boxRow(const target::Machine &machine);

/// Nothing when boxes cannot fill \p buffer, whose last dimension is the one
/// along which the tensor is contiguous.
std::optional<BoxPlan> planBoxes(simt::SharedType buffer,
                                 const target::Machine &machine);

/// What the launcher can compute of a number or a pointer: a sum of products of
/// a constant and arguments of the kernel.
struct HostValue {
  struct Term {
    int64_t factor;
    llvm::SmallVector<unsigned, 2> arguments;
  };
  llvm::SmallVector<Term, 2> terms;

  /// The one argument that it is.
  std::optional<unsigned> argument() const;
  std::optional<int64_t> constant() const;
};
std::optional<HostValue> hostValue(mlir::Value value);
/// A known divisor of what the launcher gives; 0 of zero.
int64_t divisorOf(mlir::func::FuncOp function, const HostValue &value);

/// Why the launcher can make no map of the tensor of a block; empty: it can.
std::string mapReason(mlir::func::FuncOp function, mlir::Value base,
                      mlir::ValueRange shape, mlir::ValueRange strides,
                      mlir::Type element);
/// Why boxes cannot be stored to rows of \p columns elements; empty: they can.
/// What lies behind the end is cut off by boxAlignment, not by elements (seen
/// on an H100; tests/probes/boxes.py): the rest would come into what follows
/// the row.
std::string rowEndReason(mlir::func::FuncOp function, const HostValue &columns,
                         mlir::Type element);
/// Makes the map of the tensor of \p access, an access to a block of a
/// described tensor, where \p builder stands, which may be ahead of the parts.
mlir::Value makeBoxMap(mlir::OpBuilder &builder, mlir::Operation *access,
                       simt::SharedType buffer, const BoxPlan &plan);

/// Expands a descriptor access whose tensor has a layout already.
void expandDescriptorLoad(tile::DescriptorLoadOp load);
/// The same of a store, whose tensor is converted to type \p type first.
void expandDescriptorStore(tile::DescriptorStoreOp store, mlir::Type type);
/// The tensor of \p store in the layout for masked accesses.
mlir::Type coalescedType(tile::DescriptorStoreOp store,
                         const target::Machine &machine);

/// The buffer that a block of this shape is stored from as boxes: in the format
/// with the longest rows that tiles it. Nothing where there is none.
std::optional<simt::SharedType> storeBuffer(mlir::Type block,
                                            const target::Machine &machine);
/// The least shared memory that a tensor with a layout is stored through.
uint64_t storeBytes(mlir::Type tensor, const target::Machine &machine);
/// Whether the two write to different places when one follows the other in the
/// same iteration of all loops around them.
bool areApart(simt::BoxStoreOp a, simt::BoxStoreOp b);
/// Whether \p store writes to another place in each iteration of \p loop, the
/// innermost one around it.
bool stepsApart(simt::BoxStoreOp store, mlir::Operation *loop);
/// Keeps the stores to descriptors of \p function that can be boxes. With \p
/// takesPointers stores of what products give to tiles of pointers become such;
/// true: some did.
bool chooseBoxStores(mlir::func::FuncOp function,
                     const target::Machine &machine, bool takesPointers);

} // namespace tilesdk::optimizer
