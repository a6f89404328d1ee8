//===- delay_products.cpp - Products made where they are used -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel that makes the next iteration's product before it uses the one at
// hand, so that matrix instructions run beside other ones, gains nothing where
// a warp waits for each of them, and pays for it with the registers of a second
// result. There the loop carries the place of the operands in memory instead of
// the product, which is made at the beginning of the iteration that takes it.
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/loop_loads.h"
#include "core/optimizer/simt/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tilesdk::optimizer {

#define GEN_PASS_DEF_SIMTDELAYPRODUCTS
#include "core/optimizer/simt/passes.h.inc"

namespace {

/// How one value that a loop carries is made: by the same ops before the loop
/// and in it, of scalars and of what is the same in each iteration.
class CarriedProduct {
public:
  CarriedProduct(scf::ForOp loop, unsigned index,
                 const target::Machine &machine)
      : loop(loop), index(index), machine(machine) {}

  /// Whether the value is a product that may be made an iteration later, and
  /// gains from it. A remark says what stands in the way.
  bool find();
  /// Puts a loop in the place of the loop that carries the scalars.
  scf::ForOp delay(IRRewriter &rewriter);

private:
  /// Of one scalar the value at the end of an iteration and before the loop.
  using Scalar = std::pair<Value, Value>;

  bool match(Value inLoop, Value before);
  bool hasBlockingProduct() const;
  /// Whether what \p op makes is made for the carried value alone.
  bool isMadeForItAlone(Operation *op);
  /// What keeps the loads behind those before the loop, or in it; null: they
  /// may be made later.
  Operation *obstacle();
  /// The ops again, of \p values in the place of the scalars.
  Value make(OpBuilder &builder, ValueRange values) const;

  scf::ForOp loop;
  unsigned index;
  const target::Machine &machine;
  /// Of the body, and the one before the loop that does the same; operands come
  /// first.
  llvm::MapVector<Operation *, Operation *> ops;
  llvm::SetVector<Scalar> scalars;
};

} // namespace

bool CarriedProduct::match(Value inLoop, Value before) {
  if (inLoop == before)
    return true;
  if (inLoop.getType() != before.getType())
    return false;
  if (!isTensor(inLoop)) {
    scalars.insert({inLoop, before});
    return true;
  }
  Operation *op = inLoop.getDefiningOp(), *same = before.getDefiningOp();
  if (!op || !same || op->getBlock() != loop.getBody() ||
      same->getBlock() != loop->getBlock())
    return false;
  if (auto found = ops.find(op); found != ops.end())
    return found->second == same;
  if (op->getName() != same->getName() || op->getNumResults() != 1 ||
      op->getNumRegions() || op->getNumOperands() != same->getNumOperands() ||
      op->getPropertiesAsAttribute() != same->getPropertiesAsAttribute() ||
      !(isMemoryEffectFree(op) || hasSingleEffect<MemoryEffects::Read>(op)))
    return false;
  for (auto [operand, other] :
       llvm::zip(op->getOperands(), same->getOperands()))
    if (!match(operand, other))
      return false;
  ops.insert({op, same});
  return true;
}

bool CarriedProduct::hasBlockingProduct() const {
  for (auto [op, same] : ops)
    if (auto name = op->getAttrOfType<StringAttr>(simt::attr::row))
      if (const target::MatrixRow *row = machine.matrixRow(name.getValue());
          row && row->isBlocking)
        return true;
  return false;
}

bool CarriedProduct::isMadeForItAlone(Operation *op) {
  Type type = op->getResult(0).getType();
  // Addresses and masks may be made twice.
  if (tile::isIntLike(type) || tile::isPtrLike(type))
    return true;
  auto yield = loop.getBody()->getTerminator();
  return llvm::all_of(op->getUses(), [&](OpOperand &use) {
    return ops.contains(use.getOwner()) ||
           (use.getOwner() == yield && use.getOperandNumber() == index);
  });
}

Operation *CarriedProduct::obstacle() {
  Operation *first = loop;
  for (auto [op, same] : ops)
    if (!isMemoryEffectFree(same) && same->isBeforeInBlock(first))
      first = same;
  for (Operation *op = first; op != loop; op = op->getNextNode())
    if (Operation *found = orderedIn(op))
      return found;
  return orderedIn(loop);
}

bool CarriedProduct::find() {
  BlockArgument carried = loop.getRegionIterArg(index);
  if (!isTensor(carried) || carried.use_empty() ||
      !match(loop.getYieldedValues()[index], loop.getInitArgs()[index]) ||
      !hasBlockingProduct() || !llvm::all_of(ops, [&](const auto &entry) {
        return isMadeForItAlone(entry.first);
      }))
    return false;
  Operation *product = ops.back().first;
  if (Operation *found = obstacle()) {
    product->emitRemark("simt-delay-products: the next iteration's product is "
                        "held in registers: its operands may not be loaded "
                        "later")
            .attachNote(found->getLoc())
        << "because of '" << found->getName() << "'";
    return false;
  }
  product->emitRemark("simt-delay-products: made in the iteration that takes "
                      "it: a warp waits for its matrix instructions");
  return true;
}

Value CarriedProduct::make(OpBuilder &builder, ValueRange values) const {
  IRMapping mapping;
  // Two pairs may have the same value in the loop, but another one before it;
  // then the operands of the ops say which is meant.
  Operation *made = nullptr;
  for (auto [op, same] : ops) {
    made = builder.clone(*op, mapping);
    for (auto [i, operand, other] :
         llvm::enumerate(op->getOperands(), same->getOperands()))
      for (auto [scalar, value] : llvm::zip(scalars, values))
        if (scalar == Scalar(operand, other))
          made->setOperand(i, value);
  }
  return made->getResult(0);
}

scf::ForOp CarriedProduct::delay(IRRewriter &rewriter) {
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  auto withScalars = [&](ValueRange values, auto choose) {
    SmallVector<Value> result(values);
    result.erase(result.begin() + index);
    for (const Scalar &scalar : scalars)
      result.push_back(choose(scalar));
    return result;
  };
  auto inLoop = [](const Scalar &scalar) { return scalar.first; };
  auto before = [](const Scalar &scalar) { return scalar.second; };

  rewriter.setInsertionPoint(loop);
  auto newLoop = scf::ForOp::create(
      rewriter, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(),
      loop.getStep(), withScalars(loop.getInitArgs(), before),
      [](OpBuilder &, Location, Value, ValueRange) {}, loop.getUnsignedCmp());
  newLoop->setDiscardableAttrs(loop->getDiscardableAttrDictionary());

  rewriter.setInsertionPointToStart(newLoop.getBody());
  SmallVector<Value> args(newLoop.getBody()->getArguments());
  ArrayRef<Value> places = ArrayRef(args).take_back(scalars.size());
  Value product = make(rewriter, places);
  args.resize(args.size() - scalars.size());
  args.insert(args.begin() + 1 + index, product);
  rewriter.modifyOpInPlace(yield, [&] {
    yield->setOperands(withScalars(yield.getOperands(), inLoop));
  });
  rewriter.setInsertionPointAfter(newLoop);
  SmallVector<Value> results(newLoop.getResults());
  ValueRange ends = newLoop.getResults().take_back(scalars.size());
  Value end = loop.getResult(index);
  Value last =
      end.use_empty() ? loop.getInitArgs()[index] : make(rewriter, ends);
  results.resize(results.size() - scalars.size());
  results.insert(results.begin() + index, last);

  rewriter.mergeBlocks(loop.getBody(), newLoop.getBody(), args);
  rewriter.replaceOp(loop, results);
  // Several ops of the body may do what one does before the loop.
  llvm::SetVector<Operation *> replaced;
  for (auto [op, same] : ops) {
    replaced.insert(op);
    replaced.insert(same);
  }
  for (Operation *op : llvm::reverse(replaced))
    if (isOpTriviallyDead(op))
      rewriter.eraseOp(op);
  return newLoop;
}

namespace {
struct SimtDelayProducts : impl::SimtDelayProductsBase<SimtDelayProducts> {
  explicit SimtDelayProducts(MachinePtr machine)
      : machine(std::move(machine)) {}

  void runOnOperation() override {
    if (llvm::none_of(machine->matrix, [](const target::MatrixRow &row) {
          return row.isBlocking;
        }))
      return;
    SmallVector<scf::ForOp> loops;
    getOperation().walk<WalkOrder::PreOrder>(
        [&](scf::ForOp loop) { loops.push_back(loop); });
    IRRewriter rewriter(&getContext());
    // What one loop ends with may be what the next one begins with.
    for (scf::ForOp loop : loops)
      for (unsigned index = 0; index < loop.getNumRegionIterArgs();) {
        CarriedProduct carried(loop, index, *machine);
        if (carried.find())
          loop = carried.delay(rewriter);
        else
          ++index;
      }
  }

  MachinePtr machine;
};
} // namespace

std::unique_ptr<Pass> createSimtDelayProducts(MachinePtr machine,
                                              const SimtOptions &) {
  return std::make_unique<SimtDelayProducts>(std::move(machine));
}

} // namespace tilesdk::optimizer
