//===- plugin.h - One loaded backend and its targets ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plugin's structs may be shorter or longer than ours. They are read once,
// when the plugin is accepted, into copies of our size whose missing tail is
// zero; everything behind this file sees only the copies.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/error.h"
#include "tilesdk/tilesdk_plugin.h"

#include "llvm/Support/JSON.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tilesdk::runtime {

class Plugin;

/// A target with all its tables copied to our layout.
struct Target {
  Plugin *plugin = nullptr;
  /// What the plugin handed out; its own functions are called with it.
  const tsdk_target *original = nullptr;
  tsdk_target data = {};
  tsdk_machine machine = {};
  tsdk_codegen codegen = {};
  std::vector<tsdk_language_function> functions;
  std::vector<tsdk_option_row> options;
  /// Hash of all of it and of the plugin's build: 64 hex digits.
  std::string digest;

  llvm::StringRef name() const;
  llvm::json::Value toJson() const;
  llvm::json::Value summary() const;
};

class Plugin {
public:
  using Log = std::function<void(int32_t level, const std::string &message)>;

  /// Target `index` of all plugins but the one that asks; null after the last.
  using OtherTargets =
      std::function<const tsdk_target *(const Plugin &asking, size_t index)>;

  /// Asks `query` and checks what it gives. `origin` is a file, or says where
  /// the plugin is from.
  static Error create(tsdk_plugin_query_fn query, const std::string &origin,
                      Log log, OtherTargets otherTargets,
                      std::unique_ptr<Plugin> *out);
  ~Plugin();
  Plugin(const Plugin &) = delete;
  Plugin &operator=(const Plugin &) = delete;

  llvm::StringRef name() const { return pluginName; }
  const std::string &origin() const { return file; }
  const std::string &buildId() const { return build; }
  bool hasName(llvm::StringRef name) const;
  const tsdk_plugin &table() const { return plugin; }
  const Log &logger() const { return log; }
  const OtherTargets &others() const { return otherTargets; }
  /// Null when the plugin only builds.
  const tsdk_driver *driver() const { return hasDriver ? &drivers : nullptr; }

  /// All targets, read on first use; those that are refused are left out with a
  /// warning. Any thread.
  const std::deque<Target> &targets();
  /// The target that the driver named by its own pointer.
  const Target *findTarget(const tsdk_target *original);

  /// The plugin as compilers see it: our layout, and device functions asked for
  /// with our copy of a target.
  const tsdk_plugin *forCompiler() const { return &compilerView; }

  llvm::json::Value toJson();
  /// After a fork nothing of the plugin may be called any more.
  void abandon() { abandoned = true; }

private:
  Plugin() = default;
  Error accept(const tsdk_plugin *offered);
  Error addTarget(const tsdk_target *original);

  tsdk_host host = {};
  tsdk_plugin plugin = {};
  tsdk_plugin compilerView = {};
  tsdk_driver drivers = {};
  bool hasDriver = false;
  bool abandoned = false;
  std::string pluginName, version, build, file;
  Log log;
  OtherTargets otherTargets;
  std::once_flag targetsOnce;
  std::deque<Target> allTargets;
};

/// Copies at most sizeof(T) bytes of a struct that says its own size and zeroes
/// the rest.
template <typename T> T copyStruct(const T *from) {
  T to = {};
  size_t size = from->struct_size < sizeof(T) ? from->struct_size : sizeof(T);
  std::memcpy(static_cast<void *>(&to), from, size);
  return to;
}

/// Copies rows of the plugin's size to rows of ours.
template <typename Row>
void copyRows(const Row *rows, size_t count, size_t stride,
              std::vector<Row> &out) {
  const char *from = reinterpret_cast<const char *>(rows);
  out.assign(count, Row());
  for (size_t i = 0; i < count; ++i)
    std::memcpy(static_cast<void *>(&out[i]), from + i * stride,
                std::min(stride, sizeof(Row)));
}

/// The numbers and tables of a SIMT machine.
llvm::json::Value describeSimt(const tsdk_simt &machine);

} // namespace tilesdk::runtime
