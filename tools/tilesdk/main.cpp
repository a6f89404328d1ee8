//===- main.cpp - The command `tilesdk` -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/options.h"

#include <algorithm>
#include <cstdio>
#include <exception>

using namespace tilesdk::tool;

namespace {

constexpr const char *examples =
    "Examples:\n"
    "  tilesdk build add.py --kernel add --signature '*f32,*f32,*f32,i32,1024' "
    "--target cpu\n"
    "  tilesdk run add.py --kernel add --arg 'f32[4096]:random' --arg "
    "'f32[4096]:random' \\\n"
    "      --arg 'f32[4096]' --arg 4096 --arg 1024 --grid 4\n";

constexpr const char *exitCodes =
    "Exit codes: 0 ok, 1 the kernel has errors, 2 usage, 3 cannot be built for "
    "this target,\n"
    "4 device, driver or file unavailable, 5 a result check failed, 70 "
    "internal "
    "error,\n130 interrupted. Data goes to stdout, everything else to "
    "stderr.\n";

struct Entry {
  const char *name;
  const char *help;
  Command (*add)(CLI::App &);
  CLI::App *app = nullptr;
  Command command;
};

void addCommon(CLI::App &app, Common &common) {
  app.add_flag("--json", common.json, "Print data as JSON");
  app.add_flag("-q,--quiet", common.quiet, "Only errors");
  app.add_flag("-v,--verbose", common.verbose,
               "Remarks and the log; twice for more still");
  app.add_option("--color", common.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.add_option("--message-format", common.messageFormat,
                 "Diagnostics as text or as json lines")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

/// A first word that is no command; empty when there is none.
std::string unknownCommand(int argc, char **argv,
                           const std::vector<std::string> &names) {
  if (argc < 2 || argv[1][0] == '-' ||
      std::find(names.begin(), names.end(), argv[1]) != names.end())
    return "";
  return argv[1];
}

std::vector<std::string> optionNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// The first option among words that could not be placed, else the first word.
std::string unplaced(const std::string &words) {
  size_t dash = words.find("--");
  std::string first = words.substr(dash == std::string::npos ? 0 : dash);
  return first.substr(0, first.find_first_of(" ="));
}

int usageError(Session &session, const CLI::App &app,
               const CLI::ParseError &error) {
  std::string message = error.what();
  // CLI11 lists what it could not place, blank-separated, after a colon.
  size_t colon = message.rfind(": ");
  if (dynamic_cast<const CLI::ExtrasError *>(&error) &&
      colon != std::string::npos) {
    std::string first = unplaced(message.substr(colon + 2));
    message = "unknown argument `" + first + "`" +
              didYouMean(first, optionNames(app));
  }
  return session.fail(ExitUsage, message,
                      "`tilesdk " +
                          (app.get_name().empty() || !app.get_parent()
                               ? std::string()
                               : app.get_name() + " ") +
                          "--help` shows what there is");
}

int runTool(int argc, char **argv) {
  Common common;
  CLI::App app("Compiles and runs tile kernels written in the Triton "
               "language.",
               "tilesdk");
  Entry entries[] = {
      {"build", "Build a kernel for a target", addBuild, nullptr, {}},
      {"run", "Build and launch a kernel on data", addRun, nullptr, {}},
      {"show", "Print a stage of a build", addShow, nullptr, {}},
      {"targets",
       "List what kernels can be built for",
       addTargets,
       nullptr,
       {}},
      {"doctor",
       "Say what is installed and what works",
       addDoctor,
       nullptr,
       {}},
      {"explain",
       "Explain a diagnostic, or what became of each line of a kernel",
       addExplain,
       nullptr,
       {}},
      {"cache", "Look at the disk cache and tidy it", addCache, nullptr, {}}};
  std::vector<std::string> names;
  app.set_version_flag("--version", [] { return text(tsdk_version_text()); });
  app.description(std::string(examples) + "\n" + app.get_description());
  app.footer(exitCodes);
  for (Entry &entry : entries) {
    entry.app = app.add_subcommand(entry.name, entry.help);
    entry.command = entry.add(*entry.app);
    // Options that every command takes may stand behind it too.
    addCommon(*entry.app, common);
    for (CLI::App *inner : entry.app->get_subcommands({}))
      addCommon(*inner, common);
    names.push_back(entry.name);
  }

  if (argc < 2) {
    std::fprintf(stderr,
                 "tilesdk compiles and runs tile kernels.\n\n%s\n"
                 "`tilesdk --help` lists the commands.\n",
                 examples);
    return ExitUsage;
  }
  // Before parsing, so that the mistake has a better text than CLI11's.
  std::string unknown = unknownCommand(argc, argv, names);
  if (!unknown.empty()) {
    Session session(common);
    return session.fail(
        ExitUsage, "no command `" + unknown + "`" + didYouMean(unknown, names),
        "`tilesdk --help` lists the commands");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &success) {
    return app.exit(success);
  } catch (const CLI::ParseError &error) {
    Session session(common);
    const CLI::App *at = &app;
    for (const Entry &entry : entries)
      if (entry.app->parsed() || (argc > 1 && argv[1] == entry.app->get_name()))
        at = entry.app;
    return usageError(session, *at, error);
  }
  Session session(common);
  if (int code = session.open())
    return code;
  for (const Entry &entry : entries)
    if (entry.app->parsed())
      return entry.command(session);
  return session.fail(ExitUsage, "no command was given",
                      "`tilesdk --help` lists the commands");
}

} // namespace

int main(int argc, char **argv) {
  try {
    return runTool(argc, argv);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "tilesdk: internal error: %s\n", error.what());
  } catch (...) {
    std::fputs("tilesdk: internal error\n", stderr);
  }
  return ExitInternal;
}
