//===- context.cpp - Contexts, plugins, targets, cache ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/src/entry.h"
#include "core/runtime/json.h"

using namespace tilesdk::api;

namespace {

/// An entry point that gives JSON about a context.
template <typename Function>
tsdk_error describe(tsdk_context context, tsdk_blob *out, Function function) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!out)
      return nullArgument("out");
    giveText(out, printJson(function(*self)));
    return success();
  });
}

} // namespace

tsdk_error tsdk_context_create(const tsdk_context_desc *desc,
                               tsdk_context *out) {
  return guarded([&]() -> Error {
    if (!out)
      return nullArgument("out");
    tsdk_context_desc storage = {};
    const tsdk_context_desc *in = &storage;
    if (desc)
      if (Error error =
              readStruct(desc, TILESDK_THROUGH(tsdk_context_desc, next), "desc",
                         &storage, &in))
        return error;
    if (in->flags)
      return unknownFlags("desc.flags", in->flags);
    if (Error error =
            checkOptions(in->options, in->num_options, "desc.options"))
      return error;
    Context::Callbacks callbacks;
    callbacks.log = in->log;
    callbacks.user = in->user;
    callbacks.userFree = in->user_free;
    Ref<Context> context;
    if (Error error =
            Context::create(in->options, in->num_options, callbacks, &context))
      return error;
    give(out, Ref<Object>(std::move(context)));
    return success();
  });
}

tsdk_error tsdk_context_describe(tsdk_context context, tsdk_blob *out) {
  return describe(context, out, [](Context &self) { return self.describe(); });
}

tsdk_error tsdk_plugin_load(tsdk_context context, tsdk_str path) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (Error error = checkText(path, "path"))
      return error;
    if (toRef(path).empty())
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "`path` is empty: expected a file or a plugin's name");
    return self->plugins.load(toRef(path));
  });
}

tsdk_error tsdk_plugin_register(tsdk_context context, void (*query)(void)) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!query)
      return nullArgument("query");
    return self->plugins.add(reinterpret_cast<tsdk_plugin_query_fn>(query));
  });
}

tsdk_error tsdk_plugins_list(tsdk_context context, tsdk_blob *out) {
  return describe(context, out,
                  [](Context &self) { return self.plugins.toJson(); });
}

tsdk_error tsdk_targets_list(tsdk_context context, tsdk_blob *out) {
  return describe(context, out, [](Context &self) {
    llvm::json::Array list;
    for (Plugin *plugin : self.plugins.all())
      for (const Target &target : plugin->targets())
        list.push_back(target.summary());
    return llvm::json::Value(std::move(list));
  });
}

tsdk_error tsdk_target_describe(tsdk_context context, tsdk_str target,
                                tsdk_blob *out) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (Error error = checkText(target, "target"))
      return error;
    const Target *found;
    if (Error error = self->findTarget(toRef(target), &found))
      return error;
    giveText(out, printJson(found->toJson()));
    return success();
  });
}

tsdk_error tsdk_devices_list(tsdk_context context, tsdk_blob *out) {
  return describe(context, out,
                  [](Context &self) { return self.listDevices(); });
}

tsdk_error tsdk_cache_stats(tsdk_context context, tsdk_blob *out) {
  return describe(context, out,
                  [](Context &self) { return self.cache.stats(); });
}

tsdk_error tsdk_cache_verify(tsdk_context context, tsdk_blob *out) {
  return describe(context, out,
                  [](Context &self) { return self.cache.verify(); });
}

tsdk_error tsdk_cache_prune(tsdk_context context, uint64_t max_bytes,
                            uint64_t *removed_bytes) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    return self->cache.prune(max_bytes, removed_bytes);
  });
}

tsdk_error tsdk_cache_clear(tsdk_context context) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    return self->cache.clear();
  });
}
