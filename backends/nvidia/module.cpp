//===- module.cpp - Loading and launching code ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/artifact.h"
#include "backends/nvidia/device.h"

#include <algorithm>
#include <new>

namespace tilesdk::nvidia {

namespace {

/// Code of unloaded modules that a device keeps at most before it waits.
constexpr size_t RetiredLimit = size_t(64) << 20;

std::string text(uint64_t number) { return std::to_string(number); }

CUresult load(Device &device, const void *code, CUmodule *module,
              std::string *log) {
  std::string buffer(8192, 0);
  int options[] = {JitErrorLog, JitErrorLogBytes};
  void *values[] = {buffer.data(), std::bit_cast<void *>(buffer.size())};
  CUresult result =
      device.cuda.cuModuleLoadDataEx(module, code, 2, options, values);
  *log = buffer.substr(0, buffer.find('\0'));
  return result;
}

tsdk_error moduleLoad(void *self, void *opaque, tsdk_bytes object, tsdk_str,
                      void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  Relaxed relaxed(device);
  bool isFull;
  {
    std::lock_guard lock(device.mutex);
    isFull = device.retiredBytes > RetiredLimit;
  }
  if (isFull && device.cuda.cuCtxSynchronize() == Success)
    unloadRetired(device);

  Artifact artifact;
  if (!readArtifact(object, &artifact))
    return failure(self, TSDK_E_DATA_LOSS,
                   "cannot load the kernel's code: the artifact is "
                   "neither machine code nor assembly of NVIDIA devices; "
                   "build it for " +
                       std::string(view(device.target->name)));
  std::unique_ptr<Module> module(new (std::nothrow) Module());
  if (!module)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a module");
  module->bytes = object.size;
  std::string log;
  CUresult result = NoBinary;
  if (artifact.code)
    result = load(device, artifact.code, &module->native, &log);
  // Machine code of another device has its assembly with it.
  if (result == NoBinary && artifact.assembly)
    result = load(device, artifact.assembly, &module->native, &log);
  if (result != Success) {
    std::string what = "cannot load the kernel's code";
    if (!log.empty())
      what += " (" + log + ")";
    what += " on a device of target " + std::string(view(device.target->name));
    return explain(device, result, what);
  }
  *out = module.release();
  return nullptr;
}

/// The code may be running, and must not be waited for.
void moduleUnload(void *, void *opaque, void *handle) {
  Device &device = deviceOf(opaque);
  Module *module = static_cast<Module *>(handle);
  module->functions.clear();
  std::lock_guard lock(device.mutex);
  device.retired.push_back(module);
  if (!module->isCaptured.load(std::memory_order_relaxed))
    device.retiredBytes += module->bytes;
}

int functionAttribute(const Device &device, const Function &function,
                      int attribute) {
  int value = 0;
  device.cuda.cuFuncGetAttribute(&value, attribute, function.native);
  return value;
}

tsdk_error tooMuchShared(Device &device, const std::string &symbol,
                         uint64_t bytes) {
  return failure(&device.owner, TSDK_E_RESOURCE_EXHAUSTED,
                 "kernel `" + symbol + "` needs " + text(bytes) +
                     " bytes of shared memory, " + device.name() + " (" +
                     std::string(view(device.target->name)) + ") has " +
                     text(device.maxShared) +
                     "; use smaller tiles or fewer stages (num_stages)");
}

tsdk_error tooManyThreads(Device &device, const std::string &symbol,
                          uint32_t threads, int limit, int registers) {
  return failure(&device.owner, TSDK_E_RESOURCE_EXHAUSTED,
                 "kernel `" + symbol + "` has " + text(threads) +
                     " threads of " + text(registers) + " registers, " +
                     device.name() + " (" +
                     std::string(view(device.target->name)) +
                     ") runs at most " + text(limit) +
                     " of them; use fewer warps (num_warps) or fewer registers "
                     "(maxnreg)");
}

tsdk_error functionGet(void *self, void *opaque, void *handle,
                       const tsdk_function_desc *desc, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  Relaxed relaxed(device);
  Module &module = *static_cast<Module *>(handle);
  std::string symbol(view(desc->symbol));
  if (desc->shared_bytes > static_cast<uint32_t>(device.maxShared))
    return tooMuchShared(device, symbol, desc->shared_bytes);
  std::unique_ptr<Function> function(new (std::nothrow) Function());
  if (!function)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a function");
  function->module = &module;
  function->threads = desc->threads;
  function->sharedBytes = desc->shared_bytes;
  function->numParams = desc->num_params;
  CUresult result = device.cuda.cuModuleGetFunction(
      &function->native, module.native, symbol.c_str());
  if (result == Success && desc->shared_bytes > 48u << 10)
    result = device.cuda.cuFuncSetAttribute(
        function->native, FunctionMaxDynamicShared,
        static_cast<int>(desc->shared_bytes));
  if (result != Success)
    return explain(device, result, "cannot use kernel `" + symbol + "`");
  int limit = functionAttribute(device, *function, FunctionMaxThreads);
  if (limit > 0 && function->threads > static_cast<uint32_t>(limit))
    return tooManyThreads(
        device, symbol, function->threads, limit,
        functionAttribute(device, *function, FunctionRegisters));
  {
    std::lock_guard lock(device.mutex);
    function->symbol = &*device.names.insert(std::move(symbol)).first;
  }
  std::lock_guard lock(module.mutex);
  module.functions.push_back(std::move(function));
  *out = module.functions.back().get();
  return nullptr;
}

CUresult occupancy(const Device &device, const Function &function, int *out) {
  return device.cuda.cuOccupancyMaxActiveBlocksPerMultiprocessor(
      out, function.native, static_cast<int>(function.threads),
      function.sharedBytes);
}

tsdk_error functionInfo(void *self, void *opaque, void *handle,
                        uint32_t property, void *out, size_t *size) {
  Device &device = deviceOf(opaque);
  const Function &function = *static_cast<Function *>(handle);
  Current current(device);
  int value = 0;
  CUresult result = Success;
  auto ask = [&](int attribute) {
    result = device.cuda.cuFuncGetAttribute(&value, attribute, function.native);
  };
  switch (property) {
  case TSDK_FUNCTION_REGISTERS:
    ask(FunctionRegisters);
    break;
  case TSDK_FUNCTION_LOCAL_BYTES:
    ask(FunctionLocalBytes);
    break;
  case TSDK_FUNCTION_SHARED_BYTES:
    ask(FunctionSharedBytes);
    value += static_cast<int>(function.sharedBytes);
    break;
  case TSDK_FUNCTION_MAX_THREADS:
    ask(FunctionMaxThreads);
    break;
  case TSDK_FUNCTION_OCCUPANCY:
    result = occupancy(device, function, &value);
    break;
  default:
    return failure(self, TSDK_E_UNIMPLEMENTED,
                   "no function property " + text(property));
  }
  if (result != Success)
    return explain(device, result,
                   "cannot examine kernel `" + *function.symbol + "`");
  return give(static_cast<uint32_t>(value), out, size);
}

/// Why a launch was refused, where its numbers say so.
tsdk_error explainLaunch(Device &device, const Function &function,
                         const tsdk_driver_launch &launch, CUresult result,
                         bool isCooperative) {
  const std::string &symbol = *function.symbol;
  if (result == InvalidValue) {
    constexpr int attributes[] = {AttributeGridX, AttributeGridY,
                                  AttributeGridZ};
    for (int i = 0; i < 3; ++i) {
      int limit = 0;
      if (device.cuda.cuDeviceGetAttribute(&limit, attributes[i],
                                           device.native) == Success &&
          limit > 0 && launch.grid[i] > static_cast<uint32_t>(limit))
        return failure(&device.owner, TSDK_E_INVALID_ARGUMENT,
                       "kernel `" + symbol + "`: the grid is " +
                           text(launch.grid[i]) + " in dimension " + text(i) +
                           ", " + device.name() + " takes at most " +
                           text(limit) +
                           " there; put the large dimension first",
                       result);
    }
  }
  if (result == InvalidValue || result == OutOfResources) {
    uint64_t shared =
        uint64_t(functionAttribute(device, function, FunctionSharedBytes)) +
        function.sharedBytes;
    if (shared > static_cast<uint64_t>(device.maxShared))
      return tooMuchShared(device, symbol, shared);
    int limit = functionAttribute(device, function, FunctionMaxThreads);
    if (function.threads > static_cast<uint32_t>(limit))
      return tooManyThreads(
          device, symbol, function.threads, limit,
          functionAttribute(device, function, FunctionRegisters));
  }
  std::string what = "cannot launch kernel `" + symbol + "` (target " +
                     std::string(view(device.target->name)) + ", grid " +
                     text(launch.grid[0]) + " x " + text(launch.grid[1]) +
                     " x " + text(launch.grid[2]) + ", " +
                     text(function.threads) + " threads, " +
                     text(function.sharedBytes) + " bytes of shared memory)";
  int programs = 0, units = 0;
  if (isCooperative && occupancy(device, function, &programs) == Success &&
      device.cuda.cuDeviceGetAttribute(&units, AttributeMultiprocessors,
                                       device.native) == Success)
    what += "; together at most " + text(uint64_t(programs) * units) +
            " programs of it run";
  return explain(device, result, what);
}

/// The attributes in CUDA's form.
struct Attributes {
  static constexpr uint32_t Most = 4;
  CUlaunchAttribute list[Most];
  uint32_t count = 0;
  bool isCooperative = false;

  tsdk_error read(Device &device, const Function &function,
                  const tsdk_driver_launch &launch) {
    for (uint32_t i = 0; i < launch.num_attrs; ++i) {
      const tsdk_launch_attr &attr = launch.attrs[i];
      CUlaunchAttribute next;
      switch (attr.id) {
      case TSDK_LAUNCH_COOPERATIVE:
        next.id = LaunchCooperative;
        next.value.number = attr.v[0] != 0;
        isCooperative = attr.v[0] != 0;
        break;
      case TSDK_LAUNCH_CLUSTER:
        if (tsdk_error error = readCluster(device, function, launch, attr))
          return error;
        next.id = LaunchCluster;
        for (int k = 0; k < 3; ++k)
          next.value.cluster[k] = static_cast<unsigned>(attr.v[k]);
        break;
      case TSDK_LAUNCH_OVERLAP:
        next.id = LaunchOverlap;
        next.value.number = attr.v[0] != 0;
        break;
      case TSDK_LAUNCH_PRIORITY:
        next.id = LaunchPriority;
        next.value.number = static_cast<int>(
            -std::clamp<int64_t>(static_cast<int64_t>(attr.v[0]), -100, 100));
        break;
      default:
        if (!(attr.flags & 1))
          continue;
        return failure(&device.owner, TSDK_E_UNIMPLEMENTED,
                       "kernel `" + *function.symbol + "`: " + device.name() +
                           " has no launch attribute " + text(attr.id));
      }
      CUlaunchAttribute *at =
          std::find_if(list, list + count, [&](const CUlaunchAttribute &each) {
            return each.id == next.id;
          });
      *at = next; // the last of each counts
      count += at == list + count;
    }
    return nullptr;
  }

  tsdk_error readCluster(Device &device, const Function &function,
                         const tsdk_driver_launch &launch,
                         const tsdk_launch_attr &attr) {
    const std::string &symbol = *function.symbol;
    uint64_t programs = 1;
    for (int k = 0; k < 3; ++k) {
      if (!attr.v[k] || attr.v[k] > 16 || launch.grid[k] % attr.v[k])
        return failure(
            &device.owner, TSDK_E_INVALID_ARGUMENT,
            "kernel `" + symbol + "`: a cluster of " + text(attr.v[0]) + " x " +
                text(attr.v[1]) + " x " + text(attr.v[2]) +
                " programs does not divide the grid " + text(launch.grid[0]) +
                " x " + text(launch.grid[1]) + " x " + text(launch.grid[2]));
      programs *= attr.v[k];
    }
    if (programs > 1 && device.capability < 90)
      return failure(&device.owner, TSDK_E_UNSUPPORTED,
                     "kernel `" + symbol + "`: " + device.name() + " (" +
                         std::string(view(device.target->name)) +
                         ") has no clusters; compute capability 9.0 has them");
    if (programs > 16)
      return failure(&device.owner, TSDK_E_INVALID_ARGUMENT,
                     "kernel `" + symbol + "`: a cluster of " + text(programs) +
                         " programs; at most 8, on some "
                         "devices 16, are possible");
    if (programs > 8)
      if (CUresult result = device.cuda.cuFuncSetAttribute(
              function.native, FunctionNonPortableCluster, 1))
        return explain(device, result,
                       "kernel `" + symbol + "` cannot have a cluster of " +
                           text(programs) + " programs");
    return nullptr;
  }
};

tsdk_error launchGrid(void *self, void *opaque, void *handle,
                      const tsdk_driver_launch *launch) {
  Device &device = deviceOf(opaque);
  const Function &function = *static_cast<Function *>(handle);
  if (launch->num_params != function.numParams) [[unlikely]]
    return failure(
        self, TSDK_E_INVALID_ARGUMENT,
        "kernel `" + *function.symbol + "` has " + text(function.numParams) +
            " parameters, the launch gives " + text(launch->num_params));
  Current current(device);
  CUstream stream = streamOf(launch->stream);
  std::atomic<bool> &isCaptured = function.module->isCaptured;
  // The default stream cannot be captured.
  if (stream && !isCaptured.load(std::memory_order_relaxed) &&
      isCapturing(device, stream)) [[unlikely]]
    isCaptured.store(true, std::memory_order_relaxed);
  device.launches.add(stream, function.symbol);
  void **params = const_cast<void **>(launch->params);
  Attributes attributes;
  if (launch->num_attrs) [[unlikely]]
    if (tsdk_error error = attributes.read(device, function, *launch))
      return error;
  CUresult result;
  if (!attributes.count) [[likely]] {
    result = device.cuda.cuLaunchKernel(
        function.native, launch->grid[0], launch->grid[1], launch->grid[2],
        function.threads, 1, 1, function.sharedBytes, stream, params, nullptr);
  } else {
    CUlaunchConfig config;
    config.gridX = launch->grid[0];
    config.gridY = launch->grid[1];
    config.gridZ = launch->grid[2];
    config.blockX = function.threads;
    config.sharedBytes = function.sharedBytes;
    config.stream = stream;
    config.attributes = attributes.list;
    config.numAttributes = attributes.count;
    result =
        device.cuda.cuLaunchKernelEx(&config, function.native, params, nullptr);
  }
  if (result == Success) [[likely]]
    return nullptr;
  return explainLaunch(device, function, *launch, result,
                       attributes.isCooperative);
}

} // namespace

void unloadRetired(Device &device) {
  std::vector<Module *> modules;
  {
    std::lock_guard lock(device.mutex);
    modules.swap(device.retired);
    device.retiredBytes = 0;
  }
  for (Module *module : modules) {
    // What a graph may hold goes with the context.
    if (!module->isCaptured.load(std::memory_order_relaxed))
      device.cuda.cuModuleUnload(module->native);
    delete module;
  }
}

void addModules(tsdk_driver &driver) {
  driver.module_load = moduleLoad;
  driver.module_unload = moduleUnload;
  driver.function_get = functionGet;
  driver.function_info = functionInfo;
  driver.launch = launchGrid;
}

} // namespace tilesdk::nvidia
