//===- device.h - Devices, streams, events, buffers -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device belongs to its context and lives as long; a reference to it is one
// to the context. What is released is not destroyed there and then, because the
// driver may block and a finalizer must not: it is queued without a lock and
// destroyed by the next call on the device.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/object.h"
#include "core/runtime/plugin.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace tilesdk::runtime {

class Context;
class Device;
class Messages;

/// Something a device's driver has to destroy.
class Deferred {
public:
  virtual ~Deferred() = default;
  virtual void destroyOn(Device &device) = 0;

private:
  friend class Device;
  Deferred *nextDeferred = nullptr;
};

class Device : public Object {
public:
  Device(Context &context, Plugin &plugin, uint32_t ordinal);
  ~Device() override;

  void retain() override;
  void release() override;

  Error open();

  Context &context() const { return owner; }
  const tsdk_driver &driver() const { return *plugin.driver(); }
  void *native() const { return handle; }
  Plugin &backend() const { return plugin; }
  uint32_t ordinal() const { return number; }
  const std::string &uri() const { return name; }
  const Target &target() const { return *deviceTarget; }

  /// To be called first by everything that calls the driver: fails in a child
  /// after fork, then destroys what was released since.
  Error enter();
  /// Any thread, no lock.
  void defer(Deferred *thing);

  /// Takes over an error of the driver and says where it was.
  Error check(tsdk_error error, const char *what) const;
  /// Fails when the driver can tell that kernels here cannot use memory: it is
  /// another device's, or the host's. `who`: "parameter `x`".
  Error checkPointer(const void *memory, const llvm::Twine &who) {
    if (!asksOfPointers || !memory)
      return success();
    // Asking costs more than the rest of the launch.
    uint64_t page = (reinterpret_cast<uintptr_t>(memory) >> PageBits) + 1;
    // Large arrays begin at multiples of many pages: mix all bits.
    std::atomic<uint64_t> &known =
        knownPages[page * 0x9e3779b97f4a7c15u >> (64 - KnownPagesLog)];
    if (known.load(std::memory_order_relaxed) == page)
      return success();
    if (Error error = askPointer(memory, who))
      return error;
    if (hasOwnMemory)
      known.store(page, std::memory_order_relaxed);
    return success();
  }

  /// What its kernels print and assert; null before the first such launch.
  Messages *messagesIfAny() const {
    return messages.load(std::memory_order_acquire);
  }
  Messages &messagesOrNew();
  /// After the work of a stream was waited for: prints what kernels printed and
  /// gives the stream's failed assertion. `waited`: what the driver said.
  Error finishWait(uint64_t stream, Error waited);
  /// Something was found to be done.
  void deliverMessages();

private:
  void drain();
  Error askPointer(const void *memory, const llvm::Twine &who) const;

  /// Memory belongs to somebody by pages.
  static constexpr unsigned PageBits = 12, KnownPagesLog = 10;

  Context &owner;
  Plugin &plugin;
  const uint32_t number;
  const std::string name;
  void *handle = nullptr;
  bool isOpen = false;
  const Target *deviceTarget = nullptr;
  std::atomic<Deferred *> deferred{nullptr};
  bool asksOfPointers = false, hasOwnMemory = false, reachesHost = true;
  /// Numbers of pages that were found to be usable here, where that is asked in
  /// each launch. What was freed since may stand here: a mistake goes unseen.
  std::array<std::atomic<uint64_t>, 1 << KnownPagesLog> knownPages{};
  std::mutex messagesMutex;
  std::atomic<Messages *> messages{nullptr};
};

/// An object that its device destroys.
class DeviceObject : public Object, public Deferred {
public:
  DeviceObject(Kind kind, Device &device);
  Device &device() const { return home; }

protected:
  void lastReference() override;

private:
  Device &home;
};

class Stream : public DeviceObject {
public:
  Stream(Device &device, uint64_t native, bool owned)
      : DeviceObject(Kind::Stream, device), native(native), owned(owned) {}
  void destroyOn(Device &device) override;
  const uint64_t native;

private:
  const bool owned;
};

class Event : public DeviceObject {
public:
  Event(Device &device, uint64_t native)
      : DeviceObject(Kind::Event, device), native(native) {}
  void destroyOn(Device &device) override;
  const uint64_t native;
  std::atomic<bool> recorded{false};
};

class Buffer : public DeviceObject {
public:
  enum class Memory { Device, Host, Wrapped };
  Buffer(Device &device, Memory memory, void *pointer, size_t bytes,
         Ref<Stream> stream)
      : DeviceObject(Kind::Buffer, device), pointer(pointer), bytes(bytes),
        memory(memory), stream(std::move(stream)) {}
  void destroyOn(Device &device) override;

  void *const pointer;
  const size_t bytes;
  void (*releaseWrapped)(void *user) = nullptr;
  void *user = nullptr;

protected:
  void lastReference() override;

private:
  const Memory memory;
  /// Freed in the order of this stream; null: the default stream.
  Ref<Stream> stream;
};

} // namespace tilesdk::runtime
