//===- engine.h - Emits tile values chunk by chunk --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor value is emitted at a point: a scalar index per dimension, except
// that one dimension, the lane dimension, may stand for `lanes` consecutive
// indices from its scalar index on. What comes out is a Lane value in the
// cheapest form that holds it.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/emitter.h"
#include "core/lowering/lowering.h"
#include "core/lowering/plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <deque>

namespace tilesdk::lowering {

/// An integer (or a number of bytes) that is constant or a run-time value.
struct Stride {
  int64_t constant = 0;
  Value dynamic; ///< i64 for pointers, else of the type of the lanes.
  bool isConstant(int64_t value) const { return !dynamic && constant == value; }
};

struct Lane {
  enum Kind {
    Uniform, ///< One scalar for all lanes.
    Linear,  ///< Lane i is value + i * stride. Integers and pointers (bytes).
    Prefix,  ///< Lane i is true if i < value (i32).
    Vector   ///< A vector of `lanes` elements.
  } kind = Uniform;
  Value value;
  Stride stride;

  static Lane uniform(Value v) { return {Uniform, v, {}}; }
  static Lane vector(Value v) { return {Vector, v, {}}; }
  static Lane prefix(Value bound) { return {Prefix, bound, {}}; }
  static Lane linear(Value start, Stride s) { return {Linear, start, s}; }
};

struct Point {
  SmallVector<Value, 4> index; ///< i32 each.
  int laneDim = -1;
  unsigned lanes = 0; ///< 0 if laneDim is -1.
  bool operator==(const Point &o) const {
    return index == o.index && laneDim == o.laneDim && lanes == o.lanes;
  }
};

/// A piece of scratch memory.
struct Buffer {
  Value base;
  Value offset; ///< The constant that placement fills in; none: not scratch.
  int64_t bytes = 0;
  int first = 0, last = 0; ///< Positions between which it is in use.
  int64_t place = 0;
  unsigned index = 0;
  bool carried = false; ///< Values of several names follow each other in it.
};

/// A tensor in a buffer.
struct View {
  Buffer *buffer = nullptr;
  Type element; ///< As stored: the type of the tensor, or a wider one.
  SmallVector<int64_t, 4> strides;
  int64_t start = 0;
};

class Engine : public Emitter {
public:
  Engine(ModuleOp module, const TileLoopsTarget &target, TileLoopsInfo &info);

  LogicalResult emitKernel(func::FuncOp func, StringRef name);

  const TileLoopsTarget &target;
  TileLoopsInfo &info;

  // Values (eval.cpp, lane.cpp).
  Value scalar(Value v);
  Lane eval(Value v, const Point &p);
  Value vectorOf(const Lane &lane, unsigned lanes, Type registerElement);
  /// Scalar if the point has no lanes.
  Value valueAt(Value v, const Point &p);
  Value maskOf(const Lane &lane, unsigned lanes) {
    return vectorOf(lane, lanes, B.i1);
  }
  void emitPointwise(Operation *op, const Point &p, SmallVectorImpl<Lane> &out);
  bool foldLanes(Operation *op, ArrayRef<Lane> in, const Point &p,
                 SmallVectorImpl<Lane> &out);
  Lane andMask(const Lane &a, const Lane &b, unsigned lanes);
  void emitScalarOp(Operation *op);

  // Memory (memory.cpp).
  Lane emitLoad(tile::LoadOp op, const Point &p);
  void emitStore(tile::StoreOp op, const Point &p);
  Lane readView(const View &view, Type element, const Point &p);
  void writeView(const View &view, Type element, const Point &p,
                 const Lane &lane);
  void storeMasked(Value v, Value address, Lane mask, unsigned align);
  Value addressIn(const View &view, ArrayRef<Value> index);

  // Buffers (buffers.cpp).
  Buffer *newBuffer(int64_t bytes);
  View newView(ArrayRef<int64_t> shape, Type element);
  /// A constant of several values lies in the artifact, not in scratch.
  View constantView(DenseElementsAttr value);
  void touch(Buffer *buffer);
  void enterLoop();
  void leaveLoop();
  void placeBuffers();
  /// The buffer of `v` that must have one already.
  const View *viewOf(Value v);
  /// Stores virtual values; seen through views of stored ones if `strided`.
  View materialize(Value v, bool strided, Type element = {});
  void copyTo(Value v, const View &to);
  /// Emits `body` at every point of `shape`, with at most `lanes` lanes along
  /// the last dimension; 0: element by element.
  void forEachChunk(ArrayRef<int64_t> shape, unsigned lanes,
                    llvm::function_ref<void(const Point &)> body);

  // Groups (group.cpp, reduce.cpp).
  void emitGroup(Plan &plan, Step &step);

  // Blocks and regions (blocks.cpp).
  void emitBlock(Block *block, ArrayRef<const View *> targets);
  void emitRegionOp(Plan &plan, Operation *op);
  void emitFor(scf::ForOp op);
  void emitIf(scf::IfOp op);
  void emitWhile(scf::WhileOp op);

  // Structured operations, one file each.
  void emitStructured(Operation *op);
  void emitDot(tile::DotOp op);
  Type dotType(tile::DotOp op); ///< Of products and sums.
  Type storageType(Value v);    ///< Type of the buffer of a group's result.
  void emitScan(tile::ScanOp op);
  void emitSort(tile::SortOp op);
  void emitGather(tile::GatherOp op);
  void emitHistogram(tile::HistogramOp op);
  void emitCat(tile::CatOp op);
  void emitJoin(tile::JoinOp op);
  void emitReshape(tile::ReshapeOp op);
  void emitSplit(tile::SplitOp op);
  void emitAtomicRmw(tile::AtomicRMWOp op);
  void emitAtomicCas(tile::AtomicCASOp op);
  void emitPrint(tile::PrintOp op);
  void emitAssert(tile::AssertOp op);
  void emitScalarMemory(Operation *op);
  void emitYield();
  /// The view where the result of the step at hand should go.
  View resultView(Value result);
  /// The same for the values that a region carries or yields.
  View carriedView(Value result);

  // Program structure (program.cpp).
  Value programField(int64_t offset, Type type);
  /// Calls a function of the program that takes (state, text, size).
  void reportText(int64_t functionOffset, StringRef text);

  Type pointerType(unsigned) override { return B.ptr; }
  Value libraryCall(StringRef stem, Type result, ValueRange operands) override;
  Value programId(unsigned axis) override {
    return programField(8 + 4 * axis, B.i32);
  }
  Value numPrograms(unsigned axis) override {
    return programField(20 + 4 * axis, B.i32);
  }

  // State.
  Value paramsArg, programArg, scratchArg;
  DenseMap<std::pair<int64_t, Type>, Value> programFields;
  DenseMap<Value, Value> scalars; ///< Also tensors of one element.
  DenseMap<Value, View> views;
  DenseMap<Value, View> preferred; ///< Where a result should be stored.
  std::deque<Buffer> buffers;
  int clock = 0;
  SmallVector<int> loopStarts;

  /// Lanes of the chunk at hand beyond the extent are inactive.
  const Lane *tail = nullptr;
  /// Values known along the lane dimension of the loop at hand.
  struct Known {
    Value value;
    Lane lane;
    bool alongLane; ///< `value` has the lane dimension only.
  };
  SmallVector<Known> known;
  Point loopPoint;        ///< Of `known`, in dimensions of the space.
  bool streaming = false; ///< Emitting the version with non-temporal stores.

  /// Values already emitted, per loop body.
  struct Scope {
    DenseMap<Value, SmallVector<std::pair<Point, Lane>, 2>> lanes;
  };
  std::deque<Scope> scopes;
  struct ScopeGuard {
    Engine &e;
    explicit ScopeGuard(Engine &e) : e(e) { e.scopes.emplace_back(); }
    ~ScopeGuard() { e.scopes.pop_back(); }
  };
  const Lane *cached(Value v, const Point &p);
  void cache(Value v, const Point &p, const Lane &lane) {
    scopes.back().lanes[v].push_back({p, lane});
  }
  /// Point of a value of `shape` in a loop over its squeezed shape.
  Point pointIn(ArrayRef<int64_t> shape, const Point &loop);
};

/// Largest power of two not above `n`.
inline unsigned floorPowerOfTwo(int64_t n) {
  unsigned p = 1;
  while (int64_t(p) * 2 <= n)
    p *= 2;
  return p;
}

} // namespace tilesdk::lowering
