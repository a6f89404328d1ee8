//===- queues.cpp - Queues and copies of the fake HSA runtime ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <thread>

namespace tilesdk::fake_hsa {

namespace {

constexpr size_t PacketBytes = 64;

/// The amd_queue_t is first: HIP has a pointer to it.
struct Queue {
  amd_queue_t amd;
  std::atomic<bool> isEnding{false};
  std::thread thread;

  char *packet(uint64_t index) {
    return static_cast<char *>(amd.hsa_queue.base_address) +
           index % amd.hsa_queue.size * PacketBytes;
  }
  std::atomic_ref<uint16_t> header(uint64_t index) {
    return std::atomic_ref<uint16_t>(
        *reinterpret_cast<uint16_t *>(packet(index)));
  }
  std::atomic_ref<uint64_t> readIndex() {
    return std::atomic_ref<uint64_t>(
        const_cast<uint64_t &>(amd.read_dispatch_id));
  }
  std::atomic_ref<uint64_t> writeIndex() {
    return std::atomic_ref<uint64_t>(
        const_cast<uint64_t &>(amd.write_dispatch_id));
  }
  void run();
  void process(const char *packet);
};

Queue &queueOf(const hsa_queue_t *queue) {
  return *reinterpret_cast<Queue *>(const_cast<hsa_queue_t *>(queue));
}

unsigned typeOf(uint16_t header) { return header & 0xff; }

/// Packets are processed once the doorbell says so and their header is there.
void Queue::run() {
  while (true) {
    uint64_t index = readIndex().load();
    uint16_t head = header(index).load(std::memory_order_acquire);
    if (load(amd.hsa_queue.doorbell_signal) < int64_t(index) ||
        typeOf(head) == HSA_PACKET_TYPE_INVALID) {
      if (isEnding)
        return;
      waitForChange();
      continue;
    }
    process(packet(index));
    header(index).store(HSA_PACKET_TYPE_INVALID, std::memory_order_release);
    readIndex().fetch_add(1);
    notify();
  }
}

void Queue::process(const char *packet) {
  uint16_t head;
  std::memcpy(&head, packet, sizeof head);
  uint64_t start = now();
  switch (typeOf(head)) {
  case HSA_PACKET_TYPE_KERNEL_DISPATCH: {
    hsa_kernel_dispatch_packet_t dispatched;
    std::memcpy(&dispatched, packet, sizeof dispatched);
    if (std::string problem = dispatch(dispatched); !problem.empty())
      report(problem);
    complete(dispatched.completion_signal, start);
    return;
  }
  case HSA_PACKET_TYPE_BARRIER_AND: {
    hsa_barrier_and_packet_t barrier;
    std::memcpy(&barrier, packet, sizeof barrier);
    for (hsa_signal_t signal : barrier.dep_signal)
      if (signal.handle)
        waitFor(signal, HSA_SIGNAL_CONDITION_EQ, 0);
    complete(barrier.completion_signal, start);
    return;
  }
  case HSA_PACKET_TYPE_BARRIER_OR: {
    hsa_barrier_or_packet_t barrier;
    std::memcpy(&barrier, packet, sizeof barrier);
    auto isReady = [&] {
      bool hasAny = false;
      for (hsa_signal_t signal : barrier.dep_signal) {
        if (signal.handle && load(signal) == 0)
          return true;
        hasAny |= signal.handle != 0;
      }
      return !hasAny;
    };
    while (!isReady())
      waitForChange();
    complete(barrier.completion_signal, start);
    return;
  }
  case HSA_PACKET_TYPE_VENDOR_SPECIFIC: {
    hsa_amd_barrier_value_packet_t barrier;
    std::memcpy(&barrier, packet, sizeof barrier);
    if (barrier.header.AmdFormat != HSA_AMD_PACKET_TYPE_BARRIER_VALUE) {
      report("a vendor packet of the unknown format " +
             std::to_string(barrier.header.AmdFormat));
      return;
    }
    if (barrier.signal.handle)
      waitFor(barrier.signal, hsa_signal_condition_t(barrier.cond),
              barrier.value, barrier.mask);
    complete(barrier.completion_signal, start);
    return;
  }
  default:
    report("a packet of the unknown type " + std::to_string(typeOf(head)));
  }
}

/// One engine that copies in order.
class Copies {
public:
  static Copies &get() {
    static Copies &copies = *new Copies();
    return copies;
  }
  void add(std::function<void()> copy) {
    std::lock_guard lock(mutex);
    copies.push_back(std::move(copy));
    if (!isRunning) {
      isRunning = true;
      std::thread([this] { run(); }).detach();
    }
    added.notify_one();
  }

private:
  void run() {
    while (true) {
      std::unique_lock lock(mutex);
      added.wait(lock, [this] { return !copies.empty(); });
      std::function<void()> copy = std::move(copies.front());
      copies.pop_front();
      lock.unlock();
      copy();
    }
  }

  std::mutex mutex;
  std::condition_variable added;
  std::deque<std::function<void()>> copies;
  bool isRunning = false;
};

} // namespace

} // namespace tilesdk::fake_hsa

using namespace tilesdk::fake_hsa;

extern "C" {

hsa_status_t hsa_queue_create(hsa_agent_t, uint32_t size,
                              hsa_queue_type32_t type,
                              void (*)(hsa_status_t, hsa_queue_t *, void *),
                              void *, uint32_t, uint32_t, hsa_queue_t **out) {
  void *memory = aligned_alloc(64, (sizeof(Queue) + 63) / 64 * 64);
  std::memset(memory, 0, sizeof(amd_queue_t));
  auto *queue = new (memory) Queue();
  hsa_queue_t &hsa = queue->amd.hsa_queue;
  hsa.type = type;
  hsa.features = HSA_QUEUE_FEATURE_KERNEL_DISPATCH;
  hsa.base_address = aligned_alloc(4096, size * PacketBytes);
  hsa.size = size;
  hsa_signal_create(-1, 0, nullptr, &hsa.doorbell_signal);
  std::memset(hsa.base_address, 0, size * PacketBytes);
  for (uint32_t i = 0; i < size; ++i)
    queue->header(i).store(HSA_PACKET_TYPE_INVALID);
  queue->thread = std::thread([queue] { queue->run(); });
  *out = &hsa;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_queue_destroy(hsa_queue_t *handle) {
  Queue &queue = queueOf(handle);
  queue.isEnding = true;
  notify();
  queue.thread.join();
  hsa_signal_destroy(handle->doorbell_signal);
  free(handle->base_address);
  queue.~Queue();
  free(&queue);
  return HSA_STATUS_SUCCESS;
}
uint64_t hsa_queue_add_write_index_screlease(const hsa_queue_t *queue,
                                             uint64_t value) {
  return queueOf(queue).writeIndex().fetch_add(value);
}
uint64_t hsa_queue_load_read_index_relaxed(const hsa_queue_t *queue) {
  return queueOf(queue).readIndex().load();
}
uint64_t hsa_queue_load_read_index_scacquire(const hsa_queue_t *queue) {
  return queueOf(queue).readIndex().load();
}
uint64_t hsa_queue_load_write_index_relaxed(const hsa_queue_t *queue) {
  return queueOf(queue).writeIndex().load();
}

hsa_status_t hsa_amd_memory_async_copy(void *to, hsa_agent_t, const void *from,
                                       hsa_agent_t, size_t bytes,
                                       uint32_t numBefore,
                                       const hsa_signal_t *before,
                                       hsa_signal_t after) {
  std::vector<hsa_signal_t> signals(before, before + numBefore);
  Copies::get().add([=] {
    for (hsa_signal_t signal : signals)
      waitFor(signal, HSA_SIGNAL_CONDITION_EQ, 0);
    uint64_t start = now();
    std::memcpy(to, from, bytes);
    trace("copied %zu bytes", bytes);
    complete(after, start);
  });
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_memory_copy(void *to, const void *from, size_t bytes) {
  std::memcpy(to, from, bytes);
  return HSA_STATUS_SUCCESS;
}
}
