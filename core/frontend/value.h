//===- value.h - What an expression of a kernel evaluates to ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The analysis is an abstract interpreter: a value is either known at compile
// time (numbers, strings, types, functions, tuples) or stands for an IR value
// (scalars, tensors, pointers, block pointers).
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/source.h"
#include "core/frontend/bigint.h"
#include "core/frontend/dtype.h"

#include "mlir/IR/Value.h"

#include <memory>
#include <string>
#include <vector>

namespace tilesdk::frontend {

struct FunctionInfo;
struct BuiltinInfo;
struct ModuleScope;
struct Payload;

using diagnostics::Span;

class Value {
public:
  enum class Kind : uint8_t {
    /// Something was reported already; operations on it stay silent.
    Error,
    /// A name that is not defined on every path; `text` says why.
    Undefined,
    None,
    Ellipsis,
    Bool,
    Int,
    Float,
    String,
    /// A dtype, or with a shape a block type.
    Type,
    /// A jit or constexpr function of a program or of the prelude.
    Function,
    Builtin,
    /// `elements[0]` is the receiver of `builtin`, or of `function`.
    Method,
    /// A scope of the program, or with `text` a dotted builtin module.
    Module,
    /// Tuples and lists, `fields` of namedtuples.
    Tuple,
    /// `elements` are lower, upper and step.
    Slice,
    /// A namedtuple class: `text` is its name, `fields` its fields.
    TupleClass,
    /// A scalar or a tensor known at run time.
    Runtime,
    /// `elements`: base, shape, strides, offsets; `integers`: block, order.
    BlockPointer,
    /// `elements`: base, shape, strides; `block`; `text`: padding option.
    Descriptor,
    /// What `range` and its kin give: see Payload.
    Range,
    /// A function that the target adds: `text` is its spelling.
    Extern,
  };

  Kind kind = Kind::Error;
  bool boolean = false;
  /// Of Type and Runtime.
  DType dtype;
  Shape shape;
  /// Of Float.
  double number = 0;
  mlir::Value ir;
  union {
    const FunctionInfo *function = nullptr;
    const BuiltinInfo *builtin;
    const ModuleScope *scope;
  };
  std::shared_ptr<const Payload> payload;
  /// Where a run-time value was made, for labels; in user code only.
  Span origin;

  static Value error() { return Value(); }
  static Value of(Kind kind) {
    Value value;
    value.kind = kind;
    return value;
  }
  static Value none() { return of(Kind::None); }
  static Value boolOf(bool value);
  static Value intOf(BigInt value);
  static Value floatOf(double value);
  static Value stringOf(llvm::StringRef text);
  static Value typeOf(DType dtype, llvm::ArrayRef<int64_t> shape = {});
  static Value tuple(std::vector<Value> elements, bool isList = false);
  static Value runtime(mlir::Value ir, DType dtype,
                       llvm::ArrayRef<int64_t> shape = {});

  bool isError() const { return kind == Kind::Error; }
  bool isNone() const { return kind == Kind::None; }
  bool isRuntime() const { return kind == Kind::Runtime; }
  bool isTensor() const { return isRuntime() && !shape.empty(); }
  bool isScalar() const { return isRuntime() && shape.empty(); }
  bool isBool() const { return kind == Kind::Bool; }
  bool isInt() const { return kind == Kind::Int; }
  bool isFloat() const { return kind == Kind::Float; }
  /// A bool, int or float known at compile time.
  bool isNumber() const { return isBool() || isInt() || isFloat(); }
  bool isString() const { return kind == Kind::String; }
  bool isType() const { return kind == Kind::Type; }
  bool isTuple() const { return kind == Kind::Tuple; }
  bool isPointer() const { return isRuntime() && dtype.isPointer(); }
  /// No IR value in it.
  bool isConstexpr() const;

  const BigInt &integer() const;
  /// Of a number: bools count as 0 and 1.
  BigInt asInteger() const;
  double asDouble() const;
  llvm::StringRef text() const;
  llvm::ArrayRef<Value> elements() const;
  llvm::ArrayRef<std::string> fields() const;

  /// `tensor float32[128, 64]`, `int 5`, `tuple of 2`: for messages.
  std::string describe() const;
  /// Python's `repr` of compile-time values; types of run-time ones.
  std::string repr() const;
  /// Python's `str`: strings without quotes.
  std::string str() const;
};

struct Payload {
  BigInt integer;
  std::string text;
  std::vector<Value> elements;
  std::vector<std::string> fields;
  bool isList = false;
  /// Of tuples: nesting, and leaves counted with repetition; both are bounded
  /// because compile-time values share structure.
  uint32_t depth = 1;
  uint32_t leaves = 0;
  std::vector<int64_t> block;
  std::vector<int64_t> order;
  /// Of Range.
  bool isStatic = false;
  std::vector<std::pair<std::string, int64_t>> hints;
};

/// `is` and `==` of compile-time values; run-time values are never equal.
bool constexprEqual(const Value &lhs, const Value &rhs);
/// Same kind, dtype and shape in every leaf; compile-time leaves must be equal.
bool sameType(const Value &lhs, const Value &rhs);
/// Appends the IR values of the run-time leaves in order.
void flatten(const Value &value, llvm::SmallVectorImpl<mlir::Value> &leaves);
/// The same structure with leaves taken from the front of \p leaves.
Value unflatten(const Value &like, llvm::ArrayRef<mlir::Value> &leaves);
bool hasRuntimeLeaf(const Value &value);

/// Python's text of a floating-point number.
std::string floatRepr(double value);

} // namespace tilesdk::frontend
