//===- maps.h - Tensor maps that kernels take -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel that copies boxes of tensors has a parameter for each tensor behind
// all others: the device's form of its address, shape and strides. The values
// of a launch say what to put in.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/device.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"

#include <array>
#include <memory>
#include <mutex>
#include <vector>

namespace tilesdk::runtime {

struct LeafInfo;

class TensorMaps {
public:
  static constexpr size_t Bytes = 128;
  struct Map {
    uint8_t bytes[Bytes];
  };

  /// Reads an artifact's metadata; null with \p good where it has none.
  static std::unique_ptr<TensorMaps> read(const llvm::json::Object &metadata,
                                          llvm::ArrayRef<LeafInfo> leaves,
                                          bool *good);

  size_t size() const { return specs.size(); }
  /// Makes the maps of a launch; \p params points at the values of its leaves.
  /// \p possible is false, and nothing made, where what a kernel does with
  /// pointers of its own is not what it would do with a tensor of such parts.
  Error encode(Device &device, llvm::ArrayRef<void *> params,
               llvm::MutableArrayRef<Map> out, bool *possible);

private:
  static constexpr size_t MaxRank = 5;
  /// A number of the launch.
  struct Leaf {
    size_t index = 0;
    uint32_t bytes = 0;
  };
  /// A sum of products of a factor and such numbers.
  struct Term {
    int64_t factor = 0;
    std::vector<Leaf> leaves;
  };
  using Part = std::vector<Term>;
  /// Innermost dimension first.
  struct Spec {
    size_t base = 0;
    std::vector<Part> shape, strides;
    std::vector<uint32_t> box;
    uint32_t dtype = 0, elementBytes = 1, swizzleBytes = 0;
    std::string name;
    /// Stands for pointers.
    bool isOptional = false;
  };
  /// What a map was made of.
  struct Parts {
    const Device *device = nullptr;
    const void *base = nullptr;
    std::array<uint64_t, MaxRank> shape = {}, strides = {};
    bool operator==(const Parts &) const = default;
  };

  static bool readParts(const llvm::json::Array *list,
                        llvm::ArrayRef<LeafInfo> leaves,
                        std::vector<Part> *out);
  static bool isTensor(const Spec &spec, const Parts &parts);
  static Error make(Device &device, const Spec &spec, const Parts &parts,
                    Map *out);

  std::vector<Spec> specs;
  std::mutex mutex;
  /// The last of each: most launches take the same tensors.
  std::vector<std::pair<Parts, Map>> last;
};

} // namespace tilesdk::runtime
