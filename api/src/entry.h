//===- entry.h - What every entry point does first --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Handles are looked up, structs read by the zero-tail rule, exceptions
// stopped.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/context.h"
#include "core/runtime/error.h"
#include "core/runtime/object.h"
#include "core/runtime/text.h"
#include "tilesdk/tilesdk.h"

#include <cstring>
#include <new>

namespace tilesdk::api {

using namespace tilesdk::runtime;

/// Runs an entry point; nothing but an error leaves it.
template <typename Function> tsdk_error guarded(Function function) {
  try {
    return function().take();
  } catch (...) {
    // Only running out of memory throws.
    return outOfMemory();
  }
}

template <typename T> struct KindOf;
template <> struct KindOf<Context> {
  static constexpr Kind kind = Kind::Context;
};
template <> struct KindOf<Device> {
  static constexpr Kind kind = Kind::Device;
};
template <> struct KindOf<Stream> {
  static constexpr Kind kind = Kind::Stream;
};
template <> struct KindOf<Event> {
  static constexpr Kind kind = Kind::Event;
};
template <> struct KindOf<Buffer> {
  static constexpr Kind kind = Kind::Buffer;
};
template <> struct KindOf<Program> {
  static constexpr Kind kind = Kind::Program;
};
template <> struct KindOf<Kernel> {
  static constexpr Kind kind = Kind::Kernel;
};
template <> struct KindOf<Variant> {
  static constexpr Kind kind = Kind::Variant;
};
template <> struct KindOf<Build> {
  static constexpr Kind kind = Kind::Build;
};
template <> struct KindOf<DiagList> {
  static constexpr Kind kind = Kind::Diags;
};
template <> struct KindOf<Blob> {
  static constexpr Kind kind = Kind::Blob;
};

/// The object of a handle; null when it is not a live handle of that type.
template <typename T> T *peek(void *handle) {
  Object *object = lookUpHandle(handle);
  return object && object->kind() == KindOf<T>::kind ? static_cast<T *>(object)
                                                     : nullptr;
}

Error badHandle(void *handle, Kind expected, const char *argument);

template <typename T> Error get(void *handle, const char *argument, T **out) {
  *out = peek<T>(handle);
  if (*out)
    return success();
  return badHandle(handle, KindOf<T>::kind, argument);
}

Error nullArgument(const char *argument);
Error unknownFlags(const char *argument, tsdk_flags flags);
/// Fails for text with a size but no data.
Error checkText(tsdk_str text, const char *argument);
Error checkBytes(tsdk_bytes bytes, const char *argument);
Error checkOptions(const tsdk_option *options, size_t count,
                   const char *argument);

/// Checks a caller's struct: at least `minimum` bytes, what we do not know is
/// zero, no unknown extension.
Error checkStruct(const void *from, size_t minimum, size_t known,
                  const char *name);

/// Gives the caller's struct, or `storage` with its copy when the sizes differ.
template <typename T>
Error readStruct(const T *from, size_t minimum, const char *name, T *storage,
                 const T **out) {
  if (Error error = checkStruct(from, minimum, sizeof(T), name))
    return error;
  if (from->struct_size == sizeof(T)) {
    *out = from;
    return success();
  }
  *storage = T();
  size_t size = from->struct_size < sizeof(T) ? from->struct_size : sizeof(T);
  std::memcpy(static_cast<void *>(storage), from, size);
  storage->struct_size = sizeof(T);
  *out = storage;
  return success();
}

/// Offset of the end of a field: the least size of a struct that has it.
#define TILESDK_THROUGH(TYPE, FIELD)                                           \
  (offsetof(TYPE, FIELD) +                                                     \
   sizeof(TYPE::FIELD)) // NOLINT(bugprone-sizeof-expression)

/// Hands an object out.
template <typename Handle> void give(Handle *out, Ref<Object> object) {
  *out = static_cast<Handle>(makeHandle(std::move(object)));
}

inline void giveText(tsdk_blob *out, std::string text) {
  give(out, Ref<Object>(makeRef<Blob>(std::move(text))));
}

} // namespace tilesdk::api
