//===- fiber.h - Resumable execution of one program -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>

namespace tilesdk::cpu {

/// One side of a switch: a fiber, or the thread that resumes it.
struct SwitchContext {
  void *stackPointer = nullptr;
  // Known to the sanitizers only; unused without them.
  void *fakeStack = nullptr;
  const void *stackBottom = nullptr;
  size_t stackBytes = 0;
  void *sanitizerFiber = nullptr;
};

/// A stack of its own on which functions run until they suspend or return.
///
/// A fiber is resumed by one thread at a time, and may continue on another
/// thread than the one it suspended on: code on it must not keep thread-local
/// addresses over a suspension. A finished fiber can be given the next
/// function, so that stacks are reused.
class Fiber {
public:
  /// A fiber with a stack of \p stackBytes rounded up to pages and an
  /// inaccessible page below it. Null when the system has no memory for it.
  static Fiber *create(size_t stackBytes);
  /// Destroys a fiber that never ran or whose function has returned.
  static void destroy(Fiber *fiber);
  /// Destroys a suspended fiber. Nothing on its stack is destroyed: for code
  /// that owns nothing.
  static void abandon(Fiber *fiber);

  /// Sets the function of the next resume(); the fiber must be fresh or
  /// finished.
  void prepare(void (*function)(void *), void *argument);
  /// Runs the fiber on this thread until it suspends or its function returns.
  /// Returns true when the function has returned.
  bool resume();
  /// Called on the fiber: gives control back to the resuming thread.
  void suspend();

private:
  Fiber() = default;
  ~Fiber() = default;
  static void entry(Fiber *fiber);
  friend void fiberEntry(void *fiber);
  void switchOut(bool lastTime);

  void *mapping = nullptr;
  size_t mappingBytes = 0;
  SwitchContext self;
  SwitchContext resumer;
  void (*function)(void *) = nullptr;
  void *argument = nullptr;
  bool finished = true;
  bool started = false;
  bool dying = false;
};

} // namespace tilesdk::cpu
