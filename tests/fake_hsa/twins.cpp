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
  std::string add(std::string object, tsdk_bytes twin, const char *metadata);
  std::string run(const Kernel &kernel,
                  const hsa_kernel_dispatch_packet_t &packet);

private:
  struct Twin {
    std::string symbol;
    std::vector<uint32_t> paramBytes;
    uint32_t threads = 0, sharedBytes = 0;
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

/// A number or text of the metadata; it is written by our compiler, on one
/// level, without spaces.
std::string_view field(std::string_view json, std::string_view name,
                       size_t from = 0) {
  std::string key = '"' + std::string(name) + "\":";
  size_t at = json.find(key, from);
  if (at == std::string_view::npos)
    return {};
  json.remove_prefix(at + key.size());
  if (json.starts_with('"'))
    return json.substr(1, json.find('"', 1) - 1);
  return json.substr(0, json.find_first_of(",}]"));
}

std::string Simulator::add(std::string object, tsdk_bytes bytes,
                           const char *text) {
  std::string_view json = text;
  Twin twin;
  twin.symbol = field(json, "symbol");
  auto number = [](std::string_view digits) {
    return uint32_t(strtoul(std::string(digits).c_str(), nullptr, 10));
  };
  twin.threads = number(field(json, "threads"));
  twin.sharedBytes = number(field(json, "shared_bytes"));
  size_t begin = json.find("\"params\":["), end = json.find(']', begin);
  if (twin.symbol.empty() || !twin.threads || end == std::string_view::npos)
    return "the metadata lacks symbol, threads or params";
  std::string_view params = json.substr(begin, end - begin);
  for (size_t at = params.find("\"bytes\":"); at != std::string_view::npos;
       at = params.find("\"bytes\":", at + 1))
    twin.paramBytes.push_back(number(field(params, "bytes", at)));

  std::lock_guard lock(mutex);
  void *module = nullptr;
  tsdk_str metadata = {json.data(), json.size()};
  std::string why =
      take(driver->module_load(driver->self, device, bytes, metadata, &module));
  if (!why.empty())
    return why;
  tsdk_function_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.threads = twin.threads;
  desc.symbol = {twin.symbol.data(), twin.symbol.size()};
  desc.shared_bytes = twin.sharedBytes;
  desc.num_params = uint32_t(twin.paramBytes.size());
  desc.param_bytes = twin.paramBytes.data();
  desc.metadata = metadata;
  why = take(driver->function_get(driver->self, device, module, &desc,
                                  &twin.function));
  if (why.empty())
    twins[std::move(object)] = std::move(twin);
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
  // The twin knows what the kernel was written with: names and sizes.
  std::vector<void *> params;
  for (const Argument &argument : kernel.arguments) {
    if (argument.kind.starts_with("hidden_"))
      continue;
    size_t index = params.size();
    if (index >= twin.paramBytes.size() ||
        argument.bytes < twin.paramBytes[index])
      return "argument " + number(index) + " has " + number(argument.bytes) +
             " bytes, its twin's another number";
    params.push_back(static_cast<char *>(packet.kernarg_address) +
                     argument.offset);
  }
  if (params.size() != twin.paramBytes.size())
    return "it has " + number(params.size()) + " arguments, its twin " +
           number(twin.paramBytes.size());
  tsdk_driver_launch launch = {};
  launch.struct_size = sizeof launch;
  launch.num_params = uint32_t(params.size());
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

int fake_hsa_register(const void *object, size_t size, const void *twin,
                      size_t twinSize, const char *metadata,
                      const char *plugins) {
  using namespace tilesdk::fake_hsa;
  Simulator &simulator = Simulator::get();
  std::string why = simulator.open(plugins);
  if (why.empty())
    why = simulator.add(std::string(static_cast<const char *>(object), size),
                        {twin, twinSize}, metadata);
  if (why.empty())
    return 0;
  report("a twin cannot be registered: " + why);
  return 1;
}
