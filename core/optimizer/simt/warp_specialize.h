//===- warp_specialize.h - One loop whose copies get warps ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/optimizer/simt/loop_loads.h"
#include "core/optimizer/simt/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace tilesdk::optimizer {

/// Splits the kernel around one loop into partitions.
class Specializer {
public:
  /// \p around is the loop that \p loop stands in, or null.
  Specializer(mlir::func::FuncOp function, mlir::scf::ForOp loop,
              mlir::scf::ForOp around, const target::Machine &machine,
              const SimtOptions &options, const AxisInfoAnalysis &axes)
      : function(function), loop(loop), around(around), machine(machine),
        options(options), found(loop, machine, axes, "simt-warp-specialize"),
        b(function.getContext()), loc(loop.getLoc()) {}

  /// The number of stages, or nothing when it was declined.
  std::optional<unsigned> run();

private:
  /// Places in a ring of `stages` buffers, and the parity of the round.
  struct Ring {
    mlir::Value index, phase;
  };

  // warp_specialize_analysis.cpp
  bool isPossible();
  bool findOuterSlice();
  /// Carried values of \p from that the producer needs, by their number.
  llvm::SmallVector<unsigned> carriedBy(mlir::scf::ForOp from);

  // warp_specialize.cpp
  mlir::Value constant(int64_t value);
  Ring next(Ring at, bool withPhase = true);
  /// Buffers and barriers, and everything in the consumers' partition.
  void makePartitions();
  /// The loop at the top of the kernel.
  mlir::scf::ForOp top() { return around ? around : loop; }
  /// Groups of copies by lanes that are under way at a time. The consumers
  /// release a buffer when they have the next one, if a product is under way:
  /// that one must be full before the first is filled again.
  unsigned ahead() const { return stages - 1 - !found.counted.empty(); }

  // warp_specialize_producer.cpp
  void makeProducer();
  llvm::SmallVector<mlir::Value> copyByLanes(mlir::ValueRange rings);
  llvm::SmallVector<mlir::Value> copyByBoxes(mlir::ValueRange rings);
  bool readsByProducts();
  /// Warps of the partition that copies: of boxes one thread does.
  unsigned copyWarps() const { return byBoxes ? 1 : producerWarps; }
  /// Gives \p op of the producer layouts of its fewer warps.
  void adapt(mlir::Operation *op);
  /// \p value as the producer has it.
  mlir::Value external(mlir::Value value);
  /// A loop of the producer like \p from, whose body is to be filled. It
  /// carries \p rings, then \p carried.
  mlir::scf::ForOp openLoop(mlir::scf::ForOp from,
                            llvm::ArrayRef<mlir::Value> rings,
                            llvm::ArrayRef<unsigned> carried);
  void closeLoop(mlir::scf::ForOp made, mlir::scf::ForOp from,
                 llvm::ArrayRef<mlir::Value> rings,
                 llvm::ArrayRef<unsigned> carried);
  /// \p make is called inside of the loop around, if there is one.
  llvm::SmallVector<mlir::Value>
  inAround(llvm::ArrayRef<mlir::Value> rings,
           llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)>
               make);

  // warp_specialize_consumer.cpp
  void makeConsumer();

  mlir::func::FuncOp function;
  mlir::scf::ForOp loop, around;
  const target::Machine &machine;
  const SimtOptions &options;
  LoopLoads found;
  mlir::OpBuilder b;
  mlir::Location loc;
  unsigned consumerWarps = 0, producerWarps = 0, stages = 0;
  /// What the producer needs of the code in front of the loops.
  llvm::SetVector<mlir::Operation *> outer;
  simt::WarpSpecializeOp partitions;
  llvm::SmallVector<mlir::Value> arrays, maps;
  mlir::Value full, empty;
  bool byBoxes = false;
  mlir::IRMapping toProducer;
};

} // namespace tilesdk::optimizer
