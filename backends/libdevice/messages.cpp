//===- messages.cpp - Device functions of print and assert ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A ring of records of 64 bytes behind a head of 64, docs/device_library.md. A
// place is taken by compare-exchange, so that it is never taken beyond what was
// read; its first word, written last, says that the record is whole. The atomic
// operations are those of the system: the host may look while a kernel runs.
//
//===----------------------------------------------------------------------===//

#include "backends/libdevice/messages.h"

namespace tilesdk::libdevice {

namespace {

// Not inlined: a tile is printed by one call an element.
constexpr std::string_view Put = R"(
define void @tsdk.message.put(ptr addrspace(1) %b, i32 %launch, i32 %message, i32 %x, i32 %y, i32 %z, i32 %operand, i64 %index, i64 %value, i32 %format) noinline nounwind {
entry:
  %readp = getelementptr i8, ptr addrspace(1) %b, i64 4
  %lostp = getelementptr i8, ptr addrspace(1) %b, i64 8
  %slotsp = getelementptr i8, ptr addrspace(1) %b, i64 16
  %printp = getelementptr i8, ptr addrspace(1) %b, i64 20
  %slots = load i32, ptr addrspace(1) %slotsp, align 4
  %print = load i32, ptr addrspace(1) %printp, align 4
  %kind = and i32 %format, 255
  %assertion = icmp eq i32 %kind, 4
  %limit = select i1 %assertion, i32 %slots, i32 %print
  br label %again

again:
  %read = load atomic i32, ptr addrspace(1) %readp monotonic, align 4
  %at = load atomic i32, ptr addrspace(1) %b monotonic, align 4
  %used = sub i32 %at, %read
  %fits = icmp ult i32 %used, %limit
  br i1 %fits, label %take, label %lose

lose:
  %l = atomicrmw add ptr addrspace(1) %lostp, i32 1 monotonic, align 4
  ret void

take:
  %next = add i32 %at, 1
  %pair = cmpxchg ptr addrspace(1) %b, i32 %at, i32 %next monotonic monotonic, align 4
  %mine = extractvalue { i32, i1 } %pair, 1
  br i1 %mine, label %write, label %again

write:
  %mask = sub i32 %slots, 1
  %slot = and i32 %at, %mask
  %wide = zext i32 %slot to i64
  %bytes = shl i64 %wide, 6
  %offset = add i64 %bytes, 64
  %r = getelementptr i8, ptr addrspace(1) %b, i64 %offset
  %p1 = getelementptr i8, ptr addrspace(1) %r, i64 4
  %p2 = getelementptr i8, ptr addrspace(1) %r, i64 8
  %p3 = getelementptr i8, ptr addrspace(1) %r, i64 12
  %p4 = getelementptr i8, ptr addrspace(1) %r, i64 16
  %p5 = getelementptr i8, ptr addrspace(1) %r, i64 20
  %p6 = getelementptr i8, ptr addrspace(1) %r, i64 24
  %p7 = getelementptr i8, ptr addrspace(1) %r, i64 28
  %p8 = getelementptr i8, ptr addrspace(1) %r, i64 32
  %p10 = getelementptr i8, ptr addrspace(1) %r, i64 40
  store i32 %launch, ptr addrspace(1) %p1, align 4
  store i32 %message, ptr addrspace(1) %p2, align 4
  store i32 %format, ptr addrspace(1) %p3, align 4
  store i32 %x, ptr addrspace(1) %p4, align 4
  store i32 %y, ptr addrspace(1) %p5, align 4
  store i32 %z, ptr addrspace(1) %p6, align 4
  store i32 %operand, ptr addrspace(1) %p7, align 4
  store i64 %index, ptr addrspace(1) %p8, align 8
  store i64 %value, ptr addrspace(1) %p10, align 8
  store atomic i32 %next, ptr addrspace(1) %r release, align 4
  ret void
}
)";

// One report a launch is enough: the others would only fill the ring.
constexpr std::string_view Fail = R"(
declare void @tsdk.message.put(ptr addrspace(1), i32, i32, i32, i32, i32, i32, i64, i64, i32)

define void @tsdk.message.fail(ptr addrspace(1) %b, i32 %launch, i32 %message, i32 %x, i32 %y, i32 %z) noinline nounwind {
entry:
  %failedp = getelementptr i8, ptr addrspace(1) %b, i64 12
  %old = atomicrmw xchg ptr addrspace(1) %failedp, i32 %launch monotonic, align 4
  %known = icmp eq i32 %old, %launch
  br i1 %known, label %done, label %report

report:
  call void @tsdk.message.put(ptr addrspace(1) %b, i32 %launch, i32 %message, i32 %x, i32 %y, i32 %z, i32 -1, i64 -1, i64 0, i32 4)
  br label %done

done:
  ret void
}
)";

constexpr std::string_view Stopped = R"(
define i1 @tsdk.message.stopped(ptr addrspace(1) %b, i32 %launch) alwaysinline nounwind {
entry:
  %failedp = getelementptr i8, ptr addrspace(1) %b, i64 12
  %failed = load atomic i32, ptr addrspace(1) %failedp monotonic, align 4
  %mine = icmp eq i32 %failed, %launch
  ret i1 %mine
}
)";

} // namespace

std::string makeMessageFunction(std::string_view symbol) {
  if (symbol == "tsdk.message.put")
    return std::string(Put);
  if (symbol == "tsdk.message.fail")
    return std::string(Fail);
  if (symbol == "tsdk.message.stopped")
    return std::string(Stopped);
  return {};
}

} // namespace tilesdk::libdevice
