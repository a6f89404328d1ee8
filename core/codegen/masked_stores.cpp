//===- masked_stores.cpp - Around a fault of X86 codegen --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM 22 merges a truncation into the masked store behind it, and then makes a
// scalar store of the wide type where the mask, or what is left of it in one
// register, is a constant with one lane set:
//   store one i8 of trunc <4 x i32> to <4 x i8>  ->  vmovss, four bytes.
// So masked stores of integers under a constant mask become plain stores here,
// one for each power of two of neighbouring lanes.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

#include <optional>

using namespace llvm;

namespace tilesdk::codegen {

namespace {

/// The set lanes of a constant mask; nothing for other masks. Undefined lanes
/// count as clear.
std::optional<SmallVector<unsigned>> setLanes(const Value *mask) {
  const auto *constant = dyn_cast<Constant>(mask);
  auto *type = dyn_cast<FixedVectorType>(mask->getType());
  if (!constant || !type)
    return std::nullopt;
  SmallVector<unsigned> lanes;
  for (unsigned i = 0; i < type->getNumElements(); ++i) {
    const Constant *element = constant->getAggregateElement(i);
    if (!element)
      return std::nullopt;
    if (element->isOneValue())
      lanes.push_back(i);
  }
  return lanes;
}

void storeLanes(IntrinsicInst *store, ArrayRef<unsigned> lanes) {
  Value *value = store->getArgOperand(0), *address = store->getArgOperand(1);
  Type *element = value->getType()->getScalarType();
  uint64_t size =
      store->getDataLayout().getTypeStoreSize(element).getFixedValue();
  Align align = store->getParamAlign(1).valueOrOne();
  IRBuilder<> builder(store);
  while (!lanes.empty()) {
    unsigned run = 1;
    while (run < lanes.size() && lanes[run] == lanes[0] + run)
      ++run;
    unsigned width = llvm::bit_floor(run), first = lanes[0];
    Value *part;
    if (width == 1) {
      part = builder.CreateExtractElement(value, uint64_t(first));
    } else {
      SmallVector<int> select;
      for (unsigned i = 0; i < width; ++i)
        select.push_back(first + i);
      part = builder.CreateShuffleVector(value, select);
    }
    builder.CreateAlignedStore(
        part, builder.CreateConstInBoundsGEP1_64(element, address, first),
        commonAlignment(align, first * size));
    lanes = lanes.drop_front(width);
  }
}

} // namespace

void expandConstantMaskedStores(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction :
         make_early_inc_range(instructions(function))) {
      auto *store = dyn_cast<IntrinsicInst>(&instruction);
      if (!store || store->getIntrinsicID() != Intrinsic::masked_store)
        continue;
      auto *type =
          dyn_cast<FixedVectorType>(store->getArgOperand(0)->getType());
      if (!type || !type->getElementType()->isIntegerTy() ||
          type->getScalarSizeInBits() % 8 != 0)
        continue;
      std::optional<SmallVector<unsigned>> lanes =
          setLanes(store->getArgOperand(store->arg_size() - 1));
      if (!lanes)
        continue;
      storeLanes(store, *lanes);
      store->eraseFromParent();
    }
}

} // namespace tilesdk::codegen
