//===- launch.cpp - Typed and raw launches ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/launch.h"

#include "core/runtime/context.h"
#include "core/runtime/maps.h"
#include "core/runtime/messages.h"
#include "core/runtime/specialize.h"
#include "core/runtime/text.h"

using namespace tilesdk::runtime;

namespace {

Error checkGrid(const tsdk_launch_desc &desc, llvm::StringRef kernel) {
  if (desc.grid[0] && desc.grid[1] && desc.grid[2])
    return success();
  return makeError(
      TSDK_E_INVALID_ARGUMENT,
      "kernel `" + kernel + "`: the grid is (" + llvm::Twine(desc.grid[0]) +
          ", " + llvm::Twine(desc.grid[1]) + ", " + llvm::Twine(desc.grid[2]) +
          "): each dimension must be at least 1; skip the launch "
          "when there is nothing to do");
}

Error enqueue(Device &device, void *function, const tsdk_launch_desc &desc,
              uint64_t stream, llvm::ArrayRef<void *> params,
              llvm::StringRef kernel) {
  tsdk_driver_launch launch;
  launch.struct_size = sizeof(launch);
  launch.num_params = static_cast<uint32_t>(params.size());
  launch.grid[0] = desc.grid[0];
  launch.grid[1] = desc.grid[1];
  launch.grid[2] = desc.grid[2];
  launch.num_attrs = desc.num_attrs;
  launch.attrs = desc.attrs;
  launch.stream = stream;
  launch.params = params.data();
  const tsdk_driver &driver = device.driver();
  if (tsdk_error error =
          driver.launch(driver.self, device.native(), function, &launch))
    return device.check(error, "launch").in("kernel `" + kernel + "`");
  return success();
}

/// The same of a kernel that has more parameters than its leaves.
Error enqueueExtended(Variant &variant, Device &device, void *function,
                      const tsdk_launch_desc &desc, uint64_t stream,
                      llvm::ArrayRef<void *> params, llvm::StringRef kernel) {
  llvm::SmallVector<TensorMaps::Map, 4> maps;
  if (variant.maps) {
    maps.resize(variant.maps->size());
    bool possible;
    if (Error error = variant.maps->encode(device, params, maps, &possible))
      return std::move(error).in("kernel `" + kernel + "`");
    if (!possible) {
      Variant *other;
      if (Error error = variant.withoutPointerBoxes(&other))
        return error;
      if (Error error = other->function(device, &function))
        return error;
      return other->isExtended()
                 ? enqueueExtended(*other, device, function, desc, stream,
                                   params, kernel)
                 : enqueue(device, function, desc, stream, params, kernel);
    }
  }
  Messages::Hidden hidden;
  llvm::SmallVector<void *, 32> all(params);
  if (variant.messages) {
    if (Error error =
            device.messagesOrNew().begin(variant.messages, stream, &hidden))
      return error;
    all.push_back(static_cast<void *>(&hidden.buffer));
    all.push_back(&hidden.launch);
  }
  for (TensorMaps::Map &map : maps)
    all.push_back(map.bytes);
  return enqueue(device, function, desc, stream, all, kernel);
}

/// A kernel in IR learns its parameters from its first variant: types are fixed
/// and nothing is folded.
void adoptParameters(Kernel &kernel, const Variant &variant) {
  for (const LeafInfo &leaf : variant.leaves) {
    Parameter param;
    param.name = leaf.name;
    param.doNotSpecialize = param.doNotAlign = true;
    llvm::StringRef type = leaf.type;
    param.forcedPointer = type.consume_front("*");
    if (param.forcedPointer)
      type.consume_front("k");
    param.forcedType = parseDtype(type);
    if (param.forcedType == TSDK_DTYPE_NONE)
      param.forcedType = TSDK_I8;
    kernel.params.push_back(std::move(param));
  }
}

/// Builds the options of a launch into a request.
Error makeRequest(Kernel &kernel, Device &device, const tsdk_launch_desc &desc,
                  const std::string &signature, BuildRequest *out) {
  std::vector<tsdk_option> options;
  for (size_t i = 0; i < desc.num_options; ++i)
    if (kernel.findParameter(toRef(desc.options[i].name)) < 0)
      options.push_back(desc.options[i]);
  tsdk_variant_desc variantDesc = {};
  variantDesc.struct_size = sizeof(variantDesc);
  variantDesc.signature = toStr(signature);
  variantDesc.options = options.data();
  variantDesc.num_options = options.size();
  return BuildRequest::create(kernel, variantDesc, &device, out);
}

Error enqueueEntry(const LaunchEntry &entry, Device &device,
                   const tsdk_launch_desc &desc, uint64_t stream,
                   llvm::ArrayRef<void *> params, llvm::StringRef kernel) {
  if (entry.isExtended) [[unlikely]]
    return enqueueExtended(*entry.variant, device, entry.function, desc, stream,
                           params, kernel);
  return enqueue(device, entry.function, desc, stream, params, kernel);
}

Error missed(Kernel &kernel, Device &device, const tsdk_launch_desc &desc,
             const tsdk_arg *args, size_t numArgs, llvm::ArrayRef<uint8_t> key,
             uint64_t hash, bool load, const LaunchEntry **out) {
  Arguments arguments(kernel, &device);
  if (Error error =
          arguments.bind(args, numArgs, desc.options, desc.num_options))
    return error;
  BuildRequest request;
  if (Error error = makeRequest(
          kernel, device, desc,
          kernel.program.text->isIr() ? "" : arguments.signature(), &request))
    return error;
  auto entry = std::make_unique<LaunchEntry>();
  entry->key.assign(key.begin(), key.end());
  entry->hash = hash;
  if (Error error = device.context().builds.get(request, &entry->variant))
    return error;
  const Variant &variant = *entry->variant;
  entry->isExtended = variant.isExtended();
  if (variant.leafBytes.size() != arguments.values().size())
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "kernel `" + kernel.name + "` takes " +
                         llvm::Twine(variant.leafBytes.size()) +
                         " runtime values, the launch has " +
                         llvm::Twine(arguments.values().size()));
  for (size_t i = 0; i < variant.leafBytes.size(); ++i)
    if (variant.leafBytes[i] != dtypeBytes(arguments.leafDtypes()[i]))
      return makeError(TSDK_E_INTERNAL,
                       "kernel `" + kernel.name + "`: runtime value `" +
                           variant.leaves[i].name + "` has " +
                           llvm::Twine(variant.leafBytes[i]) +
                           " bytes in the artifact and " +
                           llvm::Twine(dtypeBytes(arguments.leafDtypes()[i])) +
                           " in the launch");
  if (load) {
    if (Error error = entry->variant->function(device, &entry->function))
      return error;
    entry->pattern =
        LaunchPattern::create(device, desc, {args, numArgs}, kernel.params,
                              arguments.spelled(), arguments.firstItems());
  }
  *out = kernel.launches.insert(std::move(entry));
  return success();
}

} // namespace

Error tilesdk::runtime::streamOf(const tsdk_launch_desc &desc,
                                 const Stream *stream, const Device &device,
                                 uint64_t *out) {
  if (!stream) {
    *out = desc.native_stream;
    return success();
  }
  if (&stream->device() != &device)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "the stream belongs to device " + stream->device().uri() +
                         ", the launch is on " + device.uri());
  *out = stream->native;
  return success();
}

Error tilesdk::runtime::launchKernel(Kernel &kernel, Device &device,
                                     const tsdk_launch_desc &desc,
                                     uint64_t stream, const tsdk_arg *args,
                                     size_t numArgs, Ref<Variant> *out) {
  if (!out)
    if (Error error = checkGrid(desc, kernel.name))
      return error;
  if (&kernel.context() != &device.context())
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "kernel `" + kernel.name + "` and device " + device.uri() +
                         " belong to different contexts");
  if (Error error = device.enter())
    return error;
  if (const LaunchEntry *entry = kernel.launches.latest(); entry && !out) {
    LaunchPattern::Leaves leaves;
    if (entry->pattern->fits(device, desc, args, numArgs, &leaves)) [[likely]]
      return enqueueEntry(*entry, device, desc, stream, leaves.pointers(),
                          kernel.name);
  }
  if (kernel.program.text->isIr())
    if (Error error = kernel.learnParameters([&]() -> Error {
          BuildRequest request;
          if (Error error = makeRequest(kernel, device, desc, "", &request))
            return error;
          Ref<Variant> variant;
          if (Error error = kernel.context().builds.get(request, &variant))
            return error;
          adoptParameters(kernel, *variant);
          return success();
        }))
      return error;

  Arguments arguments(kernel, &device, /*spells=*/false);
  if (Error error =
          arguments.bind(args, numArgs, desc.options, desc.num_options))
    return error;
  // The device is part of what is looked up: the entry holds its function. So
  // is whether it is to be loaded.
  llvm::SmallVector<uint8_t, 272> key(arguments.key());
  Device *pointer = &device;
  key.append(reinterpret_cast<uint8_t *>(&pointer),
             reinterpret_cast<uint8_t *>(&pointer + 1));
  key.push_back(out != nullptr);
  uint64_t hash = LaunchTable::hash(key);
  const LaunchEntry *entry = kernel.launches.find(key, hash);
  if (!entry)
    if (Error error = missed(kernel, device, desc, args, numArgs, key, hash,
                             /*load=*/!out, &entry))
      return error;
  if (out) {
    *out = entry->variant;
    return success();
  }
  if (entry->pattern && kernel.launches.latest() != entry)
    kernel.launches.setLatest(entry);
  llvm::ArrayRef<uint64_t> values = arguments.values();
  llvm::SmallVector<void *, 32> params;
  for (const uint64_t &value : values)
    params.push_back(const_cast<uint64_t *>(&value));
  return enqueueEntry(*entry, device, desc, stream, params, kernel.name);
}

Error tilesdk::runtime::launchVariant(Variant &variant, Device &device,
                                      const tsdk_launch_desc &desc,
                                      uint64_t stream, void *const *params,
                                      size_t numParams) {
  if (Error error = checkGrid(desc, variant.request.kernel))
    return error;
  if (&variant.context() != &device.context())
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "the variant of `" + variant.request.kernel +
                         "` and device " + device.uri() +
                         " belong to different contexts");
  if (Error error = device.enter())
    return error;
  void *function;
  if (Error error = variant.function(device, &function))
    return error;
  if (numParams != variant.leafBytes.size() || (numParams && !params))
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "the variant of `" + variant.request.kernel + "` takes " +
                         llvm::Twine(variant.leafBytes.size()) +
                         " parameters, the launch has " +
                         llvm::Twine(numParams));
  for (size_t i = 0; i < numParams; ++i)
    if (!params[i])
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "the variant of `" + variant.request.kernel +
                           "`: parameter " + llvm::Twine(i) + " (`" +
                           variant.leaves[i].name +
                           "`) is null; it must point at the value");
  llvm::ArrayRef<void *> list(params, numParams);
  if (variant.isExtended()) [[unlikely]]
    return enqueueExtended(variant, device, function, desc, stream, list,
                           variant.request.kernel);
  return enqueue(device, function, desc, stream, list, variant.request.kernel);
}
