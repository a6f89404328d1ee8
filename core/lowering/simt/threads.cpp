//===- threads.cpp - Lanes, warps and what they exchange --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/f2.h"
#include "core/lowering/simt/engine.h"

#include <bit>

namespace tilesdk::lowering {

// Scopes -------------------------------------------------------------------//

void SimtEngine::makeScope(Operation *anchor, Value warp, unsigned warps,
                           unsigned barrier) {
  auto scope = std::make_unique<Scope>();
  scope->anchor = anchor;
  scope->warp = warp;
  scope->warps = warps;
  scope->barrier = barrier;
  scope->lane = oncePerKernel("tsdk.lane_id");
  scopes.push_back(std::move(scope));
}

void SimtEngine::enterPartition(unsigned firstWarp, unsigned warps,
                                unsigned barrier) {
  Value warp = B.sub(oncePerKernel("tsdk.warp_id"), B.cst32(firstWarp));
  makeScope(B.anchor(), warp, warps, barrier);
}

void SimtEngine::leavePartition() { scopes.pop_back(); }

Value SimtEngine::oncePerScope(std::vector<uint64_t> key,
                               llvm::function_ref<Value()> make) {
  auto found = scope().made.find(key);
  if (found != scope().made.end())
    return found->second;
  OpBuilder::InsertionGuard guard(B.b);
  B.b.setInsertionPoint(scope().anchor);
  Value v = make();
  scope().made.emplace(std::move(key), v);
  return v;
}

// Functions of lane and warp -----------------------------------------------//

static std::vector<uint64_t> keyOf(uint64_t kind, const ThreadMap &map) {
  std::vector<uint64_t> key{kind};
  key.insert(key.end(), map.lane.begin(), map.lane.end());
  key.push_back(~uint64_t(0));
  key.insert(key.end(), map.warp.begin(), map.warp.end());
  return key;
}

Value SimtEngine::threadValue(const ThreadMap &map) {
  if (map.isZero())
    return B.cst32(0);
  return oncePerScope(keyOf(0, map), [&] {
    Value sum = B.cst32(0);
    uint64_t reach = 0;
    auto add = [&](Value from, ArrayRef<uint64_t> columns) {
      // Bits that move equally far go together: shift -> mask.
      std::map<int, uint64_t> moved;
      for (auto [bit, column] : llvm::enumerate(columns))
        for (uint64_t rest = column; rest; rest &= rest - 1)
          moved[std::countr_zero(rest) - int(bit)] |= uint64_t(1) << bit;
      uint64_t all = (uint64_t(1) << columns.size()) - 1;
      for (auto [shift, mask] : moved) {
        Value term = mask == all ? from : B.andMask(from, mask);
        term =
            shift >= 0 ? B.shiftLeft(term, shift) : B.shiftRight(term, -shift);
        uint64_t here = shift >= 0 ? mask << shift : mask >> -shift;
        sum = here & reach ? B.logicalXor(sum, term) : B.orDisjoint(sum, term);
        reach |= here;
      }
    };
    add(lane(), map.lane);
    add(warp(), map.warp);
    return sum;
  });
}

Value SimtEngine::threadBit(const ThreadMap &map, unsigned bit) {
  ThreadMap one = map.map([&](uint64_t c) { return c >> bit & 1; });
  if (one.isZero())
    return B.boolean(false);
  Value v = threadValue(one);
  return oncePerScope(keyOf(1, one), [&] { return B.icmp(NE, v, B.cst32(0)); });
}

Value SimtEngine::threadValue(const ThreadMap &map, uint64_t constant) {
  uint64_t both = constant & map.reach();
  Value v = threadValue(map);
  if (both)
    v = B.logicalXor(v, B.cst32(both));
  return B.orDisjoint(v, B.cst32(constant & ~both));
}

Value SimtEngine::holdsFirstCopy(uint64_t lanes, uint64_t warps) {
  if (!lanes && !warps)
    return {};
  return oncePerScope({2, lanes, warps}, [&] {
    Value set = B.cst32(0);
    if (lanes)
      set = B.andMask(lane(), lanes);
    if (warps) {
      Value w = B.andMask(warp(), warps);
      set = lanes ? B.bin("or", set, w) : w;
    }
    return B.icmp(EQ, set, B.cst32(0));
  });
}

Value SimtEngine::isFirstThread() {
  return oncePerScope(
      {3}, [&] { return B.icmp(EQ, B.bin("or", lane(), warp()), B.cst32(0)); });
}

Value SimtEngine::coordinate(const LayoutTable &table, unsigned reg,
                             unsigned dim) {
  Value sum = B.cst32(table.oddPart(reg, dim));
  for (const BitGroup &group : table.groups[dim]) {
    uint64_t mask = (uint64_t(1) << group.count) - 1;
    auto part = [&](uint64_t bits) { return bits >> group.first & mask; };
    Value v = threadValue(table.thread.map(part), part(table.bits[reg]));
    sum = B.add(B.mul(v, B.cst32(group.step)), sum);
  }
  return sum;
}

void SimtEngine::permuteByThread(SmallVectorImpl<Value> &list,
                                 const ThreadMap &f) {
  if (f.isZero())
    return;
  layout::f2::Span span;
  SmallVector<uint64_t> columns;
  columns.append(f.lane.begin(), f.lane.end());
  columns.append(f.warp.begin(), f.warp.end());
  for (uint64_t column : columns)
    span.add(column);
  for (uint64_t pivots = span.pivots(); pivots; pivots &= pivots - 1) {
    unsigned p = std::countr_zero(pivots);
    ThreadMap control =
        f.map([&](uint64_t c) { return span.reduce(c).used >> p & 1; });
    Value turned = threadBit(control, 0);
    SmallVector<Value> before(list.begin(), list.end());
    for (size_t i = 0; i < before.size(); ++i)
      list[i] = B.select(turned, before[i ^ columns[p]], before[i]);
  }
}

/// Elements of \p bits that are worth joining: how many a word has, else 1.
static unsigned perWord(unsigned bits, size_t count) {
  return bits < 32 && bits >= 8 && bits * count >= 32 ? 32 / bits : 1;
}

/// Exchanges entry i with entry i ^ f(thread), a word having several of them.
static void turnWords(SimtEngine &e, SmallVectorImpl<Value> &words,
                      unsigned entries, const ThreadMap &f) {
  Build &B = e.B;
  unsigned shift = std::countr_zero(entries);
  e.permuteByThread(words, f.map([&](uint64_t c) { return c >> shift; }));
  ThreadMap low = f.map([&](uint64_t c) { return c & (entries - 1); });
  if (low.isZero())
    return;
  // Half words change places by a rotation; bytes do by that and a reversal.
  bool isBytes = entries == 4;
  ThreadMap amount = low.map(
      [&](uint64_t c) { return (isBytes ? (c ^ c >> 1) & 1 : c) * 16; });
  Value isOdd = isBytes ? e.threadBit(low, 0) : Value();
  auto never = isBytes ? Build::constant(isOdd) : std::nullopt;
  for (Value &word : words) {
    if (isBytes && !(never && !*never))
      word = B.select(isOdd, B.un("intr.bswap", word), word);
    if (!amount.isZero())
      word = B.op("intr.fshl", B.i32, {word, word, e.threadValue(amount)});
  }
}

SmallVector<Value> SimtEngine::turnVector(ArrayRef<Value> list,
                                          const ThreadMap &f) {
  SmallVector<Value> result(list);
  if (f.isZero())
    return result;
  Type type = list[0].getType();
  unsigned entries = perWord(type.getIntOrFloatBitWidth(), list.size());
  if (entries == 1) {
    permuteByThread(result, f);
    return result;
  }
  result.clear();
  for (size_t i = 0; i < list.size(); i += entries)
    result.push_back(B.op("bitcast", B.i32, {pack(list.slice(i, entries))}));
  turnWords(*this, result, entries, f);
  return result;
}

void SimtEngine::loadTurned(Value address, Type stored, unsigned count,
                            const ThreadMap &f, SmallVectorImpl<Value> &list) {
  unsigned entries =
      f.isZero() ? 1 : perWord(stored.getIntOrFloatBitWidth(), count);
  Type type = entries == 1 ? stored : Type(B.i32);
  unsigned parts = count / entries;
  SmallVector<Value> words;
  unpack(B.load(parts == 1 ? type : B.vec(type, parts), address,
                B.bytesOf(stored) * count),
         words);
  if (entries == 1) {
    permuteByThread(words, f);
    list.append(words.begin(), words.end());
    return;
  }
  turnWords(*this, words, entries, f);
  for (Value word : words)
    unpack(B.op("bitcast", B.vec(stored, entries), {word}), list);
}

// Exchange -----------------------------------------------------------------//

void SimtEngine::barrier() { barrier(scope().barrier, scope().warps); }

void SimtEngine::barrier(unsigned id, unsigned warps) {
  std::string name = "tsdk.barrier";
  if (id)
    name += ".named." + std::to_string(id) + "." +
            std::to_string(warps * machine.warpSize);
  B.callTogether(name, {}, {}, false);
}

void SimtEngine::warpSync() { B.callTogether("tsdk.warp.sync", {}, {}, false); }

void SimtEngine::toWords(Value v, SmallVectorImpl<Value> &words) {
  Type type = v.getType();
  if (!isa<IntegerType, FloatType, VectorType>(type))
    v = B.cast("ptrtoint", v, B.i64);
  else if (isa<FloatType>(type))
    v = B.cast("bitcast", v, B.b.getIntegerType(type.getIntOrFloatBitWidth()));
  unsigned bits = v.getType().getIntOrFloatBitWidth();
  if (bits <= 32)
    return words.push_back(B.cast("zext", v, B.i32));
  words.push_back(B.cast("trunc", v, B.i32));
  words.push_back(B.cast("trunc", B.shiftRight(v, 32), B.i32));
}

Value SimtEngine::fromWords(ArrayRef<Value> words, Type type) {
  bool isPointer = !isa<IntegerType, FloatType>(type);
  unsigned bits = isPointer ? 64 : type.getIntOrFloatBitWidth();
  Value v = words[0];
  if (bits < 32)
    v = B.cast("trunc", v, B.b.getIntegerType(bits));
  else if (bits == 64)
    v = B.bin("or", B.cast("zext", words[0], B.i64),
              B.shiftLeft(B.cast("zext", words[1], B.i64), 32));
  if (isPointer)
    return B.cast("inttoptr", v, type);
  return B.cast("bitcast", v, type);
}

Value SimtEngine::shuffleXor(Value v, unsigned mask) {
  SmallVector<Value, 2> words;
  toWords(v, words);
  std::string name = "tsdk.shuffle.xor." + std::to_string(mask) + ".b32";
  for (Value &word : words)
    word = B.callTogether(name, B.i32, {word}, true);
  return fromWords(words, v.getType());
}

Value SimtEngine::shuffleIndex(Value v, Value lane) {
  SmallVector<Value, 2> words;
  toWords(v, words);
  for (Value &word : words)
    word = B.callTogether("tsdk.shuffle.idx.b32", B.i32, {word, lane}, true);
  return fromWords(words, v.getType());
}

SmallVector<Value> SimtEngine::tie(ArrayRef<Value> list) {
  // In the order of the table's letters.
  unsigned which = 1;
  if (list.empty() || machine.constraints.empty())
    return SmallVector<Value>(list);
  Type type = list[0].getType();
  if (type == B.f32)
    which = 3;
  else if (type == B.f64)
    which = 4;
  else if (bytesOf(type) == 8)
    which = 2;
  else if (bytesOf(type) < 4)
    which = 0;
  if (which >= machine.constraints.size() || machine.constraints[which].empty())
    return SmallVector<Value>(list);
  return B.tie(list, machine.constraints[which]);
}

/// Bytes that were computed lie in registers of their own, of which the upper
/// parts are not known: joined as half words first, these need not be cleared.
static Value joinBytes(Build &B, ArrayRef<Value> list) {
  Type bytes = B.vec(B.i8, 4), halves = B.vec(B.i16, 2);
  SmallVector<Value> words;
  for (size_t i = 0; i < list.size(); i += 4) {
    Value pairs[2];
    for (unsigned k = 0; k < 2; ++k) {
      Value v = B.poison(halves);
      for (unsigned h = 0; h < 2; ++h)
        v = B.insert(v, B.cast("zext", list[i + 2 * k + h], B.i16), B.cst32(h));
      pairs[k] = B.op("bitcast", bytes, {v});
    }
    Value four = B.shuffle(pairs[0], pairs[1], {0, 2, 4, 6});
    if (list.size() == 4)
      return four;
    words.push_back(B.op("bitcast", B.i32, {four}));
  }
  Value v = B.poison(B.vec(B.i32, words.size()));
  for (auto [i, word] : llvm::enumerate(words))
    v = B.insert(v, word, B.cst32(i));
  return B.op("bitcast", B.vec(B.i8, list.size()), {v});
}

Value SimtEngine::pack(ArrayRef<Value> list) {
  if (list.size() == 1)
    return list[0];
  auto isComputed = [](Value v) {
    Operation *def = v.getDefiningOp();
    return !def || def->getName().getStringRef() != "llvm.extractelement";
  };
  if (list[0].getType() == B.i8 && list.size() % 4 == 0 &&
      llvm::any_of(list, isComputed))
    return joinBytes(B, list);
  Value v = B.poison(B.vec(list[0].getType(), list.size()));
  for (auto [i, element] : llvm::enumerate(list))
    v = B.insert(v, element, B.cst32(i));
  return v;
}

void SimtEngine::unpack(Value vector, SmallVectorImpl<Value> &list) {
  unsigned lanes = B.lanesOf(vector);
  if (!lanes)
    return list.push_back(vector);
  for (unsigned i = 0; i < lanes; ++i)
    list.push_back(B.extract(vector, int64_t(i)));
}

} // namespace tilesdk::lowering
