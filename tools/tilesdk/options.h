//===- options.h - What `build`, `show` and `run` read ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tools/tilesdk/session.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tilesdk::tool {

/// Where a kernel comes from and how it is built.
struct BuildOptions {
  std::string file;
  std::string kernel;
  std::string signature;
  std::string target = "cpu";
  std::vector<std::string> options;
  std::vector<std::string> modules;
  std::string from; ///< IR stage of the file; empty: by its name.
  double timeout = 0;
};

/// Adds FILE, --kernel, --target, --option, --module, --from, --timeout, and
/// --signature unless the arguments say it.
void addBuildOptions(CLI::App &app, BuildOptions &options, bool signature);

/// Name and value of each "k=v". False when one has no "=".
class OptionList {
public:
  int parse(Session &session, const std::vector<std::string> &texts);
  const tsdk_option *data() const { return list.data(); }
  size_t size() const { return list.size(); }

private:
  std::vector<std::unique_ptr<std::string>> keep;
  std::vector<tsdk_option> list;
};

/// Reads the file and makes the program; warnings are printed. `irStage` says
/// which IR the file holds, empty for source.
int loadProgram(Session &session, const BuildOptions &options,
                Handle<tsdk_program> &program, std::string &irStage);

/// The kernel named by --kernel, or the only one.
int loadKernel(Session &session, const BuildOptions &options,
               Handle<tsdk_program> &program, Handle<tsdk_kernel> &kernel);

int buildVariant(Session &session, const BuildOptions &options,
                 const std::string &keepStages, const std::string &stopStage,
                 Handle<tsdk_kernel> &kernel, Handle<tsdk_variant> &variant,
                 bool showDiagnostics = true);

int checkStage(Session &session, const std::string &stage);

/// Each adds its command and returns the code to run when it is chosen.
using Command = std::function<int(Session &)>;
Command addBuild(CLI::App &app);
Command addShow(CLI::App &app);
Command addRun(CLI::App &app);
Command addTargets(CLI::App &app);
Command addDoctor(CLI::App &app);
Command addExplain(CLI::App &app);
Command addCache(CLI::App &app);

} // namespace tilesdk::tool
