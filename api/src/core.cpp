//===- core.cpp - Handles, errors, diagnostics, blobs -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/src/entry.h"
#include "core/runtime/os.h"

#include "llvm/ADT/StringExtras.h"

using namespace tilesdk::api;

//===----------------------------------------------------------------------===//
// What every entry point does first
//===----------------------------------------------------------------------===//

Error tilesdk::api::nullArgument(const char *argument) {
  return makeError(TSDK_E_INVALID_ARGUMENT,
                   llvm::Twine("`") + argument + "` is null");
}

Error tilesdk::api::badHandle(void *handle, Kind expected,
                              const char *argument) {
  if (!handle)
    return nullArgument(argument);
  Object *object = lookUpHandle(handle);
  if (object)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     llvm::Twine("`") + argument + "` is a " +
                         kindName(object->kind()) + ", expected a " +
                         kindName(expected));
  return makeError(TSDK_E_INVALID_ARGUMENT,
                   llvm::Twine("`") + argument + "` is not a live " +
                       kindName(expected) +
                       ": it was released before, or never was one");
}

Error tilesdk::api::unknownFlags(const char *argument, tsdk_flags flags) {
  return makeError(TSDK_E_UNIMPLEMENTED,
                   llvm::Twine("`") + argument + "` has flags 0x" +
                       llvm::utohexstr(flags) +
                       " that this tilesdk does not know");
}

Error tilesdk::api::checkText(tsdk_str text, const char *argument) {
  if (text.data || !text.size)
    return success();
  return makeError(TSDK_E_INVALID_ARGUMENT,
                   llvm::Twine("`") + argument + "` has a size but no data");
}

Error tilesdk::api::checkBytes(tsdk_bytes bytes, const char *argument) {
  return checkText({static_cast<const char *>(bytes.data), bytes.size},
                   argument);
}

Error tilesdk::api::checkOptions(const tsdk_option *options, size_t count,
                                 const char *argument) {
  if (count && !options)
    return nullArgument(argument);
  for (size_t i = 0; i < count; ++i) {
    if (Error error = checkText(options[i].name, argument))
      return error;
    if (Error error = checkText(options[i].value, argument))
      return error;
  }
  return success();
}

Error tilesdk::api::checkStruct(const void *from, size_t minimum, size_t known,
                                const char *name) {
  struct Head {
    TSDK_HEADER;
  };
  if (!from)
    return nullArgument(name);
  const Head *head = static_cast<const Head *>(from);
  uint32_t size = head->struct_size;
  if (size < minimum)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     llvm::Twine("`") + name + "` has struct_size " +
                         llvm::Twine(size) + ", expected at least " +
                         llvm::Twine(minimum) + "; set it to sizeof");
  if (size > 65536)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     llvm::Twine("`") + name + "` has struct_size " +
                         llvm::Twine(size) + "; set it to sizeof");
  const unsigned char *bytes = static_cast<const unsigned char *>(from);
  bool newer = head->reserved != 0;
  for (size_t i = known; i < size; ++i)
    newer |= bytes[i] != 0;
  if (newer)
    return makeError(TSDK_E_UNIMPLEMENTED,
                     llvm::Twine("`") + name +
                         "` uses a field newer than this tilesdk (ABI " +
                         llvm::Twine(TSDK_ABI_VERSION) + ")");
  if (head->next)
    return makeError(TSDK_E_UNIMPLEMENTED,
                     llvm::Twine("`") + name + "` has an extension of type " +
                         llvm::Twine(head->next->type) +
                         " that this tilesdk does not know");
  return success();
}

//===----------------------------------------------------------------------===//
// Handles, version, errors
//===----------------------------------------------------------------------===//

void tsdk_retain(void *handle) {
  if (handle)
    retainHandle(handle);
}

void tsdk_release(void *handle) {
  try {
    if (handle)
      releaseHandle(handle);
  } catch (...) { // NOLINT(bugprone-empty-catch)
    // Out of memory while tidying up: what is left is leaked.
  }
}

uint32_t tsdk_abi_version(void) { return TSDK_ABI_VERSION; }

tsdk_str tsdk_version_text(void) { return toStr(TILESDK_VERSION_TEXT); }

tsdk_str tsdk_code_name(tsdk_code code) {
  const char *name = codeName(code);
  return toStr(name ? name : "UNKNOWN");
}

tsdk_code tsdk_error_code(tsdk_error error) { return codeOf(error); }

tsdk_str tsdk_error_message(tsdk_error error) {
  return toStr(messageOf(error));
}

int64_t tsdk_error_native(tsdk_error error) {
  return error && error != outOfMemory() ? error->native : 0;
}

tsdk_diags tsdk_error_diags(tsdk_error error) {
  return error && error != outOfMemory()
             ? static_cast<tsdk_diags>(error->diagsHandle)
             : nullptr;
}

void tsdk_error_release(tsdk_error error) { freeError(error); }

//===----------------------------------------------------------------------===//
// Diagnostics, blobs
//===----------------------------------------------------------------------===//

size_t tsdk_diags_count(tsdk_diags diags) {
  DiagList *list = peek<DiagList>(diags);
  return list ? list->size() : 0;
}

tsdk_error tsdk_diags_get(tsdk_diags diags, size_t index, tsdk_diag *out) {
  return guarded([&]() -> Error {
    DiagList *list;
    if (Error error = get(diags, "diags", &list))
      return error;
    if (!out)
      return nullArgument("out");
    if (out->struct_size < TILESDK_THROUGH(tsdk_diag, parent))
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       "`out` has struct_size " +
                           llvm::Twine(out->struct_size) +
                           "; set it to sizeof before the call");
    if (index >= list->size())
      return makeError(TSDK_E_OUT_OF_RANGE,
                       "there is no diagnostic " + llvm::Twine(index) +
                           ", the list has " + llvm::Twine(list->size()));
    const DiagEntry &entry = (*list)[index];
    tsdk_diag diag = {};
    diag.struct_size = out->struct_size;
    diag.severity = entry.severity;
    diag.code = entry.code;
    diag.parent = entry.parent;
    diag.line = entry.line;
    diag.column = entry.column;
    diag.end_line = entry.endLine;
    diag.end_column = entry.endColumn;
    diag.file = toStr(entry.file);
    diag.message = toStr(entry.message);
    diag.help = toStr(entry.help);
    diag.rendered = toStr(entry.rendered);
    std::memcpy(out, &diag, std::min<size_t>(out->struct_size, sizeof(diag)));
    return success();
  });
}

tsdk_str tsdk_diags_text(tsdk_diags diags) {
  DiagList *list = peek<DiagList>(diags);
  return toStr(list ? list->text() : "");
}

tsdk_error tsdk_diagnostic_explain(tsdk_context context, uint32_t code,
                                   tsdk_blob *out) {
  return guarded([&]() -> Error {
    Context *self;
    if (Error error = get(context, "context", &self))
      return error;
    if (!out)
      return nullArgument("out");
    const tilesdk::compiler::Table *table;
    if (Error error = self->compiler.table(&table))
      return error;
    CompilerOutput output;
    tilesdk::compiler::Sink sink = output.sink();
    tsdk_code result = table->explain(code, &sink);
    if (result != TSDK_OK)
      return makeError(result,
                       "there is no diagnostic number " + llvm::Twine(code));
    giveText(out, output.blobs["explain"]);
    return success();
  });
}

tsdk_bytes tsdk_blob_bytes(tsdk_blob blob) {
  Blob *self = peek<Blob>(blob);
  return self ? toBytes(self->bytes) : tsdk_bytes{nullptr, 0};
}
