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
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <utility>

namespace tilesdk::runtime {

struct Item;
struct Parameter;

class LaunchPattern {
public:
  /// Where the values of a launch's runtime leaves are.
  struct Leaves {
    static constexpr size_t Most = 32;
    void *at[Most + 1]; ///< The last one is no leaf's.
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
  struct Range {
    int64_t low = INT64_MIN, high = INT64_MAX;
    bool operator==(const Range &) const = default;
  };
  /// One argument, told by comparisons alone: launches have many, and a branch
  /// for each would cost more than the rest. What the driver did since the last
  /// launch has these out of the nearest cache: they are small.
  struct Argument {
    uint32_t aux = 0;
    uint8_t kind = 0;
    uint8_t range = 0;      ///< Number of the range that arg.v is in.
    uint8_t alignments = 3; ///< Bit 1: multiples of 16, bit 0: others.
    bool isLeaf : 1 = false, isNeverOne : 1 = false;
  };
  static_assert(sizeof(Argument) == 8);
  /// What is done with a leaf beside that.
  struct Step {
    enum Kind : uint8_t { Pointer, Buffer, Float32 } kind;
    uint8_t argument, leaf, alignments;
  };

  bool addLeaf(const tsdk_arg &arg, const Parameter &param, const Item &item,
               size_t leaf);
  /// False: there are more than a pattern holds.
  bool add(const tsdk_arg &arg, Argument argument, Range range);
  static bool isAligned(uint8_t alignments, uint64_t bits) {
    return alignments >> (bits % 16 == 0) & 1;
  }

  const Device *device = nullptr;
  // Side by side, in the order in which they are read.
  llvm::SmallVector<std::pair<std::string, std::string>, 0> options;
  llvm::SmallVector<Argument, 24> arguments;
  llvm::SmallVector<Range, 6> ranges;
  llvm::SmallVector<Step, 8> steps;
};

} // namespace tilesdk::runtime
