//===- ops.cpp - Elementwise operations -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/emitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

namespace tilesdk::lowering {

/// Operations of arith and math that are one operation of the LLVM dialect on
/// the same operands.
static StringRef directName(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("arith.addf", "fadd")
      .Case("arith.subf", "fsub")
      .Case("arith.mulf", "fmul")
      .Case("arith.divf", "fdiv")
      .Case("tile.div_rn", "fdiv")
      .Case("arith.remf", "frem")
      .Case("arith.negf", "fneg")
      .Case("arith.maximumf", "intr.maximum")
      .Case("arith.minimumf", "intr.minimum")
      .Case("arith.maxnumf", "intr.maxnum")
      .Case("arith.minnumf", "intr.minnum")
      .Case("math.sqrt", "intr.sqrt")
      .Case("tile.sqrt_rn", "intr.sqrt")
      .Case("math.floor", "intr.floor")
      .Case("math.ceil", "intr.ceil")
      .Case("math.trunc", "intr.trunc")
      .Case("math.round", "intr.round")
      .Case("math.roundeven", "intr.roundeven")
      .Case("math.absf", "intr.fabs")
      .Case("math.fma", "intr.fma")
      .Case("math.copysign", "intr.copysign")
      .Case("arith.addi", "add")
      .Case("arith.subi", "sub")
      .Case("arith.muli", "mul")
      .Case("arith.andi", "and")
      .Case("arith.ori", "or")
      .Case("arith.xori", "xor")
      .Case("arith.shli", "shl")
      .Case("arith.shrsi", "ashr")
      .Case("arith.shrui", "lshr")
      .Case("arith.maxsi", "intr.smax")
      .Case("arith.minsi", "intr.smin")
      .Case("arith.maxui", "intr.umax")
      .Case("arith.minui", "intr.umin")
      .Case("math.absi", "intr.abs")
      .Case("math.ctpop", "intr.ctpop")
      .Case("math.ctlz", "intr.ctlz")
      .Case("math.cttz", "intr.cttz")
      .Default("");
}

/// Functions of the math library, by the operation of the dialect math.
static StringRef libraryName(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("math.exp", "exp")
      .Case("math.exp2", "exp2")
      .Case("math.expm1", "expm1")
      .Case("math.log", "log")
      .Case("math.log2", "log2")
      .Case("math.log10", "log10")
      .Case("math.log1p", "log1p")
      .Case("math.sin", "sin")
      .Case("math.cos", "cos")
      .Case("math.tan", "tan")
      .Case("math.asin", "asin")
      .Case("math.acos", "acos")
      .Case("math.atan", "atan")
      .Case("math.atan2", "atan2")
      .Case("math.sinh", "sinh")
      .Case("math.cosh", "cosh")
      .Case("math.tanh", "tanh")
      .Case("math.asinh", "asinh")
      .Case("math.acosh", "acosh")
      .Case("math.atanh", "atanh")
      .Case("math.erf", "erf")
      .Case("math.erfc", "erfc")
      .Case("math.cbrt", "cbrt")
      .Case("math.powf", "pow")
      .Case("math.rsqrt", "rsqrt")
      .Default("");
}

void Emitter::fail(Operation *op, const Twine &message) {
  if (!failed)
    op->emitError() << "" << message;
  failed = true;
}

/// Calls tsdk.math.<name> on floats of one type.
Value Emitter::mathCall(StringRef name, Type element, ValueRange operands) {
  return libraryCall((Twine("tsdk.math.") + name).str(),
                     arithmeticType(element), operands);
}

std::string Emitter::typeSuffix(Type scalar) {
  return (isFloat(scalar) ? "f" : "i") +
         std::to_string(scalar.getIntOrFloatBitWidth());
}

Value Emitter::constantElement(Attribute value, Type element) {
  Type type = registerType(element);
  if (auto i = dyn_cast<IntegerAttr>(value))
    return B.cst(type, type.isInteger(1) ? i.getValue().getZExtValue()
                                         : i.getValue().getSExtValue());
  const APFloat &f = cast<FloatAttr>(value).getValue();
  if (isFloat(type))
    return B.cstAPFloat(type, f);
  return B.cst(type, f.bitcastToAPInt().getZExtValue());
}

/// Division that never traps: a lane that is masked off may hold any divisor.
Value Emitter::integerDivide(Value l, Value r, bool isSigned, bool remainder) {
  Type type = l.getType();
  Type element = B.elementOf(type);
  unsigned bits = element.getIntOrFloatBitWidth();
  if (auto c = B.constant(r); c && *c > 0 && !B.lanesOf(r)) {
    if (auto d = B.constant(l); d && (isSigned || *d >= 0))
      return B.cst(type, remainder ? *d % *c : *d / *c);
    return B.bin(remainder ? (isSigned ? "srem" : "urem")
                           : (isSigned ? "sdiv" : "udiv"),
                 l, r);
  }
  // A vector constant divides by multiplication.
  bool constantDivisor = false;
  if (Operation *def = r.getDefiningOp())
    constantDivisor = def->hasAttr("value") && B.lanesOf(r);
  if (constantDivisor)
    return B.bin(remainder ? (isSigned ? "srem" : "urem")
                           : (isSigned ? "sdiv" : "udiv"),
                 l, r);
  Value zero = B.cst(type, 0), one = B.cst(type, 1);
  r = B.select(B.icmp(EQ, r, zero), one, r);
  Value q;
  if (bits <= 32 && B.lanesOf(type)) {
    // Exact: a quotient of 32-bit integers is far from a rounding border.
    const char *up = isSigned ? "sitofp" : "uitofp";
    const char *down = isSigned ? "fptosi" : "fptoui";
    Value f = B.bin("fdiv", B.cast(up, l, B.f64), B.cast(up, r, B.f64));
    q = B.cast(down, f, bits == 32 && isSigned ? B.i32 : B.i64);
    q = B.toInt(q, element);
  } else if (bits < divisionBits) {
    const char *up = isSigned ? "sext" : "zext";
    Type wide = B.b.getIntegerType(divisionBits);
    q = B.bin(isSigned ? "sdiv" : "udiv", B.cast(up, l, wide),
              B.cast(up, r, wide));
    q = B.cast("trunc", q, element);
  } else {
    // The most negative number by -1 traps; negation wraps as it should.
    Value minus = isSigned ? B.icmp(EQ, r, B.cst(type, -1)) : Value();
    Value by = isSigned ? B.select(minus, one, r) : r;
    q = B.bin(isSigned ? "sdiv" : "udiv", l, by);
    if (isSigned)
      q = B.select(minus, B.bin("sub", zero, q), q);
  }
  if (!remainder)
    return q;
  return B.bin("sub", l, B.bin("mul", q, r));
}

/// Integer to float; there is no bf16 or f8 instruction, they go through f32.
static Value intToFloat(Emitter &e, Value v, Type to, bool isSigned) {
  Type via = e.arithmeticType(to);
  Value f = e.B.cast(isSigned ? "sitofp" : "uitofp", v, via);
  return e.fromArithmetic(f, to);
}

bool Emitter::emitOp(Operation *op, ValueRange in, unsigned lanes,
                     SmallVectorImpl<Value> &out) {
  StringRef name = op->getName().getStringRef();
  Type from = op->getNumOperands()
                  ? tile::elementOf(op->getOperand(0).getType())
                  : Type();
  Type to = op->getNumResults() ? tile::elementOf(op->getResult(0).getType())
                                : Type();
  Type result = to ? B.vec(registerType(to), lanes) : Type();
  auto done = [&](Value v) {
    out.push_back(v);
    return true;
  };

  if (callsDivision && isa<arith::DivFOp>(op) && arithmeticType(to).isF32())
    return done(fromArithmetic(
        mathCall("div", to,
                 {toArithmetic(in[0], from), toArithmetic(in[1], from)}),
        to));
  if (StringRef direct = directName(name); !direct.empty()) {
    if (!isFloat(to)) {
      // Constants decide about loops and masks, so scalars are folded.
      if (lanes == 0 && in.size() == 2) {
        auto a = B.constant(in[0]), c = B.constant(in[1]);
        if (a && c && !to.isInteger(1)) {
          if (direct == "add")
            return done(B.cst(result, *a + *c));
          if (direct == "sub")
            return done(B.cst(result, *a - *c));
          if (direct == "mul")
            return done(B.cst(result, *a * *c));
        }
      }
      return done(B.op(direct, result, in));
    }
    SmallVector<Value> args;
    for (Value v : in)
      args.push_back(toArithmetic(v, to));
    Type t = B.vec(arithmeticType(to), lanes);
    if (direct == "frem")
      return done(fromArithmetic(mathCall("fmod", to, args), to));
    // The result is one of the operands: no rounding, and LLVM must not get
    // the idea of doing it in f16, for which it would call a library.
    bool least = direct == "intr.minnum" || direct == "intr.minimum";
    bool isNumber = direct == "intr.minnum" || direct == "intr.maxnum";
    if ((t != result || (isNumber && !hasMaxNum)) &&
        (least || direct == "intr.maxnum" || direct == "intr.maximum")) {
      bool nanWins = direct.ends_with("imum");
      Value nan = B.fcmp(UNO, args[nanWins ? 0 : 1], args[nanWins ? 0 : 1]);
      Value first = B.fcmp(least ? OLT : OGT, args[0], args[1]);
      return done(
          B.select(B.op("or", nan.getType(), {first, nan}), in[0], in[1]));
    }
    return done(fromArithmetic(B.op(direct, t, args), to));
  }
  if (StringRef library = libraryName(name); !library.empty()) {
    SmallVector<Value> args;
    for (Value v : in)
      args.push_back(toArithmetic(v, to));
    return done(fromArithmetic(mathCall(library, to, args), to));
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return done(constantElement(constant.getValue(), to));
  if (auto cmp = dyn_cast<arith::CmpIOp>(op))
    return done(B.icmp(unsigned(cmp.getPredicate()), in[0], in[1]));
  if (auto cmp = dyn_cast<arith::CmpFOp>(op))
    return done(B.fcmp(unsigned(cmp.getPredicate()), toArithmetic(in[0], from),
                       toArithmetic(in[1], from)));
  if (isa<arith::SelectOp>(op)) {
    Value c = in[0], t = in[1], f = in[2];
    return done(B.select(c, t, f));
  }
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op))
    return done(integerDivide(in[0], in[1],
                              isa<arith::DivSIOp, arith::RemSIOp>(op),
                              isa<arith::RemSIOp, arith::RemUIOp>(op)));
  if (isa<arith::ExtSIOp>(op))
    return done(B.cast("sext", in[0], registerType(to)));
  if (isa<arith::ExtUIOp>(op))
    return done(B.cast("zext", in[0], registerType(to)));
  if (isa<arith::TruncIOp>(op))
    return done(B.cast("trunc", in[0], registerType(to)));
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
    return done(B.toInt(in[0], registerType(to)));
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
    return done(intToFloat(*this, in[0], to, isa<arith::SIToFPOp>(op)));
  if (isa<arith::FPToSIOp, arith::FPToUIOp>(op)) {
    Value f = toArithmetic(in[0], from);
    bool isSigned = isa<arith::FPToSIOp>(op);
    // Narrow results wrap as on other devices, by way of a wider integer.
    unsigned bits = to.getIntOrFloatBitWidth();
    Type wide = bits < 32 ? B.i32 : registerType(to);
    Value i = B.cast(isSigned || bits < 32 ? "fptosi" : "fptoui", f, wide);
    return done(B.toInt(i, registerType(to)));
  }
  if (isa<arith::ExtFOp, arith::TruncFOp>(op))
    return done(convertFloat(in[0], from, to, false));
  if (auto convert = dyn_cast<tile::FpToFpOp>(op))
    return done(convertFloat(in[0], from, to,
                             convert.getRounding() == tile::Rounding::Rtz));
  if (isa<arith::BitcastOp>(op)) {
    Type a = registerType(from), b = registerType(to);
    return done(a == b ? in[0] : B.cast("bitcast", in[0], b));
  }
  if (isa<arith::MulUIExtendedOp, arith::MulSIExtendedOp>(op)) {
    const char *up = isa<arith::MulUIExtendedOp>(op) ? "zext" : "sext";
    unsigned bits = to.getIntOrFloatBitWidth();
    Type wide = B.b.getIntegerType(2 * bits);
    Value p = B.bin("mul", B.cast(up, in[0], wide), B.cast(up, in[1], wide));
    out.push_back(B.bin("mul", in[0], in[1]));
    out.push_back(
        B.cast("trunc", B.bin("lshr", p, B.cst(p.getType(), bits)), to));
    return true;
  }
  if (isa<arith::AddUIExtendedOp>(op)) {
    Value sum = B.bin("add", in[0], in[1]);
    out.push_back(sum);
    out.push_back(B.icmp(ULT, sum, in[0]));
    return true;
  }
  if (isa<tile::AddPtrOp>(op)) {
    Type pointee = cast<tile::PointerType>(to).getPointee();
    return done(B.gep(in[0], memoryType(pointee), in[1]));
  }
  if (isa<tile::IntToPtrOp>(op))
    return done(B.cast("inttoptr", in[0], registerType(to)));
  if (isa<tile::PtrToIntOp>(op))
    return done(B.cast("ptrtoint", in[0], B.i64));
  if (isa<tile::PtrCastOp, tile::HintOp>(op))
    return done(in[0]);
  if (auto id = dyn_cast<tile::ProgramIdOp>(op))
    return done(programId(id.getAxis()));
  if (auto count = dyn_cast<tile::NumProgramsOp>(op))
    return done(numPrograms(count.getAxis()));
  if (auto ext = dyn_cast<tile::ExternElementwiseOp>(op)) {
    if (!ext.getPure() || in.empty() || !to)
      return false;
    SmallVector<Value> args;
    for (auto [value, operand] : llvm::zip(in, ext.getArgs()))
      args.push_back(toArithmetic(value, getElementTypeOrSelf(operand)));
    Value r = libraryCall(ext.getSymbol(), arithmeticType(to), args);
    return done(fromArithmetic(r, to));
  }
  return false;
}

/// The innermost file position of `loc`, as file:line.
static std::string positionOf(Location loc) {
  std::string text;
  loc->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file)
      return WalkResult::advance();
    text = (file.getFilename().getValue() + ":" + Twine(file.getLine())).str();
    return WalkResult::interrupt();
  });
  return text;
}

std::string Emitter::assertionText(tile::AssertOp op) {
  std::string where = positionOf(op.getLoc());
  std::string text = (where.empty() ? "" : where + ": ") + "assertion failed";
  if (!op.getMessage().empty())
    text += ": " + op.getMessage().str();
  return text;
}

Operation *Emitter::knownCombination(Region &region) {
  Block &block = region.front();
  if (block.getNumArguments() != 2 || block.getOperations().size() != 2)
    return nullptr;
  Operation *op = &block.front();
  if (op->getNumResults() != 1 ||
      block.getTerminator()->getOperand(0) != op->getResult(0) ||
      op->getNumOperands() != 2 || op->getOperand(0) == op->getOperand(1))
    return nullptr;
  if (isa<arith::AddFOp, arith::MulFOp, arith::AddIOp, arith::MulIOp,
          arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::MaxSIOp,
          arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp, arith::MaximumFOp,
          arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(op))
    return op;
  return nullptr;
}

Values Emitter::combine(Region &region, ArrayRef<Value> acc,
                        ArrayRef<Value> element, unsigned lanes) {
  DenseMap<Value, Value> map;
  Block &block = region.front();
  unsigned n = acc.size();
  for (unsigned i = 0; i < n; ++i) {
    map[block.getArgument(i)] = acc[i];
    map[block.getArgument(n + i)] = element[i];
  }
  for (Operation &op : block.without_terminator()) {
    SmallVector<Value> operands, results;
    for (Value v : op.getOperands())
      operands.push_back(B.splat(map.lookup(v), lanes));
    if (!emitOp(&op, operands, lanes, results)) {
      fail(&op, "operation '" + op.getName().getStringRef() +
                    "' is not supported in a combine function");
      return Values(acc);
    }
    for (auto [from, to] : llvm::zip(op.getResults(), results))
      map[from] = to;
  }
  Values out;
  for (Value v : block.getTerminator()->getOperands())
    out.push_back(B.splat(map.lookup(v), lanes));
  return out;
}

} // namespace tilesdk::lowering
