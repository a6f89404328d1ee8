//===- signature.h - The text that specialises a kernel ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Grammar: docs/signature.md.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/sema.h"

namespace tilesdk::frontend {

struct SignatureEntry {
  enum class Kind : uint8_t {
    /// The parameter's default value.
    Default,
    /// A run-time scalar or pointer.
    Type,
    Constant,
    /// A function of the program, by name.
    Function,
    Tuple,
    /// `tensordesc(...)`: base, shape, strides, block shape, padding.
    Descriptor,
  };
  Kind kind = Kind::Default;
  /// Of `NAME=VALUE`; empty for entries by position.
  std::string name;
  /// As written, for messages.
  std::string text;
  DType dtype;
  /// Of `:16`; 1 when nothing is known.
  int64_t divisibility = 1;
  /// `:1`, folded to the constant 1.
  bool isOne = false;
  Value constant;
  std::vector<SignatureEntry> elements;
};

struct SignatureError {
  size_t entry = 0;
  std::string text;
  std::string reason;
};

/// Nothing on a mistake, which \p error describes.
std::optional<std::vector<SignatureEntry>>
parseSignature(llvm::StringRef text, SignatureError &error);

/// "fp16", "tl.float16", "float16", "*fp32".
std::optional<DType> dtypeFromText(llvm::StringRef text);

/// The value of a literal in signature syntax; an error value when it is none.
Value captureValue(Sema &sema, llvm::StringRef text);

/// As a signature spells it; empty for what it can not spell.
std::string signatureLiteral(const Value &value);

} // namespace tilesdk::frontend
