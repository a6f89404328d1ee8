//===- assemble.h - PTX to machine code -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/nvidia/driver.h"

#include <map>
#include <set>
#include <string>

namespace tilesdk::nvidia {

/// What turns assembly into machine code here: a ptxas that is not newer than
/// the driver, else the driver, for a device that is open. With neither the
/// artifact is the assembly.
class Assembler {
public:
  explicit Assembler(DriverOwner &owner) : owner(owner) {}

  /// What would be used now, for cache keys; lives as long as this. Runs
  /// nothing.
  tsdk_str plan(const tsdk_target *target);
  tsdk_error assemble(const tsdk_plugin_compile_in &in,
                      tsdk_plugin_compile_out &out);

private:
  struct Result;
  struct Plan;

  Plan makePlan(const tsdk_target *target);
  int versionOf(const std::string &ptxas);
  bool runPtxas(const Plan &plan, const tsdk_plugin_compile_in &in,
                Result &result);
  bool runDriver(const tsdk_plugin_compile_in &in, Result &result);
  tsdk_error finish(const tsdk_plugin_compile_in &in, Result &result,
                    tsdk_plugin_compile_out &out);

  DriverOwner &owner;
  std::mutex mutex;
  std::set<std::string> plans;
  std::map<std::string, int> versions; ///< Of ptxas by identity; 0: unknown.
};

/// Numbers in what ptxas says with -v.
struct AssemblerNumbers {
  uint32_t registers = 0, spillBytes = 0, stackBytes = 0, sharedBytes = 0;
};
AssemblerNumbers readNumbers(std::string_view log);
/// The lines that people should read.
std::string readRemarks(std::string_view log);

} // namespace tilesdk::nvidia
