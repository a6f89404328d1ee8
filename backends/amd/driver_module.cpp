//===- driver_module.cpp - Code objects and launches of HIP -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/device.h"

#include <new>
#include <span>

namespace tilesdk::amd {

namespace {

/// What the head of a code object says.
struct CodeObject {
  bool isCode = false;
  unsigned version = 0; ///< 4, 5, 6; 0: another.
  std::string architecture;

  explicit CodeObject(tsdk_bytes object) {
    const auto *bytes = static_cast<const unsigned char *>(object.data);
    constexpr size_t headBytes = 64, osAbiAt = 7, abiVersionAt = 8,
                     machineAt = 18, flagsAt = 48;
    constexpr unsigned amdgpu = 224, hsa = 64;
    if (object.size < headBytes || std::memcmp(bytes,
                                               "\x7f"
                                               "ELF\2",
                                               5) != 0)
      return;
    uint16_t machine;
    uint32_t flags;
    std::memcpy(&machine, bytes + machineAt, sizeof machine);
    std::memcpy(&flags, bytes + flagsAt, sizeof flags);
    isCode = machine == amdgpu && bytes[osAbiAt] == hsa;
    if (bytes[abiVersionAt] >= 2 && bytes[abiVersionAt] <= 4)
      version = bytes[abiVersionAt] + 2;
    // EF_AMDGPU_MACH of LLVM's user guide.
    constexpr std::pair<unsigned, const char *> machines[] = {
        {0x3f, "gfx90a"},
        {0x4c, "gfx942"},
        {0x4f, "gfx950"},
        {0x41, "gfx1100"},
        {0x48, "gfx1200"}};
    for (auto [number, name] : machines)
      if ((flags & 0xff) == number)
        architecture = name;
  }
};

tsdk_error moduleLoad(void *self, void *opaque, tsdk_bytes object, tsdk_str,
                      void **out) {
  Device &device = deviceOf(opaque);
  CodeObject head(object);
  if (!head.isCode)
    return failure(self, TSDK_E_DATA_LOSS,
                   device.name() + ": the kernel's code is no AMD code object");
  if (!head.architecture.empty() &&
      head.architecture != view(device.target->name))
    return failure(self, TSDK_E_UNSUPPORTED,
                   device.name() + " is a " + device.architecture +
                       " and cannot run code built for " + head.architecture +
                       "; build it for " +
                       std::string(view(device.target->name)));
  // LLVM has each kernel with dynamic shared memory and any hidden argument ask
  // for it; HIP 5 would read it from beyond the launch's parameters.
  std::string_view text(static_cast<const char *>(object.data), object.size);
  constexpr const char *tooNew = "hidden_dynamic_lds_size";
  if (device.release < 6 && text.find(tooNew) != text.npos)
    return failure(self, TSDK_E_UNSUPPORTED,
                   device.name() + ": HIP " + device.hip.version() +
                       " does not know the argument " + tooNew +
                       " of code object version " +
                       std::to_string(head.version) +
                       "; build with the option code_object_version=4, or "
                       "install ROCm 6 or newer");
  Current current(device);
  // The device is waited for here and not where modules are unloaded.
  constexpr size_t manyRetired = 64;
  bool hasMany;
  {
    std::lock_guard lock(device.mutex);
    hasMany = device.retired.size() >= manyRetired;
  }
  if (hasMany)
    freeRetired(device);

  std::unique_ptr<Module> module(new (std::nothrow) Module(device.hip));
  constexpr size_t page = 4096;
  if (module)
    module->code = aligned_alloc(page, (object.size + page - 1) / page * page);
  if (!module || !module->code)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a module");
  std::memcpy(module->code, object.data, object.size);
  hipError result = device.hip.hipModuleLoadData(&module->native, module->code);
  if (result != Success)
    module->native = nullptr;
  std::string what = "cannot load the kernel's code";
  if (result == SharedObjectInitFailed || result == InvalidImage ||
      result == NoBinaryForGpu)
    what += " (HIP " + device.hip.version() + ", " + device.architecture +
            ", code object version " + std::to_string(head.version) +
            "; an older runtime takes what the option code_object_version=4 "
            "gives)";
  if (tsdk_error error = check(self, device, result, what))
    return error;
  *out = module.release();
  return nullptr;
}

/// Launches that are queued may still run the code, and whoever unloads does
/// not wait: it is freed when many have gathered, or with the device.
void moduleUnload(void *, void *opaque, void *module) {
  Device &device = deviceOf(opaque);
  std::lock_guard lock(device.mutex);
  device.retired.emplace_back(static_cast<Module *>(module));
}

tsdk_error functionGet(void *self, void *opaque, void *handle,
                       const tsdk_function_desc *desc, void **out) {
  Device &device = deviceOf(opaque);
  Module &module = *static_cast<Module *>(handle);
  Current current(device);
  std::string symbol(view(desc->symbol));
  std::string kernel = device.name() + ": kernel '" + symbol + "' ";
  auto count = [](auto number) { return std::to_string(number); };
  if (desc->shared_bytes > static_cast<uint32_t>(device.maxShared))
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED,
                   kernel + "needs " + count(desc->shared_bytes) +
                       " bytes of shared memory, " + device.architecture +
                       " has " + count(device.maxShared) +
                       "; use smaller tiles or fewer stages");
  if (!desc->threads || desc->threads % device.warpSize)
    return failure(self, TSDK_E_INVALID_ARGUMENT,
                   kernel + "has " + count(desc->threads) + " threads, " +
                       device.architecture + " runs whole waves of " +
                       count(device.warpSize));
  if (desc->threads > static_cast<uint32_t>(device.maxThreads))
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED,
                   kernel + "has " + count(desc->threads) + " threads, " +
                       device.architecture + " runs up to " +
                       count(device.maxThreads) + "; use fewer warps");
  std::unique_ptr<Function> function(new (std::nothrow) Function());
  if (!function)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a function");
  hipError result = device.hip.hipModuleGetFunction(
      &function->native, module.native, symbol.c_str());
  if (tsdk_error error =
          check(self, device, result, "cannot use kernel '" + symbol + "'"))
    return error;
  function->threads = desc->threads;
  function->sharedBytes = desc->shared_bytes;
  function->numParams = desc->num_params;
  {
    std::lock_guard lock(device.mutex);
    function->symbol = &*device.kernels.insert(symbol).first;
  }
  std::lock_guard lock(module.mutex);
  *out = module.functions.emplace_back(std::move(function)).get();
  return nullptr;
}

/// Null: the launch is not refused for its attributes.
tsdk_error readAttributes(void *self, const Device &device,
                          const Function &function,
                          const tsdk_driver_launch &launch,
                          bool &isCooperative) {
  for (const tsdk_launch_attr &attr :
       std::span(launch.attrs, launch.num_attrs)) {
    const char *unknown = nullptr;
    switch (attr.id) {
    case TSDK_LAUNCH_COOPERATIVE:
      isCooperative = attr.v[0] != 0;
      if (isCooperative && !device.isCooperative)
        unknown = "cooperative launches";
      break;
    case TSDK_LAUNCH_CLUSTER:
      if (attr.v[0] * attr.v[1] * attr.v[2] != 1)
        unknown = "clusters of programs";
      break;
    case TSDK_LAUNCH_PRIORITY:
      unknown = "launch priorities (streams have them)";
      break;
    case TSDK_LAUNCH_MAX_THREADS:
    case TSDK_LAUNCH_OVERLAP: // It may, and never does.
      break;
    default:
      unknown = "launch attribute ";
    }
    if (!unknown)
      continue;
    if (attr.flags & 1)
      return failure(self, TSDK_E_UNSUPPORTED,
                     device.name() + ": cannot launch kernel '" +
                         *function.symbol + "': there are no " + unknown +
                         (attr.id > TSDK_LAUNCH_PRIORITY
                              ? std::to_string(attr.id)
                              : " on " + device.architecture + " with HIP " +
                                    device.hip.version()));
    if (attr.id == TSDK_LAUNCH_COOPERATIVE)
      isCooperative = false;
  }
  return nullptr;
}

tsdk_error launchGrid(void *self, void *opaque, void *handle,
                      const tsdk_driver_launch *launch) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  const Function &function = *static_cast<Function *>(handle);
  auto refuse = [&](const std::string &why) {
    return failure(self, TSDK_E_INVALID_ARGUMENT,
                   device.name() + ": cannot launch kernel '" +
                       *function.symbol + "': " + why);
  };
  if (launch->num_params != function.numParams) [[unlikely]]
    return refuse("it has " + std::to_string(function.numParams) +
                  " parameters, the launch gives " +
                  std::to_string(launch->num_params));
  // A dispatch counts threads in 32 bits.
  if (uint64_t{launch->grid[0]} * function.threads > UINT32_MAX) [[unlikely]]
    return refuse("a grid of " + std::to_string(launch->grid[0]) +
                  " programs of " + std::to_string(function.threads) +
                  " threads is beyond 2^32 - 1 threads; spread it over more "
                  "dimensions");
  bool isCooperative = false;
  if (launch->num_attrs) [[unlikely]]
    if (tsdk_error error =
            readAttributes(self, device, function, *launch, isCooperative))
      return error;
  Current current(device);
  if (device.release < 6 && launch->stream) [[unlikely]] {
    int state = 0;
    if (hip.hipStreamIsCapturing(streamOf(launch->stream), &state) == Success &&
        state != 0)
      return failure(self, TSDK_E_UNSUPPORTED,
                     device.name() + ": cannot launch kernel '" +
                         *function.symbol + "' into a graph: HIP " +
                         hip.version() +
                         " would run it instead of recording it; install ROCm "
                         "6 or newer");
  }
  device.lastKernel.store(function.symbol, std::memory_order_relaxed);
  void **params = const_cast<void **>(launch->params);
  hipStream stream = streamOf(launch->stream);
  const uint32_t *grid = launch->grid;
  hipError result =
      isCooperative
          ? hip.hipModuleLaunchCooperativeKernel(
                function.native, grid[0], grid[1], grid[2], function.threads, 1,
                1, function.sharedBytes, stream, params)
          : hip.hipModuleLaunchKernel(
                function.native, grid[0], grid[1], grid[2], function.threads, 1,
                1, function.sharedBytes, stream, params, nullptr);
  if (result == Success) [[likely]]
    return nullptr;
  return check(self, device, result,
               "cannot launch kernel '" + *function.symbol + "' on a grid of " +
                   std::to_string(grid[0]) + " x " + std::to_string(grid[1]) +
                   " x " + std::to_string(grid[2]) + " programs of " +
                   std::to_string(function.threads) + " threads with " +
                   std::to_string(function.sharedBytes) +
                   " bytes of shared memory");
}

tsdk_error functionInfo(void *self, void *opaque, void *handle,
                        uint32_t property, void *out, size_t *size) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  const Function &function = *static_cast<Function *>(handle);
  Current current(device);
  int value = 0, attribute = -1;
  switch (property) {
  case TSDK_FUNCTION_REGISTERS:
    attribute = FunctionRegisters;
    break;
  case TSDK_FUNCTION_LOCAL_BYTES:
    attribute = FunctionLocalBytes;
    break;
  case TSDK_FUNCTION_SHARED_BYTES:
    attribute = FunctionSharedBytes;
    break;
  case TSDK_FUNCTION_MAX_THREADS:
    attribute = FunctionMaxThreads;
    break;
  case TSDK_FUNCTION_OCCUPANCY:
    break;
  default:
    return failure(self, TSDK_E_UNIMPLEMENTED,
                   "no function property " + std::to_string(property));
  }
  hipError result =
      attribute >= 0
          ? hip.hipFuncGetAttribute(&value, attribute, function.native)
          : hip.hipModuleOccupancyMaxActiveBlocksPerMultiprocessor(
                &value, function.native, static_cast<int>(function.threads),
                function.sharedBytes);
  if (tsdk_error error =
          check(self, device, result,
                "cannot ask about kernel '" + *function.symbol + "'"))
    return error;
  // HIP counts the static part alone.
  if (property == TSDK_FUNCTION_SHARED_BYTES)
    value += static_cast<int>(function.sharedBytes);
  return give(static_cast<uint32_t>(value), out, size);
}

} // namespace

void addModules(tsdk_driver &driver) {
  driver.module_load = moduleLoad;
  driver.module_unload = moduleUnload;
  driver.function_get = functionGet;
  driver.function_info = functionInfo;
  driver.launch = launchGrid;
}

} // namespace tilesdk::amd
