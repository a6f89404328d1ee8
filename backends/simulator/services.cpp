//===- services.cpp - What device code calls --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/services.h"
#include "backends/simulator/block.h"
#include "backends/simulator/matrix.h"
#include "backends/simulator/targets.h"

#include <algorithm>
#include <ctime>

namespace tilesdk::simulator {

namespace {

Block &block() { return *Block::current(); }

uint32_t threadId() { return block().thread(); }
uint32_t programId(uint32_t axis) { return block().ids().program_id[axis]; }
uint32_t numPrograms(uint32_t axis) { return block().ids().num_programs[axis]; }
char *sharedBase() { return block().shared(); }

void barrier(uint32_t id, uint32_t threads) {
  Block &self = block();
  self.barrier(id, threads ? threads : self.threads());
}

void warpSync() {
  Block &self = block();
  self.warpTogether("a warp synchronisation", nullptr, [&](void **) {
    if (Checker *checker = self.checks())
      checker->synchroniseWarp(self.thread());
  });
}

struct Shuffled {
  uint32_t value, lane, result;
};

uint32_t shuffle(uint32_t value, uint32_t lane) {
  Block &self = block();
  uint32_t warpSize = self.model().machine.warpSize;
  Shuffled own{value, lane % warpSize, 0};
  self.warpTogether("a shuffle", &own, [&](void **lanes) {
    for (uint32_t i = 0; i < warpSize; ++i) {
      Shuffled &one = *static_cast<Shuffled *>(lanes[i]);
      one.result = static_cast<Shuffled *>(lanes[one.lane])->value;
    }
  });
  return own.result;
}

struct Vote {
  uint32_t mine;
  uint64_t all;
};

uint64_t ballot(uint32_t mine) {
  Block &self = block();
  uint32_t warpSize = self.model().machine.warpSize;
  Vote own{mine, 0};
  self.warpTogether("a ballot", &own, [&](void **lanes) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < warpSize; ++i)
      all |= uint64_t(static_cast<Vote *>(lanes[i])->mine & 1) << i;
    for (uint32_t i = 0; i < warpSize; ++i)
      static_cast<Vote *>(lanes[i])->all = all;
  });
  return own.all;
}

void matrixMultiply(const char *row, const void *left, const void *right,
                    void *result) {
  Block &self = block();
  const MatrixModel &model = self.model().matrix.find(row)->second;
  MatrixOperands own{left, right, result};
  self.warpTogether(model.row->name.c_str(), &own, [&](void **lanes) {
    multiply(model, reinterpret_cast<MatrixOperands **>(lanes),
             self.model().machine.warpSize);
  });
}

/// Each warp of the group reads the operands until it has waited.
bool checkGroup(Block &self, const MatrixModel &model, uint32_t width,
                uint32_t flags, const GroupOperands &lane) {
  const target::Machine &machine = self.model().machine;
  uint32_t threads = model.row->warps * machine.warpSize,
           first = self.thread() / threads * threads;
  bool isRight = true;
  forEachGroupOperand(model, machine, width, flags, lane, self.shared(),
                      [&](const char *address, uint32_t bytes) {
                        for (uint32_t i = 0; i < threads && isRight;
                             i += machine.warpSize)
                          isRight = self.checks()->readLater(
                              first + i, ProductGroups, address, bytes);
                      });
  return isRight;
}

void groupMultiply(const char *row, uint32_t width, uint32_t flags,
                   void *result, const void *left, uint64_t right,
                   uint32_t useResult) {
  Block &self = block();
  const MatrixModel &model = self.model().matrix.find(row)->second;
  GroupOperands own{nullptr, 0, right, result, useResult != 0};
  if (flags & leftInRegisters)
    own.left = left;
  else
    own.leftDescriptor = *static_cast<const uint64_t *>(left);
  self.groupTogether(model.row->name.c_str(), &own, [&](void **lanes) {
    if (self.checks())
      self.require(checkGroup(self, model, width, flags, own));
    multiplyGroup(model, self.model().machine, width, flags,
                  reinterpret_cast<GroupOperands **>(lanes), self.shared());
  });
}

/// Each row is an access of the lane that gives its address.
bool checkRows(Block &self, const SharedModel &model, void **lanes) {
  const target::SharedRow &row = *model.row;
  uint32_t warpSize = self.model().machine.warpSize,
           perRow = row.bytes / row.elementBytes, numRows = 0;
  for (uint32_t element : model.places.element)
    numRows = std::max(numRows, element / perRow + 1);
  Checker &checker = *self.checks();
  uint32_t first = self.thread() / warpSize * warpSize;
  for (uint32_t i = 0; i < numRows; ++i)
    if (!checker.access(
            first + i, static_cast<MatrixAccess *>(lanes[i])->address,
            row.bytes,
            AccessShared | (row.isStore ? AccessWrites : AccessReads),
            checker.siteOf(first + i)))
      return false;
  return true;
}

void sharedMatrix(const char *row, char *address, void *registers) {
  Block &self = block();
  const SharedModel &model = self.model().shared.find(row)->second;
  MatrixAccess own{address, registers};
  self.warpTogether(model.row->name.c_str(), &own, [&](void **lanes) {
    if (self.checks())
      self.require(checkRows(self, model, lanes));
    accessMatrix(model, reinterpret_cast<MatrixAccess **>(lanes),
                 self.model().machine.warpSize);
  });
}

void asyncCopy(char *to, const char *from, uint32_t bytes, uint32_t active) {
  block().copyAsync(to, active ? from : nullptr, bytes);
}
/// The first lane names the place of all; each copy counts by itself.
void warpCopy(char *to, const char *from, uint32_t bytes, uint32_t active) {
  Block &self = block();
  char *place = to;
  self.warpTogether("a copy to shared memory", static_cast<void *>(&place),
                    [&](void **lanes) {
                      char *first = *static_cast<char **>(lanes[0]);
                      uint32_t warpSize = self.model().machine.warpSize;
                      for (uint32_t i = 0; i < warpSize; ++i)
                        *static_cast<char **>(lanes[i]) =
                            first + size_t(i) * bytes;
                    });
  if (!active)
    return;
  self.copyAsync(place, from, bytes);
  self.commitCopies();
}
void asyncCommit() { block().commitCopies(); }
void asyncWait(uint32_t pending) { block().waitCopies(pending); }

/// Whoever uses a barrier must know that it was made.
void checkBarrier(const void *address, uint32_t flags) {
  Block &self = block();
  if (Checker *checker = self.checks())
    self.require(checker->barrier(self.thread(),
                                  static_cast<const char *>(address), flags));
}

void barrierInit(const void *address, uint32_t count) {
  checkBarrier(address, AccessWrites);
  Block::MemoryBarrier &barrier = block().memoryBarrier(address);
  barrier = {};
  barrier.count = count;
}

void barrierArrive(const void *address) {
  checkBarrier(address, AccessReads);
  Block::MemoryBarrier &barrier = block().memoryBarrier(address);
  if (Checker *checker = block().checks())
    checker->release(block().thread(), barrier.arriving);
  ++barrier.arrived;
  block().settle(barrier);
}

void barrierExpect(const void *address, uint32_t bytes) {
  checkBarrier(address, AccessReads);
  Block::MemoryBarrier &barrier = block().memoryBarrier(address);
  if (Checker *checker = block().checks())
    checker->release(block().thread(), barrier.arriving);
  barrier.bytes += bytes;
  ++barrier.arrived;
  block().settle(barrier);
}

void barrierWait(const void *address, uint32_t parity) {
  checkBarrier(address, AccessReads);
  Block::MemoryBarrier &barrier = block().memoryBarrier(address);
  // The phase with this parity is over once the current one is the other.
  block().waitUntil("a barrier in shared memory", [&] {
    block().completeBoxes(address);
    return (barrier.phase & 1) != (parity & 1);
  });
  if (Checker *checker = block().checks())
    checker->acquire(block().thread(), barrier.completed);
}

/// Products are done when they are issued: only checks know of their groups.
void commitLater(uint32_t kind) {
  if (kind == BoxGroups)
    block().commitStores();
  else if (Checker *checker = block().checks())
    checker->commit(block().thread(), Later(kind));
}

void waitLater(uint32_t kind, uint32_t pending) {
  if (kind == BoxGroups || kind == BoxWriteGroups)
    block().waitStores(pending, kind == BoxWriteGroups);
  else if (Checker *checker = block().checks())
    checker->wait(block().thread(), Later(kind), pending);
}

void checkAccess(const char *address, uint32_t bytes, uint32_t flags,
                 const void *site) {
  Block &self = block();
  if (Checker *checker = self.checks())
    self.require(checker->access(self.thread(), address, bytes, flags, site));
}

void checkSite(const void *site) {
  Block &self = block();
  if (Checker *checker = self.checks())
    checker->setSite(self.thread(), site);
}

/// The number of the group of the product that the thread has just issued.
uint32_t checkIssued() {
  Checker *checker = block().checks();
  return checker ? checker->openGroup(block().thread(), ProductGroups) : 0;
}

void checkResult(uint32_t group, const void *site) {
  Block &self = block();
  if (Checker *checker = self.checks())
    self.require(checker->result(self.thread(), group, site));
}

void boxLoad(char *to, const void *barrier, const void *map, const int32_t *at,
             uint32_t rank) {
  block().loadBox(to, barrier, map, at, rank);
}

void boxStore(const void *map, char *from, const int32_t *at, uint32_t rank) {
  block().storeBox(map, from, at, rank);
}

uint64_t clock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace

const void *const *serviceTable() {
  static const void *const table[] = {
#define TILESDK_ENTRY(NAME, RESULT, PARAMS)                                    \
  reinterpret_cast<const void *>(&(NAME)),
      TILESDK_SIMULATOR_SERVICES(TILESDK_ENTRY)
#undef TILESDK_ENTRY
  };
  return table;
}

} // namespace tilesdk::simulator
