//===- session.cpp - Context, files and signals of a run --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/session.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace tilesdk::tool;

namespace {

/// Called from driver threads too: only stdio. Debug text needs -v.
void writeLog(void *user, int32_t level, tsdk_str message) {
  const Common &common = *static_cast<const Common *>(user);
  if (level == TSDK_LOG_PRINT) {
    std::fwrite(message.data, 1, message.size, stdout);
    return;
  }
  int wanted = TSDK_LOG_WARNING - common.verbose;
  if (level < wanted || (common.quiet && level < TSDK_LOG_ERROR))
    return;
  static const char *const names[] = {"debug", "info", "warning", "error"};
  std::fprintf(stderr, "%s: %.*s\n", names[level < 4 ? level : 3],
               static_cast<int>(message.size), message.data);
}

volatile std::sig_atomic_t interrupted = 0;
int32_t cancelFlag = 0;

void onInterrupt(int) {
  // A second one must end the process whatever it is doing.
  if (interrupted)
    std::_Exit(ExitInterrupted);
  interrupted = 1;
  cancelFlag = 1;
}

} // namespace

const int32_t *tilesdk::tool::interruptFlag() { return &cancelFlag; }

void tilesdk::tool::installInterrupt() { std::signal(SIGINT, onInterrupt); }

int Session::open() {
  const char *noColor = std::getenv("NO_COLOR");
  const char *force = std::getenv("CLICOLOR_FORCE");
  useColor = common.color == "always" ||
             (common.color == "auto" && !(noColor && *noColor) &&
              ((force && *force && std::strcmp(force, "0") != 0) ||
               isatty(STDERR_FILENO)));
  tsdk_context_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.log = writeLog;
  desc.user = const_cast<Common *>(&common);
  if (tsdk_error error = tsdk_context_create(&desc, contextHandle.out()))
    return fail(error);
  return ExitOk;
}

bool tilesdk::tool::readFile(const std::string &path, std::string &bytes,
                             std::string &why) {
  if (path == "-") {
    char buffer[65536];
    while (size_t count = std::fread(buffer, 1, sizeof(buffer), stdin))
      bytes.append(buffer, count);
    return true;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    why = "cannot read `" + path + "`: " + std::strerror(errno);
    return false;
  }
  bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) {
    why = "cannot read `" + path + "`: " + std::strerror(errno);
    return false;
  }
  return true;
}

bool tilesdk::tool::writeFile(const std::string &path, const std::string &bytes,
                              std::string &why) {
  if (path == "-") {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return std::fflush(stdout) == 0;
  }
  std::string temporary = path + ".part" + std::to_string(getpid());
  bool written = false;
  {
    std::ofstream file(temporary, std::ios::binary);
    written =
        file &&
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())) &&
        file.flush();
  }
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0)
    return true;
  why = "cannot write `" + path + "`: " + std::strerror(errno);
  std::remove(temporary.c_str());
  return false;
}
