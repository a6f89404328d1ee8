//===- options.cpp - From the command line to a built variant ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

#include "llvm/ADT/StringRef.h"

using namespace tilesdk::tool;

static const std::vector<std::string> stageNames = {
    "tile", "tile-opt", "simt", "llvm", "asm", "object"};

void tilesdk::tool::addBuildOptions(CLI::App &app, BuildOptions &options,
                                    bool signature) {
  app.add_option("FILE", options.file,
                 "Kernel source, or IR (.mlir, .ll); - is stdin")
      ->required();
  app.add_option("-k,--kernel", options.kernel,
                 "Kernel; may be left out when there is one only");
  if (signature)
    app.add_option("-s,--signature", options.signature,
                   "Types, constexprs: '*f32:16,*f32,i32,1024' "
                   "(docs/signature.md)");
  app.add_option("-t,--target", options.target,
                 "Target, plugin or device; `tilesdk targets` lists them")
      ->capture_default_str();
  app.add_option("--option", options.options,
                 "Build option as NAME=VALUE; may be repeated");
  app.add_option("--module", options.modules,
                 "A module that FILE imports, as NAME=FILE; may be repeated");
  app.add_option("--from", options.from,
                 "Stage of the IR in FILE: tile, tile-opt, simt or llvm");
  app.add_option("--timeout", options.timeout, "Longest build in seconds");
}

int OptionList::parse(Session &session, const std::vector<std::string> &texts) {
  for (const std::string &entry : texts) {
    size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0)
      return session.fail(ExitUsage, "`--option " + entry +
                                         "` is not of the form NAME=VALUE");
    keep.push_back(std::make_unique<std::string>(entry.substr(0, equals)));
    keep.push_back(std::make_unique<std::string>(entry.substr(equals + 1)));
    list.push_back({str(*keep[keep.size() - 2]), str(*keep.back())});
  }
  return ExitOk;
}

int tilesdk::tool::checkStage(Session &session, const std::string &stage) {
  for (const std::string &name : stageNames)
    if (name == stage)
      return ExitOk;
  return session.fail(
      ExitUsage, "no stage `" + stage + "`" + didYouMean(stage, stageNames),
      "the stages are tile, tile-opt, simt, llvm, asm and object");
}

int tilesdk::tool::loadProgram(Session &session, const BuildOptions &options,
                               Handle<tsdk_program> &program,
                               std::string &irStage) {
  std::string source, why;
  if (!readFile(options.file, source, why))
    return session.fail(ExitUsage, why);
  llvm::StringRef name = options.file;
  irStage = options.from;
  if (irStage.empty() && name.ends_with(".mlir"))
    irStage = "tile";
  if (irStage.empty() && (name.ends_with(".ll") || name.ends_with(".bc")))
    irStage = "llvm";
  if (!irStage.empty()) {
    if (int code = checkStage(session, irStage))
      return code;
    tsdk_bytes bytes = {source.data(), source.size()};
    if (tsdk_error error = tsdk_program_create_from_ir(
            session.context(), str(irStage), bytes, program.out()))
      return session.fail(error);
    return ExitOk;
  }

  std::vector<std::unique_ptr<std::string>> keep;
  std::vector<tsdk_module> modules;
  for (const std::string &entry : options.modules) {
    size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0)
      return session.fail(ExitUsage, "`--module " + entry +
                                         "` is not of the form NAME=FILE");
    keep.push_back(std::make_unique<std::string>(entry.substr(0, equals)));
    keep.push_back(std::make_unique<std::string>(entry.substr(equals + 1)));
    keep.push_back(std::make_unique<std::string>());
    if (!readFile(*keep[keep.size() - 2], *keep.back(), why))
      return session.fail(ExitUsage, why);
    modules.push_back({str(*keep[keep.size() - 3]), str(*keep[keep.size() - 2]),
                       str(*keep.back())});
  }
  std::string filename = options.file == "-" ? "<stdin>" : options.file;
  tsdk_program_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.source = str(source);
  desc.filename = str(filename);
  desc.modules = modules.data();
  desc.num_modules = modules.size();
  desc.module_stride = sizeof(tsdk_module);
  Handle<tsdk_diags> warnings;
  if (tsdk_error error = tsdk_program_create(session.context(), &desc,
                                             program.out(), warnings.out()))
    return session.fail(error);
  if (!session.common.quiet)
    session.diagnostics(warnings.get());
  return ExitOk;
}

int tilesdk::tool::loadKernel(Session &session, const BuildOptions &options,
                              Handle<tsdk_program> &program,
                              Handle<tsdk_kernel> &kernel) {
  std::string irStage;
  if (int code = loadProgram(session, options, program, irStage))
    return code;
  if (tsdk_error error =
          tsdk_kernel_get(program.get(), str(options.kernel), kernel.out()))
    return session.fail(error);
  return ExitOk;
}

int tilesdk::tool::buildVariant(Session &session, const BuildOptions &options,
                                const std::string &keepStages,
                                const std::string &stopStage,
                                Handle<tsdk_kernel> &kernel,
                                Handle<tsdk_variant> &variant,
                                bool showDiagnostics) {
  installInterrupt();
  Handle<tsdk_program> program;
  OptionList list;
  if (int code = list.parse(session, options.options))
    return code;
  if (int code = loadKernel(session, options, program, kernel))
    return code;
  tsdk_variant_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.signature = str(options.signature);
  desc.target = str(options.target);
  desc.options = list.data();
  desc.num_options = list.size();
  desc.keep_stages = str(keepStages);
  desc.stop_stage = str(stopStage);
  desc.timeout_ns = static_cast<uint64_t>(options.timeout * 1e9);
  desc.cancel = interruptFlag();
  if (tsdk_error error = tsdk_variant_build(kernel.get(), &desc, variant.out()))
    return session.fail(error);
  if (showDiagnostics && !session.common.quiet)
    session.diagnostics(tsdk_variant_diags(variant.get()));
  return ExitOk;
}
