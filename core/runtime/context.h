//===- context.h - What a caller's session consists of ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/build.h"
#include "core/runtime/compiler.h"
#include "core/runtime/device.h"
#include "core/runtime/disk_cache.h"
#include "core/runtime/knobs.h"
#include "core/runtime/os.h"
#include "core/runtime/plugin_host.h"

#include <memory>
#include <mutex>
#include <vector>

namespace tilesdk::runtime {

class Context : public Object {
public:
  struct Callbacks {
    void (*log)(void *user, int32_t level, tsdk_str message) = nullptr;
    void *user = nullptr;
    void (*userFree)(void *user) = nullptr;
  };

  static Error create(const tsdk_option *options, size_t numOptions,
                      const Callbacks &callbacks, Ref<Context> *out);
  ~Context() override;

  void log(int32_t level, llvm::StringRef message) const;

  /// In a child forked after this context opened a device, or while it built.
  /// An unused context works on in the child.
  bool isForked() const {
    uint32_t now = os::forkCount();
    if (forks.load(std::memory_order_relaxed) == now)
      return false;
    if (everOpened.load(std::memory_order_relaxed) || !builds.isIdle())
      return true;
    forks.store(now, std::memory_order_relaxed);
    return false;
  }

  /// "cpu", "cpu:0", or by target: "sim:TARGET", "sim:TARGET:0".
  Error openDevice(llvm::StringRef uri, Ref<Device> *out);
  llvm::json::Value listDevices();
  /// By name of a target, or of a device or plugin.
  Error findTarget(llvm::StringRef name, const Target **out);
  llvm::json::Value describe();

  Knobs knobs;
  PluginHost plugins;
  DiskCache cache;
  CompilerHost compiler;
  BuildRegistry builds;

private:
  // With devicesMutex held.
  Error openDevice(Plugin &backend, uint32_t ordinal, llvm::StringRef uri,
                   Ref<Device> *out);
  Error openDeviceOf(Plugin &plugin, llvm::StringRef target, uint32_t index,
                     Ref<Device> *out);

  Context() : Object(Kind::Context) {}
  Callbacks callbacks;
  mutable std::atomic<uint32_t> forks{0};
  std::atomic<bool> everOpened{false};
  std::mutex devicesMutex;
  std::vector<std::unique_ptr<Device>> devices;
};

} // namespace tilesdk::runtime
