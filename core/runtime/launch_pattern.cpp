//===- launch_pattern.cpp - Launches that look alike ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/launch_pattern.h"

#include "core/runtime/specialize.h"
#include "core/runtime/text.h"

#include <algorithm>
#include <cstring>

using namespace tilesdk::runtime;

namespace {

bool isLeaf(const Item &item) {
  switch (item.kind) {
  case ItemKind::Scalar:
  case ItemKind::ScalarBy16:
  case ItemKind::Pointer:
  case ItemKind::PointerBy16:
    return true;
  default:
    return false;
  }
}

/// Whether the item is all of one argument, and one that says it by its bits.
bool isConstant(const Item &item) {
  return item.kind != ItemKind::Text && item.kind != ItemKind::TupleOpen &&
         item.kind != ItemKind::DescriptorOpen && !isLeaf(item);
}

/// The memory of a pointer or buffer of the device; null when it has none, and
/// for what the long way explains.
const void *memoryOf(const tsdk_arg &arg, bool isBuffer, const Device &on) {
  if (!isBuffer)
    return arg.v.p;
  Object *object = lookUpHandle(arg.v.p);
  if (!object || object->kind() != Kind::Buffer)
    return nullptr;
  Buffer *buffer = static_cast<Buffer *>(object);
  return &buffer->device() == &on ? buffer->pointer : nullptr;
}

} // namespace

/// What else arg.v could be for the same item.
bool LaunchPattern::Argument::setLeaf(const tsdk_arg &arg,
                                      const Parameter &param,
                                      const Item &item) {
  bool isBy16 =
      item.kind == ItemKind::ScalarBy16 || item.kind == ItemKind::PointerBy16;
  by16 = isBy16 ? By16::Yes : param.doNotAlign ? By16::Either : By16::No;
  if (arg.kind == TSDK_ARG_PTR || arg.kind == TSDK_ARG_BUFFER) {
    form = arg.kind == TSDK_ARG_PTR ? Form::Pointer : Form::Buffer;
    return true;
  }
  if (arg.kind == TSDK_ARG_FLOAT) {
    form = Form::Float32;
    by16 = By16::Either;
    return item.dtype == TSDK_F32;
  }
  if (arg.kind != TSDK_ARG_INT && arg.kind != TSDK_ARG_UINT &&
      arg.kind != TSDK_ARG_BOOL)
    return false;
  form = Form::Integer;
  if (item.dtype == TSDK_I1) {
    by16 = By16::Either;
    low = 0;
    high = 1;
    return true;
  }
  // A wide type that no annotation asked for is that of wide values only.
  if (isFloat(item.dtype) || (!param.forcedType && item.dtype != TSDK_I32))
    return false;
  unsigned width = dtypeBytes(item.dtype) * 8;
  bool isSignedType = isSigned(item.dtype);
  high = width == 64 ? INT64_MAX
                     : (int64_t(1) << (width - (isSignedType ? 1 : 0))) - 1;
  low = isSignedType && arg.kind == TSDK_ARG_INT ? -high - 1 : 0;
  isNeverOne =
      !param.forcedType && !param.doNotSpecialize && arg.kind != TSDK_ARG_BOOL;
  return true;
}

std::optional<LaunchPattern> LaunchPattern::create(
    const Device &device, const tsdk_launch_desc &desc,
    llvm::ArrayRef<tsdk_arg> args, llvm::ArrayRef<Parameter> params,
    llvm::ArrayRef<Item> items, llvm::ArrayRef<uint32_t> firsts) {
  LaunchPattern result;
  result.device = &device;
  size_t numLeaves = 0;
  for (size_t i = 0; i < params.size(); ++i) {
    size_t end = i + 1 < firsts.size() ? firsts[i + 1] : items.size();
    llvm::ArrayRef<Item> own = items.slice(firsts[i], end - firsts[i]);
    if (i >= args.size()) {
      // Defaults and options: the same each time.
      if (llvm::any_of(own, isLeaf))
        return std::nullopt;
      continue;
    }
    if (own.size() != 1)
      return std::nullopt;
    Argument argument;
    argument.kind = args[i].kind;
    argument.aux = args[i].aux;
    if (isLeaf(own[0])) {
      if (!argument.setLeaf(args[i], params[i], own[0]) ||
          ++numLeaves > Leaves::Most)
        return std::nullopt;
    } else {
      if (!isConstant(own[0]) || args[i].kind == TSDK_ARG_SCALAR)
        return std::nullopt;
      argument.low = args[i].v.i;
    }
    result.arguments.push_back(argument);
  }
  for (size_t i = 0; i < desc.num_options; ++i)
    result.options.emplace_back(toRef(desc.options[i].name),
                                toRef(desc.options[i].value));
  return result;
}

bool LaunchPattern::fits(Device &on, const tsdk_launch_desc &desc,
                         const tsdk_arg *args, size_t numArgs,
                         Leaves *out) const {
  if (&on != device || numArgs != arguments.size() ||
      desc.num_options != options.size())
    return false;
  for (size_t i = 0; i < options.size(); ++i)
    if (toRef(desc.options[i].name) != options[i].first ||
        toRef(desc.options[i].value) != options[i].second)
      return false;
  size_t count = 0;
  for (size_t i = 0; i < numArgs; ++i) {
    const tsdk_arg &arg = args[i];
    const Argument &want = arguments[i];
    if (arg.kind != want.kind || arg.aux != want.aux)
      return false;
    const void *at = &arg.v;
    switch (want.form) {
    case Form::Constant:
      if (arg.v.i != want.low)
        return false;
      continue;
    case Form::Integer:
      if (arg.v.i < want.low || arg.v.i > want.high ||
          (want.isNeverOne && arg.v.i == 1) || !want.hasAlignment(arg.v.u))
        return false;
      break;
    case Form::Float32: {
      float value = static_cast<float>(arg.v.f);
      std::memcpy(&out->converted[count], &value, sizeof value);
      at = &out->converted[count];
      break;
    }
    case Form::Pointer:
    case Form::Buffer: {
      bool isBuffer = want.form == Form::Buffer;
      const void *memory = memoryOf(arg, isBuffer, on);
      uint64_t bits = reinterpret_cast<uintptr_t>(memory);
      if ((isBuffer && !memory) || !want.hasAlignment(bits))
        return false;
      if (Error refused = on.checkPointer(memory, llvm::Twine()))
        return false;
      if (isBuffer) {
        out->converted[count] = bits;
        at = &out->converted[count];
      }
      break;
    }
    }
    out->at[count++] = const_cast<void *>(at);
  }
  out->count = count;
  return true;
}
