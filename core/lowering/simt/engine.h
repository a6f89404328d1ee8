//===- engine.h - The code of one thread ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor with a layout is the list of elements that a thread holds, in the
// order of the layout's registers; registers that hold copies of one element
// are one Value. Everything else (scalars, pieces of shared memory) is one
// Value that all threads have.
//
// Each operation has a function in a table; those that have none are
// elementwise. The tables are made in ops_core.cpp and ops_matrix.cpp.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/conversion.h"
#include "core/lowering/emitter.h"
#include "core/lowering/simt/table.h"
#include "core/lowering/simt_lowering.h"
#include "core/optimizer/axis_info.h"
#include "core/target/target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

namespace tilesdk::lowering {

class SimtEngine;

using Registers = SmallVector<Value, 0>;
/// Lowers one operation. False: it failed, and an error was emitted.
using OpLowering = bool (*)(SimtEngine &, Operation *);
using OpTable = llvm::StringMap<OpLowering>;

/// Fills in the operations of a file.
void addControlOps(OpTable &table);      // control.cpp
void addShapeOps(OpTable &table);        // shape.cpp
void addMemoryOps(OpTable &table);       // memory.cpp
void addConversionOps(OpTable &table);   // convert.cpp
void addReductionOps(OpTable &table);    // reduce.cpp
void addElementwiseOps(OpTable &table);  // elementwise.cpp
void addMatrixOps(OpTable &table);       // ops_matrix.cpp and what it calls
void addBufferOps(OpTable &table);       // buffers.cpp
void addDotOps(OpTable &table);          // dot.cpp
void addAsyncProductOps(OpTable &table); // mma_async.cpp
void addAsyncOps(OpTable &table);        // async.cpp
void addBarrierOps(OpTable &table);      // barriers.cpp
void addBoxOps(OpTable &table);          // boxes.cpp
void addAtomicOps(OpTable &table);       // atomics.cpp
void addGatherOps(OpTable &table);       // gather.cpp
void addDebugOps(OpTable &table);        // debug.cpp

/// The address of one of an array of barriers (barriers.cpp).
Value barrierAddress(SimtEngine &e, Value barriers, Value index);

class SimtEngine : public Emitter {
public:
  SimtEngine(ModuleOp module, const target::Machine &machine,
             SimtLoweringInfo &info, const OpTable &table, bool contractFloat);

  bool emitKernel(func::FuncOp func, StringRef name);
  /// Lowers the operations of a block except its terminator.
  bool emitBlock(Block &block);

  const target::Machine &machine;
  SimtLoweringInfo &info;

  //===-- Values (engine.cpp) ---------------------------------------------===//

  /// The one Value of a scalar, a piece of shared memory, an array of barriers.
  Value scalar(Value v);
  /// The registers of a tensor; of anything else its one Value. Valid until the
  /// value is set again.
  ArrayRef<Value> registers(Value v);
  void setScalar(Value v, Value to);
  /// \p to has one entry per register of the layout.
  void setRegisters(Value v, Registers to);
  /// Makes a register that somebody asks for, and as many others as it likes.
  using RegisterMaker = std::function<void(unsigned reg, Registers &into)>;
  /// Registers that are made where they are first asked for. What asks is in
  /// the block at hand.
  void deferRegisters(Value v, RegisterMaker make);
  /// One register of a tensor, without the others if they are deferred.
  Value registerOf(Value v, unsigned reg);
  /// The Values without copies, for block arguments and the like; tokens have
  /// none. unflatten takes them off the front of \p from.
  void flatten(Value v, SmallVectorImpl<Value> &to);
  void flatTypes(Type type, SmallVectorImpl<Type> &to);
  void unflatten(Value v, ArrayRef<Value> &from);

  /// The table of a layout; lives as long as the engine.
  const LayoutTable &table(const layout::Layout &layout);
  /// Of a tensor's type.
  const LayoutTable &table(Type tensor);
  const LayoutTable &table(Value v) { return table(v.getType()); }

  /// What is known of integers and pointers of the function at hand.
  const optimizer::AxisInfoAnalysis &axisInfo() const { return *axis; }

  //===-- Threads (threads.cpp) -------------------------------------------===//

  /// The warps that execute the code at hand, and values made once for them.
  struct Scope {
    Value lane, warp; ///< i32; the warp counts from 0 in the partition.
    unsigned warps = 0;
    unsigned barrier = 0;        ///< 0: the whole block.
    Operation *anchor = nullptr; ///< Values of the scope are made before it.
    std::map<std::vector<uint64_t>, Value> made;
  };
  Scope &scope() { return *scopes.back(); }
  /// Begins the code of a partition in the block at hand; \p firstWarp is its
  /// first one in the block.
  void enterPartition(unsigned firstWarp, unsigned warps, unsigned barrier);
  void leavePartition();

  Value lane() { return scope().lane; }
  Value warp() { return scope().warp; }
  /// An i32 made once per scope. Maps may set bits 0 to 31.
  Value threadValue(const ThreadMap &map);
  /// An i1: bit \p bit of the map.
  Value threadBit(const ThreadMap &map, unsigned bit);
  /// threadValue ^ \p constant, as an OR where that is the same.
  Value threadValue(const ThreadMap &map, uint64_t constant);
  /// Whether the thread holds first copies; null: every thread does.
  Value holdsFirstCopy(const LayoutTable &table) {
    return holdsFirstCopy(table.laneCopies, table.warpCopies);
  }
  /// Whether neither lane nor warp has one of these bits; null: none is asked
  /// for.
  Value holdsFirstCopy(uint64_t lanes, uint64_t warps);
  /// Whether this is the first lane of the first warp.
  Value isFirstThread();
  /// Coordinate (i32) of register \p reg in output \p dim.
  Value coordinate(const LayoutTable &table, unsigned reg, unsigned dim);
  /// list[i ^ f(thread)] for all i; the list has a power of two of entries.
  void permuteByThread(SmallVectorImpl<Value> &list, const ThreadMap &f);
  /// The same for the elements of one access to memory, as memory holds them.
  /// What comes back makes up the same bytes: narrow elements are joined to
  /// words, which are picked and turned as wholes.
  SmallVector<Value> turnVector(ArrayRef<Value> list, const ThreadMap &f);
  /// Reads the \p count elements at \p address, turned.
  void loadTurned(Value address, Type stored, unsigned count,
                  const ThreadMap &f, SmallVectorImpl<Value> &list);

  /// All warps of the scope.
  void barrier();
  void barrier(unsigned id, unsigned warps); ///< id 0: the whole block.
  void warpSync();
  /// Both for Values of any element's register type.
  Value shuffleXor(Value v, unsigned mask);
  Value shuffleIndex(Value v, Value lane);
  /// The i32 words of a value and back; narrow ones fill the low bits.
  void toWords(Value v, SmallVectorImpl<Value> &words);
  Value fromWords(ArrayRef<Value> words, Type type);
  /// The same values, used only behind this place: an empty assembly statement
  /// takes them in and gives them out. Of one type.
  SmallVector<Value> tie(ArrayRef<Value> values);
  /// Several Values of one type as one vector and back.
  Value pack(ArrayRef<Value> values);
  void unpack(Value vector, SmallVectorImpl<Value> &values);

  /// The address of the map that is parameter \p number of the kernel's maps.
  Value mapParameter(size_t number);

  //===-- Shared memory ---------------------------------------------------===//

  Type sharedPtr, globalPtr;
  /// The address (ptr addrspace(3)) at a byte of the block's shared memory.
  Value sharedAddress(int64_t offset);
  /// The scratch that allocation gave the operation, for one exchange. A second
  /// exchange of the same operation first waits for the readers of the first.
  Value scratch(Operation *op);
  /// address + bytes (i32).
  Value byteOffset(Value address, Value bytes);

  //===-- Conversion (convert.cpp) ----------------------------------------===//

  /// Registers of \p to from those of \p from; empty after an error. \p op is
  /// whose scratch is used, if any is needed.
  Registers convert(ArrayRef<Value> in, const layout::Layout &from,
                    const layout::Layout &to, Type element, Operation *op);
  /// The plan of a conversion, made once; null after an error at \p op.
  const layout::ConversionPlan *planOf(const layout::Layout &from,
                                       const layout::Layout &to, unsigned bytes,
                                       Operation *op);

  //===-- Helpers ---------------------------------------------------------===//

  /// Bytes of an element in memory; a power of two.
  unsigned bytesOf(Type element) { return unsigned(sizeOf(element)); }
  /// What memory holds: bits of pointers, bytes of i1.
  Type storedType(Type element);
  Value toStored(Value v, Type element);
  Value fromStored(Value v, Type element);

private:
  Type pointerType(unsigned space) override { return B.pointer(space); }
  Value nearestBf16(Value v) override;
  Value nearestFloat8(Value v, Type to) override;
  Value wideFloat8(Value v, Type from) override;
  bool convertsFloat8(Type type) const;
  Value libraryCall(StringRef stem, Type result, ValueRange operands) override;
  Value programId(unsigned axis) override;
  Value numPrograms(unsigned axis) override;

  bool lowerOp(Operation *op);
  void makeScope(Operation *anchor, Value warp, unsigned warps,
                 unsigned barrier);
  Value oncePerScope(std::vector<uint64_t> key,
                     llvm::function_ref<Value()> make);
  Value oncePerKernel(StringRef function);

  const OpTable &opTable;
  std::unique_ptr<optimizer::AxisInfoAnalysis> axis;
  DenseMap<Value, Registers> values;
  DenseMap<Value, RegisterMaker> deferred;
  std::unordered_map<layout::Layout, std::unique_ptr<LayoutTable>> tables;
  DenseMap<Attribute, const LayoutTable *> tableOfAttribute;
  SmallVector<std::unique_ptr<Scope>> scopes;
  llvm::StringMap<Value> kernelValues;
  size_t firstMap = 0; ///< The number of the first parameter that is a map.
  Operation *scratchUser = nullptr;
  DenseMap<int64_t, Value> sharedAddresses;
  std::map<std::tuple<const LayoutTable *, const LayoutTable *, unsigned,
                      std::optional<layout::Strategy>>,
           layout::ConversionPlan>
      plans;
};

} // namespace tilesdk::lowering
