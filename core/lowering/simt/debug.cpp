//===- debug.cpp - Assertions and printing ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Messages are records in a buffer of the device: numbers only, the runtime
// formats them. Their texts are in the metadata, docs/device_library.md has the
// form of a record.
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/lowering/build_exit.h"
#include "core/lowering/simt/messages.h"

namespace tilesdk::lowering {

namespace {

/// What the value of a record is.
enum Format { Text, Float, Signed, Unsigned };

} // namespace

static func::FuncOp kernelOf(Operation *op) {
  return op->getParentOfType<func::FuncOp>();
}

SmallVector<HiddenField> hiddenFields(SimtEngine &e, func::FuncOp kernel) {
  bool talks = false;
  kernel.walk([&](Operation *op) {
    if (isa<tile::PrintOp>(op))
      talks = e.info.usesPrint = true;
    if (isa<tile::AssertOp>(op))
      talks = e.info.usesAssert = true;
  });
  if (!talks)
    return {};
  return {{e.globalPtr, 64}, {e.B.i32, 0}};
}

/// A hidden parameter, at the head of the kernel.
static Value hidden(SimtEngine &e, Operation *op, unsigned field) {
  unsigned place = kernelOf(op).getNumArguments() + field;
  Build &B = e.B;
  if (!e.machine.parametersInArray)
    return B.entry->getArgument(place);
  Value v;
  B.atEntry([&] {
    Value slots = B.entry->getArgument(0);
    Value slot = B.load(B.ptr, B.gep(slots, B.ptr, B.cst64(place)), 8);
    v = field ? B.load(B.i32, slot, 4) : B.load(e.globalPtr, slot, 8);
  });
  return v;
}

/// The number of a text in the metadata.
static Value messageNumber(SimtEngine &e, StringRef text) {
  auto &list = e.info.messages;
  auto found = llvm::find(list, text);
  if (found == list.end())
    found = list.insert(list.end(), text.str());
  return e.B.cst32(found - list.begin());
}

static void addProgramId(SimtEngine &e, SmallVectorImpl<Value> &args) {
  for (const char *axis : {"0", "1", "2"})
    args.push_back(
        e.B.call(std::string("tsdk.program_id.") + axis, e.B.i32, {}, true));
}

// Assertions ---------------------------------------------------------------//

/// All threads leave if this launch has failed. The words of the warps go
/// through shared memory: what one thread sees, all must act on.
static void leaveIfFailed(SimtEngine &e, Operation *op, Value buffer,
                          Value tag) {
  Build &B = e.B;
  Value stopped =
      B.call("tsdk.message.stopped", B.i1, {buffer, tag}, /*pure=*/false);
  Value word = B.cast("zext", stopped, B.i32);
  for (unsigned mask = 1; mask < e.machine.warpSize; mask *= 2)
    word = B.bin("or", word, e.shuffleXor(word, mask));
  if (unsigned warps = e.scope().warps; warps > 1) {
    Value scratch = e.scratch(op);
    Value isFirstLane = B.icmp(EQ, e.lane(), B.cst32(0));
    B.ifThen(isFirstLane,
             [&] { B.store(word, B.gep(scratch, B.i32, e.warp()), 4); });
    e.barrier();
    for (unsigned w = 0; w < warps; ++w) {
      Value other = B.load(B.i32, B.gep(scratch, B.i32, B.cst32(w)), 4);
      word = w ? B.bin("or", word, other) : other;
    }
  }
  word = B.callTogether("tsdk.warp.uniform.i32", B.i32, {word}, true);
  // What is under way still uses shared memory.
  bool multiplies = false, copies = false;
  kernelOf(op).walk([&](Operation *each) {
    multiplies |= isa<simt::MmaAsyncOp>(each);
    copies |= isa<simt::AsyncCopyOp>(each);
  });
  returnIf(B, B.icmp(NE, word, B.cst32(0)), [&] {
    if (multiplies)
      B.callTogether("tsdk.mma.wait.0", {}, {}, false);
    if (copies)
      B.call("tsdk.async.wait.0", {}, {}, false);
  });
}

static bool lowerAssert(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::AssertOp>(operation);
  Build &B = e.B;
  // One report of a thread however many of its elements fail.
  Value ok = B.boolean(true);
  Value last;
  for (Value v : e.registers(op.getCondition())) {
    if (v != last)
      ok = B.logicalAnd(ok, v);
    last = v;
  }
  Value failed = B.logicalNot(ok);
  bool isTensor = isa<RankedTensorType>(op.getCondition().getType());
  Value first = isTensor ? e.holdsFirstCopy(e.table(op.getCondition()))
                         : e.isFirstThread();
  if (first)
    failed = B.logicalAnd(failed, first);
  Value buffer = hidden(e, op, 0), tag = hidden(e, op, 1);
  Value number = messageNumber(e, Emitter::assertionText(op));
  B.ifThen(failed, [&] {
    SmallVector<Value> args{buffer, tag, number};
    addProgramId(e, args);
    B.call("tsdk.message.fail", {}, args, false);
  });
  if (op->hasAttr(simt::attr::scratch))
    leaveIfFailed(e, op, buffer, tag);
  return true;
}

// Printing -----------------------------------------------------------------//

namespace {

/// One operand of a print; the values of threads are its elements.
struct Printer {
  SimtEngine &e;
  SmallVector<Value> head; ///< Buffer to program id.
  bool hex, asSigned;
  int64_t operand;

  void put(Value index, Value value, unsigned format) {
    Build &B = e.B;
    SmallVector<Value> args(head);
    args.append({B.cst32(operand), index, value, B.cst32(format)});
    B.call("tsdk.message.put", {}, args, false);
  }

  /// \p v is in register form.
  void putElement(Value index, Value v, Type element) {
    Build &B = e.B;
    Type type = v.getType();
    bool isPointer = !type.isIntOrFloat();
    unsigned bits = isPointer ? 64 : element.getIntOrFloatBitWidth();
    if (Emitter::isFloat(element) && !hex) {
      Value f = e.toArithmetic(v, element);
      if (f.getType() == B.f32)
        f = B.cast("fpext", f, B.f64);
      return put(index, B.cast("bitcast", f, B.i64), Float);
    }
    if (isPointer)
      v = B.cast("ptrtoint", v, B.i64);
    else if (Emitter::isFloat(type))
      v = B.cast("bitcast", v, B.b.getIntegerType(bits));
    bool extendSign = asSigned && !hex && !type.isInteger(1) && !isPointer;
    if (v.getType() != B.i64)
      v = B.cast(extendSign ? "sext" : "zext", v, B.i64);
    unsigned digits = hex || isPointer ? (bits + 3) / 4 : 0;
    put(index, v, (extendSign ? Signed : Unsigned) | digits << 8);
  }

  void putTensor(Value tensor) {
    Build &B = e.B;
    const LayoutTable &table = e.table(tensor);
    ArrayRef<Value> list = e.registers(tensor);
    ArrayRef<int64_t> shape = tile::shapeOf(tensor.getType());
    Type element = tile::elementOf(tensor.getType());
    auto all = [&] {
      for (unsigned r = 0; r < table.size(); ++r) {
        if (table.firstCopy[r] != r)
          continue;
        Value index = B.cst32(0);
        for (unsigned d = 0; d < shape.size(); ++d)
          index =
              B.add(B.mul(index, B.cst32(shape[d])), e.coordinate(table, r, d));
        putElement(B.cast("zext", index, B.i64), list[r], element);
      }
    };
    if (Value first = e.holdsFirstCopy(table))
      B.ifThen(first, all);
    else
      all();
  }
};

} // namespace

static bool lowerPrint(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::PrintOp>(operation);
  Build &B = e.B;
  Printer printer{e, {}, op.getHex(), true, -1};
  printer.head = {hidden(e, op, 0), hidden(e, op, 1),
                  messageNumber(e, op.getPrefix())};
  addProgramId(e, printer.head);
  if (op.getArgs().empty())
    B.ifThen(e.isFirstThread(),
             [&] { printer.put(B.cst64(-1), B.cst64(0), Text); });
  ArrayRef<bool> isSigned = op.getIsSigned();
  for (auto [i, arg] : llvm::enumerate(op.getArgs())) {
    printer.asSigned = i < isSigned.size() ? isSigned[i] : true;
    printer.operand = op.getArgs().size() > 1 ? int64_t(i) : -1;
    if (isa<RankedTensorType>(arg.getType()))
      printer.putTensor(arg);
    else
      B.ifThen(e.isFirstThread(), [&, arg = arg] {
        printer.putElement(B.cst64(-1), e.scalar(arg), arg.getType());
      });
  }
  return true;
}

void addDebugOps(OpTable &table) {
  table["tile.assert"] = lowerAssert;
  table["tile.print"] = lowerPrint;
}

} // namespace tilesdk::lowering
