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
#include "mlir/IR/Matchers.h"

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
static bool isMadeOfProduct(Value value) {
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
  auto note = [&](Value root, bool isWrite) {
    if (isParameter(root))
      (isWrite ? written : read).insert(root);
    else
      (isWrite ? writesUnknown : readsUnknown) = true;
  };
  std::optional<PointerBoxes> pointers;
  /// False: nobody expects it to be one.
  auto addPointers = [&](tile::StoreOp store) {
    if (!takesPointers || !isTensor(store.getPtr()) ||
        !isMadeOfProduct(store.getValue()))
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
      if (why.empty())
        why = rowEndReason(function, *hostValue(store.getShape().back()),
                           tile::elementOf(type));
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

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

namespace {
/// How a tensor goes through shared memory: in slices along its columns, which
/// take turns in the buffers.
struct StorePlan {
  unsigned slices = 1, buffers = 1;
  simt::SharedType buffer;

  uint64_t bytes() const { return buffers * uint64_t(buffer.getBytes()); }
};

/// The types on the way from a tensor to its left and its right half, both in
/// the registers that have them.
struct Halves {
  Type parts, turned, half;
};
} // namespace

static std::optional<Halves> halvesOf(Type type) {
  ArrayRef<int64_t> shape = tile::shapeOf(type);
  if (shape[1] % 2)
    return std::nullopt;
  auto make = [&](ArrayRef<int64_t> shape, simt::LayoutAttr layout) {
    return RankedTensorType::get(shape, tile::elementOf(type), layout);
  };
  int64_t rows = shape[0], columns = shape[1] / 2;
  simt::LayoutAttr parts =
      reshapeLayout(simt::layoutAttrOf(type), {rows, 2, columns});
  simt::LayoutAttr turned =
      parts ? simt::transLayout(parts, {0, 2, 1}) : simt::LayoutAttr();
  simt::LayoutAttr half =
      turned ? simt::splitLayout(turned) : simt::LayoutAttr();
  if (!half)
    return std::nullopt;
  return Halves{make({rows, 2, columns}, parts),
                make({rows, columns, 2}, turned), make({rows, columns}, half)};
}

static SmallVector<Value> slicesOf(OpBuilder &builder, Value value,
                                   unsigned count) {
  if (count == 1)
    return {value};
  Halves types = *halvesOf(value.getType());
  Location loc = value.getLoc();
  Value parts = tile::ReshapeOp::create(builder, loc, types.parts, value,
                                        /*allow_reorder=*/false);
  Value turned = tile::TransOp::create(builder, loc, types.turned, parts,
                                       ArrayRef<int32_t>{0, 2, 1});
  auto split = tile::SplitOp::create(builder, loc,
                                     TypeRange{types.half, types.half}, turned);
  SmallVector<Value> slices = slicesOf(builder, split.getLhs(), count / 2);
  llvm::append_range(slices, slicesOf(builder, split.getRhs(), count / 2));
  return slices;
}

/// Calls \p fn with numbers of slices and their buffers, until it returns
/// false.
static void forEachSlicing(Type type, const target::Machine &machine,
                           function_ref<bool(unsigned, simt::SharedType)> fn) {
  std::optional<simt::SharedType> whole = storeBuffer(type, machine), part;
  part = whole;
  for (unsigned count = 1;
       part && part->getLayout().getFormat() == whole->getLayout().getFormat();
       count *= 2) {
    if (!fn(count, *part))
      return;
    std::optional<Halves> halves = halvesOf(type);
    if (!halves)
      return;
    type = halves->half;
    part = storeBuffer(type, machine);
  }
}

/// Rather the whole than slices, rather two buffers than one.
static std::optional<StorePlan> planStore(Type type, uint64_t room,
                                          const target::Machine &machine) {
  std::optional<StorePlan> plan;
  forEachSlicing(type, machine, [&](unsigned count, simt::SharedType buffer) {
    uint64_t bytes = buffer.getBytes();
    unsigned buffers = count > 2 && 2 * bytes <= room ? 2 : 1;
    if (bytes <= room && (!plan || buffers == 2))
      plan = StorePlan{count, buffers, buffer};
    return !plan || (count > 1 && plan->buffers == 1);
  });
  return plan;
}

uint64_t storeBytes(Type tensor, const target::Machine &machine) {
  uint64_t least = 0;
  forEachSlicing(tensor, machine, [&](unsigned, simt::SharedType buffer) {
    least = buffer.getBytes();
    return true;
  });
  return least;
}

/// \p coordinate as a value, or null, and a constant.
static std::pair<Value, int64_t> splitCoordinate(Value coordinate) {
  int64_t offset = 0;
  APInt constant;
  while (auto sum = coordinate.getDefiningOp<arith::AddIOp>()) {
    if (!matchPattern(sum.getRhs(), m_ConstantInt(&constant)))
      break;
    offset += constant.getSExtValue();
    coordinate = sum.getLhs();
  }
  if (matchPattern(coordinate, m_ConstantInt(&constant))) {
    offset += constant.getSExtValue();
    coordinate = {};
  }
  return {coordinate, offset};
}

bool areApart(simt::BoxStoreOp a, simt::BoxStoreOp b) {
  if (a.getMap() != b.getMap())
    return false;
  for (auto [d, x, y] :
       llvm::enumerate(a.getCoordinates(), b.getCoordinates())) {
    auto [baseX, offsetX] = splitCoordinate(x);
    auto [baseY, offsetY] = splitCoordinate(y);
    bool isFirst = offsetX <= offsetY;
    int64_t extent = (isFirst ? a : b).getSource().getType().getShape()[d];
    if (baseX == baseY && std::abs(offsetX - offsetY) >= extent)
      return true;
  }
  return false;
}

bool stepsApart(simt::BoxStoreOp store, Operation *around) {
  auto loop = dyn_cast<scf::ForOp>(around);
  APInt step;
  if (!loop || store->getParentOfType<LoopLikeOpInterface>() != around ||
      !matchPattern(loop.getStep(), m_ConstantInt(&step)))
    return false;
  for (auto [d, coordinate] : llvm::enumerate(store.getCoordinates()))
    if (splitCoordinate(coordinate).first == loop.getInductionVar() &&
        step.getSExtValue() >= store.getSource().getType().getShape()[d])
      return true;
  return false;
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
        Type type = store.getValue().getType();
        uint64_t beside = bytesBeside(store);
        std::optional<StorePlan> plan =
            beside < machine->sharedBytes
                ? planStore(type, machine->sharedBytes - beside, *machine)
                : std::nullopt;
        InFlightDiagnostic remark = store->emitRemark("simt-box-stores: ");
        if (plan) {
          remark << "box store through " << plan->bytes()
                 << " bytes of shared memory";
          if (plan->slices > 1)
            remark << ", in " << plan->slices << " slices";
          remark.report();
          make(store, *plan);
          continue;
        }
        uint64_t bytes = storeBytes(type, *machine);
        remark << "stored by lanes, not boxes: with its buffer of " << bytes
               << " bytes the kernel would need " << beside + bytes
               << " bytes of shared memory, the target has "
               << machine->sharedBytes;
        remark.report();
        expandDescriptorStore(store, coalescedType(store, *machine));
      }
    }
  }

private:
  uint64_t bytesBeside(tile::DescriptorStoreOp store);
  void make(tile::DescriptorStoreOp store, const StorePlan &plan);

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

void SimtBoxStores::make(tile::DescriptorStoreOp store, const StorePlan &plan) {
  auto function = store->getParentOfType<func::FuncOp>();
  OpBuilder builder(&getContext());
  builder.setInsertionPointToStart(&function.getBody().front());
  Value map = makeBoxMap(builder, store, plan.buffer,
                         *planBoxes(plan.buffer, *machine));
  builder.setInsertionPoint(store);
  Location loc = store.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getI32IntegerAttr(value));
  };
  // The launcher's tensors have one element at least. Of an empty one the block
  // is outside, where its elements are compared with the true extents.
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
    at[0] = arith::SelectOp::create(builder, loc, isThere, at[0], constant(-1));
  simt::SharedType buffer = plan.buffer;
  if (plan.buffers > 1) {
    SmallVector<int64_t> shape{int64_t(plan.buffers)};
    llvm::append_range(shape, buffer.getShape());
    buffer = simt::SharedType::get(shape, buffer.getElementType(),
                                   buffer.getLayout());
  }
  Value alloc = simt::SharedAllocOp::create(builder, loc, buffer);
  int64_t columns = plan.buffer.getShape()[1];
  // A slice is made narrower when it is its turn.
  auto narrow = store.getValue().getDefiningOp<arith::TruncFOp>();
  if (narrow && !narrow->hasOneUse())
    narrow = {};
  Value whole = narrow ? narrow.getIn() : store.getValue();
  for (auto [i, slice] :
       llvm::enumerate(slicesOf(builder, whole, plan.slices))) {
    Value to = alloc;
    if (plan.buffers > 1)
      to = simt::SharedIndexOp::create(builder, loc, alloc,
                                       constant(int64_t(i) % plan.buffers));
    SmallVector<Value, 2> place(at);
    if (i)
      place[1] = arith::AddIOp::create(builder, loc, at[1],
                                       constant(int64_t(i) * columns));
    if (narrow) {
      auto part = cast<arith::TruncFOp>(builder.clone(*narrow));
      part.getInMutable().set(slice);
      part.getResult().setType(tile::withElement(
          slice.getType(), tile::elementOf(narrow.getType())));
      slice = part.getResult();
    }
    simt::SharedStoreOp::create(builder, loc, slice, to);
    simt::BoxStoreOp::create(builder, loc, to, map, place);
  }
  store.erase();
  if (narrow)
    narrow.erase();
}

} // namespace

std::unique_ptr<Pass> createSimtBoxStores(MachinePtr machine,
                                          const SimtOptions &) {
  return std::make_unique<SimtBoxStores>(std::move(machine));
}

} // namespace tilesdk::optimizer
