//===- value.cpp - What an expression of a kernel evaluates to --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/value.h"

#include "core/frontend/builtins.h"
#include "core/frontend/scope.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <charconv>
#include <cmath>

using namespace tilesdk::frontend;

Value Value::boolOf(bool value) {
  Value result = of(Kind::Bool);
  result.boolean = value;
  return result;
}

Value Value::intOf(BigInt value) {
  Value result = of(Kind::Int);
  auto payload = std::make_shared<Payload>();
  payload->integer = std::move(value);
  result.payload = std::move(payload);
  return result;
}

Value Value::floatOf(double value) {
  Value result = of(Kind::Float);
  result.number = value;
  return result;
}

Value Value::stringOf(llvm::StringRef text) {
  Value result = of(Kind::String);
  auto payload = std::make_shared<Payload>();
  payload->text = text.str();
  result.payload = std::move(payload);
  return result;
}

Value Value::typeOf(DType dtype, llvm::ArrayRef<int64_t> shape) {
  Value result = of(Kind::Type);
  result.dtype = dtype;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

Value Value::tuple(std::vector<Value> elements, bool isList) {
  Value result = of(Kind::Tuple);
  auto payload = std::make_shared<Payload>();
  payload->elements = std::move(elements);
  payload->isList = isList;
  uint64_t leaves = 0;
  for (const Value &element : payload->elements) {
    bool nested = element.isTuple();
    leaves += nested ? element.payload->leaves + 1 : 1;
    if (nested)
      payload->depth = std::max(payload->depth, element.payload->depth + 1);
  }
  payload->leaves = std::min<uint64_t>(leaves, 1u << 30);
  result.payload = std::move(payload);
  return result;
}

Value Value::runtime(mlir::Value ir, DType dtype,
                     llvm::ArrayRef<int64_t> shape) {
  Value result = of(Kind::Runtime);
  result.ir = ir;
  result.dtype = dtype;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

bool Value::isConstexpr() const {
  return !isError() && kind != Kind::Undefined && !hasRuntimeLeaf(*this);
}

const BigInt &Value::integer() const {
  static const BigInt zero;
  return payload ? payload->integer : zero;
}

BigInt Value::asInteger() const {
  return isBool() ? BigInt(boolean) : integer();
}

double Value::asDouble() const {
  return isFloat() ? number : asInteger().toDouble();
}

llvm::StringRef Value::text() const {
  return payload ? llvm::StringRef(payload->text) : llvm::StringRef();
}

llvm::ArrayRef<Value> Value::elements() const {
  return payload ? llvm::ArrayRef<Value>(payload->elements)
                 : llvm::ArrayRef<Value>();
}

llvm::ArrayRef<std::string> Value::fields() const {
  return payload ? llvm::ArrayRef<std::string>(payload->fields)
                 : llvm::ArrayRef<std::string>();
}

std::string tilesdk::frontend::floatRepr(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text;
}

static std::string quoted(llvm::StringRef text) {
  std::string result = "'";
  for (char c : text.take_front(64)) {
    if (c == '\n')
      result += "\\n";
    else if (c == '\'' || c == '\\')
      (result += '\\') += c;
    else
      result += c;
  }
  return result + (text.size() > 64 ? "...'" : "'");
}

std::string Value::repr() const {
  switch (kind) {
  case Kind::Error:
    return "<error>";
  case Kind::Undefined:
    return "<undefined>";
  case Kind::None:
    return "None";
  case Kind::Ellipsis:
    return "...";
  case Kind::Bool:
    return boolean ? "True" : "False";
  case Kind::Int:
    return integer().str();
  case Kind::Float:
    return floatRepr(number);
  case Kind::String:
    return quoted(text());
  case Kind::Type:
  case Kind::Runtime:
    return typeStr(dtype, shape);
  case Kind::Function:
    return function->name().str();
  case Kind::Builtin:
    return builtinSpelling(*builtin).str();
  case Kind::Method:
    return "<method>";
  case Kind::Module:
    return "<module>";
  case Kind::Tuple: {
    bool list = payload->isList;
    std::string result = list ? "[" : "(";
    for (size_t i = 0; i < elements().size(); ++i) {
      if (i == 8) {
        result += ", ...";
        break;
      }
      result += (i ? ", " : "") + elements()[i].repr();
    }
    if (!list && elements().size() == 1)
      result += ',';
    return result + (list ? "]" : ")");
  }
  case Kind::Slice:
    return "slice";
  case Kind::TupleClass:
    return text().str();
  case Kind::BlockPointer:
    return "block pointer";
  case Kind::Descriptor:
    return "tensor descriptor";
  case Kind::Range:
    return "range";
  case Kind::Extern:
    return text().str();
  }
  return "";
}

std::string Value::str() const { return isString() ? text().str() : repr(); }

std::string Value::describe() const {
  switch (kind) {
  case Kind::Bool:
  case Kind::None:
    return "`" + repr() + "`";
  case Kind::Int:
    return "the integer " + repr();
  case Kind::Float:
    return "the number " + repr();
  case Kind::String:
    return "the string " + repr();
  case Kind::Type:
    return "the type " + repr();
  case Kind::Runtime:
    return "`" + repr() + "`";
  case Kind::Function:
  case Kind::Builtin:
  case Kind::Extern:
    return "the function `" + repr() + "`";
  case Kind::Method:
    return "a method";
  case Kind::Module:
    return "a module";
  case Kind::Tuple:
    return (payload->isList ? "a list of " : "a tuple of ") +
           std::to_string(elements().size());
  case Kind::Slice:
    return "a slice";
  case Kind::TupleClass:
    return "the class `" + repr() + "`";
  case Kind::BlockPointer:
    return "a block pointer";
  case Kind::Descriptor:
    return "a tensor descriptor of " +
           typeStr(elements().front().dtype.pointee(), payload->block);
  case Kind::Range:
    return "a range";
  default:
    return repr();
  }
}

bool tilesdk::frontend::constexprEqual(const Value &lhs, const Value &rhs) {
  using Kind = Value::Kind;
  if (lhs.isNumber() && rhs.isNumber()) {
    if (lhs.isFloat() || rhs.isFloat())
      return lhs.asDouble() == rhs.asDouble();
    return lhs.asInteger() == rhs.asInteger();
  }
  if (lhs.kind != rhs.kind)
    return false;
  switch (lhs.kind) {
  case Kind::None:
  case Kind::Ellipsis:
    return true;
  case Kind::String:
  case Kind::Extern:
  case Kind::TupleClass:
    return lhs.text() == rhs.text();
  case Kind::Type:
    return lhs.dtype == rhs.dtype && lhs.shape == rhs.shape;
  case Kind::Function:
    return lhs.function == rhs.function;
  case Kind::Builtin:
    return lhs.builtin == rhs.builtin;
  case Kind::Module:
    return lhs.scope == rhs.scope && lhs.text() == rhs.text();
  case Kind::Slice:
  case Kind::Tuple: {
    llvm::ArrayRef<Value> a = lhs.elements(), b = rhs.elements();
    if (a.size() != b.size())
      return false;
    for (size_t i = 0; i < a.size(); ++i)
      if (!constexprEqual(a[i], b[i]))
        return false;
    return true;
  }
  default:
    return false;
  }
}

bool tilesdk::frontend::sameType(const Value &lhs, const Value &rhs) {
  using Kind = Value::Kind;
  if (lhs.isError() || rhs.isError())
    return true;
  if (lhs.kind != rhs.kind)
    return false;
  switch (lhs.kind) {
  case Kind::Runtime:
    return lhs.dtype == rhs.dtype && lhs.shape == rhs.shape;
  case Kind::BlockPointer:
  case Kind::Descriptor:
    if (lhs.payload->block != rhs.payload->block ||
        lhs.payload->text != rhs.payload->text)
      return false;
    [[fallthrough]];
  case Kind::Tuple: {
    llvm::ArrayRef<Value> a = lhs.elements(), b = rhs.elements();
    if (a.size() != b.size())
      return false;
    for (size_t i = 0; i < a.size(); ++i)
      if (!sameType(a[i], b[i]))
        return false;
    return true;
  }
  default:
    return constexprEqual(lhs, rhs);
  }
}

bool tilesdk::frontend::hasRuntimeLeaf(const Value &value) {
  if (value.isRuntime())
    return true;
  for (const Value &element : value.elements())
    if (hasRuntimeLeaf(element))
      return true;
  return false;
}

void tilesdk::frontend::flatten(const Value &value,
                                llvm::SmallVectorImpl<mlir::Value> &leaves) {
  if (value.isRuntime())
    leaves.push_back(value.ir);
  for (const Value &element : value.elements())
    flatten(element, leaves);
}

Value tilesdk::frontend::unflatten(const Value &like,
                                   llvm::ArrayRef<mlir::Value> &leaves) {
  Value result = like;
  if (like.isRuntime()) {
    result.ir = leaves.front();
    leaves = leaves.drop_front();
    return result;
  }
  if (!hasRuntimeLeaf(like))
    return result;
  auto payload = std::make_shared<Payload>(*like.payload);
  for (Value &element : payload->elements)
    element = unflatten(element, leaves);
  result.payload = std::move(payload);
  return result;
}
