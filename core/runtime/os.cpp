//===- os.cpp - Files and shared libraries of Linux -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/os.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tilesdk::runtime;

namespace {

constinit std::atomic<uint32_t> forks{0};
constinit std::atomic<bool> watching{false};

/// A file descriptor that closes itself.
class File {
public:
  File(const std::string &path, int flags, mode_t mode = 0) {
    do
      descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    while (descriptor < 0 && errno == EINTR);
  }
  ~File() {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  bool isOpen() const { return descriptor >= 0; }
  int get() const { return descriptor; }
  int close() { return ::close(std::exchange(descriptor, -1)) ? errno : 0; }

  bool readAt(void *to, size_t size, uint64_t offset) const {
    char *out = static_cast<char *>(to);
    while (size) {
      ssize_t got = ::pread(descriptor, out, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return false;
      out += got;
      size -= static_cast<size_t>(got);
      offset += static_cast<uint64_t>(got);
    }
    return true;
  }

private:
  int descriptor = -1;
};

int64_t nanoseconds(const timespec &time) {
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

std::string buildId(const File &file) {
  Elf64_Ehdr header;
  if (!file.readAt(&header, sizeof(header), 0) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return "";
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!file.readAt(&segment, sizeof(segment),
                     header.e_phoff + i * sizeof(segment)))
      return "";
    if (segment.p_type != PT_NOTE || segment.p_filesz > 65536)
      continue;
    std::string notes(segment.p_filesz, 0);
    if (!file.readAt(notes.data(), notes.size(), segment.p_offset))
      return "";
    size_t offset = 0;
    while (offset + sizeof(Elf64_Nhdr) <= notes.size()) {
      Elf64_Nhdr note;
      std::memcpy(&note, notes.data() + offset, sizeof(note));
      size_t name = offset + sizeof(note);
      size_t data = name + (size_t(note.n_namesz) + 3) / 4 * 4;
      if (data + note.n_descsz > notes.size())
        break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          !std::memcmp(notes.data() + name, "GNU", 4))
        return llvm::toHex(llvm::StringRef(notes.data() + data, note.n_descsz),
                           /*LowerCase=*/true);
      offset = data + (size_t(note.n_descsz) + 3) / 4 * 4;
    }
  }
  return "";
}

} // namespace

uint64_t os::now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(nanoseconds(time));
}

int64_t os::wallTime() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

uint32_t os::forkCount() { return forks.load(std::memory_order_relaxed); }

void os::watchForks() {
  if (!watching.exchange(true))
    pthread_atfork(nullptr, nullptr,
                   [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

std::string os::libraryDirectory() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&os::watchForks), &info) ||
      !info.dli_fname)
    return ".";
  std::string path = realPath(info.dli_fname);
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

Error os::openLibrary(const std::string &path, void **library) {
  // Never closed: threads and callbacks may outlive any context.
  void *opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!opened) {
    const char *text = dlerror();
    return makeError(TSDK_E_UNAVAILABLE, text ? text : "cannot be loaded");
  }
  *library = opened;
  return success();
}

void *os::librarySymbol(void *library, const char *name) {
  return dlsym(library, name);
}

std::optional<std::string> os::readFile(const std::string &path, size_t limit) {
  File file(path, O_RDONLY | O_NONBLOCK);
  struct stat info;
  if (!file.isOpen() || fstat(file.get(), &info) || !S_ISREG(info.st_mode) ||
      static_cast<uint64_t>(info.st_size) > limit)
    return std::nullopt;
  std::string bytes(static_cast<size_t>(info.st_size), 0);
  if (!file.readAt(bytes.data(), bytes.size(), 0))
    return std::nullopt;
  return bytes;
}

int os::writeFile(const std::string &path,
                  const std::vector<tsdk_bytes> &parts) {
  File file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file.isOpen())
    return errno;
  int error = 0;
  for (const tsdk_bytes &part : parts) {
    const char *data = static_cast<const char *>(part.data);
    size_t left = part.size;
    while (left && !error) {
      ssize_t wrote = ::write(file.get(), data, left);
      if (wrote < 0 && errno != EINTR)
        error = errno;
      else if (wrote > 0) {
        data += wrote;
        left -= static_cast<size_t>(wrote);
      }
    }
  }
  int closeError = file.close();
  if (!error)
    error = closeError;
  if (error)
    ::unlink(path.c_str());
  return error;
}

int os::renameFile(const std::string &from, const std::string &to) {
  return ::rename(from.c_str(), to.c_str()) ? errno : 0;
}

int os::removeFile(const std::string &path) {
  return ::unlink(path.c_str()) ? errno : 0;
}

int os::makeDirectories(const std::string &path) {
  if (isDirectory(path))
    return 0;
  int error = ::mkdir(path.c_str(), 0700) ? errno : 0;
  // Another process may make it at the same time.
  if (!error || (error == EEXIST && isDirectory(path)))
    return 0;
  if (error != ENOENT)
    return error;
  size_t slash = path.find_last_of('/');
  if (slash == std::string::npos || !slash)
    return ENOENT;
  error = makeDirectories(path.substr(0, slash));
  if (error)
    return error;
  error = ::mkdir(path.c_str(), 0700) ? errno : 0;
  return error == EEXIST ? 0 : error;
}

bool os::exists(const std::string &path) {
  return !::access(path.c_str(), F_OK);
}

std::string os::realPath(const std::string &path) {
  char *real = ::realpath(path.c_str(), nullptr);
  std::string result = real ? real : path;
  std::free(real);
  return result;
}

bool os::isDirectory(const std::string &path) {
  struct stat info;
  return !::stat(path.c_str(), &info) && S_ISDIR(info.st_mode);
}

bool os::isWritable(const std::string &path) {
  return !::access(path.c_str(), W_OK);
}

void os::touch(const std::string &path) {
  (void)::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

std::vector<os::FileInfo> os::listDirectory(const std::string &path) {
  std::vector<FileInfo> result;
  DIR *directory = ::opendir(path.c_str());
  if (!directory)
    return result;
  int descriptor = ::dirfd(directory);
  while (const dirent *entry = ::readdir(directory)) {
    FileInfo file;
    file.name = entry->d_name;
    if (file.name == "." || file.name == "..")
      continue;
    struct stat info;
    if (descriptor < 0 ||
        ::fstatat(descriptor, entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
      continue;
    file.directory = S_ISDIR(info.st_mode);
    file.bytes = static_cast<uint64_t>(info.st_size);
    file.changed = nanoseconds(info.st_mtim);
    result.push_back(std::move(file));
  }
  ::closedir(directory);
  std::sort(
      result.begin(), result.end(),
      [](const FileInfo &a, const FileInfo &b) { return a.name < b.name; });
  return result;
}

std::string os::errorText(int error) {
  char buffer[128] = "";
  // The GNU form returns the text; it need not be in the buffer.
  return strerror_r(error, buffer, sizeof(buffer));
}

uint32_t os::processId() { return static_cast<uint32_t>(::getpid()); }

std::string os::fileIdentity(const std::string &path) {
  File file(path, O_RDONLY);
  struct stat info;
  if (!file.isOpen() || fstat(file.get(), &info))
    return "";
  std::string id = buildId(file);
  if (!id.empty())
    return id;
  return std::to_string(info.st_size) + "-" +
         std::to_string(nanoseconds(info.st_mtim));
}
