//===- hip.cpp - The HIP runtime's functions, found at run time -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/hip.h"

#include <cstring>
#include <dlfcn.h>
#include <vector>

namespace tilesdk::amd {

namespace {

/// One that the process has already is taken first, whatever its version:
/// pointers and streams of a framework are only known to the runtime that it
/// brought.
void *openLibrary(std::string &why) {
  constexpr const char *names[] = {"libamdhip64.so.7", "libamdhip64.so.6",
                                   "libamdhip64.so.5", "libamdhip64.so"};
  for (const char *name : names)
    if (void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD))
      return library;
  for (const char *name : names) {
    if (void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL))
      return library;
    const char *text = dlerror();
    why += (why.empty() ? "" : "; ") + std::string(text ? text : name);
  }
  why = "there is no HIP runtime here: " + why;
  return nullptr;
}

} // namespace

bool Hip::resolve(void *library, std::string &why) {
  const char *missing = nullptr;
  auto find = [&](const char *name, bool isRequired) {
    void *found = dlsym(library, name);
    if (!found && isRequired && !missing)
      missing = name;
    return found;
  };
// NOLINTBEGIN(bugprone-macro-parentheses): parts of declarations.
#define TILESDK_FIND(NAME, PARAMS)                                             \
  NAME = reinterpret_cast<hipError(*) PARAMS>(find(#NAME, true));
  TILESDK_HIP_FUNCTIONS(TILESDK_FIND)
#undef TILESDK_FIND
#define TILESDK_FIND(NAME, PARAMS)                                             \
  NAME = reinterpret_cast<hipError(*) PARAMS>(find(#NAME, false));
  TILESDK_HIP_OPTIONAL_FUNCTIONS(TILESDK_FIND)
#undef TILESDK_FIND
  // NOLINTEND(bugprone-macro-parentheses)
  using GetText = const char *(*)(hipError);
  hipGetErrorName = reinterpret_cast<GetText>(find("hipGetErrorName", true));
  hipGetErrorString =
      reinterpret_cast<GetText>(find("hipGetErrorString", true));
  if (!hipGetDeviceProperties && !hipGetDevicePropertiesR0600 && !missing)
    missing = "hipGetDeviceProperties";
  if (!missing)
    return true;
  why = "the HIP runtime lacks " + std::string(missing) +
        "; install ROCm 5.2 or newer";
  return false;
}

const Hip *Hip::get(std::string &why) {
  struct Loaded {
    Hip hip;
    std::string problem;
    Loaded() {
      if (void *library = openLibrary(problem)) {
        problem.clear();
        hip.resolve(library, problem);
      }
    }
  };
  static const Loaded loaded;
  why = loaded.problem;
  return why.empty() ? &loaded.hip : nullptr;
}

std::string Hip::describe(hipError result) const {
  const char *name = hipGetErrorName(result);
  const char *text = hipGetErrorString(result);
  return std::string(name ? name : "unknown error") + ": " +
         (text ? text : std::to_string(result));
}

int Hip::release() const {
  int version = 0;
  return hipRuntimeGetVersion(&version) == Success ? version / 10000000 : 0;
}

std::string Hip::version() const {
  int version = 0;
  if (hipRuntimeGetVersion(&version) != Success)
    return "";
  return std::to_string(version / 10000000) + "." +
         std::to_string(version / 100000 % 100) + "." +
         std::to_string(version % 100000);
}

hipError Hip::architecture(int ordinal, std::string &out) const {
  // hipDeviceProp_t of release 5 and of later ones, where the symbol without a
  // suffix keeps the former. Larger than any of them.
  std::vector<char> properties(16384);
  bool isNew = hipGetDevicePropertiesR0600;
  constexpr size_t oldName = 396, newName = 1160, nameBytes = 256;
  hipError result =
      isNew ? hipGetDevicePropertiesR0600(properties.data(), ordinal)
            : hipGetDeviceProperties(properties.data(), ordinal);
  if (result == Success) {
    const char *name = properties.data() + (isNew ? newName : oldName);
    out.assign(name, strnlen(name, nameBytes));
  }
  return result;
}

} // namespace tilesdk::amd
