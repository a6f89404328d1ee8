//===- messages.cpp - What kernels print and assert -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/messages.h"

#include "core/diagnostics/print_line.h"
#include "core/runtime/context.h"

#include "llvm/ADT/bit.h"

#include <algorithm>

using namespace tilesdk::runtime;

namespace {

// The head of the ring: words at these offsets, then `written` at 0.
constexpr size_t ReadOffset = 4, FailedOffset = 12, SlotsOffset = 16,
                 PrintSlotsOffset = 20, HeadBytes = 64, SlotBytes = 64;
struct Head {
  uint32_t written, read, lost, failed;
};

enum Format { Text, Float, Signed, Unsigned, Assertion };

} // namespace

struct Messages::Record {
  uint32_t sequence, launch, message, format, program[3];
  int32_t operand;
  int64_t index;
  uint64_t value;
  uint64_t unused[2];
};

Messages::~Messages() {
  const tsdk_driver &driver = device.driver();
  for (const auto &[where, text] : failures)
    logFailure(text);
  if (buffer)
    Error ignored = device.check(
        driver.mem_free(driver.self, device.native(), stream, buffer), "free");
  if (hasStream)
    driver.stream_destroy(driver.self, device.native(), stream);
}

void Messages::logFailure(const std::string &text) {
  device.context().log(TSDK_LOG_ERROR, device.uri() + ": " + text);
}

Error Messages::wait() {
  const tsdk_driver &driver = device.driver();
  return device.check(driver.stream_sync(driver.self, device.native(), stream),
                      "messages of kernels");
}

Error Messages::read(void *to, size_t offset, size_t bytes) {
  const tsdk_driver &driver = device.driver();
  if (Error error = device.check(
          driver.mem_copy(driver.self, device.native(), stream, to,
                          static_cast<char *>(buffer) + offset, bytes),
          "messages of kernels"))
    return error;
  return wait();
}

Error Messages::write(size_t offset, uint32_t value) {
  const tsdk_driver &driver = device.driver();
  return device.check(driver.mem_set(driver.self, device.native(), stream,
                                     static_cast<char *>(buffer) + offset,
                                     value, 4, 1),
                      "messages of kernels");
}

Error Messages::allocate() {
  const tsdk_driver &driver = device.driver();
  if (!hasStream) {
    if (Error error = device.check(
            driver.stream_create(driver.self, device.native(), 0, &stream),
            "stream"))
      return error;
    hasStream = true;
  }
  uint64_t bytes = device.context().knobs.integer(Knob::message_buffer_bytes);
  slots = llvm::bit_floor(static_cast<uint32_t>(
      std::clamp<uint64_t>(bytes / SlotBytes, 256, 1u << 24)));
  size_t total = HeadBytes + size_t(slots) * SlotBytes;
  void *memory = nullptr;
  if (Error error = device.check(driver.mem_alloc(driver.self, device.native(),
                                                  stream, total, 0, &memory),
                                 "allocation"))
    return error;
  buffer = memory;
  Error error = device.check(driver.mem_set(driver.self, device.native(),
                                            stream, buffer, 0, 4, total / 4),
                             "set");
  if (!error)
    error = write(SlotsOffset, slots);
  // Failures find room when prints do not.
  if (!error)
    error = write(PrintSlotsOffset, slots - slots / 16);
  if (!error)
    error = wait();
  if (error) {
    Error ignored = device.check(
        driver.mem_free(driver.self, device.native(), stream, memory), "free");
    buffer = nullptr;
  }
  return error;
}

Error Messages::begin(const std::shared_ptr<const MessageTexts> &texts,
                      uint64_t where, Hidden *out) {
  std::lock_guard lock(mutex);
  if (!buffer) {
    const tsdk_driver &driver = device.driver();
    uint32_t state = TSDK_CAPTURE_NONE;
    if (driver.capture_state)
      if (Error error = device.check(
              driver.capture_state(driver.self, device.native(), where, &state),
              "stream"))
        return error;
    if (state != TSDK_CAPTURE_NONE)
      return makeError(TSDK_E_FAILED_PRECONDITION,
                       "kernel `" + texts->kernel +
                           "` prints or asserts, and device " + device.uri() +
                           " has no buffer for that yet, which a graph cannot "
                           "make; launch the kernel once before the capture");
    if (Error error = allocate())
      return std::move(error).in("kernel `" + texts->kernel +
                                 "`: no buffer for what it prints or asserts");
  }
  uint32_t &number = numbers[{texts.get(), where}];
  if (!number) {
    launches.push_back({texts, where});
    number = static_cast<uint32_t>(launches.size());
  }
  *out = {buffer, number};
  return success();
}

bool Messages::format(const Record &record, Lines &lines, bool &isFailure) {
  if (record.sequence != consumed + 1)
    return false;
  // Numbers that no kernel wrote: somebody wrote over the ring.
  if (record.launch - 1 >= launches.size())
    return true;
  const Launch &launch = launches[record.launch - 1];
  const std::vector<std::string> &texts = launch.texts->texts;
  if (record.message >= texts.size())
    return true;
  const std::string &text = texts[record.message];
  uint32_t kind = record.format & 255;
  if (kind == Assertion) {
    isFailure = true;
    failures.try_emplace(launch.stream,
                         ("device_assert failed in kernel '" +
                          launch.texts->kernel + "', program (" +
                          llvm::Twine(record.program[0]) + ", " +
                          llvm::Twine(record.program[1]) + ", " +
                          llvm::Twine(record.program[2]) + "): " + text)
                             .str());
    return true;
  }
  tsdk_line line;
  tsdkLineBegin(&line, record.program, text.data(), text.size(), record.operand,
                record.index);
  if (kind == Float)
    tsdkLineFloatValue(&line, record.value);
  else if (kind != Text)
    tsdkLineIntValue(&line, record.value, record.format >> 8 & 255,
                     kind == Signed);
  tsdkLineEnd(&line);
  lines.emplace_back(line.text, line.size);
  return true;
}

Error Messages::deliver() {
  Lines lines;
  Error error = take(lines);
  // Without the lock: what is called may call us.
  for (const std::string &line : lines)
    device.context().log(TSDK_LOG_PRINT, line);
  return error;
}

Error Messages::take(Lines &lines) {
  std::lock_guard lock(mutex);
  if (!buffer)
    return success();
  Head head;
  if (Error error = read(&head, 0, sizeof head))
    return error;
  uint32_t count = std::min(head.written - consumed, slots);
  uint32_t first = consumed % slots;
  std::vector<Record> records(count);
  static_assert(sizeof(Record) == SlotBytes);
  uint32_t straight = std::min(count, slots - first);
  auto offsetOf = [](uint32_t slot) {
    return HeadBytes + size_t(slot) * SlotBytes;
  };
  if (straight)
    if (Error error =
            read(records.data(), offsetOf(first), size_t(straight) * SlotBytes))
      return error;
  if (count > straight)
    if (Error error = read(records.data() + straight, offsetOf(0),
                           size_t(count - straight) * SlotBytes))
      return error;
  bool isFailure = false;
  uint32_t before = consumed;
  for (const Record &record : records) {
    if (!format(record, lines, isFailure))
      break;
    ++consumed;
  }
  if (uint32_t missing = head.lost - lost) {
    lost = head.lost;
    lines.push_back("output lost: " + std::to_string(missing) +
                    " lines; the device holds " +
                    std::to_string(slots - slots / 16) +
                    " until somebody waits for it (message_buffer_bytes)\n");
  }
  if (consumed == before)
    return success();
  if (Error error = write(ReadOffset, consumed))
    return error;
  if (isFailure)
    if (Error error = write(FailedOffset, 0))
      return error;
  return wait();
}

Error Messages::takeFailure(uint64_t where) {
  std::lock_guard lock(mutex);
  auto found = failures.find(where);
  if (found == failures.end())
    return success();
  Error error = makeError(TSDK_E_DEVICE_ASSERT,
                          device.uri() + ": stream: " + found->second);
  failures.erase(found);
  return error;
}

bool Messages::isUsedBy(uint64_t where) {
  std::lock_guard lock(mutex);
  return std::any_of(launches.begin(), launches.end(),
                     [&](const Launch &each) { return each.stream == where; });
}

void Messages::endStream(uint64_t where) {
  std::lock_guard lock(mutex);
  auto found = failures.find(where);
  if (found == failures.end())
    return;
  logFailure(found->second);
  failures.erase(found);
}
