//===- utf8.cpp - One code point at a time --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/utf8.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Unicode.h"

namespace tilesdk::diagnostics {

CodePoint decodeUtf8(llvm::StringRef text) {
  uint8_t lead = text[0];
  if (lead < 0x80)
    return {lead, 1, true};
  CodePoint invalid{lead, 1, false};
  unsigned size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size)
    return invalid;
  uint32_t value = lead & (0x7f >> size);
  for (unsigned i = 1; i < size; ++i) {
    uint8_t byte = text[i];
    if ((byte & 0xc0) != 0x80)
      return invalid;
    value = value << 6 | (byte & 0x3f);
  }
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[size] || value > 0x10ffff ||
      (value >= 0xd800 && value <= 0xdfff))
    return invalid;
  return {value, static_cast<uint8_t>(size), true};
}

void appendUtf8(std::string &out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

/// Characters that hide themselves or reorder the text around them.
static bool isDeceptive(uint32_t c) {
  return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

unsigned appendVisible(std::string &out, llvm::StringRef bytes, CodePoint c) {
  std::string escape;
  if (!c.valid || c.value < 0x20 || c.value == 0x7f) {
    escape = "\\x" + llvm::utohexstr(c.value, /*LowerCase=*/true, 2);
  } else if (c.value < 0x7f) {
    out += static_cast<char>(c.value);
    return 1;
  } else {
    int width =
        isDeceptive(c.value) ? -1 : llvm::sys::unicode::columnWidthUTF8(bytes);
    if (width >= 0) {
      out += bytes;
      return width;
    }
    escape = "\\u{" + llvm::utohexstr(c.value, /*LowerCase=*/true) + "}";
  }
  out += escape;
  return escape.size();
}

std::string visibleText(llvm::StringRef text, bool keepNewlines) {
  std::string out;
  while (!text.empty()) {
    CodePoint c = decodeUtf8(text);
    if (keepNewlines && c.value == '\n')
      out += '\n';
    else if (c.value == '\t')
      out += ' ';
    else
      appendVisible(out, text.take_front(c.size), c);
    text = text.drop_front(c.size);
  }
  return out;
}

} // namespace tilesdk::diagnostics
