//===- sema.h - The abstract interpreter that emits tile IR -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One Sema lowers one kernel. Its members are spread over files by subject:
// kernel.cpp (entry), statements.cpp, control_flow.cpp, loops.cpp,
// expressions.cpp, attributes.cpp, names.cpp, calls.cpp, functions.cpp,
// builtin_calls.cpp, compile_time.cpp, operators.cpp, conversions.cpp,
// report.cpp. Builtin functions are free functions in builtins_*.cpp.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"
#include "core/frontend/ast.h"
#include "core/frontend/frontend.h"
#include "core/frontend/scope.h"
#include "core/frontend/value.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <functional>
#include <map>

namespace tilesdk::frontend {

using diagnostics::Diag;

constexpr int64_t maxTensorElements = 1 << 20;
constexpr unsigned maxCallDepth = 128;
constexpr unsigned maxEvalDepth = 2500;
constexpr uint64_t maxSteps = 4u << 20;
constexpr uint64_t maxOps = 400000;
constexpr uint64_t maxUnroll = 1 << 16;
constexpr unsigned maxTupleLeaves = 1 << 16;
constexpr unsigned maxTupleDepth = 64;
constexpr size_t maxStringBytes = 1 << 20;

class Sema;
struct Frame;

using Env = llvm::MapVector<llvm::StringRef, Value>;

/// How a statement list ends.
enum class Flow : uint8_t {
  Next,
  /// Every path returned.
  Returned,
  /// Some did: `Frame::returned` says so at run time.
  Maybe,
  /// Of compile-time execution and unrolled loops only.
  Break,
  Continue,
};

/// A message under construction; adds the chain of calls and the
/// specialization when it is done.
class Report {
public:
  Report(Sema &sema, diagnostics::DiagnosticBuilder builder)
      : sema(sema), builder(std::move(builder)) {}
  Report(Report &&) = delete;
  ~Report();

  Report &label(const llvm::Twine &text) {
    builder.label(text);
    return *this;
  }
  Report &label(Span where, const llvm::Twine &text) {
    builder.label(where, text);
    return *this;
  }
  /// Says of which type the value is where it was made.
  Report &origin(const Value &value);
  Report &note(const llvm::Twine &text) {
    builder.note(text);
    return *this;
  }
  Report &note(Span where, const llvm::Twine &text) {
    builder.note(where, text);
    return *this;
  }
  Report &help(const llvm::Twine &text) {
    builder.help(text);
    return *this;
  }
  /// For `return report(...)` in functions that give a value.
  operator Value() const { return Value::error(); }
  operator bool() const { return false; }

private:
  Sema &sema;
  diagnostics::DiagnosticBuilder builder;
  Span shown;
};

/// Statements that follow the current list.
struct Continuation {
  StmtList stmts;
  const Continuation *next = nullptr;
  /// Behind it the function returns None.
  bool isFunctionEnd = false;
};

/// Whether a `return`, `break` or `continue` may stand inside.
bool hasExit(const IfStmt &stmt);

struct Frame {
  const FunctionInfo *function = nullptr;
  const ModuleScope *module = nullptr;
  Frame *caller = nullptr;
  Span callSite;
  mlir::Location callLoc;
  Env locals;
  /// Names annotated `tl.constexpr`, with the place of the declaration.
  llvm::StringMap<uint32_t> declaredConstexpr;
  /// Run-time loops around the current statement.
  unsigned loopDepth = 0;
  /// Unrolled loops around the current statement.
  unsigned unrolledDepth = 0;
  /// `break` and `return` may leave the innermost unrolled loop: no run-time
  /// condition stands between.
  bool canBreak = false;
  /// Executing at compile time: module level and constexpr functions.
  bool compileTime = false;
  /// Of what was returned so far.
  Value returnValue = Value::none();
  mlir::Value returned;

  explicit Frame(mlir::Location loc) : callLoc(loc) {}
};

/// Arguments of a call before they are bound.
struct CallArgs {
  struct Arg {
    llvm::StringRef name;
    Value value;
    Span span;
  };
  llvm::SmallVector<Arg, 6> args;
  Span span;
};

class Sema {
public:
  Sema(const ProgramImpl &program, const KernelRequest &request,
       mlir::MLIRContext *context, diagnostics::DiagnosticSink &sink);

  mlir::OwningOpRef<mlir::ModuleOp> run();

  //--- report.cpp: messages, locations, budget ------------------------------//
  template <typename... Args>
  Report report(Diag id, Span where, Args &&...args) {
    numErrors += diagnostics::info(id).severity == diagnostics::Severity::Error;
    return Report(
        *this, sink->report(id, userSpan(where), std::forward<Args>(args)...));
  }
  void addContext(diagnostics::DiagnosticBuilder &builder);
  /// Spans of the prelude become the call in user code.
  Span userSpan(Span span) const;
  bool inPrelude() const;
  mlir::Location location();
  mlir::Location fileLocation(Span span);
  /// Counts work; false once the compilation must stop.
  bool tick(Span where);
  bool isStopped() const { return stopped; }
  /// Runs \p body without messages; false when it would have reported one.
  bool quietly(llvm::function_ref<void()> body);

  template <typename Op, typename... Args> Op create(Args &&...args) {
    ++numOps;
    return Op::create(builder, location(), std::forward<Args>(args)...);
  }

  //--- statements.cpp -------------------------------------------------------//
  Flow visitSeq(StmtList stmts, const Continuation *next = nullptr);
  Flow visitStmt(const Stmt *stmt);
  void assign(const Expr *target, Value value, Span valueSpan);
  /// What a plain assignment stores: numbers become run-time scalars.
  Value demote(Value value, Span where);
  Flow visitReturn(const ReturnStmt *stmt);

  //--- control_flow.cpp -----------------------------------------------------//
  /// From \p clause on. With \p rest a branch may run what follows the `if`,
  /// and \p consumed says that this was done. A branch that is known at compile
  /// time is left to the caller when it gives \p inPlace.
  Flow visitIf(const IfStmt *stmt, size_t clause, const Continuation *rest,
               bool &consumed, std::optional<StmtList> *inPlace);
  Flow guardRest(StmtList stmts, const Continuation *next, Span where);
  Value visitConditional(const ConditionalExpr *expr);
  /// A condition as i1 scalar, or nothing after a message. \p known gets the
  /// outcome when it is known at compile time.
  bool condition(const Value &value, Span where, std::optional<bool> &known,
                 mlir::Value &runtime);
  /// Names that statements we skip would assign become errors.
  void poisonAssigned(llvm::ArrayRef<IfClause> clauses, StmtList orelse);
  void poisonAssigned(StmtList stmts);
  /// Value of a branch that is never used.
  Value placeholderLike(const Value &value);

  //--- loops.cpp ------------------------------------------------------------//
  Flow visitFor(const ForStmt *stmt);
  Flow visitWhile(const WhileStmt *stmt);
  llvm::ArrayRef<llvm::StringRef> assignedIn(const Stmt *loop, StmtList body);

  //--- expressions.cpp ------------------------------------------------------//
  Value eval(const Expr *expr);
  Value subscript(const Value &value, const Expr *index, Span where);
  std::optional<std::string> formatParts(llvm::ArrayRef<FStringPart> parts);
  Value makeTuple(std::vector<Value> elements, bool isList, Span where);
  /// Elements of a tuple or of a compile-time range, for iteration.
  bool iterate(const Value &value, Span where, std::vector<Value> &elements);

  //--- attributes.cpp -------------------------------------------------------//
  Value attribute(const Value &value, llvm::StringRef name, Span where,
                  bool reportMissing = true);

  //--- names.cpp ------------------------------------------------------------//
  Value lookup(llvm::StringRef name, Span where);
  /// Nothing when the module does not define it.
  std::optional<Value> moduleGlobal(const ModuleScope &scope,
                                    llvm::StringRef name);
  std::optional<Value> moduleMember(const Value &module, llvm::StringRef name);
  Value builtinModule(llvm::StringRef dotted);
  Value importModule(const ModuleScope &from, llvm::StringRef dotted,
                     unsigned level);
  /// A module that the program was not given: nothing is known of it.
  static bool isUnknownModule(const Value &value) {
    return value.kind == Value::Kind::Module && !value.scope &&
           !value.text().starts_with("triton") && value.text() != "math";
  }
  void suggest(Report &report, llvm::StringRef name,
               llvm::ArrayRef<llvm::StringRef> candidates);
  std::vector<llvm::StringRef> memberNames(const Value &module);

  //--- calls.cpp ------------------------------------------------------------//
  Value visitCall(const CallExpr *expr);
  Value call(const Value &callee, CallArgs &args);
  Value callFunction(const FunctionInfo &function, CallArgs &args);
  Value callBuiltin(const BuiltinInfo &builtin, CallArgs &args);
  Value callExtern(llvm::StringRef spelling, CallArgs &args);
  bool bindParameters(const FunctionInfo &function, CallArgs &args,
                      Env &locals);
  Value callMethod(const Value &method, CallArgs &args);
  /// Nothing when the function must be inlined after all.
  std::optional<Value> callNoinline(const FunctionInfo &function, Env &locals,
                                    CallArgs &args);
  /// Evaluates in the scope of a module (defaults, globals).
  Value evalInModule(const ModuleScope &scope, const Expr *expr);

  //--- compile_time.cpp: execution without IR -------------------------------//
  Value callConstexpr(const FunctionInfo &function, CallArgs &args);
  Flow execute(StmtList stmts);
  Value foldBinary(BinaryOp op, const Value &lhs, const Value &rhs, Span where);
  Value foldUnary(UnaryOp op, const Value &operand, Span where);
  Value foldCompare(CompareOp op, const Value &lhs, const Value &rhs,
                    Span where);
  /// Truth of a compile-time value.
  std::optional<bool> truth(const Value &value);

  //--- operators.cpp --------------------------------------------------------//
  Value binary(BinaryOp op, const Value &lhs, const Value &rhs, Span where);
  Value compare(CompareOp op, const Value &lhs, const Value &rhs, Span where);
  Value unary(UnaryOp op, const Value &operand, Span where);
  Value logical(BoolOp op, const Value &lhs, const Value &rhs, Span where);
  /// Promotes and broadcasts both sides of \p what ("+", "where").
  bool unify(Value &lhs, Value &rhs, llvm::StringRef what, Span where,
             PromotionKind kind = {});
  Value select(const Value &condition, const Value &yes, const Value &no);
  Value addPointer(const Value &pointer, Value offset, bool negate, Span where);
  Value minMax(const Value &lhs, const Value &rhs, bool isMax,
               bool propagateNan, Span where);

  //--- conversions.cpp ------------------------------------------------------//
  /// A number becomes a run-time scalar by the literal rule.
  Value toRuntime(const Value &value, Span where);
  /// A number next to a value of type \p like, see promotion of literals.
  Value toRuntimeLike(const Value &value, DType like, Span where,
                      llvm::ArrayRef<int64_t> shape = {});
  Value cast(const Value &value, DType to, Span where, bool rtz = false);
  Value bitcast(const Value &value, DType to, Span where);
  Value constantInt(const BigInt &value, DType dtype,
                    llvm::ArrayRef<int64_t> shape = {});
  Value constantFloat(double value, DType dtype,
                      llvm::ArrayRef<int64_t> shape = {});
  Value splat(const Value &scalar, llvm::ArrayRef<int64_t> shape);
  /// Numpy rules with left padding. False without a message.
  bool broadcastable(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to);
  Value broadcastTo(const Value &value, llvm::ArrayRef<int64_t> shape);
  bool broadcastShapes(const Value &lhs, const Value &rhs, Shape &shape,
                       Span where);
  Value expandDims(const Value &value, int64_t axis);
  Value reshape(const Value &value, llvm::ArrayRef<int64_t> shape,
                bool allowReorder = false);
  /// False after a message when a tensor of that shape may not exist.
  bool checkShape(llvm::ArrayRef<int64_t> shape, Span where);
  /// False after a message when the target has no such type.
  bool checkType(DType dtype, Span where);
  /// A compile-time integer, or nothing after a message.
  std::optional<int64_t> constInt(const Value &value, llvm::StringRef what,
                                  Span where);
  /// A tuple of compile-time integers.
  std::optional<Shape> constShape(const Value &value, llvm::StringRef what,
                                  Span where);
  std::optional<DType> constType(const Value &value, Span where);
  mlir::Type irType(DType dtype, llvm::ArrayRef<int64_t> shape = {}) {
    return tensorType(context, dtype, shape);
  }
  mlir::Type irType(const Value &value) {
    return irType(value.dtype, value.shape);
  }

  const ProgramImpl &program;
  const KernelRequest &request;
  mlir::MLIRContext *context;
  diagnostics::DiagnosticSink *sink;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Frame *frame = nullptr;
  const FunctionInfo *kernel = nullptr;
  /// `BLOCK=64 N=3`, for messages.
  std::string specialization;

  Span currentSpan;
  uint64_t numOps = 0;
  uint64_t numSteps = 0;
  /// Repetitions included, which the sink leaves out.
  uint64_t numErrors = 0;
  unsigned evalDepth = 0;
  unsigned callDepth = 0;
  bool stopped = false;

private:
  Span locatedSpan;
  Frame *locatedFrame = nullptr;
  mlir::Location cachedLocation;
  llvm::DenseMap<std::pair<uint64_t, uint32_t>, mlir::Location> fileLocations;
  /// Globals evaluated so far; an Undefined value marks one in progress.
  std::map<std::pair<const ModuleScope *, std::string>, Value> globals;
  struct NoinlineEntry {
    std::string symbol;
    Value result;
  };
  std::map<std::string, NoinlineEntry> noinlineFunctions;
  /// Names that a loop assigns, per loop.
  llvm::DenseMap<const Stmt *, std::vector<llvm::StringRef>> assignedNames;
};

} // namespace tilesdk::frontend
