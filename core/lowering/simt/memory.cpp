//===- memory.cpp - Loads and stores of global memory -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A thread accesses its registers in vectors as wide as the layout and what is
// known of the addresses allow. Copies load for themselves; only the first copy
// stores.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/bounded_address.h"
#include "core/target/target.h"

#include "core/optimizer/axis_info_rules.h"

#include <bit>
#include <numeric>

namespace tilesdk::lowering {

namespace {
/// The accesses of a thread: each a list of registers that lie one after the
/// other in memory. All are of one length.
using Accesses = std::vector<SmallVector<unsigned, 8>>;
} // namespace

static Accesses groupRegisters(SimtEngine &e, const LayoutTable &table,
                               Value ptr, Value mask, unsigned bytes) {
  // The dimension along which most bytes lie together.
  optimizer::AxisInfo address = e.axisInfo().lookup(ptr);
  std::optional<optimizer::AxisInfo> active;
  if (mask)
    active = e.axisInfo().lookup(mask);
  int64_t widest = 1;
  layout::Vector best;
  for (size_t d = 0; d < address.dims.size(); ++d) {
    int64_t run = address.contiguity(d);
    if (active)
      run = std::gcd(run, active->constancy(d));
    run &= -run;
    run = std::min<int64_t>(
        run, std::min<unsigned>(e.machine.maxVectorBytes, 16) / bytes);
    while (run > 1 && optimizer::axis::divisibilityAt(address.dims[d], run,
                                                      bytes) < run * bytes)
      run /= 2;
    if (run <= widest)
      continue;
    layout::Vector v = table.layout.widestVector(table.layout.outputs()[d].name,
                                                 uint32_t(run), uint64_t(run),
                                                 /*anyOrder=*/true);
    if (int64_t(v.elements) > widest) {
      widest = v.elements;
      best = v;
    }
  }
  Accesses result;
  uint64_t inVector = 0;
  for (unsigned i = 0; (uint64_t(1) << i) < best.elements; ++i)
    inVector |= uint64_t(1) << best.registerBits[i];
  for (unsigned r = 0; r < table.size(); ++r) {
    auto [bits, odd] = table.digits.decompose(r);
    if (table.firstCopy[r] != r || bits & inVector)
      continue;
    auto &list = result.emplace_back();
    for (unsigned k = 0; k < best.elements; ++k) {
      unsigned at = r;
      for (unsigned i = 0; k >> i; ++i)
        if (k >> i & 1)
          at += unsigned(table.digits.step(best.registerBits[i]));
      list.push_back(at);
    }
  }
  return result;
}

/// What an access of some bytes moves: i8, i16, i32, <2 x i32>, <4 x i32>.
static Type wordType(Build &B, unsigned bytes) {
  return bytes <= 4 ? Type(B.b.getIntegerType(8 * bytes))
                    : B.vec(B.i32, bytes / 4);
}

static Value toWord(SimtEngine &e, ArrayRef<Value> list, Type element) {
  SmallVector<Value> stored;
  for (Value v : list)
    stored.push_back(e.toStored(v, element));
  Value v = e.pack(stored);
  Type word = wordType(e.B, unsigned(list.size()) * e.bytesOf(element));
  return v.getType() == word ? v : e.B.op("bitcast", word, {v});
}

static void fromWord(SimtEngine &e, Value word, unsigned count, Type element,
                     SmallVectorImpl<Value> &list) {
  Type stored = e.storedType(element);
  Type type = count == 1 ? stored : e.B.vec(stored, count);
  Value v = word.getType() == type ? word : e.B.op("bitcast", type, {word});
  SmallVector<Value> parts;
  e.unpack(v, parts);
  for (Value part : parts)
    list.push_back(e.fromStored(part, element));
}

static StringRef modifier(tile::CacheModifier cache) {
  switch (cache) {
  case tile::CacheModifier::None:
    return "";
  case tile::CacheModifier::CA:
    return ".ca";
  case tile::CacheModifier::CG:
    return ".cg";
  case tile::CacheModifier::CS:
    return ".cs";
  case tile::CacheModifier::CV:
    return ".cv";
  case tile::CacheModifier::WB:
    return ".wb";
  case tile::CacheModifier::WT:
    return ".wt";
  }
  return "";
}

static StringRef modifier(tile::EvictionPolicy policy) {
  switch (policy) {
  case tile::EvictionPolicy::Normal:
    return "";
  case tile::EvictionPolicy::EvictFirst:
    return ".evict_first";
  case tile::EvictionPolicy::EvictLast:
    return ".evict_last";
  }
  return "";
}

static bool isGlobal(Value ptr) {
  auto type = cast<tile::PointerType>(tile::elementOf(ptr.getType()));
  return type.getAddressSpace() == 1;
}

static bool isTrue(Value mask) {
  auto c = mask ? Build::constant(mask) : 1;
  return c && *c;
}

/// For masked accesses of a machine with buffer addressing, which needs no
/// branch for elements that are masked off.
static std::optional<BoundedAddress> bufferOf(SimtEngine &e, Value ptr,
                                              Value mask, StringRef suffix) {
  if (!mask || !suffix.empty() || !isGlobal(ptr) ||
      !e.machine.has(TSDK_SIMT_BUFFER_ADDRESSING) ||
      !isa<RankedTensorType>(ptr.getType()))
    return std::nullopt;
  return BoundedAddress::find(e, ptr, 16);
}

static bool lowerLoad(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::LoadOp>(operation);
  Build &B = e.B;
  Type element = tile::elementOf(op.getResult().getType());
  unsigned bytes = e.bytesOf(element);
  bool isTensor = isa<RankedTensorType>(op.getPtr().getType());
  const LayoutTable *table = isTensor ? &e.table(op.getResult()) : nullptr;
  Accesses accesses =
      isTensor ? groupRegisters(e, *table, op.getPtr(), op.getMask(), bytes)
               : Accesses{{0}};
  ArrayRef<Value> ptr = e.registers(op.getPtr());
  ArrayRef<Value> mask =
      op.getMask() ? e.registers(op.getMask()) : ArrayRef<Value>();
  ArrayRef<Value> other =
      op.getOther() ? e.registers(op.getOther()) : ArrayRef<Value>();
  auto at = [](ArrayRef<Value> list, unsigned r) {
    return list.empty() ? Value() : list[list.size() == 1 ? 0 : r];
  };
  std::string suffix =
      (Twine(modifier(op.getCache())) + modifier(op.getEvict()) +
       (op.getIsVolatile() ? ".volatile" : ""))
          .str();
  std::optional<BoundedAddress> buffer =
      bufferOf(e, op.getPtr(), op.getMask(), suffix);
  Registers out(isTensor ? table->size() : 1);
  for (const auto &list : accesses) {
    unsigned size = unsigned(list.size()) * bytes;
    Type word = wordType(B, size);
    Value address = ptr[list[0]], active = at(mask, list[0]);
    auto elsewhere = [&] {
      if (other.empty())
        return B.zero(word);
      SmallVector<Value> values;
      for (unsigned r : list)
        values.push_back(at(other, r));
      return toWord(e, values, element);
    };
    Value v;
    if (!isGlobal(op.getPtr()) && !isTrue(active))
      v = B.ifElse(
          active, {word}, [&] { return Values{B.load(word, address, size)}; },
          [&] { return Values{elsewhere()}; })[0];
    else if (isTrue(active) && (suffix.empty() || !isGlobal(op.getPtr())))
      v = B.load(word, address, size, op.getIsVolatile());
    else if (auto c = active ? Build::constant(active) : std::nullopt; c && !*c)
      v = elsewhere();
    else if (buffer) {
      v = B.call("tsdk.buffer.load.b" + std::to_string(8 * size), word,
                 {buffer->base(), buffer->offset(list[0]), active}, false);
      if (!other.empty())
        v = B.select(active, v, elsewhere());
    } else
      v = B.call("tsdk.global.load.b" + std::to_string(8 * size) + suffix, word,
                 {address, active ? active : B.boolean(true), elsewhere()},
                 false);
    SmallVector<Value> values;
    fromWord(e, v, unsigned(list.size()), element, values);
    for (auto [r, value] : llvm::zip(list, values))
      out[r] = value;
  }
  if (isTensor)
    for (unsigned r = 0; r < table->size(); ++r)
      out[r] = out[table->firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

static bool lowerStore(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::StoreOp>(operation);
  Build &B = e.B;
  Type element = tile::elementOf(op.getValue().getType());
  unsigned bytes = e.bytesOf(element);
  bool isTensor = isa<RankedTensorType>(op.getPtr().getType());
  Value first =
      isTensor ? e.holdsFirstCopy(e.table(op.getPtr())) : e.isFirstThread();
  Accesses accesses = isTensor
                          ? groupRegisters(e, e.table(op.getPtr()), op.getPtr(),
                                           op.getMask(), bytes)
                          : Accesses{{0}};
  ArrayRef<Value> ptr = e.registers(op.getPtr()),
                  value = e.registers(op.getValue());
  ArrayRef<Value> mask =
      op.getMask() ? e.registers(op.getMask()) : ArrayRef<Value>();
  std::string suffix =
      (Twine(modifier(op.getCache())) + modifier(op.getEvict())).str();
  std::optional<BoundedAddress> buffer =
      bufferOf(e, op.getPtr(), op.getMask(), suffix);
  // The conditions of registers are often the same few.
  DenseMap<Value, Value> both;
  for (const auto &list : accesses) {
    unsigned size = unsigned(list.size()) * bytes;
    SmallVector<Value> values;
    for (unsigned r : list)
      values.push_back(value[r]);
    Value active =
        mask.empty() ? Value() : mask[mask.size() == 1 ? 0 : list[0]];
    if (auto c = active ? Build::constant(active) : std::nullopt; c && !*c)
      continue;
    if (isTrue(active)) {
      active = first;
    } else if (first) {
      Value &known = both[active];
      if (!known)
        known = B.logicalAnd(active, first);
      active = known;
    }
    Value word = toWord(e, values, element), address = ptr[list[0]];
    auto store = [&] { B.store(word, address, size); };
    if (isTrue(active) && (suffix.empty() || !isGlobal(op.getPtr())))
      store();
    else if (!isGlobal(op.getPtr()))
      B.ifThen(active, store);
    else if (buffer && active)
      B.call("tsdk.buffer.store.b" + std::to_string(8 * size), {},
             {buffer->base(), buffer->offset(list[0]), word, active}, false);
    else
      B.call("tsdk.global.store.b" + std::to_string(8 * size) + suffix, {},
             {address, word, active ? active : B.boolean(true)}, false);
  }
  return true;
}

void addMemoryOps(OpTable &table) {
  table["tile.load"] = lowerLoad;
  table["tile.store"] = lowerStore;
}

} // namespace tilesdk::lowering
