//===- disk_cache.cpp - Content-addressed cache on disk ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/disk_cache.h"

#include "core/runtime/os.h"
#include "core/runtime/text.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

using namespace tilesdk::runtime;

namespace {

constexpr char magic[8] = {'t', 's', 'd', 'k', 'e', 'n', 't', '\n'};
constexpr uint32_t formatVersion = 1;
constexpr uint32_t maxSections = 64;
constexpr size_t maxFileBytes = size_t(1) << 30;
constexpr const char *formatFolder = "/v1";
// A writer that is gone for an hour does not come back.
constexpr int64_t leftoverAge = int64_t(3600) * 1000000000;

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t numSections;
  uint64_t payloadBytes;
  char key[64];
  uint8_t checksum[32];
};
static_assert(sizeof(Header) == 120);

/// Precedes each section in the payload.
struct SectionHeader {
  uint32_t nameBytes;
  uint32_t reserved;
  uint64_t bytes;
};

using Checksum = llvm::BLAKE3Result<32>;

bool isKey(llvm::StringRef text) {
  return text.size() == 64 && llvm::all_of(text, llvm::isHexDigit);
}

} // namespace

llvm::StringRef CacheEntry::section(llvm::StringRef name) const {
  for (const CacheSection &section : sections)
    if (section.name == name)
      return section.bytes;
  return "";
}

bool CacheEntry::has(llvm::StringRef name) const {
  return llvm::any_of(sections, [&](const CacheSection &section) {
    return section.name == name;
  });
}

std::optional<CacheEntry> tilesdk::runtime::parseEntry(const std::string &key,
                                                       std::string file) {
  Header header;
  if (file.size() < sizeof(header))
    return std::nullopt;
  std::memcpy(&header, file.data(), sizeof(header));
  if (std::memcmp(header.magic, magic, sizeof(magic)) != 0 ||
      header.version != formatVersion || header.numSections > maxSections ||
      header.payloadBytes != file.size() - sizeof(header) ||
      llvm::StringRef(header.key, sizeof(header.key)) != key)
    return std::nullopt;
  Checksum expected;
  std::memcpy(expected.data(), header.checksum, expected.size());
  std::memset(file.data() + offsetof(Header, checksum), 0, expected.size());
  if (llvm::BLAKE3::hash<32>(llvm::ArrayRef<uint8_t>(
          reinterpret_cast<const uint8_t *>(file.data()), file.size())) !=
      expected)
    return std::nullopt;

  CacheEntry entry;
  entry.file = std::move(file);
  llvm::StringRef rest = llvm::StringRef(entry.file).substr(sizeof(header));
  for (uint32_t i = 0; i < header.numSections; ++i) {
    SectionHeader section;
    if (rest.size() < sizeof(section))
      return std::nullopt;
    std::memcpy(&section, rest.data(), sizeof(section));
    rest = rest.substr(sizeof(section));
    if (section.nameBytes > rest.size() ||
        section.bytes > rest.size() - section.nameBytes)
      return std::nullopt;
    entry.sections.push_back(
        {rest.take_front(section.nameBytes).str(),
         rest.substr(section.nameBytes, static_cast<size_t>(section.bytes))});
    rest = rest.substr(section.nameBytes + static_cast<size_t>(section.bytes));
  }
  if (!rest.empty())
    return std::nullopt;
  return entry;
}

namespace {

/// The whole file of an entry.
std::string packEntry(const std::string &key,
                      const std::vector<CacheSection> &sections) {
  Header header = {};
  std::memcpy(header.magic, magic, sizeof(magic));
  header.version = formatVersion;
  header.numSections = static_cast<uint32_t>(sections.size());
  std::memcpy(header.key, key.data(), sizeof(header.key));
  std::string file(sizeof(header), 0);
  for (const CacheSection &section : sections) {
    SectionHeader sectionHeader = {static_cast<uint32_t>(section.name.size()),
                                   0, section.bytes.size()};
    file.append(reinterpret_cast<const char *>(&sectionHeader),
                sizeof(sectionHeader));
    file += section.name;
    file += section.bytes;
  }
  header.payloadBytes = file.size() - sizeof(header);
  std::memcpy(file.data(), &header, sizeof(header));
  Checksum checksum = llvm::BLAKE3::hash<32>(llvm::ArrayRef<uint8_t>(
      reinterpret_cast<const uint8_t *>(file.data()), file.size()));
  std::memcpy(file.data() + offsetof(Header, checksum), checksum.data(),
              checksum.size());
  return file;
}

} // namespace

void DiskCache::init(const Knobs &knobs, Log logger) {
  log = std::move(logger);
  limit = knobs.integer(Knob::cache_max_bytes);
  if (!knobs.flag(Knob::cache))
    return;
  tiers = splitPath(knobs.text(Knob::cache_dir));
  if (tiers.empty()) {
    // XDG says that a relative path is to be ignored.
    const char *folder = std::getenv("XDG_CACHE_HOME");
    const char *home = std::getenv("HOME");
    if (folder && folder[0] == '/')
      tiers.push_back(std::string(folder) + "/tilesdk");
    else if (home && home[0] == '/')
      tiers.push_back(std::string(home) + "/.cache/tilesdk");
  }
  for (std::string &tier : tiers)
    tier += formatFolder;
}

std::string DiskCache::entryPath(const std::string &key) const {
  return tiers.empty()
             ? ""
             : tiers[0] + "/" + key.substr(0, 2) + "/" + key.substr(2);
}

void DiskCache::warnOnce(std::atomic<bool> &warned,
                         const std::string &message) {
  if (!warned.exchange(true) && log)
    log(TSDK_LOG_WARNING, message);
}

std::optional<CacheEntry> DiskCache::load(const std::string &key) {
  for (size_t i = 0; i < tiers.size(); ++i) {
    std::string path = tiers[i] + "/" + key.substr(0, 2) + "/" + key.substr(2);
    std::optional<std::string> file = os::readFile(path, maxFileBytes);
    if (!file)
      continue;
    std::optional<CacheEntry> entry = parseEntry(key, std::move(*file));
    if (!entry) {
      rejects.fetch_add(1, std::memory_order_relaxed);
      warnOnce(warnedCorrupt,
               "cache entry " + path +
                   " is corrupt; it is built again (`tilesdk cache verify` "
                   "removes such files)");
      if (i == 0)
        (void)os::removeFile(path);
      continue;
    }
    hits.fetch_add(1, std::memory_order_relaxed);
    if (i == 0)
      os::touch(path);
    return entry;
  }
  if (!tiers.empty())
    misses.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

void DiskCache::reject(const std::string &key) {
  rejects.fetch_add(1, std::memory_order_relaxed);
  std::string path = entryPath(key);
  warnOnce(warnedCorrupt,
           "cache entry " + path + " cannot be used; it is built again");
  (void)os::removeFile(path);
}

void DiskCache::store(const std::string &key,
                      const std::vector<CacheSection> &sections) {
  if (tiers.empty())
    return;
  std::string file = packEntry(key, sections);
  if (file.size() > maxFileBytes)
    return;
  static constinit std::atomic<uint32_t> counter{0};
  std::string path = entryPath(key);
  std::string folder = tiers[0] + "/tmp";
  std::string temporary = folder + "/" + std::to_string(os::processId()) + "-" +
                          std::to_string(os::wallTime()) + "-" +
                          std::to_string(counter.fetch_add(1));
  int error = os::makeDirectories(folder);
  if (!error)
    error = os::makeDirectories(tiers[0] + "/" + key.substr(0, 2));
  if (!error)
    error = os::writeFile(temporary, {toBytes(file)});
  if (!error) {
    error = os::renameFile(temporary, path);
    if (error)
      (void)os::removeFile(temporary);
  }
  if (error) {
    warnOnce(warnedWrite, "cache directory " + tiers[0] +
                              " cannot be written (" + os::errorText(error) +
                              "); built kernels are not kept");
    return;
  }
  uint64_t number = stores.fetch_add(1, std::memory_order_relaxed);
  // Looking through the whole cache costs milliseconds: now and then only.
  uint64_t stored = storedSincePrune.fetch_add(file.size()) + file.size();
  if (stored > limit / 16 || (number + os::processId()) % 64 == 0) {
    storedSincePrune.store(0);
    (void)prune(limit, nullptr);
  }
}

std::string DiskCache::storeReproducer(const std::string &key,
                                       llvm::StringRef text) {
  if (tiers.empty() || text.empty())
    return "";
  std::string folder = tiers[0] + "/reproducers";
  std::string path = folder + "/" + key.substr(0, 16) + ".txt";
  if (os::makeDirectories(folder))
    return "";
  (void)os::removeFile(path);
  return os::writeFile(path, {toBytes(text)}) ? "" : path;
}

std::vector<DiskCache::File> DiskCache::entries(const std::string &tier) const {
  std::vector<File> files;
  for (const os::FileInfo &folder : os::listDirectory(tier)) {
    if (!folder.directory || folder.name.size() != 2)
      continue;
    for (const os::FileInfo &file : os::listDirectory(tier + "/" + folder.name))
      if (!file.directory && isKey(folder.name + file.name))
        files.push_back({tier + "/" + folder.name + "/" + file.name, file.bytes,
                         file.changed});
  }
  return files;
}

std::vector<DiskCache::File>
DiskCache::leftovers(const std::string &tier) const {
  std::vector<File> files;
  for (const os::FileInfo &file : os::listDirectory(tier + "/tmp"))
    if (!file.directory && os::wallTime() - file.changed > leftoverAge)
      files.push_back({tier + "/tmp/" + file.name, file.bytes, file.changed});
  return files;
}

Error DiskCache::checkWritable() const {
  if (!tiers.empty() && os::isDirectory(tiers[0]) && !os::isWritable(tiers[0]))
    return makeError(TSDK_E_PERMISSION_DENIED,
                     "cache directory " + tiers[0] + " cannot be changed");
  return success();
}

llvm::json::Value DiskCache::stats() {
  llvm::json::Array directories;
  for (size_t i = 0; i < tiers.size(); ++i) {
    uint64_t bytes = 0;
    std::vector<File> files = entries(tiers[i]);
    for (const File &file : files)
      bytes += file.bytes;
    directories.push_back(
        llvm::json::Object{{"path", tiers[i]},
                           {"writable", i == 0 && os::isWritable(tiers[i])},
                           {"entries", files.size()},
                           {"bytes", bytes}});
  }
  return llvm::json::Object{{"schema", 1},
                            {"enabled", !tiers.empty()},
                            {"directories", std::move(directories)},
                            {"max_bytes", limit},
                            {"hits", hits.load()},
                            {"misses", misses.load()},
                            {"stores", stores.load()},
                            {"rejected", rejects.load()}};
}

Error DiskCache::prune(uint64_t maxBytes, uint64_t *removedBytes) {
  uint64_t removed = 0;
  if (!tiers.empty()) {
    if (Error error = checkWritable())
      return error;
    for (const File &file : leftovers(tiers[0]))
      if (!os::removeFile(file.path))
        removed += file.bytes;
    std::vector<File> files = entries(tiers[0]);
    uint64_t total = 0;
    for (const File &file : files)
      total += file.bytes;
    std::sort(files.begin(), files.end(), [](const File &a, const File &b) {
      return a.changed < b.changed;
    });
    for (const File &file : files) {
      if (total <= maxBytes)
        break;
      // Another process may have removed it: then it is gone all the same.
      int error = os::removeFile(file.path);
      if (!error)
        removed += file.bytes;
      if (!error || error == ENOENT)
        total -= file.bytes;
    }
  }
  if (removedBytes)
    *removedBytes = removed;
  return success();
}

llvm::json::Value DiskCache::verify() {
  uint64_t checked = 0, corrupt = 0, removed = 0;
  llvm::json::Array names;
  for (size_t i = 0; i < tiers.size(); ++i) {
    for (const File &file : entries(tiers[i])) {
      ++checked;
      llvm::StringRef path = file.path;
      std::string key =
          (path.take_back(65).take_front(2) + path.take_back(62)).str();
      std::optional<std::string> bytes = os::readFile(file.path, maxFileBytes);
      if (bytes && parseEntry(key, std::move(*bytes)))
        continue;
      ++corrupt;
      names.push_back(file.path);
      if (i == 0 && !os::removeFile(file.path))
        ++removed;
    }
    if (i == 0)
      for (const File &file : leftovers(tiers[i]))
        if (!os::removeFile(file.path))
          ++removed;
  }
  return llvm::json::Object{{"schema", 1},
                            {"entries", checked},
                            {"corrupt", corrupt},
                            {"removed", removed},
                            {"files", std::move(names)}};
}

Error DiskCache::clear() {
  if (tiers.empty())
    return success();
  if (Error error = checkWritable())
    return error;
  for (const File &file : entries(tiers[0]))
    (void)os::removeFile(file.path);
  for (const os::FileInfo &file : os::listDirectory(tiers[0] + "/tmp"))
    (void)os::removeFile(tiers[0] + "/tmp/" + file.name);
  return success();
}
