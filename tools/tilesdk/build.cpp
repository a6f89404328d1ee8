//===- build.cpp - `tilesdk build` ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

using namespace tilesdk::tool;

namespace {

struct Build {
  BuildOptions build;
  std::string output;
  std::string emit = "object";
  bool emitGiven = false, timePasses = false;
};

/// The steps and passes of a build, the longest first.
void printTimes(const llvm::json::Object &info) {
  const llvm::json::Array *times = info.getArray("times");
  if (!times)
    return;
  for (const llvm::json::Value &entry : *times) {
    const llvm::json::Object *step = entry.getAsObject();
    if (step)
      std::fprintf(stderr, "%9.3f ms %5lld x %s\n",
                   step->getNumber("ns").value_or(0) * 1e-6,
                   static_cast<long long>(step->getInteger("runs").value_or(0)),
                   step->getString("name").value_or("").str().c_str());
  }
}

int run(Session &session, const Build &options) {
  if (int code = checkStage(session, options.emit))
    return code;
  Handle<tsdk_kernel> kernel;
  Handle<tsdk_variant> variant;
  bool wantsObject = options.emit == "object";
  if (int code =
          buildVariant(session, options.build, wantsObject ? "" : options.emit,
                       wantsObject ? "" : options.emit, kernel, variant))
    return code;
  llvm::json::Value info = nullptr, metadata = nullptr;
  if (int code = session.json(info, tsdk_variant_info, variant.get()))
    return code;
  if (wantsObject)
    if (int code = session.json(metadata, tsdk_variant_metadata, variant.get()))
      return code;

  Handle<tsdk_blob> blob;
  if (tsdk_error error =
          tsdk_variant_artifact(variant.get(), str(options.emit), blob.out()))
    return session.fail(error);
  std::string bytes = text(tsdk_blob_bytes(blob.get()));
  std::string output = options.output;
  // Text that was asked for and has no place goes where people see it.
  if (output.empty() && options.emitGiven && !wantsObject &&
      !session.common.json)
    output = "-";
  std::string why;
  if (!output.empty() && !writeFile(output, bytes, why))
    return session.fail(ExitUsage, why);

  if (session.common.json) {
    if (output == "-")
      return session.fail(ExitUsage,
                          "`--json` and `-o -` both want standard output");
    printJson(llvm::json::Object{{"schema", 1},
                                 {"info", std::move(info)},
                                 {"metadata", std::move(metadata)},
                                 {"emitted", options.emit},
                                 {"bytes", bytes.size()},
                                 {"output", output}});
    return ExitOk;
  }
  const llvm::json::Object *object = info.getAsObject();
  std::string target =
      object ? object->getString("target").value_or("").str() : "";
  std::string from = object ? object->getString("from").value_or("").str() : "";
  if (object && options.timePasses)
    printTimes(*object);
  double nanoseconds =
      object ? object->getNumber("build_ns").value_or(0.0) : 0.0;
  // Of IR the artifact knows the name.
  std::string name = text(tsdk_kernel_name(kernel.get()));
  bool isSource = !name.empty();
  if (const llvm::json::Object *meta = metadata.getAsObject();
      meta && !isSource)
    name = meta->getString("kernel").value_or("").str();
  session.note("built " + (name.empty() ? "the kernel" : "`" + name + "`") +
               " for " + target + " in " + timeText(nanoseconds) +
               (from == "cache" ? " (from the cache)" : "") + ": " +
               options.emit + ", " +
               bytesText(static_cast<double>(bytes.size())) +
               (output.empty() || output == "-" ? "" : ", in " + output));
  session.note(
      "next: tilesdk explain " + options.build.file + " ..., tilesdk show " +
      options.build.file + " ... --stage llvm" +
      (isSource ? ", or tilesdk run " + options.build.file + " ..." : ""));
  return ExitOk;
}

} // namespace

Command tilesdk::tool::addBuild(CLI::App &app) {
  auto options = std::make_shared<Build>();
  addBuildOptions(app, options->build, /*signature=*/true);
  app.add_option("-o,--output", options->output, "File to write; - is stdout");
  CLI::Option *emit =
      app.add_option("--emit", options->emit,
                     "Stage to stop at and write: tile, tile-opt, simt, llvm, "
                     "asm, object")
          ->capture_default_str();
  app.add_flag("--time-passes", options->timePasses,
               "Print how long each step and pass took");
  app.footer("Example:\n"
             "  tilesdk build add.py --kernel add --signature "
             "'*f32,*f32,*f32,i32,1024' --target cpu -o add.so");
  return [options, emit](Session &session) {
    options->emitGiven = emit->count() > 0;
    return run(session, *options);
  };
}
