//===- arguments.h - Kernel arguments from text -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   TYPE[4096,64]:FILL   an array; FILL is zeros (the default), ones, arange,
//                        random, const=VALUE
//   @x.npy, TYPE@x.npy   an array from a file, with another element type
//   TYPE:VALUE           a scalar of this type
//   12, 0.5, True, None  as Python passes them
//   'text', tl.float16   constexprs
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tilesdk::tool {

struct ElementType {
  const char *name;
  uint32_t code;
  uint32_t size;
  const char *descr; ///< As in .npy files; raw integers for what NumPy lacks.
};

/// By our spelling or Triton's; null when unknown.
const ElementType *findElementType(const std::string &name);
std::vector<std::string> elementTypeNames();

struct Argument {
  std::string name; ///< Of the parameter it was given for; may be empty.
  std::string text;
  const ElementType *type = nullptr; ///< Of arrays and typed scalars.
  std::vector<uint64_t> shape;
  std::string bytes; ///< Of arrays.
  bool isArray = false;
  tsdk_arg value = {}; ///< Scalars; a constexpr's text is `text`.

  std::string describe() const;
};

/// False with the reason in `why`. `isConstexpr` makes any text a constexpr.
bool parseArgument(const std::string &text, uint64_t seed, bool isConstexpr,
                   Argument &argument, std::string &why);

/// Element `index` of an array as a number.
double elementAt(const Argument &argument, size_t index);

} // namespace tilesdk::tool
