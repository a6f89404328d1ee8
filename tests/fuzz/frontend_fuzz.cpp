//===- frontend_fuzz.cpp - Lexer and parser on hostile sources ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Promises checked: no crash; errors in the sink if and only if the tree says
// so; all places lie inside of the source; messages render as text and JSON; a
// tree without errors prints, and parsing is deterministic.
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/render.h"
#include "core/frontend/ast_printer.h"
#include "core/frontend/module_summary.h"
#include "core/frontend/parser.h"
#include "tests/fuzz/seeded_driver.h"

#include <cstdio>
#include <cstdlib>

using namespace tilesdk;

static void require(bool holds, const char *promise) {
  if (holds)
    return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

static std::string parseOnce(llvm::StringRef text) {
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink(sources);
  diagnostics::FileId file = sources.addFile("fuzz.py", text);
  auto module = frontend::parseModule(file, sink);
  require(module->hasErrors == sink.hasErrors(), "tree and sink agree");
  uint32_t lines = sources.file(file)->numLines();
  for (const diagnostics::Diagnostic &diagnostic : sink.diagnostics()) {
    require(diagnostic.id != diagnostics::Diag::Internal, "no internal error");
    const diagnostics::Location &where = diagnostic.primary;
    require(where.line <= lines && where.endLine <= lines &&
                (where.endLine > where.line || where.endColumn >= where.column),
            "places lie inside of the source");
  }
  std::string result = renderText(sink.diagnostics(), sources);
  result += diagnostics::renderJsonLines(sink.diagnostics());
  result += printAst(*module);
  for (const auto &function : summarizeFunctions(*module, sources))
    result += function.name;
  for (const frontend::Stmt *stmt : module->body)
    require(stmt->span.begin <= stmt->span.end && stmt->span.end <= text.size(),
            "spans lie inside of the source");
  return result;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  require(parseOnce(text) == parseOnce(text), "parsing is deterministic");
  return 0;
}

static const char *const texts[] = {
    R"(@triton.jit
def add(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    pid = tl.program_id(axis=0)
    offs = pid * BLOCK + tl.arange(0, BLOCK)[:, None]
    mask = (offs < n) & ~(offs == 3)
    x = tl.load(x_ptr + offs, mask=mask, other=0.0)
    if BLOCK > 64 and not x is None:
        tl.store(y_ptr, x if pid else -x ** 2)
    elif pid in (1, 2):
        pass
    else:
        acc += tl.sum(x, axis=0)
    return
)",
    R"(def f(a, /, b=1, *args, c: int = 0x1F, **kw) -> T:
    """doc"""
    for i, (j, *k) in range(10):
        a, b = b, a
        while i < j <= 3.5e-3:
            break
    else:
        continue
    with open(a) as b, (c): pass
    try:
        raise A from b
    except (B, C) as e:
        assert x, "m"
    finally:
        del a, b.c
)",
    "x = f\"a{b!r:>{w}.2f}{c = }{{}}\" 'd' b'' r\"\\\" u'''e\n'''\n",
    "y = [a for b in c if d] + {e: f, **g} | {h, *i} - (j := lambda k: (l,))\n",
    "class A(B, metaclass=C):\n\tx: int = 1\n\tasync def m(self): await y\n",
    "from ..a.b import (c as d, e)\nimport x.y as z\nmatch a:\n  case 1: b\n",
    "if a:\n    b\n  c\n\td\n",
    "v = 1_000 + 0b101 + 0o17 + 1. + .5e3 + 012 + 1j + 3u\n",
};

static const char *const words[] = {
    "(",       ")",       "[",       "]",        "{",
    "}",       ":",       ",",       "=",        "==",
    ":=",      "**",      "//",      "->",       "...",
    "@",       "!",       "\n",      "\n    ",   "\n\t",
    "\r\n",    "\\\n",    "#",       "\"",       "'",
    "\"\"\"",  "f\"{",    "f'''",    "rb'",      "\\x",
    "\\N{",    "if ",     "else",    "elif ",    "for ",
    " in ",    "not ",    "lambda ", "def f(",   "class ",
    "return",  "yield ",  "async",   "await",    "import ",
    "from .",  "match ",  "print ",  "True",     "1e",
    "0x",      "9999999", "_",       "\xc3\xa4", "\xe2\x80\x9c",
    "\xff",    ";",       "&&",      "++",       "?",
    "else if", "int x",
};

FuzzSeeds tilesdkFuzzSeeds() {
  return {texts, std::size(texts), words, std::size(words)};
}
