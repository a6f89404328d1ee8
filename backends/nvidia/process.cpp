//===- process.cpp - Running a program --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tilesdk::nvidia {

namespace {

/// Returns when the process has ended, or after some milliseconds.
void waitShortly(int descriptor) {
  if (descriptor >= 0) {
    pollfd ended = {descriptor, POLLIN, 0};
    poll(&ended, 1, 20);
  } else {
    usleep(1000);
  }
}

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000u + uint64_t(time.tv_nsec);
}

} // namespace

TemporaryFolder::TemporaryFolder() {
  const char *parent = getenv("TMPDIR");
  path = std::string(parent && *parent ? parent : "/tmp") + "/tilesdk-XXXXXX";
  if (!mkdtemp(path.data()))
    path.clear();
}

TemporaryFolder::~TemporaryFolder() {
  for (const std::string &file : files)
    unlink(file.c_str());
  if (!path.empty())
    rmdir(path.c_str());
}

std::string TemporaryFolder::file(const char *name) {
  if (path.empty())
    return "";
  files.push_back(path + "/" + name);
  return files.back();
}

bool writeFile(const std::string &path, const void *data, size_t size) {
  FILE *file = path.empty() ? nullptr : fopen(path.c_str(), "wbe");
  if (!file)
    return false;
  bool isWritten = fwrite(data, 1, size, file) == size;
  return fclose(file) == 0 && isWritten;
}

bool readFile(const std::string &path, std::string &out) {
  FILE *file = fopen(path.c_str(), "rbe");
  if (!file)
    return false;
  out.clear();
  char buffer[16384];
  while (size_t size = fread(buffer, 1, sizeof buffer, file))
    out.append(buffer, size);
  bool isRead = !ferror(file);
  fclose(file);
  return isRead;
}

Ended runProgram(const std::vector<std::string> &arguments,
                 const std::string &output, uint64_t deadline,
                 const int32_t *cancel) {
  std::vector<char *> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string &each : arguments)
    argv.push_back(const_cast<char *>(each.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  int failed =
      posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed)
    return Ended::NotStarted;
  int descriptor = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  Ended ended = Ended::Badly;
  bool isKilled = false;
  while (true) {
    int status = 0;
    pid_t found = waitpid(child, &status, isKilled ? 0 : WNOHANG);
    if (found == child) {
      if (!isKilled)
        ended = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ended::Well
                                                              : Ended::Badly;
      break;
    }
    if (found < 0 && errno != EINTR) {
      // Somebody else waits for all children: what it wrote has to do.
      ended = Ended::Well;
      break;
    }
    bool isCancelled = cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
    if (!isKilled && (isCancelled || (deadline && now() >= deadline))) {
      ended = isCancelled ? Ended::Cancelled : Ended::Late;
      kill(child, SIGKILL);
      isKilled = true;
      continue;
    }
    if (!isKilled)
      waitShortly(descriptor);
  }
  if (descriptor >= 0)
    close(descriptor);
  return ended;
}

} // namespace tilesdk::nvidia
