//===- twins.cpp - Dispatches run by the simulator --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The simulator's plugin is opened as any host does, on nothing but the plugin
// ABI, and so is AMD's, for its targets. A code object is known by its bytes.
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include "tilesdk/tilesdk_plugin.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

struct tsdk_error_s {
  std::string message;
};

namespace tilesdk::fake_hsa {

namespace {

std::string take(tsdk_error error) {
  if (!error)
    return "";
  std::string message = error->message;
  delete error;
  return message;
}

/// The device sim:<architecture> with all functions loaded so far.
class Simulator {
public:
  static Simulator &get() {
    static Simulator &simulator = *new Simulator();
    return simulator;
  }

  /// Empty, or what failed.
  std::string open(const std::string &plugins);
  std::string add(const fake_hsa_twin &given);
  std::string run(const Kernel &kernel,
                  const hsa_kernel_dispatch_packet_t &packet);

private:
  struct Twin {
    std::string symbol;
    std::vector<uint32_t> paramBytes;
    uint32_t threads = 0, sharedBytes = 0, numOwnParams = 0;
    void *function = nullptr;
  };

  Simulator();
  const tsdk_plugin *load(const std::string &file, std::string &why);

  std::mutex mutex;
  tsdk_host host = {};
  const tsdk_plugin *amd = nullptr, *simulator = nullptr;
  const tsdk_driver *driver = nullptr;
  void *device = nullptr;
  std::map<std::string, Twin> twins;
};

Simulator::Simulator() {
  host.struct_size = sizeof host;
  host.abi = TSDK_PLUGIN_ABI;
  host.self = this;
  host.alloc = [](void *, size_t size, size_t align) {
    return aligned_alloc(align, (size + align - 1) / align * align);
  };
  host.free = [](void *, void *memory) { free(memory); };
  host.log = [](void *, int32_t, tsdk_str text) {
    fwrite(text.data, 1, text.size, stderr);
    fputc('\n', stderr);
  };
  host.error = [](void *, tsdk_code, int64_t, tsdk_str text) {
    return new tsdk_error_s{std::string(text.data, text.size)};
  };
  host.error_free = [](void *, tsdk_error error) { delete error; };
  host.target = [](void *self, size_t index) -> const tsdk_target * {
    const tsdk_plugin *amd = static_cast<Simulator *>(self)->amd;
    return index < amd->target_count(amd->self)
               ? amd->target_get(amd->self, index)
               : nullptr;
  };
}

const tsdk_plugin *Simulator::load(const std::string &file, std::string &why) {
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto query = library ? reinterpret_cast<tsdk_plugin_query_fn>(
                             dlsym(library, TSDK_PLUGIN_QUERY_SYMBOL))
                       : nullptr;
  const tsdk_plugin *plugin = nullptr;
  if (!query || query(TSDK_PLUGIN_ABI, &host, &plugin) != TSDK_OK)
    why = file + " is no plugin";
  return why.empty() ? plugin : nullptr;
}

std::string Simulator::open(const std::string &plugins) {
  std::lock_guard lock(mutex);
  if (device)
    return "";
  std::string why;
  amd = load(plugins + "/libtilesdk_plugin_amd.so", why);
  simulator = amd ? load(plugins + "/libtilesdk_plugin_sim.so", why) : nullptr;
  if (!simulator)
    return why;
  driver = simulator->driver;
  uint32_t count = 0;
  if (why = take(driver->probe(driver->self, &count)); !why.empty())
    return why;
  for (uint32_t i = 0; i < count; ++i) {
    std::string wanted = "sim:" + settings().architecture;
    const tsdk_target *target = simulator->target_get(simulator->self, i);
    std::string name(target->name.data, target->name.size);
    if (name == wanted || name == settings().architecture)
      return take(driver->device_open(driver->self, i, &device));
  }
  return "the simulator has no twin of " + settings().architecture;
}

std::string Simulator::add(const fake_hsa_twin &given) {
  Twin twin;
  twin.symbol = given.symbol;
  twin.threads = given.threads;
  twin.sharedBytes = given.shared_bytes;
  twin.paramBytes.assign(given.param_bytes,
                         given.param_bytes + given.num_params);
  std::lock_guard lock(mutex);
  void *module = nullptr;
  std::string why = take(driver->module_load(
      driver->self, device, {given.twin, given.twin_size}, {}, &module));
  if (!why.empty())
    return why;
  tsdk_function_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.threads = twin.threads;
  desc.symbol = {twin.symbol.data(), twin.symbol.size()};
  desc.shared_bytes = twin.sharedBytes;
  desc.num_params = twin.numOwnParams = given.num_twin_params;
  desc.param_bytes = twin.paramBytes.data();
  why = take(driver->function_get(driver->self, device, module, &desc,
                                  &twin.function));
  if (why.empty())
    twins[std::string(static_cast<const char *>(given.object),
                      given.object_size)] = std::move(twin);
  return why;
}

std::string Simulator::run(const Kernel &kernel,
                           const hsa_kernel_dispatch_packet_t &packet) {
  const std::vector<char> &object = kernel.executable->object;
  std::lock_guard lock(mutex);
  auto found = twins.find(std::string(object.data(), object.size()));
  if (found == twins.end())
    return "its code object has no twin for the simulator";
  const Twin &twin = found->second;
  auto number = [](auto value) { return std::to_string(value); };
  if (packet.workgroup_size_x != twin.threads || packet.workgroup_size_y != 1 ||
      packet.workgroup_size_z != 1)
    return "its groups have " + number(packet.workgroup_size_x) + " x " +
           number(packet.workgroup_size_y) + " x " +
           number(packet.workgroup_size_z) + " threads, its twin " +
           number(twin.threads);
  // What the code object says of its arguments, and what the compiler does.
  std::vector<void *> params;
  for (const Argument &argument : kernel.arguments) {
    if (argument.kind.starts_with("hidden_"))
      continue;
    size_t index = params.size();
    if (index >= twin.paramBytes.size() ||
        argument.bytes != twin.paramBytes[index])
      return "argument " + number(index) + " has " + number(argument.bytes) +
             " bytes, the compiler says another number";
    params.push_back(static_cast<char *>(packet.kernarg_address) +
                     argument.offset);
  }
  if (params.size() != twin.paramBytes.size())
    return "it has " + number(params.size()) +
           " arguments, the compiler says " + number(twin.paramBytes.size());
  if (packet.group_segment_size != kernel.groupBytes + twin.sharedBytes)
    return "it has " + number(packet.group_segment_size) +
           " bytes of group memory, the compiler says " +
           number(kernel.groupBytes + twin.sharedBytes);
  tsdk_driver_launch launch = {};
  launch.struct_size = sizeof launch;
  launch.num_params = twin.numOwnParams;
  launch.grid[0] = packet.grid_size_x / packet.workgroup_size_x;
  launch.grid[1] = packet.grid_size_y;
  launch.grid[2] = packet.grid_size_z;
  launch.params = params.data();
  std::string why =
      take(driver->launch(driver->self, device, twin.function, &launch));
  if (why.empty())
    why = take(driver->stream_sync(driver->self, device, 0));
  return why;
}

} // namespace

std::string runTwin(const Kernel &kernel,
                    const hsa_kernel_dispatch_packet_t &packet) {
  return Simulator::get().run(kernel, packet);
}

} // namespace tilesdk::fake_hsa

int fake_hsa_register(const fake_hsa_twin *twin, const char *plugins) {
  using namespace tilesdk::fake_hsa;
  Simulator &simulator = Simulator::get();
  std::string why = simulator.open(plugins);
  if (why.empty())
    why = simulator.add(*twin);
  if (why.empty())
    return 0;
  report("a twin cannot be registered: " + why);
  return 1;
}
