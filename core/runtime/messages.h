//===- messages.h - What kernels print and assert ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels of threads write records of numbers into a ring in the device's
// memory (docs/device_library.md); its address is the first of the kernel's
// hidden parameters, the second is the number of the launch: of a variant on a
// stream. Whoever waits for the device reads the ring and makes lines of it.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/device.h"

#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tilesdk::runtime {

/// What a variant has to say; outlives it.
struct MessageTexts {
  std::string kernel;
  std::vector<std::string> texts;
};

class Messages {
public:
  explicit Messages(Device &device) : device(device) {}
  /// Frees the ring; failures that nobody asked for are logged.
  ~Messages();

  struct Hidden {
    void *buffer;
    uint32_t launch;
  };
  /// The hidden parameters of a launch.
  Error begin(const std::shared_ptr<const MessageTexts> &texts, uint64_t stream,
              Hidden *out);

  /// Logs what was printed so far.
  Error deliver();
  /// The first failure of a stream since the last question.
  Error takeFailure(uint64_t stream);
  /// The stream has launches that print or assert.
  bool isUsedBy(uint64_t stream);
  /// The native handle may from now on mean another stream.
  void endStream(uint64_t stream);

private:
  struct Launch {
    std::shared_ptr<const MessageTexts> texts;
    uint64_t stream;
  };
  struct Record;

  Error allocate();
  Error read(void *to, size_t offset, size_t bytes);
  Error write(size_t offset, uint32_t value);
  Error wait();
  using Lines = std::vector<std::string>;
  Error take(Lines &lines);
  /// False: the record is not whole yet.
  bool format(const Record &record, Lines &lines, bool &isFailure);
  void logFailure(const std::string &text);

  Device &device;
  std::mutex mutex;
  void *buffer = nullptr;
  uint64_t stream = 0; ///< Our own, for looking while others run.
  bool hasStream = false;
  uint32_t slots = 0, consumed = 0, lost = 0;
  std::vector<Launch> launches; ///< By number, from 1.
  std::map<std::pair<const MessageTexts *, uint64_t>, uint32_t> numbers;
  std::map<uint64_t, std::string> failures;
};

} // namespace tilesdk::runtime
