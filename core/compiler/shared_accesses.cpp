//===- shared_accesses.cpp - Bank cycles of what was emitted ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/shared_accesses.h"

#include "core/target/target.h"

#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/TargetParser/Triple.h"

#include <map>

namespace tilesdk::compiler {

using namespace llvm;

namespace {

constexpr unsigned sharedSpace = 3;
constexpr unsigned maxLanes = 64;
/// Chains of operations longer than this are not followed.
constexpr unsigned maxDepth = 512;

/// A value in each lane of a warp.
struct Lanes {
  uint64_t v[maxLanes] = {};
  /// False: lanes differ in a way that is not known before the kernel runs.
  bool isKnown = true;
  /// False: something that all lanes share was taken for zero.
  bool isExact = true;
};

class Counter {
public:
  Counter(Function &function, const target::Machine &machine)
      : function(function), machine(machine), dominators(function),
        loops(dominators), order(&function), memory(machine.conversion(4)),
        layout(function.getParent()->getDataLayout()) {}

  SharedAccesses count(uint32_t warps);

private:
  using Mask = std::vector<bool>;

  const Lanes &evaluate(const Value *value, unsigned depth = 0);
  Lanes compute(const Value *value, unsigned depth);
  Lanes address(const GEPOperator &gep, unsigned depth);
  Lanes binary(const Instruction &in, unsigned depth);
  Lanes called(const CallBase &call, unsigned depth);
  template <typename Fn>
  Lanes map(const Value *a, const Value *b, unsigned depth, Fn fn);
  void spread(const BasicBlock &block);
  void access(const Instruction &in, const Value *pointer,
              const target::SharedRow *row, const Mask &mask);
  const target::SharedRow *plainRow(uint64_t bytes, bool isStore) const;
  const target::SharedRow *matrixRow(StringRef name) const;
  uint64_t executions(const BasicBlock *block);

  Function &function;
  const target::Machine &machine;
  DominatorTree dominators;
  LoopInfo loops;
  ReversePostOrderTraversal<Function *> order;
  layout::ConversionMachine memory;
  const DataLayout &layout;
  std::unique_ptr<TargetLibraryInfoImpl> libraryInfo;
  std::unique_ptr<TargetLibraryInfo> library;
  std::unique_ptr<AssumptionCache> assumptions;
  std::unique_ptr<ScalarEvolution> evolution;

  uint32_t warp = 0;
  DenseMap<const Value *, std::unique_ptr<Lanes>> known;
  DenseMap<const BasicBlock *, Mask> masks;
  DenseMap<const Instruction *, size_t> places;
  DenseSet<const Instruction *> dynamic;
  SharedAccesses result;
};

Lanes all(uint64_t value, bool isExact = true) {
  Lanes lanes;
  std::fill(std::begin(lanes.v), std::end(lanes.v), value);
  lanes.isExact = isExact;
  return lanes;
}

Lanes unknown() {
  Lanes lanes;
  lanes.isKnown = lanes.isExact = false;
  return lanes;
}

unsigned widthOf(const Type *type) {
  return type->isIntegerTy() ? std::min(type->getIntegerBitWidth(), 64u) : 64;
}

uint64_t cut(uint64_t value, unsigned width) {
  return width >= 64 ? value : value & ((uint64_t(1) << width) - 1);
}

int64_t extend(uint64_t value, unsigned width) {
  return width >= 64 ? int64_t(value)
                     : int64_t(value << (64 - width)) >> (64 - width);
}

template <typename Fn>
Lanes Counter::map(const Value *a, const Value *b, unsigned depth, Fn fn) {
  // References into the table stay: it holds pointers.
  const Lanes &x = evaluate(a, depth), &y = evaluate(b, depth);
  if (!x.isKnown || !y.isKnown)
    return unknown();
  Lanes lanes;
  for (unsigned i = 0; i < machine.warpSize; ++i)
    lanes.v[i] = fn(x.v[i], y.v[i]);
  lanes.isExact = x.isExact && y.isExact;
  return lanes;
}

Lanes Counter::binary(const Instruction &in, unsigned depth) {
  const Value *a = in.getOperand(0), *b = in.getOperand(1);
  unsigned width = widthOf(in.getType());
  auto with = [&](auto fn) {
    return map(a, b, depth,
               [&](uint64_t x, uint64_t y) { return cut(fn(x, y), width); });
  };
  switch (in.getOpcode()) {
  case Instruction::Add:
    return with([](uint64_t x, uint64_t y) { return x + y; });
  case Instruction::Sub:
    return with([](uint64_t x, uint64_t y) { return x - y; });
  case Instruction::Mul:
    return with([](uint64_t x, uint64_t y) { return x * y; });
  case Instruction::And:
    return with([](uint64_t x, uint64_t y) { return x & y; });
  case Instruction::Or:
    return with([](uint64_t x, uint64_t y) { return x | y; });
  case Instruction::Xor:
    return with([](uint64_t x, uint64_t y) { return x ^ y; });
  case Instruction::Shl:
    return with([](uint64_t x, uint64_t y) { return y < 64 ? x << y : 0; });
  case Instruction::LShr:
    return with([](uint64_t x, uint64_t y) { return y < 64 ? x >> y : 0; });
  case Instruction::AShr:
    return with([&](uint64_t x, uint64_t y) {
      return uint64_t(extend(x, width) >> std::min<uint64_t>(y, 63));
    });
  case Instruction::UDiv:
    return with([](uint64_t x, uint64_t y) { return y ? x / y : 0; });
  case Instruction::URem:
    return with([](uint64_t x, uint64_t y) { return y ? x % y : 0; });
  case Instruction::SDiv:
    return with([&](uint64_t x, uint64_t y) {
      int64_t d = extend(y, width);
      return d == 0 || d == -1 ? 0 : uint64_t(extend(x, width) / d);
    });
  case Instruction::SRem:
    return with([&](uint64_t x, uint64_t y) {
      int64_t d = extend(y, width);
      return d == 0 || d == -1 ? 0 : uint64_t(extend(x, width) % d);
    });
  default:
    return unknown();
  }
}

Lanes Counter::address(const GEPOperator &gep, unsigned depth) {
  unsigned bits = layout.getIndexTypeSizeInBits(gep.getType());
  SmallMapVector<Value *, APInt, 4> variable;
  APInt constant(bits, 0);
  if (gep.getType()->isVectorTy() ||
      !gep.collectOffset(layout, bits, variable, constant))
    return unknown();
  Lanes sum = evaluate(gep.getPointerOperand(), depth);
  for (auto &[value, scale] : variable) {
    const Lanes &index = evaluate(value, depth);
    sum.isKnown &= index.isKnown;
    sum.isExact &= index.isExact;
    unsigned width = widthOf(value->getType());
    for (unsigned i = 0; i < machine.warpSize; ++i)
      sum.v[i] += uint64_t(extend(index.v[i], width) * scale.getSExtValue());
  }
  for (unsigned i = 0; i < machine.warpSize; ++i)
    sum.v[i] += uint64_t(constant.getSExtValue());
  return sum;
}

/// Functions of the device library that say who a thread is.
Lanes Counter::called(const CallBase &call, unsigned depth) {
  const Function *callee = call.getCalledFunction();
  StringRef name = callee ? callee->getName() : "";
  if (name == "tsdk.warp_id")
    return all(warp);
  if (name == "tsdk.lane_id" || name == "tsdk.thread_id") {
    Lanes lanes;
    uint64_t first = name == "tsdk.lane_id" ? 0 : warp * machine.warpSize;
    for (unsigned i = 0; i < machine.warpSize; ++i)
      lanes.v[i] = first + i;
    return lanes;
  }
  if (name == "tsdk.shared.base")
    return all(0);
  if (name.starts_with("tsdk.program_id.") ||
      name.starts_with("tsdk.num_programs."))
    return all(0, false);
  if (name == "tsdk.warp.uniform.i32")
    return evaluate(call.getArgOperand(0), depth);
  return unknown();
}

Lanes Counter::compute(const Value *value, unsigned depth) {
  if (const auto *number = dyn_cast<ConstantInt>(value))
    return number->getBitWidth() <= 64 ? all(number->getZExtValue())
                                       : unknown();
  if (isa<ConstantPointerNull>(value))
    return all(0);
  if (isa<Argument>(value))
    return all(0, false);
  if (const auto *gep = dyn_cast<GEPOperator>(value))
    return address(*gep, depth);
  const auto *in = dyn_cast<Instruction>(value);
  if (!in)
    return unknown();
  if (in->isBinaryOp())
    return in->getType()->isIntegerTy() ? binary(*in, depth) : unknown();
  const Value *first = in->getNumOperands() ? in->getOperand(0) : nullptr;
  switch (in->getOpcode()) {
  case Instruction::ICmp: {
    const auto *compare = cast<ICmpInst>(in);
    Type *type = first->getType();
    if (!type->isIntegerTy() && !type->isPointerTy())
      return unknown();
    unsigned width = widthOf(type);
    return map(first, in->getOperand(1), depth, [&](uint64_t x, uint64_t y) {
      return ICmpInst::compare(APInt(64, uint64_t(extend(x, width))),
                               APInt(64, uint64_t(extend(y, width))),
                               compare->getPredicate());
    });
  }
  case Instruction::Select: {
    const Lanes &which = evaluate(first, depth);
    const Lanes &a = evaluate(in->getOperand(1), depth),
                &b = evaluate(in->getOperand(2), depth);
    if (!which.isKnown || !a.isKnown || !b.isKnown)
      return unknown();
    Lanes lanes;
    for (unsigned i = 0; i < machine.warpSize; ++i)
      lanes.v[i] = which.v[i] ? a.v[i] : b.v[i];
    lanes.isExact = which.isExact && a.isExact && b.isExact;
    return lanes;
  }
  case Instruction::ZExt:
  case Instruction::Freeze:
  case Instruction::PtrToInt:
  case Instruction::IntToPtr:
  case Instruction::AddrSpaceCast:
    return evaluate(first, depth);
  case Instruction::Trunc:
  case Instruction::SExt: {
    Lanes lanes = evaluate(first, depth);
    unsigned from = widthOf(first->getType()), to = widthOf(in->getType());
    for (uint64_t &v : lanes.v)
      v = cut(uint64_t(extend(v, std::min(from, to))), to);
    return lanes;
  }
  case Instruction::Load: {
    // What all lanes read at one place is the same for them.
    Lanes from = evaluate(first, depth);
    for (uint64_t v : ArrayRef(from.v, machine.warpSize))
      from.isKnown &= v == from.v[0];
    return from.isKnown ? all(0, false) : unknown();
  }
  case Instruction::PHI: {
    const auto *phi = cast<PHINode>(in);
    const Loop *loop = loops.getLoopFor(phi->getParent());
    bool isLoop = loop && loop->getHeader() == phi->getParent();
    Lanes lanes;
    bool isFirst = true;
    for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i) {
      // The first iteration stands for all.
      if (isLoop && loop->contains(phi->getIncomingBlock(i)))
        continue;
      const Lanes &one = evaluate(phi->getIncomingValue(i), depth);
      if (!isFirst && !std::equal(lanes.v, lanes.v + machine.warpSize, one.v))
        return unknown();
      if (isFirst)
        lanes = one;
      lanes.isKnown &= one.isKnown;
      lanes.isExact &= one.isExact;
      isFirst = false;
    }
    lanes.isExact &= !isLoop;
    return lanes;
  }
  case Instruction::Call:
    return called(*cast<CallBase>(in), depth);
  default:
    return unknown();
  }
}

const Lanes &Counter::evaluate(const Value *value, unsigned depth) {
  auto found = known.find(value);
  if (found != known.end())
    return *found->second;
  auto lanes = std::make_unique<Lanes>(
      depth > maxDepth ? unknown() : compute(value, depth + 1));
  return *(known[value] = std::move(lanes));
}

/// Hands the mask of a block to those after it.
void Counter::spread(const BasicBlock &block) {
  const Mask mask = masks[&block];
  auto give = [&](const BasicBlock *to, auto isTaken) {
    Mask &other = masks[to];
    other.resize(machine.warpSize);
    for (unsigned i = 0; i < machine.warpSize; ++i)
      other[i] = other[i] || (mask[i] && isTaken(i));
  };
  const auto *branch = dyn_cast<BranchInst>(block.getTerminator());
  const Loop *loop = loops.getLoopFor(&block);
  // Where a loop ends is not known; lanes leave it together.
  bool isExit = loop && loop->isLoopExiting(&block);
  if (branch && branch->isConditional() && !isExit) {
    const Lanes &which = evaluate(branch->getCondition());
    if (which.isKnown && which.isExact) {
      give(branch->getSuccessor(0), [&](unsigned i) { return which.v[i]; });
      give(branch->getSuccessor(1), [&](unsigned i) { return !which.v[i]; });
      return;
    }
  }
  for (const BasicBlock *to : successors(&block))
    give(to, [](unsigned) { return true; });
}

const target::SharedRow *Counter::plainRow(uint64_t bytes, bool isStore) const {
  for (const target::SharedRow &row : machine.shared)
    if (!row.isMatrix && row.isStore == isStore && row.bytes == bytes)
      return &row;
  return nullptr;
}

const target::SharedRow *Counter::matrixRow(StringRef name) const {
  for (const target::SharedRow &row : machine.shared)
    if (row.isMatrix && name == row.name)
      return &row;
  return nullptr;
}

uint64_t Counter::executions(const BasicBlock *block) {
  uint64_t product = 1;
  for (const Loop *loop = loops.getLoopFor(block); loop;
       loop = loop->getParentLoop()) {
    if (!evolution) {
      libraryInfo = std::make_unique<TargetLibraryInfoImpl>(Triple());
      library = std::make_unique<TargetLibraryInfo>(*libraryInfo);
      assumptions = std::make_unique<AssumptionCache>(function);
      evolution = std::make_unique<ScalarEvolution>(
          function, *library, *assumptions, dominators, loops);
    }
    const BasicBlock *exiting = loop->getExitingBlock();
    uint64_t times =
        exiting ? evolution->getSmallConstantTripCount(loop, exiting) : 0;
    if (!times)
      return 0;
    // What comes behind the test is not done the last time.
    if (!dominators.dominates(block, exiting))
      --times;
    product *= times;
  }
  return product;
}

void Counter::access(const Instruction &in, const Value *pointer,
                     const target::SharedRow *row, const Mask &mask) {
  bool isSomeone = llvm::is_contained(mask, true);
  if (!isSomeone)
    return;
  const Lanes &at = evaluate(pointer);
  if (!row || !at.isKnown) {
    if (dynamic.insert(&in).second)
      ++result.dynamic;
    return;
  }
  auto [place, isNew] = places.try_emplace(&in, result.list.size());
  if (isNew) {
    SharedAccess made;
    if (const DILocation *loc = in.getDebugLoc()) {
      made.line = loc->getLine();
      const DISubprogram *kernel = function.getSubprogram();
      if (kernel && loc->getFilename() != kernel->getFilename())
        made.file = loc->getFilename().str();
    }
    made.isStore = row->isStore;
    made.isMatrix = row->isMatrix;
    made.bytes = row->bytes;
    made.executions = executions(in.getParent());
    result.list.push_back(made);
  }
  SharedAccess &one = result.list[place->second];
  ++one.instructions;
  std::vector<std::optional<uint64_t>> addresses(machine.warpSize);
  for (uint32_t lane = 0; lane < machine.warpSize; ++lane)
    if (row->isMatrix ? lane < row->rows : bool(mask[lane]))
      addresses[lane] = at.v[lane];
  layout::AccessCycles cycles = layout::cyclesOfAccess(
      addresses, {row->bytes, row->phases, machine.mergesPairs(*row)},
      memory.shared);
  one.wavefronts += cycles.cycles;
  one.conflicts += cycles.conflicts;
}

SharedAccesses Counter::count(uint32_t warps) {
  for (warp = 0; warp < warps; ++warp) {
    known.clear();
    masks.clear();
    masks[&function.getEntryBlock()].assign(machine.warpSize, true);
    for (const BasicBlock *block : order) {
      masks[block].resize(machine.warpSize);
      const Mask mask = masks[block];
      for (const Instruction &in : *block) {
        if (const auto *load = dyn_cast<LoadInst>(&in)) {
          if (load->getPointerAddressSpace() == sharedSpace)
            access(in, load->getPointerOperand(),
                   plainRow(layout.getTypeStoreSize(load->getType()), false),
                   mask);
        } else if (const auto *store = dyn_cast<StoreInst>(&in)) {
          if (store->getPointerAddressSpace() == sharedSpace)
            access(in, store->getPointerOperand(),
                   plainRow(layout.getTypeStoreSize(
                                store->getValueOperand()->getType()),
                            true),
                   mask);
        } else if (const auto *call = dyn_cast<CallInst>(&in)) {
          const Function *callee = call->getCalledFunction();
          StringRef name = callee ? callee->getName() : "";
          if (name.consume_front("tsdk.shared.load.") ||
              name.consume_front("tsdk.shared.store."))
            access(in, call->getArgOperand(0), matrixRow(name), mask);
        }
      }
      spread(*block);
    }
  }
  return std::move(result);
}

} // namespace

llvm::json::Object SharedAccesses::toJson() const {
  struct Sum {
    uint64_t instructions = 0, wavefronts = 0, conflicts = 0;
    llvm::json::Object json() const {
      return llvm::json::Object{{"instructions", instructions},
                                {"wavefronts", wavefronts},
                                {"conflicts", conflicts}};
    }
  };
  Sum sums[2];
  bool isComplete = dynamic == 0;
  std::map<std::tuple<std::string, unsigned, bool, bool, uint32_t>, Sum> lines;
  for (const SharedAccess &one : list) {
    // An unknown number of times counts as one.
    uint64_t times = one.executions ? one.executions : 1;
    isComplete &= one.executions != 0;
    for (Sum *sum :
         {&sums[one.isStore],
          &lines[{one.file, one.line, one.isStore, one.isMatrix, one.bytes}]}) {
      sum->instructions += one.instructions * times;
      sum->wavefronts += one.wavefronts * times;
      sum->conflicts += one.conflicts * times;
    }
  }
  llvm::json::Array rows;
  for (const auto &[key, sum] : lines) {
    llvm::json::Object row = sum.json();
    if (!std::get<0>(key).empty())
      row["file"] = llvm::json::fixUTF8(std::get<0>(key));
    row["line"] = std::get<1>(key);
    row["kind"] = std::get<2>(key) ? "store" : "load";
    row["matrix"] = std::get<3>(key);
    row["bytes"] = std::get<4>(key);
    rows.push_back(std::move(row));
  }
  return llvm::json::Object{{"load", sums[0].json()},
                            {"store", sums[1].json()},
                            {"dynamic", dynamic},
                            {"complete", isComplete},
                            {"lines", std::move(rows)}};
}

SharedAccesses countSharedAccesses(Function &function,
                                   const target::Machine &machine,
                                   uint32_t warps) {
  if (machine.warpSize > maxLanes)
    return {};
  return Counter(function, machine).count(warps);
}

} // namespace tilesdk::compiler
