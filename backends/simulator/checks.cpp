//===- checks.cpp - What is wrong with a program's accesses -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/checks.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tilesdk::simulator {

uint32_t checksOf(std::string_view list) {
  uint32_t checks = 0;
  while (!list.empty()) {
    std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    checks |= name == "race"      ? uint32_t(RaceCheck)
              : name == "bounds"  ? BoundsCheck
              : name == "uninit"  ? UninitCheck
              : name == "barrier" ? BarrierCheck
              : name == "early"   ? WorksEarly
                                  : 0;
  }
  return checks;
}

Site::Site(const void *packed) {
  const char *bytes = static_cast<const char *>(packed);
  std::memcpy(&line, bytes, 4);
  std::memcpy(&column, bytes + 4, 4);
  std::memcpy(&parameter, bytes + 8, 4);
  file = bytes + 12;
  what = file + std::strlen(file) + 1;
  parameterName = what + std::strlen(what) + 1;
  callers = parameterName + std::strlen(parameterName) + 1;
}

std::string Site::text() const {
  std::string result = what;
  if (line)
    result += std::string(" at ") + file + ":" + std::to_string(line) + ":" +
              std::to_string(column);
  if (*callers)
    result += std::string(", called from ") + callers;
  return result;
}

Checker::Checker(uint32_t checks, uint32_t threadCount, uint32_t warpSize,
                 const char *shared, uint32_t sharedBytes,
                 const Extent *extents, uint32_t numExtents)
    : checks(checks), numThreads(threadCount), warpSize(warpSize),
      numAgents(threadCount * (NumLater + 2)), shared(shared),
      sharedBytes(sharedBytes), extents(extents), numExtents(numExtents),
      threads(threadCount), sites(threadCount), sharedCells(sharedBytes) {
  for (std::vector<uint32_t> &groups : committed)
    groups.resize(threadCount);
  Clock nothing = std::make_shared<const std::vector<uint32_t>>(numAgents);
  for (Thread &thread : threads)
    thread.seen = nothing;
}

void Checker::addPrograms(std::shared_ptr<LaunchMemory> memory, uint32_t number,
                          const uint32_t sizes[3]) {
  launchMemory = std::move(memory);
  program.number = number;
  std::copy_n(sizes, 3, grid);
}

//===- Order --------------------------------------------------------------===//

/// What a thread alone knows becomes part of \p clock.
void Checker::publish(uint32_t self, std::vector<uint32_t> &clock) {
  Thread &thread = threads[self];
  clock[self] = std::max(clock[self], thread.clock++);
  for (uint32_t kind = 0; kind < NumLater; ++kind) {
    uint32_t &groups = clock[agentOf(self, Later(kind))];
    groups = std::max(groups, thread.done[kind]);
  }
}

void Checker::synchronise(const std::vector<uint32_t> &list) {
  auto joined =
      std::make_shared<std::vector<uint32_t>>(*threads[list.front()].seen);
  std::vector<uint32_t> &clock = *joined;
  const std::vector<uint32_t> *last = threads[list.front()].seen.get();
  for (uint32_t each : list) {
    // Most have seen the same.
    const std::vector<uint32_t> *seen = threads[each].seen.get();
    if (seen != last)
      for (size_t i = 0; i < clock.size(); ++i)
        clock[i] = std::max(clock[i], (*seen)[i]);
    last = seen;
  }
  Clock all = joined;
  for (uint32_t each : list) {
    publish(each, clock);
    threads[each].seen = all;
  }
  if (list.size() == numThreads)
    forgetReaders(clock);
}

/// All that everybody knows is read; asynchronous work may still be reading.
/// Sets are numbered in order, and a set's others come before it.
void Checker::forgetReaders(const std::vector<uint32_t> &known) {
  auto isReading = [&](const Reader &reader) {
    return reader.stamp.agent >= numThreads &&
           known[reader.stamp.agent] < reader.stamp.clock;
  };
  auto kept = std::find_if(readers.begin(), readers.end(), isReading);
  firstReader += static_cast<uint32_t>(kept - readers.begin());
  readers.erase(readers.begin(), kept);
  if (readers.empty())
    readerIds.clear();
  else
    std::erase_if(readerIds,
                  [&](const auto &entry) { return !live(entry.second); });
}

void Checker::synchroniseWarp(uint32_t thread) {
  everybody.clear();
  uint32_t first = thread / warpSize * warpSize;
  for (uint32_t i = 0; i < warpSize && first + i < numThreads; ++i)
    everybody.push_back(first + i);
  synchronise(everybody);
}

void Checker::release(uint32_t self, Clock &into) {
  Thread &thread = threads[self];
  auto joined = std::make_shared<std::vector<uint32_t>>(*thread.seen);
  std::vector<uint32_t> &clock = *joined;
  if (into)
    for (size_t i = 0; i < clock.size(); ++i)
      clock[i] = std::max(clock[i], (*into)[i]);
  publish(self, clock);
  into = std::move(joined);
}

void Checker::acquire(uint32_t self, const Clock &from) {
  Thread &thread = threads[self];
  if (!from || from == thread.seen)
    return;
  auto joined = std::make_shared<std::vector<uint32_t>>(*thread.seen);
  for (size_t i = 0; i < joined->size(); ++i)
    (*joined)[i] = std::max((*joined)[i], (*from)[i]);
  thread.seen = std::move(joined);
}

void Checker::wait(uint32_t thread, Later kind, uint32_t pending) {
  uint32_t groups = committed[kind][thread], &done = threads[thread].done[kind];
  if (groups > pending)
    done = std::max(done, groups - pending);
}

bool Checker::knows(uint32_t self, const Stamp &stamp) const {
  const Thread &thread = threads[self];
  if (stamp.clock == 0 || stamp.agent == self ||
      (*thread.seen)[stamp.agent] >= stamp.clock)
    return true;
  for (uint32_t kind = 0; kind < NumLater; ++kind)
    if (stamp.agent == agentOf(self, Later(kind)))
      return thread.done[kind] >= stamp.clock;
  return false;
}

//===- Accesses -----------------------------------------------------------===//

uint16_t Checker::internSite(const void *site) {
  auto [at, isNew] = siteIds.try_emplace(site, 0);
  if (isNew && siteList.size() <= UINT16_MAX) {
    at->second = static_cast<uint16_t>(siteList.size());
    siteList.push_back(site);
  }
  return at->second;
}

uint32_t Checker::addReader(uint32_t set, const Stamp &stamp) {
  set = live(set);
  // One of a thread's reads is enough; its others are cheap to keep.
  while (set && reader(set).stamp.agent == stamp.agent)
    set = live(reader(set).others);
  auto [at, isNew] = readerIds.try_emplace({stamp, set}, 0);
  if (isNew) {
    uint32_t depth = set ? reader(set).depth + 1 : 1;
    readers.push_back({stamp, set, depth});
    at->second = firstReader + static_cast<uint32_t>(readers.size()) - 1;
    if (depth > 4 * numAgents) {
      // A thread's latest read stands for its former ones.
      std::vector<bool> seen(numAgents);
      std::vector<Stamp> latest;
      for (uint32_t each = at->second; each; each = live(reader(each).others))
        if (!seen[reader(each).stamp.agent]) {
          seen[reader(each).stamp.agent] = true;
          latest.push_back(reader(each).stamp);
        }
      uint32_t made = 0, count = 0;
      for (size_t i = latest.size(); i--;) {
        readers.push_back({latest[i], made, ++count});
        made = firstReader + static_cast<uint32_t>(readers.size()) - 1;
      }
      return at->second = made;
    }
  }
  return at->second;
}

/// The cells from an address on; `count` becomes less when they end earlier.
Checker::Cell *Checker::cellsOf(const char *address, uint32_t flags,
                                uint32_t &count) {
  if (flags & AccessShared)
    return &sharedCells[static_cast<size_t>(address - shared)];
  uintptr_t place = reinterpret_cast<uintptr_t>(address);
  std::vector<Cell> &page = pages[place / PageBytes];
  if (page.empty())
    page.resize(PageBytes);
  uint32_t offset = place % PageBytes;
  count = std::min(count, PageBytes - offset);
  return &page[offset];
}

bool Checker::update(uint32_t self, Cell &cell, uint32_t flags,
                     const Stamp &stamp, const char *address) {
  bool isRead = flags & AccessReads, isWrite = flags & AccessWrites,
       isAtomic = flags & AccessAtomic;
  if (isRead && has(UninitCheck) && (flags & AccessShared) && !cell.isWritten) {
    message = "check uninit: " + who(stamp) + " reads " +
              placeText(address, flags) + ", which the program has not written";
    return false;
  }
  if (has(RaceCheck)) {
    if (!(isAtomic && cell.isAtomic) && !knows(self, cell.write))
      return race(flags, stamp, true, cell.write, address);
    if (isWrite)
      for (uint32_t set = live(cell.reads); set; set = live(reader(set).others))
        if (!knows(self, reader(set).stamp))
          return race(flags, stamp, false, reader(set).stamp, address);
  }
  if (isWrite) {
    cell.write = stamp;
    cell.reads = 0;
    cell.isWritten = true;
    cell.isAtomic = isAtomic;
  } else if (has(RaceCheck)) {
    cell.reads = addReader(cell.reads, stamp);
  }
  return true;
}

bool Checker::track(uint32_t self, const char *address, uint32_t bytes,
                    uint32_t flags, const Stamp &stamp) {
  if (!(flags & AccessShared)) {
    if (!has(RaceCheck))
      return true;
    if (!meets(address, bytes, flags, stamp))
      return false;
  }
  while (bytes) {
    uint32_t count = bytes;
    Cell *cells = cellsOf(address, flags, count);
    // Neighbours mostly have the same past.
    Cell before, after;
    for (uint32_t i = 0; i < count; ++i) {
      if (i && cells[i] == before) {
        cells[i] = after;
        continue;
      }
      before = cells[i];
      if (!update(self, cells[i], flags, stamp, address + i))
        return false;
      after = cells[i];
    }
    address += count;
    bytes -= count;
  }
  return true;
}

bool Checker::inBounds(uint32_t self, const char *address, uint32_t bytes,
                       uint32_t flags, const void *packed) {
  uint64_t first = reinterpret_cast<uint64_t>(address);
  uint64_t begin = reinterpret_cast<uint64_t>(shared),
           end = begin + sharedBytes;
  std::string what;
  Site site(packed);
  if (flags & AccessShared) {
    if (first >= begin && first + bytes <= end)
      return true;
    what = "the " + std::to_string(sharedBytes) + " bytes of shared memory";
  } else {
    if (!has(BoundsCheck) || site.parameter < 0 ||
        static_cast<uint32_t>(site.parameter) >= numExtents ||
        !extents[site.parameter].begin)
      return true;
    begin = extents[site.parameter].begin;
    end = extents[site.parameter].end;
    if (first >= begin && first + bytes <= end)
      return true;
    what = "argument `" + std::string(site.parameterName) + "`, which has " +
           std::to_string(end - begin) + " bytes";
  }
  std::string place =
      first < begin
          ? std::to_string(begin - first) + " bytes before the begin of "
          : std::to_string(first - begin) + " bytes behind the begin of ";
  Stamp now = stampOf(self, threads[self].clock, packed);
  message = "check bounds: " + who(now) +
            (flags & AccessWrites ? " writes " : " reads ") +
            std::to_string(bytes) + " bytes at " + placeText(address, flags) +
            ", " + place + what;
  return false;
}

bool Checker::access(uint32_t self, const char *address, uint32_t bytes,
                     uint32_t flags, const void *site) {
  if (bytes == 0)
    return true;
  return inBounds(self, address, bytes, flags, site) &&
         track(self, address, bytes, flags,
               stampOf(self, threads[self].clock, site));
}

bool Checker::copy(uint32_t self, const char *to, const char *from,
                   uint32_t bytes) {
  const void *site = sites[self];
  if (from && !access(self, from, bytes, AccessReads, site))
    return false;
  return inBounds(self, to, bytes, AccessWrites | AccessShared, site) &&
         track(self, to, bytes, AccessWrites | AccessShared,
               stampOf(agentOf(self, CopyGroups),
                       committed[CopyGroups][self] + 1, site));
}

bool Checker::copyBox(uint32_t self, const char *to, uint32_t bytes,
                      Clock &into) {
  const void *site = sites[self];
  uint32_t clock = ++threads[self].boxes;
  if (!inBounds(self, to, bytes, AccessWrites | AccessShared, site) ||
      !track(self, to, bytes, AccessWrites | AccessShared,
             stampOf(boxAgent(self), clock, site)))
    return false;
  release(self, into);
  auto known = std::make_shared<std::vector<uint32_t>>(*into);
  (*known)[boxAgent(self)] = clock;
  into = std::move(known);
  return true;
}

bool Checker::result(uint32_t self, uint32_t group, const void *site) {
  if (!has(RaceCheck) || threads[self].done[ProductGroups] >= group)
    return true;
  message = "check race: " + who(stampOf(self, threads[self].clock, site)) +
            " uses the result of an asynchronous product; nothing has waited "
            "for it";
  return false;
}

bool Checker::barrier(uint32_t self, const char *address, uint32_t flags) {
  return access(self, address, 8, flags | AccessShared, sites[self]);
}

bool Checker::boxReads(uint32_t self, const char *from, uint32_t bytes) {
  return track(self, from, bytes, AccessReads,
               stampOf(boxAgent(self), threads[self].boxes, sites[self]));
}

bool Checker::boxWrites(uint32_t self, const char *to, uint32_t bytes) {
  return track(self, to, bytes, AccessWrites,
               stampOf(agentOf(self, BoxWriteGroups),
                       committed[BoxWriteGroups][self] + 1, sites[self]));
}

bool Checker::readLater(uint32_t self, Later kind, const char *address,
                        uint32_t bytes) {
  const void *site = sites[self];
  return inBounds(self, address, bytes, AccessReads | AccessShared, site) &&
         track(self, address, bytes, AccessReads | AccessShared,
               stampOf(agentOf(self, kind), committed[kind][self] + 1, site));
}

//===- Reports ------------------------------------------------------------===//

std::string Checker::placeOf(uint32_t thread) const {
  return sites[thread] ? Site(sites[thread]).text() : "";
}

std::string Checker::who(const Stamp &stamp) const {
  std::string place =
      stamp.site ? " (" + Site(siteList[stamp.site]).text() + ")" : "";
  static const char *const kinds[] = {"thread ",
                                      "an asynchronous copy of thread ",
                                      "a store of a box of thread ",
                                      "an asynchronous product of warp ",
                                      "a store of a box of thread ",
                                      "a copy of a box of thread "};
  uint32_t kind = stamp.agent / numThreads, number = stamp.agent % numThreads;
  if (kind == ProductGroups + 1)
    number /= warpSize;
  return kinds[kind] + std::to_string(number) + place;
}

std::string Checker::placeText(const char *address, uint32_t flags) const {
  char text[64];
  if (flags & AccessShared)
    std::snprintf(text, sizeof text, "byte %td of shared memory",
                  address - shared);
  else
    std::snprintf(text, sizeof text, "address %p", (const void *)address);
  return text;
}

std::string Checker::globalPlace(const char *address,
                                 const void *packed) const {
  std::string place = placeText(address, 0);
  if (packed)
    if (Site site(packed); site.parameter >= 0)
      place += " of argument `" + std::string(site.parameterName) + "`";
  return place;
}

/// False when another program's access is not ordered before this one.
bool Checker::meets(const char *address, uint32_t bytes, uint32_t flags,
                    const Stamp &stamp) {
  const void *site = siteList[stamp.site];
  LaunchMemory::Conflict other;
  if (!launchMemory)
    return true;
  LaunchMemory::Past past;
  if (flags & AccessAtomic) {
    Thread &thread = threads[stamp.agent];
    past = {thread.seen, stamp.agent, thread.clock};
    for (uint32_t kind = 0; kind < NumLater; ++kind)
      if ((*thread.seen)[agentOf(stamp.agent, Later(kind))] < thread.done[kind])
        release(stamp.agent, past.clock);
    ++thread.clock;
  }
  if (launchMemory->access(program, address, bytes, flags, stamp.agent,
                           stamp.clock, past, site, other))
    return true;
  uint32_t x = other.program % grid[0], y = other.program / grid[0] % grid[1],
           z = other.program / grid[0] / grid[1];
  message = "check race: " + who(stamp) +
            (flags & AccessWrites ? " writes " : " reads ") +
            globalPlace(other.address, site) + ", which program (" +
            std::to_string(x) + ", " + std::to_string(y) + ", " +
            std::to_string(z) + ")" +
            (other.site ? " (" + Site(other.site).text() + ")" : "") +
            (other.wrote ? " writes" : " reads") +
            "; nothing orders the two programs, such as atomic accesses";
  return false;
}

bool Checker::race(uint32_t flags, const Stamp &now, bool wrote,
                   const Stamp &before, const char *address) {
  bool isWrite = flags & AccessWrites;
  std::string place = flags & AccessShared
                          ? placeText(address, flags)
                          : globalPlace(address, siteList[now.site]);
  bool inFlight = before.agent >= numThreads;
  message = "check race: " + who(now) + (isWrite ? " writes " : " reads ") +
            place + ", which " + who(before) + (wrote ? " writes" : " reads") +
            (inFlight ? "; nothing has waited for it"
                      : "; nothing orders the two, such as a barrier");
  return false;
}

} // namespace tilesdk::simulator
