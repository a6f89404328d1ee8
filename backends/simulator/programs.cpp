//===- programs.cpp - What programs of a launch do to each other *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/programs.h"
#include "backends/simulator/checks.h"

#include <algorithm>
#include <utility>

namespace tilesdk::simulator {

namespace {

struct Launches {
  std::mutex lock;
  std::unordered_map<const void *, std::shared_ptr<LaunchMemory>> memory;
};

Launches &launches() {
  static Launches all;
  return all;
}

} // namespace

void LaunchMemory::Past::join(const Past &other) {
  if (!clock) {
    *this = other;
    return;
  }
  if (clock == other.clock && agent == other.agent) {
    last = std::max(last, other.last);
    return;
  }
  bool isNew = !has(other.agent, other.last);
  for (size_t i = 0; !isNew && i < clock->size(); ++i)
    isNew = !has(static_cast<uint32_t>(i), (*other.clock)[i]);
  if (!isNew)
    return;
  auto joined = std::make_shared<std::vector<uint32_t>>(*clock);
  std::vector<uint32_t> &both = *joined;
  for (size_t i = 0; i < both.size(); ++i)
    both[i] = std::max(both[i], (*other.clock)[i]);
  both[agent] = std::max(both[agent], last);
  agent = other.agent;
  last = std::max(both[agent], other.last);
  clock = std::move(joined);
}

std::shared_ptr<LaunchMemory> LaunchMemory::of(const void *launch) {
  std::lock_guard guard(launches().lock);
  std::shared_ptr<LaunchMemory> &memory = launches().memory[launch];
  if (!memory)
    memory = std::make_shared<LaunchMemory>();
  return memory;
}

void LaunchMemory::end(const void *launch) {
  std::lock_guard guard(launches().lock);
  launches().memory.erase(launch);
}

bool LaunchMemory::knows(const Program &self, const Stamp &stamp) {
  if (stamp.program == 0 || stamp.program == self.number + 1)
    return true;
  auto found = self.known.find(stamp.program - 1);
  return found != self.known.end() &&
         found->second.has(stamp.agent, stamp.clock);
}

void LaunchMemory::acquire(Program &self, const char *address) {
  std::lock_guard guard(lock);
  auto found = atomics.find(address);
  if (found != atomics.end())
    for (const auto &[program, past] : found->second)
      if (program != self.number)
        self.known[program].join(past);
}

void LaunchMemory::release(Program &self, const char *address,
                           const Past &past) {
  std::lock_guard guard(lock);
  Known &known = atomics[address];
  for (const auto &[program, other] : self.known)
    known[program].join(other);
  known[self.number].join(past);
}

uint16_t LaunchMemory::siteId(Program &self, const void *site) {
  auto [mine, isNew] = self.sites.try_emplace(site, 0);
  if (!isNew)
    return mine->second;
  std::lock_guard guard(lock);
  auto [at, isFirst] = siteIds.try_emplace(site, 0);
  if (isFirst && sites.size() <= UINT16_MAX) {
    at->second = static_cast<uint16_t>(sites.size());
    sites.push_back(site);
  }
  return mine->second = at->second;
}

const void *LaunchMemory::siteOf(uint16_t id) {
  std::lock_guard guard(lock);
  return sites[id];
}

bool LaunchMemory::update(const Program &self, Cell &cell, uint32_t flags,
                          const Stamp &now, uint16_t site, Conflict &conflict) {
  bool isAtomic = flags & AccessAtomic, isWrite = flags & AccessWrites;
  if (!(isAtomic && cell.isAtomic) && !knows(self, cell.write)) {
    conflict.program = cell.write.program - 1;
    conflict.site = siteOf(cell.writeSite);
    conflict.wrote = true;
    return false;
  }
  if (isWrite) {
    for (unsigned i = 0; i < 2; ++i)
      if (!knows(self, cell.reads[i])) {
        conflict.program = cell.reads[i].program - 1;
        conflict.site = siteOf(cell.readSites[i]);
        conflict.wrote = false;
        return false;
      }
    cell = {now, {}, site, {}, isAtomic};
  } else if (!isAtomic) {
    // The second place is for whoever came last.
    unsigned i = cell.reads[0].program && cell.reads[0].program != now.program;
    cell.reads[i] = now;
    cell.readSites[i] = site;
  }
  return true;
}

bool LaunchMemory::access(Program &self, const char *address, uint32_t bytes,
                          uint32_t flags, uint32_t agent, uint32_t clock,
                          const Past &past, const void *site,
                          Conflict &conflict) {
  // Those before it have come to this one's address by now.
  if (const char *former = std::exchange(self.atomic, nullptr))
    acquire(self, former);
  bool isAtomic = flags & AccessAtomic;
  if (isAtomic)
    acquire(self, address);
  Stamp now{self.number + 1, agent, clock};
  uint16_t id = siteId(self, site);
  const char *end = address + bytes;
  for (const char *at = address; at != end;) {
    uintptr_t place = reinterpret_cast<uintptr_t>(at);
    uint32_t offset = place % PageBytes,
             count = static_cast<uint32_t>(
                 std::min<ptrdiff_t>(end - at, PageBytes - offset));
    Shard &shard = shards[place / PageBytes % NumShards];
    std::lock_guard guard(shard.lock);
    Page &page = shard.pages[place / PageBytes];
    if (page.cells.empty())
      page.cells.resize(PageBytes / page.cellBytes);
    if ((offset | count) % page.cellBytes) {
      std::vector<Cell> cells(PageBytes);
      for (uint32_t i = 0; i < PageBytes; ++i)
        cells[i] = page.cells[i / page.cellBytes];
      page.cells = std::move(cells);
      page.cellBytes = 1;
    }
    for (uint32_t i = 0; i < count; i += page.cellBytes)
      if (!update(self, page.cells[(offset + i) / page.cellBytes], flags, now,
                  id, conflict)) {
        conflict.address = at + i;
        return false;
      }
    at += count;
  }
  if (isAtomic) {
    release(self, address, past);
    self.atomic = address;
  }
  return true;
}

} // namespace tilesdk::simulator
