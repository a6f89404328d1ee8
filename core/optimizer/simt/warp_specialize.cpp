//===- warp_specialize.cpp - Warps that load, warps that compute *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A producer warp group copies what the products of a loop need into an array
// of buffers; the program's own warps, the consumers, do everything else. Per
// buffer two barriers count: `full`, at which the producer arrives when its
// copies are done, and `empty`, at which the consumers arrive when they have
// read. The producer waits for the phase before the one it fills, which for a
// new barrier counts as over.
//
// The loop may stand in another one (of a program that stays for many tiles):
// both partitions then go round that one too, and the places in the rings go
// with them, so that the producer fetches the next tile's operands while the
// consumers still finish the last tile.
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/buffers.h"
#include "core/optimizer/simt/loop_loads.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/scratch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tilesdk::optimizer {

bool isWarpSpecialized(scf::ForOp loop) {
  auto flag = loop->getAttr(tile::attr::warpSpecialize);
  auto value = dyn_cast_or_null<BoolAttr>(flag);
  return flag && (!value || value.getValue());
}

namespace {

class Specializer {
public:
  /// \p around is the loop that \p loop stands in, or null.
  Specializer(func::FuncOp function, scf::ForOp loop, scf::ForOp around,
              const target::Machine &machine, const SimtOptions &options,
              const AxisInfoAnalysis &axes)
      : function(function), loop(loop), around(around), machine(machine),
        options(options), found(loop, machine, axes, "simt-warp-specialize"),
        b(function.getContext()), loc(loop.getLoc()) {}

  /// The number of stages, or nothing when it was declined.
  std::optional<unsigned> run();

private:
  bool isPossible();
  bool findOuterSlice();
  void makePartitions();
  void makeProducer();
  SmallVector<Value> copyByLanes(ValueRange rings);
  SmallVector<Value> copyByBoxes(ValueRange rings);
  void makeConsumer();

  /// Places in a ring of `stages` buffers, and the parity of the round.
  struct Ring {
    Value index, phase;
  };
  Value constant(int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
  }
  Ring next(Ring at, bool withPhase = true);
  void adapt(Operation *op);
  Value external(Value value);
  /// Groups of copies by lanes that are under way at a time. The consumers
  /// release a buffer when they have the next one, if a product is under way:
  /// that one must be full before the first is filled again.
  unsigned ahead() const { return stages - 1 - !found.counted.empty(); }
  bool readsByProducts();

  func::FuncOp function;
  scf::ForOp loop, around;
  const target::Machine &machine;
  const SimtOptions &options;
  LoopLoads found;
  OpBuilder b;
  Location loc;
  unsigned consumerWarps = 0, producerWarps = 0, stages = 0;
  /// The loop at the top of the kernel.
  scf::ForOp top() { return around ? around : loop; }
  /// Carried values of \p from that the producer needs, by their number.
  SmallVector<unsigned> carriedBy(scf::ForOp from);
  /// A loop of the producer like \p from, whose body is to be filled. It
  /// carries \p rings, then \p carried.
  scf::ForOp openLoop(scf::ForOp from, ArrayRef<Value> rings,
                      ArrayRef<unsigned> carried);
  void closeLoop(scf::ForOp made, scf::ForOp from, ArrayRef<Value> rings,
                 ArrayRef<unsigned> carried);
  /// \p made is called inside of the loop around, if there is one.
  SmallVector<Value>
  inAround(ArrayRef<Value> rings,
           llvm::function_ref<SmallVector<Value>(ValueRange)> make);

  /// What the producer needs of the code in front of the loops.
  llvm::SetVector<Operation *> outer;
  simt::WarpSpecializeOp partitions;
  SmallVector<Value> arrays, maps;
  Value full, empty;
  bool byBoxes = false;
  IRMapping toProducer;
};

} // namespace

//===----------------------------------------------------------------------===//
// What can be done
//===----------------------------------------------------------------------===//

bool Specializer::isPossible() {
  if (!machine.has(TSDK_SIMT_MBARRIER) ||
      !machine.has(TSDK_SIMT_NAMED_BARRIERS) || !machine.warpGroupWarps) {
    found.remark(loop) << "declined: the machine has no warp groups with "
                          "barriers of their own";
    return false;
  }
  auto warps = function->getAttrOfType<IntegerAttr>(simt::attr::numWarps);
  consumerWarps = warps ? warps.getInt() : options.numWarps;
  producerWarps = machine.warpGroupWarps;
  if (consumerWarps % producerWarps ||
      consumerWarps + producerWarps > machine.maxWarps) {
    found.remark(loop) << "declined: num_warps is " << consumerWarps
                       << ", not a multiple of " << producerWarps
                       << " that leaves room for a warp group";
    return false;
  }
  if (top()->getBlock() != &function.getBody().front()) {
    found.remark(loop) << "declined: the loop is inside of another op";
    return false;
  }
  if (!found.find())
    return false;
  for (LoopLoad &load : found.loads)
    if (!load.buffer) {
      found.remark(load.load) << "declined: this operand is not an "
                                 "asynchronous copy to a buffer";
      return false;
    }
  byBoxes = found.loads[0].boxes.has_value();
  for (LoopLoad &load : found.loads)
    if (load.boxes.has_value() != byBoxes) {
      found.remark(load.load) << "declined: one operand is copied by a thread, "
                                 "another by lanes";
      return false;
    }
  for (Operation *op : found.copyOps)
    for (Value result : op->getResults())
      for (Operation *user : result.getUsers()) {
        Operation *inBody = loop.getBody()->findAncestorOpInBlock(*user);
        if (isa<tile::LoadOp, tile::DescriptorLoadOp>(op) && inBody &&
            !isa<simt::SharedAllocOp>(user) &&
            !found.copyOps.contains(inBody)) {
          found.remark(op) << "declined: both sides would need this load";
          return false;
        }
      }
  return findOuterSlice();
}

bool Specializer::findOuterSlice() {
  SmallVector<Block *, 2> bodies{top()->getBlock()};
  if (around)
    bodies.push_back(around.getBody());
  // Whether memory may change between two executions of a load.
  bool writes = false;
  auto noteWrites = [&](Operation *op) {
    writes |= op != loop && op != around && !isMemoryEffectFree(op) &&
              !isa<tile::LoadOp, tile::DescriptorLoadOp, tile::AssumeOp>(op);
  };
  for (Operation *op = top()->getPrevNode(); op; op = op->getPrevNode())
    noteWrites(op);
  if (around)
    for (Operation &op : *around.getBody())
      noteWrites(&op);
  SmallVector<Operation *> stack;
  auto visit = [&](Value value) {
    auto arg = dyn_cast<BlockArgument>(value);
    if (arg && around && arg.getOwner() == around.getBody()) {
      if (arg.getArgNumber() == 0)
        return;
      value = around.getYieldedValues()[arg.getArgNumber() - 1];
    }
    Operation *op = value.getDefiningOp();
    if (op && op != loop && llvm::is_contained(bodies, op->getBlock()) &&
        outer.insert(op))
      stack.push_back(op);
  };
  auto visitAll = [&](Operation *op) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        visit(operand);
    });
  };
  for (Value bound :
       {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    visit(bound);
  for (unsigned index : carriedBy(loop))
    visit(loop.getInitArgs()[index]);
  for (Operation *op : found.copyOps)
    visitAll(op);
  if (around)
    for (Value operand : around->getOperands())
      visit(operand);
  while (!stack.empty()) {
    Operation *op = stack.pop_back_val();
    bool isLoad = isa<tile::LoadOp>(op) && !writes;
    if (!isMemoryEffectFree(op) && !isLoad) {
      found.remark(op) << "declined: the addresses of the copies need this op, "
                          "which has effects";
      return false;
    }
    visitAll(op);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Doing it
//===----------------------------------------------------------------------===//

/// Layouts of the producer's fewer warps: what the others held goes to more
/// registers.
static simt::LayoutAttr withWarps(simt::LayoutAttr attr, unsigned warps) {
  const layout::Layout &layout = attr.getLayout();
  std::vector<layout::InputBases> inputs;
  for (const char *place : {simt::registerDim, simt::laneDim, simt::warpDim})
    inputs.push_back({place, layout.bases(place)});
  while (inputs[2].bases.size() > llvm::Log2_32(warps)) {
    inputs[0].bases.push_back(inputs[2].bases.back());
    inputs[2].bases.pop_back();
  }
  std::vector<layout::OutputDim> outputs;
  for (const layout::Dim &dim : layout.outputs())
    outputs.push_back({dim.name, {dim.radix.begin(), dim.radix.end()}});
  auto result = layout::Layout::fromBases(inputs, outputs);
  return result ? simt::LayoutAttr::get(attr.getContext(), *result) : attr;
}

void Specializer::adapt(Operation *op) {
  auto adapted = [&](Type type) -> Type {
    simt::LayoutAttr layout = simt::layoutAttrOf(type);
    return layout ? simt::withLayout(type, withWarps(layout, producerWarps))
                  : type;
  };
  op->walk([&](Operation *inner) {
    for (Value result : inner->getResults())
      result.setType(adapted(result.getType()));
    for (Region &region : inner->getRegions())
      for (Block &block : region)
        for (Value arg : block.getArguments())
          arg.setType(adapted(arg.getType()));
    auto constant = dyn_cast<arith::ConstantOp>(inner);
    auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                             : DenseElementsAttr();
    if (elements) {
      auto type = cast<ShapedType>(constant.getType());
      constant.setValueAttr(elements.isSplat() ? elements.resizeSplat(type)
                                               : elements.reshape(type));
    }
  });
}

Specializer::Ring Specializer::next(Ring at, bool withPhase) {
  Value moved = arith::AddIOp::create(b, loc, at.index, constant(1));
  Value wraps = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, moved,
                                      constant(stages));
  Ring result;
  result.index = arith::SelectOp::create(b, loc, wraps, constant(0), moved);
  if (withPhase) {
    Value other = arith::XOrIOp::create(b, loc, at.phase, constant(1));
    result.phase = arith::SelectOp::create(b, loc, wraps, other, at.phase);
  }
  return result;
}

/// Buffers and barriers, and everything in the consumers' partition.
void Specializer::makePartitions() {
  Block &body = function.getBody().front();
  b.setInsertionPointToStart(&body);
  for (LoopLoad &load : found.loads) {
    simt::SharedType type = load.buffer.getType();
    SmallVector<int64_t> shape{int64_t(stages)};
    llvm::append_range(shape, type.getShape());
    arrays.push_back(simt::SharedAllocOp::create(
        b, load.load->getLoc(),
        simt::SharedType::get(shape, type.getElementType(), type.getLayout())));
    arrays.back().getDefiningOp()->setAttr(ringAttr, b.getUnitAttr());
    maps.push_back(byBoxes ? makeBoxMap(b, load.byBoxes(), type, *load.boxes)
                           : Value());
  }
  auto barriers = simt::BarriersType::get(b.getContext(), stages);
  // Each warp arrives; of boxes one thread says what to expect.
  full = simt::BarriersInitOp::create(
      b, loc, barriers, byBoxes ? 1 : producerWarps, IntegerAttr());
  empty = simt::BarriersInitOp::create(b, loc, barriers, consumerWarps,
                                       IntegerAttr());
  DenseI32ArrayAttr registers;
  if (machine.has(TSDK_SIMT_REGISTER_REALLOCATION) && machine.registerGranule) {
    int64_t granule = machine.registerGranule;
    auto perThread = [&](int64_t registers, unsigned warps, unsigned most) {
      int64_t each = registers / (machine.warpSize * warps);
      return std::min<int64_t>(each, most) / granule * granule;
    };
    // Without boxes every lane has the addresses of its copies.
    int64_t few = llvm::alignTo(
        std::max<int64_t>(machine.registerMin, byBoxes ? 40 : 96), granule);
    int64_t entry = perThread(machine.registers, consumerWarps + producerWarps,
                              machine.maxRegisters);
    // Only what the program got at its start is there to be moved: asking for
    // more waits forever.
    int64_t all = entry * machine.warpSize * (consumerWarps + producerWarps);
    int64_t rest = all - few * machine.warpSize * producerWarps;
    int64_t many =
        std::max(entry, perThread(rest, consumerWarps, machine.registerMax));
    SmallVector<int32_t> each{int32_t(many), int32_t(few)};
    if (byBoxes)
      each.push_back(int32_t(few));
    registers = b.getDenseI32ArrayAttr(each);
  }
  // One thread of one warp copies boxes; the rest of its group has nothing to
  // do but to give up its registers.
  SmallVector<int32_t> warpsOf{int32_t(consumerWarps), int32_t(producerWarps)};
  if (byBoxes)
    warpsOf = {int32_t(consumerWarps), 1, int32_t(producerWarps) - 1};
  partitions =
      simt::WarpSpecializeOp::create(b, loc, b.getDenseI32ArrayAttr(warpsOf),
                                     registers, unsigned(warpsOf.size()));
  for (Region &region : partitions.getPartitions()) {
    region.emplaceBlock();
    b.setInsertionPointToEnd(&region.front());
    simt::EndOp::create(b, loc);
  }
  Operation *end = &partitions.getPartitions()[0].front().back();
  for (Operation *op = partitions->getNextNode(); op != body.getTerminator();) {
    Operation *moved = op;
    op = op->getNextNode();
    moved->moveBefore(end);
  }
  unsigned warps = consumerWarps + producerWarps;
  function->setAttr(simt::attr::numWarps, b.getI32IntegerAttr(warps));
  function->setAttr(simt::attr::threads,
                    b.getI32IntegerAttr(warps * machine.warpSize));
}

/// \p value as the producer has it.
Value Specializer::external(Value value) {
  return toProducer.lookupOrDefault(value);
}

SmallVector<unsigned> Specializer::carriedBy(scf::ForOp from) {
  auto isNeeded = [&](Operation *user) {
    Operation *inBody = from.getBody()->findAncestorOpInBlock(*user);
    return inBody && (found.copyOps.contains(inBody) || outer.contains(inBody));
  };
  auto isBound = [&](BlockArgument arg) {
    // Of the inner loop.
    return from == around &&
           llvm::is_contained(loop->getOperands().take_front(3), arg);
  };
  SmallVector<unsigned> carried;
  for (auto [index, arg] : llvm::enumerate(from.getRegionIterArgs()))
    if (llvm::any_of(
            arg.getUsers(),
            [&](Operation *user) {
              return isNeeded(user) ||
                     (from == around && loop->isProperAncestor(user) &&
                      found.copyOps.contains(
                          loop.getBody()->findAncestorOpInBlock(*user)));
            }) ||
        isBound(arg))
      carried.push_back(index);
  if (from == around)
    for (unsigned index : carriedBy(loop))
      if (auto arg = dyn_cast<BlockArgument>(loop.getInitArgs()[index]);
          arg && arg.getOwner() == around.getBody() && arg.getArgNumber() > 0 &&
          !llvm::is_contained(carried, arg.getArgNumber() - 1))
        carried.push_back(arg.getArgNumber() - 1);
  // Carried values that only feed carried values.
  for (size_t i = 0; i < carried.size(); ++i)
    if (auto arg = dyn_cast<BlockArgument>(from.getYieldedValues()[carried[i]]);
        arg && arg.getOwner() == from.getBody() && arg.getArgNumber() > 0 &&
        !llvm::is_contained(carried, arg.getArgNumber() - 1))
      carried.push_back(arg.getArgNumber() - 1);
  return carried;
}

scf::ForOp Specializer::openLoop(scf::ForOp from, ArrayRef<Value> rings,
                                 ArrayRef<unsigned> carried) {
  SmallVector<Value> inits(rings);
  for (unsigned index : carried)
    inits.push_back(external(from.getInitArgs()[index]));
  auto made = scf::ForOp::create(b, loc, external(from.getLowerBound()),
                                 external(from.getUpperBound()),
                                 external(from.getStep()), inits);
  if (made.getBody()->mightHaveTerminator())
    made.getBody()->getTerminator()->erase();
  b.setInsertionPointToEnd(made.getBody());
  toProducer.map(from.getInductionVar(), made.getInductionVar());
  for (auto [i, index] : llvm::enumerate(carried))
    toProducer.map(from.getRegionIterArg(index),
                   made.getRegionIterArg(rings.size() + i));
  return made;
}

void Specializer::closeLoop(scf::ForOp made, scf::ForOp from,
                            ArrayRef<Value> rings, ArrayRef<unsigned> carried) {
  SmallVector<Value> yields(rings);
  for (unsigned index : carried)
    yields.push_back(external(from.getYieldedValues()[index]));
  scf::YieldOp::create(b, loc, yields);
  b.setInsertionPointAfter(made);
}

SmallVector<Value>
Specializer::inAround(ArrayRef<Value> rings,
                      llvm::function_ref<SmallVector<Value>(ValueRange)> make) {
  if (!around)
    return make(rings);
  SmallVector<unsigned> carried = carriedBy(around);
  scf::ForOp made = openLoop(around, rings, carried);
  for (Operation &op : *around.getBody())
    if (outer.contains(&op))
      adapt(b.clone(op, toProducer));
  SmallVector<Value> next =
      make(made.getRegionIterArgs().take_front(rings.size()));
  closeLoop(made, around, next, carried);
  return SmallVector<Value>(made.getResults().take_front(rings.size()));
}

void Specializer::makeProducer() {
  b.setInsertionPoint(&partitions.getPartitions()[1].front().back());
  for (Operation &op : *top()->getBlock())
    if (outer.contains(&op))
      adapt(b.clone(op, toProducer));
  if (byBoxes) {
    // The place to fill, and its parity.
    inAround({constant(0), constant(1)},
             [&](ValueRange rings) { return copyByBoxes(rings); });
    return;
  }
  // The place to fill and its parity, the place that is full next, the count of
  // groups.
  SmallVector<Value> last =
      inAround({constant(0), constant(1), constant(0), constant(0)},
               [&](ValueRange rings) { return copyByLanes(rings); });
  // The last groups.
  simt::AsyncWaitOp::create(b, loc, ValueRange(), 0);
  if (readsByProducts())
    simt::FenceAsyncOp::create(b, loc);
  Value left = arith::MinSIOp::create(b, loc, last[3], constant(ahead()));
  auto rest = scf::ForOp::create(b, loc, constant(0), left, constant(1),
                                 ValueRange{last[2]});
  OpBuilder::InsertionGuard guard(b);
  if (rest.getBody()->mightHaveTerminator())
    rest.getBody()->getTerminator()->erase();
  b.setInsertionPointToEnd(rest.getBody());
  simt::BarrierArriveOp::create(b, loc, full, rest.getRegionIterArg(0));
  scf::YieldOp::create(
      b, loc, ValueRange{next({rest.getRegionIterArg(0), {}}, false).index});
}

bool Specializer::readsByProducts() {
  return llvm::any_of(*loop.getBody(),
                      [](Operation &op) { return isa<simt::MmaAsyncOp>(op); });
}

SmallVector<Value> Specializer::copyByLanes(ValueRange rings) {
  SmallVector<unsigned> carried = carriedBy(loop);
  scf::ForOp copies =
      openLoop(loop, SmallVector<Value>(rings.begin(), rings.end()), carried);
  Ring fill{copies.getRegionIterArg(0), copies.getRegionIterArg(1)};
  Ring done{copies.getRegionIterArg(2), {}};
  Value count = copies.getRegionIterArg(3);
  simt::BarrierWaitOp::create(b, loc, empty, fill.index, fill.phase);
  SmallVector<Value> tokens;
  for (Operation &op : *loop.getBody()) {
    if (!found.copyOps.contains(&op))
      continue;
    auto *load = llvm::find_if(
        found.loads, [&](LoopLoad &load) { return load.load == &op; });
    if (load == found.loads.end()) {
      adapt(b.clone(op, toProducer));
      continue;
    }
    auto mapped = [&](Value value) { return value ? external(value) : value; };
    Value to = simt::SharedIndexOp::create(
        b, op.getLoc(), arrays[load - found.loads.begin()], fill.index);
    tile::LoadOp lanes = load->byLanes();
    tokens.push_back(simt::AsyncCopyOp::create(
        b, op.getLoc(), load->row->name, external(lanes.getPtr()), to,
        mapped(lanes.getMask()), mapped(lanes.getOther())));
  }
  simt::AsyncCommitOp::create(b, loc, tokens);
  simt::AsyncWaitOp::create(b, loc, ValueRange(), ahead());
  if (readsByProducts())
    simt::FenceAsyncOp::create(b, loc);
  Value arrives = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                        count, constant(ahead()));
  auto branch = scf::IfOp::create(b, loc, arrives, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  simt::BarrierArriveOp::create(b, loc, full, done.index);
  b.setInsertionPointToEnd(copies.getBody());
  Ring fillNext = next(fill), doneNext = next(done, false);
  closeLoop(
      copies, loop,
      {fillNext.index, fillNext.phase,
       arith::SelectOp::create(b, loc, arrives, doneNext.index, done.index),
       arith::AddIOp::create(b, loc, count, constant(1))},
      carried);
  return SmallVector<Value>(copies.getResults().take_front(4));
}

/// The copies arrive at the barrier by themselves.
SmallVector<Value> Specializer::copyByBoxes(ValueRange rings) {
  SmallVector<unsigned> carried = carriedBy(loop);
  scf::ForOp copies =
      openLoop(loop, SmallVector<Value>(rings.begin(), rings.end()), carried);
  Ring fill{copies.getRegionIterArg(0), copies.getRegionIterArg(1)};
  SmallVector<Value> targets;
  for (auto [load, array] : llvm::zip(found.loads, arrays))
    targets.push_back(
        simt::SharedIndexOp::create(b, load.load->getLoc(), array, fill.index));
  for (Operation &op : *loop.getBody())
    if (found.copyOps.contains(&op) && !isa<tile::DescriptorLoadOp>(op))
      adapt(b.clone(op, toProducer));
  simt::BarrierWaitOp::create(b, loc, empty, fill.index, fill.phase);
  copyBoxes(b, loc, found.loads, maps, targets, full, fill.index,
            [&](Value v) { return external(v); });
  Ring following = next(fill);
  closeLoop(copies, loop, {following.index, following.phase}, carried);
  return SmallVector<Value>(copies.getResults().take_front(2));
}

void Specializer::makeConsumer() {
  bool isLate = !found.counted.empty();
  if (isLate) {
    b.setInsertionPointAfter(loop);
    SmallVector<Value> results;
    for (simt::MmaWaitOp wait : found.counted) {
      OpOperand &use = *wait.getResult(0).getUses().begin();
      results.push_back(loop.getResult(use.getOperandNumber()));
      wait.setPending(1);
    }
    auto wait = simt::MmaWaitOp::create(b, loc, TypeRange(ValueRange(results)),
                                        results, 0);
    for (auto [from, to] : llvm::zip(results, wait.getResults()))
      from.replaceAllUsesExcept(to, wait);
  }
  IRRewriter rewriter(b.getContext());
  b.setInsertionPoint(top());
  Value zero = constant(0);
  SmallVector<Value> places{zero, zero};
  unsigned numCarried = around ? around.getNumRegionIterArgs() : 0;
  if (around) {
    rewriter.setInsertionPoint(around);
    around = cast<scf::ForOp>(*around.replaceWithAdditionalYields(
        rewriter, places, /*replaceInitOperandUsesInLoop=*/false,
        [&](OpBuilder &, Location, ArrayRef<BlockArgument> args) {
          places.assign(args.begin(), args.end());
          return places; // Replaced below.
        }));
    // The new loop has the body of the old one.
    places.assign(around.getRegionIterArgs().begin() + numCarried,
                  around.getRegionIterArgs().end());
  }
  b.setInsertionPoint(loop);
  rewriter.setInsertionPoint(loop);
  // Index, phase, whether and where a buffer of the iteration before is held.
  SmallVector<Value> inits(places);
  if (isLate)
    inits.append({zero, zero});
  loop = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
      rewriter, inits, /*replaceInitOperandUsesInLoop=*/false,
      [&](OpBuilder &builder, Location, ArrayRef<BlockArgument> args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionPoint());
        Ring at{args[0], args[1]};
        if (isLate) {
          Value held = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                             args[3], constant(0));
          auto branch =
              scf::IfOp::create(b, loc, held, /*withElseRegion=*/false);
          OpBuilder::InsertionGuard inner(b);
          b.setInsertionPointToStart(branch.thenBlock());
          simt::BarrierArriveOp::create(b, loc, empty, args[2]);
        } else {
          simt::BarrierArriveOp::create(b, loc, empty, at.index);
        }
        Ring following = next(at);
        SmallVector<Value> yields{following.index, following.phase};
        if (isLate)
          yields.append({at.index, constant(1)});
        return yields;
      }));
  unsigned first = loop.getNumRegionIterArgs() - inits.size();
  if (around) {
    auto yield = cast<scf::YieldOp>(around.getBody()->getTerminator());
    for (unsigned i = 0; i < 2; ++i)
      yield->setOperand(numCarried + i, loop.getResult(first + i));
    if (isLate) {
      // Behind the wait for the last product of the tile.
      b.setInsertionPointAfter(loop->getNextNode());
      Value held = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                         loop.getResult(first + 3), zero);
      auto branch = scf::IfOp::create(b, loc, held, /*withElseRegion=*/false);
      b.setInsertionPointToStart(branch.thenBlock());
      simt::BarrierArriveOp::create(b, loc, empty, loop.getResult(first + 2));
    }
  }
  b.setInsertionPointToStart(loop.getBody());
  Value index = loop.getRegionIterArg(first);
  simt::BarrierWaitOp::create(b, loc, full, index,
                              loop.getRegionIterArg(first + 1));
  SmallVector<Value> views;
  for (auto [load, array] : llvm::zip(found.loads, arrays))
    views.push_back(
        simt::SharedIndexOp::create(b, load.load->getLoc(), array, index));
  for (auto [load, view] : llvm::zip(found.loads, views)) {
    rewriter.replaceOp(load.buffer, view);
    found.copyOps.remove(load.load);
    rewriter.eraseOp(load.load);
  }
  // Addresses are the producer's now.
  for (Operation *op = loop.getBody()->getTerminator()->getPrevNode(); op;) {
    Operation *dead = op;
    op = op->getPrevNode();
    if (found.copyOps.contains(dead) && dead->use_empty() &&
        isMemoryEffectFree(dead))
      rewriter.eraseOp(dead);
  }
}

std::optional<unsigned> Specializer::run() {
  if (!isPossible())
    return std::nullopt;
  uint64_t perStage = 0;
  for (LoopLoad &load : found.loads)
    perStage += load.buffer.getType().getBytes();
  stages = std::max(2u, options.numStages);
  if (auto attr = loop->getAttrOfType<IntegerAttr>(tile::attr::numStages))
    stages = std::max<int64_t>(2, attr.getInt());
  // What comes behind the loops has the memory of the buffers.
  uint64_t other = 0;
  function.walk([&](Operation *op) {
    Operation *here = top()->getBlock()->findAncestorOpInBlock(*op);
    if (here && (here == top() || here->isBeforeInBlock(top())))
      other = std::max(other, scratchBytes(op, machine));
  });
  while (stages > 1 && other + stages * (perStage + 16) > machine.sharedBytes)
    --stages;
  if (stages < 2) {
    found.remark(loop) << "declined: 2 stages need "
                       << other + 2 * (perStage + 16)
                       << " bytes of shared memory, the target has "
                       << machine.sharedBytes;
    return std::nullopt;
  }
  InFlightDiagnostic done = found.remark(loop);
  if (byBoxes)
    done << "a thread copies boxes, ";
  else
    done << producerWarps << " warps copy, ";
  done << consumerWarps << " warps compute, " << stages << " stages of "
       << perStage << " bytes";
  top()->removeAttr(tile::attr::warpSpecialize);
  // With a product under way its buffer is free one iteration later.
  if (stages >= 3)
    found.findCountedProducts();
  makePartitions();
  makeProducer();
  makeConsumer();
  return stages;
}

namespace {

struct WarpSpecialize : PassWrapper<WarpSpecialize, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WarpSpecialize)
  WarpSpecialize(MachinePtr machine, SimtOptions options)
      : machine(std::move(machine)), options(std::move(options)) {}
  StringRef getName() const override { return "SimtWarpSpecialize"; }
  StringRef getArgument() const override { return "simt-warp-specialize"; }
  StringRef getDescription() const override {
    return "Let a warp group of its own copy what a loop needs";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<simt::SimtDialect>();
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      // Loops of products, with the loop around them if that has the flag.
      SmallVector<std::pair<scf::ForOp, scf::ForOp>> loops;
      function.walk([&](scf::ForOp loop) {
        if (!isWarpSpecialized(loop))
          return;
        auto inner = loop.getBody()->getOps<scf::ForOp>();
        if (inner.empty())
          loops.push_back({loop, {}});
        else if (llvm::hasSingleElement(inner))
          loops.push_back({*inner.begin(), loop});
        else
          loop->emitRemark("simt-warp-specialize: declined: there are several "
                           "loops in this one");
      });
      for (auto [loop, around] : loops) {
        AxisInfoAnalysis axes(function);
        auto stages =
            Specializer(function, loop, around, *machine, options, axes).run();
        if (!stages)
          continue;
        function->setAttr(simt::attr::numStages,
                          Builder(&getContext()).getI32IntegerAttr(*stages));
        break; // The others are inside of a partition now.
      }
    }
  }

  MachinePtr machine;
  SimtOptions options;
};

} // namespace

std::unique_ptr<Pass> createSimtWarpSpecialize(MachinePtr machine,
                                               const SimtOptions &options) {
  return std::make_unique<WarpSpecialize>(std::move(machine), options);
}

} // namespace tilesdk::optimizer
