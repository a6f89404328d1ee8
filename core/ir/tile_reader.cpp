//===- tile_reader.cpp - Reads and writes tile IR ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_reader.h"
#include "core/diagnostics/diagnostics.h"
#include "core/ir/places.h"
#include "core/ir/tile_bytecode_check.h"
#include "core/ir/tile_dialect.h"
#include "core/ir/tile_module_check.h"
#include "core/ir/tile_text_scan.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <utility>

using namespace mlir;
using tilesdk::diagnostics::Diag;
using tilesdk::diagnostics::DiagnosticSink;

namespace tilesdk::tile {
namespace {

/// Passes what MLIR reports on to the sink for as long as it lives.
class Forwarder {
public:
  Forwarder(MLIRContext &context, DiagnosticSink &sink, StringRef name)
      : sink(sink), name(name),
        handler(&context, [this](Diagnostic &diagnostic) {
          forward(diagnostic);
          return success();
        }) {}

private:
  void forward(Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return;
    std::string text = diagnostic.str();
    // MLIR's second word on a type that cannot be inferred; the first said why.
    if (sink.hasErrors() &&
        StringRef(text).ends_with("failed to infer returned types"))
      return;
    // MLIR's advice is for the command line of its own tools.
    if (StringRef(text).contains("-allow-unregistered-dialect"))
      text = "the operation belongs to a dialect that is no part of tile IR";
    StringRef newer = "of the dialect 'tile'; this library reads";
    Diag id =
        StringRef(text).contains(newer) ? Diag::IrVersion : Diag::InvalidIr;
    auto builder =
        sink.report(id, toLocation(diagnostic.getLocation()), name, text);
    for (Diagnostic &note : diagnostic.getNotes())
      builder.note(toLocation(note.getLocation()), note.str());
  }

  DiagnosticSink &sink;
  StringRef name;
  ScopedDiagnosticHandler handler;
};

/// Line and column of a byte of \p text, 1-based.
diagnostics::Location placeOf(StringRef text, size_t offset, StringRef name) {
  StringRef before = text.take_front(offset);
  diagnostics::Location place;
  place.file = name.str();
  place.line = before.count('\n') + 1;
  size_t lineBegin = before.rfind('\n');
  place.column =
      offset - (lineBegin == StringRef::npos ? 0 : lineBegin + 1) + 1;
  place.endLine = place.line;
  place.endColumn = place.column + 1;
  return place;
}

/// Parses without verifying; null after an error.
OwningOpRef<ModuleOp> parse(StringRef bytes, StringRef name,
                            MLIRContext &context) {
  ParserConfig config(&context, /*verifyAfterParse=*/false);
  Block block;
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(bytes, name);
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(buffer), SMLoc());
  if (failed(parseSourceFile(sources, &block, config)))
    return {};
  // Text without `module` is the body of one.
  if (!block.empty() && &block.front() == &block.back())
    if (auto module = dyn_cast<ModuleOp>(block.front())) {
      module->remove();
      return module;
    }
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(FileLineColLoc::get(&context, name, 1, 1));
  module->getBody()->getOperations().splice(module->getBody()->end(),
                                            block.getOperations());
  return module;
}

} // namespace

OwningOpRef<ModuleOp> readTileModule(StringRef bytes, StringRef name,
                                     MLIRContext &context, DiagnosticSink &sink,
                                     bool withLayouts) {
  auto refuse = [&](const Twine &why, diagnostics::Location where = {}) {
    sink.report(Diag::InvalidIr, std::move(where), name, why.str());
    return OwningOpRef<ModuleOp>();
  };
  if (bytes.empty())
    return refuse("the input is empty");
  if (bytes.size() > maxIrBytes)
    return refuse("the input has " + Twine(bytes.size()) +
                  " bytes; the limit is " + Twine(maxIrBytes));
  bool isBinary = isBytecode(llvm::MemoryBufferRef(bytes, name));
  if (isBinary) {
    if (auto problem = checkBytecode(bytes, context, maxIrNesting))
      return refuse("the bytecode is damaged: " + *problem);
  } else {
    if (size_t nul = bytes.find('\0'); nul != StringRef::npos)
      return refuse("the input is neither MLIR text nor MLIR bytecode: byte " +
                        Twine(nul) + " is 0",
                    placeOf(bytes, nul, name));
    if (auto problem = scanIrText(bytes, maxIrNesting))
      return refuse(problem->message, placeOf(bytes, problem->offset, name));
  }

  Forwarder forwarder(context, sink, name);
  unsigned errorsBefore = sink.numErrors();
  OwningOpRef<ModuleOp> module = parse(bytes, name, context);
  if (!module && sink.numErrors() == errorsBefore)
    return refuse("the input could not be read");
  // MLIR's lexer reports a stray character and goes on as if it were not there.
  bool isBroken = sink.numErrors() != errorsBefore;
  if (!module)
    return {};
  if (failed(checkBounds(*module, maxIrNesting, maxAttributeSize))) {
    eraseDeepModule(module.release());
    return {};
  }
  if (isBroken || failed(checkDefaults(*module)) || failed(verify(*module)) ||
      failed(checkTileModule(*module, withLayouts)))
    return {};
  (*module)->setAttr(attr::version,
                     Builder(&context).getI32IntegerAttr(dialectVersion));
  return module;
}

LogicalResult writeTileBytecode(ModuleOp module, raw_ostream &os) {
  // A fixed producer: the bytes must not depend on who built the library.
  BytecodeWriterConfig config("tilesdk");
  config.setDesiredBytecodeVersion(containerVersion);
  return writeBytecodeToFile(module, os, config);
}

} // namespace tilesdk::tile
