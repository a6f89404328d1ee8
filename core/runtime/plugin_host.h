//===- plugin_host.h - Finding and keeping plugins --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/knobs.h"
#include "core/runtime/plugin.h"

namespace tilesdk::runtime {

/// The plugins of one context. Order of discovery: tsdk_plugin_load and
/// register, the setting plugin_path, beside libtilesdk, tilesdk/plugins there.
class PluginHost {
public:
  void init(const Knobs &knobs, Plugin::Log log);

  Error load(llvm::StringRef pathOrName);
  Error add(tsdk_plugin_query_fn query);

  /// A plugin by name or alias, opening as few files as possible.
  Error find(llvm::StringRef name, Plugin **out);
  /// A target by name among all plugins; null when there is none.
  const Target *findTarget(llvm::StringRef name);
  /// All plugins, after looking for those not loaded yet.
  std::vector<Plugin *> all();
  /// Those loaded so far.
  std::vector<Plugin *> loaded();

  llvm::json::Value toJson();
  void abandon();
  /// Calls the plugins' shutdown.
  void clear();

private:
  struct Refused {
    std::string file, reason;
  };
  Error loadFile(const std::string &name, Plugin **out);
  Error keep(std::unique_ptr<Plugin> plugin, Plugin **out);
  std::vector<std::string> candidates() const;
  Plugin *lookUp(llvm::StringRef name);

  std::recursive_mutex mutex;
  std::vector<std::unique_ptr<Plugin>> plugins;
  std::vector<Refused> refusals;
  std::vector<std::string> searchPath;
  bool searchedAll = false;
  /// For Plugin::OtherTargets; loads what has not been loaded yet.
  const tsdk_target *otherTarget(const Plugin &asking, size_t index);
  Plugin::OtherTargets otherTargets();

  Plugin::Log log;
};

} // namespace tilesdk::runtime
