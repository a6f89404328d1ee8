//===- box_copies.cpp - The pass simt-box-copies --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/axis_info.h"
#include "core/optimizer/passes.h"
#include "core/optimizer/pipeline.h"
#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/boxes.h"
#include "core/optimizer/simt/global_accesses.h"
#include "core/optimizer/simt/loop_loads.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/pointer_boxes.h"
#include "core/optimizer/simt/select_matrix.h"

#include "core/layout/dims.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tilesdk::optimizer {

#define GEN_PASS_DEF_SIMTBOXCOPIES
#include "core/optimizer/simt/passes.h.inc"

namespace {

struct SimtBoxCopies : impl::SimtBoxCopiesBase<SimtBoxCopies> {
  SimtBoxCopies(MachinePtr machine, const SimtOptions &options)
      : machine(std::move(machine)), options(options) {}

  void runOnOperation() override {
    analysed = {};
    if (options.pointerBoxes && boxRow(*machine))
      for (auto function : getOperation().getOps<func::FuncOp>())
        takePointers(function);
    if (options.boxStores != BoxStores::None && boxRow(*machine))
      for (auto function : getOperation().getOps<func::FuncOp>())
        if (chooseBoxStores(function, *machine,
                            options.boxStores == BoxStores::Pointers))
          cleanUp(function);
    bool isLeft = false;
    getOperation().walk([&](Operation *op) {
      if (!isa<tile::DescriptorLoadOp, tile::DescriptorStoreOp>(op) ||
          op->hasAttr(keepDescriptorAttr))
        return;
      auto load = dyn_cast<tile::DescriptorLoadOp>(op);
      // Of machines without boxes there is nothing to say.
      std::string why = boxRow(*machine) ? reason(load) : "-";
      if (why.empty()) {
        op->setAttr(keepDescriptorAttr, UnitAttr::get(&getContext()));
        return;
      }
      isLeft = true;
      if (load && why != "-")
        op->emitRemark("simt-box-copies: ")
            << "masked accesses by pointers, not boxes: " << why;
    });
    if (!isLeft)
      return;
    OpPassManager expansion(ModuleOp::getOperationName());
    buildDescriptorExpansion(expansion);
    if (failed(runPipeline(expansion, getOperation())))
      signalPassFailure();
  }

private:
  /// Why \p load is not copied as boxes; empty: it is.
  std::string reason(tile::DescriptorLoadOp load);
  /// Makes descriptor accesses of tiles of pointers that are boxes.
  void takePointers(func::FuncOp function);
  void cleanUp(func::FuncOp function);
  /// The same for what is around it; its block is the other way round if \p
  /// isTransposed.
  std::string placeReason(Operation *load, bool isTransposed);
  /// The buffer of the operand that \p load is, and one of the products that
  /// take it; null when anything but products in one block takes it, or when
  /// they do not agree. Its block is the other way round if \p isTransposed.
  simt::SharedLayoutAttr operandOf(Operation *load, bool isTransposed,
                                   Operation *&product);
  /// The buffers that products want of \p value; false when something else
  /// takes it.
  bool findBuffers(Value value, bool isTransposed,
                   llvm::SmallSetVector<Attribute, 2> &buffers,
                   Operation *&product);

  MachinePtr machine;
  SimtOptions options;
  /// Of the function whose loads were asked about last, until it changes.
  std::optional<AxisInfoAnalysis> axes;
  func::FuncOp analysed;
};

/// Each is a parameter of 128 bytes.
constexpr size_t mostMaps = 24;

bool SimtBoxCopies::findBuffers(Value value, bool isTransposed,
                                llvm::SmallSetVector<Attribute, 2> &buffers,
                                Operation *&product) {
  for (OpOperand &use : value.getUses()) {
    if (auto trans = dyn_cast<tile::TransOp>(use.getOwner())) {
      if (!findBuffers(trans.getResult(), !isTransposed, buffers, product))
        return false;
      continue;
    }
    auto dot = dyn_cast<tile::DotOp>(use.getOwner());
    if (!dot || use.getOperandNumber() > 1 ||
        (product && product->getBlock() != dot->getBlock()))
      return false;
    product = dot;
    DotLayouts layouts = dotLayouts(dot, *machine, {});
    simt::SharedLayoutAttr memory =
        use.getOperandNumber() ? layouts.rhsBuffer : layouts.lhsBuffer;
    if (!memory)
      return false;
    if (isTransposed) {
      auto swapped =
          layout::permuteDims(memory.getLayout(), std::vector<int32_t>{1, 0});
      if (!swapped)
        return false;
      memory = simt::SharedLayoutAttr::get(
          &getContext(), *swapped, memory.getFormat(), memory.getAlignment());
    }
    buffers.insert(memory);
  }
  return true;
}

/// The loop that goes round with \p load's copies: its own or the one around.
scf::ForOp topLoop(Operation *load) {
  auto loop = dyn_cast<scf::ForOp>(load->getParentOp());
  auto around = loop ? dyn_cast<scf::ForOp>(loop->getParentOp()) : scf::ForOp();
  return around ? around : loop;
}

simt::SharedLayoutAttr SimtBoxCopies::operandOf(Operation *load,
                                                bool isTransposed,
                                                Operation *&product) {
  llvm::SmallSetVector<Attribute, 2> buffers;
  product = nullptr;
  if (!findBuffers(load->getResult(0), isTransposed, buffers, product) ||
      buffers.size() != 1)
    return {};
  return cast<simt::SharedLayoutAttr>(buffers.front());
}

std::string SimtBoxCopies::placeReason(Operation *load, bool isTransposed) {
  Operation *product;
  simt::SharedLayoutAttr memory = operandOf(load, isTransposed, product);
  if (!memory)
    return "it is no operand that a product reads from shared memory";
  auto type = cast<RankedTensorType>(load->getResult(0).getType());
  SmallVector<int64_t> shape(type.getShape());
  if (isTransposed)
    std::swap(shape[0], shape[1]);
  auto buffer = simt::SharedType::get(shape, type.getElementType(), memory);
  if (!planBoxes(buffer, *machine))
    return "boxes do not fit the buffer of the product's operand";
  auto loop = dyn_cast<scf::ForOp>(load->getParentOp());
  if (!loop || product->getParentOp() != loop)
    return "it is not in a loop with the product";
  // A loop that is entered again finds its barriers where it left them: the
  // warps that copy keep count of that, pipelined loops do not.
  if (auto around = dyn_cast<scf::ForOp>(loop->getParentOp())) {
    if (!isWarpSpecialized(around) ||
        !isa<func::FuncOp>(around->getParentOp()) ||
        !llvm::hasSingleElement(around.getBody()->getOps<scf::ForOp>()) ||
        !machine->warpGroupWarps ||
        options.numWarps % machine->warpGroupWarps ||
        options.numWarps + machine->warpGroupWarps > machine->maxWarps)
      return "the loop is in another one that has no warps for copies";
    return "";
  }
  if (!isa<func::FuncOp>(loop->getParentOp()))
    return "it is not in a loop of the kernel itself";
  int64_t stages = options.numStages;
  if (auto attr = loop->getAttrOfType<IntegerAttr>(tile::attr::numStages))
    stages = attr.getInt();
  if (stages < 2 && !isWarpSpecialized(loop))
    return "the loop is not pipelined";
  return "";
}

std::string SimtBoxCopies::reason(tile::DescriptorLoadOp load) {
  if (!load)
    return "-";
  if (load.getPadding() != tile::Padding::Zero)
    return "the padding is not zero";
  if (cast<RankedTensorType>(load.getType()).getRank() != 2)
    return "the block has not two dimensions";
  auto function = load->getParentOfType<func::FuncOp>();
  Type element = tile::elementOf(load.getType());
  std::string why = mapReason(function, load.getBase(), load.getShape(),
                              load.getStrides(), element);
  if (why.empty())
    why = placeReason(load, false);
  if (!why.empty())
    return why;
  if (mayWrite(function, globalRoot(load.getBase()), /*byThreads=*/true))
    return "threads of the kernel write to the tensor, or to nobody knows "
           "what, and copies need not see it";
  if (analysed != function) {
    axes.emplace(function);
    analysed = function;
  }
  int64_t divisor = axes->lookup(load.getOffsets().back()).divisibility(0);
  return divisor * int64_t(simt::elementBytes(element)) % boxAlignment
             ? columnReason
             : "";
}

void SimtBoxCopies::takePointers(func::FuncOp function) {
  auto remark = [](tile::LoadOp load, const llvm::Twine &why) {
    load->emitRemark("simt-box-copies: ")
        << "copied by lanes, not boxes: " << why;
  };
  // Operands of products in loops, whatever reads them from where.
  SmallVector<Operation *> operands;
  function.walk([&](Operation *op) {
    if (isa<tile::LoadOp, tile::DescriptorLoadOp>(op) &&
        isa<scf::ForOp>(op->getParentOp()) &&
        isa<RankedTensorType>(op->getResult(0).getType()) &&
        feedsProduct(op->getResult(0)))
      operands.push_back(op);
  });
  std::optional<PointerBoxes> pointers;
  SmallVector<std::pair<tile::LoadOp, PointerBox>, 0> boxes;
  // Warps for copies copy all operands in the same way.
  llvm::SmallPtrSet<Operation *, 2> mixed;
  for (Operation *op : operands) {
    auto load = dyn_cast<tile::LoadOp>(op);
    std::string why;
    PointerBox box;
    Operation *product;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!load) {
      why = reason(cast<tile::DescriptorLoadOp>(op));
    } else if (type.getRank() != 2 || !operandOf(load, false, product) ||
               obstacleIn(cast<scf::ForOp>(load->getParentOp()))) {
      // It goes through registers, or the loop stays as it is.
      why = "-";
    } else {
      if (!pointers)
        pointers.emplace(function);
      why = pointers->find(load, box);
      if (why.empty())
        why = placeReason(load, box.isTransposed);
      if (why.empty() && boxes.size() == mostMaps)
        why = "the kernel has maps of tensors enough";
      if (why.empty())
        boxes.push_back({load, std::move(box)});
      else
        remark(load, why);
    }
    if (!why.empty() && isWarpSpecialized(topLoop(op)))
      mixed.insert(topLoop(op));
  }
  bool isChanged = false;
  for (auto &[load, box] : boxes) {
    if (mixed.contains(topLoop(load))) {
      remark(load, "another operand of the loop is none");
      continue;
    }
    tile::DescriptorLoadOp made = pointers->replace(load, box);
    made->setAttr(keepDescriptorAttr, UnitAttr::get(&getContext()));
    isChanged = true;
  }
  if (isChanged)
    cleanUp(function);
}

void SimtBoxCopies::cleanUp(func::FuncOp function) {
  analysed = {};
  // The addresses are gone, coordinates are like those of descriptors.
  OpPassManager cleanup(func::FuncOp::getOperationName());
  cleanup.addPass(createTileSimplify());
  cleanup.addPass(createCSEPass());
  cleanup.addPass(createTileHoistInvariants());
  cleanup.addPass(createTileRemoveDeadLoopValues());
  if (failed(runPipeline(cleanup, function)))
    signalPassFailure();
}

} // namespace

std::unique_ptr<Pass> createSimtBoxCopies(MachinePtr machine,
                                          const SimtOptions &options) {
  return std::make_unique<SimtBoxCopies>(std::move(machine), options);
}

} // namespace tilesdk::optimizer
