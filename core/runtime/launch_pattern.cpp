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

/// The memory of a buffer of the device; null for anything else.
const void *memoryOf(const tsdk_arg &arg, const Device &on) {
  Object *object = lookUpHandle(arg.v.p);
  if (!object || object->kind() != Kind::Buffer)
    return nullptr;
  Buffer *buffer = static_cast<Buffer *>(object);
  return &buffer->device() == &on ? buffer->pointer : nullptr;
}

} // namespace

bool LaunchPattern::add(const tsdk_arg &arg, Argument argument, Range range) {
  constexpr size_t most = 256; // Numbers are bytes.
  auto found = llvm::find(ranges, range);
  if (arguments.size() == most ||
      (found == ranges.end() && ranges.size() == most))
    return false;
  argument.kind = static_cast<uint8_t>(arg.kind);
  argument.aux = arg.aux;
  argument.range = static_cast<uint8_t>(found - ranges.begin());
  if (found == ranges.end())
    ranges.push_back(range);
  arguments.push_back(argument);
  return true;
}

/// What else the argument could be for the same item.
bool LaunchPattern::addLeaf(const tsdk_arg &arg, const Parameter &param,
                            const Item &item, size_t leaf) {
  Argument argument;
  Range range;
  argument.isLeaf = true;
  bool isBy16 =
      item.kind == ItemKind::ScalarBy16 || item.kind == ItemKind::PointerBy16;
  uint8_t alignments = isBy16 ? 2 : param.doNotAlign ? 3 : 1;
  auto addStep = [&](Step::Kind kind) {
    steps.push_back({kind, static_cast<uint8_t>(arguments.size()),
                     static_cast<uint8_t>(leaf), alignments});
  };
  switch (arg.kind) {
  case TSDK_ARG_PTR:
    addStep(Step::Pointer);
    break;
  case TSDK_ARG_BUFFER:
    addStep(Step::Buffer);
    break;
  case TSDK_ARG_FLOAT:
    if (item.dtype != TSDK_F32)
      return false;
    addStep(Step::Float32);
    break;
  case TSDK_ARG_INT:
  case TSDK_ARG_UINT:
  case TSDK_ARG_BOOL: {
    if (item.dtype == TSDK_I1) {
      range = {0, 1};
      break;
    }
    // A wide type that no annotation asked for is that of wide values only.
    if (isFloat(item.dtype) || (!param.forcedType && item.dtype != TSDK_I32))
      return false;
    unsigned width = dtypeBytes(item.dtype) * 8;
    bool isSignedType = isSigned(item.dtype);
    range.high = width == 64
                     ? INT64_MAX
                     : (int64_t(1) << (width - (isSignedType ? 1 : 0))) - 1;
    range.low = isSignedType && arg.kind == TSDK_ARG_INT ? -range.high - 1 : 0;
    argument.alignments = alignments;
    argument.isNeverOne = !param.forcedType && !param.doNotSpecialize &&
                          arg.kind != TSDK_ARG_BOOL;
    break;
  }
  default:
    return false;
  }
  return add(arg, argument, range);
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
    if (isLeaf(own[0])) {
      if (numLeaves == Leaves::Most ||
          !result.addLeaf(args[i], params[i], own[0], numLeaves))
        return std::nullopt;
      ++numLeaves;
      continue;
    }
    if (!isConstant(own[0]) || args[i].kind == TSDK_ARG_SCALAR)
      return std::nullopt;
    int64_t bits = args[i].v.i;
    if (!result.add(args[i], Argument(), {bits, bits}))
      return std::nullopt;
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
  bool good = true;
  for (size_t i = 0; i < numArgs; ++i) {
    const tsdk_arg &arg = args[i];
    const Argument want = arguments[i];
    const Range &range = ranges[want.range];
    good &= (arg.kind == want.kind) & (arg.aux == want.aux) &
            (arg.v.i >= range.low) & (arg.v.i <= range.high) &
            !(want.isNeverOne & (arg.v.i == 1)) &
            isAligned(want.alignments, arg.v.u);
    // The next one takes the place of one that is no leaf.
    out->at[count] = const_cast<void *>(static_cast<const void *>(&arg.v));
    count += want.isLeaf;
  }
  if (!good)
    return false;
  out->count = count;
  for (const Step &step : steps) {
    const tsdk_arg &arg = args[step.argument];
    uint64_t &converted = out->converted[step.leaf];
    if (step.kind == Step::Float32) {
      float value = static_cast<float>(arg.v.f);
      std::memcpy(&converted, &value, sizeof value);
      out->at[step.leaf] = &converted;
      continue;
    }
    const void *memory = arg.v.p;
    if (step.kind == Step::Buffer) {
      memory = memoryOf(arg, on);
      // The long way says what is wrong with it.
      if (!memory)
        return false;
      converted = reinterpret_cast<uintptr_t>(memory);
      out->at[step.leaf] = &converted;
    }
    if (!isAligned(step.alignments, reinterpret_cast<uintptr_t>(memory)))
      return false;
    if (Error refused = on.checkPointer(memory, llvm::Twine()))
      return false;
  }
  return true;
}
