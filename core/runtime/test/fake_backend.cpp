//===- fake_backend.cpp - The fake plugin -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/test/fake_backend.h"

#include "core/runtime/context.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <unistd.h>

using namespace tilesdk::fake;

namespace {

struct Fake;

struct FakeDevice {
  Fake *fake;
  uint32_t ordinal;
};
struct Module {
  std::string object;
  std::vector<uint32_t> bytes;
};

struct Fake {
  const tsdk_host *host = nullptr;
  tsdk_plugin plugin = {};
  tsdk_driver driver = {};
  tsdk_language_function functions[1];
  tsdk_option_row options[3];
  tsdk_machine machine = {}, second = {};
  tsdk_codegen codegen = {};
  tsdk_target targets[3] = {};
  FakeDevice devices[2];
  std::mutex mutex;
  std::map<void *, uint32_t> memory;
};

std::mutex launchMutex;
Launch last;

Fake &fakeOf(void *self) { return *static_cast<Fake *>(self); }

tsdk_str lit(const char *text) { return {text, std::strlen(text)}; }

tsdk_error fail(void *self, tsdk_code code, const char *message) {
  const tsdk_host *host = fakeOf(self).host;
  return host->error(host->self, code, 42, lit(message));
}

tsdk_error probe(void *, uint32_t *count) {
  *count = 2;
  return nullptr;
}

tsdk_error deviceOpen(void *self, uint32_t ordinal, void **out) {
  counters().devicesOpened++;
  fakeOf(self).devices[ordinal] = {&fakeOf(self), ordinal};
  *out = &fakeOf(self).devices[ordinal];
  return nullptr;
}

void deviceClose(void *, void *) { counters().devicesClosed++; }

tsdk_error deviceTarget(void *self, void *, const tsdk_target **out) {
  *out = &fakeOf(self).targets[0];
  return nullptr;
}

tsdk_error deviceGet(void *self, void *, uint32_t property, void *out,
                     size_t *size) {
  if (property != TSDK_DEVICE_NAME)
    return fail(self, TSDK_E_UNIMPLEMENTED, "no such property");
  if (*size >= 4)
    std::memcpy(out, "Fake", 4);
  *size = 4;
  return nullptr;
}

tsdk_error memAlloc(void *self, void *device, uint64_t, size_t bytes,
                    tsdk_flags, void **out) {
  if (bytes > (size_t(1) << 40))
    return fail(self, TSDK_E_RESOURCE_EXHAUSTED, "too much");
  void *memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  std::lock_guard lock(fakeOf(self).mutex);
  fakeOf(self).memory[memory] = static_cast<FakeDevice *>(device)->ordinal;
  counters().allocated++;
  *out = memory;
  return nullptr;
}

tsdk_error memFree(void *self, void *, uint64_t, void *memory) {
  std::lock_guard lock(fakeOf(self).mutex);
  fakeOf(self).memory.erase(memory);
  std::free(memory);
  counters().freed++;
  return nullptr;
}

tsdk_error memCopy(void *, void *, uint64_t, void *to, const void *from,
                   size_t bytes) {
  std::memcpy(to, from, bytes);
  return nullptr;
}

tsdk_error memSet(void *, void *, uint64_t, void *to, uint32_t value,
                  uint32_t width, size_t count) {
  for (size_t i = 0; i < count; ++i)
    std::memcpy(static_cast<char *>(to) + i * width, &value, width);
  return nullptr;
}

tsdk_error pointerGet(void *self, const void *pointer, uint32_t property,
                      void *out, size_t *size) {
  std::lock_guard lock(fakeOf(self).mutex);
  auto found = fakeOf(self).memory.find(const_cast<void *>(pointer));
  if (property != TSDK_POINTER_ORDINAL || found == fakeOf(self).memory.end()) {
    *size = 0;
    return nullptr;
  }
  int32_t ordinal = static_cast<int32_t>(found->second);
  if (*size >= sizeof(ordinal))
    std::memcpy(out, &ordinal, sizeof(ordinal));
  *size = sizeof(ordinal);
  return nullptr;
}

tsdk_error streamCreate(void *, void *, int32_t, uint64_t *out) {
  *out = static_cast<uint64_t>(++counters().streamsCreated);
  return nullptr;
}

void streamDestroy(void *, void *, uint64_t) { counters().streamsDestroyed++; }

tsdk_error streamSync(void *, void *, uint64_t) { return nullptr; }

tsdk_error moduleLoad(void *self, void *, tsdk_bytes object, tsdk_str,
                      void **module) {
  std::string bytes(static_cast<const char *>(object.data), object.size);
  if (bytes.find("object") != 0)
    return fail(self, TSDK_E_DATA_LOSS, "not an object");
  counters().modulesLoaded++;
  *module = new Module{bytes, {}};
  return nullptr;
}

void moduleUnload(void *, void *, void *module) {
  counters().modulesUnloaded++;
  delete static_cast<Module *>(module);
}

tsdk_error functionGet(void *, void *, void *module,
                       const tsdk_function_desc *desc, void **function) {
  static_cast<Module *>(module)->bytes.assign(
      desc->param_bytes, desc->param_bytes + desc->num_params);
  *function = module;
  return nullptr;
}

tsdk_error launch(void *, void *, void *function,
                  const tsdk_driver_launch *launch) {
  Module *module = static_cast<Module *>(function);
  counters().launches.fetch_add(1, std::memory_order_relaxed);
  std::lock_guard lock(launchMutex);
  std::memcpy(last.grid, launch->grid, sizeof(last.grid));
  last.stream = launch->stream;
  last.object = module->object;
  last.params.clear();
  for (uint32_t i = 0; i < launch->num_params; ++i)
    last.params.emplace_back(static_cast<const char *>(launch->params[i]),
                             module->bytes[i]);
  return nullptr;
}

std::string pluginText(const char *text, tsdk_bytes from) {
  return std::string(text) +
         std::string(static_cast<const char *>(from.data), from.size);
}

tsdk_error pluginCompile(void *self, const tsdk_plugin_compile_in *in,
                         tsdk_plugin_compile_out *out) {
  const tsdk_host *host = fakeOf(self).host;
  std::string object = pluginText("object by plugin of ", in->ir);
  char *copy = static_cast<char *>(host->alloc(host->self, object.size(), 16));
  std::memcpy(copy, object.data(), object.size());
  out->object = {copy, object.size()};
  char *log = static_cast<char *>(host->alloc(host->self, 5, 1));
  std::memcpy(log, "looks", 5);
  out->log = {log, 5};
  out->registers = 40;
  out->spill_bytes = 8;
  return nullptr;
}

tsdk_str pluginAssembler(void *, const tsdk_target *) {
  return counters().assembler == 1 ? lit("fake-as 1") : lit("fake-as 2");
}

tsdk_error pluginInspect(void *self, const tsdk_plugin_compile_in *in,
                         tsdk_plugin_compile_out *out) {
  if (pluginText("", in->ir).rfind("object of ", 0) != 0)
    return fail(self, TSDK_E_INTERNAL, "this is no object");
  std::string_view promised(in->assembler.data, in->assembler.size);
  if (promised != (counters().assembler == 1 ? "fake-as 1" : "fake-as 2"))
    return fail(self, TSDK_E_INTERNAL, "the key has another assembler");
  out->registers = 24;
  out->stack_bytes = 16;
  out->shared_bytes = 512;
  return nullptr;
}

void shutdown(void *self) {
  counters().shutdowns++;
  delete &fakeOf(self);
}

Fake *makeFake(const tsdk_host *host) {
  Fake *fake = new Fake;
  fake->host = host;
  fake->functions[0] = {lit("tl.extra.fake.twist"), lit("f32"), lit("f32"),
                        lit("fake_twist"),          0,          0};
  fake->options[0] = {lit("fake_level"), lit("2"), {}, lit("How fake"), 0, 9,
                      TSDK_OPTION_INT,   0};
  fake->options[1] = {lit("num_warps"), lit("4"), {}, lit("Warps"), 1, 8,
                      TSDK_OPTION_INT,  0};
  fake->options[2] = {lit("only_on_second"), lit("0"), {},
                      lit("For others"),     0,        0,
                      TSDK_OPTION_BOOL,      0};
  fake->machine.struct_size = sizeof(tsdk_machine);
  fake->machine.vector_bytes = 32;
  fake->machine.functions = fake->functions;
  fake->machine.num_functions = 1;
  fake->machine.function_stride = sizeof(tsdk_language_function);
  fake->machine.options = fake->options;
  fake->machine.num_options = 2;
  fake->machine.option_stride = sizeof(tsdk_option_row);
  fake->codegen.struct_size = sizeof(tsdk_codegen);
  fake->codegen.artifact = TSDK_ARTIFACT_OPAQUE;
  const char *names[] = {"fake-1", "fake-2", "fake-own"};
  for (int i = 0; i < 3; ++i) {
    tsdk_target &target = fake->targets[i];
    target.struct_size = sizeof(tsdk_target);
    target.execution =
        i == 2 ? TSDK_EXECUTION_PLUGIN_COMPILER : TSDK_EXECUTION_TILE_LOOPS;
    target.name = lit(names[i]);
    target.fingerprint = lit("f");
    target.doc = lit("Not a machine");
    target.machine = &fake->machine;
    target.codegen = &fake->codegen;
  }
  // The second has an option of its own.
  fake->second = fake->machine;
  fake->second.options = fake->options + 2;
  fake->second.num_options = 1;
  fake->targets[1].machine = &fake->second;

  tsdk_driver &driver = fake->driver;
  driver.struct_size = sizeof(driver);
  driver.self = fake;
  driver.probe = probe;
  driver.device_open = deviceOpen;
  driver.device_close = deviceClose;
  driver.device_target = deviceTarget;
  driver.device_get = deviceGet;
  driver.mem_alloc = memAlloc;
  driver.mem_free = memFree;
  driver.mem_copy = memCopy;
  driver.mem_set = memSet;
  driver.pointer_get = pointerGet;
  driver.stream_create = streamCreate;
  driver.stream_destroy = streamDestroy;
  driver.stream_sync = streamSync;
  driver.module_load = moduleLoad;
  driver.module_unload = moduleUnload;
  driver.function_get = functionGet;
  driver.launch = launch;

  tsdk_plugin &plugin = fake->plugin;
  plugin.struct_size = sizeof(plugin);
  plugin.abi = TSDK_PLUGIN_ABI;
  plugin.name = lit("fake");
  plugin.aliases = lit("pretend,sham");
  plugin.version = lit("1.0");
  plugin.build_id = lit("fake-build");
  plugin.self = fake;
  plugin.target_count = [](void *) -> size_t { return 3; };
  plugin.target_get = [](void *self, size_t index) -> const tsdk_target * {
    return &fakeOf(self).targets[index];
  };
  plugin.compile = pluginCompile;
  plugin.inspect = pluginInspect;
  plugin.assembler = pluginAssembler;
  plugin.driver = &driver;
  plugin.shutdown = shutdown;
  return fake;
}

void (*currentEdit)(tsdk_plugin &, tsdk_driver &) = nullptr;

} // namespace

Counters &tilesdk::fake::counters() {
  static Counters counters;
  return counters;
}

Launch tilesdk::fake::lastLaunch() {
  std::lock_guard lock(launchMutex);
  return last;
}

tsdk_code tilesdk::fake::query(uint32_t, const tsdk_host *host,
                               const tsdk_plugin **out) {
  *out = &makeFake(host)->plugin;
  return TSDK_OK;
}

tsdk_code tilesdk::fake::queryTooNew(uint32_t, const tsdk_host *,
                                     const tsdk_plugin **out) {
  static tsdk_plugin plugin;
  plugin.struct_size = sizeof(plugin);
  plugin.abi = 7;
  plugin.name = lit("future");
  *out = &plugin;
  return TSDK_E_UNIMPLEMENTED;
}

void tilesdk::fake::setEdit(void (*edit)(tsdk_plugin &, tsdk_driver &)) {
  currentEdit = edit;
}

tsdk_code tilesdk::fake::queryEdited(uint32_t, const tsdk_host *host,
                                     const tsdk_plugin **out) {
  // A plugin that is refused unseen never hears of its end.
  static std::vector<Fake *> &reachable = *new std::vector<Fake *>;
  Fake *fake = makeFake(host);
  reachable.push_back(fake);
  currentEdit(fake->plugin, fake->driver);
  *out = &fake->plugin;
  return TSDK_OK;
}

tsdk_context tilesdk::fake::makeContext(const std::string &cacheDir,
                                        std::vector<std::string> *log) {
  tsdk_option options[3] = {{str("cache"), str(cacheDir.empty() ? "0" : "1")},
                            {str("cache_dir"), str(cacheDir)},
                            {str("plugin_search"), str("0")}};
  tsdk_context_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.options = options;
  desc.num_options = 3;
  desc.user = log;
  if (log)
    desc.log = [](void *user, int32_t, tsdk_str message) {
      static_cast<std::vector<std::string> *>(user)->push_back(text(message));
    };
  tsdk_context context = nullptr;
  if (tsdk_context_create(&desc, &context))
    std::abort();
  auto *self = static_cast<runtime::Context *>(runtime::lookUpHandle(context));
  self->compiler.inject(compilerTable());
  if (tsdk_plugin_register(context, reinterpret_cast<void (*)()>(&query)))
    std::abort();
  return context;
}

tsdk_kernel tilesdk::fake::makeKernel(tsdk_context context,
                                      const std::string &params,
                                      tsdk_program *program) {
  std::string source = "kernel k " + params;
  tsdk_program_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.source = str(source);
  tsdk_kernel kernel = nullptr;
  if (take(tsdk_program_create(context, &desc, program, nullptr)).empty())
    tsdk_error_release(tsdk_kernel_get(*program, str("k"), &kernel));
  return kernel;
}

std::string tilesdk::fake::makeDirectory() {
  const char *base = std::getenv("TMPDIR");
  std::string path = std::string(base ? base : "/tmp") + "/tilesdk-test-XXXXXX";
  if (!mkdtemp(path.data()))
    std::abort();
  return path;
}
