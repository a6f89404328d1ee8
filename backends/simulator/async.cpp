//===- async.cpp - Copies in flight, barriers in memory ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A copy reads its source when it is issued and writes when it is waited for:
// the latest moment that is legal, so that a missing wait shows. On request it
// writes at once, which shows what is overwritten while somebody reads it.
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/block.h"

#include <cstring>

namespace tilesdk::simulator {

void Block::copyAsync(char *to, const char *from, uint32_t bytes) {
  if (checker)
    require(checker->copy(running, to, from, bytes));
  if (worksEarly) {
    if (from)
      std::memcpy(to, from, bytes);
    else
      std::memset(to, 0, bytes);
    return;
  }
  PendingCopy copy;
  copy.to = to;
  copy.bytes.resize(bytes);
  if (from)
    std::memcpy(copy.bytes.data(), from, bytes);
  copies[running].open.push_back(std::move(copy));
}

void Block::commitCopies() {
  if (checker)
    checker->commit(running, CopyGroups);
  copies[running].commit();
}

void Block::waitCopies(uint32_t pending) {
  if (checker)
    checker->wait(running, CopyGroups, pending);
  copies[running].finish(pending, [](const PendingCopy &copy) {
    std::memcpy(copy.to, copy.bytes.data(), copy.bytes.size());
  });
}

void Block::settle(MemoryBarrier &barrier) {
  if (barrier.arrived < barrier.count || barrier.bytes != 0)
    return;
  barrier.arrived = 0;
  barrier.phase ^= 1;
  barrier.completed = barrier.arriving;
  progressed = true;
}

} // namespace tilesdk::simulator
