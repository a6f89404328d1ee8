//===- compiler.cpp - The compiler library, opened on first use -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/compiler.h"

#include "core/runtime/os.h"
#include "core/runtime/text.h"

using namespace tilesdk::runtime;

void CompilerHost::init(const Knobs &knobs) {
  file = knobs.text(Knob::compiler).str();
  if (file.empty())
    file = os::libraryDirectory() + "/libtilesdk_compiler.so";
}

const std::string &CompilerHost::buildId() {
  std::lock_guard lock(mutex);
  if (!knowsIdentity) {
    identity = os::fileIdentity(file);
    knowsIdentity = true;
  }
  return identity;
}

bool CompilerHost::isLoaded() {
  std::lock_guard lock(mutex);
  return loaded != nullptr;
}

Error CompilerHost::table(const compiler::Table **out) {
  std::lock_guard lock(mutex);
  if (!loaded) {
    void *library = nullptr;
    if (!os::exists(file))
      return makeError(TSDK_E_UNAVAILABLE,
                       "there is no compiler library at " + file +
                           "; install it, or set TILESDK_COMPILER");
    if (Error error = os::openLibrary(file, &library))
      return std::move(error).in("the compiler library cannot be loaded");
    auto entry = reinterpret_cast<compiler::EntryFunction>(
        os::librarySymbol(library, compiler::entryName));
    if (!entry)
      return makeError(TSDK_E_UNAVAILABLE,
                       file +
                           " is not a compiler library of tilesdk: it does "
                           "not export `" +
                           compiler::entryName + "`");
    const compiler::Table *found = entry();
    if (!found || found->structSize != sizeof(compiler::Table))
      return makeError(TSDK_E_UNAVAILABLE,
                       "the compiler library " + file +
                           " belongs to another version of tilesdk");
    loaded = found;
  }
  *out = loaded;
  return success();
}

void CompilerHost::inject(const compiler::Table *injected) {
  std::lock_guard lock(mutex);
  loaded = injected;
  file = "(injected)";
  identity = injected->buildId;
  knowsIdentity = true;
}

tilesdk::compiler::Sink CompilerOutput::sink() {
  compiler::Sink sink = {};
  sink.user = this;
  sink.diagnostic = [](void *user, const compiler::Diagnostic *diagnostic) {
    CompilerOutput *self = static_cast<CompilerOutput *>(user);
    try {
      DiagEntry entry;
      entry.severity = diagnostic->severity;
      entry.code = diagnostic->code;
      entry.parent = diagnostic->parent;
      entry.line = diagnostic->line;
      entry.column = diagnostic->column;
      entry.endLine = diagnostic->endLine;
      entry.endColumn = diagnostic->endColumn;
      entry.file = toRef(diagnostic->file).str();
      entry.message = toRef(diagnostic->message).str();
      entry.help = toRef(diagnostic->help).str();
      entry.rendered = toRef(diagnostic->rendered).str();
      self->diags->add(std::move(entry));
    } catch (...) {
      self->outOfMemory = true;
    }
  };
  sink.blob = [](void *user, tsdk_str name, tsdk_bytes bytes) {
    CompilerOutput *self = static_cast<CompilerOutput *>(user);
    try {
      self->blobs[toRef(name).str()] = toRef(bytes).str();
    } catch (...) {
      self->outOfMemory = true;
    }
  };
  return sink;
}

Error CompilerOutput::error(tsdk_code code, const llvm::Twine &what) {
  if (code == TSDK_OK && outOfMemory)
    return Error(runtime::outOfMemory());
  if (code == TSDK_OK)
    return success();
  size_t errors = diags->count(TSDK_SEVERITY_ERROR);
  std::string text = what.str();
  if (code == TSDK_E_CANCELLED)
    text += " was cancelled";
  else if (code == TSDK_E_DEADLINE_EXCEEDED)
    text += " took longer than its timeout";
  else if (errors > 1)
    text += " has " + std::to_string(errors) + " errors";
  else if (errors == 1)
    text += " has an error";
  else
    text += std::string(" failed: ") +
            (codeName(code) ? codeName(code) : "unknown code");
  return makeError(code, text, diags);
}
