//===- copy_scopes.cpp - Copies that accesses do not wait for -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/copy_scopes.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace tilesdk::compiler {

constexpr unsigned sharedSpace = 3;

static bool callsOneOf(const Instruction &in, StringRef prefix) {
  const auto *call = dyn_cast<CallBase>(&in);
  const Function *callee = call ? call->getCalledFunction() : nullptr;
  return callee && callee->getName().starts_with(prefix);
}

static bool isSharedAccess(const Instruction &in) {
  const Value *pointer = getLoadStorePointerOperand(&in);
  if (const auto *update = dyn_cast<AtomicRMWInst>(&in))
    pointer = update->getPointerOperand();
  else if (const auto *swap = dyn_cast<AtomicCmpXchgInst>(&in))
    pointer = swap->getPointerOperand();
  return (pointer &&
          pointer->getType()->getPointerAddressSpace() == sharedSpace) ||
         callsOneOf(in, "tsdk.shared.load.") ||
         callsOneOf(in, "tsdk.shared.store.");
}

void separateCopies(Module &module) {
  SmallVector<Instruction *> copies, accesses;
  for (Function &function : module)
    for (Instruction &in : instructions(function))
      if (callsOneOf(in, "tsdk.async.copy."))
        copies.push_back(&in);
      else if (isSharedAccess(in))
        accesses.push_back(&in);
  if (copies.empty())
    return;
  LLVMContext &context = module.getContext();
  MDBuilder builder(context);
  MDNode *domain = builder.createAnonymousAliasScopeDomain("tilesdk.shared");
  auto list = [&](StringRef name) {
    return MDNode::get(context,
                       {builder.createAnonymousAliasScope(domain, name)});
  };
  MDNode *byCopies = list("copies"), *byAccesses = list("accesses");
  for (Instruction *copy : copies)
    copy->setMetadata(LLVMContext::MD_alias_scope, byCopies);
  for (Instruction *access : accesses) {
    access->setMetadata(LLVMContext::MD_alias_scope, byAccesses);
    access->setMetadata(LLVMContext::MD_noalias, byCopies);
  }
}

} // namespace tilesdk::compiler
