//===- object.h - Reference-counted objects and their handles ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every handle of the C API names a slot in one table that is never freed: the
// low half of a handle is the slot, the high half the generation of its use. A
// released, doubly released or invented handle is therefore found out without
// touching freed memory. A slot counts the caller's references; the object it
// names counts slots and inner references.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tilesdk::runtime {

enum class Kind : uint32_t {
  Free,
  Context,
  Device,
  Stream,
  Event,
  Buffer,
  Program,
  Kernel,
  Variant,
  Build,
  Diags,
  Blob,
};

/// "tsdk_context" ...
const char *kindName(Kind kind);

class Object {
public:
  explicit Object(Kind kind) : objectKind(kind) {}
  Object(const Object &) = delete;
  Object &operator=(const Object &) = delete;
  virtual ~Object() = default;

  Kind kind() const { return objectKind; }

  /// Parts that live and die with their parent forward both to it.
  virtual void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  virtual void release() {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      lastReference();
  }
  /// Retains unless the last reference is already gone.
  bool tryRetain();

protected:
  virtual void lastReference() { delete this; }

private:
  const Kind objectKind;
  std::atomic<uint32_t> references{1};
};

/// A counted pointer. Objects are born with one reference, which `adopt` takes.
template <typename T> class Ref {
public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T *object) : object(object) {
    if (object)
      object->retain();
  }
  Ref(const Ref &other) : Ref(other.object) {}
  Ref(Ref &&other) noexcept : object(std::exchange(other.object, nullptr)) {}
  template <typename U> Ref(Ref<U> other) : object(other.take()) {}
  Ref &operator=(Ref other) noexcept {
    std::swap(object, other.object);
    return *this;
  }
  ~Ref() {
    if (object)
      object->release();
  }

  static Ref adopt(T *object) {
    Ref result;
    result.object = object;
    return result;
  }
  /// Gives the reference away.
  T *take() { return std::exchange(object, nullptr); }

  T *get() const { return object; }
  T *operator->() const { return object; }
  T &operator*() const { return *object; }
  explicit operator bool() const { return object != nullptr; }

private:
  T *object = nullptr;
};

template <typename T, typename... Args> Ref<T> makeRef(Args &&...args) {
  return Ref<T>::adopt(new T(std::forward<Args>(args)...));
}

/// A new handle with one reference of the caller. Throws std::bad_alloc.
void *makeHandle(Ref<Object> object);
/// The object that a live handle names; null for any other value.
Object *lookUpHandle(void *handle);
/// False when the handle is not live.
bool retainHandle(void *handle);
bool releaseHandle(void *handle);
/// Live handles of the process, for tests.
size_t numLiveHandles();

} // namespace tilesdk::runtime
