//===- text.cpp - Layouts as one line of text, and back -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/print.h"

#include <cctype>

namespace tilesdk::layout {

static std::string sizeText(const Dim &dim) {
  std::string text;
  uint64_t power = 1;
  auto flush = [&](uint64_t factor) {
    text += (text.empty() ? "" : "*") + std::to_string(factor);
  };
  for (uint32_t count : dim.radix) {
    if (count == 2) {
      power *= 2;
      continue;
    }
    if (power > 1)
      flush(power);
    power = 1;
    flush(count);
  }
  if (power > 1 || text.empty())
    flush(power);
  return text;
}

std::string toText(const Layout &layout) {
  std::string text = "(";
  for (const Dim &dim : layout.outputs())
    text += (&dim == layout.outputs().data() ? "" : ", ") + dim.name + ": " +
            sizeText(dim);
  text += ") {";
  for (const Dim &dim : layout.inputs()) {
    text += (&dim == layout.inputs().data() ? " " : "; ") + dim.name + ":";
    for (const Basis &basis : layout.bases(dim.name)) {
      text += " ";
      if (basis.count != 2)
        text += std::to_string(basis.count) + "*";
      text += "(";
      for (size_t i = 0; i < basis.value.size(); ++i)
        text += (i ? "," : "") + std::to_string(basis.value[i]);
      text += ")";
    }
  }
  return text + " }";
}

std::ostream &operator<<(std::ostream &stream, const Layout &layout) {
  return stream << toText(layout);
}

namespace {
class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  Result<Layout> run() {
    std::vector<OutputDim> outputs;
    std::vector<InputBases> inputs;
    if (!parseOutputs(outputs) || !parseInputs(inputs, outputs.size()))
      return Error{message};
    skipSpace();
    if (at < text.size()) {
      fail("the end of the layout");
      return Error{message};
    }
    Result<Layout> layout = Layout::fromBases(inputs, outputs);
    if (!layout)
      return Error{"1:1: " + layout.error()};
    return layout;
  }

private:
  bool parseOutputs(std::vector<OutputDim> &outputs) {
    if (!expect('('))
      return false;
    if (accept(')'))
      return true;
    do {
      OutputDim dim;
      if (!name(dim.name) || !expect(':'))
        return false;
      do {
        uint64_t factor;
        if (!number(factor))
          return false;
        dim.factors.push_back(factor);
      } while (accept('*'));
      outputs.push_back(std::move(dim));
    } while (accept(','));
    return expect(')', "',' or ')'");
  }

  bool parseInputs(std::vector<InputBases> &inputs, size_t arity) {
    if (!expect('{'))
      return false;
    while (!accept('}')) {
      InputBases in;
      if (!name(in.name) || !expect(':'))
        return false;
      while (peek() == '(' || std::isdigit((unsigned char)peek())) {
        Basis basis;
        size_t start = at;
        if (peek() != '(') {
          uint64_t count;
          if (!number(count) || !expect('*'))
            return false;
          if (count < 1 || count > UINT32_MAX) {
            at = start;
            return fail("a repetition between 1 and 4294967295");
          }
          basis.count = uint32_t(count);
        }
        skipSpace();
        start = at;
        if (!vector(basis.value))
          return false;
        if (basis.value.size() != arity) {
          at = start;
          return fail("a vector with " + std::to_string(arity) +
                      (arity == 1 ? " component" : " components") +
                      ", one for each output dimension");
        }
        in.bases.push_back(std::move(basis));
      }
      inputs.push_back(std::move(in));
      accept(';');
    }
    return true;
  }

  bool vector(Coord &value) {
    if (!expect('('))
      return false;
    if (accept(')'))
      return true;
    do {
      uint64_t component;
      if (!number(component))
        return false;
      value.push_back(component);
    } while (accept(','));
    return expect(')', "',' or ')'");
  }

  void skipSpace() {
    while (at < text.size() && std::isspace((unsigned char)text[at]))
      ++at;
  }
  char peek() {
    skipSpace();
    return at < text.size() ? text[at] : '\0';
  }
  bool accept(char c) {
    if (peek() != c)
      return false;
    ++at;
    return true;
  }
  bool expect(char c, std::string_view what = {}) {
    if (accept(c))
      return true;
    return fail(what.empty() ? "'" + std::string(1, c) + "'"
                             : std::string(what));
  }
  bool name(std::string &result) {
    auto isName = [](char c) {
      return std::isalnum((unsigned char)c) || c == '_' || c == '.';
    };
    skipSpace();
    size_t start = at;
    while (at < text.size() && isName(text[at]))
      ++at;
    result = text.substr(start, at - start);
    return at > start || fail("a dimension's name");
  }
  bool number(uint64_t &result) {
    skipSpace();
    size_t start = at;
    result = 0;
    for (; at < text.size() && std::isdigit((unsigned char)text[at]); ++at) {
      if (result > (UINT64_MAX >> 1) / 10 - 1) {
        at = start;
        return fail("a number below 2^62");
      }
      result = result * 10 + uint64_t(text[at] - '0');
    }
    return at > start || fail("a number");
  }
  /// Keeps the first failure; returns false.
  bool fail(const std::string &expected) {
    skipSpace();
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; ++i) {
      column = text[i] == '\n' ? 1 : column + 1;
      line += text[i] == '\n';
    }
    std::string found =
        at < text.size() ? "'" + std::string(1, text[at]) + "'" : "the end";
    message = std::to_string(line) + ":" + std::to_string(column) +
              ": expected " + expected + ", found " + found;
    return false;
  }

  std::string_view text;
  size_t at = 0;
  std::string message;
};
} // namespace

Result<Layout> parse(std::string_view text) { return Parser(text).run(); }

} // namespace tilesdk::layout
