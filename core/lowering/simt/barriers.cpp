//===- barriers.cpp - Barriers in memory, partitions of warps ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arrivals are counted per warp: its lanes meet, which costs little, and one of
// them arrives for all.
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

/// Bytes of one barrier.
constexpr int64_t BarrierBytes = 8;

Value barrierAddress(SimtEngine &e, Value barriers, Value index) {
  return e.byteOffset(e.scalar(barriers),
                      e.B.mul(e.scalar(index), e.B.cst32(BarrierBytes)));
}

static bool lowerInit(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BarriersInitOp>(operation);
  Build &B = e.B;
  if (!op.getOffset()) {
    e.fail(op, "internal error: no shared memory was allocated for this");
    return false;
  }
  Value base = e.sharedAddress(*op.getOffset());
  e.setScalar(op.getResult(), base);
  B.ifThen(e.isFirstThread(), [&] {
    for (int64_t i = 0; i < op.getType().getCount(); ++i)
      B.call("tsdk.mbarrier.init", {},
             {e.byteOffset(base, B.cst32(BarrierBytes * i)),
              B.cst32(op.getCount())},
             false);
    B.call("tsdk.mbarrier.init_fence", {}, {}, false);
  });
  return true;
}

static bool lowerExpect(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BarrierExpectOp>(operation);
  // The one that arrives arrives for lanes that may be behind it: by more than
  // a phase, and they would wait for one that is long over.
  e.warpSync();
  e.B.ifThen(e.isFirstThread(), [&] {
    e.B.call("tsdk.mbarrier.expect", {},
             {barrierAddress(e, op.getBarriers(), op.getIndex()),
              e.B.cst32(op.getBytes())},
             false);
  });
  return true;
}

static bool lowerArrive(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BarrierArriveOp>(operation);
  e.warpSync();
  e.B.ifThen(e.B.icmp(EQ, e.lane(), e.B.cst32(0)), [&] {
    e.B.call("tsdk.mbarrier.arrive", {},
             {barrierAddress(e, op.getBarriers(), op.getIndex())}, false);
  });
  return true;
}

static bool lowerWait(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BarrierWaitOp>(operation);
  e.B.call("tsdk.mbarrier.wait", {},
           {barrierAddress(e, op.getBarriers(), op.getIndex()),
            e.scalar(op.getPhase())},
           false);
  return true;
}

namespace {

/// The partitions one after the other, each behind a comparison of the warp's
/// number.
class Partitions {
public:
  Partitions(SimtEngine &e, simt::WarpSpecializeOp op) : e(e), op(op) {
    first.push_back(0);
    for (int32_t warps : op.getWarps())
      first.push_back(first.back() + unsigned(warps));
    if (op.getRegisters()) {
      const target::Machine &machine = e.machine;
      unsigned threads = first.back() * machine.warpSize;
      unsigned granule = std::max(1u, machine.registerGranule);
      atEntry = std::min<unsigned>(machine.maxRegisters,
                                   machine.registers / std::max(1u, threads)) /
                granule * granule;
      e.info.entryRegisters = atEntry;
    }
  }

  void emit() { emitGroup(0); }

private:
  unsigned count() const { return unsigned(first.size()) - 1; }

  /// The partitions from \p i on. Those that share a group of warps change its
  /// registers together, before they part.
  void emitGroup(unsigned i) {
    unsigned last = i + 1, group = e.machine.warpGroupWarps;
    while (last < count() && group && first[last] % group)
      ++last;
    branch(
        first[last], last == count(),
        [&] {
          setRegisters(i);
          emitFrom(i, last);
        },
        [&] { emitGroup(last); });
  }

  void emitFrom(unsigned i, unsigned last) {
    branch(
        first[i + 1], i + 1 == last, [&] { emitOne(i); },
        [&] { emitFrom(i + 1, last); });
  }

  void branch(unsigned limit, bool isLast, llvm::function_ref<void()> below,
              llvm::function_ref<void()> rest) {
    if (isLast)
      return below();
    e.B.ifElse(
        e.B.icmp(ULT, e.warp(), e.B.cst32(limit)), {},
        [&] {
          below();
          return Values();
        },
        [&] {
          rest();
          return Values();
        });
  }

  void setRegisters(unsigned i) {
    if (!op.getRegisters())
      return;
    unsigned wanted = unsigned((*op.getRegisters())[i]);
    if (wanted != atEntry)
      e.B.callTogether(std::string("tsdk.registers.") +
                           (wanted > atEntry ? "increase." : "decrease.") +
                           std::to_string(wanted),
                       {}, {}, false);
  }

  void emitOne(unsigned i) {
    Block &body = op.getPartitions()[i].front();
    if (body.without_terminator().empty())
      return;
    e.enterPartition(first[i], first[i + 1] - first[i], i + 1);
    e.emitBlock(body);
    e.leavePartition();
  }

  SimtEngine &e;
  simt::WarpSpecializeOp op;
  SmallVector<unsigned> first; ///< Warp of each partition, and the end.
  unsigned atEntry = 0;
};

} // namespace

static bool lowerPartitions(SimtEngine &e, Operation *operation) {
  Partitions(e, cast<simt::WarpSpecializeOp>(operation)).emit();
  return !e.failed;
}

void addBarrierOps(OpTable &table) {
  table["simt.barriers_init"] = lowerInit;
  table["simt.barrier_expect"] = lowerExpect;
  table["simt.barrier_arrive"] = lowerArrive;
  table["simt.barrier_wait"] = lowerWait;
  table["simt.warp_specialize"] = lowerPartitions;
}

} // namespace tilesdk::lowering
