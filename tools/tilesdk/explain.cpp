//===- explain.cpp - `tilesdk explain` --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Explains a diagnostic by its number, or a kernel: its source with what the
// passes say of each line, and the figures of its artifact.
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <unistd.h>

using namespace tilesdk::tool;

namespace {

namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// A diagnostic
//===----------------------------------------------------------------------===//

/// The number in "T0311" or "311".
std::optional<uint32_t> codeNumber(const std::string &word) {
  std::string digits = word;
  if (!digits.empty() &&
      std::toupper(static_cast<unsigned char>(digits[0])) == 'T')
    digits.erase(0, 1);
  if (digits.empty() || digits.size() > 6 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return static_cast<uint32_t>(std::stoul(digits));
}

int explainCode(Session &session, uint32_t number) {
  Handle<tsdk_blob> blob;
  if (tsdk_error error =
          tsdk_diagnostic_explain(session.context(), number, blob.out()))
    return session.fail(error);
  std::string words = text(tsdk_blob_bytes(blob.get()));
  if (session.common.json) {
    printJson(json::Object{
        {"schema", 1}, {"code", number}, {"text", json::fixUTF8(words)}});
    return ExitOk;
  }
  llvm::outs() << words;
  if (!words.empty() && words.back() != '\n')
    llvm::outs() << '\n';
  return ExitOk;
}

//===----------------------------------------------------------------------===//
// A kernel
//===----------------------------------------------------------------------===//

int64_t number(const json::Object *object, const char *name) {
  return object ? object->getInteger(name).value_or(0) : 0;
}

/// What is said of one line.
struct LineNotes {
  std::vector<std::string> remarks; ///< Each once.
  std::vector<const json::Object *> accesses;
};

struct Explanation {
  std::string kernel, target;
  json::Value metadata = nullptr, machine = nullptr, description = nullptr;
  /// Source texts that are at hand, by the name that diagnostics use.
  std::map<std::string, std::vector<std::string>> sources;
  std::string mainFile;
  std::map<std::string, std::map<unsigned, LineNotes>> notes;

  const json::Object *meta() const { return metadata.getAsObject(); }
  const json::Object *simt() const {
    const json::Object *object = machine.getAsObject();
    return object ? object->getObject("simt") : nullptr;
  }
  json::Object figures() const;
  void addSource(const std::string &name, llvm::StringRef text);
  void addRemarks(tsdk_diags diags);
  void addAccesses();
  std::pair<unsigned, unsigned> kernelLines() const;
  void print(Session &session) const;
  json::Object toJson() const;

private:
  void printFile(const std::string &name) const;
};

void Explanation::addSource(const std::string &name, llvm::StringRef text) {
  std::vector<std::string> &lines = sources[name];
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, '\n');
  for (llvm::StringRef part : parts)
    lines.push_back(part.rtrim('\r').str());
}

void Explanation::addRemarks(tsdk_diags diags) {
  forEachDiagnostic(diags, [&](const tsdk_diag &diag) {
    if (diag.parent != TSDK_NO_PARENT)
      return;
    std::vector<std::string> &list = notes[text(diag.file)][diag.line].remarks;
    std::string message = text(diag.message);
    if (std::find(list.begin(), list.end(), message) == list.end())
      list.push_back(std::move(message));
  });
}

void Explanation::addAccesses() {
  const json::Object *accesses =
      meta() ? meta()->getObject("shared_accesses") : nullptr;
  const json::Array *lines = accesses ? accesses->getArray("lines") : nullptr;
  if (!lines)
    return;
  // Artifacts name files without the folders of the machine.
  auto fullName = [&](llvm::StringRef file) -> std::string {
    for (const auto &[name, text] : sources)
      if (llvm::sys::path::filename(name) == llvm::sys::path::filename(file))
        return name;
    return file.str();
  };
  for (const json::Value &value : *lines) {
    const json::Object *row = value.getAsObject();
    if (!row)
      continue;
    std::optional<llvm::StringRef> file = row->getString("file");
    notes[file ? fullName(*file) : mainFile]
         [static_cast<unsigned>(number(row, "line"))]
             .accesses.push_back(row);
  }
}

/// How many programs a multiprocessor holds at once.
json::Object occupancy(const json::Object &simt, int64_t warps, int64_t threads,
                       int64_t shared, int64_t registers) {
  int64_t warpSize = number(&simt, "warp_size");
  struct Limit {
    const char *name;
    int64_t programs;
  };
  std::vector<Limit> limits;
  if (threads)
    limits.push_back(
        {"threads", number(&simt, "multiprocessor_threads") / threads});
  if (shared)
    limits.push_back({"shared memory",
                      number(&simt, "multiprocessor_shared_bytes") / shared});
  if (registers) {
    // Given to warps in such steps.
    int64_t step = std::max<int64_t>(number(&simt, "register_granule"), 8);
    int64_t rounded = (registers + step - 1) / step * step;
    limits.push_back(
        {"registers", number(&simt, "registers") / (rounded * threads)});
  }
  Limit least = limits.empty() ? Limit{"", 0} : limits.front();
  for (const Limit &limit : limits)
    if (limit.programs < least.programs)
      least = limit;
  int64_t most =
      warpSize ? number(&simt, "multiprocessor_threads") / warpSize : 0;
  return json::Object{{"programs", least.programs},
                      {"warps", least.programs * warps},
                      {"max_warps", most},
                      {"limited_by", least.name},
                      {"registers_known", registers != 0}};
}

json::Object Explanation::figures() const {
  const json::Object *meta = this->meta(), *simt = this->simt();
  const json::Object *resources = meta ? meta->getObject("resources") : nullptr;
  json::Object result{{"artifact_threads", number(meta, "threads")}};
  if (!simt || !meta)
    return json::Object{{"scratch_bytes", number(meta, "scratch_bytes")}};
  int64_t warps = number(meta, "warps"), threads = number(meta, "threads");
  int64_t shared =
      number(meta, "shared_bytes") + number(resources, "static_shared_bytes");
  json::Object figures{{"warps", warps},
                       {"threads", threads},
                       {"shared_bytes", shared},
                       {"max_shared_bytes", number(simt, "shared_bytes")},
                       {"stages", number(meta, "num_stages")},
                       {"registers", nullptr},
                       {"max_registers", number(simt, "max_registers")},
                       {"spill_bytes", nullptr},
                       {"stack_bytes", nullptr}};
  int64_t registers = number(resources, "registers");
  if (registers) {
    figures["registers"] = registers;
    figures["spill_bytes"] = number(resources, "spill_bytes");
    figures["stack_bytes"] = number(resources, "stack_bytes");
  }
  if (const json::Object *accesses = meta->getObject("shared_accesses")) {
    int64_t conflicts = 0;
    for (const char *kind : {"load", "store"})
      conflicts += number(accesses->getObject(kind), "conflicts");
    figures["bank_conflicts"] = conflicts;
  }
  if (threads)
    figures["occupancy"] = occupancy(*simt, warps, threads, shared, registers);
  return figures;
}

/// First and last line of the kernel, with its decorators; 0, 0 when its text
/// is not at hand.
std::pair<unsigned, unsigned> Explanation::kernelLines() const {
  auto found = sources.find(mainFile);
  unsigned begin =
      static_cast<unsigned>(number(description.getAsObject(), "line"));
  if (found == sources.end() || begin == 0 || begin > found->second.size())
    return {0, 0};
  const std::vector<std::string> &lines = found->second;
  auto isCode = [](llvm::StringRef line) {
    return !line.trim().empty() && !line.ltrim().starts_with("#");
  };
  auto indent = [](llvm::StringRef line) {
    return line.size() - line.ltrim().size();
  };
  size_t margin = indent(lines[begin - 1]);
  // The head may take several lines, up to the one that ends in a colon.
  unsigned end = begin;
  while (
      end < lines.size() &&
      !llvm::StringRef(lines[end - 1]).split('#').first.rtrim().ends_with(":"))
    ++end;
  for (unsigned at = end + 1; at <= lines.size(); ++at) {
    if (!isCode(lines[at - 1]))
      continue;
    if (indent(lines[at - 1]) <= margin)
      break;
    end = at;
  }
  while (begin > 1 &&
         llvm::StringRef(lines[begin - 2]).ltrim().starts_with("@"))
    --begin;
  return {begin, end};
}

/// "simt-pipeline-loops: text" as "text  [simt-pipeline-loops]".
std::string remarkText(llvm::StringRef message) {
  auto [pass, rest] = message.split(": ");
  if (rest.empty() || pass.contains(' '))
    return message.str();
  return (rest + "  [" + pass + "]").str();
}

std::string accessText(const json::Object &row) {
  int64_t instructions = number(&row, "instructions"),
          wavefronts = number(&row, "wavefronts"),
          conflicts = number(&row, "conflicts");
  bool isMatrix = row.getBoolean("matrix").value_or(false);
  return llvm::formatv(
             "shared {0} of {1} bytes {2}: {3}, {4}, {5}",
             row.getString("kind").value_or("access"), number(&row, "bytes"),
             isMatrix ? "a row of a matrix" : "a lane",
             std::to_string(instructions) +
                 (instructions == 1 ? " instruction" : " instructions"),
             std::to_string(wavefronts) +
                 (wavefronts == 1 ? " wavefront" : " wavefronts"),
             conflicts == 0   ? "no bank conflicts"
             : conflicts == 1 ? "1 bank conflict"
                              : std::to_string(conflicts) + " bank conflicts")
      .str();
}

void Explanation::printFile(const std::string &name) const {
  auto source = sources.find(name);
  auto found = notes.find(name);
  std::map<unsigned, LineNotes> none;
  const std::map<unsigned, LineNotes> &lines =
      found == notes.end() ? none : found->second;
  auto [begin, end] =
      name == mainFile ? kernelLines() : std::pair<unsigned, unsigned>(0, 0);
  unsigned last = end;
  for (const auto &[line, what] : lines)
    last = std::max(last, line);
  unsigned printed = 0;
  for (unsigned line = 1; line <= last; ++line) {
    auto what = lines.find(line);
    if ((line < begin || line > end) && what == lines.end())
      continue;
    if (printed && line != printed + 1)
      llvm::outs() << "   ...\n";
    printed = line;
    bool isKnown = source != sources.end() && line <= source->second.size();
    std::string words = isKnown ? source->second[line - 1] : "";
    llvm::outs() << llvm::formatv("{0,5} |{1}{2}\n", line,
                                  words.empty() ? "" : " ", words);
    if (what == lines.end())
      continue;
    for (const std::string &remark : what->second.remarks)
      llvm::outs() << "      |   > " << remarkText(remark) << '\n';
    for (const json::Object *row : what->second.accesses)
      llvm::outs() << "      |   > " << accessText(*row) << '\n';
  }
}

void row(const char *name, const std::string &value) {
  llvm::outs() << llvm::formatv("  {0,-15} {1}\n", name, value);
}

void Explanation::print(Session &session) const {
  json::Object all = figures();
  llvm::outs() << kernel << " for " << target << '\n';
  auto of = [](int64_t value, int64_t most) {
    return countText(static_cast<uint64_t>(value)) + " of " +
           countText(static_cast<uint64_t>(most));
  };
  if (simt()) {
    row("warps", std::to_string(number(&all, "warps")) + ", " +
                     std::to_string(number(&all, "threads")) + " threads");
    row("stages", std::to_string(number(&all, "stages")));
    row("shared memory",
        of(number(&all, "shared_bytes"), number(&all, "max_shared_bytes")) +
            " bytes");
    if (const json::Object *accesses = meta()->getObject("shared_accesses")) {
      int64_t dynamic = number(accesses, "dynamic");
      row("bank conflicts",
          std::to_string(number(&all, "bank_conflicts")) +
              (dynamic ? ", without " + std::to_string(dynamic) +
                             " accesses at addresses that depend on data"
                       : "") +
              (accesses->getBoolean("complete").value_or(true) || dynamic
                   ? ""
                   : ", loops of unknown length counted once"));
    }
    if (number(&all, "registers"))
      row("registers",
          of(number(&all, "registers"), number(&all, "max_registers")) +
              " a thread, " +
              (number(&all, "spill_bytes")
                   ? std::to_string(number(&all, "spill_bytes")) +
                         " bytes spilled"
                   : "no spills") +
              (number(&all, "stack_bytes")
                   ? ", " + std::to_string(number(&all, "stack_bytes")) +
                         " bytes of stack"
                   : ""));
    else
      row("registers", "not known: no assembler of the target was found");
    if (const json::Object *held = all.getObject("occupancy"))
      row("occupancy",
          llvm::formatv(
              "{0} a multiprocessor, {1} of {2} warps; limited by {3}{4}",
              number(held, "programs") == 1
                  ? "1 program"
                  : std::to_string(number(held, "programs")) + " programs",
              number(held, "warps"), number(held, "max_warps"),
              held->getString("limited_by").value_or(""),
              held->getBoolean("registers_known").value_or(false)
                  ? ""
                  : ", registers left out")
              .str());
  } else {
    row("scratch",
        bytesText(static_cast<double>(number(&all, "scratch_bytes"))));
  }
  // What is said of no line, as by an assembler, is said of the whole.
  for (const auto &[name, lines] : notes)
    if (auto whole = lines.find(0); whole != lines.end()) {
      for (const std::string &remark : whole->second.remarks)
        row("remark", remarkText(remark));
      for (const json::Object *access : whole->second.accesses)
        row("remark", accessText(*access));
    }
  llvm::outs() << '\n';
  printFile(mainFile);
  for (const auto &[name, lines] : notes) {
    if (name == mainFile || lines.rbegin()->first == 0)
      continue;
    llvm::outs() << '\n' << name << ":\n";
    printFile(name);
  }
  llvm::outs().flush();
  if (notes.empty())
    session.note("the passes have no remarks");
}

json::Object Explanation::toJson() const {
  json::Array lines;
  for (const auto &[name, list] : notes)
    for (const auto &[line, what] : list) {
      json::Array remarks, accesses;
      for (const std::string &remark : what.remarks)
        remarks.push_back(json::fixUTF8(remark));
      for (const json::Object *access : what.accesses)
        accesses.push_back(json::Object(*access));
      json::Object object{{"file", json::fixUTF8(name)},
                          {"line", line},
                          {"remarks", std::move(remarks)},
                          {"shared_accesses", std::move(accesses)}};
      auto source = sources.find(name);
      if (source != sources.end() && line && line <= source->second.size())
        object["text"] = json::fixUTF8(source->second[line - 1]);
      lines.push_back(std::move(object));
    }
  return json::Object{{"schema", 1},
                      {"kernel", json::fixUTF8(kernel)},
                      {"target", target},
                      {"figures", figures()},
                      {"lines", std::move(lines)}};
}

int explainKernel(Session &session, const BuildOptions &options) {
  Handle<tsdk_kernel> kernel;
  Handle<tsdk_variant> variant;
  if (int code = buildVariant(session, options, "", "", kernel, variant,
                              /*showDiagnostics=*/false))
    return code;
  Explanation all;
  json::Value info = nullptr;
  if (int code = session.json(info, tsdk_variant_info, variant.get()))
    return code;
  if (int code =
          session.json(all.metadata, tsdk_variant_metadata, variant.get()))
    return code;
  if (int code =
          session.json(all.description, tsdk_kernel_describe, kernel.get()))
    return code;
  all.kernel = text(tsdk_kernel_name(kernel.get()));
  if (all.kernel.empty() && all.meta())
    all.kernel = all.meta()->getString("kernel").value_or("").str();
  if (const json::Object *object = info.getAsObject())
    all.target = object->getString("target").value_or("").str();
  if (int code = session.json(all.machine, tsdk_target_describe,
                              session.context(), str(all.target)))
    return code;
  all.mainFile = options.file == "-" ? "<stdin>" : options.file;
  Handle<tsdk_blob> source;
  if (tsdk_error error = tsdk_variant_artifact(
          variant.get(), str(std::string("source")), source.out()))
    tsdk_error_release(error); // IR: the places in it name files of its own
  else
    all.addSource(all.mainFile, text(tsdk_blob_bytes(source.get())));
  for (const std::string &entry : options.modules) {
    std::string path = entry.substr(entry.find('=') + 1), bytes, why;
    if (readFile(path, bytes, why))
      all.addSource(path, bytes);
  }
  all.addRemarks(tsdk_variant_diags(variant.get()));
  all.addAccesses();
  if (session.common.json)
    printJson(all.toJson());
  else
    all.print(session);
  return ExitOk;
}

} // namespace

Command tilesdk::tool::addExplain(CLI::App &app) {
  auto options = std::make_shared<BuildOptions>();
  addBuildOptions(app, *options, /*signature=*/true);
  app.get_option("FILE")->description(
      "A diagnostic's number, such as T0311; or a kernel's source or IR");
  app.footer(
      "Examples:\n"
      "  tilesdk explain T0311\n"
      "  tilesdk explain add.py --kernel add --signature "
      "'*f32,*f32,*f32,i32,1024' --target sm_90a\n"
      "\nA target whose code an assembler makes has registers and spills "
      "where that is\nfound (docs/plugins.md); docs/explain.md says how "
      "to read the remarks.");
  return [options](Session &session) {
    bool isFile =
        options->file == "-" || access(options->file.c_str(), F_OK) == 0;
    if (std::optional<uint32_t> code = codeNumber(options->file);
        code && !isFile)
      return explainCode(session, *code);
    if (!isFile)
      return session.fail(
          ExitUsage,
          "`" + options->file + "` is neither a diagnostic's number nor a file",
          "write a number as it is printed: tilesdk explain T0311");
    return explainKernel(session, *options);
  };
}
