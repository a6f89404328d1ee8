//===- device.cpp - Devices, memory, streams, events ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/src/entry.h"

using namespace tilesdk::api;

namespace {

Error unsupported(const Device &device, const char *what) {
  return makeError(TSDK_E_UNSUPPORTED,
                   device.uri() + ": this driver has no " + what);
}

Error otherDevice(const char *argument, const Device &is,
                  const Device &expected) {
  return makeError(TSDK_E_INVALID_ARGUMENT,
                   llvm::Twine("`") + argument + "` belongs to device " +
                       is.uri() + ", expected " + expected.uri());
}

/// An entry point on a stream.
template <typename Function>
tsdk_error onStream(tsdk_stream stream, Function function) {
  return guarded([&]() -> Error {
    Stream *self;
    if (Error error = get(stream, "stream", &self))
      return error;
    Device &device = self->device();
    if (Error error = device.enter())
      return error;
    return function(*self, device, device.driver());
  });
}

/// An entry point on an event.
template <typename Function>
tsdk_error onEvent(tsdk_event event, Function function) {
  return guarded([&]() -> Error {
    Event *self;
    if (Error error = get(event, "event", &self))
      return error;
    Device &device = self->device();
    if (Error error = device.enter())
      return error;
    return function(*self, device, device.driver());
  });
}

} // namespace

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

tsdk_error tsdk_device_open(tsdk_context context, tsdk_str uri,
                            tsdk_device *out) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (Error error = checkText(uri, "uri"))
      return error;
    Ref<Device> device;
    if (Error error = self->openDevice(toRef(uri), &device))
      return error;
    give(out, Ref<Object>(std::move(device)));
    return success();
  });
}

tsdk_error tsdk_device_get(tsdk_device device, uint32_t property, void *out,
                           size_t *size) {
  return guarded([&]() -> Error {
    Device *self;
    if (Error error = get(device, "device", &self))
      return error;
    if (!size)
      return nullArgument("size");
    if (*size && !out)
      return nullArgument("out");
    if (Error error = self->enter())
      return error;
    const tsdk_driver &driver = self->driver();
    if (!driver.device_get)
      return makeError(TSDK_E_UNIMPLEMENTED,
                       self->uri() + ": this driver has no properties");
    return self->check(
        driver.device_get(driver.self, self->native(), property, out, size),
        "property");
  });
}

tsdk_str tsdk_device_uri(tsdk_device device) {
  Device *self = peek<Device>(device);
  return self ? toStr(self->uri()) : tsdk_str{nullptr, 0};
}

tsdk_str tsdk_device_target(tsdk_device device) {
  Device *self = peek<Device>(device);
  return self ? toStr(self->target().name()) : tsdk_str{nullptr, 0};
}

tsdk_str tsdk_device_fingerprint(tsdk_device device) {
  Device *self = peek<Device>(device);
  return self ? toStr(self->target().digest) : tsdk_str{nullptr, 0};
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

tsdk_error tsdk_buffer_alloc(tsdk_device device, tsdk_stream stream,
                             size_t bytes, tsdk_flags flags, tsdk_buffer *out) {
  return guarded([&]() -> Error {
    Device *self;
    Stream *order = nullptr;
    if (Error error = get(device, "device", &self))
      return error;
    if (stream)
      if (Error error = get(stream, "stream", &order))
        return error;
    if (!out)
      return nullArgument("out");
    if (flags & ~TSDK_BUFFER_HOST)
      return unknownFlags("flags", flags);
    if (order && &order->device() != self)
      return otherDevice("stream", order->device(), *self);
    if (Error error = self->enter())
      return error;
    const tsdk_driver &driver = self->driver();
    void *memory = nullptr;
    bool host = flags & TSDK_BUFFER_HOST;
    if (host) {
      if (!driver.host_alloc)
        return unsupported(*self, "host memory");
      if (Error error = self->check(
              driver.host_alloc(driver.self, self->native(), bytes, &memory),
              "host allocation"))
        return error;
    } else if (bytes) {
      if (Error error = self->check(
              driver.mem_alloc(driver.self, self->native(),
                               order ? order->native : 0, bytes, 0, &memory),
              "allocation"))
        return error;
    }
    Ref<Buffer> buffer = makeRef<Buffer>(
        *self, host ? Buffer::Memory::Host : Buffer::Memory::Device, memory,
        bytes, Ref<Stream>(order));
    give(out, Ref<Object>(std::move(buffer)));
    return success();
  });
}

tsdk_error tsdk_buffer_wrap(tsdk_device device, void *memory, size_t bytes,
                            void (*release)(void *user), void *user,
                            tsdk_buffer *out) {
  return guarded([&]() -> Error {
    Device *self;
    if (Error error = get(device, "device", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (!memory && bytes)
      return nullArgument("memory");
    if (Error error = self->checkPointer(memory, "`memory`"))
      return error;
    Ref<Buffer> buffer =
        makeRef<Buffer>(*self, Buffer::Memory::Wrapped, memory, bytes, nullptr);
    Buffer *raw = buffer.get();
    give(out, Ref<Object>(std::move(buffer)));
    // Only now: on failure the memory stays the caller's.
    raw->releaseWrapped = release;
    raw->user = user;
    return success();
  });
}

void *tsdk_buffer_ptr(tsdk_buffer buffer) {
  Buffer *self = peek<Buffer>(buffer);
  return self ? self->pointer : nullptr;
}

size_t tsdk_buffer_size(tsdk_buffer buffer) {
  Buffer *self = peek<Buffer>(buffer);
  return self ? self->bytes : 0;
}

tsdk_error tsdk_copy(tsdk_stream stream, void *to, const void *from,
                     size_t bytes) {
  return onStream(
      stream,
      [&](Stream &self, Device &device, const tsdk_driver &driver) -> Error {
        if (!bytes)
          return success();
        if (!to || !from)
          return nullArgument(to ? "from" : "to");
        return device.check(driver.mem_copy(driver.self, device.native(),
                                            self.native, to, from, bytes),
                            "copy");
      });
}

tsdk_error tsdk_set(tsdk_stream stream, void *to, uint32_t value,
                    uint32_t width, size_t count) {
  return onStream(
      stream,
      [&](Stream &self, Device &device, const tsdk_driver &driver) -> Error {
        if (width != 1 && width != 2 && width != 4)
          return makeError(TSDK_E_INVALID_ARGUMENT,
                           "`width` is " + llvm::Twine(width) +
                               ", expected 1, 2 or 4 bytes");
        if (!count)
          return success();
        if (!to)
          return nullArgument("to");
        return device.check(driver.mem_set(driver.self, device.native(),
                                           self.native, to, value, width,
                                           count),
                            "set");
      });
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

tsdk_error tsdk_stream_create(tsdk_device device, int32_t priority,
                              tsdk_flags flags, tsdk_stream *out) {
  return guarded([&]() -> Error {
    Device *self;
    if (Error error = get(device, "device", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (flags)
      return unknownFlags("flags", flags);
    if (Error error = self->enter())
      return error;
    const tsdk_driver &driver = self->driver();
    uint64_t native = 0;
    if (Error error =
            self->check(driver.stream_create(driver.self, self->native(),
                                             priority, &native),
                        "stream"))
      return error;
    give(out, Ref<Object>(makeRef<Stream>(*self, native, /*owned=*/true)));
    return success();
  });
}

tsdk_error tsdk_stream_wrap(tsdk_device device, uint64_t native,
                            tsdk_stream *out) {
  return guarded([&]() -> Error {
    Device *self;
    if (Error error = get(device, "device", &self))
      return error;
    if (!out)
      return nullArgument("out");
    give(out, Ref<Object>(makeRef<Stream>(*self, native, /*owned=*/false)));
    return success();
  });
}

uint64_t tsdk_stream_native(tsdk_stream stream) {
  Stream *self = peek<Stream>(stream);
  return self ? self->native : 0;
}

tsdk_error tsdk_stream_sync(tsdk_stream stream) {
  return onStream(
      stream,
      [&](Stream &self, Device &device, const tsdk_driver &driver) -> Error {
        return device.finishWait(
            self.native,
            device.check(
                driver.stream_sync(driver.self, device.native(), self.native),
                "stream"));
      });
}

tsdk_error tsdk_stream_query(tsdk_stream stream, tsdk_bool *done) {
  return onStream(
      stream,
      [&](Stream &self, Device &device, const tsdk_driver &driver) -> Error {
        if (!done)
          return nullArgument("done");
        if (!driver.stream_query)
          return unsupported(device, "stream_query");
        if (Error error =
                device.check(driver.stream_query(driver.self, device.native(),
                                                 self.native, done),
                             "stream"))
          return error;
        if (*done)
          device.deliverMessages();
        return success();
      });
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

tsdk_error tsdk_event_create(tsdk_device device, tsdk_flags flags,
                             tsdk_event *out) {
  return guarded([&]() -> Error {
    Device *self;
    if (Error error = get(device, "device", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (flags)
      return unknownFlags("flags", flags);
    if (Error error = self->enter())
      return error;
    const tsdk_driver &driver = self->driver();
    if (!driver.event_create)
      return unsupported(*self, "events");
    uint64_t native = 0;
    if (Error error = self->check(
            driver.event_create(driver.self, self->native(), &native), "event"))
      return error;
    give(out, Ref<Object>(makeRef<Event>(*self, native)));
    return success();
  });
}

/// The stream, when it is one of \p device.
static Error streamOn(Device &device, tsdk_stream stream, Stream **out) {
  if (Error error = get(stream, "stream", out))
    return error;
  if (&(*out)->device() != &device)
    return otherDevice("stream", (*out)->device(), device);
  return success();
}

tsdk_error tsdk_event_record(tsdk_event event, tsdk_stream stream) {
  return onEvent(
      event,
      [&](Event &self, Device &device, const tsdk_driver &driver) -> Error {
        Stream *order;
        if (Error error = streamOn(device, stream, &order))
          return error;
        if (Error error =
                device.check(driver.event_record(driver.self, device.native(),
                                                 self.native, order->native),
                             "event"))
          return error;
        self.recorded.store(true, std::memory_order_relaxed);
        return success();
      });
}

tsdk_error tsdk_event_wait(tsdk_event event, tsdk_stream stream) {
  return onEvent(
      event,
      [&](Event &self, Device &device, const tsdk_driver &driver) -> Error {
        Stream *order;
        if (Error error = streamOn(device, stream, &order))
          return error;
        if (!self.recorded.load(std::memory_order_relaxed))
          return success();
        return device.check(driver.event_wait(driver.self, device.native(),
                                              self.native, order->native),
                            "event");
      });
}

tsdk_error tsdk_event_sync(tsdk_event event) {
  return onEvent(
      event,
      [&](Event &self, Device &device, const tsdk_driver &driver) -> Error {
        if (!self.recorded.load(std::memory_order_relaxed))
          return success();
        if (Error error = device.check(
                driver.event_sync(driver.self, device.native(), self.native),
                "event"))
          return error;
        device.deliverMessages();
        return success();
      });
}

tsdk_error tsdk_event_query(tsdk_event event, tsdk_bool *done) {
  return onEvent(
      event,
      [&](Event &self, Device &device, const tsdk_driver &driver) -> Error {
        if (!done)
          return nullArgument("done");
        if (!self.recorded.load(std::memory_order_relaxed)) {
          *done = 1;
          return success();
        }
        if (Error error =
                device.check(driver.event_query(driver.self, device.native(),
                                                self.native, done),
                             "event"))
          return error;
        if (*done)
          device.deliverMessages();
        return success();
      });
}

tsdk_error tsdk_event_elapsed(tsdk_event from, tsdk_event to,
                              uint64_t *nanoseconds) {
  return onEvent(
      from,
      [&](Event &self, Device &device, const tsdk_driver &driver) -> Error {
        Event *end;
        if (Error error = get(to, "to", &end))
          return error;
        if (!nanoseconds)
          return nullArgument("nanoseconds");
        if (&end->device() != &device)
          return otherDevice("to", end->device(), device);
        if (!self.recorded.load(std::memory_order_relaxed) ||
            !end->recorded.load(std::memory_order_relaxed))
          return makeError(TSDK_E_FAILED_PRECONDITION,
                           "both events must be recorded first");
        return device.check(driver.event_elapsed(driver.self, device.native(),
                                                 self.native, end->native,
                                                 nanoseconds),
                            "event");
      });
}
