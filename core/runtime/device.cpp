//===- device.cpp - Devices, streams, events, buffers -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/device.h"

#include "core/diagnostics/diagnostics.h"
#include "core/runtime/context.h"
#include "core/runtime/diagnostics.h"
#include "core/runtime/messages.h"
#include "core/runtime/os.h"

using namespace tilesdk;
using namespace tilesdk::runtime;

Device::Device(Context &context, Plugin &plugin, uint32_t ordinal)
    : Object(Kind::Device), owner(context), plugin(plugin), number(ordinal),
      name((plugin.name() + ":" + llvm::Twine(ordinal)).str()) {}

Error Device::open() {
  const tsdk_driver &table = driver();
  if (Error error = check(table.device_open(table.self, number, &handle),
                          "cannot be opened"))
    return error;
  isOpen = true;
  const tsdk_target *original = nullptr;
  if (Error error =
          check(table.device_target(table.self, handle, &original), "target"))
    return error;
  deviceTarget = plugin.findTarget(original);
  if (!deviceTarget)
    return makeError(TSDK_E_PLUGIN, name + ": the driver names a target that "
                                           "its plugin does not list");
  asksOfPointers = table.pointer_get != nullptr;
  // A driver that does not know the question shares the host's memory.
  uint32_t host = 1;
  size_t size = sizeof(host);
  if (table.device_get && table.pointer_get) {
    Error unknown =
        check(table.device_get(table.self, handle, TSDK_DEVICE_HOST_MEMORY,
                               &host, &size),
              "memory");
    hasOwnMemory = !unknown;
    reachesHost = unknown || host;
  }
  return success();
}

Device::~Device() {
  if (!isOpen || owner.isForked())
    return;
  // First the work, then what it uses.
  Error ignored = check(driver().stream_sync(driver().self, handle, 0), "sync");
  drain();
  if (Messages *own = messages.exchange(nullptr)) {
    ignored = own->deliver();
    delete own;
  }
  driver().device_close(driver().self, handle);
}

void Device::retain() { owner.retain(); }
void Device::release() { owner.release(); }

Error Device::enter() {
  if (owner.isForked())
    return makeError(TSDK_E_FAILED_PRECONDITION,
                     name + ": the device was opened before this process was "
                            "forked; create a new context in the child");
  if (deferred.load(std::memory_order_relaxed))
    drain();
  return success();
}

void Device::defer(Deferred *thing) {
  Deferred *head = deferred.load(std::memory_order_relaxed);
  do
    thing->nextDeferred = head;
  while (!deferred.compare_exchange_weak(head, thing, std::memory_order_release,
                                         std::memory_order_relaxed));
}

void Device::drain() {
  // Destroying one thing may release another: a buffer its stream.
  while (Deferred *list =
             deferred.exchange(nullptr, std::memory_order_acquire)) {
    // Oldest first.
    Deferred *ordered = nullptr;
    while (list) {
      Deferred *next = list->nextDeferred;
      list->nextDeferred = ordered;
      ordered = list;
      list = next;
    }
    while (ordered) {
      Deferred *next = ordered->nextDeferred;
      ordered->destroyOn(*this);
      delete ordered;
      ordered = next;
    }
  }
}

Messages &Device::messagesOrNew() {
  std::lock_guard lock(messagesMutex);
  Messages *own = messages.load(std::memory_order_relaxed);
  if (!own) {
    own = new Messages(*this);
    messages.store(own, std::memory_order_release);
  }
  return *own;
}

Error Device::finishWait(uint64_t stream, Error waited) {
  Messages *own = messagesIfAny();
  if (!own)
    return waited;
  Error delivered = own->deliver();
  if (waited)
    return waited;
  if (delivered)
    return delivered;
  return own->takeFailure(stream);
}

void Device::deliverMessages() {
  if (Messages *own = messagesIfAny())
    Error ignored = own->deliver();
}

Error Device::check(tsdk_error error, const char *what) const {
  if (!error)
    return success();
  return Error(error).in(llvm::Twine(name) + ": " + what);
}

Error Device::askPointer(const void *memory, const llvm::Twine &who) const {
  const tsdk_driver &table = driver();
  int32_t where = -1;
  size_t size = sizeof(where);
  if (Error error =
          check(table.pointer_get(table.self, memory, TSDK_POINTER_ORDINAL,
                                  &where, &size),
                "pointer"))
    return std::move(error).in(who);
  bool isUnknown = size != sizeof(where);
  if (isUnknown && !reachesHost) {
    DiagEntry entry;
    entry.code = static_cast<uint32_t>(diagnostics::Diag::HostPointer);
    entry.message =
        (who + " points to memory that device " + name + " does not reach")
            .str();
    entry.help = "it is memory of the host, or freed; copy the array to the "
                 "device (tsdk_buffer_alloc and tsdk_copy; in Python "
                 "Device.alloc and Stream.copy, or a tensor there)";
    entry.rendered = "error[T0900]: " + entry.message +
                     "\n   = help: " + entry.help +
                     "\n   = for more: tilesdk explain T0900\n";
    Ref<DiagList> diags = makeRef<DiagList>();
    diags->add(std::move(entry));
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     name + ": memory that kernels cannot use",
                     std::move(diags));
  }
  if (isUnknown || where < 0 || static_cast<uint32_t>(where) == number)
    return success();
  return makeError(TSDK_E_INVALID_ARGUMENT,
                   who + ": " + name + ": the pointer belongs to device " +
                       plugin.name() + ":" + llvm::Twine(where) +
                       "; copy the data, or launch there");
}

DeviceObject::DeviceObject(Kind kind, Device &device)
    : Object(kind), home(device) {
  home.retain();
}

void DeviceObject::lastReference() {
  // Once it is queued another thread may delete it.
  Device &device = home;
  device.defer(this);
  device.release();
}

void Stream::destroyOn(Device &device) {
  if (!owned)
    return;
  const tsdk_driver &driver = device.driver();
  if (Messages *messages = device.messagesIfAny();
      messages && messages->isUsedBy(native)) {
    Error ignored = device.check(
        driver.stream_sync(driver.self, device.native(), native), "stream");
    device.deliverMessages();
    messages->endStream(native);
  }
  driver.stream_destroy(driver.self, device.native(), native);
}

void Event::destroyOn(Device &device) {
  device.driver().event_destroy(device.driver().self, device.native(), native);
}

void Buffer::lastReference() {
  if (memory != Memory::Wrapped)
    return DeviceObject::lastReference();
  // Nothing of the driver's: the caller wants to know at once.
  if (releaseWrapped)
    releaseWrapped(user);
  Device &home = device();
  delete this;
  home.release();
}

void Buffer::destroyOn(Device &device) {
  const tsdk_driver &table = device.driver();
  if (memory == Memory::Host) {
    table.host_free(table.self, device.native(), pointer);
  } else if (memory == Memory::Device && pointer) {
    Error ignored =
        device.check(table.mem_free(table.self, device.native(),
                                    stream ? stream->native : 0, pointer),
                     "free");
  }
}
