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

#include "core/optimizer/simt/warp_specialize.h"

#include "core/optimizer/simt/boxes.h"
#include "core/optimizer/simt/buffers.h"
#include "core/optimizer/simt/load_remarks.h"
#include "core/optimizer/simt/scratch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tilesdk::optimizer {

bool isWarpSpecialized(scf::ForOp loop) {
  auto flag = loop->getAttr(tile::attr::warpSpecialize);
  auto value = dyn_cast_or_null<BoolAttr>(flag);
  return flag && (!value || value.getValue());
}

Value Specializer::constant(int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
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
  SmallVector<int32_t> warpsOf{int32_t(consumerWarps), int32_t(copyWarps())};
  if (byBoxes)
    warpsOf.push_back(int32_t(producerWarps - copyWarps()));
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
  uint64_t other = 0, withoutBoxes = 0;
  SmallVector<tile::DescriptorStoreOp> stores;
  function.walk([&](Operation *op) {
    Operation *here = top()->getBlock()->findAncestorOpInBlock(*op);
    if (!here || (here != top() && !here->isBeforeInBlock(top())))
      return;
    uint64_t bytes = scratchBytes(op, machine);
    other = std::max(other, bytes);
    if (auto store = dyn_cast<tile::DescriptorStoreOp>(op)) {
      stores.push_back(store);
      bytes = conversionBytes(store.getValue().getType(),
                              coalescedType(store, machine), machine);
    }
    withoutBoxes = std::max(withoutBoxes, bytes);
  });
  auto stagesBeside = [&](uint64_t bytes) {
    unsigned fit = stages;
    while (fit > 1 && bytes + fit * (perStage + 16) > machine.sharedBytes)
      --fit;
    return fit;
  };
  if (unsigned fit = stagesBeside(other), most = stagesBeside(withoutBoxes);
      fit < most) {
    for (tile::DescriptorStoreOp store : stores) {
      found.remark(store) << "stored by lanes, not boxes: the buffer would "
                             "leave room for "
                          << fit << " stages, not " << most;
      expandDescriptorStore(store, coalescedType(store, machine));
    }
    other = withoutBoxes;
  }
  stages = stagesBeside(other);
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
  remarkWays(found);
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
