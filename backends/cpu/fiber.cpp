//===- fiber.cpp - Resumable execution of one program -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/fiber.h"

#include <cassert>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define TILESDK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TILESDK_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define TILESDK_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define TILESDK_TSAN 1
#endif

#ifdef TILESDK_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef TILESDK_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if !defined(__x86_64__)
#error "the context switch of fiber.cpp is written for x86-64"
#endif

// void tsdk_cpu_switch(void **save, void *load)
//
// Saves what the System V ABI makes callee-saved, including the control words
// of the floating-point units, and continues where `load` was saved.
asm(R"(
.text
.p2align 4
.hidden tsdk_cpu_switch
.globl tsdk_cpu_switch
.type tsdk_cpu_switch, @function
tsdk_cpu_switch:
  .cfi_startproc
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .cfi_endproc
.size tsdk_cpu_switch, .-tsdk_cpu_switch

.p2align 4
.hidden tsdk_cpu_fiber_start
.globl tsdk_cpu_fiber_start
.type tsdk_cpu_fiber_start, @function
tsdk_cpu_fiber_start:
  .cfi_startproc
  .cfi_undefined rip
  movq %rbx, %rdi
  call *%r12
  ud2
  .cfi_endproc
.size tsdk_cpu_fiber_start, .-tsdk_cpu_fiber_start
.section .note.GNU-stack,"",@progbits
.text
)");

extern "C" void tsdk_cpu_switch(void **save, void *load);
extern "C" void tsdk_cpu_fiber_start();

namespace tilesdk::cpu {

namespace {

/// Tells the sanitizers that this thread leaves the stack of \p from for that
/// of \p to, and switches.
void switchContext(SwitchContext &from, SwitchContext &to, bool lastTime) {
#ifdef TILESDK_TSAN
  if (!from.sanitizerFiber)
    from.sanitizerFiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(to.sanitizerFiber, 0);
#endif
#ifdef TILESDK_ASAN
  __sanitizer_start_switch_fiber(lastTime ? nullptr : &from.fakeStack,
                                 to.stackBottom, to.stackBytes);
#endif
  (void)lastTime;
  tsdk_cpu_switch(&from.stackPointer, to.stackPointer);
#ifdef TILESDK_ASAN
  // Control comes back from `to`, perhaps on another thread than it went, so
  // its stack is learnt anew.
  __sanitizer_finish_switch_fiber(from.fakeStack, &to.stackBottom,
                                  &to.stackBytes);
#endif
}

} // namespace

void fiberEntry(void *fiber) { Fiber::entry(static_cast<Fiber *>(fiber)); }

Fiber *Fiber::create(size_t stackBytes) {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t stack = (stackBytes + page - 1) & ~(page - 1);
  size_t total = stack + page;
  void *mapping =
      mmap(nullptr, total, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED)
    return nullptr;
  uint8_t *bottom = static_cast<uint8_t *>(mapping) + page;
  Fiber *fiber = nullptr;
  if (mprotect(bottom, stack, PROT_READ | PROT_WRITE) == 0)
    fiber = new (std::nothrow) Fiber();
  if (!fiber) {
    munmap(mapping, total);
    return nullptr;
  }
  fiber->mapping = mapping;
  fiber->mappingBytes = total;
  fiber->self.stackBottom = bottom;
  fiber->self.stackBytes = stack;
  // The frame that tsdk_cpu_switch pops: control words, r15, r14, r13,
  // r12 (entry), rbx (argument), rbp, return address.
  uint64_t *top = reinterpret_cast<uint64_t *>(bottom + stack) - 8;
  top[0] = 0x037f'0000'1f80; // x87 control word above the default MXCSR
  top[1] = top[2] = top[3] = 0;
  top[4] = reinterpret_cast<uint64_t>(&fiberEntry);
  top[5] = reinterpret_cast<uint64_t>(fiber);
  top[6] = 0;
  top[7] = reinterpret_cast<uint64_t>(&tsdk_cpu_fiber_start);
  fiber->self.stackPointer = top;
#ifdef TILESDK_TSAN
  fiber->self.sanitizerFiber = __tsan_create_fiber(0);
#endif
  return fiber;
}

void Fiber::destroy(Fiber *fiber) {
  if (!fiber)
    return;
  assert(fiber->finished && "a suspended fiber cannot be destroyed");
#ifdef TILESDK_ASAN
  // AddressSanitizer keeps a second stack per fiber; leaving the fiber for good
  // is what frees it.
  if (fiber->started) {
    fiber->dying = true;
    fiber->resume();
  }
#endif
#ifdef TILESDK_TSAN
  __tsan_destroy_fiber(fiber->self.sanitizerFiber);
#endif
  munmap(fiber->mapping, fiber->mappingBytes);
  delete fiber;
}

void Fiber::abandon(Fiber *fiber) {
#ifdef TILESDK_TSAN
  __tsan_destroy_fiber(fiber->self.sanitizerFiber);
#endif
  munmap(fiber->mapping, fiber->mappingBytes);
  delete fiber;
}

void Fiber::prepare(void (*newFunction)(void *), void *newArgument) {
  assert(finished && "the fiber still runs its function");
  function = newFunction;
  argument = newArgument;
  finished = false;
}

bool Fiber::resume() {
  started = true;
#ifdef TILESDK_TSAN
  resumer.sanitizerFiber = __tsan_get_current_fiber();
#endif
  switchContext(resumer, self, /*lastTime=*/false);
  return finished;
}

void Fiber::suspend() { switchOut(/*lastTime=*/false); }

void Fiber::switchOut(bool lastTime) { switchContext(self, resumer, lastTime); }

void Fiber::entry(Fiber *fiber) {
#ifdef TILESDK_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &fiber->resumer.stackBottom,
                                  &fiber->resumer.stackBytes);
#endif
  // The stack is left at the end of this loop and entered again for the next
  // function, so the frame of this call is never popped.
  for (;;) {
    if (!fiber->dying) {
      fiber->function(fiber->argument);
      fiber->finished = true;
    }
    fiber->switchOut(/*lastTime=*/fiber->dying);
  }
}

} // namespace tilesdk::cpu
