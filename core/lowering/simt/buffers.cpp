//===- buffers.cpp - Tensors in shared memory -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A view (a part of a buffer, or one with its dimensions permuted) is the
// pointer of the whole buffer: where an element lies follows from the chain of
// views, because swizzles do not commute with adding an offset.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/buffers.h"

#include "core/ir/simt_ops.h"
#include "core/layout/algebra.h"
#include "core/layout/dims.h"
#include "core/layout/f2.h"

#include <bit>

namespace tilesdk::lowering {

using layout::Coord;
using layout::Layout;
using layout::Result;

BufferAccess::BufferAccess(SimtEngine &e, Value buffer, const Layout &tensor,
                           Operation *op)
    : e(e) {
  Result<Layout> place = tensor;
  Coord shift(tensor.outputs().size(), 0);
  while (place) {
    auto type = cast<simt::SharedType>(buffer.getType());
    if (auto trans = buffer.getDefiningOp<simt::SharedTransOp>()) {
      // View dimension i is source dimension perm[i].
      ArrayRef<int32_t> perm = trans.getPerm();
      SmallVector<int32_t> back(perm.size());
      Coord moved(perm.size());
      for (auto [i, from] : llvm::enumerate(perm)) {
        back[from] = int32_t(i);
        moved[from] = shift[i];
      }
      place = layout::permuteDims(*place, back);
      shift = moved;
      buffer = trans.getSource();
    } else if (auto slice = buffer.getDefiningOp<simt::SharedSliceOp>()) {
      auto source = cast<simt::SharedType>(slice.getSource().getType());
      std::vector<std::vector<uint64_t>> factors;
      for (auto [i, at] : llvm::enumerate(slice.getOffsets())) {
        shift[i] += uint64_t(at);
        factors.push_back({uint64_t(source.getBufferShape()[i])});
      }
      place =
          layout::mapOutputs(*place, factors, [](const Coord &c) { return c; });
      buffer = slice.getSource();
    } else {
      const Layout &memory = type.getLayout().getLayout();
      bytes = simt::elementBytes(type.getElementType());
      Result<Layout> offsets =
          layout::compose(*place, layout::pseudoInvert(memory));
      if (!offsets) {
        place = layout::Error{offsets.error()};
        break;
      }
      table = &e.table(*offsets);
      base = e.scalar(buffer);
      start = (*layout::pseudoInvert(memory).apply(shift))[0];
      return;
    }
  }
  e.fail(op, "internal error: " + Twine(place.error()));
}

void BufferAccess::visit(
    unsigned maxBytes,
    llvm::function_ref<void(Value, ArrayRef<unsigned>)> fn) const {
  // Bytes by lane and warp; a register adds a constant by XOR.
  visit(maxBytes, table->thread.map([&](uint64_t bits) {
    return table->expand(bits, 0) * bytes;
  }),
        fn);
}

void BufferAccess::visitWarps(
    unsigned width,
    llvm::function_ref<void(Value, ArrayRef<unsigned>)> fn) const {
  ThreadMap warps;
  warps.lane.assign(table->thread.lane.size(), 0);
  for (uint64_t bits : table->thread.warp)
    warps.warp.push_back(table->expand(bits, 0) * bytes);
  visit(width, warps, fn);
}

void BufferAccess::visit(
    unsigned maxBytes, const ThreadMap &thread,
    llvm::function_ref<void(Value, ArrayRef<unsigned>)> fn) const {
  Build &B = e.B;
  uint64_t reach = thread.reach();
  auto offsetOf = [&](unsigned r) {
    return (table->expand(table->bits[r], 0) ^ start) + table->oddPart(r, 0);
  };
  // The widest access whose elements are all in registers. Threads begin where
  // it is aligned; which register is its first may differ from one to another.
  unsigned width = std::max(1u, std::min(maxBytes, 16u) / bytes);
  std::map<uint64_t, SmallVector<std::pair<uint64_t, unsigned>>> groups;
  for (;; width /= 2) {
    uint64_t low = width - 1;
    bool fits = !(reach & (width * bytes - 1));
    groups.clear();
    for (unsigned r = 0; fits && r < table->size(); ++r)
      if (table->firstCopy[r] == r) {
        fits = !(table->oddPart(r, 0) & low);
        groups[offsetOf(r) & ~low].push_back({offsetOf(r) & low, r});
      }
    for (auto &[at, list] : groups)
      fits = fits && list.size() == width;
    if (fits || width == 1)
      break;
  }
  DenseMap<uint64_t, Value> starts;
  for (unsigned r = 0; r < table->size(); ++r) {
    // In the order of their first registers.
    auto found = groups.find(offsetOf(r) & ~uint64_t(width - 1));
    if (table->firstCopy[r] != r || found == groups.end())
      continue;
    llvm::sort(found->second);
    SmallVector<unsigned> registers;
    for (auto &[place, q] : found->second)
      registers.push_back(q);
    groups.erase(found);
    unsigned first = registers.front();
    uint64_t at = (table->expand(table->bits[first], 0) ^ start) * bytes;
    uint64_t both = at & reach;
    Value &from = starts[both];
    if (!from)
      from = e.byteOffset(base, e.threadValue(thread, both));
    uint64_t more = (at & ~both) + table->oddPart(first, 0) * bytes;
    fn(e.byteOffset(from, B.cst32(more)), registers);
  }
}

bool BufferAccess::visitMatrices(
    bool stores, llvm::function_ref<void(Value, const target::SharedRow &,
                                         ArrayRef<unsigned>)>
                     fn) const {
  if (table->groups[0].size() != 1)
    return false;
  const target::SharedRow *best = nullptr;
  SmallVector<uint64_t> bestStarts;
  SmallVector<unsigned> bestBits;
  for (const target::SharedRow &row : e.machine.shared) {
    if (!row.isMatrix || row.isStore != stores || row.elementBytes != bytes ||
        (best && best->rows >= row.rows))
      continue;
    const LayoutTable &part = e.table(row.layout);
    unsigned rowBits = row.layout.outputs()[0].bits();
    uint64_t inRow = (uint64_t(1) << row.layout.outputs()[1].bits()) - 1;
    if (part.thread.lane.size() != table->thread.lane.size() ||
        part.digits.odds != 1 || (start & inRow))
      continue;
    // Where the rows begin, by row bit; the row's own elements must follow.
    SmallVector<uint64_t> starts(rowBits, 0);
    bool fits = true;
    auto match = [&](uint64_t image, uint64_t offset) {
      if (!std::has_single_bit(image))
        return false;
      unsigned bit = std::countr_zero(image);
      if (bit >= rowBits)
        return offset == uint64_t(1) << (bit - rowBits);
      starts[bit] = offset;
      return offset != 0 && !(offset & inRow);
    };
    for (auto [image, offset] : llvm::zip(part.thread.lane, table->thread.lane))
      fits = fits && match(image, offset);
    for (uint64_t offset : table->thread.warp)
      fits = fits && !(offset & inRow);
    SmallVector<unsigned> chosen;
    for (unsigned i = 0; fits && i < part.digits.bits; ++i) {
      uint64_t image = part.bits[part.digits.step(i)];
      bool found = false;
      for (unsigned j = 0; !found && j < table->digits.bits; ++j)
        if (!llvm::is_contained(chosen, j) &&
            match(image, table->bits[table->digits.step(j)])) {
          chosen.push_back(j);
          found = true;
        }
      fits = found;
    }
    // All others name whole rows as well.
    for (unsigned j = 0; j < table->digits.bits; ++j)
      fits = fits && (llvm::is_contained(chosen, j) ||
                      !(table->bits[table->digits.step(j)] & inRow));
    if (!fits)
      continue;
    best = &row;
    bestStarts = starts;
    bestBits = chosen;
  }
  if (!best)
    return false;
  // A lane gives the address of the row that has its number.
  ThreadMap thread;
  for (unsigned i = 0; i < table->thread.lane.size(); ++i)
    thread.lane.push_back(i < bestStarts.size() ? bestStarts[i] * bytes : 0);
  for (uint64_t offset : table->thread.warp)
    thread.warp.push_back(offset * bytes);
  uint64_t reach = thread.reach(), inAccess = 0;
  for (unsigned j : bestBits)
    inAccess |= uint64_t(1) << j;
  DenseMap<uint64_t, Value> known;
  for (unsigned r = 0; r < table->size(); ++r) {
    auto [bits, odd] = table->digits.decompose(r);
    if (table->firstCopy[r] != r || bits & inAccess)
      continue;
    SmallVector<unsigned> registers;
    for (unsigned q = 0; q < 1u << bestBits.size(); ++q) {
      uint64_t set = bits;
      for (auto [i, j] : llvm::enumerate(bestBits))
        if (q >> i & 1)
          set |= uint64_t(1) << j;
      registers.push_back(unsigned(table->digits.compose(set, odd)));
    }
    uint64_t at = (table->bits[r] ^ start) * bytes, both = at & reach;
    Value &from = known[both];
    if (!from)
      from = e.byteOffset(base, e.threadValue(thread, both));
    uint64_t more = (at & ~both) + table->oddPart(r, 0) * bytes;
    fn(e.byteOffset(from, e.B.cst32(more)), *best, registers);
  }
  return true;
}

static bool storeTo(SimtEngine &e, Value tensor, Value buffer, Operation *op,
                    bool byMatrices = false) {
  Build &B = e.B;
  const LayoutTable &table = e.table(tensor);
  BufferAccess access(e, buffer, table.layout, op);
  if (!access.isValid())
    return false;
  Type element = tile::elementOf(tensor.getType());
  ArrayRef<Value> in = e.registers(tensor);
  auto packed = [&](ArrayRef<unsigned> registers) {
    SmallVector<Value> list;
    for (unsigned r : registers)
      list.push_back(e.toStored(in[r], element));
    return e.pack(list);
  };
  auto store = [&] {
    access.visit(16, [&](Value address, ArrayRef<unsigned> registers) {
      B.store(packed(registers), address,
              e.bytesOf(element) * registers.size());
    });
  };
  if (Value first = e.holdsFirstCopy(table)) {
    B.ifThen(first, store);
    return true;
  }
  // Lanes do these together.
  if (byMatrices &&
      access.visitMatrices(
          /*stores=*/true, [&](Value address, const target::SharedRow &row,
                               ArrayRef<unsigned> registers) {
            unsigned words = registers.size() * e.bytesOf(element) / 4;
            Value all =
                B.op("bitcast", B.vec(B.i32, words), {packed(registers)});
            B.callTogether("tsdk.shared.store." + row.name, {}, {address, all},
                           /*pure=*/false);
          }))
    return true;
  store();
  return true;
}

static bool lowerAlloc(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::SharedAllocOp>(operation);
  if (!op.getOffset()) {
    e.fail(op, "internal error: no shared memory was allocated for this");
    return false;
  }
  e.setScalar(op.getResult(), e.sharedAddress(*op.getOffset()));
  return !op.getInit() || storeTo(e, op.getInit(), op.getResult(), op);
}

static bool lowerIndex(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::SharedIndexOp>(operation);
  auto type = cast<simt::SharedType>(op.getResult().getType());
  Value bytes = e.B.mul(e.scalar(op.getIndex()), e.B.cst32(type.getBytes()));
  e.setScalar(op.getResult(), e.byteOffset(e.scalar(op.getSource()), bytes));
  return true;
}

/// BufferAccess reads the chain of views.
static bool lowerView(SimtEngine &e, Operation *op) {
  e.setScalar(op->getResult(0), e.scalar(op->getOperand(0)));
  return true;
}

namespace {
/// One access of a thread, or of a warp by a matrix row.
struct BufferLoad {
  Value address;
  const target::SharedRow *row;
  SmallVector<unsigned> registers;
};
} // namespace

static void emitLoad(SimtEngine &e, const BufferLoad &load, Type element,
                     Registers &out) {
  Build &B = e.B;
  Type stored = e.storedType(element);
  unsigned n = load.registers.size(), bytes = e.bytesOf(element);
  SmallVector<Value> list;
  if (load.row) {
    Value words = B.callTogether("tsdk.shared.load." + load.row->name,
                                 B.vec(B.i32, n * bytes / 4), {load.address},
                                 /*pure=*/false);
    e.unpack(B.op("bitcast", B.vec(stored, n), {words}), list);
  } else {
    e.unpack(
        B.load(n == 1 ? stored : B.vec(stored, n), load.address, bytes * n),
        list);
  }
  for (auto [r, v] : llvm::zip(load.registers, list))
    out[r] = e.fromStored(v, element);
}

/// Whether products take the elements before anything can change the buffer:
/// then each load may stand where its elements are used.
static bool isReadByNextProducts(simt::SharedLoadOp op) {
  Operation *last = op;
  for (Operation *user : op->getUsers()) {
    if (!isa<tile::DotOp>(user) || user->getBlock() != op->getBlock())
      return false;
    if (last->isBeforeInBlock(user))
      last = user;
  }
  for (Operation *at = op->getNextNode(); at && at != last;
       at = at->getNextNode())
    if (!isa<simt::SharedLoadOp>(at) && !isMemoryEffectFree(at))
      return false;
  return last != op;
}

static bool lowerLoad(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::SharedLoadOp>(operation);
  const LayoutTable &table = e.table(op.getResult());
  BufferAccess access(e, op.getSource(), table.layout, op);
  if (!access.isValid())
    return false;
  Type element = tile::elementOf(op.getResult().getType());
  std::vector<BufferLoad> loads;
  std::vector<unsigned> loadOf(table.size(), 0);
  auto add = [&](Value address, const target::SharedRow *row,
                 ArrayRef<unsigned> registers) {
    for (unsigned r : registers)
      loadOf[r] = loads.size();
    loads.push_back({address, row, SmallVector<unsigned>(registers)});
  };
  if (!access.visitMatrices(
          /*stores=*/false,
          [&](Value address, const target::SharedRow &row,
              ArrayRef<unsigned> registers) { add(address, &row, registers); }))
    access.visit(16, [&](Value address, ArrayRef<unsigned> registers) {
      add(address, nullptr, registers);
    });
  if (isReadByNextProducts(op)) {
    e.deferRegisters(op.getResult(),
                     [&e, element, loads = std::move(loads),
                      loadOf = std::move(loadOf)](unsigned r, Registers &out) {
                       emitLoad(e, loads[loadOf[r]], element, out);
                     });
    return true;
  }
  Registers out(table.size());
  for (const BufferLoad &load : loads)
    emitLoad(e, load, element, out);
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = out[table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

static bool lowerStore(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::SharedStoreOp>(operation);
  return storeTo(e, op.getValue(), op.getDest(), op, /*byMatrices=*/true);
}

void addBufferOps(OpTable &table) {
  table["simt.shared_alloc"] = lowerAlloc;
  table["simt.shared_index"] = lowerIndex;
  table["simt.shared_trans"] = lowerView;
  table["simt.shared_slice"] = lowerView;
  table["simt.shared_load"] = lowerLoad;
  table["simt.shared_store"] = lowerStore;
}

} // namespace tilesdk::lowering
