#include "core/frontend/memory_access.h"
using namespace tilesdk::frontend;
#define E(n) llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::n() { return {}; }
E(shapeBuiltins) E(blockPointerBuiltins) E(atomicBuiltins) E(mathBuiltins) E(dotBuiltins) E(reductionBuiltins) E(hintBuiltins) E(pythonBuiltins)
Value tilesdk::frontend::loadBlock(Sema &sema, BuiltinCall &call, unsigned, unsigned, const AccessModes &) { return Value::error(); }
Value tilesdk::frontend::storeBlock(Sema &sema, BuiltinCall &call, unsigned, unsigned, const AccessModes &) { return Value::error(); }
