//===- simt_lower.cpp - Test tool: stage simt to LLVM -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simt-lower [--target=warp32] [--array] [--buffers] [--time] [--mlir] FILE:
// lowers a file of stage simt for a machine made up for tests and prints LLVM
// IR, or the LLVM dialect with --mlir.
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/lowering/simt_lowering.h"
#include "core/lowering/test/lower_tool.h"
#include "core/optimizer/simt/test_machine.h"
#include "core/target/target.h"

using namespace tilesdk;

static llvm::cl::opt<std::string> targetName("target",
                                             llvm::cl::init("warp32"));
static llvm::cl::opt<bool> inArray("array", llvm::cl::init(false));
static llvm::cl::opt<bool> buffers("buffers", llvm::cl::init(false));

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "stage simt to LLVM IR\n");
  optimizer::MachinePtr known = optimizer::testMachine(targetName.getValue());
  if (!known) {
    llvm::errs() << "simt-lower: no test machine '" << targetName << "'\n";
    return 1;
  }
  target::Machine machine = *known;
  machine.parametersInArray = inArray;
  // Which must not matter to what is emitted.
  machine.features |= TSDK_SIMT_LOCKSTEP;
  if (buffers)
    machine.features |= TSDK_SIMT_BUFFER_ADDRESSING;
  mlir::DialectRegistry registry;
  simt::registerSimtDialects(registry);
  lowering::SimtLoweringInfo info;
  return lowering::lowerFile(
      registry,
      [&](mlir::ModuleOp module) {
        return lowering::lowerSimt(module, machine, info);
      },
      [&] {
        return "threads " + std::to_string(info.threads) + " shared " +
               std::to_string(info.sharedBytes);
      });
}
