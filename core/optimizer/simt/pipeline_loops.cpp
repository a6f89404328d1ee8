//===- pipeline_loops.cpp - Overlap loads with what needs them --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a loop loads for its matrix products is fetched iterations ahead. Each
// op gets a stage: that of iteration i + last - stage runs in iteration i. The
// schedule is a list of ops and stages in the order of the new body; MLIR's
// loop pipeliner carries it out.
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/buffers.h"
#include "core/optimizer/simt/load_remarks.h"
#include "core/optimizer/simt/loop_loads.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/scratch.h"
#include "core/optimizer/simt/warp_copies.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tilesdk::optimizer {
namespace {

using scf::PipeliningOption;

/// On the condition round what fills buffers by boxes.
constexpr char fillAttr[] = "simt.fill";

/// Pipelines one loop.
class LoopPipeliner {
public:
  LoopPipeliner(scf::ForOp loop, const target::Machine &machine,
                const SimtOptions &options, const AxisInfoAnalysis &axes)
      : loop(loop), machine(machine), options(options),
        found(loop, machine, axes, "simt-pipeline-loops"), loads(found.loads),
        copyOps(found.copyOps), registerOps(found.registerOps) {}

  /// The number of stages in effect; nothing when strict stages fall short.
  FailureOr<unsigned> run();

private:
  uint64_t otherBytes();
  uint64_t countedCopies();
  void splitFromLate(const llvm::SetVector<Operation *> &early);
  void makeBuffers();
  LogicalResult pipeline();

  scf::ForOp loop;
  const target::Machine &machine;
  const SimtOptions &options;
  LoopLoads found;
  SmallVector<LoopLoad> &loads;
  llvm::SetVector<Operation *> &copyOps, &registerOps;
  /// The new ops: at the head of the last stage, and in stage 0.
  SmallVector<Operation *> headOps, fillOps;
  unsigned stages = 1, distance = 0;
};

} // namespace

/// Shared memory that is needed beside the loads' buffers while the loop runs.
uint64_t LoopPipeliner::otherBytes() {
  uint64_t bytes = 0, scratch = 0;
  llvm::SmallPtrSet<Operation *, 8> seen;
  for (LoopLoad &load : loads)
    if (load.buffer)
      seen.insert(load.buffer);
  loop.walk([&](Operation *op) {
    scratch = std::max(scratch, scratchBytes(op, machine));
    auto add = [&](Operation *alloc) {
      if (auto made = dyn_cast<simt::SharedAllocOp>(alloc);
          made && seen.insert(alloc).second)
        bytes += made.getType().getBytes();
    };
    add(op);
    for (Value operand : op->getOperands())
      if (isa<simt::SharedType>(operand.getType()))
        for (const BufferView &view : viewsOf(operand))
          add(view.alloc);
  });
  return bytes + scratch;
}

//===----------------------------------------------------------------------===//
// Doing it
//===----------------------------------------------------------------------===//

/// Tensors of early ops that late ops use too are computed once more, late:
/// they would be carried in registers otherwise.
void LoopPipeliner::splitFromLate(const llvm::SetVector<Operation *> &early) {
  SmallVector<Operation *> order;
  for (Operation &op : *loop.getBody())
    if (early.contains(&op) && isMemoryEffectFree(&op) &&
        op.getNumRegions() == 0 &&
        llvm::any_of(op.getResultTypes(), llvm::IsaPred<RankedTensorType>))
      order.push_back(&op);
  for (Operation *op : llvm::reverse(order)) {
    auto isLate = [&](OpOperand &use) {
      Operation *user = loop.getBody()->findAncestorOpInBlock(*use.getOwner());
      return user && !early.contains(user) && !isa<scf::YieldOp>(user);
    };
    if (llvm::none_of(op->getUses(), isLate))
      continue;
    OpBuilder builder(op);
    builder.setInsertionPointAfter(op);
    Operation *copy = builder.clone(*op);
    for (auto [from, to] : llvm::zip(op->getResults(), copy->getResults()))
      from.replaceUsesWithIf(to, isLate);
  }
}

/// How many copies a warp issues in an iteration, of rows that are counted.
uint64_t LoopPipeliner::countedCopies() {
  uint64_t copies = 0;
  for (LoopLoad &load : loads)
    if (load.buffer && load.row && load.row->isByWarps()) {
      auto lanes = simt::layoutOf(load.load->getResult(0).getType());
      copies += lanes.inputSize(simt::registerDim) *
                simt::elementBytes(load.buffer.getType().getElementType()) /
                load.row->bytes;
    }
  return copies;
}

/// Turns loads into copies to arrays of `stages` buffers. Two counters go round
/// the loop: the buffer to fill and the buffer to read. Boxes arrive at a
/// barrier per buffer, whose phase goes round with the counter.
void LoopPipeliner::makeBuffers() {
  IRRewriter rewriter(loop.getContext());
  Location loc = loop.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(rewriter, loc,
                                     rewriter.getI32IntegerAttr(value));
  };
  auto isBox = [](const LoopLoad &load) { return load.boxes.has_value(); };
  bool hasBoxes = llvm::any_of(loads, isBox);
  bool hasCopies = llvm::any_of(
      loads, [&](const LoopLoad &load) { return load.buffer && !load.boxes; });
  rewriter.setInsertionPoint(loop);
  Value before = constant(-1), one = constant(1), zero = constant(0),
        count = constant(stages);
  SmallVector<Value> arrays, maps;
  for (LoopLoad &load : loads) {
    arrays.emplace_back();
    maps.emplace_back();
    if (!load.buffer)
      continue;
    auto type = load.buffer.getType();
    SmallVector<int64_t> shape{int64_t(stages)};
    llvm::append_range(shape, type.getShape());
    arrays.back() = simt::SharedAllocOp::create(
        rewriter, load.load->getLoc(),
        simt::SharedType::get(shape, type.getElementType(), type.getLayout()));
    if (load.boxes)
      maps.back() = makeBoxMap(rewriter, load.byBoxes(), type, *load.boxes);
  }
  Value barriers;
  if (hasBoxes) {
    barriers = simt::BarriersInitOp::create(
        rewriter, loc, simt::BarriersType::get(rewriter.getContext(), stages),
        1, IntegerAttr());
    // Here, not where a condition guards the first use.
    simt::BarrierOp::create(rewriter, loc);
  }
  Value fill, read, phase;
  auto step = [&](OpBuilder &builder, Value counter, Value *phase,
                  SmallVectorImpl<Operation *> &ops) -> Value {
    Value next = arith::AddIOp::create(builder, loc, counter, one);
    Value wraps = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                        next, count);
    Value result = arith::SelectOp::create(builder, loc, wraps, zero, next);
    for (Value v : {next, wraps, result})
      ops.push_back(v.getDefiningOp());
    if (phase) {
      Value other = arith::XOrIOp::create(builder, loc, *phase, one);
      *phase = arith::SelectOp::create(builder, loc, wraps, other, *phase);
      ops.append({other.getDefiningOp(), phase->getDefiningOp()});
    }
    return result;
  };
  SmallVector<Value> inits{before, before};
  if (hasBoxes)
    inits.push_back(zero);
  auto newLoop = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
      rewriter, inits, /*replaceInitOperandUsesInLoop=*/false,
      [&](OpBuilder &builder, Location, ArrayRef<BlockArgument> counters) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(counters[0].getOwner());
        fill = step(builder, counters[0], nullptr, fillOps);
        if (hasBoxes)
          phase = counters[2];
        read = step(builder, counters[1], hasBoxes ? &phase : nullptr, headOps);
        SmallVector<Value> yields{fill, read};
        if (hasBoxes)
          yields.push_back(phase);
        return yields;
      }));
  loop = newLoop;

  rewriter.setInsertionPointAfter(hasBoxes ? phase.getDefiningOp()
                                           : read.getDefiningOp());
  Value arrived;
  if (hasCopies) {
    auto wait =
        simt::AsyncWaitOp::create(rewriter, loc, ValueRange(), distance - 1);
    if (uint64_t copies = countedCopies())
      wait.setCopies(uint32_t(copies));
    arrived = wait;
    headOps.push_back(arrived.getDefiningOp());
  }
  if (hasBoxes)
    headOps.push_back(
        simt::BarrierWaitOp::create(rewriter, loc, barriers, read, phase));
  SmallVector<Value> tokens, targets(loads.size());
  Operation *last = nullptr, *lastBox = nullptr;
  for (size_t i = 0; i < loads.size(); ++i) {
    LoopLoad &entry = loads[i];
    if (!entry.buffer)
      continue;
    auto view = [&](Value index, unsigned slot) {
      auto op = simt::SharedIndexOp::create(rewriter, entry.load->getLoc(),
                                            arrays[i], index);
      op->setAttr(slotAttr, rewriter.getI32IntegerAttr(slot));
      return op;
    };
    rewriter.setInsertionPoint(entry.load);
    auto to = view(fill, distance);
    fillOps.push_back(to);
    targets[i] = to;
    if (entry.boxes) {
      lastBox = entry.load;
      continue;
    }
    tile::LoadOp load = entry.byLanes();
    auto copy = simt::AsyncCopyOp::create(rewriter, load.getLoc(),
                                          entry.row->name, load.getPtr(), to,
                                          load.getMask(), load.getOther());
    fillOps.push_back(copy);
    tokens.push_back(copy.getToken());
    last = copy;
  }
  if (last) {
    rewriter.setInsertionPointAfter(last);
    fillOps.push_back(
        simt::AsyncCommitOp::create(rewriter, loc, tokens).getOperation());
  }
  if (lastBox) {
    // The pipeliner turns the condition into whether there is an iteration.
    rewriter.setInsertionPointAfter(lastBox);
    Value always =
        arith::ConstantOp::create(rewriter, loc, rewriter.getBoolAttr(true));
    auto guard = scf::IfOp::create(rewriter, loc, always, false);
    fillOps.append({always.getDefiningOp(), guard});
    guard->setAttr(fillAttr, rewriter.getUnitAttr());
    rewriter.setInsertionPointToStart(guard.thenBlock());
    copyBoxes(rewriter, loc, loads, maps, targets, barriers, fill,
              [](Value v) { return v; });
  }
  for (size_t i = 0; i < loads.size(); ++i) {
    LoopLoad &entry = loads[i];
    if (!entry.buffer)
      continue;
    rewriter.setInsertionPoint(entry.buffer);
    auto from = simt::SharedIndexOp::create(rewriter, entry.load->getLoc(),
                                            arrays[i], read);
    from->setAttr(slotAttr, rewriter.getI32IntegerAttr(0));
    headOps.push_back(from);
    if (!entry.boxes)
      for (Operation *user : entry.buffer.getResult().getUsers())
        if (auto get = dyn_cast<simt::SharedLoadOp>(user))
          get.getTokenMutable().assign(arrived);
    copyOps.remove(entry.load);
    rewriter.replaceOp(entry.buffer, from);
    rewriter.eraseOp(entry.load);
  }
}

/// \p op where \p predicate holds: what reads memory is masked.
static Operation *predicateOp(RewriterBase &rewriter, Operation *op,
                              Value predicate) {
  if (auto guard = dyn_cast<scf::IfOp>(op); guard && op->hasAttr(fillAttr)) {
    guard.getConditionMutable().assign(predicate);
    return op;
  }
  if (!isa<tile::LoadOp, simt::AsyncCopyOp>(op))
    return op;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  auto masked = [&](Value ptr, MutableOperandRange mask) {
    Type type = tile::maskLike(ptr.getType());
    Value all = predicate;
    if (isa<RankedTensorType>(type))
      all = tile::SplatOp::create(rewriter, op->getLoc(), type, predicate);
    if (!mask.empty())
      all = arith::AndIOp::create(rewriter, op->getLoc(), mask[0].get(), all);
    mask.assign(all);
  };
  if (auto load = dyn_cast<tile::LoadOp>(op))
    masked(load.getPtr(), load.getMaskMutable());
  else if (auto copy = dyn_cast<simt::AsyncCopyOp>(op))
    masked(copy.getPtrs(), copy.getMaskMutable());
  return op;
}

LogicalResult LoopPipeliner::pipeline() {
  unsigned last = distance;
  std::vector<std::pair<Operation *, unsigned>> schedule;
  llvm::DenseSet<Operation *> placed;
  auto add = [&](Operation *op, unsigned stage) {
    if (placed.insert(op).second)
      schedule.push_back({op, stage});
  };
  auto addInOrder = [&](auto contains, unsigned stage) {
    for (Operation &op : loop.getBody()->without_terminator())
      if (contains(&op))
        add(&op, stage);
  };
  llvm::SmallPtrSet<Operation *, 16> fill(fillOps.begin(), fillOps.end());
  // The wait comes first: the barrier behind it frees the buffer that the
  // copies fill next.
  for (Operation *op : headOps)
    add(op, last);
  addInOrder(
      [&](Operation *op) { return fill.contains(op) || copyOps.contains(op); },
      0);
  addInOrder([&](Operation *op) { return registerOps.contains(op); }, last - 1);
  addInOrder([](Operation *) { return true; }, last);

  PipeliningOption option;
  option.getScheduleFn =
      [&](scf::ForOp, std::vector<std::pair<Operation *, unsigned>> &result) {
        result = schedule;
      };
  option.peelEpilogue = false;
  option.supportDynamicLoops = true;
  option.predicateFn = predicateOp;
  option.annotateFn = [](Operation *op, PipeliningOption::PipelinerPart part,
                         unsigned iteration) {
    if (part == PipeliningOption::PipelinerPart::Prologue &&
        op->hasAttr(slotAttr))
      op->setAttr(
          slotAttr,
          IntegerAttr::get(IntegerType::get(op->getContext(), 32), iteration));
  };
  IRRewriter rewriter(loop.getContext());
  rewriter.setInsertionPoint(loop);
  return success(succeeded(scf::pipelineForLoop(rewriter, loop, option)));
}

FailureOr<unsigned> LoopPipeliner::run() {
  unsigned wanted = options.numStages;
  if (auto attr = loop->getAttrOfType<IntegerAttr>(tile::attr::numStages))
    wanted = attr.getInt();
  // Warps of their own copy what it needs, or it is theirs.
  if (!loop.getBody()->getOps<simt::BarrierWaitOp>().empty())
    return 1u;
  if (wanted <= 1) {
    if (llvm::any_of(loop.getBody()->getOps<tile::LoadOp>(),
                     [](tile::LoadOp load) { return feedsProduct(load); }))
      found.remark(loop) << "1 stage: num_stages is " << wanted;
    return 1u;
  }
  if (!found.find())
    return 1u;

  for (LoopLoad &load : loads)
    if (load.boxes && !isa<func::FuncOp>(loop->getParentOp())) {
      // It would find the barriers in another phase when it is entered again.
      found.remark(load.load) << "not pipelined: boxes are copied by pointers "
                                 "in a loop that stands in another op";
      return 1u;
    }
  uint64_t perStage = 0, other = 0;
  auto findStages = [&] {
    perStage = 0;
    for (LoopLoad &load : loads)
      if (load.buffer)
        perStage += load.buffer.getType().getBytes();
    other = otherBytes();
    stages = perStage ? wanted : 2;
    while (stages > 1 && other + stages * perStage > machine.sharedBytes)
      --stages;
  };
  findStages();
  // One buffer may have room where two do not.
  if (stages < 2 && found.dropWarpCopies())
    findStages();
  bool isShort = stages < wanted;
  if (isShort && options.strictStages)
    return loop->emitError("simt-pipeline-loops: ")
           << wanted << " stages were asked for with strict_stages; "
           << (perStage ? "shared memory has room for "
                        : "loads to registers run ahead by one: ")
           << stages;
  if (stages < 2) {
    found.remark(loop) << "not pipelined: 2 stages need "
                       << other + 2 * perStage
                       << " bytes of shared memory, the target has "
                       << machine.sharedBytes;
    return 1u;
  }
  // A product under way keeps its buffers for one more iteration.
  if (stages >= 3 && perStage)
    found.findCountedProducts();
  ArrayRef<simt::MmaWaitOp> counted = found.counted;
  distance = stages - 1 - !counted.empty();

  unsigned copies = 0, boxes = 0;
  for (const LoopLoad &load : loads)
    (load.boxes ? boxes : copies) += load.buffer ? 1 : 0;
  InFlightDiagnostic done = found.remark(loop);
  done << stages << " stages";
  if (isShort)
    done << " of " << wanted << " that may be";
  done << ": " << copies << " loads by asynchronous copies, "
       << loads.size() - copies - boxes << " to registers";
  if (boxes)
    done << ", " << boxes << " by boxes";
  if (perStage)
    done << ", " << stages * perStage << " bytes of shared memory";
  if (!counted.empty())
    done << "; a product is waited for one iteration later";
  remarkWays(found);

  llvm::SetVector<Operation *> early = copyOps;
  early.insert(registerOps.begin(), registerOps.end());
  splitFromLate(early);
  if (!counted.empty()) {
    OpBuilder builder(loop.getContext());
    builder.setInsertionPointAfter(loop);
    SmallVector<Value> results;
    for (simt::MmaWaitOp wait : counted) {
      OpOperand &use = *wait.getResult(0).getUses().begin();
      results.push_back(loop.getResult(use.getOperandNumber()));
      wait.setPending(1);
    }
    auto wait = simt::MmaWaitOp::create(
        builder, loop.getLoc(), TypeRange(ValueRange(results)), results, 0);
    for (auto [from, to] : llvm::zip(results, wait.getResults()))
      from.replaceAllUsesExcept(to, wait);
  }
  if (perStage)
    makeBuffers();
  if (failed(pipeline())) {
    done.abandon();
    return loop->emitError("simt-pipeline-loops: internal error: the schedule "
                           "cannot be carried out");
  }
  return stages;
}

namespace {

struct PipelineLoops : PassWrapper<PipelineLoops, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PipelineLoops)
  PipelineLoops(MachinePtr machine, SimtOptions options)
      : machine(std::move(machine)), options(std::move(options)) {}
  StringRef getName() const override { return "SimtPipelineLoops"; }
  StringRef getArgument() const override { return "simt-pipeline-loops"; }
  StringRef getDescription() const override {
    return "Fetch iterations ahead what products of a loop need";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<simt::SimtDialect>();
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      AxisInfoAnalysis axes(function);
      SmallVector<scf::ForOp> loops;
      function.walk([&](scf::ForOp loop) { loops.push_back(loop); });
      unsigned stages = 1;
      if (auto known =
              function->getAttrOfType<IntegerAttr>(simt::attr::numStages))
        stages = known.getInt();
      for (scf::ForOp loop : loops) {
        auto effective = LoopPipeliner(loop, *machine, options, axes).run();
        if (failed(effective))
          return signalPassFailure();
        stages = std::max(stages, *effective);
      }
      // What no loop copies as boxes.
      SmallVector<tile::DescriptorLoadOp> left;
      function.walk([&](tile::DescriptorLoadOp op) { left.push_back(op); });
      for (tile::DescriptorLoadOp op : left)
        expandDescriptorLoad(op);
      function->setAttr(simt::attr::numStages,
                        Builder(&getContext()).getI32IntegerAttr(stages));
    }
  }

  MachinePtr machine;
  SimtOptions options;
};

} // namespace

std::unique_ptr<Pass> createSimtPipelineLoops(MachinePtr machine,
                                              const SimtOptions &options) {
  return std::make_unique<PipelineLoops>(std::move(machine), options);
}

} // namespace tilesdk::optimizer
