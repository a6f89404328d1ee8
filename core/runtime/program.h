//===- program.h - Programs and their kernels -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/compiler.h"
#include "core/runtime/launch_table.h"
#include "core/runtime/object.h"
#include "tilesdk/tilesdk.h"

#include "llvm/Support/JSON.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tilesdk::runtime {

class Context;
class Program;

struct ModuleText {
  std::string name, filename, source;
};
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// The text of a program, shared with its variants. Immutable but for the parse
/// tree, which is made when a compile first needs it.
struct ProgramText {
  std::string source, filename;
  uint32_t firstLine = 1;
  std::vector<ModuleText> modules;
  NamedTexts captures;
  /// Of a program made from IR: its stage and bytes.
  std::string irStage, ir;
  /// Hash of all of the above.
  std::string digest;

  ~ProgramText();
  bool isIr() const { return !irStage.empty(); }
  /// The parsed program; parses when that was not done yet.
  Error parsed(const compiler::Table &table, const compiler::Program **out);
  /// Parses; `output` gets metadata and diagnostics.
  Error parse(const compiler::Table &table, CompilerOutput &output);

private:
  Error parseLocked(const compiler::Table &table, CompilerOutput &output);
  std::mutex mutex;
  const compiler::Table *madeBy = nullptr;
  compiler::Program *tree = nullptr;
};

/// One parameter of a kernel, as docs/program_metadata.md says.
struct Parameter {
  std::string name;
  bool isConstexpr = false;
  bool isConst = false;
  /// The annotation's element type, and whether it is a pointer to it;
  /// TSDK_DTYPE_NONE when the annotation forces nothing.
  uint32_t forcedType = TSDK_DTYPE_NONE;
  bool forcedPointer = false;
  bool doNotSpecialize = false, doNotAlign = false;
  bool hasDefault = false;
  std::string defaultText;
  /// The default as an argument; text of a constexpr is in defaultText.
  tsdk_arg defaultArg = {};
};

/// Lives as long as its program, to which references are counted.
class Kernel : public Object {
public:
  Kernel(Program &program, std::string name)
      : Object(Kind::Kernel), program(program), name(std::move(name)) {}
  void retain() override;
  void release() override;

  Context &context() const;
  /// Index of a parameter; -1 when there is none.
  int findParameter(llvm::StringRef name) const;
  /// Runs `learn`, which fills `params`, until it succeeded once.
  template <typename Function> Error learnParameters(Function learn) {
    if (learned.load(std::memory_order_acquire))
      return success();
    std::lock_guard lock(learning);
    if (learned.load(std::memory_order_relaxed))
      return success();
    if (Error error = learn())
      return error;
    learned.store(true, std::memory_order_release);
    return success();
  }

  Program &program;
  const std::string name;
  std::string json = "{}";
  std::vector<Parameter> params;
  LaunchTable launches;

private:
  std::mutex learning;
  std::atomic<bool> learned{false};
};

class Program : public Object {
public:
  Program(Context &context, std::shared_ptr<ProgramText> text);

  /// Metadata from the cache or the compiler. `warnings` may be null.
  static Error create(Context &context, std::shared_ptr<ProgramText> text,
                      Ref<Program> *out, Ref<DiagList> *warnings);

  Error findKernel(llvm::StringRef name, Kernel **out);

  const Ref<Context> context;
  const std::shared_ptr<ProgramText> text;
  std::string json;

private:
  bool readMetadata(llvm::StringRef metadata);
  /// Of IR, kernels come into being when asked for.
  std::mutex kernelsMutex;
  std::vector<std::unique_ptr<Kernel>> kernels;
};

} // namespace tilesdk::runtime
