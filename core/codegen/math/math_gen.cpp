//===- math_gen.cpp - Builds the embedded math library ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Build-time tool. For every function of math_functions.def and every width it
// takes the scalar body from libclc or own_math.c, puts a loop of that many
// trips round it, lets the loop vectoriser widen it, and writes the result as
// one small bitcode module per symbol: the compiler then links what a kernel
// uses in a fraction of a millisecond. The vector overloads that libclc has are
// not used: many of them split into scalars.
//
//   math_gen LIBCLC.bc OWN.bc OUTPUT [--report]
//
// Output: see math_library.cpp.
//
//===----------------------------------------------------------------------===//

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

#include <map>

using namespace llvm;

namespace {

// Vector bodies at most this long are inlined into the kernel: constants are
// then hoisted out of its loops. Longer ones stay calls, which keeps the time
// to compile a kernel with many uses in bounds.
constexpr unsigned inlineLimit = 72;

struct Source {
  const char *name;
  const char *feature;
  const char *symbol;
  bool isDouble;
};

const Source sources[] = {
#define TILESDK_MATH(NAME, F32, F64)                                           \
  {#NAME, "", #F32, false}, {#NAME, "", #F64, true},
#define TILESDK_MATH_VARIANT(NAME, FEATURE, F32, F64)                          \
  {#NAME, #FEATURE, #F32, false}, {#NAME, #FEATURE, #F64, true},
#include "core/codegen/math/math_functions.def"
};

struct Small {
  const char *name;
  double bound;
  const char *symbol;
};

const Small smallBodies[] = {
#define TILESDK_MATH_SMALL(NAME, BOUND, F32) {#NAME, BOUND, #F32},
#include "core/codegen/math/math_functions.def"
};

[[noreturn]] void fail(const Twine &message) {
  errs() << "math_gen: " << message << '\n';
  exit(1);
}

struct Generator {
  std::unique_ptr<MemoryBuffer> libclc, own;
  std::unique_ptr<TargetMachine> machine;
  bool report = false;
  std::map<std::string, std::string> out;

  std::unique_ptr<Module> loadBodies(LLVMContext &context,
                                     ArrayRef<StringRef> symbols);
  Function *widen(Module &module, Function &scalar, StringRef name,
                  unsigned width);
  void optimise(Module &module);
  void emit(const Module &module, StringRef name);
  void run(const Source &source);
};

std::string replaceAll(std::string text, StringRef from, StringRef to) {
  for (size_t at = 0; (at = text.find(from.str(), at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to.str());
  return text;
}

/// True when an integer ends in an address.
bool feedsAddress(const Value &value, SmallPtrSetImpl<const Value *> &seen) {
  if (!seen.insert(&value).second)
    return false;
  for (const User *user : value.users())
    if (isa<GetElementPtrInst>(user) ||
        (user->getType()->isIntegerTy() && feedsAddress(*user, seen)))
      return true;
  return false;
}

/// libclc was written for GPUs, where a conversion to an integer saturates and
/// takes NaN to 0; on x86 it gives the smallest integer. That matters where the
/// integer selects a row of a table.
void saturateTableIndices(Function &function) {
  SmallVector<CastInst *> casts;
  for (BasicBlock &block : function)
    for (Instruction &instruction : block) {
      SmallPtrSet<const Value *, 16> seen;
      if ((isa<FPToSIInst>(instruction) || isa<FPToUIInst>(instruction)) &&
          feedsAddress(instruction, seen))
        casts.push_back(cast<CastInst>(&instruction));
    }
  for (CastInst *cast : casts) {
    IRBuilder<> builder(cast);
    Value *saturated = builder.CreateIntrinsic(
        isa<FPToSIInst>(cast) ? Intrinsic::fptosi_sat : Intrinsic::fptoui_sat,
        {cast->getType(), cast->getOperand(0)->getType()},
        {cast->getOperand(0)});
    cast->replaceAllUsesWith(saturated);
    cast->eraseFromParent();
  }
}

/// The scalar function and what it calls, with the GPU's traces removed.
std::unique_ptr<Module> Generator::loadBodies(LLVMContext &context,
                                              ArrayRef<StringRef> symbols) {
  auto module = std::make_unique<Module>("math", context);
  Expected<std::unique_ptr<Module>> ownModule =
      getLazyBitcodeModule(own->getMemBufferRef(), context);
  Expected<std::unique_ptr<Module>> library =
      getLazyBitcodeModule(libclc->getMemBufferRef(), context);
  if (!ownModule || !library)
    fail("cannot read the bitcode");
  for (Module *input : {ownModule->get(), library->get()}) {
    input->setTargetTriple(machine->getTargetTriple());
    input->setDataLayout(machine->createDataLayout());
    if (NamedMDNode *flags = input->getModuleFlagsMetadata())
      input->eraseNamedMetadata(flags);
  }
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  for (StringRef symbol : symbols) {
    Function *wanted = (*ownModule)->getFunction(symbol);
    if (!wanted || wanted->isDeclaration())
      wanted = (*library)->getFunction(symbol);
    if (!wanted || wanted->isDeclaration())
      fail("no function " + symbol);
    Function::Create(wanted->getFunctionType(), GlobalValue::ExternalLinkage,
                     symbol, *module);
  }
  for (Expected<std::unique_ptr<Module>> *input : {&ownModule, &library})
    if (Linker::linkModules(*module, std::move(**input),
                            Linker::LinkOnlyNeeded))
      fail("cannot link " + symbols.front());

  for (Function &function : *module) {
    if (function.isIntrinsic())
      continue;
    function.setAttributes(AttributeList());
    if (function.isDeclaration())
      continue;
    function.setLinkage(GlobalValue::InternalLinkage);
    function.setCallingConv(CallingConv::C);
    function.addFnAttr(Attribute::AlwaysInline);
    function.addFnAttr(Attribute::NoUnwind);
    saturateTableIndices(function);
    for (BasicBlock &block : function)
      for (Instruction &instruction : block) {
        instruction.dropUnknownNonDebugMetadata();
        if (auto *call = dyn_cast<CallBase>(&instruction)) {
          call->setCallingConv(CallingConv::C);
          call->setAttributes(AttributeList());
        }
      }
  }
  for (GlobalVariable &global : module->globals())
    if (!global.isDeclaration())
      global.setLinkage(GlobalValue::PrivateLinkage);
  // Tables sit in the GPU's constant address space; a printed module is the
  // one place where the space is spelt the same way everywhere.
  std::string text;
  raw_string_ostream stream(text);
  module->print(stream, nullptr);
  text = replaceAll(std::move(text), " addrspace(4)", "");
  SMDiagnostic error;
  module = parseIR(MemoryBufferRef(text, "math"), error, context);
  if (!module)
    fail(symbols.front() + ": " + error.getMessage());
  return module;
}

/// Defines `name`: `scalar` applied to each of `width` lanes.
Function *Generator::widen(Module &module, Function &scalar, StringRef name,
                           unsigned width) {
  LLVMContext &context = module.getContext();
  auto widened = [&](Type *type) -> Type * {
    return width == 1 ? type : FixedVectorType::get(type, width);
  };
  SmallVector<Type *> parameters;
  for (Type *type : scalar.getFunctionType()->params())
    parameters.push_back(widened(type));
  Type *element = scalar.getReturnType(), *result = widened(element);
  Function *function =
      Function::Create(FunctionType::get(result, parameters, false),
                       GlobalValue::ExternalLinkage, name, module);
  function->addFnAttr(Attribute::NoUnwind);
  function->addFnAttr("prefer-vector-width", "512");
  IRBuilder<> builder(BasicBlock::Create(context, "entry", function));
  if (width == 1) {
    SmallVector<Value *> arguments;
    for (Argument &argument : function->args())
      arguments.push_back(&argument);
    builder.CreateRet(builder.CreateCall(&scalar, arguments));
    return function;
  }
  // Two halves where the vectoriser's register is 512 bits.
  if (width * element->getPrimitiveSizeInBits() > 512) {
    std::string half = replaceAll(name.str(), ("v" + Twine(width)).str(),
                                  ("v" + Twine(width / 2)).str());
    Function *callee = module.getFunction(half);
    if (!callee)
      fail("no half-width " + half);
    SmallVector<int> low, high, all;
    for (unsigned i = 0; i < width / 2; ++i)
      low.push_back(i), high.push_back(i + width / 2);
    for (unsigned i = 0; i < width; ++i)
      all.push_back(i);
    Value *halves[2];
    for (int h = 0; h < 2; ++h) {
      SmallVector<Value *> arguments;
      for (Argument &argument : function->args())
        arguments.push_back(
            builder.CreateShuffleVector(&argument, h ? high : low));
      halves[h] = builder.CreateCall(callee, arguments);
    }
    builder.CreateRet(builder.CreateShuffleVector(halves[0], halves[1], all));
    return function;
  }
  SmallVector<AllocaInst *> slots;
  for (Argument &argument : function->args()) {
    slots.push_back(builder.CreateAlloca(argument.getType()));
    builder.CreateStore(&argument, slots.back());
  }
  AllocaInst *resultSlot = builder.CreateAlloca(result);
  BasicBlock *entry = builder.GetInsertBlock();
  BasicBlock *body = BasicBlock::Create(context, "body", function);
  BasicBlock *exit = BasicBlock::Create(context, "exit", function);
  builder.CreateBr(body);
  builder.SetInsertPoint(body);
  PHINode *lane = builder.CreatePHI(builder.getInt64Ty(), 2);
  lane->addIncoming(builder.getInt64(0), entry);
  SmallVector<Value *> arguments;
  for (auto [slot, type] : zip(slots, scalar.getFunctionType()->params()))
    arguments.push_back(
        builder.CreateLoad(type, builder.CreateInBoundsGEP(type, slot, lane)));
  builder.CreateStore(builder.CreateCall(&scalar, arguments),
                      builder.CreateInBoundsGEP(element, resultSlot, lane));
  Value *next = builder.CreateNUWAdd(lane, builder.getInt64(1));
  lane->addIncoming(next, body);
  BranchInst *latch = builder.CreateCondBr(
      builder.CreateICmpULT(next, builder.getInt64(width)), body, exit);
  builder.SetInsertPoint(exit);
  builder.CreateRet(builder.CreateLoad(result, resultSlot));

  auto flag = [&](StringRef key, Constant *value) -> Metadata * {
    return MDNode::get(
        context, {MDString::get(context, key), ConstantAsMetadata::get(value)});
  };
  auto temporary = MDNode::getTemporary(context, {});
  MDNode *loop = MDNode::get(
      context,
      {temporary.get(), flag("llvm.loop.vectorize.enable", builder.getTrue()),
       flag("llvm.loop.vectorize.width", builder.getInt32(width)),
       flag("llvm.loop.interleave.count", builder.getInt32(1)),
       MDNode::get(context,
                   {MDString::get(context, "llvm.loop.unroll.disable")})});
  loop->replaceOperandWith(0, loop);
  latch->setMetadata(LLVMContext::MD_loop, loop);
  return function;
}

/// Defines `name`: `small` when all lanes of the argument are within the bound,
/// else `full`. A NaN is not.
void dispatch(Module &module, StringRef name, Function &small, Function &full,
              double bound) {
  small.setLinkage(GlobalValue::InternalLinkage);
  small.addFnAttr(Attribute::AlwaysInline);
  full.setLinkage(GlobalValue::InternalLinkage);
  full.addFnAttr(Attribute::NoInline);
  LLVMContext &context = module.getContext();
  Function *function = Function::Create(
      full.getFunctionType(), GlobalValue::ExternalLinkage, name, module);
  function->addFnAttr(Attribute::NoUnwind);
  function->addFnAttr("prefer-vector-width", "512");
  Argument *x = function->getArg(0);
  IRBuilder<> builder(BasicBlock::Create(context, "entry", function));
  Value *within =
      builder.CreateFCmpOLE(builder.CreateUnaryIntrinsic(Intrinsic::fabs, x),
                            ConstantFP::get(x->getType(), bound));
  if (x->getType()->isVectorTy())
    within = builder.CreateAndReduce(within);
  BasicBlock *fast = BasicBlock::Create(context, "fast", function);
  BasicBlock *slow = BasicBlock::Create(context, "slow", function);
  builder.CreateCondBr(within, fast, slow);
  builder.SetInsertPoint(fast);
  builder.CreateRet(builder.CreateCall(&small, {x}));
  builder.SetInsertPoint(slow);
  builder.CreateRet(builder.CreateCall(&full, {x}));
}

void Generator::optimise(Module &module) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  PipelineTuningOptions tuning;
  tuning.SLPVectorization = false;
  PassBuilder builder(machine.get(), tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3)
      .run(module, modules);
}

/// ldexp(p, int(n)) with an integral n is one instruction on 512-bit vectors,
/// which takes n as a float, NaN included; through the integer it is five.
void useScale(Function &function) {
  for (BasicBlock &block : function)
    for (Instruction &instruction : make_early_inc_range(block)) {
      auto *call = dyn_cast<IntrinsicInst>(&instruction);
      if (!call || call->getIntrinsicID() != Intrinsic::ldexp ||
          call->getType()->getPrimitiveSizeInBits() != 512)
        continue;
      auto *whole = dyn_cast<FPToSIInst>(call->getArgOperand(1));
      if (!whole)
        continue;
      Value *exponent = whole->getOperand(0);
      if (auto *select = dyn_cast<SelectInst>(exponent))
        exponent = select->getTrueValue();
      IRBuilder<> builder(call);
      bool isDouble = call->getType()->getScalarType()->isDoubleTy();
      Value *mask = isDouble ? builder.getInt8(0xff) : builder.getInt16(0xffff);
      Value *scaled = builder.CreateIntrinsic(
          isDouble ? Intrinsic::x86_avx512_mask_scalef_pd_512
                   : Intrinsic::x86_avx512_mask_scalef_ps_512,
          {},
          {call->getArgOperand(0), exponent,
           Constant::getNullValue(call->getType()), mask,
           builder.getInt32(4)}); // The rounding mode in force.
      call->replaceAllUsesWith(scaled);
      RecursivelyDeleteTriviallyDeadInstructions(call);
    }
}

/// Writes the module cut down to one symbol.
void Generator::emit(const Module &module, StringRef name) {
  std::unique_ptr<Module> copy = CloneModule(module);
  for (Function &function : *copy) {
    if (function.isDeclaration())
      continue;
    if (function.getName() == name)
      continue;
    function.setLinkage(GlobalValue::InternalLinkage);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (Function &function : make_early_inc_range(*copy))
      if (function.use_empty() && function.getName() != name)
        function.eraseFromParent(), changed = true;
    for (GlobalVariable &global : make_early_inc_range(copy->globals()))
      if (global.use_empty())
        global.eraseFromParent(), changed = true;
  }
  unsigned size = 0, scalarFloats = 0, blocks = 0;
  for (Function &function : *copy) {
    if (function.isDeclaration()) {
      if (!function.isIntrinsic())
        fail(name + " needs undefined " + function.getName());
      continue;
    }
    function.setAttributes(AttributeList());
    for (BasicBlock &block : function) {
      ++blocks;
      for (Instruction &instruction : block) {
        instruction.dropUnknownNonDebugMetadata();
        if (auto *call = dyn_cast<CallBase>(&instruction))
          call->setAttributes(AttributeList());
        ++size;
        scalarFloats +=
            instruction.getType()->isFloatingPointTy() &&
            (isa<BinaryOperator>(instruction) || isa<CallBase>(instruction));
      }
    }
  }
  Function &root = *copy->getFunction(name);
  root.addFnAttr(size <= inlineLimit ? Attribute::AlwaysInline
                                     : Attribute::NoInline);
  for (Function &function : *copy)
    if (!function.isDeclaration()) {
      function.addFnAttr(Attribute::NoUnwind);
      function.addFnAttr(Attribute::WillReturn);
      function.setMemoryEffects(MemoryEffects::none());
    }
  if (report)
    outs() << name << ": " << size << " instructions, " << blocks << " blocks, "
           << scalarFloats << " scalar\n";
  copy->setModuleIdentifier("math");
  copy->setSourceFileName("math");
  if (verifyModule(*copy, &errs()))
    fail(name + ": invalid module");
  raw_string_ostream stream(out[name.str()]);
  WriteBitcodeToFile(*copy, stream);
}

void Generator::run(const Source &source) {
  LLVMContext context;
  // A body with a loop in it (fmod) stays scalar: the remark is no news.
  context.setDiagnosticHandlerCallBack([](const DiagnosticInfo *info, void *) {
    if (info->getSeverity() == DS_Error)
      fail("LLVM reported an error");
  });
  const Small *small = nullptr;
  for (const Small &one : smallBodies)
    if (StringRef(source.name) == one.name && !source.isDouble &&
        !*source.feature)
      small = &one;
  SmallVector<StringRef> symbols = {source.symbol};
  if (small)
    symbols.push_back(small->symbol);
  std::unique_ptr<Module> module = loadBodies(context, symbols);
  std::string stem = "tsdk.math." + std::string(source.name) + ".";
  std::string suffix = *source.feature ? "@" + std::string(source.feature) : "";
  std::string type = source.isDouble ? "f64" : "f32";
  SmallVector<std::string> names;
  for (unsigned width : {1, 2, 4, 8, 16}) {
    if (width == 2 && !source.isDouble)
      continue;
    std::string lanes = width == 1 ? "" : "v" + std::to_string(width);
    names.push_back(stem + lanes + type + suffix);
    Function &full = *module->getFunction(source.symbol);
    if (!small) {
      widen(*module, full, names.back(), width);
      continue;
    }
    dispatch(*module, names.back(),
             *widen(*module, *module->getFunction(small->symbol),
                    names.back() + ".small", width),
             *widen(*module, full, names.back() + ".full", width),
             small->bound);
  }
  optimise(*module);
  if (StringRef(source.feature) == "avx512f")
    for (Function &function : *module)
      useScale(function);
  for (const std::string &name : names)
    emit(*module, name);
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  if (argc < 4)
    fail("usage: math_gen LIBCLC.bc OWN.bc OUTPUT [--report]");
  Generator generator;
  for (auto [path, buffer] : {std::pair{argv[1], &generator.libclc},
                              std::pair{argv[2], &generator.own}}) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
    if (!file)
      fail(Twine(path) + ": " + file.getError().message());
    *buffer = std::move(*file);
  }
  generator.report = argc > 4 && StringRef(argv[4]) == "--report";

  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    fail(error);
  // Only the vectoriser's cost model sees this CPU: the widened IR names no
  // target instruction.
  generator.machine.reset(target->createTargetMachine(
      triple, "x86-64-v4", "", TargetOptions(), Reloc::PIC_));

  for (const Source &source : sources)
    generator.run(source);

  // "TSDKMATH", count, then per symbol (sorted): offset and size of the name,
  // offset and size of the bitcode, all u32 from the start of the file.
  std::string names, blobs;
  std::string header("TSDKMATH");
  auto word = [&](size_t value) {
    for (int shift = 0; shift < 32; shift += 8)
      header.push_back(static_cast<char>(value >> shift & 0xff));
  };
  word(generator.out.size());
  const size_t namesAt = header.size() + generator.out.size() * 16;
  size_t nameBytes = 0;
  for (const auto &[name, bitcode] : generator.out)
    nameBytes += name.size();
  size_t blobsAt = (namesAt + nameBytes + 3) & ~size_t(3);
  for (const auto &[name, bitcode] : generator.out) {
    word(namesAt + names.size());
    word(name.size());
    word(blobsAt + blobs.size());
    word(bitcode.size());
    names += name;
    blobs += bitcode;
    blobs.resize((blobs.size() + 3) & ~size_t(3));
  }
  names.resize(blobsAt - namesAt);
  std::error_code code;
  raw_fd_ostream file(argv[3], code);
  if (code)
    fail(Twine(argv[3]) + ": " + code.message());
  file << header << names << blobs;
  return 0;
}
