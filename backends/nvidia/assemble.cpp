//===- assemble.cpp - PTX to machine code -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/assemble.h"

#include "backends/nvidia/artifact.h"
#include "backends/nvidia/device.h"
#include "backends/nvidia/process.h"
#include "backends/nvidia/text.h"

#include <algorithm>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace tilesdk::nvidia {

struct Assembler::Plan {
  std::string ptxas;    ///< Empty: none.
  std::string identity; ///< Of that file: path, size, time.
  std::string wrong;    ///< What the setting asked for and is not there.
  int driver = 0;       ///< Version; 0: not known, or of no matter.
  bool linker = false;  ///< The driver may assemble.

  std::string text() const {
    return "ptxas=" + (wrong.empty() ? identity : wrong) +
           ";driver=" + std::to_string(driver) +
           ";linker=" + std::to_string(linker);
  }
};

struct Assembler::Result {
  std::string code;         ///< Empty: none was made.
  std::string log;          ///< With -v.
  std::string notes;        ///< Why something was not used; lines.
  AssemblerNumbers numbers; ///< Where the log has none.
  tsdk_code problem = TSDK_OK;
  std::string message;
};

namespace {

std::string identityOf(const std::string &path) {
  struct stat status;
  if (path.empty() || stat(path.c_str(), &status) != 0 ||
      !S_ISREG(status.st_mode) || access(path.c_str(), X_OK) != 0)
    return "";
  return path + "," + std::to_string(status.st_size) + "," +
         std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

std::string variable(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/// Where toolkits put it.
std::string findPtxas() {
  std::vector<std::string> folders;
  std::string path = variable("PATH");
  for (size_t start = 0; start <= path.size();) {
    size_t end = std::min(path.find(':', start), path.size());
    if (end > start)
      folders.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  for (const char *name : {"CUDA_HOME", "CUDA_PATH"})
    if (std::string home = variable(name); !home.empty())
      folders.push_back(home + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  for (const std::string &folder : folders)
    if (!identityOf(folder + "/ptxas").empty())
      return folder + "/ptxas";
  return "";
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <typename Each> void eachLine(std::string_view text, Each each) {
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// The number before or behind some words.
bool numberBefore(std::string_view line, std::string_view words,
                  uint32_t &value) {
  size_t end = line.find(words);
  if (end == std::string_view::npos)
    return false;
  size_t start = end;
  while (start && line[start - 1] >= '0' && line[start - 1] <= '9')
    --start;
  return number(line.substr(start, end - start), value);
}

/// It is the assembler that is too old, or does not know the target.
bool isAge(std::string_view log) {
  return has(log, "Unsupported .version") ||
         has(log, "is not defined for option 'gpu-name'");
}

/// What the driver says of the code, when its linker said nothing. Stack is all
/// of local memory.
AssemblerNumbers askNumbers(const Cuda &cuda, const std::string &code,
                            const std::string &text) {
  AssemblerNumbers numbers;
  constexpr std::string_view entry = ".entry ";
  size_t start = text.find(entry);
  CUmodule module = nullptr;
  if (start == std::string::npos ||
      cuda.cuModuleLoadDataEx(&module, code.data(), 0, nullptr, nullptr) !=
          Success)
    return numbers;
  start += entry.size();
  std::string name =
      text.substr(start, text.find_first_of("( \n", start) - start);
  CUfunction function = nullptr;
  if (cuda.cuModuleGetFunction(&function, module, name.c_str()) == Success)
    for (auto [attribute, out] :
         {std::pair(FunctionRegisters, &numbers.registers),
          std::pair(FunctionLocalBytes, &numbers.stackBytes),
          std::pair(FunctionSharedBytes, &numbers.sharedBytes)}) {
      int value = 0;
      if (cuda.cuFuncGetAttribute(&value, attribute, function) == Success)
        *out = static_cast<uint32_t>(value);
    }
  cuda.cuModuleUnload(module);
  return numbers;
}

/// The assembly has line tables.
bool hasLines(std::string_view text) { return has(text, "\t.loc\t"); }

} // namespace

AssemblerNumbers readNumbers(std::string_view log) {
  AssemblerNumbers all;
  eachLine(log, [&](std::string_view line) {
    uint32_t value;
    if (numberBefore(line, " bytes stack frame", value))
      all.stackBytes = std::max(all.stackBytes, value);
    if (numberBefore(line, " bytes spill stores", value))
      all.spillBytes += value;
    if (numberBefore(line, " bytes spill loads", value))
      all.spillBytes += value;
    if (numberBefore(line, " registers", value))
      all.registers = std::max(all.registers, value);
    if (numberBefore(line, " bytes smem", value))
      all.sharedBytes = std::max(all.sharedBytes, value);
  });
  return all;
}

std::string readRemarks(std::string_view log) {
  std::string remarks;
  eachLine(log, [&](std::string_view line) {
    bool isNumbers =
        has(line, "Compiling entry") || has(line, "Function properties") ||
        has(line, "bytes stack frame") || has(line, "info    : Used ") ||
        has(line, "bytes gmem") || has(line, "Compile time");
    if (!isNumbers && line.find_first_not_of(" \t\r") != line.npos)
      remarks += (remarks.empty() ? "" : "\n") + std::string(line);
  });
  return remarks;
}

Assembler::Plan Assembler::makePlan(const tsdk_target *target) {
  Plan plan;
  std::string setting = variable("TILESDK_PTXAS");
  if (setting != "none") {
    plan.ptxas = setting.empty() ? findPtxas() : setting;
    plan.identity = identityOf(plan.ptxas);
    if (plan.identity.empty()) {
      plan.ptxas.clear();
      plan.wrong = setting;
    }
  }
  {
    std::lock_guard lock(owner.mutex);
    for (const Device *device : owner.devices)
      plan.linker = plan.linker || device->target == target;
  }
  // Without ptxas and without a device the driver has no part in it.
  if (plan.linker || !plan.ptxas.empty())
    plan.driver = owner.cuda.version();
  return plan;
}

tsdk_str Assembler::plan(const tsdk_target *target) {
  std::string text = makePlan(target).text();
  std::lock_guard lock(mutex);
  return str(*plans.insert(std::move(text)).first);
}

int Assembler::versionOf(const std::string &ptxas) {
  std::string identity = identityOf(ptxas);
  {
    std::lock_guard lock(mutex);
    auto at = versions.find(identity);
    if (at != versions.end())
      return at->second;
  }
  TemporaryFolder folder;
  std::string file = folder.file("version"), text;
  int version = 0;
  if (!file.empty() &&
      runProgram({ptxas, "--version"}, file, 0, nullptr) == Ended::Well &&
      readFile(file, text)) {
    size_t at = text.find("release ");
    if (at != std::string::npos) {
      char *end = nullptr;
      long major = strtol(text.c_str() + at + strlen("release "), &end, 10);
      long minor = *end == '.' ? strtol(end + 1, nullptr, 10) : 0;
      version = static_cast<int>(major * 1000 + minor * 10);
    }
  }
  std::lock_guard lock(mutex);
  versions[identity] = version;
  return version;
}

/// False: go on with the next; the notes say why.
bool Assembler::runPtxas(const Plan &plan, const tsdk_plugin_compile_in &in,
                         Result &result) {
  int version = versionOf(plan.ptxas);
  if (!version) {
    result.notes +=
        plan.ptxas + " does not say which version it is: not used\n";
    return false;
  }
  if (plan.driver && version > plan.driver) {
    result.notes += plan.ptxas + " of CUDA " + Cuda::versionText(version) +
                    " is newer than the driver for CUDA " +
                    Cuda::versionText(plan.driver) + ": not used\n";
    return false;
  }
  TemporaryFolder folder;
  std::string input = folder.file("kernel.ptx"),
              output = folder.file("kernel.cubin"),
              report = folder.file("report");
  std::string_view text(static_cast<const char *>(in.ir.data), in.ir.size);
  if (!writeFile(input, text.data(), text.size())) {
    result.notes += "no file for ptxas can be written, see TMPDIR\n";
    return false;
  }
  std::vector<std::string> arguments = {plan.ptxas,
                                        "--verbose",
                                        "--gpu-name",
                                        std::string(view(in.target->name)),
                                        "--output-file",
                                        output,
                                        input};
  if (hasLines(text))
    arguments.insert(arguments.begin() + 1, "--generate-line-info");
  Ended ended = runProgram(arguments, report, in.deadline_ns, in.cancel);
  readFile(report, result.log);
  switch (ended) {
  case Ended::Cancelled:
    result.problem = TSDK_E_CANCELLED;
    result.message = "the build was cancelled";
    return true;
  case Ended::Late:
    result.problem = TSDK_E_DEADLINE_EXCEEDED;
    result.message = "the build's time was over in ptxas";
    return true;
  case Ended::NotStarted:
    result.notes += plan.ptxas + " cannot be started: not used\n";
    return false;
  case Ended::Well:
    if (readFile(output, result.code) && !result.code.empty())
      return true;
    break;
  case Ended::Badly:
    break;
  }
  result.code.clear();
  if (isAge(result.log)) {
    result.notes += plan.ptxas + " of CUDA " + Cuda::versionText(version) +
                    " is too old for this kernel: not used\n";
    result.log.clear();
    return false;
  }
  bool isLimit = has(result.log, "uses too much shared data") ||
                 has(result.log, "too many registers");
  result.problem = isLimit ? static_cast<tsdk_code>(TSDK_E_RESOURCE_EXHAUSTED)
                           : static_cast<tsdk_code>(TSDK_E_INTERNAL);
  result.message =
      plan.ptxas + " refused the kernel's assembly" +
      (isLimit ? "; use smaller tiles, fewer stages (num_stages) or fewer warps"
               : "; please report it with the kernel");
  return true;
}

/// In the context of a device, which stays while it works.
bool Assembler::runDriver(const tsdk_plugin_compile_in &in, Result &result) {
  CUdevice native = -1;
  {
    std::lock_guard lock(owner.mutex);
    for (const Device *device : owner.devices)
      if (device->target == in.target)
        native = device->native;
  }
  const Cuda &cuda = owner.cuda;
  CUcontext context = nullptr, former = nullptr;
  if (native < 0 ||
      cuda.cuDevicePrimaryCtxRetain(&context, native) != Success) {
    result.notes += "the device that would assemble is gone\n";
    return false;
  }
  cuda.cuCtxGetCurrent(&former);
  cuda.cuCtxSetCurrent(context);
  int mode = CaptureModeRelaxed;
  cuda.cuThreadExchangeStreamCaptureMode(&mode);

  std::string text(static_cast<const char *>(in.ir.data), in.ir.size);
  std::string info(16384, 0), errors(8192, 0);
  int options[] = {JitInfoLog,       JitInfoLogBytes, JitErrorLog,
                   JitErrorLogBytes, JitLogVerbose,   JitLineInfo};
  void *values[] = {info.data(),
                    std::bit_cast<void *>(info.size() - 1),
                    errors.data(),
                    std::bit_cast<void *>(errors.size() - 1),
                    std::bit_cast<void *>(uint64_t(1)),
                    std::bit_cast<void *>(uint64_t(1))};
  CUlinkState link = nullptr;
  void *code = nullptr;
  size_t size = 0;
  CUresult status =
      cuda.cuLinkCreate(hasLines(text) ? 6 : 5, options, values, &link);
  if (status == Success)
    status = cuda.cuLinkAddData(link, JitInputPtx, text.data(), text.size() + 1,
                                "kernel", 0, nullptr, nullptr);
  if (status == Success)
    status = cuda.cuLinkComplete(link, &code, &size);
  if (status == Success)
    result.code.assign(static_cast<const char *>(code), size);
  if (link)
    cuda.cuLinkDestroy(link);
  result.log = info.substr(0, info.find('\0'));
  if (status == Success && !readNumbers(result.log).registers)
    result.numbers = askNumbers(cuda, result.code, text);
  cuda.cuThreadExchangeStreamCaptureMode(&mode);
  cuda.cuCtxSetCurrent(former);
  cuda.cuDevicePrimaryCtxRelease(native);
  if (status == Success)
    return true;
  result.log.clear();
  constexpr CUresult invalidPtx = 218;
  if (status == invalidPtx) {
    result.log = errors.substr(0, errors.find('\0'));
    result.problem = TSDK_E_INTERNAL;
    result.message = "the driver refused the kernel's assembly; please report "
                     "it with the kernel";
    return true;
  }
  result.notes += "the driver cannot assemble ahead of loading (" +
                  cuda.describe(status) + ")\n";
  return false;
}

tsdk_error Assembler::finish(const tsdk_plugin_compile_in &in, Result &result,
                             tsdk_plugin_compile_out &out) {
  auto copy = [&](std::string_view text) -> tsdk_bytes {
    void *memory = owner.host.alloc(owner.host.self, text.size(), 16);
    if (memory)
      std::memcpy(memory, text.data(), text.size());
    return {memory, memory ? text.size() : 0};
  };
  std::string log = result.notes + readRemarks(result.log);
  while (!log.empty() && log.back() == '\n')
    log.pop_back();
  if (result.problem != TSDK_OK) {
    if (!log.empty())
      out.log = copy(log);
    return failure(&owner, result.problem, result.message);
  }
  std::string_view text(static_cast<const char *>(in.ir.data), in.ir.size);
  while (!text.empty() && !text.back())
    text.remove_suffix(1);
  std::string object;
  if (result.code.empty()) {
    object = text;
    object += '\0';
  } else {
    // What only one generation runs has no use for its assembly.
    std::string_view kept = view(in.target->name).back() == 'a' ? "" : text;
    object.resize(artifactSize(result.code, kept));
    writeArtifact(result.code, kept, object.data());
  }
  out.object = copy(object);
  if (!log.empty())
    out.log = copy(log);
  if (!out.object.data)
    return failure(&owner, TSDK_E_RESOURCE_EXHAUSTED,
                   "no memory for the machine code");
  AssemblerNumbers numbers =
      result.numbers.registers ? result.numbers : readNumbers(result.log);
  out.registers = numbers.registers;
  out.spill_bytes = numbers.spillBytes;
  out.stack_bytes = numbers.stackBytes;
  out.shared_bytes = numbers.sharedBytes;
  return nullptr;
}

tsdk_error Assembler::assemble(const tsdk_plugin_compile_in &in,
                               tsdk_plugin_compile_out &out) {
  Plan plan = makePlan(in.target);
  if (!plan.wrong.empty())
    return failure(&owner, TSDK_E_NOT_FOUND,
                   "TILESDK_PTXAS is " + plan.wrong +
                       ", which is not a program; name a ptxas, or \"none\" "
                       "for the driver to assemble");
  // A device that was opened since the key was made is not in it.
  std::string_view promised = view(in.assembler);
  if (!promised.empty() && has(promised, ";linker=0"))
    plan.linker = false;
  Result result;
  bool isDone = !plan.ptxas.empty() && runPtxas(plan, in, result);
  if (!isDone && plan.linker)
    runDriver(in, result);
  return finish(in, result, out);
}

} // namespace tilesdk::nvidia
