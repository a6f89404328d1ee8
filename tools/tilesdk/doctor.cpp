//===- doctor.cpp - `tilesdk doctor` and `targets` -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

#include <unistd.h>

using namespace tilesdk::tool;

namespace {

std::string field(const llvm::json::Value &value, const char *name) {
  const llvm::json::Object *object = value.getAsObject();
  const llvm::json::Value *found = object ? object->get(name) : nullptr;
  if (!found || found->kind() == llvm::json::Value::Null)
    return "";
  if (std::optional<llvm::StringRef> string = found->getAsString())
    return string->str();
  std::string result;
  llvm::raw_string_ostream stream(result);
  stream << *found;
  return result;
}

void row(const std::string &name, const std::string &value) {
  std::string padded = name;
  padded.resize(std::max<size_t>(padded.size() + 2, 14), ' ');
  llvm::outs() << padded << value << '\n';
}

template <typename T> bool property(tsdk_device device, uint32_t id, T &value) {
  size_t size = sizeof(value);
  tsdk_error error = tsdk_device_get(device, id, &value, &size);
  bool known = !error;
  tsdk_error_release(error);
  return known;
}

std::string nameOf(tsdk_device device) {
  char buffer[256];
  size_t size = sizeof(buffer);
  if (tsdk_error error =
          tsdk_device_get(device, TSDK_DEVICE_NAME, buffer, &size)) {
    tsdk_error_release(error);
    return "";
  }
  return std::string(buffer, size);
}

llvm::json::Object describeDevice(Session &session, const std::string &uri,
                                  bool &opened) {
  llvm::json::Object object{{"uri", uri}};
  Handle<tsdk_device> device;
  if (tsdk_error error =
          tsdk_device_open(session.context(), str(uri), device.out())) {
    object["error"] = text(tsdk_error_message(error));
    tsdk_error_release(error);
    opened = false;
    return object;
  }
  uint32_t units = 0;
  uint64_t memory = 0;
  object["name"] = nameOf(device.get());
  object["target"] = text(tsdk_device_target(device.get()));
  object["fingerprint"] = text(tsdk_device_fingerprint(device.get()));
  if (property(device.get(), TSDK_DEVICE_COMPUTE_UNITS, units))
    object["compute_units"] = units;
  if (property(device.get(), TSDK_DEVICE_MEMORY_TOTAL, memory))
    object["memory_bytes"] = memory;
  return object;
}

int doctor(Session &session) {
  llvm::json::Value context = nullptr, devices = nullptr;
  if (int code =
          session.json(context, tsdk_context_describe, session.context()))
    return code;
  if (int code = session.json(devices, tsdk_devices_list, session.context()))
    return code;
  bool opened = true;
  llvm::json::Array described;
  if (const llvm::json::Array *list = devices.getAsArray())
    for (const llvm::json::Value &device : *list)
      described.push_back(
          describeDevice(session, field(device, "uri"), opened));
  if (described.empty())
    opened = false;
  if (session.common.json) {
    printJson(llvm::json::Object{{"schema", 1},
                                 {"version", text(tsdk_version_text())},
                                 {"header_abi", TSDK_ABI_VERSION},
                                 {"context", std::move(context)},
                                 {"devices", std::move(described)}});
    return opened ? ExitOk : ExitDevice;
  }
  row("tilesdk", text(tsdk_version_text()) + ", ABI " + field(context, "abi"));
  row("library", field(context, "library"));
  const llvm::json::Object &object = *context.getAsObject();
  if (const llvm::json::Value *compiler = object.get("compiler"))
    row("compiler", (field(*compiler, "present") == "true"
                         ? "build " + field(*compiler, "build_id") + ", "
                         : "not usable: ") +
                        field(*compiler, "file"));
  if (const llvm::json::Value *cache = object.get("cache")) {
    const llvm::json::Array *directories =
        cache->getAsObject() ? cache->getAsObject()->getArray("directories")
                             : nullptr;
    if (!directories || directories->empty())
      row("cache", "off");
    else
      for (const llvm::json::Value &directory : *directories)
        row("cache", field(directory, "path") + ": " +
                         field(directory, "entries") + " entries, " +
                         bytesText(std::strtod(
                             field(directory, "bytes").c_str(), nullptr)) +
                         (field(directory, "writable") == "true" ? ""
                          : access(field(directory, "path").c_str(), F_OK) != 0
                              ? ", not made yet"
                              : ", read-only"));
  }
  if (const llvm::json::Array *plugins = object.getArray("plugins"))
    for (const llvm::json::Value &plugin : *plugins) {
      std::string error = field(plugin, "error");
      if (error.empty())
        row("plugin", field(plugin, "name") + " " + field(plugin, "version") +
                          ", " + field(plugin, "file"));
      else
        row("plugin", "refused: " + field(plugin, "file") + ": " + error);
    }
  for (const llvm::json::Value &device : described) {
    std::string error = field(device, "error");
    if (!error.empty()) {
      row("device", field(device, "uri") + ": " + error);
      continue;
    }
    row("device", field(device, "uri") + ": " + field(device, "name") + ", " +
                      field(device, "compute_units") + " units, " +
                      bytesText(std::strtod(
                          field(device, "memory_bytes").c_str(), nullptr)) +
                      ", target " + field(device, "target"));
  }
  if (const llvm::json::Array *settings = object.getArray("settings"))
    for (const llvm::json::Value &setting : *settings)
      if (std::string origin = field(setting, "origin");
          session.common.verbose || (!origin.empty() && origin != "default"))
        row("setting", field(setting, "name") + "=" + field(setting, "value") +
                           " (" + origin + ")");
  if (!opened)
    return session.fail(ExitDevice, "no device can be used",
                        "the lines above say which plugin was refused or which "
                        "device failed");
  session.note("next: tilesdk targets");
  return ExitOk;
}

int targets(Session &session, const std::string &name) {
  llvm::json::Value value = nullptr;
  if (!name.empty()) {
    if (int code = session.json(value, tsdk_target_describe, session.context(),
                                str(name)))
      return code;
    printJson(std::move(value));
    return ExitOk;
  }
  if (int code = session.json(value, tsdk_targets_list, session.context()))
    return code;
  if (session.common.json) {
    printJson(llvm::json::Object{{"schema", 1}, {"targets", std::move(value)}});
    return ExitOk;
  }
  if (const llvm::json::Array *list = value.getAsArray())
    for (const llvm::json::Value &target : *list)
      row(field(target, "name"),
          field(target, "plugin") + ", " + field(target, "execution") + ", " +
              field(target, "artifact") + "  " + field(target, "doc"));
  session.note("next: tilesdk targets NAME shows all of a target's data");
  return ExitOk;
}

} // namespace

Command tilesdk::tool::addDoctor(CLI::App &app) {
  app.footer("The output can be pasted into a bug report.");
  return doctor;
}

Command tilesdk::tool::addTargets(CLI::App &app) {
  auto name = std::make_shared<std::string>();
  app.add_option("NAME", *name, "Shows all data of this target, as JSON");
  return [name](Session &session) { return targets(session, *name); };
}
