//===- launch_pattern.h - Launches that look alike --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Most launches of a kernel look like the one before. A pattern is what they
// have in common, checked argument by argument, so that no key is made and the
// values stay where the caller has them. It says yes for fewer launches than
// have the entry's key, never for one that has another.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/device.h"
#include "tilesdk/tilesdk.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tilesdk::runtime {

struct Item;
struct Parameter;

class LaunchPattern {
public:
  /// Where the values of a launch's runtime leaves are.
  struct Leaves {
    static constexpr size_t Most = 32;
    void *at[Most];
    uint64_t converted[Most];
    size_t count = 0;
    llvm::ArrayRef<void *> pointers() const { return {at, count}; }
  };

  /// The pattern of a launch whose parameters became `items`, each those from
  /// its number in `firsts`; nothing when a leaf is not what one argument says.
  static std::optional<LaunchPattern>
  create(const Device &device, const tsdk_launch_desc &desc,
         llvm::ArrayRef<tsdk_arg> args, llvm::ArrayRef<Parameter> params,
         llvm::ArrayRef<Item> items, llvm::ArrayRef<uint32_t> firsts);

  /// Whether a launch on the device has this form. Its leaves point into `args`
  /// and into `out`.
  bool fits(Device &on, const tsdk_launch_desc &desc, const tsdk_arg *args,
            size_t numArgs, Leaves *out) const;

private:
  enum class Form : uint8_t { Constant, Integer, Float32, Pointer, Buffer };
  enum class By16 : uint8_t { Either, Yes, No };

  struct Argument {
    uint32_t kind = 0, aux = 0;
    int64_t low = 0, high = 0; ///< Of an integer; `low` is a constant's bits.
    Form form = Form::Constant;
    By16 by16 = By16::Either;
    bool isNeverOne = false;

    bool hasAlignment(uint64_t bits) const {
      return by16 == By16::Either || (by16 == By16::Yes) == (bits % 16 == 0);
    }
    bool setLeaf(const tsdk_arg &arg, const Parameter &param, const Item &item);
  };

  const Device *device = nullptr;
  std::vector<Argument> arguments;
  std::vector<std::pair<std::string, std::string>> options;
};

} // namespace tilesdk::runtime
