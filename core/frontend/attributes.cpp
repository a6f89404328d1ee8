//===- attributes.cpp - What stands behind a dot ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringSwitch.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

static Value method(const Value &receiver, llvm::StringRef name) {
  Value value = Value::of(Value::Kind::Method);
  auto payload = std::make_shared<Payload>();
  payload->text = name.str();
  payload->elements.push_back(receiver);
  value.payload = std::move(payload);
  return value;
}

static Value shapeTuple(llvm::ArrayRef<int64_t> shape) {
  std::vector<Value> sizes;
  for (int64_t size : shape)
    sizes.push_back(Value::intOf(size));
  return Value::tuple(std::move(sizes));
}

static unsigned mantissaWidth(DType dtype) {
  switch (dtype.scalar) {
  case Scalar::F16:
    return 10;
  case Scalar::BF16:
    return 7;
  case Scalar::F32:
    return 23;
  case Scalar::F64:
    return 52;
  case Scalar::F8E5M2:
  case Scalar::F8E5M2Fnuz:
    return 2;
  default:
    return 3;
  }
}

static int64_t exponentBias(DType dtype) {
  switch (dtype.scalar) {
  case Scalar::F16:
  case Scalar::F8E5M2:
    return 15;
  case Scalar::BF16:
  case Scalar::F32:
    return 127;
  case Scalar::F64:
    return 1023;
  case Scalar::F8E4M3:
    return 7;
  case Scalar::F8E4M3Fnuz:
    return 8;
  case Scalar::F8E5M2Fnuz:
    return 16;
  default:
    return 15;
  }
}

static bool isDtypeMethod(llvm::StringRef name) {
  return name.starts_with("is_") || name == "kind" || name == "to" ||
         name == "get_int_max_value" || name == "get_int_min_value" ||
         name == "get_block_shapes";
}

static std::optional<Value> typeAttribute(const Value &type,
                                          llvm::StringRef name) {
  DType dtype = type.dtype;
  bool isBlock = !type.shape.empty();
  if (name == "element_ty") {
    if (isBlock)
      return Value::typeOf(dtype);
    if (dtype.isPointer())
      return Value::typeOf(dtype.pointee());
    return std::nullopt;
  }
  if (name == "scalar")
    return Value::typeOf(dtype);
  if (name == "primitive_bitwidth")
    return Value::intOf(dtype.isBool() ? 1 : dtype.width());
  if (name == "itemsize")
    return Value::intOf(dtype.bytes());
  if (name == "int_bitwidth" && dtype.isInt())
    return Value::intOf(dtype.width());
  if (name == "int_signedness" && dtype.isInt())
    return Value::stringOf(dtype.isSigned() ? "signed" : "unsigned");
  if (name == "fp_mantissa_width" && dtype.isFloat())
    return Value::intOf(mantissaWidth(dtype));
  if (name == "exponent_bias" && dtype.isFloat())
    return Value::intOf(exponentBias(dtype));
  if (name == "name")
    return Value::stringOf(dtype.shortName());
  if (name == "shape" && isBlock)
    return shapeTuple(type.shape);
  if (name == "numel" && isBlock)
    return Value::intOf(elementCount(type.shape));
  if (name == "address_space" && dtype.isPointer())
    return Value::intOf(dtype.addressSpace);
  if (name == "const" && dtype.isPointer())
    return Value::boolOf(dtype.isConst);
  if (name == "dtype")
    return Value::typeOf(dtype);
  if (isDtypeMethod(name))
    return method(type, name);
  return std::nullopt;
}

static llvm::ArrayRef<llvm::StringRef> attributeNames(const Value &value) {
  static constexpr llvm::StringRef typeNames[] = {
      "element_ty", "scalar",       "primitive_bitwidth",
      "itemsize",   "int_bitwidth", "int_signedness",
      "name",       "shape",        "fp_mantissa_width",
      "numel",      "is_floating",  "is_fp32",
      "is_fp16",    "is_bf16",      "is_fp8",
      "is_int",     "is_ptr",       "is_int_signed",
      "is_block"};
  static constexpr llvm::StringRef tensorNames[] = {
      "dtype",   "shape",        "type",        "T",          "to",
      "sum",     "max",          "min",         "reshape",    "trans",
      "permute", "broadcast_to", "expand_dims", "cast",       "store",
      "argmax",  "argmin",       "cumsum",      "split",      "numel",
      "exp",     "log",          "sqrt",        "abs",        "sigmoid",
      "softmax", "view",         "item",        "sort",       "gather",
      "flip",    "ravel",        "reduce",      "element_ty", "value"};
  static constexpr llvm::StringRef descriptorNames[] = {
      "load",       "store",       "gather",    "scatter",    "shape",
      "strides",    "block_shape", "dtype",     "atomic_add", "atomic_min",
      "atomic_max", "atomic_and",  "atomic_or", "atomic_xor"};
  if (value.isType())
    return typeNames;
  if (value.kind == Value::Kind::Descriptor)
    return descriptorNames;
  return tensorNames;
}

Value Sema::attribute(const Value &value, llvm::StringRef name, Span where,
                      bool reportMissing) {
  using Kind = Value::Kind;
  // A constexpr and what it holds are one here.
  if (name == "value" && value.kind != Kind::Module && value.isConstexpr() &&
      value.fields().empty())
    return value;
  switch (value.kind) {
  case Kind::Error:
    return Value::error();
  case Kind::Module: {
    if (std::optional<Value> member = moduleMember(value, name))
      return *member;
    if (!reportMissing)
      return Value::error();
    llvm::StringRef shown =
        value.scope ? llvm::StringRef(value.scope->name) : value.text();
    Report message = report(Diag::UndefinedAttribute, where,
                            "module `" + shown.str() + "`", name);
    if (!value.scope && value.text().starts_with("triton.language.extra"))
      message.note("target " + request.targetName +
                   " does not offer this function");
    suggest(message, name, memberNames(value));
    return message;
  }
  case Kind::Type:
    if (std::optional<Value> result = typeAttribute(value, name))
      return *result;
    break;
  case Kind::Runtime:
    if (name == "dtype")
      return Value::typeOf(value.dtype);
    if (name == "type")
      return Value::typeOf(value.dtype, value.shape);
    if (name == "shape")
      return shapeTuple(value.shape);
    if (name == "numel")
      return Value::intOf(elementCount(value.shape));
    if (name == "T") {
      CallArgs args;
      args.span = where;
      args.args.push_back({"", value, where});
      return callBuiltin(*findBuiltin("tl._transpose"), args);
    }
    if (isMethodName(name))
      return method(value, name);
    break;
  case Kind::Bool:
  case Kind::Int:
  case Kind::Float:
    if (name == "bit_length" && value.isInt())
      return method(value, name);
    if (name == "dtype" || name == "type" || isMethodName(name))
      return attribute(toRuntime(value, where), name, where);
    break;
  case Kind::None:
  case Kind::Function:
  case Kind::Builtin:
    if (name == "__name__")
      return Value::stringOf(value.repr());
    break;
  case Kind::String:
    if (llvm::is_contained({"startswith", "endswith", "lower", "upper", "strip",
                            "replace", "split"},
                           name))
      return method(value, name);
    break;
  case Kind::Tuple: {
    llvm::ArrayRef<std::string> fields = value.fields();
    for (size_t i = 0; i < fields.size(); ++i)
      if (fields[i] == name)
        return value.elements()[i];
    if (name == "index" || name == "count")
      return method(value, name);
    break;
  }
  case Kind::Slice:
    if (name == "start" || name == "stop" || name == "step")
      return value.elements()[name == "start" ? 0 : name == "stop" ? 1 : 2];
    break;
  case Kind::BlockPointer: {
    const Value &base = value.elements().front();
    if (name == "dtype")
      return Value::typeOf(base.dtype);
    if (name == "type")
      return Value::typeOf(
          base.dtype.pointee(),
          Shape(value.payload->block.begin(), value.payload->block.end()));
    if (name == "shape")
      return value.elements()[1];
    if (name == "strides")
      return value.elements()[2];
    if (name == "offsets")
      return value.elements()[3];
    if (name == "store" || name == "advance")
      return method(value, name);
    break;
  }
  case Kind::Descriptor: {
    DType element = value.elements().front().dtype.pointee();
    if (name == "dtype")
      return Value::typeOf(element);
    if (name == "type" || name == "block_type")
      return Value::typeOf(element, Shape(value.payload->block.begin(),
                                          value.payload->block.end()));
    if (name == "block_shape")
      return shapeTuple(value.payload->block);
    if (name == "shape")
      return value.elements()[1];
    if (name == "strides")
      return value.elements()[2];
    if (name == "base")
      return value.elements()[0];
    if (findBuiltin(("desc." + name).str()))
      return method(value, name);
    break;
  }
  default:
    break;
  }
  if (!reportMissing)
    return Value::error();
  Report message =
      report(Diag::UndefinedAttribute, where, value.describe(), name);
  suggest(message, name, attributeNames(value));
  return message;
}
