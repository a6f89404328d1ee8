//===- fake_compiler.cpp - A compiler of a toy source -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/json.h"
#include "core/runtime/os.h"
#include "core/runtime/test/fake_backend.h"
#include "core/runtime/text.h"

#include <chrono>
#include <thread>

using namespace tilesdk;
using namespace tilesdk::fake;
using runtime::toBytes;
using runtime::toRef;
using runtime::toStr;

/// Opaque to the runtime.
struct tilesdk::compiler::Program {
  std::string source;
};

namespace {

void report(const compiler::Sink *sink, uint32_t severity, uint32_t line,
            const std::string &message) {
  compiler::Diagnostic diagnostic = {};
  diagnostic.severity = severity;
  diagnostic.code = 101;
  diagnostic.line = line;
  diagnostic.column = 1;
  diagnostic.parent = TSDK_NO_PARENT;
  diagnostic.file = toStr("toy.py");
  diagnostic.message = toStr(message);
  sink->diagnostic(sink->user, &diagnostic);
}

llvm::json::Value readParam(llvm::StringRef word) {
  auto [name, flag] = word.split(':');
  llvm::json::Object param{{"name", name.str()}};
  if (flag == "constexpr")
    param["constexpr"] = true;
  else if (flag == "const")
    param["const"] = true;
  else if (flag == "nospec")
    param["do_not_specialize"] = true;
  else if (flag == "noalign")
    param["do_not_specialize_on_alignment"] = true;
  else if (flag.consume_front("="))
    param["default"] = flag.str();
  else if (flag.consume_front("@"))
    param["type"] = flag.str();
  else if (flag.consume_front("constexpr=")) {
    param["constexpr"] = true;
    param["default"] = flag.str();
  }
  return param;
}

tsdk_code programParse(const compiler::ProgramInput *input,
                       const compiler::Sink *sink, compiler::Program **out) {
  counters().parses++;
  llvm::SmallVector<llvm::StringRef> lines;
  toRef(input->source).split(lines, '\n');
  llvm::json::Array kernels;
  bool failed = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    uint32_t line = input->firstLine + static_cast<uint32_t>(i);
    if (lines[i].contains("ERROR")) {
      report(sink, TSDK_SEVERITY_ERROR, line, "there is an ERROR here");
      failed = true;
    }
    if (lines[i].contains("WARN"))
      report(sink, TSDK_SEVERITY_WARNING, line, "mind the line");
    llvm::SmallVector<llvm::StringRef> words;
    lines[i].split(words, ' ', -1, false);
    if (words.size() < 2 || words[0] != "kernel")
      continue;
    llvm::json::Array params;
    for (size_t j = 2; j < words.size(); ++j)
      params.push_back(readParam(words[j]));
    kernels.push_back(llvm::json::Object{{"name", words[1].str()},
                                         {"line", line},
                                         {"params", std::move(params)}});
  }
  if (failed)
    return TSDK_E_SOURCE;
  std::string metadata = runtime::printJson(
      llvm::json::Object{{"schema", 1}, {"kernels", std::move(kernels)}});
  sink->blob(sink->user, toStr("program"), toBytes(metadata));
  *out = new compiler::Program{toRef(input->source).str()};
  return TSDK_OK;
}

void addLeaves(llvm::StringRef signature, llvm::json::Array &params) {
  std::optional<std::vector<std::string>> entries =
      runtime::splitSignature(signature);
  for (const std::string &entry : *entries) {
    llvm::StringRef type = llvm::StringRef(entry).split(':').first;
    if (type.starts_with("(")) {
      addLeaves(type == entry ? type.drop_front().drop_back()
                              : llvm::StringRef(entry).drop_front().drop_back(),
                params);
      continue;
    }
    unsigned bytes = type.starts_with("*")
                         ? 8
                         : runtime::dtypeBytes(runtime::parseDtype(type));
    if (bytes)
      params.push_back(
          llvm::json::Object{{"leaf", static_cast<int64_t>(params.size())},
                             {"name", "p" + std::to_string(params.size())},
                             {"type", type.str()},
                             {"bytes", bytes}});
  }
}

tsdk_code compile(const compiler::CompileInput *input,
                  const compiler::Sink *sink) {
  counters().compiles++;
  std::string kernel = toRef(input->kernel).str();
  for (int passed = 0; passed < counters().compileTime; ++passed)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (kernel.find("slow") == 0)
    while (true) {
      if (input->cancel && __atomic_load_n(input->cancel, __ATOMIC_RELAXED)) {
        report(sink, TSDK_SEVERITY_ERROR, 0, "cancelled");
        return TSDK_E_CANCELLED;
      }
      if (input->deadlineNanoseconds &&
          runtime::os::now() > input->deadlineNanoseconds) {
        report(sink, TSDK_SEVERITY_ERROR, 0, "out of time");
        return TSDK_E_DEADLINE_EXCEEDED;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  if (kernel.find("broken") == 0) {
    report(sink, TSDK_SEVERITY_ERROR, 3, "it is broken");
    return TSDK_E_SOURCE;
  }
  if (kernel.find("crash") == 0) {
    report(sink, TSDK_SEVERITY_ERROR, 0, "internal error");
    sink->blob(sink->user, toStr("reproducer"), toBytes("do this again"));
    return TSDK_E_INTERNAL;
  }
  std::string signature = toRef(input->signature).str();
  if (!input->program)
    signature = toRef(input->ir).str();
  std::string options;
  for (size_t i = 0; i < input->numOptions; ++i)
    options += " " + toRef(input->options[i].name).str() + "=" +
               toRef(input->options[i].value).str();
  std::string body = kernel + "(" + signature + ") " +
                     toRef(input->target->name).str() + options;
  llvm::json::Array params;
  addLeaves(signature, params);
  llvm::json::Object object{{"schema", 1},
                            {"symbol", kernel},
                            {"params", std::move(params)},
                            {"scratch_bytes", 64}};
  if (kernel.find("talks") == 0) {
    auto field = [](const char *name, int64_t bytes) {
      return llvm::json::Object{{"name", name}, {"bytes", bytes}};
    };
    object["hidden"] =
        llvm::json::Object{{"version", 1},
                           {"fields", llvm::json::Array{field("messages", 8),
                                                        field("launch", 4)}}};
    object["messages"] =
        llvm::json::Array{"value", "toy.py:3: assertion failed: too large"};
  }
  std::string metadata = runtime::printJson(std::move(object));
  sink->blob(sink->user, toStr("metadata"), toBytes(metadata));
  llvm::SmallVector<llvm::StringRef> keep;
  toRef(input->keepStages).split(keep, ',', -1, false);
  for (llvm::StringRef stage : keep) {
    std::string text = (stage + " of " + body).str();
    sink->blob(sink->user, toStr(stage), toBytes(text));
  }
  if (toRef(input->stopStage) == "object")
    sink->blob(sink->user, toStr("object"), toBytes("object of " + body));
  return TSDK_OK;
}

tsdk_code explain(uint32_t code, const compiler::Sink *sink) {
  if (code != 101)
    return TSDK_E_NOT_FOUND;
  sink->blob(sink->user, toStr("explain"), toBytes("why 101"));
  return TSDK_OK;
}

} // namespace

const compiler::Table *tilesdk::fake::compilerTable() {
  static const compiler::Table table = {
      sizeof(compiler::Table),
      0,
      "fake-compiler-1",
      programParse,
      [](compiler::Program *program) { delete program; },
      compile,
      explain};
  return &table;
}
