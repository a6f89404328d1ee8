//===- cache.cpp - `tilesdk cache` ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <filesystem>

using namespace tilesdk::tool;
namespace fs = std::filesystem;

namespace {

struct Entry {
  std::string key, path;
  uint64_t bytes;
  std::time_t used;
};

/// Files of the cache's directories. A key is 64 hex digits: two name the
/// folder, the others the file.
std::vector<Entry> listEntries(const llvm::json::Value &stats) {
  std::vector<Entry> entries;
  const llvm::json::Object *object = stats.getAsObject();
  const llvm::json::Array *directories =
      object ? object->getArray("directories") : nullptr;
  if (!directories)
    return entries;
  for (const llvm::json::Value &directory : *directories) {
    std::string path =
        directory.getAsObject()->getString("path").value_or("").str();
    std::error_code error;
    for (fs::recursive_directory_iterator it(path, error), end;
         !error && it != end; it.increment(error)) {
      std::string name = it->path().parent_path().filename().string() +
                         it->path().filename().string();
      std::error_code ignored;
      if (!it->is_regular_file(ignored) || name.size() != 64 ||
          !std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return std::isxdigit(c) != 0; }))
        continue;
      auto when = std::chrono::file_clock::to_sys(
          fs::last_write_time(it->path(), ignored));
      entries.push_back({name, it->path().string(), it->file_size(ignored),
                         std::chrono::system_clock::to_time_t(
                             std::chrono::time_point_cast<
                                 std::chrono::system_clock::duration>(when))});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.used > b.used; });
  return entries;
}

std::string dateText(std::time_t time) {
  char buffer[32] = "";
  std::tm broken = {};
  if (gmtime_r(&time, &broken))
    std::strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S", &broken);
  return buffer;
}

llvm::json::Object entryJson(const Entry &entry) {
  return llvm::json::Object{{"key", entry.key},
                            {"file", entry.path},
                            {"bytes", entry.bytes},
                            {"used", dateText(entry.used)}};
}

int list(Session &session) {
  llvm::json::Value stats = nullptr;
  if (int code = session.json(stats, tsdk_cache_stats, session.context()))
    return code;
  std::vector<Entry> entries = listEntries(stats);
  if (session.common.json) {
    llvm::json::Array array;
    for (const Entry &entry : entries)
      array.push_back(entryJson(entry));
    printJson(llvm::json::Object{{"schema", 1},
                                 {"stats", std::move(stats)},
                                 {"entries", std::move(array)}});
    return ExitOk;
  }
  uint64_t total = 0;
  for (const Entry &entry : entries) {
    total += entry.bytes;
    llvm::outs() << entry.key.substr(0, 16) << "  " << dateText(entry.used)
                 << "  " << bytesText(static_cast<double>(entry.bytes)) << '\n';
  }
  session.note(countText(entries.size()) + " entries, " +
               bytesText(static_cast<double>(total)) +
               "; next: tilesdk cache show KEY, or tilesdk cache verify");
  return ExitOk;
}

int show(Session &session, const std::string &key) {
  llvm::json::Value stats = nullptr;
  if (int code = session.json(stats, tsdk_cache_stats, session.context()))
    return code;
  std::vector<Entry> found;
  for (Entry &entry : listEntries(stats))
    if (entry.key.compare(0, key.size(), key) == 0)
      found.push_back(std::move(entry));
  if (found.empty())
    return session.fail(ExitUsage, "no cache entry starts with `" + key + "`",
                        "`tilesdk cache ls` lists the keys");
  if (found.size() > 1)
    return session.fail(ExitUsage,
                        countText(found.size()) +
                            " cache entries start with `" + key + "`",
                        "give more digits of the key");
  if (session.common.json) {
    llvm::json::Object object = entryJson(found[0]);
    object["schema"] = 1;
    printJson(std::move(object));
    return ExitOk;
  }
  llvm::outs() << "key    " << found[0].key << "\nfile   " << found[0].path
               << "\nbytes  " << countText(found[0].bytes) << "\nused   "
               << dateText(found[0].used) << " UTC\n";
  return ExitOk;
}

int prune(Session &session, uint64_t limit, bool dryRun) {
  llvm::json::Value stats = nullptr;
  if (int code = session.json(stats, tsdk_cache_stats, session.context()))
    return code;
  uint64_t removed = 0;
  if (dryRun) {
    uint64_t total = 0;
    if (const llvm::json::Array *directories =
            stats.getAsObject()->getArray("directories");
        directories && !directories->empty())
      total = static_cast<uint64_t>(
          (*directories)[0].getAsObject()->getInteger("bytes").value_or(0));
    removed = total > limit ? total - limit : 0;
  } else if (tsdk_error error =
                 tsdk_cache_prune(session.context(), limit, &removed)) {
    return session.fail(error);
  }
  if (session.common.json)
    printJson(llvm::json::Object{
        {"schema", 1}, {"removed_bytes", removed}, {"dry_run", dryRun}});
  else
    session.note((dryRun ? "would remove at least " : "removed ") +
                 bytesText(static_cast<double>(removed)));
  return ExitOk;
}

int verify(Session &session) {
  llvm::json::Value report = nullptr;
  if (int code = session.json(report, tsdk_cache_verify, session.context()))
    return code;
  if (session.common.json) {
    printJson(std::move(report));
    return ExitOk;
  }
  const llvm::json::Object &object = *report.getAsObject();
  session.note(countText(static_cast<uint64_t>(
                   object.getInteger("entries").value_or(0))) +
               " entries checked, " +
               countText(static_cast<uint64_t>(
                   object.getInteger("corrupt").value_or(0))) +
               " corrupt, " +
               countText(static_cast<uint64_t>(
                   object.getInteger("removed").value_or(0))) +
               " files removed");
  return ExitOk;
}

int clear(Session &session) {
  if (tsdk_error error = tsdk_cache_clear(session.context()))
    return session.fail(error);
  if (session.common.json)
    printJson(llvm::json::Object{{"schema", 1}, {"cleared", true}});
  else
    session.note("the cache is empty");
  return ExitOk;
}

} // namespace

Command tilesdk::tool::addCache(CLI::App &app) {
  struct State {
    std::string key;
    uint64_t limit = 0;
    bool dryRun = false;
  };
  auto state = std::make_shared<State>();
  app.require_subcommand(1);
  CLI::App *ls = app.add_subcommand("ls", "List the entries, newest first");
  CLI::App *one = app.add_subcommand("show", "One entry");
  one->add_option("KEY", state->key, "The key, or how it starts")->required();
  CLI::App *pruned =
      app.add_subcommand("prune", "Remove what was not used for longest");
  pruned
      ->add_option("--max-bytes", state->limit,
                   "Size to shrink to, such as 500MB")
      ->transform(CLI::AsSizeValue(false))
      ->required();
  pruned->add_flag("--dry-run", state->dryRun, "Only say what would happen");
  CLI::App *verified = app.add_subcommand(
      "verify", "Check every entry and remove what is corrupt or left over");
  app.add_subcommand("clear", "Remove all entries");
  app.footer("Example:\n  tilesdk cache prune --max-bytes 500MB --dry-run");
  return [=](Session &session) {
    if (ls->parsed())
      return list(session);
    if (one->parsed())
      return show(session, state->key);
    if (pruned->parsed())
      return prune(session, state->limit, state->dryRun);
    if (verified->parsed())
      return verify(session);
    return clear(session);
  };
}
