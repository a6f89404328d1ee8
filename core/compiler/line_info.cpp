//===- line_info.cpp - From locations to line tables ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The front end places an operation of an inlined function with
// callsite(name(file:line:column) at call). Each name and file becomes one
// subprogram, and each call site an inlined-at location.
//
//===----------------------------------------------------------------------===//

#include "core/compiler/line_info.h"
#include "core/ir/places.h"

#include "mlir/Dialect/LLVMIR/LLVMAttrs.h"
#include "mlir/IR/SymbolTable.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/Support/Path.h"

namespace tilesdk::compiler {

using namespace mlir;
using tile::placeOf;
namespace di = mlir::LLVM;

namespace {

class LineTables {
public:
  LineTables(MLIRContext *context, LineInfo kind)
      : context(context), kind(kind) {}

  void describe(Operation *function);

private:
  StringAttr string(llvm::StringRef text) {
    return StringAttr::get(context, text);
  }
  DistinctAttr unique() { return DistinctAttr::create(UnitAttr::get(context)); }
  di::DIFileAttr file(StringAttr path);
  di::DISubprogramAttr subprogram(StringAttr name, StringAttr path,
                                  unsigned line);
  LocationAttr place(FileLineColRange range);
  LocationAttr inlined(LocationAttr callee, LocationAttr caller);
  LocationAttr convert(LocationAttr loc);

  MLIRContext *context;
  LineInfo kind;
  di::DICompileUnitAttr unit;
  /// Of the function under description.
  di::DISubprogramAttr current;
  llvm::DenseMap<StringAttr, di::DIFileAttr> files;
  llvm::DenseMap<std::pair<StringAttr, StringAttr>, di::DISubprogramAttr>
      helpers;
  llvm::DenseMap<Attribute, LocationAttr> known;
};

di::DIFileAttr LineTables::file(StringAttr path) {
  di::DIFileAttr &result = files[path];
  if (!result) {
    // An artifact says nothing of the machine that built it: of an absolute
    // path the last part is kept.
    llvm::StringRef name = path.getValue();
    if (llvm::sys::path::is_absolute(name))
      name = llvm::sys::path::filename(name);
    result = di::DIFileAttr::get(context, name, "");
  }
  return result;
}

di::DISubprogramAttr LineTables::subprogram(StringAttr name, StringAttr path,
                                            unsigned line) {
  di::DIFileAttr where = file(path);
  if (!unit)
    unit = di::DICompileUnitAttr::get(
        unique(), llvm::dwarf::DW_LANG_Python, where, string("tilesdk"),
        /*isOptimized=*/true,
        kind == LineInfo::Directives ? di::DIEmissionKind::DebugDirectivesOnly
                                     : di::DIEmissionKind::LineTablesOnly,
        di::DINameTableKind::None);
  return di::DISubprogramAttr::get(
      context, unique(), unit, where, name, name, where, line, line,
      di::DISubprogramFlags::Definition | di::DISubprogramFlags::Optimized,
      di::DISubroutineTypeAttr::get(context, {}), {}, {});
}

/// A place within the function itself.
LocationAttr LineTables::place(FileLineColRange range) {
  auto loc = FileLineColLoc::get(range.getFilename(), range.getStartLine(),
                                 range.getStartColumn());
  di::DIFileAttr where = file(range.getFilename());
  if (where == current.getFile())
    return loc;
  return FusedLoc::get(context, {loc},
                       di::DILexicalBlockFileAttr::get(context, current, where,
                                                       /*discriminator=*/0));
}

LocationAttr LineTables::inlined(LocationAttr callee, LocationAttr caller) {
  FileLineColRange range = placeOf(callee);
  LocationAttr at = convert(caller);
  if (!range || !at)
    return at;
  auto named = dyn_cast<NameLoc>(callee);
  StringAttr name = named ? named.getName() : string("inlined");
  di::DISubprogramAttr &helper = helpers[{name, range.getFilename()}];
  if (!helper)
    helper = subprogram(name, range.getFilename(), range.getStartLine());
  auto inner = FileLineColLoc::get(range.getFilename(), range.getStartLine(),
                                   range.getStartColumn());
  return CallSiteLoc::get(FusedLoc::get(context, {inner}, helper),
                          Location(at));
}

LocationAttr LineTables::convert(LocationAttr loc) {
  if (LocationAttr found = known.lookup(loc))
    return found;
  LocationAttr result;
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    result = inlined(call.getCallee(), call.getCaller());
  else if (auto fused = dyn_cast<FusedLoc>(loc);
           fused && !fused.getLocations().empty())
    result = convert(fused.getLocations().front());
  else if (FileLineColRange range = placeOf(loc))
    result = place(range);
  else
    result = UnknownLoc::get(context);
  return known[loc] = result;
}

void LineTables::describe(Operation *function) {
  FileLineColRange range = placeOf(function->getLoc());
  auto name =
      function->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
  if (!range || !name)
    return;
  known.clear();
  current = subprogram(name, range.getFilename(), range.getStartLine());
  for (Region &region : function->getRegions())
    region.walk(
        [&](Operation *op) { op->setLoc(Location(convert(op->getLoc()))); });
  LocationAttr begin = place(range);
  function->setLoc(FusedLoc::get(context, {Location(begin)}, current));
}

} // namespace

void attachLineInfo(ModuleOp module, LineInfo kind) {
  LineTables tables(module.getContext(), kind);
  for (Operation &op : *module.getBody())
    if (op.getName().getStringRef() == "llvm.func" && !op.getRegion(0).empty())
      tables.describe(&op);
}

} // namespace tilesdk::compiler
