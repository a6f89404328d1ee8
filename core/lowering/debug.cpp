//===- debug.cpp - Assertions and printing ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values are formatted by functions that are linked into every artifact,
// core/codegen/builtins/print.c; what they take is the contract here.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

// Offsets in tsdk_tile_program, see tilesdk_plugin.h.
static constexpr int64_t assertOffset = 64, stateOffset = 72;

void Engine::reportText(int64_t functionOffset, StringRef text) {
  Value fn = programField(functionOffset, B.ptr);
  B.callPointer(fn, ValueRange(SmallVector<Value>{
                        programField(stateOffset, B.ptr), B.textConstant(text),
                        B.cst64(text.size())}));
}

void Engine::emitAssert(tile::AssertOp op) {
  info.usesAssert = true;
  std::string text = assertionText(op);
  Value condition = op.getCondition();
  Value ok;
  if (!isa<RankedTensorType>(condition.getType())) {
    ok = scalar(condition);
  } else {
    // One report however many elements fail.
    View flag = newView({}, B.i8);
    Point none;
    writeView(flag, B.i8, none, Lane::uniform(B.cst(B.i8, 1)));
    forEachChunk(shapeOf(condition), 0, [&](const Point &p) {
      Value v = B.cast("zext", valueAt(condition, p), B.i8);
      Value old = readView(flag, B.i8, none).value;
      writeView(flag, B.i8, none, Lane::uniform(B.bin("and", old, v)));
    });
    ok = B.icmp(NE, readView(flag, B.i8, none).value, B.cst(B.i8, 0));
  }
  B.ifThen(B.logicalNot(ok), [&] { reportText(assertOffset, text); });
}

void Engine::emitPrint(tile::PrintOp op) {
  info.usesPrint = true;
  Value prefix = B.textConstant(op.getPrefix());
  Value prefixSize = B.cst64(op.getPrefix().size());
  if (op.getArgs().empty()) {
    B.call("tsdk.print.text", Type(), {programArg, prefix, prefixSize}, false);
    return;
  }
  ArrayRef<bool> isSigned = op.getIsSigned();
  for (auto [i, arg] : llvm::enumerate(op.getArgs())) {
    Type element = tile::elementOf(arg.getType());
    bool hex = op.getHex();
    bool asSigned = i < isSigned.size() ? isSigned[i] : true;
    forEachChunk(shapeOf(arg), 0, [&](const Point &p) {
      Value v = valueAt(arg, p);
      // Row-major index of the element, -1 for a scalar.
      SmallVector<Value> args{programArg, prefix, prefixSize};
      Value index = B.cst64(0);
      ArrayRef<int64_t> shape = shapeOf(arg);
      for (auto [d, at] : llvm::enumerate(p.index))
        index = B.add(B.mul(index, B.cst64(shape[d])), B.toInt(at, B.i64));
      args.push_back(B.cst64(op.getArgs().size() > 1 ? int64_t(i) : -1));
      args.push_back(shape.empty() ? B.cst64(-1) : index);
      Type t = registerType(element);
      unsigned bits = t == B.ptr ? 64 : element.getIntOrFloatBitWidth();
      if (isFloat(element) && !hex) {
        Value f = toArithmetic(v, element);
        args.push_back(f.getType() == B.f32 ? B.cast("fpext", f, B.f64) : f);
        B.call("tsdk.print.float", Type(), args, false);
        return;
      }
      Value raw = t == B.ptr   ? B.cast("ptrtoint", v, B.i64)
                  : isFloat(t) ? B.cast("bitcast", v, B.b.getIntegerType(bits))
                               : v;
      bool extendSign = asSigned && !hex && !t.isInteger(1) && t != B.ptr;
      if (raw.getType() != B.i64)
        raw = B.cast(extendSign ? "sext" : "zext", raw, B.i64);
      args.push_back(raw);
      // Hexadecimal digits, or 0 for decimal.
      args.push_back(B.cst32(hex || t == B.ptr ? (bits + 3) / 4 : 0));
      args.push_back(B.cst32(extendSign));
      B.call("tsdk.print.int", Type(), args, false);
    });
  }
}

} // namespace tilesdk::lowering
