//===- report.cpp - Messages, locations and the work budget -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/sema.h"

#include "mlir/IR/Location.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

Report::~Report() { sema.addContext(builder); }

Report &Report::origin(const Value &value) {
  if (!value.origin.isValid() || !value.isRuntime())
    return *this;
  // `x + x` has one origin.
  if (value.origin == shown)
    return *this;
  shown = value.origin;
  builder.label(value.origin, value.isTensor() ? shapeStr(value.shape) + " " +
                                                     value.dtype.str()
                                               : value.dtype.str());
  return *this;
}

Span Sema::userSpan(Span span) const {
  for (const Frame *f = frame; f && f->module && f->module->isPrelude;
       f = f->caller)
    span = f->callSite;
  return span;
}

bool Sema::inPrelude() const {
  return frame && frame->module && frame->module->isPrelude;
}

void Sema::addContext(diagnostics::DiagnosticBuilder &builder) {
  // The innermost calls say most; a recursion would fill the screen.
  unsigned shown = 0;
  for (const Frame *f = frame; f && f->caller; f = f->caller) {
    if (!f->callSite.isValid() || !f->function)
      continue;
    if (f->module->isPrelude || f->caller->module->isPrelude)
      continue;
    if (++shown > 4) {
      builder.note("further calls left out");
      break;
    }
    builder.note(f->callSite, "`" + f->function->name() + "` called from here");
  }
  if (!specialization.empty())
    builder.note("specialized with " + specialization);
}

mlir::Location Sema::fileLocation(Span span) {
  auto key = std::make_pair((uint64_t(span.file) << 32) | span.begin, span.end);
  auto found = fileLocations.find(key);
  if (found != fileLocations.end())
    return found->second;
  diagnostics::Location where = program.sources.resolve(span);
  mlir::Location loc =
      where.isValid()
          ? mlir::Location(mlir::FileLineColRange::get(
                mlir::StringAttr::get(context, where.file), where.line,
                where.column, where.endLine, where.endColumn))
          : mlir::Location(mlir::UnknownLoc::get(context));
  fileLocations.try_emplace(key, loc);
  return loc;
}

mlir::Location Sema::location() {
  if (currentSpan == locatedSpan && frame == locatedFrame)
    return cachedLocation;
  locatedSpan = currentSpan;
  locatedFrame = frame;
  if (inPrelude()) {
    // A user reads his own source: the call stands for what is behind it.
    const Frame *f = frame;
    while (f->caller && f->caller->module && f->caller->module->isPrelude)
      f = f->caller;
    cachedLocation = f->callLoc;
  } else {
    cachedLocation = fileLocation(currentSpan);
    if (frame && frame->caller) {
      if (frame->function)
        cachedLocation = mlir::NameLoc::get(
            mlir::StringAttr::get(context, frame->function->name()),
            cachedLocation);
      cachedLocation = mlir::CallSiteLoc::get(cachedLocation, frame->callLoc);
    }
  }
  return cachedLocation;
}

bool Sema::tick(Span where) {
  if (stopped)
    return false;
  ++numSteps;
  if (numSteps > maxSteps) {
    stopped = true;
    report(Diag::EvaluationLimit, where, maxSteps);
    return false;
  }
  if (numOps > maxOps) {
    stopped = true;
    report(Diag::OperationLimit, where, maxOps)
        .help("use `tl.range` instead of `tl.static_range`, or smaller trip "
              "counts");
    return false;
  }
  if ((numSteps & 1023) == 0) {
    if (sink->isFull()) {
      stopped = true;
      return false;
    }
    if (request.cancelled && request.cancelled()) {
      // Who cancelled says so.
      stopped = true;
      return false;
    }
  }
  return true;
}

bool Sema::quietly(llvm::function_ref<void()> body) {
  diagnostics::DiagnosticSink silent(program.sources, 1);
  diagnostics::DiagnosticSink *outer = std::exchange(sink, &silent);
  uint64_t errorsBefore = numErrors;
  body();
  numErrors = errorsBefore;
  sink = outer;
  return !silent.hasErrors();
}
