//===- run.cpp - `tilesdk run`: build, launch, look at the results -*- C++ -*-//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/arguments.h"
#include "tools/tilesdk/npy.h"
#include "tools/tilesdk/options.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

using namespace tilesdk::tool;

namespace {

struct Run {
  BuildOptions build;
  std::vector<std::string> args, saves, checks;
  std::string grid = "1";
  uint64_t seed = 0;
  int repeat = 10;
  double rtol = 1e-5, atol = 1e-6;
};

struct Param {
  std::string name;
  bool isConstexpr = false, hasDefault = false;
};

int readParams(Session &session, tsdk_kernel kernel,
               std::vector<Param> &params) {
  llvm::json::Value value = nullptr;
  if (int code = session.json(value, tsdk_kernel_describe, kernel))
    return code;
  const llvm::json::Object *object = value.getAsObject();
  const llvm::json::Array *list = object ? object->getArray("params") : nullptr;
  if (!list)
    return session.fail(ExitUsage, "the kernel has no list of parameters",
                        "`tilesdk run` needs kernel source, not IR");
  for (const llvm::json::Value &element : *list) {
    const llvm::json::Object &param = *element.getAsObject();
    params.push_back({param.getString("name").value_or("").str(),
                      param.getBoolean("constexpr").value_or(false),
                      param.getString("default").has_value()});
  }
  return ExitOk;
}

/// Splits "name=rest"; the name is empty when there is none.
std::pair<std::string, std::string> splitName(const std::string &text) {
  size_t at = 0;
  while (
      at < text.size() &&
      (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_'))
    ++at;
  if (at == 0 || at >= text.size() || text[at] != '=' ||
      std::isdigit(static_cast<unsigned char>(text[0])))
    return {"", text};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// One Argument per parameter, in order.
int bindArguments(Session &session, const Run &options,
                  const std::vector<Param> &params,
                  std::vector<Argument> &arguments) {
  arguments.resize(params.size());
  std::vector<bool> given(params.size());
  std::vector<std::string> names;
  for (size_t i = 0; i < params.size(); ++i) {
    arguments[i].name = params[i].name;
    arguments[i].value.kind = TSDK_ARG_DEFAULT;
    names.push_back(params[i].name);
  }
  size_t next = 0;
  for (const std::string &entry : options.args) {
    auto [name, spec] = splitName(entry);
    size_t at = next;
    if (!name.empty()) {
      at = static_cast<size_t>(std::find(names.begin(), names.end(), name) -
                               names.begin());
      if (at == names.size())
        return session.fail(ExitUsage, "the kernel has no parameter `" + name +
                                           "`" + didYouMean(name, names));
    } else {
      ++next;
    }
    if (at >= params.size())
      return session.fail(
          ExitUsage, "the kernel takes " + std::to_string(params.size()) +
                         " arguments, `--arg " + entry + "` is one too many");
    if (given[at])
      return session.fail(ExitUsage, "two values for the parameter `" +
                                         params[at].name + "`");
    given[at] = true;
    std::string why;
    if (!parseArgument(spec, options.seed * 1000 + at, params[at].isConstexpr,
                       arguments[at], why))
      return session.fail(ExitUsage, "`--arg " + entry + "`: " + why,
                          "arrays are written f32[1024]:random or @file.npy, "
                          "scalars 12, 0.5 or i64:12");
  }
  for (size_t i = 0; i < params.size(); ++i)
    if (!given[i] && !params[i].hasDefault)
      return session.fail(ExitUsage,
                          "no value for the parameter `" + params[i].name + "`",
                          "add --arg " + params[i].name + "=VALUE");
  return ExitOk;
}

int parseGrid(Session &session, const std::string &text, uint32_t grid[3]) {
  grid[0] = grid[1] = grid[2] = 1;
  const char *at = text.c_str();
  for (int i = 0; i < 3; ++i) {
    char *end = nullptr;
    unsigned long extent = std::strtoul(at, &end, 10);
    if (end == at || *at == '-' || extent > UINT32_MAX)
      break;
    grid[i] = static_cast<uint32_t>(extent);
    if (!*end)
      return ExitOk;
    at = end + 1;
  }
  return session.fail(ExitUsage, "`--grid " + text +
                                     "` is not one to three numbers, as in "
                                     "--grid 128 or --grid 16,16");
}

uint64_t hashOf(const std::string &bytes) {
  uint64_t hash = 0xcbf29ce484222325u; // FNV-1a.
  for (unsigned char byte : bytes)
    hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

size_t countOf(const Argument &argument) {
  return argument.bytes.size() / argument.type->size;
}

/// Device memory for the arrays, filled; `args` point to it.
int upload(Session &session, tsdk_device device, tsdk_stream stream,
           std::vector<Argument> &arguments,
           std::vector<Handle<tsdk_buffer>> &buffers,
           std::vector<tsdk_arg> &args) {
  for (Argument &argument : arguments) {
    tsdk_arg arg = argument.value;
    if (argument.isArray) {
      Handle<tsdk_buffer> buffer;
      if (tsdk_error error = tsdk_buffer_alloc(
              device, stream, argument.bytes.size(), 0, buffer.out()))
        return session.fail(error);
      if (!argument.bytes.empty())
        if (tsdk_error error =
                tsdk_copy(stream, tsdk_buffer_ptr(buffer.get()),
                          argument.bytes.data(), argument.bytes.size()))
          return session.fail(error);
      arg.kind = TSDK_ARG_BUFFER;
      arg.aux = argument.type->code;
      arg.v.p = buffer.get();
      buffers.push_back(std::move(buffer));
    } else if (arg.kind == TSDK_ARG_CONSTEXPR) {
      arg.aux = static_cast<uint32_t>(argument.text.size());
      arg.v.p = argument.text.data();
    }
    args.push_back(arg);
  }
  return ExitOk;
}

int download(Session &session, tsdk_stream stream,
             std::vector<Argument> &arguments,
             const std::vector<Handle<tsdk_buffer>> &buffers) {
  size_t next = 0;
  for (Argument &argument : arguments)
    if (argument.isArray) {
      const Handle<tsdk_buffer> &buffer = buffers[next++];
      if (!argument.bytes.empty())
        if (tsdk_error error =
                tsdk_copy(stream, argument.bytes.data(),
                          tsdk_buffer_ptr(buffer.get()), argument.bytes.size()))
          return session.fail(error);
    }
  if (tsdk_error error = tsdk_stream_sync(stream))
    return session.fail(error);
  return ExitOk;
}

Argument *findArray(std::vector<Argument> &arguments, const std::string &name) {
  for (Argument &argument : arguments)
    if (argument.name == name && argument.isArray)
      return &argument;
  return nullptr;
}

/// --save and --check.
int compareAndSave(Session &session, const Run &options,
                   std::vector<Argument> &arguments) {
  for (const std::string &entry : options.saves) {
    auto [name, path] = splitName(entry);
    Argument *array = findArray(arguments, name);
    if (!array)
      return session.fail(
          ExitUsage, "`--save " + entry + "`: no array argument `" + name + "`",
          "write --save NAME=FILE.npy");
    std::string why;
    if (!writeFile(path,
                   formatNpy({array->type->descr, array->shape, array->bytes}),
                   why))
      return session.fail(ExitDevice, why);
  }
  for (const std::string &entry : options.checks) {
    if (entry.find('=') == std::string::npos) // a list of checks
      continue;
    auto [name, path] = splitName(entry);
    Argument *array = findArray(arguments, name);
    if (!array)
      return session.fail(ExitUsage,
                          "`--check " + entry + "`: no array argument `" +
                              name + "`",
                          "write --check NAME=FILE.npy");
    Argument expected;
    std::string why;
    // NumPy has no name for some types: then the bits are of the array's type.
    bool sameBits =
        array->type->descr[1] == 'u' && array->type->code >= TSDK_F16;
    if (!parseArgument((sameBits ? array->type->name : std::string()) + "@" +
                           path,
                       0, false, expected, why))
      return session.fail(ExitUsage, why);
    if (countOf(expected) != countOf(*array))
      return session.fail(ExitCheck, "`" + name + "` has " +
                                         countText(countOf(*array)) +
                                         " elements, `" + path + "` has " +
                                         countText(countOf(expected)));
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < countOf(*array); ++i) {
      double got = elementAt(*array, i), want = elementAt(expected, i);
      if (got == want || (std::isnan(got) && std::isnan(want)) ||
          std::fabs(got - want) <=
              options.atol + options.rtol * std::fabs(want))
        continue;
      if (!wrong++)
        first = i;
    }
    if (wrong) {
      char detail[96];
      std::snprintf(detail, sizeof(detail), "got %.9g, expected %.9g",
                    elementAt(*array, first), elementAt(expected, first));
      return session.fail(
          ExitCheck, countText(wrong) + " of " + countText(countOf(*array)) +
                         " elements of `" + name + "` differ from " + path +
                         ", the first at " + std::to_string(first) + ": " +
                         detail);
    }
  }
  return ExitOk;
}

/// Nanoseconds of each of `repeat` launches, by events.
int measure(Session &session, tsdk_kernel kernel, tsdk_device device,
            const tsdk_launch_desc &desc, const std::vector<tsdk_arg> &args,
            int repeat, std::vector<double> &times) {
  Handle<tsdk_event> from, to;
  if (tsdk_error error = tsdk_event_create(device, 0, from.out()))
    return session.fail(error);
  if (tsdk_error error = tsdk_event_create(device, 0, to.out()))
    return session.fail(error);
  for (int i = 0; i < repeat; ++i) {
    uint64_t elapsed = 0;
    tsdk_error error = tsdk_event_record(from.get(), desc.stream);
    if (!error)
      error =
          tsdk_kernel_launch(kernel, device, &desc, args.data(), args.size());
    if (!error)
      error = tsdk_event_record(to.get(), desc.stream);
    if (!error)
      error = tsdk_event_sync(to.get());
    if (!error)
      error = tsdk_event_elapsed(from.get(), to.get(), &elapsed);
    if (error)
      return session.fail(error);
    times.push_back(static_cast<double>(elapsed));
  }
  std::sort(times.begin(), times.end());
  return ExitOk;
}

void printReport(Session &session, const std::vector<Argument> &arguments,
                 tsdk_kernel kernel, tsdk_device device,
                 const llvm::json::Value &info,
                 const std::vector<double> &times) {
  double bytes = 0;
  llvm::json::Array arrays;
  for (const Argument &argument : arguments) {
    if (!argument.isArray)
      continue;
    bytes += static_cast<double>(argument.bytes.size());
    double sum = 0;
    for (size_t i = 0; i < countOf(argument); ++i)
      sum += elementAt(argument, i);
    char hash[20], sumText[32];
    std::snprintf(hash, sizeof(hash), "%016llx",
                  static_cast<unsigned long long>(hashOf(argument.bytes)));
    std::snprintf(sumText, sizeof(sumText), "%.9g", sum);
    if (session.common.json)
      arrays.push_back(llvm::json::Object{
          {"name", argument.name},
          {"type", argument.describe()},
          {"sum", std::isfinite(sum) ? llvm::json::Value(sum)
                                     : llvm::json::Value(nullptr)},
          {"hash", hash}});
    else
      llvm::outs() << "array   " << argument.name << ' ' << argument.describe()
                   << " sum " << sumText << " hash " << hash << '\n';
  }
  double median = times.empty() ? 0 : times[times.size() / 2];
  double bandwidth = median > 0 ? bytes / median : 0;
  if (session.common.json) {
    printJson(
        llvm::json::Object{{"schema", 1},
                           {"kernel", text(tsdk_kernel_name(kernel))},
                           {"device", text(tsdk_device_uri(device))},
                           {"info", info},
                           {"arrays", std::move(arrays)},
                           {"launches", times.size()},
                           {"median_ns", median},
                           {"fastest_ns", times.empty() ? 0.0 : times.front()},
                           {"slowest_ns", times.empty() ? 0.0 : times.back()},
                           {"array_bytes", bytes},
                           {"gigabytes_per_second", bandwidth}});
    return;
  }
  if (times.empty())
    return;
  char line[96];
  std::snprintf(line, sizeof(line), "%.2f GB/s", bandwidth);
  llvm::outs() << "time    " << timeText(median) << " median of "
               << times.size() << " (" << timeText(times.front()) << " to "
               << timeText(times.back()) << "), " << line
               << " counting each array once\n";
}

int run(Session &session, const Run &options) {
  tsdk_launch_desc desc = {};
  desc.struct_size = sizeof(desc);
  if (int code = parseGrid(session, options.grid, desc.grid))
    return code;
  OptionList list;
  std::vector<std::string> buildOptions = options.build.options;
  std::string checks;
  for (const std::string &entry : options.checks)
    if (entry.find('=') == std::string::npos)
      checks += (checks.empty() ? "" : ",") + entry;
  if (!checks.empty())
    buildOptions.push_back("check=" + checks);
  if (int code = list.parse(session, buildOptions))
    return code;
  Handle<tsdk_program> program;
  Handle<tsdk_kernel> kernel;
  if (int code = loadKernel(session, options.build, program, kernel))
    return code;
  std::vector<Param> params;
  std::vector<Argument> arguments;
  if (int code = readParams(session, kernel.get(), params))
    return code;
  if (int code = bindArguments(session, options, params, arguments))
    return code;

  Handle<tsdk_device> device;
  if (tsdk_error error = tsdk_device_open(
          session.context(), str(options.build.target), device.out()))
    return session.fail(error);
  Handle<tsdk_stream> stream;
  if (tsdk_error error = tsdk_stream_create(device.get(), 0, 0, stream.out()))
    return session.fail(error);
  std::vector<Handle<tsdk_buffer>> buffers;
  std::vector<tsdk_arg> args;
  if (int code =
          upload(session, device.get(), stream.get(), arguments, buffers, args))
    return code;

  desc.options = list.data();
  desc.num_options = list.size();
  desc.stream = stream.get();
  Handle<tsdk_variant> variant;
  if (tsdk_error error =
          tsdk_kernel_variant(kernel.get(), device.get(), &desc, args.data(),
                              args.size(), variant.out()))
    return session.fail(error);
  if (!session.common.quiet)
    session.diagnostics(tsdk_variant_diags(variant.get()));
  llvm::json::Value info = nullptr;
  if (int code = session.json(info, tsdk_variant_info, variant.get()))
    return code;
  // What is checked and saved is the result of the first launch.
  if (tsdk_error error = tsdk_kernel_launch(kernel.get(), device.get(), &desc,
                                            args.data(), args.size()))
    return session.fail(error);
  if (int code = download(session, stream.get(), arguments, buffers))
    return code;
  if (int code = compareAndSave(session, options, arguments))
    return code;
  std::vector<double> times;
  if (int code = measure(session, kernel.get(), device.get(), desc, args,
                         options.repeat, times))
    return code;
  if (!session.common.json)
    session.note("ran `" + text(tsdk_kernel_name(kernel.get())) + "` on " +
                 text(tsdk_device_uri(device.get())) + ", target " +
                 text(tsdk_device_target(device.get())));
  printReport(session, arguments, kernel.get(), device.get(), info, times);
  session.note("next: --save NAME=FILE.npy keeps an array, tilesdk show prints "
               "the code");
  return ExitOk;
}

} // namespace

Command tilesdk::tool::addRun(CLI::App &app) {
  auto options = std::make_shared<Run>();
  addBuildOptions(app, options->build, /*signature=*/false);
  app.add_option("-a,--arg", options->args,
                 "An argument, in order or as NAME=...: f32[1024]:random, "
                 "@x.npy, 12, 0.5")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("-g,--grid", options->grid, "Programs: X or X,Y or X,Y,Z")
      ->capture_default_str();
  app.add_option("--repeat", options->repeat, "Launches to time")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  app.add_option("--seed", options->seed, "Seed of random arrays");
  app.add_option("--save", options->saves,
                 "Write an array after the first launch, NAME=FILE.npy")
      ->allow_extra_args(false);
  app.add_option("--check", options->checks,
                 "Compare an array with NAME=FILE.npy, exit code 5 when it "
                 "differs; or checks of\na simulated device: race, bounds, "
                 "uninit, barrier or all, with commas (and early: asynchronous "
                 "copies arrive at once)")
      ->allow_extra_args(false);
  app.add_option("--rtol", options->rtol, "Relative tolerance of --check")
      ->capture_default_str();
  app.add_option("--atol", options->atol, "Absolute tolerance of --check")
      ->capture_default_str();
  app.footer(
      "Arrays are TYPE[EXTENTS]:FILL with FILL zeros (the default), ones, "
      "arange, random\nor const=VALUE, or TYPE@FILE.npy. Example:\n"
      "  tilesdk run add.py --kernel add --arg 'f32[4096]:random' --arg "
      "'f32[4096]:random' \\\n"
      "      --arg 'f32[4096]' --arg 4096 --arg 1024 --grid 4");
  return [options](Session &session) { return run(session, *options); };
}
