//===- show.cpp - `tilesdk show`: the stages of a build ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

#include <unistd.h>

using namespace tilesdk::tool;

namespace {

struct Show {
  BuildOptions build;
  std::string stage = "tile";
};

int run(Session &session, const Show &options) {
  if (int code = checkStage(session, options.stage))
    return code;
  Handle<tsdk_kernel> kernel;
  Handle<tsdk_variant> variant;
  if (int code = buildVariant(session, options.build, options.stage,
                              options.stage, kernel, variant))
    return code;
  Handle<tsdk_blob> blob;
  if (tsdk_error error =
          tsdk_variant_artifact(variant.get(), str(options.stage), blob.out()))
    return session.fail(error);
  tsdk_bytes bytes = tsdk_blob_bytes(blob.get());
  if (session.common.json) {
    llvm::json::Value info = nullptr;
    if (int code = session.json(info, tsdk_variant_info, variant.get()))
      return code;
    llvm::json::Object object{{"schema", 1},
                              {"info", std::move(info)},
                              {"stage", options.stage},
                              {"bytes", bytes.size}};
    if (options.stage != "object")
      object["text"] = llvm::json::fixUTF8(text(bytes));
    printJson(std::move(object));
    return ExitOk;
  }
  if (options.stage == "object" && isatty(STDOUT_FILENO))
    return session.fail(ExitUsage, "an object is not text",
                        "redirect it, or use `tilesdk build -o FILE`; `--stage "
                        "asm` shows the code");
  std::string why;
  if (!writeFile("-", text(bytes), why))
    return session.fail(ExitDevice, why);
  return ExitOk;
}

} // namespace

Command tilesdk::tool::addShow(CLI::App &app) {
  auto options = std::make_shared<Show>();
  addBuildOptions(app, options->build, /*signature=*/true);
  app.add_option("--stage", options->stage,
                 "tile, tile-opt, simt, llvm, asm or object")
      ->capture_default_str();
  app.footer("Example:\n"
             "  tilesdk show add.py --kernel add --signature "
             "'*f32,*f32,*f32,i32,1024' --stage llvm");
  return [options](Session &session) { return run(session, *options); };
}
