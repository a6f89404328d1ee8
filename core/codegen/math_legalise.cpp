//===- math_legalise.cpp - No call to a C library ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM lowers some operations to calls of libm or of the compiler's runtime,
// one scalar at a time. This turns them into calls of the math library, split
// into the vector widths that has, and into vector integer operations.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace tilesdk::codegen {

namespace {

StringRef mathNameOf(const Instruction &instruction) {
  if (instruction.getOpcode() == Instruction::FRem)
    return "fmod";
  const auto *call = dyn_cast<IntrinsicInst>(&instruction);
  if (!call)
    return {};
  switch (call->getIntrinsicID()) {
  case Intrinsic::acos:
    return "acos";
  case Intrinsic::asin:
    return "asin";
  case Intrinsic::atan:
    return "atan";
  case Intrinsic::atan2:
    return "atan2";
  case Intrinsic::cos:
    return "cos";
  case Intrinsic::cosh:
    return "cosh";
  case Intrinsic::exp:
    return "exp";
  case Intrinsic::exp2:
    return "exp2";
  case Intrinsic::exp10:
    return "exp10";
  case Intrinsic::ldexp:
    return "ldexp";
  case Intrinsic::log:
    return "log";
  case Intrinsic::log2:
    return "log2";
  case Intrinsic::log10:
    return "log10";
  case Intrinsic::pow:
    return "pow";
  case Intrinsic::sin:
    return "sin";
  case Intrinsic::sinh:
    return "sinh";
  case Intrinsic::tan:
    return "tan";
  case Intrinsic::tanh:
    return "tanh";
  default:
    return {};
  }
}

Type *withElement(Type *shape, Type *element) {
  if (auto *vector = dyn_cast<FixedVectorType>(shape))
    return FixedVectorType::get(element, vector->getNumElements());
  return element;
}

class Legaliser {
public:
  // A GPU's code generator has every cast; a host's would call a library that
  // is not there.
  explicit Legaliser(Module &module)
      : module(module), hasCasts(module.getTargetTriple().isGPU()) {}

  void run() {
    SmallVector<Instruction *> work;
    for (Function &function : module)
      for (Instruction &instruction : instructions(function))
        if (!mathNameOf(instruction).empty() || isHardCast(instruction))
          work.push_back(&instruction);
    for (Instruction *instruction : work) {
      IRBuilder<> builder(instruction);
      Value *result = isHardCast(*instruction)
                          ? cast(builder, instruction->getOperand(0),
                                 instruction->getType())
                          : math(builder, *instruction);
      if (!result)
        continue;
      instruction->replaceAllUsesWith(result);
      instruction->eraseFromParent();
    }
  }

private:
  bool isHardCast(const Instruction &instruction) const {
    if (hasCasts)
      return false;
    Type *to = instruction.getType()->getScalarType();
    if (isa<FPTruncInst>(instruction))
      return to->isBFloatTy() || (to->isHalfTy() && instruction.getOperand(0)
                                                        ->getType()
                                                        ->getScalarType()
                                                        ->isDoubleTy());
    return isa<FPExtInst>(instruction) &&
           instruction.getOperand(0)->getType()->getScalarType()->isBFloatTy();
  }

  Value *cast(IRBuilder<> &builder, Value *value, Type *type) {
    Type *from = value->getType(), *to = type->getScalarType();
    Type *i16 = withElement(from, builder.getInt16Ty());
    Type *i32 = withElement(from, builder.getInt32Ty());
    Type *f32 = withElement(from, builder.getFloatTy());
    if (from->getScalarType()->isBFloatTy()) {
      Value *bits = builder.CreateZExt(builder.CreateBitCast(value, i16), i32);
      Value *single = builder.CreateBitCast(builder.CreateShl(bits, 16), f32);
      return to->isFloatTy() ? single : builder.CreateFPExt(single, type);
    }
    if (from->getScalarType()->isDoubleTy())
      value = roundToOdd(builder, value);
    if (to->isHalfTy())
      return builder.CreateFPTrunc(value, type);
    // Round to nearest even by integer addition; a NaN stays one, made quiet.
    Value *bits = builder.CreateBitCast(value, i32);
    Value *odd = builder.CreateAnd(builder.CreateLShr(bits, 16), 1);
    Value *rounded = builder.CreateAdd(
        builder.CreateAdd(bits, ConstantInt::get(i32, 0x7fff)), odd);
    Value *quiet = builder.CreateOr(bits, ConstantInt::get(i32, 0x400000));
    Value *chosen = builder.CreateSelect(builder.CreateFCmpUNO(value, value),
                                         quiet, rounded);
    return builder.CreateBitCast(
        builder.CreateTrunc(builder.CreateLShr(chosen, 16), i16), type);
  }

  /// double -> float with what is cut off kept in the last bit, so that the
  /// rounding that follows is the only one.
  Value *roundToOdd(IRBuilder<> &builder, Value *value) {
    Type *i32 = withElement(value->getType(), builder.getInt32Ty());
    Type *f32 = withElement(value->getType(), builder.getFloatTy());
    Value *nearest = builder.CreateFPTrunc(value, f32);
    Value *back = builder.CreateFPExt(nearest, value->getType());
    Value *away = builder.CreateFCmpOGT(
        builder.CreateUnaryIntrinsic(Intrinsic::fabs, back),
        builder.CreateUnaryIntrinsic(Intrinsic::fabs, value));
    Value *bits = builder.CreateBitCast(nearest, i32);
    Value *inexact = builder.CreateFCmpONE(back, value);
    Value *towardZero = builder.CreateSub(bits, builder.CreateZExt(away, i32));
    Value *odd = builder.CreateOr(towardZero, ConstantInt::get(i32, 1));
    return builder.CreateBitCast(builder.CreateSelect(inexact, odd, bits), f32);
  }

  Value *math(IRBuilder<> &builder, Instruction &instruction) {
    StringRef name = mathNameOf(instruction);
    Type *type = instruction.getType(), *element = type->getScalarType();
    if (isa<ScalableVectorType>(type))
      return nullptr;
    SmallVector<Value *, 2> operands;
    unsigned count = 0;
    if (auto *call = dyn_cast<CallBase>(&instruction))
      count = call->arg_size();
    else
      count = instruction.getNumOperands();
    bool narrow = element->isHalfTy() || element->isBFloatTy();
    Type *wide = narrow ? withElement(type, builder.getFloatTy()) : type;
    if (!wide->getScalarType()->isFloatTy() &&
        !wide->getScalarType()->isDoubleTy())
      return nullptr;
    for (unsigned i = 0; i < count; ++i) {
      Value *operand = instruction.getOperand(i);
      if (narrow && operand->getType() == type)
        operand = element->isBFloatTy() ? cast(builder, operand, wide)
                                        : builder.CreateFPExt(operand, wide);
      // ldexp takes any integer; the library takes 32 bits.
      if (operand->getType()->isIntOrIntVectorTy())
        operand = builder.CreateSExtOrTrunc(
            operand, withElement(type, builder.getInt32Ty()));
      operands.push_back(operand);
    }
    Value *result = call(builder, name, wide, operands);
    if (narrow)
      result = element->isBFloatTy() ? cast(builder, result, type)
                                     : builder.CreateFPTrunc(result, type);
    return result;
  }

  /// Splits a vector into pieces the library has.
  Value *call(IRBuilder<> &builder, StringRef name, Type *type,
              ArrayRef<Value *> operands) {
    auto *vector = dyn_cast<FixedVectorType>(type);
    if (!vector)
      return piece(builder, name, type, operands);
    unsigned lanes = vector->getNumElements();
    unsigned smallest = type->getScalarType()->isDoubleTy() ? 2 : 4;
    if (isPowerOf2_32(lanes) && lanes >= smallest && lanes <= 16)
      return piece(builder, name, type, operands);
    Value *result = PoisonValue::get(type);
    for (unsigned at = 0; at < lanes;) {
      unsigned width = 16;
      while (width > 1 && (width > lanes - at || width < smallest))
        width = width > smallest ? width / 2 : 1;
      SmallVector<Value *, 2> parts;
      SmallVector<int> select;
      for (unsigned i = 0; i < width; ++i)
        select.push_back(at + i);
      for (Value *operand : operands)
        parts.push_back(
            width == 1 ? builder.CreateExtractElement(operand, uint64_t(at))
                       : builder.CreateShuffleVector(operand, select));
      Type *element = type->getScalarType();
      Value *part = piece(
          builder, name,
          width == 1 ? element : FixedVectorType::get(element, width), parts);
      if (width == 1) {
        result = builder.CreateInsertElement(result, part, uint64_t(at));
      } else {
        SmallVector<int> widen(lanes, -1), blend;
        for (unsigned i = 0; i < width; ++i)
          widen[i] = i;
        for (unsigned i = 0; i < lanes; ++i)
          blend.push_back(i >= at && i < at + width ? lanes + i - at : i);
        result = builder.CreateShuffleVector(
            result, builder.CreateShuffleVector(part, widen), blend);
      }
      at += width;
    }
    return result;
  }

  Value *piece(IRBuilder<> &builder, StringRef name, Type *type,
               ArrayRef<Value *> operands) {
    std::string symbol = "tsdk.math." + name.str() + ".";
    if (auto *vector = dyn_cast<FixedVectorType>(type))
      symbol += "v" + std::to_string(vector->getNumElements());
    symbol += type->getScalarType()->isDoubleTy() ? "f64" : "f32";
    SmallVector<Type *, 2> types;
    for (Value *operand : operands)
      types.push_back(operand->getType());
    return builder.CreateCall(
        module.getOrInsertFunction(symbol,
                                   FunctionType::get(type, types, false)),
        operands);
  }

  Module &module;
  bool hasCasts;
};

} // namespace

void legaliseMath(Module &module) { Legaliser(module).run(); }

} // namespace tilesdk::codegen
