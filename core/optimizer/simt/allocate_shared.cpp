//===- allocate_shared.cpp - Offsets in shared memory -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/buffers.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/scratch.h"
#include "core/target/target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tilesdk::optimizer {
namespace {

/// Something that needs bytes while the program is between two of its places.
struct User {
  Operation *op;
  uint64_t bytes, alignment;
  unsigned begin, end; ///< Numbers of ops, both included.
  /// The partition it is private to; null: outside of partitions.
  Region *partition = nullptr;
  /// Of a ring: the first partition, where what begins behind `ringEnd` may
  /// have the memory.
  Region *ringPartition = nullptr;
  unsigned ringEnd = 0;
  uint64_t offset = 0;
};

/// The partition that \p op stands in, or null.
Region *partitionOf(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent;
       op = parent, parent = parent->getParentOp())
    if (isa<simt::WarpSpecializeOp>(parent))
      return op->getParentRegion();
  return nullptr;
}

/// What \p op has shared memory for, in the words of a user.
std::string purposeOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (auto alloc = dyn_cast<simt::SharedAllocOp>(op)) {
    auto type = cast<simt::SharedType>(alloc.getType());
    int64_t buffers = type.getNumBuffers();
    if (buffers == 1)
      stream << "a buffer of ";
    else
      stream << buffers << " buffers of ";
    llvm::interleave(type.getBufferShape(), stream, " x ");
    stream << " " << type.getElementType();
  } else if (isa<simt::BarriersInitOp>(op)) {
    stream << "barriers";
  } else if (isa<simt::ConvertLayoutOp>(op)) {
    stream << "elements that change threads";
  } else {
    stream << "what threads exchange for '" << op->getName() << "'";
  }
  return text;
}

struct AllocateShared : PassWrapper<AllocateShared, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AllocateShared)
  explicit AllocateShared(MachinePtr machine) : machine(std::move(machine)) {}
  StringRef getName() const override { return "SimtAllocateShared"; }
  StringRef getArgument() const override { return "simt-allocate-shared"; }
  StringRef getDescription() const override {
    return "Give buffers and scratch their offsets in shared memory";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<simt::SimtDialect>();
  }

  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      function = kernel;
      if (failed(allocate()))
        return signalPassFailure();
    }
  }

private:
  LogicalResult allocate() {
    places.clear();
    unsigned next = 0;
    number(function, next);
    SmallVector<User> users;
    function.walk([&](Operation *op) { addUser(op, users); });
    uint64_t total = place(users);
    if (total > machine->sharedBytes) {
      report(users, total);
      return failure();
    }
    OpBuilder builder(&getContext());
    for (const User &user : users) {
      auto offset = builder.getI32IntegerAttr(user.offset);
      if (auto alloc = dyn_cast<simt::SharedAllocOp>(user.op))
        alloc.setOffsetAttr(offset);
      else if (auto barriers = dyn_cast<simt::BarriersInitOp>(user.op))
        barriers.setOffsetAttr(offset);
      else
        user.op->setAttr(simt::attr::scratch, offset);
    }
    function->setAttr(simt::attr::sharedBytes,
                      builder.getI32IntegerAttr(total));
    return success();
  }

  /// Ops are numbered when they begin and when they end.
  void number(Operation *op, unsigned &next) {
    unsigned begin = next++;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          number(&inner, next);
    places[op] = {begin, next++};
  }

  /// \p use happens while something defined at \p definition is needed: until
  /// the end of the outermost loop, or group of partitions, between them.
  void extend(User &user, Operation *definition, Operation *use) {
    Operation *last = use;
    for (Operation *op = use; op && op->getBlock() != definition->getBlock();) {
      op = op->getParentOp();
      if (!op)
        break;
      if (isa<LoopLikeOpInterface, simt::WarpSpecializeOp>(op))
        last = op;
    }
    user.begin = std::min(user.begin, places[last].first);
    user.end = std::max(user.end, places[last].second);
  }

  void addUser(Operation *op, SmallVectorImpl<User> &users) {
    User user{op,
              0,
              scratchAlignment,
              places[op].first,
              places[op].second,
              partitionOf(op)};
    if (auto barriers = dyn_cast<simt::BarriersInitOp>(op)) {
      user.bytes = 8 * barriers.getType().getCount();
      // Nothing says when the last thread is through with them.
      user.end = places[function].second;
      user.partition = nullptr;
    } else if (auto alloc = dyn_cast<simt::SharedAllocOp>(op)) {
      auto type = alloc.getType();
      user.bytes = type.getBytes();
      user.alignment = type.getAlignment();
      addBufferUses(user, alloc);
    } else {
      user.bytes = scratchBytes(op, *machine);
    }
    if (user.bytes)
      users.push_back(user);
  }

  void addBufferUses(User &user, simt::SharedAllocOp alloc) {
    bool isRing = alloc->hasAttr(ringAttr);
    forEachBufferUse(alloc.getResult(), [&](OpOperand &use, Value) {
      Operation *op = use.getOwner();
      extend(user, alloc, op);
      if (isRing)
        extendRing(user, op);
      // Handed on to the next iteration: needed all through the loop.
      if (isa<scf::YieldOp>(op) &&
          isa<LoopLikeOpInterface>(op->getParentOp())) {
        user.begin = std::min(user.begin, places[op->getParentOp()].first);
        extend(user, alloc, op->getParentOp());
      }
      // What is under way needs the buffer until it is waited for.
      if (isa<simt::AsyncCopyOp>(op))
        addTokenUses(user, alloc, op->getResult(0));
      if (isa<simt::MmaAsyncOp>(op))
        addWait<simt::MmaWaitOp>(user, alloc, op);
      // Whoever gets the memory of a box that is stored waits for it.
      if (isa<simt::BoxStoreOp>(op) && findWait<simt::BoxStoreWaitOp>(op))
        addWait<simt::BoxStoreWaitOp>(user, alloc, op);
    });
  }

  /// A use of a ring in the first partition.
  void extendRing(User &user, Operation *op) {
    auto partitions = op->getParentOfType<simt::WarpSpecializeOp>();
    if (!partitions)
      return;
    Region &first = partitions.getPartitions()[0];
    user.ringPartition = &first;
    Operation *last = first.front().findAncestorOpInBlock(*op);
    if (!last)
      return;
    user.ringEnd = std::max(user.ringEnd, places[last].second);
    if (!isa<simt::MmaAsyncOp>(op))
      return;
    Operation *wait = findWait<simt::MmaWaitOp>(op);
    last = wait ? first.front().findAncestorOpInBlock(*wait) : nullptr;
    user.ringEnd =
        std::max(user.ringEnd, places[last ? last : partitions].second);
  }

  void addTokenUses(User &user, Operation *alloc, Value token) {
    llvm::SetVector<Value> tokens;
    tokens.insert(token);
    for (size_t i = 0; i < tokens.size(); ++i)
      forEachBufferUse(tokens[i], [&](OpOperand &use, Value) {
        extend(user, alloc, use.getOwner());
        for (Value result : use.getOwner()->getResults())
          if (isa<simt::TokenType>(result.getType()))
            tokens.insert(result);
      });
  }

  /// The first wait for everything behind \p op in its block or, where that has
  /// none, in one around it.
  template <typename Wait> Operation *findWait(Operation *op) {
    for (Operation *at = op; at && at != function; at = at->getParentOp())
      for (Operation *next = at->getNextNode(); next;
           next = next->getNextNode()) {
        auto wait = dyn_cast<Wait>(next);
        if (wait && wait.getPending() == 0)
          return wait;
      }
    return nullptr;
  }

  template <typename Wait>
  void addWait(User &user, Operation *alloc, Operation *op) {
    Operation *wait = findWait<Wait>(op);
    if (!wait)
      user.end = places[function].second;
    else if (alloc->getBlock()->findAncestorOpInBlock(*wait))
      extend(user, alloc, wait);
  }

  static bool conflict(const User &a, const User &b) {
    if (a.partition && b.partition && a.partition != b.partition &&
        a.partition->getParentOp() == b.partition->getParentOp())
      return true; // At the same time, whatever the order in the text.
    auto isBehind = [](const User &ring, const User &other) {
      return ring.ringPartition && other.partition == ring.ringPartition &&
             other.begin > ring.ringEnd;
    };
    if (isBehind(a, b) || isBehind(b, a))
      return false;
    return a.begin <= b.end && b.begin <= a.end;
  }

  /// Largest first, each at the lowest offset that is free.
  uint64_t place(SmallVectorImpl<User> &users) {
    SmallVector<User *> order;
    for (User &user : users)
      order.push_back(&user);
    llvm::sort(order, [](const User *a, const User *b) {
      return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
    });
    uint64_t total = 0;
    SmallVector<User *> placed; // By offset.
    for (User *user : order) {
      uint64_t offset = 0;
      for (User *other : placed) {
        if (!conflict(*user, *other))
          continue;
        if (offset + user->bytes <= other->offset)
          break;
        offset = std::max(offset, llvm::alignTo(other->offset + other->bytes,
                                                user->alignment));
      }
      user->offset = offset;
      total = std::max(total, offset + user->bytes);
      auto at =
          llvm::upper_bound(placed, user, [](const User *a, const User *b) {
            return a->offset < b->offset;
          });
      placed.insert(at, user);
    }
    return llvm::alignTo(total, scratchAlignment);
  }

  void report(ArrayRef<User> users, uint64_t total) {
    SmallVector<const User *> largest;
    for (const User &user : users)
      largest.push_back(&user);
    llvm::sort(largest, [](const User *a, const User *b) {
      return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
    });
    InFlightDiagnostic error = function.emitError()
                               << "the kernel needs " << total
                               << " bytes of shared memory, the target has "
                               << machine->sharedBytes
                               << "; use smaller tiles or a smaller num_stages";
    for (const User *user : ArrayRef(largest).take_front(4))
      error.attachNote(user->op->getLoc())
          << user->bytes << " bytes: " << purposeOf(user->op);
  }

  MachinePtr machine;
  func::FuncOp function;
  llvm::DenseMap<Operation *, std::pair<unsigned, unsigned>> places;
};

} // namespace

std::unique_ptr<Pass> createSimtAllocateShared(MachinePtr machine,
                                               const SimtOptions &) {
  return std::make_unique<AllocateShared>(std::move(machine));
}

} // namespace tilesdk::optimizer
