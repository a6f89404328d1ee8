//===- event.cpp - Points in streams ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/stream.h"

namespace tilesdk::cpu {

EventRecord::EventRecord(Stream &stream)
    : stream(stream), generation(forkGeneration()) {
  stream.retain();
}

EventRecord::~EventRecord() { stream.release(); }

void EventRecord::release() {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete this;
}

void EventRecord::wait() {
  if (!done())
    stream.waitFor(position);
}

/// Waits in its stream for a recording in another one.
class EventWaitOp : public Op {
public:
  explicit EventWaitOp(EventRecord &record) : record(record) {
    record.retain();
  }
  ~EventWaitOp() override { record.release(); }

  bool start(Stream &ownStream, Advance &) override {
    SpinGuard guard(record.lock);
    if (record.done())
      return true;
    stream = &ownStream;
    nextWaiter = record.waiters;
    record.waiters = this;
    return false;
  }

  EventRecord &record;
  Stream *stream = nullptr;
  EventWaitOp *nextWaiter = nullptr;
};

/// Takes the time when its stream gets there and lets the waiting streams go.
class EventRecordOp : public Op {
public:
  explicit EventRecordOp(EventRecord &record) : record(record) {
    record.retain();
  }
  ~EventRecordOp() override { record.release(); }

  bool start(Stream &, Advance &list) override {
    EventWaitOp *waiters;
    {
      SpinGuard guard(record.lock);
      record.timeNs.store(nowNs(), std::memory_order_release);
      waiters = std::exchange(record.waiters, nullptr);
    }
    while (waiters) {
      // The op is gone once its stream has moved on.
      EventWaitOp *op = waiters;
      waiters = op->nextWaiter;
      op->stream->push(list, /*headDone=*/true);
    }
    return true;
  }

  EventRecord &record;
};

Event::~Event() {
  if (current)
    current->release();
}

bool Event::record(Stream &stream) {
  EventRecord *record = new (std::nothrow) EventRecord(stream);
  if (!record)
    return false;
  EventRecordOp *op = stream.make<EventRecordOp>(0, *record);
  if (!op) {
    record->release();
    return false;
  }
  // One more than what is queued, since calls on one stream are ordered.
  record->position = stream.position() + 1;
  EventRecord *old;
  {
    SpinGuard guard(lock);
    old = std::exchange(current, record);
  }
  if (old)
    old->release();
  stream.enqueue(op);
  return true;
}

bool Event::makeWait(Stream &stream) {
  EventRecord *record = latest();
  if (!record)
    return true;
  bool made = true;
  if (!record->done()) {
    EventWaitOp *op = stream.make<EventWaitOp>(0, *record);
    made = op != nullptr;
    if (op)
      stream.enqueue(op);
  }
  record->release();
  return made;
}

EventRecord *Event::latest() {
  SpinGuard guard(lock);
  if (current)
    current->retain();
  return current;
}

} // namespace tilesdk::cpu
