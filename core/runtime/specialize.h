//===- specialize.h - Arguments to keys, values and signatures --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Triton's rules of specialisation, docs/signature.md. Each argument becomes an
// item: a constant, or a runtime leaf with a type and what is known about it.
// The key of a launch and its signature are two spellings of the same items, so
// they cannot disagree.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/device.h"
#include "core/runtime/program.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace tilesdk::runtime {

enum class ItemKind : uint8_t {
  Int,    ///< Constant; bits are an int64_t.
  UInt,   ///< Constant above INT64_MAX.
  Float,  ///< Constant; bits are a double.
  Bool,   ///< Constant.
  None,   ///< Constant.
  Text,   ///< Constant in the spelling of signatures.
  Scalar, ///< Leaf.
  ScalarBy16,
  Pointer, ///< Leaf.
  PointerBy16,
  TupleOpen,      ///< bits: number of elements, which follow.
  DescriptorOpen, ///< Likewise, of a tensor descriptor.
};

struct Item {
  ItemKind kind = ItemKind::None;
  uint8_t dtype = 0;
  bool isConst = false;
  uint64_t bits = 0;
  llvm::StringRef text;
};

class Arguments {
public:
  /// Launches that find their key need no items: `spells` says that signature()
  /// will be asked for.
  Arguments(const Kernel &kernel, Device *device, bool spells = true)
      : kernel(kernel), device(device), spells(spells) {}

  /// Takes arguments in order and constexpr parameters by name among `options`;
  /// the others are appended to the key.
  Error bind(const tsdk_arg *args, size_t numArgs, const tsdk_option *options,
             size_t numOptions);

  llvm::ArrayRef<uint8_t> key() const { return keyBytes; }
  /// One value for each runtime leaf, at most eight bytes each.
  llvm::ArrayRef<uint64_t> values() const { return leafValues; }
  llvm::ArrayRef<uint8_t> leafDtypes() const { return leafTypes; }
  /// The signature of the bound arguments.
  std::string signature() const;
  /// What each argument became, when it is spelled: all items, and the number
  /// of each parameter's first one.
  llvm::ArrayRef<Item> spelled() const { return items; }
  llvm::ArrayRef<uint32_t> firstItems() const { return firsts; }

private:
  Error add(const Parameter &param, const tsdk_arg &arg,
            llvm::StringRef defaultText, unsigned depth);
  Error addTuple(const Parameter &param, const tsdk_arg &arg, unsigned depth);
  Error addDescriptor(const Parameter &param, const tsdk_arg &arg,
                      unsigned depth);
  Error addInteger(const Parameter &param, const tsdk_arg &arg);
  Error addFloat(const Parameter &param, double value);
  Error addPointer(const Parameter &param, const void *pointer, uint32_t dtype);
  Error addScalar(const Parameter &param, const tsdk_arg &arg);
  void addConstant(ItemKind kind, uint64_t bits);
  void addText(llvm::StringRef text);
  void addLeaf(ItemKind kind, uint32_t dtype, uint64_t bits,
               bool isConst = false);
  Error wrong(const Parameter &param, const llvm::Twine &what) const;

  const Kernel &kernel;
  Device *device;
  const bool spells;
  llvm::SmallVector<uint8_t, 256> keyBytes;
  llvm::SmallVector<uint64_t, 32> leafValues;
  llvm::SmallVector<uint8_t, 32> leafTypes;
  llvm::SmallVector<Item, 32> items;
  llvm::SmallVector<uint32_t, 32> firsts;
};

} // namespace tilesdk::runtime
