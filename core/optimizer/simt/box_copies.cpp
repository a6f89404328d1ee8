//===- box_copies.cpp - The pass simt-box-copies --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/passes.h"
#include "core/optimizer/pipeline.h"
#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/boxes.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/select_matrix.h"

#include "core/layout/dims.h"

#include "mlir/Pass/PassManager.h"

#include <numeric>

using namespace mlir;

namespace tilesdk::optimizer {

#define GEN_PASS_DEF_SIMTBOXCOPIES
#include "core/optimizer/simt/passes.h.inc"

namespace {

/// Bytes of which addresses and distances must be multiples.
constexpr int64_t BoxAlignment = 16;

struct SimtBoxCopies : impl::SimtBoxCopiesBase<SimtBoxCopies> {
  SimtBoxCopies(MachinePtr machine, const SimtOptions &options)
      : machine(std::move(machine)), options(options) {}

  void runOnOperation() override {
    bool isLeft = false;
    getOperation().walk([&](Operation *op) {
      if (!isa<tile::DescriptorLoadOp, tile::DescriptorStoreOp>(op))
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
  std::string partsReason(tile::DescriptorLoadOp load);
  /// The buffers that products want of \p value; false when something else
  /// takes it.
  bool findBuffers(Value value, bool isTransposed,
                   llvm::SmallSetVector<Attribute, 2> &buffers,
                   Operation *&product);

  MachinePtr machine;
  SimtOptions options;
};

/// A known divisor of what the launcher gives.
int64_t divisorOf(func::FuncOp function, const HostValue &value) {
  int64_t all = 0;
  for (const HostValue::Term &term : value.terms) {
    int64_t one = term.factor;
    for (unsigned argument : term.arguments)
      if (auto known = function.getArgAttrOfType<IntegerAttr>(
              argument, tile::attr::divisibility))
        one *= known.getInt();
    all = std::gcd(all, one);
  }
  return all;
}

std::string SimtBoxCopies::partsReason(tile::DescriptorLoadOp load) {
  auto function = load->getParentOfType<func::FuncOp>();
  int64_t bytes = simt::elementBytes(tile::elementOf(load.getType()));
  std::optional<HostValue> base = hostValue(load.getBase());
  if (!base || !base->argument())
    return "the base is not an argument of the kernel";
  if (divisorOf(function, *base) % BoxAlignment)
    return "the base is not known to be aligned by 16 bytes";
  for (Value extent : load.getShape())
    if (!hostValue(extent))
      return "an extent is not made of arguments of the kernel and constants";
  for (auto [i, stride] : llvm::enumerate(load.getStrides())) {
    std::optional<HostValue> known = hostValue(stride);
    if (!known)
      return "a stride is not made of arguments of the kernel and constants";
    bool isLast = i + 1 == load.getStrides().size();
    if (isLast ? known->constant() != 1
               : (divisorOf(function, *known) * bytes) % BoxAlignment != 0)
      return isLast ? "the last stride is not 1"
                    : "a stride is not known to be a multiple of 16 bytes";
  }
  return "";
}

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

std::string SimtBoxCopies::reason(tile::DescriptorLoadOp load) {
  if (!load)
    return "-";
  if (load.getPadding() != tile::Padding::Zero)
    return "the padding is not zero";
  auto type = cast<RankedTensorType>(load.getType());
  if (type.getRank() != 2)
    return "the block has not two dimensions";
  std::string why = partsReason(load);
  if (!why.empty())
    return why;
  llvm::SmallSetVector<Attribute, 2> buffers;
  Operation *product = nullptr;
  if (!findBuffers(load.getResult(), false, buffers, product) || !product ||
      buffers.size() != 1)
    return "it is no operand that a product reads from shared memory";
  auto buffer =
      simt::SharedType::get(type.getShape(), type.getElementType(),
                            cast<simt::SharedLayoutAttr>(buffers.front()));
  if (!planBoxes(buffer, *machine))
    return "boxes do not fit the buffer of the product's operand";
  auto loop = dyn_cast<scf::ForOp>(load->getParentOp());
  if (!loop || product->getParentOp() != loop)
    return "it is not in a loop with the product";
  // A loop that is entered again finds its barriers where it left them: the
  // warps that copy keep count of that, pipelined loops do not.
  if (auto around = dyn_cast<scf::ForOp>(loop->getParentOp())) {
    if (!isWarpSpecialized(around) || !isa<func::FuncOp>(around->getParentOp()))
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

} // namespace

std::unique_ptr<Pass> createSimtBoxCopies(MachinePtr machine,
                                          const SimtOptions &options) {
  return std::make_unique<SimtBoxCopies>(std::move(machine), options);
}

} // namespace tilesdk::optimizer
