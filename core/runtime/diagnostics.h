//===- diagnostics.h - Diagnostics and blobs as objects ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/object.h"
#include "tilesdk/tilesdk_types.h"

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace tilesdk::runtime {

/// One diagnostic that owns its text. The field names are those of tsdk_diag.
struct DiagEntry {
  uint32_t severity = TSDK_SEVERITY_ERROR;
  uint32_t code = 0;
  uint32_t parent = TSDK_NO_PARENT;
  uint32_t line = 0, column = 0, endLine = 0, endColumn = 0;
  std::string file, message, help, rendered;
};

/// An immutable list once shared.
class DiagList : public Object {
public:
  DiagList() : Object(Kind::Diags) {}

  size_t size() const { return entries.size(); }
  const DiagEntry &operator[](size_t index) const { return entries[index]; }
  size_t count(uint32_t severity) const;
  /// Text for people of all entries.
  llvm::StringRef text() const { return rendered; }
  /// Without remarks: for errors.
  llvm::StringRef problemText() const { return problems; }

  void add(DiagEntry entry);

  /// The list as JSON, and back. Anything malformed gives an empty list.
  std::string toJson() const;
  static Ref<DiagList> fromJson(llvm::StringRef text);

private:
  std::vector<DiagEntry> entries;
  std::string rendered, problems;
};

/// Immutable bytes; a NUL follows them.
class Blob : public Object {
public:
  explicit Blob(std::string bytes)
      : Object(Kind::Blob), bytes(std::move(bytes)) {}
  const std::string bytes;
};

} // namespace tilesdk::runtime
