//===- driver.cpp - Simulated devices ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/module.h"
#include "backends/simulator/block.h"
#include "backends/simulator/boxes.h"
#include "backends/simulator/plugin.h"

#include <bit>
#include <cstring>
#include <new>
#include <vector>

namespace tilesdk::simulator {

namespace {

Plugin &pluginOf(void *self) {
  return static_cast<Plugin &>(*static_cast<cpu::Plugin *>(self));
}
tsdk_error error(void *self, tsdk_code code, const std::string &message) {
  return pluginOf(self).error(code, message);
}
Device &deviceOf(void *device) {
  return *static_cast<Device *>(static_cast<cpu::Device *>(device));
}

tsdk_error probe(void *self, uint32_t *count) {
  *count = static_cast<uint32_t>(pluginOf(self).twins.size());
  return nullptr;
}

tsdk_error deviceOpen(void *self, uint32_t ordinal, void **out) {
  TargetModel *model = pluginOf(self).twins.at(ordinal);
  if (!model)
    return error(self, TSDK_E_NOT_FOUND,
                 "there is no device sim:" + std::to_string(ordinal));
  auto *device = new (std::nothrow) Device(pluginOf(self).host, *model);
  if (!device)
    return error(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for the device");
  *out = static_cast<cpu::Device *>(device);
  return nullptr;
}

void deviceClose(void *, void *device) { delete &deviceOf(device); }

tsdk_error deviceTarget(void *, void *device, const tsdk_target **out) {
  *out = &deviceOf(device).model.twin;
  return nullptr;
}

tsdk_error moduleLoad(void *self, void *, tsdk_bytes object, tsdk_str,
                      void **out) {
  std::string why;
  std::unique_ptr<cpu::ElfImage> image =
      cpu::ElfImage::load(object.data, object.data ? object.size : 0, why);
  if (!image)
    return error(self, TSDK_E_DATA_LOSS,
                 "the kernel object cannot be loaded: " + why);
  // A kernel that calls nothing has no pointer to the table.
  if (void *table = image->lookup("tsdk_simulator").address)
    *static_cast<const void *const **>(table) = serviceTable();
  auto *module = new (std::nothrow) cpu::Module();
  if (!module)
    return error(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a module");
  module->image = std::move(image);
  *out = module;
  return nullptr;
}

tsdk_error functionGet(void *self, void *device, void *opaque,
                       const tsdk_function_desc *desc, void **out) {
  cpu::Module &module = *static_cast<cpu::Module *>(opaque);
  TargetModel &model = deviceOf(device).model;
  std::string symbol(view(desc->symbol));
  cpu::ElfImage::Symbol found = module.image->lookup(symbol);
  if (!found.address || !found.isFunction)
    return error(self, TSDK_E_NOT_FOUND,
                 "the kernel object has no function '" + symbol + "'");
  const target::Machine &machine = model.machine;
  if (desc->threads == 0 || desc->threads % machine.warpSize ||
      desc->threads > machine.maxWarps * machine.warpSize)
    return error(self, TSDK_E_INVALID_ARGUMENT,
                 "kernel '" + symbol + "' has " +
                     std::to_string(desc->threads) + " threads; " + model.name +
                     " runs whole warps of " +
                     std::to_string(machine.warpSize) + ", up to " +
                     std::to_string(machine.maxWarps));
  if (desc->shared_bytes > machine.sharedBytes)
    return error(self, TSDK_E_RESOURCE_EXHAUSTED,
                 "kernel '" + symbol + "' needs " +
                     std::to_string(desc->shared_bytes) +
                     " bytes of shared memory, " + model.name + " has " +
                     std::to_string(machine.sharedBytes) +
                     "; use smaller tiles or fewer stages");
  cpu::Function function(module);
  function.symbol = symbol;
  function.entry = reinterpret_cast<tsdk_tile_kernel>(found.address);
  function.runProgram = Block::run;
  function.launchEnded = LaunchMemory::end;
  uint32_t checks =
      checksOf(cpu::optionOfMetadata(view(desc->metadata), "check"));
  function.state = &model.checked[checks];
  function.threads = desc->threads;
  function.sharedBytes = desc->shared_bytes;
  function.paramBytes.assign(desc->param_bytes,
                             desc->param_bytes + desc->num_params);
  if (checks)
    function.paramBytes.push_back(
        static_cast<uint32_t>(desc->num_params * sizeof(Extent)));
  cpu::SpinGuard guard(module.lock);
  module.functions.push_back(std::move(function));
  *out = &module.functions.back();
  return nullptr;
}

/// The memory that a pointer points into, as far as it is known.
Extent extentOf(uint64_t pointer, const tsdk_driver_launch &launch,
                cpu::Device &device) {
  for (uint32_t i = 0; i < launch.num_attrs; ++i) {
    const tsdk_launch_attr &attr = launch.attrs[i];
    if (attr.id == TSDK_LAUNCH_EXTENT && pointer >= attr.v[0] &&
        pointer - attr.v[0] <= attr.v[1])
      return {attr.v[0], attr.v[0] + attr.v[1]};
  }
  Extent extent = {};
  device.memory.find(std::bit_cast<const void *>(pointer), extent.begin,
                     extent.end);
  return extent;
}

/// A kernel with checks has one more parameter: the memory behind the others.
tsdk_error launch(void *self, void *device, void *opaque,
                  const tsdk_driver_launch *request) {
  const auto &function = *static_cast<const cpu::Function *>(opaque);
  auto call = pluginOf(self).cpuLaunch;
  if (!static_cast<const CheckedModel *>(function.state)->checks ||
      request->num_params + 1 != function.paramBytes.size())
    return call(self, device, opaque, request);
  std::vector<Extent> extents(request->num_params + 1);
  for (size_t i = 0; i < request->num_params; ++i)
    if (uint64_t value = 0; function.paramBytes[i] == sizeof value) {
      std::memcpy(&value, request->params[i], sizeof value);
      extents[i] = extentOf(value, *request, deviceOf(device));
    }
  std::vector<void *> params(request->params,
                             request->params + request->num_params);
  params.push_back(extents.data());
  tsdk_driver_launch checked = *request;
  checked.num_params = static_cast<uint32_t>(params.size());
  checked.params = params.data();
  return call(self, device, opaque, &checked);
}

tsdk_error tensorMapEncode(void *self, void *device,
                           const tsdk_tensor_map_desc *desc, void *out,
                           size_t *size) {
  if (*size >= sizeof(TensorMap)) {
    TensorMap map;
    if (std::string why = encode(*desc, map); !why.empty())
      return error(self, TSDK_E_INVALID_ARGUMENT,
                   deviceOf(device).model.name +
                       ": cannot describe a tensor: " + why);
    std::memcpy(out, &map, sizeof map);
  }
  *size = sizeof(TensorMap);
  return nullptr;
}

} // namespace

void makeDriver(Plugin &plugin) {
  tsdk_driver &driver = plugin.driver;
  driver.probe = probe;
  driver.device_open = deviceOpen;
  driver.device_close = deviceClose;
  driver.device_target = deviceTarget;
  driver.target_runs = nullptr;
  // Any memory of the process is a simulated device's memory.
  driver.pointer_get = nullptr;
  driver.module_load = moduleLoad;
  driver.function_get = functionGet;
  driver.tensor_map_encode = tensorMapEncode;
  plugin.cpuLaunch = driver.launch;
  driver.launch = launch;
}

} // namespace tilesdk::simulator
