//===- signature.cpp - The text that specialises a kernel -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/signature.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <limits>

using namespace tilesdk;
using namespace tilesdk::frontend;

using Kind = SignatureEntry::Kind;

std::optional<DType> tilesdk::frontend::dtypeFromText(llvm::StringRef text) {
  text = text.trim();
  if (text.consume_front("*")) {
    bool isConst = text.size() > 1 && text[0] == 'k' &&
                   (dtypeOfCode(text.drop_front()) || text[1] == '*');
    if (isConst)
      text = text.drop_front();
    std::optional<DType> pointee = dtypeFromText(text);
    if (!pointee || pointee->isVoid() || pointee->pointers > 7)
      return std::nullopt;
    return pointee->pointerTo(isConst);
  }
  bool language =
      text.consume_front("tl.") || text.consume_front("triton.language.");
  if (!language)
    if (std::optional<DType> dtype = dtypeOfCode(text))
      return dtype;
  return dtypeOfLanguageName(text);
}

namespace {
class Parser {
public:
  Parser(llvm::StringRef text, SignatureError &error)
      : text(text), error(error) {}

  bool parseList(std::vector<SignatureEntry> &entries, char close,
                 unsigned depth) {
    while (true) {
      skipBlanks();
      if (at == text.size())
        return close == 0 || fail("`" + llvm::Twine(close) + "` is missing");
      if (text[at] == close)
        return true;
      if (!depth)
        error.entry = entries.size() + 1;
      if (text[at] == ',') {
        ++at;
        entries.emplace_back();
        continue;
      }
      SignatureEntry entry;
      if (!parseEntry(entry, depth))
        return false;
      entries.push_back(std::move(entry));
      skipBlanks();
      if (at < text.size() && text[at] == ',') {
        ++at;
        // `a,` ends; `a,,b` holds an empty entry.
        skipBlanks();
        if (!depth && at == text.size())
          entries.emplace_back();
        continue;
      }
      if (at == text.size() || text[at] == close)
        continue;
      return fail("unexpected `" + text.substr(at, 8).str() + "`");
    }
  }

  size_t position() const { return at; }
  bool fail(const llvm::Twine &reason) {
    error.reason = reason.str();
    if (error.text.empty())
      error.text = text.substr(start, 40).str();
    return false;
  }

private:
  void skipBlanks() {
    while (at < text.size() && llvm::isSpace(text[at]))
      ++at;
  }

  bool parseEntry(SignatureEntry &entry, unsigned depth) {
    start = at;
    if (depth > 32)
      return fail("tuples are nested too deeply");
    if (text[at] == '(' || text[at] == '[') {
      char close = text[at++] == '(' ? ')' : ']';
      entry.kind = Kind::Tuple;
      if (!parseList(entry.elements, close, depth + 1))
        return false;
      ++at;
      return true;
    }
    if (text[at] == '\'' || text[at] == '"')
      return parseString(entry);
    size_t end = text.find_first_of(",()[]'\"=", at);
    if (end == llvm::StringRef::npos)
      end = text.size();
    llvm::StringRef word = text.slice(at, end).trim();
    at = end;
    if (at < text.size() && text[at] == '=' && !depth) {
      ++at;
      skipBlanks();
      if (word.empty())
        return fail("a name is missing before `=`");
      std::string name = word.str();
      if (at < text.size() && text[at] != ',' && !parseEntry(entry, depth + 1))
        return false;
      entry.name = name;
      return true;
    }
    if (word == "tensordesc" && at < text.size() && text[at] == '(') {
      ++at;
      entry.kind = Kind::Descriptor;
      entry.text = word.str();
      if (!parseList(entry.elements, ')', depth + 1))
        return false;
      ++at;
      return true;
    }
    entry.text = word.str();
    error.text = entry.text;
    bool valid = parseWord(word, entry);
    if (valid)
      error.text.clear();
    return valid;
  }

  bool parseString(SignatureEntry &entry) {
    char quote = text[at++];
    std::string value;
    while (at < text.size() && text[at] != quote) {
      char c = text[at++];
      if (c != '\\') {
        value += c;
        continue;
      }
      if (at == text.size())
        break;
      c = text[at++];
      unsigned byte;
      if (c == 'n')
        value += '\n';
      else if (c == 't')
        value += '\t';
      else if (c == 'x' && at + 2 <= text.size() &&
               !text.substr(at, 2).getAsInteger(16, byte)) {
        value += static_cast<char>(byte);
        at += 2;
      } else
        value += c;
    }
    if (at == text.size())
      return fail("the string is never closed");
    ++at;
    entry.kind = Kind::Constant;
    entry.constant = Value::stringOf(value);
    return true;
  }

  bool parseWord(llvm::StringRef word, SignatureEntry &entry) {
    entry.kind = Kind::Constant;
    if (word == "True" || word == "False") {
      entry.constant = Value::boolOf(word == "True");
      return true;
    }
    if (word == "None") {
      entry.constant = Value::none();
      return true;
    }
    constexpr double inf = std::numeric_limits<double>::infinity();
    if (word == "inf" || word == "-inf" || word == "nan") {
      entry.constant = Value::floatOf(word == "inf"    ? inf
                                      : word == "-inf" ? -inf
                                                       : std::nan(""));
      return true;
    }
    bool numeric = !word.empty() && (llvm::isDigit(word[0]) ||
                                     llvm::StringRef("+-.").contains(word[0]));
    if (numeric)
      return parseNumber(word, entry);
    auto [code, suffix] = word.split(':');
    if (std::optional<DType> dtype = dtypeFromText(code);
        dtype && !code.trim().starts_with("tl.") &&
        (dtype->isPointer() || dtypeOfCode(code.trim()))) {
      entry.kind = Kind::Type;
      entry.dtype = *dtype;
      if (word.contains(':'))
        return parseSuffix(suffix.trim(), entry);
      return true;
    }
    if (std::optional<DType> dtype = dtypeFromText(word)) {
      entry.constant = Value::typeOf(*dtype);
      return true;
    }
    llvm::StringRef name = word;
    name.consume_front("@");
    bool identifier = !name.empty() && !llvm::isDigit(name[0]) &&
                      llvm::all_of(name, [](char c) {
                        return llvm::isAlnum(c) || c == '_' || c == '.' ||
                               static_cast<unsigned char>(c) >= 0x80;
                      });
    if (!identifier)
      return fail("expected a type, a number, a string, True, False, None or "
                  "the name of a function");
    entry.kind = Kind::Function;
    entry.text = name.str();
    return true;
  }

  bool parseNumber(llvm::StringRef word, SignatureEntry &entry) {
    llvm::StringRef digits = word;
    bool negative = digits.consume_front("-");
    unsigned radix = digits.consume_front("0x") ? 16 : 10;
    if (BigInt::Maybe whole = BigInt::parse(digits, radix)) {
      entry.constant = Value::intOf(negative ? *whole->negate() : *whole);
      return true;
    }
    double number;
    if (radix != 10 || word.getAsDouble(number))
      return fail("not a number");
    entry.constant = Value::floatOf(number);
    return true;
  }

  bool parseSuffix(llvm::StringRef suffix, SignatureEntry &entry) {
    uint64_t number;
    if (suffix.getAsInteger(10, number) || number == 0 ||
        (number & (number - 1)) || number > 4096)
      return fail("behind `:` stands a power of two up to 4096");
    if (!entry.dtype.isPointer() && !entry.dtype.isInt())
      return fail("only integers and pointers take a suffix");
    if (number == 1) {
      if (!entry.dtype.isInt())
        return fail("only an integer can be folded to 1");
      entry.isOne = true;
      return true;
    }
    entry.divisibility = static_cast<int64_t>(number);
    return true;
  }

  llvm::StringRef text;
  SignatureError &error;
  size_t at = 0;
  size_t start = 0;
};
} // namespace

std::optional<std::vector<SignatureEntry>>
tilesdk::frontend::parseSignature(llvm::StringRef text, SignatureError &error) {
  std::vector<SignatureEntry> entries;
  if (text.size() > (1u << 20)) {
    error.reason = "it is longer than a megabyte";
    return std::nullopt;
  }
  Parser parser(text, error);
  if (!parser.parseList(entries, 0, 0))
    return std::nullopt;
  return entries;
}

static Value entryValue(Sema &sema, const SignatureEntry &entry) {
  switch (entry.kind) {
  case Kind::Constant:
    return entry.constant;
  case Kind::Type:
    return Value::typeOf(entry.dtype);
  case Kind::Function: {
    auto [module, name] = llvm::StringRef(entry.text).rsplit('.');
    const ModuleScope *scope = name.empty() ? &sema.program.mainModule()
                                            : sema.program.findModule(module);
    if (scope)
      if (std::optional<Value> value =
              sema.moduleGlobal(*scope, name.empty() ? module : name))
        return *value;
    // A name of the main module's namespace: `tl.maximum`, `mod.relu`.
    if (!name.empty())
      if (std::optional<Value> base =
              sema.moduleGlobal(sema.program.mainModule(), module);
          base && base->kind == Value::Kind::Module)
        if (std::optional<Value> value = sema.moduleMember(*base, name))
          return *value;
    return Value::error();
  }
  case Kind::Tuple: {
    std::vector<Value> elements;
    for (const SignatureEntry &element : entry.elements) {
      elements.push_back(entryValue(sema, element));
      if (elements.back().isError())
        return Value::error();
    }
    return Value::tuple(std::move(elements));
  }
  case Kind::Default:
  case Kind::Descriptor:
    return Value::error();
  }
  return Value::error();
}

Value tilesdk::frontend::captureValue(Sema &sema, llvm::StringRef text) {
  SignatureError error;
  std::optional<std::vector<SignatureEntry>> entries =
      parseSignature(text, error);
  if (!entries || entries->size() != 1)
    return Value::error();
  return entryValue(sema, entries->front());
}

std::string tilesdk::frontend::signatureLiteral(const Value &value) {
  switch (value.kind) {
  case Value::Kind::None:
  case Value::Kind::Bool:
  case Value::Kind::Int:
  case Value::Kind::Float:
    return value.repr();
  case Value::Kind::Type:
    return value.shape.empty() && !value.dtype.isPointer()
               ? "tl." + value.dtype.str()
               : "";
  case Value::Kind::Function:
    return value.function->name().str();
  case Value::Kind::String: {
    std::string text = "'";
    for (char c : value.text()) {
      if (c == '\'' || c == '\\')
        text += '\\';
      if (c == '\n')
        text += "\\n";
      else
        text += c;
    }
    return text + "'";
  }
  case Value::Kind::Tuple: {
    std::string text = "(";
    for (const Value &element : value.elements()) {
      std::string inner = signatureLiteral(element);
      if (inner.empty())
        return "";
      text += inner + ",";
    }
    return text + ")";
  }
  default:
    return "";
  }
}
