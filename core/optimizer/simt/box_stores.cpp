//===- box_stores.cpp - Blocks that one thread stores as boxes ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The threads write the block to shared memory, in the format of the machine's
// boxes; one of them has it copied to memory. simt-insert-barriers sees to it
// that the copy finds all of the block, and waits before something else gets
// its buffer or looks at what it wrote.
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/boxes.h"
#include "core/optimizer/simt/buffers.h"
#include "core/optimizer/simt/global_accesses.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/pointer_boxes.h"

#include "core/optimizer/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tilesdk::optimizer {

#define GEN_PASS_DEF_SIMTBOXSTORES
#include "core/optimizer/simt/passes.h.inc"

std::optional<simt::SharedType> storeBuffer(Type block,
                                            const target::Machine &machine) {
  ArrayRef<int64_t> shape = tile::shapeOf(block);
  Type element = tile::elementOf(block);
  if (shape.size() != 2)
    return std::nullopt;
  uint64_t bytes = simt::elementBytes(element), rows = shape[0],
           columns = shape[1];
  std::optional<simt::SharedType> best;
  uint64_t bestBytes = 0;
  for (const target::SharedFormat &format : machine.formats) {
    if (columns * bytes % format.rowBytes || rows % format.atomRows ||
        format.rowBytes <= bestBytes)
      continue;
    layout::Result<layout::Layout> memory =
        format.layoutOf(bytes, rows, columns);
    if (!memory)
      continue;
    std::vector<layout::InputBases> inputs;
    for (const layout::Dim &in : memory->inputs())
      inputs.push_back({simt::offsetDim, memory->bases(in.name)});
    std::vector<layout::OutputDim> outputs;
    for (auto [i, out] : llvm::enumerate(memory->outputs()))
      outputs.push_back(
          {simt::dimName(i), {out.radix.begin(), out.radix.end()}});
    layout::Result<layout::Layout> named =
        layout::Layout::fromBases(inputs, outputs);
    if (!named)
      continue;
    auto type = simt::SharedType::get(
        shape, element,
        simt::SharedLayoutAttr::get(block.getContext(), *named, format.name,
                                    format.alignment));
    if (!planBoxes(type, machine))
      continue;
    best = type;
    bestBytes = format.rowBytes;
  }
  return best;
}

/// Why a block of type \p type is not stored as boxes; empty: it may be.
static std::string blockReason(Type type, const target::Machine &machine) {
  Type element = tile::elementOf(type);
  if (tile::shapeOf(type).size() != 2)
    return "the block has not two dimensions";
  if (!element.isIntOrFloat() || element.isInteger(1))
    return "no map of a tensor has elements of this type";
  std::optional<simt::SharedType> buffer = storeBuffer(type, machine);
  if (!buffer)
    return "no format of shared memory that boxes have tiles the block";
  if (buffer->getBytes() > int64_t(machine.sharedBytes))
    return ("the block has " + llvm::Twine(buffer->getBytes()) +
            " bytes, shared memory " + llvm::Twine(machine.sharedBytes))
        .str();
  return "";
}

/// Whether \p value is made of what a product gives: then threads would have to
/// exchange it for accesses of their own.
static bool comesFromProduct(Value value) {
  constexpr unsigned maxValues = 64;
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size() && i < maxValues; ++i) {
    auto add = [&](Value next) {
      if (isTensor(next))
        values.insert(next);
    };
    Operation *op = values[i].getDefiningOp();
    if (!op)
      continue;
    if (isa<tile::DotOp>(op))
      return true;
    unsigned index = cast<OpResult>(values[i]).getResultNumber();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      add(loop.getYieldedValues()[index]);
    else if (layoutRuleOf(op) == LayoutRule::Elementwise)
      llvm::for_each(op->getOperands(), add);
  }
  return false;
}

namespace {
struct BoxStore {
  Operation *op;
  Value root;
  PointerBox box; ///< Of a tile of pointers.
  std::string why;
};
} // namespace

bool chooseBoxStores(func::FuncOp function, const target::Machine &machine,
                     bool takesPointers) {
  SmallVector<BoxStore, 0> stores;
  // Kernel arguments that threads write to, those that are read.
  llvm::SmallPtrSet<Value, 4> written, read;
  bool writesUnknown = false, readsUnknown = false, hasCopyWarps = false;
  auto isArgument = [](Value root) {
    auto argument = dyn_cast<BlockArgument>(root);
    return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp());
  };
  auto note = [&](Value root, bool isWrite) {
    if (isArgument(root))
      (isWrite ? written : read).insert(root);
    else
      (isWrite ? writesUnknown : readsUnknown) = true;
  };
  std::optional<PointerBoxes> pointers;
  /// False: nobody expects it to be one.
  auto addPointers = [&](tile::StoreOp store) {
    if (!takesPointers || !isTensor(store.getPtr()) ||
        !comesFromProduct(store.getValue()))
      return false;
    BoxStore made{store, globalRoot(store.getPtr()), {}, {}};
    made.why = blockReason(store.getValue().getType(), machine);
    if (made.why.empty()) {
      if (!pointers)
        pointers.emplace(function);
      made.why = pointers->find(store, made.box);
    }
    if (made.why.empty() && made.box.isTransposed)
      made.why = "its columns are the tensor's rows";
    stores.push_back(std::move(made));
    return true;
  };
  function.walk([&](Operation *op) {
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      hasCopyWarps |= isWarpSpecialized(loop);
    } else if (auto load = dyn_cast<tile::DescriptorLoadOp>(op)) {
      note(globalRoot(load.getBase()), false);
    } else if (auto store = dyn_cast<tile::DescriptorStoreOp>(op)) {
      Type type = store.getValue().getType();
      std::string why = blockReason(type, machine);
      if (why.empty())
        why = mapReason(function, store.getBase(), store.getShape(),
                        store.getStrides(), tile::elementOf(type));
      stores.push_back({op, globalRoot(store.getBase()), {}, std::move(why)});
    } else if (auto store = dyn_cast<tile::StoreOp>(op);
               store && addPointers(store)) {
      return;
    } else if (std::optional<GlobalAccess> access = globalAccessOf(op)) {
      note(access->root, access->isWrite);
    }
  });
  for (const BoxStore &store : stores)
    if (!store.why.empty())
      note(store.root, true);
  bool isChanged = false;
  for (BoxStore &store : stores) {
    // Nothing orders a thread's own writes and what it has copied.
    if (store.why.empty() && (writesUnknown || written.contains(store.root)))
      store.why = "threads of the kernel write to the tensor by pointers too, "
                  "or to nobody knows what";
    if (store.why.empty() && hasCopyWarps &&
        (readsUnknown || read.contains(store.root)))
      store.why = "warps for copies may read what it writes";
    if (!store.why.empty()) {
      store.op->emitRemark("simt-box-copies: ")
          << "stored by lanes, not boxes: " << store.why;
      continue;
    }
    Operation *kept = store.op;
    if (auto plain = dyn_cast<tile::StoreOp>(store.op)) {
      kept = pointers->replace(plain, store.box);
      isChanged = true;
    }
    kept->setAttr(keepDescriptorAttr, UnitAttr::get(function.getContext()));
    kept->setAttr(pointersAttr, UnitAttr::get(function.getContext()));
  }
  return isChanged;
}

namespace {

struct SimtBoxStores : impl::SimtBoxStoresBase<SimtBoxStores> {
  explicit SimtBoxStores(MachinePtr machine) : machine(std::move(machine)) {}

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<tile::DescriptorStoreOp> stores;
      function.walk(
          [&](tile::DescriptorStoreOp store) { stores.push_back(store); });
      for (tile::DescriptorStoreOp store : stores) {
        auto buffer = *storeBuffer(store.getValue().getType(), *machine);
        uint64_t need = bytesBeside(store) + buffer.getBytes();
        if (need <= machine->sharedBytes) {
          store->emitRemark("simt-box-stores: ")
              << "box store through " << buffer.getBytes()
              << " bytes of shared memory";
          make(store, buffer);
          continue;
        }
        store->emitRemark("simt-box-stores: ")
            << "stored by lanes, not boxes: with its buffer of "
            << buffer.getBytes() << " bytes the kernel would need " << need
            << " bytes of shared memory, the target has "
            << machine->sharedBytes;
        expandDescriptorStore(store, coalescedType(store, *machine));
      }
    }
  }

private:
  uint64_t bytesBeside(tile::DescriptorStoreOp store);
  void make(tile::DescriptorStoreOp store, simt::SharedType buffer);

  MachinePtr machine;
};

/// Shared memory that other things may have while \p store needs its own, at
/// most.
uint64_t SimtBoxStores::bytesBeside(tile::DescriptorStoreOp store) {
  auto function = store->getParentOfType<func::FuncOp>();
  auto partitions = store->getParentOfType<simt::WarpSpecializeOp>();
  Region &region = partitions ? partitions->getRegion(0) : function.getBody();
  Operation *here = region.front().findAncestorOpInBlock(*store);
  uint64_t bytes = 0;
  function.walk([&](Operation *op) {
    if (auto barriers = dyn_cast<simt::BarriersInitOp>(op))
      bytes += 8 * barriers.getType().getCount();
    auto alloc = dyn_cast<simt::SharedAllocOp>(op);
    if (!alloc)
      return;
    bool isBefore = false, isBehind = false;
    auto note = [&](Operation *user) {
      Operation *top = region.front().findAncestorOpInBlock(*user);
      // Of another partition: the whole time, but for a ring that this one
      // uses no more.
      if (!here || (!top && !alloc->hasAttr(ringAttr) && partitions &&
                    partitions->isProperAncestor(user)))
        isBefore = isBehind = true;
      if (!here || !top)
        return;
      isBefore |= top == here || top->isBeforeInBlock(here);
      isBehind |= top == here || here->isBeforeInBlock(top);
    };
    note(alloc);
    forEachBufferUse(alloc.getResult(),
                     [&](OpOperand &use, Value) { note(use.getOwner()); });
    if (isBehind && (isBefore || alloc->hasAttr(ringAttr)))
      bytes += llvm::alignTo(alloc.getType().getBytes(),
                             alloc.getType().getAlignment());
  });
  return llvm::alignTo(bytes, 16);
}

void SimtBoxStores::make(tile::DescriptorStoreOp store,
                         simt::SharedType buffer) {
  auto function = store->getParentOfType<func::FuncOp>();
  OpBuilder builder(&getContext());
  builder.setInsertionPointToStart(&function.getBody().front());
  Value map = makeBoxMap(builder, store, buffer, *planBoxes(buffer, *machine));
  builder.setInsertionPoint(store);
  Location loc = store.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getI32IntegerAttr(value));
  };
  // The launcher's tensors have one element at least. Of an empty one the block
  // is outside.
  SmallVector<Value, 2> at(store.getOffsets());
  Value isThere;
  for (Value extent : store.getShape()) {
    std::optional<HostValue> known = hostValue(extent);
    if (known && known->constant().value_or(0) > 0)
      continue;
    Value isSome = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::sgt, extent, constant(0));
    isThere =
        isThere ? arith::AndIOp::create(builder, loc, isThere, isSome) : isSome;
  }
  if (isThere)
    at[0] = arith::SelectOp::create(builder, loc, isThere, at[0],
                                    constant(-(1 << 30)));
  Value alloc = simt::SharedAllocOp::create(builder, loc, buffer);
  simt::SharedStoreOp::create(builder, loc, store.getValue(), alloc);
  simt::BoxStoreOp::create(builder, loc, alloc, map, at);
  store.erase();
}

} // namespace

std::unique_ptr<Pass> createSimtBoxStores(MachinePtr machine,
                                          const SimtOptions &) {
  return std::make_unique<SimtBoxStores>(std::move(machine));
}

} // namespace tilesdk::optimizer
