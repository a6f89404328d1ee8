//===- program.cpp - Programs, kernels, variants, launches ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/src/entry.h"
#include "core/runtime/launch.h"

using namespace tilesdk::api;

namespace {

/// Copies what a program is made of.
Error readProgram(const tsdk_program_desc &desc, ProgramText *out) {
  if (desc.flags)
    return unknownFlags("desc.flags", desc.flags);
  if (Error error = checkText(desc.source, "desc.source"))
    return error;
  if (Error error = checkText(desc.filename, "desc.filename"))
    return error;
  if (Error error =
          checkOptions(desc.captures, desc.num_captures, "desc.captures"))
    return error;
  if (desc.num_modules && !desc.modules)
    return nullArgument("desc.modules");
  size_t stride = desc.module_stride ? desc.module_stride : sizeof(tsdk_module);
  if (desc.num_modules && stride < sizeof(tsdk_module))
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "`desc.module_stride` is " + llvm::Twine(stride) +
                         ", expected sizeof(tsdk_module) or 0");
  out->source = toRef(desc.source).str();
  out->filename = toRef(desc.filename).str();
  if (out->filename.empty())
    out->filename = "<source>";
  out->firstLine = desc.first_line ? desc.first_line : 1;
  for (size_t i = 0; i < desc.num_modules; ++i) {
    const tsdk_module &module = *reinterpret_cast<const tsdk_module *>(
        reinterpret_cast<const char *>(desc.modules) + i * stride);
    for (tsdk_str text : {module.name, module.filename, module.source})
      if (Error error = checkText(text, "desc.modules"))
        return error;
    out->modules.push_back({toRef(module.name).str(),
                            toRef(module.filename).str(),
                            toRef(module.source).str()});
  }
  for (size_t i = 0; i < desc.num_captures; ++i)
    out->captures.emplace_back(toRef(desc.captures[i].name).str(),
                               toRef(desc.captures[i].value).str());
  return success();
}

/// Reads and checks a description of a variant.
Error readVariant(const tsdk_variant_desc *desc, tsdk_variant_desc *storage,
                  const tsdk_variant_desc **out, Device **device) {
  if (Error error = readStruct(desc, TILESDK_THROUGH(tsdk_variant_desc, device),
                               "desc", storage, out))
    return error;
  const tsdk_variant_desc &in = **out;
  if (in.flags)
    return unknownFlags("desc.flags", in.flags);
  const std::pair<tsdk_str, const char *> texts[] = {
      {in.signature, "desc.signature"},
      {in.target, "desc.target"},
      {in.keep_stages, "desc.keep_stages"},
      {in.stop_stage, "desc.stop_stage"},
      {in.resume_stage, "desc.resume_stage"}};
  for (const auto &[text, name] : texts)
    if (Error error = checkText(text, name))
      return error;
  if (Error error = checkBytes(in.resume_ir, "desc.resume_ir"))
    return error;
  if (Error error = checkOptions(in.options, in.num_options, "desc.options"))
    return error;
  if (in.num_link_bitcode && !in.link_bitcode)
    return nullArgument("desc.link_bitcode");
  for (size_t i = 0; i < in.num_link_bitcode; ++i)
    if (Error error = checkBytes(in.link_bitcode[i], "desc.link_bitcode"))
      return error;
  *device = nullptr;
  return in.device ? get(in.device, "desc.device", device) : success();
}

/// What both ways to start a build read: the kernel and the checked request.
Error readBuild(tsdk_kernel handle, const tsdk_variant_desc *desc,
                const void *out, bool isAsync, Kernel **kernel,
                BuildRequest *request) {
  if (Error error = get(handle, "kernel", kernel))
    return error;
  if (!out)
    return nullArgument("out");
  tsdk_variant_desc storage;
  const tsdk_variant_desc *in;
  Device *device = nullptr;
  if (Error error = readVariant(desc, &storage, &in, &device))
    return error;
  if (isAsync && in->cancel)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "`desc.cancel` must be null here; use tsdk_build_cancel");
  return BuildRequest::create(**kernel, *in, device, request);
}

Error readLaunch(const tsdk_launch_desc *desc, tsdk_launch_desc *storage,
                 const tsdk_launch_desc **out, const Device &device,
                 uint64_t *stream) {
  if (Error error = readStruct(desc, TILESDK_THROUGH(tsdk_launch_desc, grid),
                               "desc", storage, out))
    return error;
  const tsdk_launch_desc &in = **out;
  if (in.num_attrs && !in.attrs)
    return nullArgument("desc.attrs");
  if (in.num_options)
    if (Error error = checkOptions(in.options, in.num_options, "desc.options"))
      return error;
  Stream *order = nullptr;
  if (in.stream)
    if (Error error = get(in.stream, "desc.stream", &order))
      return error;
  return streamOf(in, order, device, stream);
}

/// An entry point that gives something about an object as a blob.
template <typename T, typename Function>
tsdk_error describe(void *handle, const char *argument, tsdk_blob *out,
                    Function function) {
  return guarded([&]() -> Error {
    T *self;
    if (Error error = get(handle, argument, &self))
      return error;
    if (!out)
      return nullArgument("out");
    giveText(out, function(*self));
    return success();
  });
}

} // namespace

//===----------------------------------------------------------------------===//
// Programs and kernels
//===----------------------------------------------------------------------===//

tsdk_error tsdk_program_create(tsdk_context context,
                               const tsdk_program_desc *desc, tsdk_program *out,
                               tsdk_diags *warnings) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!out)
      return nullArgument("out");
    tsdk_program_desc storage;
    const tsdk_program_desc *in;
    if (Error error =
            readStruct(desc, TILESDK_THROUGH(tsdk_program_desc, source), "desc",
                       &storage, &in))
      return error;
    auto text = std::make_shared<ProgramText>();
    if (Error error = readProgram(*in, text.get()))
      return error;
    Ref<Program> program;
    Ref<DiagList> list;
    if (Error error = Program::create(*self, std::move(text), &program, &list))
      return error;
    tsdk_diags listHandle = nullptr;
    if (warnings && list)
      give(&listHandle, Ref<Object>(std::move(list)));
    give(out, Ref<Object>(std::move(program)));
    if (warnings)
      *warnings = listHandle;
    return success();
  });
}

tsdk_error tsdk_program_create_from_ir(tsdk_context context, tsdk_str stage,
                                       tsdk_bytes ir, tsdk_program *out) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (Error error = checkText(stage, "stage"))
      return error;
    if (Error error = checkBytes(ir, "ir"))
      return error;
    llvm::StringRef name = toRef(stage);
    if (name != "tile" && name != "tile-opt" && name != "simt" &&
        name != "llvm")
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "`stage` is `" + name +
                           "`, expected tile, tile-opt, simt or llvm");
    if (!ir.size)
      return makeError(TSDK_E_INVALID_ARGUMENT, "`ir` is empty");
    auto text = std::make_shared<ProgramText>();
    text->filename = ("<" + name + ">").str();
    text->irStage = name.str();
    text->ir = toRef(ir).str();
    Ref<Program> program;
    if (Error error =
            Program::create(*self, std::move(text), &program, nullptr))
      return error;
    give(out, Ref<Object>(std::move(program)));
    return success();
  });
}

tsdk_error tsdk_program_describe(tsdk_program program, tsdk_blob *out) {
  return describe<Program>(program, "program", out,
                           [](Program &self) { return self.json; });
}

tsdk_error tsdk_kernel_get(tsdk_program program, tsdk_str name,
                           tsdk_kernel *out) {
  return guarded([&]() -> Error {
    Program *self;
    if (Error error = get(program, "program", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (Error error = checkText(name, "name"))
      return error;
    Kernel *kernel;
    if (Error error = self->findKernel(toRef(name), &kernel))
      return error;
    give(out, Ref<Object>(Ref<Kernel>(kernel)));
    return success();
  });
}

tsdk_str tsdk_kernel_name(tsdk_kernel kernel) {
  Kernel *self = peek<Kernel>(kernel);
  return self ? toStr(self->name) : tsdk_str{nullptr, 0};
}

tsdk_error tsdk_kernel_describe(tsdk_kernel kernel, tsdk_blob *out) {
  return describe<Kernel>(kernel, "kernel", out,
                          [](Kernel &self) { return self.json; });
}

//===----------------------------------------------------------------------===//
// Variants
//===----------------------------------------------------------------------===//

tsdk_error tsdk_variant_build(tsdk_kernel kernel, const tsdk_variant_desc *desc,
                              tsdk_variant *out) {
  return guarded([&]() -> Error {
    Kernel *self;
    BuildRequest request;
    if (Error error = readBuild(kernel, desc, static_cast<const void *>(out),
                                false, &self, &request))
      return error;
    Ref<Variant> variant;
    if (Error error = self->context().builds.get(request, &variant))
      return error;
    give(out, Ref<Object>(std::move(variant)));
    return success();
  });
}

tsdk_error tsdk_build_start(tsdk_kernel kernel, const tsdk_variant_desc *desc,
                            tsdk_build *out) {
  return guarded([&]() -> Error {
    Kernel *self;
    BuildRequest request;
    if (Error error = readBuild(kernel, desc, static_cast<const void *>(out),
                                true, &self, &request))
      return error;
    Ref<Build> build = makeRef<Build>(self->context(), std::move(request));
    if (Error error = self->context().builds.start(build))
      return error;
    give(out, Ref<Object>(std::move(build)));
    return success();
  });
}

tsdk_error tsdk_build_poll(tsdk_build build, tsdk_bool *done) {
  return guarded([&]() -> Error {
    Build *self;
    if (Error error = get(build, "build", &self))
      return error;
    if (!done)
      return nullArgument("done");
    *done = self->isDone();
    return success();
  });
}

tsdk_error tsdk_build_cancel(tsdk_build build) {
  return guarded([&]() -> Error {
    Build *self;
    if (Error error = get(build, "build", &self))
      return error;
    self->cancel();
    return success();
  });
}

tsdk_error tsdk_build_wait(tsdk_build build, uint64_t timeout_ns,
                           tsdk_variant *out) {
  return guarded([&]() -> Error {
    Build *self;
    if (Error error = get(build, "build", &self))
      return error;
    if (!out)
      return nullArgument("out");
    Ref<Variant> variant;
    if (Error error = self->wait(timeout_ns, &variant))
      return error;
    give(out, Ref<Object>(std::move(variant)));
    return success();
  });
}

tsdk_error tsdk_variant_artifact(tsdk_variant variant, tsdk_str stage,
                                 tsdk_blob *out) {
  return guarded([&]() -> Error {
    Variant *self;
    if (Error error = get(variant, "variant", &self))
      return error;
    if (!out)
      return nullArgument("out");
    if (Error error = checkText(stage, "stage"))
      return error;
    Ref<Blob> blob;
    if (Error error = self->artifact(toRef(stage), &blob))
      return error;
    give(out, Ref<Object>(std::move(blob)));
    return success();
  });
}

tsdk_error tsdk_variant_metadata(tsdk_variant variant, tsdk_blob *out) {
  return describe<Variant>(variant, "variant", out,
                           [](Variant &self) { return self.metadata; });
}

tsdk_error tsdk_variant_info(tsdk_variant variant, tsdk_blob *out) {
  return describe<Variant>(variant, "variant", out,
                           [](Variant &self) { return self.info(); });
}

tsdk_diags tsdk_variant_diags(tsdk_variant variant) {
  Variant *self = peek<Variant>(variant);
  return self ? static_cast<tsdk_diags>(self->diagsHandle) : nullptr;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The objects of a launch by values; its arguments are there.
static Error readCall(tsdk_kernel kernel, tsdk_device device,
                      const tsdk_arg *args, size_t numArgs, Kernel **self,
                      Device **where) {
  if (Error error = get(kernel, "kernel", self))
    return error;
  if (Error error = get(device, "device", where))
    return error;
  return numArgs && !args ? nullArgument("args") : success();
}

tsdk_error tsdk_kernel_launch(tsdk_kernel kernel, tsdk_device device,
                              const tsdk_launch_desc *desc,
                              const tsdk_arg *args, size_t num_args) {
  return guarded([&]() -> Error {
    Kernel *self;
    Device *where;
    if (Error error = readCall(kernel, device, args, num_args, &self, &where))
      return error;
    tsdk_launch_desc storage;
    const tsdk_launch_desc *in;
    uint64_t stream = 0;
    if (Error error = readLaunch(desc, &storage, &in, *where, &stream))
      return error;
    return launchKernel(*self, *where, *in, stream, args, num_args, nullptr);
  });
}

tsdk_error tsdk_kernel_variant(tsdk_kernel kernel, tsdk_device device,
                               const tsdk_launch_desc *desc,
                               const tsdk_arg *args, size_t num_args,
                               tsdk_variant *out) {
  return guarded([&]() -> Error {
    Kernel *self;
    Device *where;
    if (Error error = readCall(kernel, device, args, num_args, &self, &where))
      return error;
    if (!out)
      return nullArgument("out");
    tsdk_launch_desc storage = {};
    const tsdk_launch_desc *in = &storage;
    uint64_t stream = 0;
    if (desc)
      if (Error error = readLaunch(desc, &storage, &in, *where, &stream))
        return error;
    Ref<Variant> variant;
    if (Error error =
            launchKernel(*self, *where, *in, stream, args, num_args, &variant))
      return error;
    give(out, Ref<Object>(std::move(variant)));
    return success();
  });
}

tsdk_error tsdk_variant_launch(tsdk_variant variant, tsdk_device device,
                               const tsdk_launch_desc *desc,
                               void *const *params, size_t num_params) {
  return guarded([&]() -> Error {
    Variant *self;
    Device *where;
    if (Error error = get(variant, "variant", &self))
      return error;
    if (Error error = get(device, "device", &where))
      return error;
    tsdk_launch_desc storage;
    const tsdk_launch_desc *in;
    uint64_t stream = 0;
    if (Error error = readLaunch(desc, &storage, &in, *where, &stream))
      return error;
    if (in->num_options)
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "a variant is specialised already: `desc.options` must "
                       "be empty");
    return launchVariant(*self, *where, *in, stream, params, num_params);
  });
}
