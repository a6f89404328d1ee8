//===- fake_hsa.h - An HSA runtime that has no GPU --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libhsa-runtime64.so.1 for tests: a real libamdhip64 on top of it finds one
// GPU, loads code objects, writes dispatch packets, copies memory and records
// events as on any machine. Device memory is the host's. A dispatch is checked
// against the code object's metadata and then run by the simulator: each code
// object has a twin, the same kernel built for the simulator, that a test
// registers. The runtime's own kernels (fill and copy) are done natively.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <hsa/amd_hsa_queue.h>
#include <hsa/amd_hsa_signal.h>
#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>
#include <hsa/hsa_ven_amd_loader.h>

#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::fake_hsa {

/// FAKE_HSA_ARCHITECTURE, FAKE_HSA_TRACE.
struct Settings {
  std::string architecture = "gfx90a";
  bool isTracing = false;
  bool isWave32 = false;
  unsigned groupBytes = 64u << 10;
};
const Settings &settings();
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

//===- Agents and pools -----------------------------------------------------===

constexpr hsa_agent_t CpuAgent{1}, GpuAgent{2};

struct Pool {
  hsa_agent_t agent;
  hsa_amd_segment_t segment;
  uint32_t flags;
  size_t bytes;
};
/// Null: no such pool.
const Pool *poolOf(hsa_amd_memory_pool_t pool);

/// Host memory that ends where nothing is mapped.
void *allocate(size_t bytes, hsa_agent_t agent);
bool release(void *memory);

//===- Signals --------------------------------------------------------------===

hsa_signal_value_t load(hsa_signal_t signal);
void store(hsa_signal_t signal, hsa_signal_value_t value);
void subtract(hsa_signal_t signal, hsa_signal_value_t value);
void waitFor(hsa_signal_t signal, hsa_signal_condition_t condition,
             hsa_signal_value_t value, hsa_signal_value_t mask = -1);
bool holds(hsa_signal_condition_t condition, hsa_signal_value_t value,
           hsa_signal_value_t compared);
uint64_t now();
/// Notes start and end on a signal, then counts it down. It may be none.
void complete(hsa_signal_t signal, uint64_t start);
/// Something that a waiting thread may look at has changed.
void notify();
/// Waits until something has changed, for a short time.
void waitForChange();

//===- Code objects ---------------------------------------------------------===

struct Argument {
  uint32_t offset = 0, bytes = 0;
  std::string kind; ///< "by_value", "hidden_block_count_x".
};

struct Executable;

struct Kernel {
  std::string name;
  const Executable *executable = nullptr;
  const unsigned char *descriptor = nullptr;
  uint32_t groupBytes = 0, privateBytes = 0, kernargBytes = 0,
           kernargAlign = 16, maxThreads = 0, waveSize = 0;
  std::vector<Argument> arguments;
};

/// The loaded code object of an executable.
struct Executable {
  std::vector<char> object; ///< As it was given.
  unsigned version = 0;     ///< Of the code object: 4, 5, 6.
  std::string target;       ///< amdhsa.target of the metadata.
  char *base = nullptr;
  struct Symbol {
    std::string name;
    const Executable *executable = nullptr;
    char *address = nullptr;
    uint64_t bytes = 0;
    Kernel *kernel = nullptr;
  };
  std::map<std::string, Symbol, std::less<>> symbols;
  std::map<std::string, Kernel, std::less<>> kernels;

  ~Executable();
  /// Empty, or why it cannot be loaded.
  std::string open(const void *bytes, size_t size);
};

/// The kernel of a descriptor's address; null: unknown.
const Kernel *kernelAt(uint64_t address);

/// Fills \p out from an "AMDGPU" note.
struct Metadata {
  std::string target;
  std::vector<Kernel> kernels;
};
bool readMetadata(const unsigned char *bytes, size_t size, Metadata &out);

//===- Dispatches -----------------------------------------------------------===

/// Empty, or what is wrong with the packet or with its run.
std::string dispatch(const hsa_kernel_dispatch_packet_t &packet);
/// The runtime's own kernels. False: it is none of them.
bool runNatively(const Kernel &kernel,
                 const hsa_kernel_dispatch_packet_t &packet);
/// The simulator's build of a kernel. Empty, or what failed.
std::string runTwin(const Kernel &kernel,
                    const hsa_kernel_dispatch_packet_t &packet);
/// Remembered for fake_hsa_problems, and printed.
void report(const std::string &problem);

} // namespace tilesdk::fake_hsa

// What this GPU has not. Under other names in C++: the headers declare them
// with their parameters, which none of them looks at.
#define TILESDK_REFUSE(NAME)                                                   \
  namespace tilesdk::fake_hsa {                                                \
  __attribute__((used)) hsa_status_t refuse_##NAME() asm(#NAME);               \
  hsa_status_t refuse_##NAME() {                                               \
    trace("%s is refused", #NAME);                                             \
    return HSA_STATUS_ERROR;                                                   \
  }                                                                            \
  }

/// What a test calls.
extern "C" {
/// The simulator's build of a kernel, for the code object that it stands for.
struct fake_hsa_twin {
  const void *object; ///< The code object, and its size.
  size_t object_size;
  const void *twin;
  size_t twin_size;
  const char *symbol;
  uint32_t threads, shared_bytes;
  const uint32_t *param_bytes; ///< Of the code object's parameters.
  uint32_t num_params;
  uint32_t num_twin_params; ///< The first ones: a hidden block is left out.
};
/// `plugins` is the directory of the plugins. Not 0: see fake_hsa_problems.
int fake_hsa_register(const fake_hsa_twin *twin, const char *plugins);
/// What went wrong in dispatches so far, a line each.
const char *fake_hsa_problems();
/// Kernels run: by twins, and the runtime's own.
unsigned long fake_hsa_twin_runs();
unsigned long fake_hsa_native_runs();
}
