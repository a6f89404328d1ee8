//===- build_flow.cpp - Functions, loops and branches -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/build.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tilesdk::lowering {

void Build::atEntry(llvm::function_ref<void()> fn) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryEnd);
  fn();
}

SmallVector<Value> Build::beginFunction(StringRef name, Location where,
                                        ArrayRef<Type> args,
                                        ArrayRef<int64_t> align,
                                        unsigned callingConvention) {
  loc = where;
  b.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()), args);
  auto func = LLVM::LLVMFuncOp::create(b, where, name, type);
  func.setCConv(LLVM::cconv::CConv(callingConvention));
  func->setAttr("passthrough", b.getArrayAttr({b.getStringAttr("nounwind")}));
  for (auto [i, bytes] : llvm::enumerate(align))
    if (bytes > 1 && isa<LLVM::LLVMPointerType>(args[i]))
      func.setArgAttr(i, "llvm.align", b.getI64IntegerAttr(bytes));
  entry = func.addEntryBlock(b);
  constants.clear();
  // What is emitted at the head of the kernel goes before this branch.
  b.setInsertionPointToEnd(entry);
  entryEnd = anchor();
  return SmallVector<Value>(entry->getArguments());
}

SmallVector<Value, 3> Build::beginKernel(StringRef name, Location where) {
  SmallVector<Value> args = beginFunction(name, where, {ptr, ptr, ptr}, {}, 0);
  auto func = llvm::cast<LLVM::LLVMFuncOp>(entry->getParentOp());
  // no-builtins: a loop that copies while it computes must not become a call
  // of memcpy and a loop that computes.
  func->setAttr("passthrough",
                b.getArrayAttr({b.getStringAttr("nounwind"),
                                b.getStringAttr("no-builtins")}));
  // None of the three is reached by another way while the kernel runs: user
  // memory never holds the parameter block or the scratch of a program.
  for (unsigned i = 0; i < 3; ++i) {
    func.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
    if (i < 2)
      func.setArgAttr(i, "llvm.readonly", b.getUnitAttr());
    else
      func.setArgAttr(i, "llvm.align", b.getI64IntegerAttr(64));
  }
  return {args[0], args[1], args[2]};
}

void Build::passByValue(unsigned index, int64_t bytes, int64_t align) {
  auto func = llvm::cast<LLVM::LLVMFuncOp>(entry->getParentOp());
  auto type = LLVM::LLVMArrayType::get(i8, unsigned(bytes));
  func.setArgAttr(index, "llvm.byval", TypeAttr::get(type));
  func.setArgAttr(index, "llvm.align", b.getI64IntegerAttr(align));
}

void Build::endKernel() {
  LLVM::ReturnOp::create(b, loc, ValueRange{});
  entry = nullptr;
  constants.clear();
}

std::pair<Value, Value> Build::scratchAddress(Value scratch) {
  Value constant, address;
  atEntry([&] {
    constant = LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(-1));
    SmallVector<Value> indices{constant};
    address =
        LLVM::GEPOp::create(b, loc, ptr, i8, scratch, ValueRange(indices));
  });
  return {constant, address};
}

void Build::setOffsetConstant(Value constant, int64_t value) {
  auto op = constant.getDefiningOp<LLVM::ConstantOp>();
  op.setValueAttr(b.getI64IntegerAttr(value));
}

Value Build::declareAndCall(StringRef name, Type result, ValueRange args,
                            bool pure, bool together) {
  Operation *&known = declared[name];
  if (!known)
    known = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    SmallVector<Type> types(args.getTypes());
    Type returns = result ? result : LLVM::LLVMVoidType::get(b.getContext());
    auto func = LLVM::LLVMFuncOp::create(
        b, module.getLoc(), name, LLVM::LLVMFunctionType::get(returns, types));
    if (pure) {
      func.setMemoryEffectsAttr(LLVM::MemoryEffectsAttr::get(
          b.getContext(),
          {LLVM::ModRefInfo::NoModRef, LLVM::ModRefInfo::NoModRef,
           LLVM::ModRefInfo::NoModRef, LLVM::ModRefInfo::NoModRef,
           LLVM::ModRefInfo::NoModRef, LLVM::ModRefInfo::NoModRef}));
      func.setWillReturn(true);
    }
    func.setNoUnwind(true);
    if (together) {
      func.setConvergent(true);
      func->setAttr("passthrough",
                    b.getArrayAttr({b.getStringAttr("nomerge")}));
    }
    known = func;
  }
  auto op =
      LLVM::CallOp::create(b, loc, llvm::cast<LLVM::LLVMFuncOp>(known), args);
  if (together)
    op.setConvergent(true);
  return result ? op.getResult() : Value();
}

Value Build::call(StringRef name, Type result, ValueRange args, bool pure) {
  return declareAndCall(name, result, args, pure, false);
}

Value Build::callTogether(StringRef name, Type result, ValueRange args,
                          bool pure) {
  return declareAndCall(name, result, args, pure, true);
}

Value Build::extractValue(Value aggregate, unsigned field) {
  return LLVM::ExtractValueOp::create(b, loc, aggregate, int64_t(field));
}

SmallVector<Value> Build::tie(ArrayRef<Value> values, StringRef letter) {
  std::string constraints;
  for (size_t i = 0; i < values.size(); ++i)
    constraints += "=" + letter.str() + ",";
  for (size_t i = 0; i < values.size(); ++i)
    constraints += (i ? "," : "") + std::to_string(i);
  bool isOne = values.size() == 1;
  Type result = values[0].getType();
  if (!isOne)
    result = structOf(SmallVector<Type>(values.size(), result));
  auto tied = LLVM::InlineAsmOp::create(
      b, loc, result, values, /*asm_string=*/"", constraints,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  SmallVector<Value> list;
  for (size_t i = 0; i < values.size(); ++i)
    list.push_back(isOne ? tied.getRes() : extractValue(tied.getRes(), i));
  return list;
}

void Build::callPointer(Value function, ValueRange args) {
  SmallVector<Type> types(args.getTypes());
  SmallVector<Value> operands{function};
  operands.append(args.begin(), args.end());
  LLVM::CallOp::create(b, loc,
                       LLVM::LLVMFunctionType::get(
                           LLVM::LLVMVoidType::get(b.getContext()), types),
                       operands);
}

Value Build::textConstant(StringRef text) {
  std::string name = "tsdk.text." + std::to_string(nextText++);
  OpBuilder::InsertionGuard guard(b);
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(i8, text.size());
    LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/true,
                           LLVM::Linkage::Private, name, b.getStringAttr(text),
                           /*alignment=*/64);
  }
  return LLVM::AddressOfOp::create(b, loc, ptr, name);
}

// Control flow -------------------------------------------------------------//

Block *Build::newBlock(ArrayRef<Type> argTypes) {
  Region *region = b.getInsertionBlock()->getParent();
  Block *block = new Block();
  region->push_back(block);
  for (Type type : argTypes)
    block->addArgument(type, loc);
  return block;
}

Operation *Build::anchor() {
  Block *next = newBlock({});
  auto br = LLVM::BrOp::create(b, loc, ValueRange{}, next);
  b.setInsertionPointToEnd(next);
  return br;
}

void Build::branch(Block *to, ValueRange args) {
  LLVM::BrOp::create(b, loc, args, to);
}

void Build::condBranch(Value c, Block *t, Block *f) {
  LLVM::CondBrOp::create(b, loc, c, t, f);
}

Values Build::forLoop(Value lower, Value upper, Value step,
                      ArrayRef<Value> inits, LoopBody body,
                      bool unsignedCompare, bool isHot) {
  auto lo = constant(lower), hi = constant(upper), by = constant(step);
  if (lo && hi && *lo >= *hi && !unsignedCompare)
    return Values(inits);
  if (lo && hi && by && *by > 0 && *hi - *lo <= *by && !unsignedCompare)
    return body(lower, inits);
  SmallVector<Type> types{lower.getType()};
  for (Value v : inits)
    types.push_back(v.getType());
  Block *header = newBlock(types);
  Block *inner = newBlock({});
  Block *exit = newBlock({});
  SmallVector<Value> args{lower};
  args.append(inits.begin(), inits.end());
  branch(header, args);
  b.setInsertionPointToEnd(header);
  Value iv = header->getArgument(0);
  Values carried(header->getArguments().drop_front());
  condBranch(icmp(unsignedCompare ? ULT : SLT, iv, upper), inner, exit);
  b.setInsertionPointToEnd(inner);
  Values next = body(iv, carried);
  SmallVector<Value> back{
      LLVM::AddOp::create(b, loc, iv, step,
                          unsignedCompare ? LLVM::IntegerOverflowFlags::nuw
                                          : LLVM::IntegerOverflowFlags::nsw)};
  back.append(next.begin(), next.end());
  auto br = LLVM::BrOp::create(b, loc, back, header);
  if (isHot) {
    // The body is unrolled by hand already.
    auto off = b.getBoolAttr(true);
    auto unroll =
        LLVM::LoopUnrollAttr::get(b.getContext(), off, {}, {}, {}, {}, {}, {});
    auto vectorize = LLVM::LoopVectorizeAttr::get(b.getContext(), off, {}, {},
                                                  {}, {}, {}, {});
    br.setLoopAnnotationAttr(LLVM::LoopAnnotationAttr::get(
        b.getContext(), {}, vectorize, {}, unroll, {}, {}, {}, {}, {}, {}, {},
        {}, {}, {}, {}));
  }
  b.setInsertionPointToEnd(exit);
  return carried;
}

Values Build::ifElse(Value condition, ArrayRef<Type> results,
                     llvm::function_ref<Values()> thenBody,
                     llvm::function_ref<Values()> elseBody) {
  if (auto known = constant(condition))
    return *known ? thenBody() : elseBody();
  Block *thenBlock = newBlock({});
  Block *elseBlock = newBlock({});
  Block *exit = newBlock(results);
  condBranch(condition, thenBlock, elseBlock);
  b.setInsertionPointToEnd(thenBlock);
  branch(exit, thenBody());
  b.setInsertionPointToEnd(elseBlock);
  branch(exit, elseBody());
  b.setInsertionPointToEnd(exit);
  return Values(exit->getArguments());
}

void Build::ifThen(Value condition, llvm::function_ref<void()> body) {
  ifElse(
      condition, {},
      [&] {
        body();
        return Values();
      },
      [] { return Values(); });
}

Values Build::whileLoop(ArrayRef<Value> inits,
                        llvm::function_ref<WhileHead(ArrayRef<Value>)> head,
                        llvm::function_ref<Values(ArrayRef<Value>)> body) {
  SmallVector<Type> types;
  for (Value v : inits)
    types.push_back(v.getType());
  Block *header = newBlock(types);
  Block *inner = newBlock({});
  Block *exit = newBlock({});
  branch(header, ValueRange(inits));
  b.setInsertionPointToEnd(header);
  Values carried(header->getArguments());
  WhileHead h = head(carried);
  condBranch(h.condition, inner, exit);
  b.setInsertionPointToEnd(inner);
  branch(header, body(h.forwarded));
  b.setInsertionPointToEnd(exit);
  return h.forwarded;
}

} // namespace tilesdk::lowering
