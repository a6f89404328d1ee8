//===- specialize.cpp - Arguments to keys and signatures --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/specialize.h"

#include "core/runtime/text.h"

#include <bit>
#include <cstring>

using namespace tilesdk::runtime;

namespace {

constexpr unsigned maxTupleDepth = 16;
constexpr uint32_t maxTupleSize = 4096;

uint64_t floatBits(uint32_t dtype, double value) {
  switch (dtype) {
  case TSDK_F64:
    return std::bit_cast<uint64_t>(value);
  case TSDK_F16:
    return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
  case TSDK_BF16: {
    uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(value));
    if (value != value)
      return bits >> 16 | 0x40;
    // Round to nearest, ties to even.
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  }
  default:
    return std::bit_cast<uint32_t>(static_cast<float>(value));
  }
}

/// Whether an integer, given as 64 bits and whether those are signed, is a
/// value of the type.
bool fits(uint32_t dtype, uint64_t bits, bool negative) {
  unsigned width = dtypeBytes(dtype) * 8;
  if (isSigned(dtype)) {
    if (negative)
      return static_cast<int64_t>(bits) >= INT64_MIN >> (64 - width);
    return bits <= (uint64_t(1) << (width - 1)) - 1;
  }
  return !negative && (width == 64 || bits < uint64_t(1) << width);
}

std::string quoted(uint64_t bits, bool negative) {
  return negative ? std::to_string(static_cast<int64_t>(bits))
                  : std::to_string(bits);
}

} // namespace

Error Arguments::wrong(const Parameter &param, const llvm::Twine &what) const {
  return makeError(TSDK_E_INVALID_ARGUMENT, "kernel `" + kernel.name +
                                                "`, parameter `" + param.name +
                                                "`: " + what);
}

void Arguments::addConstant(ItemKind kind, uint64_t bits) {
  size_t at = keyBytes.size();
  keyBytes.resize_for_overwrite(at + 9);
  keyBytes[at] = static_cast<uint8_t>(kind);
  std::memcpy(&keyBytes[at + 1], &bits, 8);
  if (!spells)
    return;
  Item item;
  item.kind = kind;
  item.bits = bits;
  items.push_back(item);
}

void Arguments::addText(llvm::StringRef text) {
  addConstant(ItemKind::Text, text.size());
  keyBytes.append(text.bytes_begin(), text.bytes_end());
  if (spells)
    items.back().text = text;
}

LLVM_ATTRIBUTE_ALWAYS_INLINE void
Arguments::addLeaf(ItemKind kind, uint32_t dtype, uint64_t bits, bool isConst) {
  size_t at = keyBytes.size();
  keyBytes.resize_for_overwrite(at + 2);
  keyBytes[at] = static_cast<uint8_t>(kind) | (isConst ? 0x80 : 0);
  keyBytes[at + 1] = static_cast<uint8_t>(dtype);
  if (spells) {
    Item item;
    item.kind = kind;
    item.dtype = static_cast<uint8_t>(dtype);
    item.isConst = isConst;
    items.push_back(item);
  }
  leafValues.push_back(bits);
  leafTypes.push_back(kind == ItemKind::Pointer || kind == ItemKind::PointerBy16
                          ? static_cast<uint8_t>(TSDK_U64)
                          : static_cast<uint8_t>(dtype));
}

Error Arguments::addPointer(const Parameter &param, const void *pointer,
                            uint32_t dtype) {
  if (param.isConstexpr)
    return wrong(param, "it is a constexpr and cannot be a pointer");
  if (param.forcedType && !param.forcedPointer)
    return wrong(param, llvm::Twine("expected ") + dtypeName(param.forcedType) +
                            ", got a pointer");
  if (param.forcedPointer)
    dtype = param.forcedType;
  if (!dtypeName(dtype))
    return wrong(param, dtype ? llvm::Twine("element type ") +
                                    llvm::Twine(dtype) + " is not known"
                              : llvm::Twine("the pointer's element type is "
                                            "missing; set `aux` of the "
                                            "argument, or annotate the "
                                            "parameter"));
  if (device)
    if (Error error = device->checkPointer(pointer, llvm::Twine("parameter `") +
                                                        param.name + "`"))
      return error;
  uint64_t bits = reinterpret_cast<uintptr_t>(pointer);
  bool aligned = bits % 16 == 0 && !param.doNotAlign;
  addLeaf(aligned ? ItemKind::PointerBy16 : ItemKind::Pointer, dtype, bits,
          param.isConst);
  return success();
}

Error Arguments::addFloat(const Parameter &param, double value) {
  if (param.isConstexpr) {
    addConstant(ItemKind::Float, std::bit_cast<uint64_t>(value));
    return success();
  }
  uint32_t dtype = param.forcedType ? param.forcedType : TSDK_F32;
  if (param.forcedPointer || !isFloat(dtype))
    return wrong(
        param, llvm::Twine("expected ") + (param.forcedPointer ? "*" : "") +
                   dtypeName(dtype) + ", got the float " + floatLiteral(value));
  if (dtypeBytes(dtype) == 1)
    return wrong(param, "8-bit floats cannot be passed by value; pass f32");
  addLeaf(ItemKind::Scalar, dtype, floatBits(dtype, value));
  return success();
}

Error Arguments::addInteger(const Parameter &param, const tsdk_arg &arg) {
  uint64_t bits = arg.v.u;
  bool negative = arg.kind == TSDK_ARG_INT && arg.v.i < 0;
  if (param.isConstexpr || (bits == 1 && arg.kind != TSDK_ARG_BOOL &&
                            !param.forcedType && !param.doNotSpecialize)) {
    if (arg.kind == TSDK_ARG_BOOL)
      addConstant(ItemKind::Bool, bits != 0);
    else if (arg.kind == TSDK_ARG_UINT && bits > INT64_MAX)
      addConstant(ItemKind::UInt, bits);
    else
      addConstant(ItemKind::Int, bits);
    return success();
  }
  if (arg.kind == TSDK_ARG_BOOL && !param.forcedType) {
    addLeaf(ItemKind::Scalar, TSDK_I1, bits != 0);
    return success();
  }
  uint32_t dtype = param.forcedType;
  if (param.forcedPointer)
    return wrong(param, llvm::Twine("expected a pointer to ") +
                            dtypeName(dtype) + ", got the integer " +
                            quoted(bits, negative));
  if (isFloat(dtype))
    return addFloat(param, negative ? static_cast<double>(arg.v.i)
                                    : static_cast<double>(bits));
  if (dtype == TSDK_I1) {
    addLeaf(ItemKind::Scalar, TSDK_I1, bits != 0);
    return success();
  }
  if (!dtype)
    dtype = fits(TSDK_I32, bits, negative)   ? TSDK_I32
            : fits(TSDK_I64, bits, negative) ? TSDK_I64
                                             : TSDK_U64;
  if (!fits(dtype, bits, negative))
    return wrong(param, quoted(bits, negative) + llvm::Twine(" does not fit ") +
                            dtypeName(dtype));
  bool by16 = bits % 16 == 0 && !param.doNotAlign;
  addLeaf(by16 ? ItemKind::ScalarBy16 : ItemKind::Scalar, dtype, bits);
  return success();
}

Error Arguments::addScalar(const Parameter &param, const tsdk_arg &arg) {
  uint32_t dtype = arg.aux;
  if (!dtypeName(dtype))
    return wrong(param, "type " + llvm::Twine(dtype) + " is not known");
  // An exact type counts like an annotation; the annotation itself wins.
  Parameter typed = param;
  if (!typed.forcedType)
    typed.forcedType = dtype;
  if (isFloat(dtype))
    return addFloat(typed, arg.v.f);
  tsdk_arg integer = arg;
  integer.kind = dtype == TSDK_I1  ? TSDK_ARG_BOOL
                 : isSigned(dtype) ? TSDK_ARG_INT
                                   : TSDK_ARG_UINT;
  return addInteger(typed, integer);
}

Error Arguments::addTuple(const Parameter &param, const tsdk_arg &arg,
                          unsigned depth) {
  if (depth > maxTupleDepth || arg.aux > maxTupleSize || (arg.aux && !arg.v.p))
    return wrong(param, "the tuple is malformed: too deep, too long or null");
  addConstant(ItemKind::TupleOpen, arg.aux);
  const tsdk_arg *elements = static_cast<const tsdk_arg *>(arg.v.p);
  for (uint32_t i = 0; i < arg.aux; ++i)
    if (Error error = add(param, elements[i], "", depth + 1))
      return error;
  return success();
}

/// The signature's form of it:
/// tensordesc(*f16,(i32,i32),(i64,1),(64,64),'zero').
Error Arguments::addDescriptor(const Parameter &param, const tsdk_arg &arg,
                               unsigned depth) {
  const tsdk_arg *parts = static_cast<const tsdk_arg *>(arg.v.p);
  bool valid = depth <= maxTupleDepth && parts && arg.aux >= 4 && arg.aux <= 5;
  for (unsigned i = 1; valid && i < 4; ++i)
    valid = parts[i].kind == TSDK_ARG_TUPLE && parts[i].aux == parts[1].aux &&
            parts[i].aux >= 1 && parts[i].aux <= 5 && parts[i].v.p;
  if (!valid)
    return wrong(
        param, "a tensor descriptor has a base, then shape, strides and block "
               "shape as tuples of one length from 1 to 5, then its padding");
  if (param.isConstexpr)
    return wrong(param, "it is a constexpr and cannot be a tensor descriptor");
  const tsdk_arg *strides = static_cast<const tsdk_arg *>(parts[2].v.p);
  const tsdk_arg &last = strides[parts[2].aux - 1];
  if ((last.kind != TSDK_ARG_INT && last.kind != TSDK_ARG_UINT) ||
      last.v.u != 1)
    return wrong(param, "the last stride of a tensor descriptor must be 1");
  addConstant(ItemKind::DescriptorOpen, arg.aux);
  if (Error error = add(param, parts[0], "", depth + 1))
    return error;
  // Like an annotation: these parts have one type whatever their values.
  Parameter element;
  element.name = param.name;
  element.forcedType = TSDK_I32;
  if (Error error = addTuple(element, parts[1], depth + 1))
    return error;
  addConstant(ItemKind::TupleOpen, parts[2].aux);
  element.forcedType = TSDK_I64;
  for (uint32_t i = 0; i + 1 < parts[2].aux; ++i)
    if (Error error = add(element, strides[i], "", depth + 1))
      return error;
  addConstant(ItemKind::Int, 1);
  element.forcedType = 0;
  element.isConstexpr = true;
  if (Error error = addTuple(element, parts[3], depth + 1))
    return error;
  return arg.aux == 5 ? add(element, parts[4], "", depth + 1) : success();
}

Error Arguments::add(const Parameter &param, const tsdk_arg &arg,
                     llvm::StringRef defaultText, unsigned depth) {
  switch (arg.kind) {
  case TSDK_ARG_DEFAULT:
    if (!param.hasDefault || depth)
      return wrong(param, "it has no value and no default");
    return add(param, param.defaultArg, param.defaultText, depth + 1);
  case TSDK_ARG_NONE:
    addConstant(ItemKind::None, 0);
    return success();
  case TSDK_ARG_INT:
  case TSDK_ARG_UINT:
  case TSDK_ARG_BOOL:
    return addInteger(param, arg);
  case TSDK_ARG_FLOAT:
    return addFloat(param, arg.v.f);
  case TSDK_ARG_PTR:
    return addPointer(param, arg.v.p, arg.aux);
  case TSDK_ARG_BUFFER: {
    Object *object = lookUpHandle(arg.v.p);
    if (!object || object->kind() != Kind::Buffer)
      return wrong(param, "the argument is not a live tsdk_buffer");
    Buffer *buffer = static_cast<Buffer *>(object);
    if (device && &buffer->device() != device)
      return wrong(param, "the buffer belongs to device " +
                              buffer->device().uri() + ", the launch is on " +
                              device->uri() +
                              "; copy the data, or launch there");
    return addPointer(param, buffer->pointer, arg.aux);
  }
  case TSDK_ARG_SCALAR:
    return addScalar(param, arg);
  case TSDK_ARG_CONSTEXPR: {
    llvm::StringRef text =
        arg.v.p ? llvm::StringRef(static_cast<const char *>(arg.v.p), arg.aux)
                : defaultText;
    std::optional<std::vector<std::string>> entries = splitSignature(text);
    if (!entries || entries->size() != 1)
      return wrong(param, "`" + text + "` is not one literal of a signature");
    addText(text);
    return success();
  }
  case TSDK_ARG_TUPLE:
    return addTuple(param, arg, depth);
  case TSDK_ARG_DESCRIPTOR:
    return addDescriptor(param, arg, depth);
  default:
    return wrong(param, "argument kind " + llvm::Twine(arg.kind) +
                            " is not known to this tilesdk");
  }
}

Error Arguments::bind(const tsdk_arg *args, size_t numArgs,
                      const tsdk_option *options, size_t numOptions) {
  if (numArgs > kernel.params.size())
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "kernel `" + kernel.name + "` has " +
                         llvm::Twine(kernel.params.size()) +
                         " parameters, the launch has " + llvm::Twine(numArgs) +
                         " arguments");
  for (size_t i = 0; i < kernel.params.size(); ++i) {
    const Parameter &param = kernel.params[i];
    tsdk_arg arg = {};
    if (i < numArgs)
      arg = args[i];
    if (spells)
      firsts.push_back(static_cast<uint32_t>(items.size()));
    // Most arguments of most launches: what addInteger would find.
    if (arg.kind == TSDK_ARG_INT && !param.isConstexpr && !param.forcedType &&
        (arg.v.i != 1 || param.doNotSpecialize) &&
        arg.v.i == static_cast<int32_t>(arg.v.i)) [[likely]] {
      bool by16 = arg.v.u % 16 == 0 && !param.doNotAlign;
      addLeaf(by16 ? ItemKind::ScalarBy16 : ItemKind::Scalar, TSDK_I32,
              arg.v.u);
      continue;
    }
    if (i >= numArgs || arg.kind == TSDK_ARG_DEFAULT)
      for (size_t j = 0; j < numOptions; ++j)
        if (toRef(options[j].name) == param.name) {
          llvm::StringRef text = toRef(options[j].value);
          arg.kind = TSDK_ARG_CONSTEXPR;
          arg.aux = static_cast<uint32_t>(text.size());
          arg.v.p = const_cast<char *>(text.data());
        }
    if (Error error = add(param, arg, "", 0))
      return error;
  }
  for (size_t j = 0; j < numOptions; ++j) {
    llvm::StringRef name = toRef(options[j].name);
    int index = kernel.findParameter(name);
    if (index >= 0) {
      if (static_cast<size_t>(index) < numArgs &&
          args[index].kind != TSDK_ARG_DEFAULT)
        return wrong(kernel.params[index],
                     "it has an argument and a value in the options");
      continue;
    }
    llvm::StringRef value = toRef(options[j].value);
    uint32_t sizes[2] = {static_cast<uint32_t>(name.size()),
                         static_cast<uint32_t>(value.size())};
    keyBytes.append(reinterpret_cast<uint8_t *>(sizes),
                    reinterpret_cast<uint8_t *>(sizes + 2));
    keyBytes.append(name.bytes_begin(), name.bytes_end());
    keyBytes.append(value.bytes_begin(), value.bytes_end());
  }
  return success();
}

std::string Arguments::signature() const {
  std::string text;
  struct Tuple {
    uint64_t size, left;
  };
  llvm::SmallVector<Tuple> open;
  for (const Item &item : items) {
    if (open.empty() ? !text.empty() : open.back().left != open.back().size)
      text += ',';
    if (!open.empty())
      --open.back().left;
    switch (item.kind) {
    case ItemKind::Int:
      text += std::to_string(static_cast<int64_t>(item.bits));
      break;
    case ItemKind::UInt:
      text += std::to_string(item.bits);
      break;
    case ItemKind::Float:
      text += floatLiteral(std::bit_cast<double>(item.bits));
      break;
    case ItemKind::Bool:
      text += item.bits ? "True" : "False";
      break;
    case ItemKind::None:
      text += "None";
      break;
    case ItemKind::Text:
      text += item.text;
      break;
    case ItemKind::DescriptorOpen:
      text += "tensordesc(";
      open.push_back({item.bits, item.bits});
      break;
    case ItemKind::TupleOpen:
      text += '(';
      open.push_back({item.bits, item.bits});
      break;
    case ItemKind::Scalar:
    case ItemKind::ScalarBy16:
      text += item.dtype == TSDK_I1 ? "u1" : dtypeName(item.dtype);
      if (item.kind == ItemKind::ScalarBy16)
        text += ":16";
      break;
    case ItemKind::Pointer:
    case ItemKind::PointerBy16:
      text += item.isConst ? "*k" : "*";
      text += dtypeName(item.dtype);
      if (item.kind == ItemKind::PointerBy16)
        text += ":16";
      break;
    }
    while (!open.empty() && !open.back().left) {
      text += open.back().size == 1 ? ",)" : ")";
      open.pop_back();
    }
  }
  return text;
}
