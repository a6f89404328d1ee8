//===- request.cpp - Checking what is to be built ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/build.h"
#include "core/runtime/context.h"
#include "core/runtime/hash.h"
#include "core/runtime/os.h"
#include "core/runtime/text.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>

using namespace tilesdk::runtime;

namespace {

constexpr uint32_t Int = TSDK_OPTION_INT, Bool = TSDK_OPTION_BOOL,
                   Text = TSDK_OPTION_TEXT;

constexpr tsdk_str literal(const char *text) {
  return {text, std::char_traits<char>::length(text)};
}

constexpr tsdk_option_row commonOptions[] = {
#define TILESDK_BUILD_OPTION(NAME, TYPE, DEFAULT, MIN, MAX, SENTENCE)          \
  {literal(#NAME), literal(DEFAULT), {}, literal(SENTENCE), MIN, MAX, TYPE, 0},
#define TILESDK_IGNORED_OPTION TILESDK_BUILD_OPTION
#include "core/runtime/build_options.def"
};

constexpr const char *ignoredOptions[] = {
#define TILESDK_BUILD_OPTION(NAME, TYPE, DEFAULT, MIN, MAX, SENTENCE)
#define TILESDK_IGNORED_OPTION(NAME, TYPE, DEFAULT, MIN, MAX, SENTENCE) #NAME,
#include "core/runtime/build_options.def"
};

constexpr const char *stageNames[] = {"source", "tile", "tile-opt", "simt",
                                      "llvm",   "asm",  "object"};

const tsdk_option_row *findRow(llvm::ArrayRef<tsdk_option_row> rows,
                               llvm::StringRef name) {
  for (const tsdk_option_row &row : rows)
    if (toRef(row.name) == name)
      return &row;
  return nullptr;
}

bool isIgnored(const tsdk_option_row &row) {
  return llvm::is_contained(ignoredOptions, toRef(row.name)) &&
         &row >= std::begin(commonOptions) && &row < std::end(commonOptions);
}

DiagEntry remark(const llvm::Twine &message) {
  DiagEntry entry;
  entry.severity = TSDK_SEVERITY_REMARK;
  entry.message = message.str();
  return entry;
}

/// The value in canonical form.
Error checkValue(const tsdk_option_row &row, llvm::StringRef value,
                 std::string *out) {
  auto wrong = [&](const llvm::Twine &expected) {
    return makeError(TSDK_E_INVALID_ARGUMENT, "option `" + toRef(row.name) +
                                                  "` is `" + value +
                                                  "`: expected " + expected);
  };
  *out = value.str();
  if (row.type == TSDK_OPTION_INT) {
    int64_t number;
    if (value.trim().getAsInteger(10, number) || number < row.min ||
        number > row.max)
      return wrong("a number from " + llvm::Twine(row.min) + " to " +
                   llvm::Twine(row.max));
    *out = std::to_string(number);
  } else if (row.type == TSDK_OPTION_BOOL) {
    std::optional<bool> flag = parseBool(value);
    if (!flag)
      return wrong("0, 1, true or false");
    *out = *flag ? "1" : "0";
  } else if (row.type == TSDK_OPTION_CHOICE) {
    llvm::SmallVector<llvm::StringRef> choices;
    toRef(row.choices).split(choices, ',');
    if (!llvm::is_contained(choices, value))
      return wrong("one of " + toRef(row.choices));
  }
  return success();
}

// `early` is no check, but when asynchronous copies arrive.
constexpr const char *checkNames[] = {"barrier", "bounds", "early", "race",
                                      "uninit"};

/// The value of `check` in canonical form.
Error checkChecks(const Target &target, llvm::StringRef value,
                  std::string *out) {
  out->clear();
  llvm::SmallVector<llvm::StringRef> wanted;
  value.split(wanted, ',', -1, false);
  for (llvm::StringRef &entry : wanted) {
    entry = entry.trim();
    if (entry != "all" && !llvm::is_contained(checkNames, entry)) {
      std::vector<llvm::StringRef> names(std::begin(checkNames),
                                         std::end(checkNames));
      return makeError(
          TSDK_E_INVALID_ARGUMENT,
          "option `check` is `" + value + "`: there is no check `" + entry +
              "`" + didYouMean(entry, names) +
              "; checks: race, bounds, uninit, barrier, all, early");
    }
  }
  if (wanted.empty())
    return success();
  if (!(target.codegen.flags & TSDK_CODEGEN_CHECKS))
    return makeError(TSDK_E_UNSUPPORTED,
                     "option `check` is `" + value + "`: code for " +
                         target.name() +
                         " cannot be checked; build for a simulated device, "
                         "`sim:TARGET` (`tilesdk targets` lists them)");
  for (const char *name : checkNames)
    if (llvm::is_contained(wanted, name) ||
        (llvm::is_contained(wanted, "all") && name != llvm::StringRef("early")))
      *out += (out->empty() ? "" : ",") + std::string(name);
  return success();
}

Error checkStage(llvm::StringRef stage) {
  if (llvm::is_contained(stageNames, stage))
    return success();
  std::vector<llvm::StringRef> names(std::begin(stageNames),
                                     std::end(stageNames));
  return makeError(TSDK_E_INVALID_ARGUMENT,
                   "there is no stage `" + stage + "`" +
                       didYouMean(stage, names) +
                       "; stages: tile, tile-opt, simt, llvm, asm, object");
}

/// Whether an entry of a signature is the type of a runtime value.
bool isType(llvm::StringRef entry) {
  return entry.starts_with("*") ||
         parseDtype(entry.split(':').first.trim()) != TSDK_DTYPE_NONE;
}

/// Fills constexpr parameters named in the options and defaults into the
/// signature.
Error completeSignature(const Kernel &kernel, llvm::StringRef text,
                        const NamedTexts &constants, std::string *out) {
  std::optional<std::vector<std::string>> entries = splitSignature(text);
  if (!entries)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "signature `" + text +
                         "`: quotes or parentheses do not match");
  // `NAME=ENTRY` goes to its parameter, the others by position.
  NamedTexts named = constants;
  llvm::erase_if(*entries, [&](const std::string &entry) {
    auto [name, value] = llvm::StringRef(entry).split('=');
    if (value.data() == nullptr || value.empty() ||
        kernel.findParameter(name.trim()) < 0)
      return false;
    named.emplace_back(name.trim().str(), value.trim().str());
    return true;
  });
  if (entries->size() > kernel.params.size())
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "signature `" + text + "` has " +
                         llvm::Twine(entries->size()) + " entries, kernel `" +
                         kernel.name + "` has " +
                         llvm::Twine(kernel.params.size()) + " parameters");
  entries->resize(kernel.params.size());
  for (const auto &[name, value] : named) {
    std::string &entry = (*entries)[kernel.findParameter(name)];
    if (!entry.empty() && entry != value)
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       llvm::Twine("parameter `") + name +
                           "` is given twice, as `" + entry + "` and as `" +
                           value + "`");
    entry = value;
  }
  std::string joined;
  for (size_t i = 0; i < kernel.params.size(); ++i) {
    const Parameter &param = kernel.params[i];
    std::string entry = (*entries)[i];
    if (entry.empty()) {
      if (!param.hasDefault)
        return makeError(TSDK_E_INVALID_ARGUMENT,
                         "kernel `" + kernel.name + "`: parameter `" +
                             param.name + "` has no " +
                             (param.isConstexpr ? "value" : "type") +
                             " in the signature `" + text + "` and no default");
      entry = param.defaultText;
    }
    if (param.isConstexpr && isType(entry))
      return makeError(
          TSDK_E_INVALID_ARGUMENT,
          "kernel `" + kernel.name + "`: parameter `" + param.name +
              "` is a constexpr: expected a value, got the type `" + entry +
              "`");
    joined += (i ? "," : "") + entry;
  }
  *out = std::move(joined);
  return success();
}

} // namespace

Error BuildRequest::addOption(Context &context, llvm::StringRef name,
                              llvm::StringRef value) {
  const tsdk_option_row *row = findRow(target->options, name);
  if (!row)
    row = findRow(commonOptions, name);
  if (row) {
    std::string canonical;
    Error error = name == "check" ? checkChecks(*target, value, &canonical)
                                  : checkValue(*row, value, &canonical);
    if (error)
      return error;
    if (isIgnored(*row)) {
      if (canonical != toRef(row->initial))
        remarks.push_back(remark("option `" + name + "` is `" + canonical +
                                 "`: no target has it yet; it is ignored"));
      return success();
    }
    // Off is what it is when nothing is said.
    if (name != "check" || !canonical.empty())
      options.emplace_back(name.str(), std::move(canonical));
    return success();
  }
  std::vector<llvm::StringRef> names;
  for (const tsdk_option_row &each : commonOptions)
    names.push_back(toRef(each.name));
  for (Plugin *plugin : context.plugins.all())
    for (const Target &other : plugin->targets()) {
      if (findRow(other.options, name)) {
        remarks.push_back(remark("option `" + name + "` is for " +
                                 plugin->name() + " targets; " +
                                 target->name() + " ignores it"));
        return success();
      }
      for (const tsdk_option_row &each : other.options)
        names.push_back(toRef(each.name));
    }
  return makeError(TSDK_E_NOT_FOUND,
                   "no target has an option `" + name + "`" +
                       didYouMean(name, names) +
                       "; it is not a parameter of the kernel either");
}

Error BuildRequest::sortOptions() {
  std::sort(options.begin(), options.end());
  for (size_t i = 1; i < options.size(); ++i)
    if (options[i].first == options[i - 1].first)
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "option `" + options[i].first + "` is given twice");
  return success();
}

Error BuildRequest::create(Kernel &kernel, const tsdk_variant_desc &desc,
                           Device *device, BuildRequest *out) {
  Context &context = kernel.context();
  BuildRequest request;
  request.text = kernel.program.text;
  request.kernel = kernel.name;
  llvm::StringRef targetName = toRef(desc.target);
  if (!targetName.empty()) {
    if (Error error = context.findTarget(targetName, &request.target))
      return error;
  } else if (device) {
    request.target = &device->target();
  } else {
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "the variant has neither a target nor a device");
  }

  NamedTexts constants;
  for (size_t i = 0; i < desc.num_options; ++i) {
    llvm::StringRef name = toRef(desc.options[i].name);
    llvm::StringRef value = toRef(desc.options[i].value);
    if (kernel.findParameter(name) >= 0)
      constants.emplace_back(name.str(), value.str());
    else if (Error error = request.addOption(context, name, value))
      return error;
  }
  if (Error error = request.sortOptions())
    return error;

  request.resumeStage = toRef(desc.resume_stage).str();
  request.resumeIr = toRef(desc.resume_ir).str();
  if (request.text->isIr() && request.resumeStage.empty()) {
    request.resumeStage = request.text->irStage;
    request.resumeIr = request.text->ir;
  }
  if (request.resumeStage.empty() != request.resumeIr.empty())
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "resume_stage and resume_ir go together");
  if (!request.resumeStage.empty())
    if (Error error = checkStage(request.resumeStage))
      return error;
  if (request.text->isIr()) {
    if (!toRef(desc.signature).empty())
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "a kernel in IR is specialised already and takes no "
                       "signature");
  } else if (Error error = completeSignature(kernel, toRef(desc.signature),
                                             constants, &request.signature)) {
    return error;
  }

  for (size_t i = 0; i < desc.num_link_bitcode; ++i)
    request.linkBitcode.push_back(toRef(desc.link_bitcode[i]).str());
  llvm::SmallVector<llvm::StringRef> keep;
  toRef(desc.keep_stages).split(keep, ',', -1, false);
  for (llvm::StringRef stage : keep) {
    if (Error error = checkStage(stage.trim()))
      return error;
    if (stage.trim() != "object" && stage.trim() != "source")
      request.keepStages.push_back(stage.trim().str());
  }
  llvm::sort(request.keepStages);
  request.keepStages.erase(
      std::unique(request.keepStages.begin(), request.keepStages.end()),
      request.keepStages.end());
  if (!toRef(desc.stop_stage).empty()) {
    request.stopStage = toRef(desc.stop_stage).str();
    if (Error error = checkStage(request.stopStage))
      return error;
  }
  const tsdk_plugin &plugin = request.target->plugin->table();
  if (plugin.assembler && request.stopStage == "object")
    request.assembler =
        toRef(plugin.assembler(plugin.self, request.target->original)).str();
  request.deadline = desc.timeout_ns ? os::now() + desc.timeout_ns : 0;
  request.cancel = desc.cancel;
  *out = std::move(request);
  return success();
}

bool BuildRequest::wants(llvm::StringRef stage) const {
  return stage == stopStage || llvm::is_contained(keepStages, stage.str());
}

std::string BuildRequest::key(llvm::StringRef compilerBuildId) const {
  Hasher hasher;
  hasher.add("variant")
      .add(compilerBuildId)
      .add(text->digest)
      .add(kernel)
      .add(signature)
      .add(target->digest)
      .add(stopStage)
      .add(resumeStage)
      .add(resumeIr);
  hasher.add(options.size());
  for (const auto &[name, value] : options)
    hasher.add(name).add(value);
  hasher.add(linkBitcode.size());
  for (const std::string &bitcode : linkBitcode)
    hasher.add(bitcode);
  hasher.add(keepStages.size());
  for (const std::string &stage : keepStages)
    hasher.add(stage);
  hasher.add(assembler);
  return hasher.hex();
}
