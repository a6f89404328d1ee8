//===- check_accesses.cpp - Tells a checker of each access ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Before each access to memory that threads share stands
//
//   void @tsdk.check.access(ptr address, i32 bytes, i32 flags, ptr site)
//
// and before each function of the device library that touches such memory or
// waits, `void @tsdk.check.site(ptr site)`: what it does is done from there.
// Behind an asynchronous product stands `i32 @tsdk.check.issued()`, the number
// of its group, and before what uses its result other than by moving it
//
//   void @tsdk.check.result(i32 group, ptr site)
//
// Runs before the device library is linked, whose own accesses it leaves alone.
// Sites are plain bytes, so that an object needs no relocations for them:
//
//   <{ i32 line, i32 column, i32 parameter, texts }>
//
// with the texts file, what, name of the parameter, and callers, each ended by
// a zero. `parameter` is the leaf that the address was computed from, or -1.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

#include <functional>

using namespace llvm;

namespace tilesdk::codegen {

namespace {

constexpr unsigned GlobalSpace = 1, SharedSpace = 3;
// Known to whoever provides tsdk.check.access.
constexpr unsigned Reads = 1, Writes = 2, Atomic = 4, Shared = 8;

/// Functions of the library that neither touch shared memory nor wait.
bool isHarmless(StringRef name) {
  for (StringRef prefix :
       {"tsdk.thread_id", "tsdk.lane_id", "tsdk.warp_id", "tsdk.warp.uniform",
        "tsdk.program_id.", "tsdk.num_programs.", "tsdk.shared.base",
        "tsdk.shared.descriptor.", "tsdk.math.", "tsdk.libdevice.",
        "tsdk.convert.", "tsdk.clock", "tsdk.registers.", "tsdk.check."})
    if (name.starts_with(prefix))
      return true;
  return false;
}

class Checks {
public:
  Checks(Module &module, ArrayRef<std::string> parameters)
      : module(module), context(module.getContext()), parameters(parameters),
        pointer(PointerType::get(context, 0)), word(Type::getInt32Ty(context)),
        accessService(module.getOrInsertFunction("tsdk.check.access",
                                                 Type::getVoidTy(context),
                                                 pointer, word, word, pointer)),
        siteService(module.getOrInsertFunction(
            "tsdk.check.site", Type::getVoidTy(context), pointer)),
        issuedService(module.getOrInsertFunction("tsdk.check.issued", word)),
        resultService(module.getOrInsertFunction(
            "tsdk.check.result", Type::getVoidTy(context), word, pointer)) {}

  void run(Function &function);
  void runOnResults(Function &function);

private:
  void plain(Instruction &at, Value *address, Type *type, unsigned flags,
             const Twine &what);
  void call(CallInst &at);
  void access(Instruction &at, Value *address, Value *bytes, unsigned flags,
              const Twine &what);
  Constant *site(const Instruction &at, const Twine &what, int parameter);
  int parameterOf(const Value *address) const;

  Module &module;
  LLVMContext &context;
  ArrayRef<std::string> parameters;
  PointerType *pointer;
  IntegerType *word;
  FunctionCallee accessService, siteService, issuedService, resultService;
  DenseMap<Constant *, GlobalVariable *> sites;
};

/// Parameters come in an array of pointers to their values.
int Checks::parameterOf(const Value *address) const {
  SmallVector<const Value *, 4> roots;
  getUnderlyingObjects(address, roots, nullptr, /*MaxLookup=*/0);
  int result = -1;
  for (const Value *root : roots) {
    const auto *value = dyn_cast<LoadInst>(root);
    const auto *slot =
        value ? dyn_cast<LoadInst>(value->getPointerOperand()) : nullptr;
    if (!slot)
      return -1;
    APInt offset(64, 0);
    const auto *array = dyn_cast<Argument>(
        slot->getPointerOperand()->stripAndAccumulateConstantOffsets(
            module.getDataLayout(), offset, /*AllowNonInbounds=*/true));
    if (!array || array->getArgNo() != 0)
      return -1;
    int number = static_cast<int>(offset.getZExtValue() / 8);
    if (result >= 0 && result != number)
      return -1;
    result = number;
  }
  return result < static_cast<int>(parameters.size()) ? result : -1;
}

Constant *Checks::site(const Instruction &at, const Twine &what,
                       int parameter) {
  unsigned line = 0, column = 0;
  std::string texts, callers;
  if (const DILocation *place = at.getDebugLoc().get()) {
    line = place->getLine();
    column = place->getColumn();
    texts = place->getFilename().str();
    for (place = place->getInlinedAt(); place; place = place->getInlinedAt())
      callers += (callers.empty() ? "" : ", ") + place->getFilename().str() +
                 ":" + utostr(place->getLine());
  }
  texts += '\0';
  texts += what.str() + '\0';
  if (parameter >= 0)
    texts += parameters[parameter];
  texts += '\0';
  texts += callers;
  Constant *value = ConstantStruct::getAnon(
      {ConstantInt::get(word, line), ConstantInt::get(word, column),
       ConstantInt::getSigned(word, parameter),
       ConstantDataArray::getString(context, texts)},
      /*Packed=*/true);
  GlobalVariable *&known = sites[value];
  if (!known) {
    known = new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                               GlobalValue::PrivateLinkage, value, "site");
    known->setAlignment(Align(4));
  }
  return known;
}

void Checks::access(Instruction &at, Value *address, Value *bytes,
                    unsigned flags, const Twine &what) {
  unsigned space = address->getType()->getPointerAddressSpace();
  if (space != GlobalSpace && space != SharedSpace)
    return;
  bool isShared = space == SharedSpace;
  Constant *where = site(at, what, isShared ? -1 : parameterOf(address));
  IRBuilder<> builder(&at);
  builder.CreateCall(accessService,
                     {builder.CreateAddrSpaceCast(address, pointer), bytes,
                      builder.getInt32(flags | (isShared ? Shared : 0)),
                      where});
}

void Checks::plain(Instruction &at, Value *address, Type *type, unsigned flags,
                   const Twine &what) {
  uint64_t bytes = module.getDataLayout().getTypeStoreSize(type);
  access(at, address, ConstantInt::get(word, bytes), flags, what);
}

void Checks::call(CallInst &at) {
  const Function *callee = at.getCalledFunction();
  StringRef name = callee ? callee->getName() : "";
  if (!name.starts_with("tsdk.") || isHarmless(name))
    return;
  StringRef rest = name;
  if (rest.consume_front("tsdk.global.")) {
    // ... load.b32...(pointer, active, other), store.b32...(pointer, value,
    // active); lanes that are off access no bytes.
    bool isLoad = rest.consume_front("load.b");
    unsigned bits = 0;
    if ((isLoad || rest.consume_front("store.b")) &&
        !rest.take_while(isDigit).getAsInteger(10, bits)) {
      IRBuilder<> builder(&at);
      Value *bytes =
          builder.CreateSelect(at.getArgOperand(isLoad ? 1 : 2),
                               builder.getInt32(bits / 8), builder.getInt32(0));
      access(at, at.getArgOperand(0), bytes, isLoad ? Reads : Writes,
             isLoad ? "load" : "store");
    }
    return;
  }
  if (rest.consume_front("tsdk.buffer.")) {
    // load.b32(base, offset, active), store.b32(base, offset, value, active).
    bool isLoad = rest.consume_front("load.b");
    unsigned bits = 0;
    if ((isLoad || rest.consume_front("store.b")) &&
        !rest.getAsInteger(10, bits)) {
      IRBuilder<> builder(&at);
      Value *offset =
          builder.CreateZExt(at.getArgOperand(1), builder.getInt64Ty());
      Value *address =
          builder.CreateGEP(builder.getInt8Ty(), at.getArgOperand(0), offset);
      Value *bytes =
          builder.CreateSelect(at.getArgOperand(isLoad ? 2 : 3),
                               builder.getInt32(bits / 8), builder.getInt32(0));
      access(at, address, bytes, isLoad ? Reads : Writes,
             isLoad ? "load" : "store");
    }
    return;
  }
  int parameter = -1;
  for (const Value *operand : at.args())
    if (auto *type = dyn_cast<PointerType>(operand->getType());
        type && type->getAddressSpace() == GlobalSpace)
      parameter = parameterOf(operand);
  IRBuilder<> builder(&at);
  builder.CreateCall(siteService,
                     site(at, name.drop_front(strlen("tsdk.")), parameter));
}

/// An asynchronous product gives its registers as one structure.
bool isProduct(const User *user) {
  const auto *call = dyn_cast<CallInst>(user);
  const Function *callee = call ? call->getCalledFunction() : nullptr;
  return callee && callee->getName().starts_with("tsdk.mma.") &&
         call->getType()->isStructTy();
}

bool isMove(const User *user) {
  return isa<PHINode, SelectInst, ExtractValueInst, InsertValueInst,
             FreezeInst>(user);
}

/// Each value that holds results has a number that says of which group.
void Checks::runOnResults(Function &function) {
  SmallVector<Instruction *> values, uses;
  DenseMap<Value *, Value *> groups;
  for (Instruction &at : instructions(function))
    if (isProduct(&at))
      values.push_back(&at);
  for (Instruction *at : values) {
    IRBuilder<> builder(at->getNextNode());
    builder.SetCurrentDebugLocation(at->getDebugLoc());
    groups[at] = builder.CreateCall(issuedService);
  }
  SmallPtrSet<Instruction *, 16> seen(llvm::from_range, values);
  for (size_t i = 0; i < values.size(); ++i)
    for (User *user : values[i]->users()) {
      auto *at = cast<Instruction>(user);
      if (!isProduct(at) && seen.insert(at).second)
        (isMove(at) ? values : uses).push_back(at);
    }
  // Phis first, as values may go around.
  for (Instruction *at : values)
    if (auto *phi = dyn_cast<PHINode>(at))
      groups[at] = IRBuilder<>(at).CreatePHI(word, phi->getNumIncomingValues());
  auto none = ConstantInt::get(word, 0);
  std::function<Value *(Value *)> groupOf = [&](Value *value) -> Value * {
    auto *at = dyn_cast<Instruction>(value);
    if (!at || !seen.contains(at) || (!isMove(at) && !isProduct(at)))
      return none;
    if (Value *known = groups.lookup(at))
      return known;
    IRBuilder<> builder(at);
    Value *group = nullptr;
    if (auto *select = dyn_cast<SelectInst>(at)) {
      group = builder.CreateSelect(select->getCondition(),
                                   groupOf(select->getTrueValue()),
                                   groupOf(select->getFalseValue()));
    } else {
      group = groupOf(at->getOperand(0));
      if (auto *insert = dyn_cast<InsertValueInst>(at))
        group = builder.CreateBinaryIntrinsic(
            Intrinsic::umax, group, groupOf(insert->getInsertedValueOperand()));
    }
    return groups[at] = group;
  };
  for (Instruction *at : values)
    if (auto *phi = dyn_cast<PHINode>(at))
      for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i)
        cast<PHINode>(groups[at])
            ->addIncoming(groupOf(phi->getIncomingValue(i)),
                          phi->getIncomingBlock(i));
  // The first use of a block stands for those behind it.
  DenseSet<std::pair<BasicBlock *, Value *>> checked;
  SmallPtrSet<Instruction *, 16> users(llvm::from_range, uses);
  for (BasicBlock &block : function)
    for (Instruction &at : make_early_inc_range(block)) {
      if (!users.contains(&at))
        continue;
      for (Value *operand : at.operands()) {
        Value *group = groupOf(operand);
        if (group == none || !checked.insert({&block, group}).second)
          continue;
        IRBuilder<> builder(&at);
        builder.CreateCall(resultService, {group, site(at, "use", -1)});
      }
    }
}

void Checks::run(Function &function) {
  for (Instruction &at : make_early_inc_range(instructions(function))) {
    if (auto *load = dyn_cast<LoadInst>(&at))
      plain(at, load->getPointerOperand(), load->getType(),
            Reads | (load->isAtomic() ? Atomic : 0), "load");
    else if (auto *store = dyn_cast<StoreInst>(&at))
      plain(at, store->getPointerOperand(), store->getValueOperand()->getType(),
            Writes | (store->isAtomic() ? Atomic : 0), "store");
    else if (auto *update = dyn_cast<AtomicRMWInst>(&at))
      plain(at, update->getPointerOperand(), update->getType(),
            Reads | Writes | Atomic,
            "atomic " +
                AtomicRMWInst::getOperationName(update->getOperation()));
    else if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&at))
      plain(at, exchange->getPointerOperand(),
            exchange->getNewValOperand()->getType(), Reads | Writes | Atomic,
            "atomic compare and exchange");
    else if (auto *callee = dyn_cast<CallInst>(&at))
      call(*callee);
  }
}

} // namespace

void checkAccesses(Module &module, ArrayRef<std::string> parameters) {
  Checks checks(module, parameters);
  for (Function &function : module)
    if (!function.isDeclaration()) {
      checks.run(function);
      checks.runOnResults(function);
    }
}

} // namespace tilesdk::codegen
