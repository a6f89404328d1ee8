//===- engine.cpp - Values of a thread --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/engine.h"

#include "core/ir/simt_dialect.h"

namespace tilesdk::lowering {

SimtEngine::SimtEngine(ModuleOp module, const target::Machine &machine,
                       SimtLoweringInfo &info, const OpTable &table,
                       bool contractFloat)
    : Emitter(module, contractFloat), machine(machine), info(info),
      opTable(table) {
  sharedPtr = B.pointer(3);
  globalPtr = B.pointer(1);
  divisionBits = 32;
  callsDivision = true;
  // The host, which takes its parameters in an array.
  hasMaxNum = !machine.parametersInArray;
}

// Values -------------------------------------------------------------------//

ArrayRef<Value> SimtEngine::registers(Value v) {
  auto found = values.find(v);
  if (found != values.end()) {
    if (deferred.contains(v)) {
      for (unsigned r = 0, end = found->second.size(); r < end; ++r)
        found->second[r] = registerOf(v, r);
      deferred.erase(v);
    }
    return found->second;
  }
  if (!failed)
    emitError(v.getLoc()) << "internal error: value used before it is computed";
  failed = true;
  // Whoever asked goes on for a moment and must find enough.
  Registers &list = values[v];
  unsigned count =
      isa<RankedTensorType>(v.getType()) ? table(v.getType()).size() : 1;
  SmallVector<Type> types;
  flatTypes(v.getType(), types);
  list.assign(count, B.poison(types.empty() ? B.i32 : types.front()));
  return list;
}

void SimtEngine::deferRegisters(Value v, RegisterMaker make) {
  values[v].assign(table(v).size(), Value());
  deferred[v] = std::move(make);
}

Value SimtEngine::registerOf(Value v, unsigned reg) {
  auto maker = deferred.find(v);
  if (maker == deferred.end())
    return registers(v)[reg];
  reg = table(v).firstCopy[reg];
  Registers &list = values[v];
  if (!list[reg])
    maker->second(reg, list);
  return list[reg];
}

Value SimtEngine::scalar(Value v) { return registers(v).front(); }

void SimtEngine::setScalar(Value v, Value to) {
  Registers &list = values[v];
  list.assign(1, to);
}

void SimtEngine::setRegisters(Value v, Registers to) {
  values[v] = std::move(to);
}

void SimtEngine::flatten(Value v, SmallVectorImpl<Value> &to) {
  if (isa<simt::TokenType>(v.getType()))
    return;
  ArrayRef<Value> list = registers(v);
  if (!isa<RankedTensorType>(v.getType()))
    return to.push_back(list.front());
  const LayoutTable &t = table(v);
  for (unsigned r = 0; r < t.size(); ++r)
    if (t.firstCopy[r] == r)
      to.push_back(list[r]);
}

void SimtEngine::flatTypes(Type type, SmallVectorImpl<Type> &to) {
  if (isa<simt::TokenType>(type))
    return;
  if (isa<simt::SharedType, simt::BarriersType>(type))
    return to.push_back(sharedPtr);
  if (isa<simt::MapType>(type))
    return to.push_back(B.ptr);
  if (!isa<RankedTensorType>(type))
    return to.push_back(registerType(type));
  const LayoutTable &t = table(type);
  Type element = registerType(tile::elementOf(type));
  for (unsigned r = 0; r < t.size(); ++r)
    if (t.firstCopy[r] == r)
      to.push_back(element);
}

void SimtEngine::unflatten(Value v, ArrayRef<Value> &from) {
  if (isa<simt::TokenType>(v.getType()))
    return;
  if (!isa<RankedTensorType>(v.getType())) {
    setScalar(v, from.front());
    from = from.drop_front();
    return;
  }
  const LayoutTable &t = table(v);
  Registers list(t.size());
  for (unsigned r = 0; r < t.size(); ++r) {
    if (t.firstCopy[r] != r) {
      list[r] = list[t.firstCopy[r]];
      continue;
    }
    list[r] = from.front();
    from = from.drop_front();
  }
  setRegisters(v, std::move(list));
}

const LayoutTable &SimtEngine::table(const layout::Layout &layout) {
  auto &known = tables[layout];
  if (!known) {
    known = std::make_unique<LayoutTable>(layout);
    if (!known->isSupported && !failed) {
      emitError(B.loc) << "internal error: a layout repeats lanes or warps an "
                          "odd number of times";
      failed = true;
    }
  }
  return *known;
}

const LayoutTable &SimtEngine::table(Type tensor) {
  Attribute encoding = cast<RankedTensorType>(tensor).getEncoding();
  const LayoutTable *&known = tableOfAttribute[encoding];
  if (!known)
    known = &table(simt::layoutOf(tensor));
  return *known;
}

// Operations ---------------------------------------------------------------//

bool SimtEngine::emitBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (!lowerOp(&op) && !failed)
      fail(&op, "operation '" + op.getName().getStringRef() +
                    "' is not supported on this target");
    if (failed)
      return false;
  }
  return true;
}

bool SimtEngine::lowerOp(Operation *op) {
  B.loc = op->getLoc();
  auto found = opTable.find(op->getName().getStringRef());
  if (found == opTable.end())
    found = opTable.find("");
  return found->second(*this, op);
}

// What a target does in its own way ----------------------------------------//

Value SimtEngine::nearestBf16(Value v) {
  // The host, which takes its parameters in an array, has no instruction.
  if (!machine.has(TSDK_SIMT_BF16_CONVERT) || machine.parametersInArray)
    return {};
  return B.cast("bitcast", B.cast("fptrunc", v, B.b.getBF16Type()), B.i16);
}

/// The types of the OCP; the host has no instruction for them.
bool SimtEngine::convertsFloat8(Type type) const {
  return machine.has(TSDK_SIMT_F8_CONVERT) && !machine.parametersInArray &&
         isa<Float8E4M3FNType, Float8E5M2Type>(type);
}

static std::string nameOf(Type type) {
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return name;
}

Value SimtEngine::nearestFloat8(Value v, Type to) {
  return convertsFloat8(to)
             ? B.call("tsdk.convert." + nameOf(to) + ".f32", B.i8, {v}, true)
             : Value();
}

Value SimtEngine::wideFloat8(Value v, Type from) {
  // e5m2 is the upper half of f16.
  return convertsFloat8(from) && isa<Float8E4M3FNType>(from)
             ? B.call("tsdk.convert.f32." + nameOf(from), B.f32, {v}, true)
             : Value();
}

Value SimtEngine::libraryCall(StringRef stem, Type result,
                              ValueRange operands) {
  std::string symbol = (stem + ".").str();
  symbol += typeSuffix(operands[0].getType());
  return B.call(symbol, result, operands, true);
}

Value SimtEngine::oncePerKernel(StringRef function) {
  Value &known = kernelValues[function];
  if (!known)
    B.atEntry([&] { known = B.call(function, B.i32, {}, true); });
  return known;
}

Value SimtEngine::programId(unsigned axis) {
  return oncePerKernel("tsdk.program_id." + std::to_string(axis));
}

Value SimtEngine::numPrograms(unsigned axis) {
  return oncePerKernel("tsdk.num_programs." + std::to_string(axis));
}

// Memory -------------------------------------------------------------------//

Value SimtEngine::sharedAddress(int64_t offset) {
  Value &known = sharedAddresses[offset];
  if (!known) {
    Value &base = kernelValues["tsdk.shared.base"];
    B.atEntry([&] {
      if (!base)
        base = B.call("tsdk.shared.base", sharedPtr, {}, true);
      known = B.gep(base, B.i8, B.cst32(offset));
    });
  }
  return known;
}

Value SimtEngine::scratch(Operation *op) {
  auto offset = op->getAttrOfType<IntegerAttr>(simt::attr::scratch);
  if (!offset) {
    fail(op, "internal error: '" + op->getName().getStringRef() +
                 "' needs scratch in shared memory, but none was allocated");
    return sharedAddress(0);
  }
  if (scratchUser == op)
    barrier();
  scratchUser = op;
  return sharedAddress(offset.getInt());
}

Value SimtEngine::byteOffset(Value address, Value bytes) {
  return B.gep(address, B.i8, bytes);
}

Type SimtEngine::storedType(Type element) {
  if (isa<tile::PointerType>(element))
    return B.i64;
  return memoryType(element);
}

Value SimtEngine::toStored(Value v, Type element) {
  if (isa<tile::PointerType>(element))
    return B.cast("ptrtoint", v, B.i64);
  return toMemory(v, element);
}

Value SimtEngine::fromStored(Value v, Type element) {
  if (isa<tile::PointerType>(element))
    return B.cast("inttoptr", v, registerType(element));
  return fromMemory(v, element);
}

} // namespace tilesdk::lowering
