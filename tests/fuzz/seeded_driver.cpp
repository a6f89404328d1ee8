//===- seeded_driver.cpp - A fuzz target without libFuzzer ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   target [--seconds=N] [--seed=S] [--save=FILE] [INPUT...]
//
// Runs the given inputs, or the target's seeds and N seconds of mutations. Each
// input is written to FILE before it runs, so that a crash leaves it there.
// Everything follows from the seed but the number of inputs. An input that
// takes a minute or leaves the process with 4 GiB of memory is a failure.
//
//===----------------------------------------------------------------------===//

#include "tests/fuzz/seeded_driver.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

/// splitmix64: small, and the same everywhere.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  size_t below(size_t bound) { return bound == 0 ? 0 : next() % bound; }
};

void mutate(std::string &text, const FuzzSeeds &seeds, Random &random) {
  size_t at = random.below(text.size() + 1);
  switch (random.below(8)) {
  case 0:
    if (at < text.size())
      text[at] = static_cast<char>(random.next());
    break;
  case 1:
    text.erase(at, 1 + random.below(8));
    break;
  case 2:
  case 3:
    text.insert(at, seeds.words[random.below(seeds.numWords)]);
    break;
  case 4: {
    // Repeats a piece, a few times or very often.
    std::string piece = text.substr(at, 1 + random.below(12));
    size_t times = random.below(20) == 0 ? 3000 : 1 + random.below(6);
    std::string repeated;
    for (size_t i = 0; i < times; ++i)
      repeated += piece;
    text.insert(at, repeated);
    break;
  }
  case 5:
    text.resize(at);
    break;
  case 6: {
    std::string other = seeds.texts[random.below(seeds.numTexts)];
    size_t begin = random.below(other.size() + 1);
    text.insert(at, other.substr(begin, random.below(80)));
    break;
  }
  case 7:
    text.insert(at, 1, static_cast<char>(random.next()));
    break;
  }
  if (text.size() > 1 << 16)
    text.resize(1 << 16);
}

bool isWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || std::strchr("_.%!#\"'", c);
}

/// A piece of the text: a word, or one other byte.
struct Piece {
  size_t begin;
  size_t size;
};

Piece pickWord(const std::string &text, Random &random) {
  size_t at = random.below(text.size());
  // Words, not blanks and brackets, as a rule.
  for (int tries = 8; tries && !isWordByte(text[at]); --tries)
    at = random.below(text.size());
  size_t begin = at, end = at + 1;
  if (isWordByte(text[at])) {
    while (begin && isWordByte(text[begin - 1]))
      --begin;
    while (end < text.size() && isWordByte(text[end]))
      ++end;
  }
  return {begin, end - begin};
}

/// With its line break.
Piece pickLine(const std::string &text, Random &random) {
  size_t at = random.below(text.size());
  size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  size_t end = text.find('\n', begin);
  return {begin, (end == std::string::npos ? text.size() : end + 1) - begin};
}

/// A number, an element type or a name: what may change all over a text.
Piece pickAtom(const std::string &text, Random &random) {
  Piece word = pickWord(text, random);
  auto isDigit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  size_t begin = word.begin + random.below(word.size), end = begin;
  while (end < text.size() && isDigit(end))
    ++end;
  if (end == begin)
    return word;
  while (begin && isDigit(begin - 1))
    --begin;
  return {begin, end - begin};
}

std::string otherAtom(const std::string &old, Random &random) {
  static const char *const numbers[] = {
      "0",  "1",  "2",   "3",     "4",       "5",          "7",  "8",
      "16", "31", "32",  "33",    "64",      "100",        "-1", "128",
      "17", "63", "255", "65536", "1048576", "2147483647", "-2", "4294967296"};
  static const char *const types[] = {"f32", "f16", "bf16",  "f64",
                                      "i1",  "i8",  "i16",   "i32",
                                      "i64", "u8",  "index", "f8E5M2"};
  if (old[0] >= '0' && old[0] <= '9')
    return numbers[random.below(random.below(2) ? 12 : std::size(numbers))];
  for (const char *type : types)
    if (old == type)
      return types[random.below(std::size(types))];
  return "";
}

void mutateWords(std::string &text, const FuzzSeeds &seeds, Random &random) {
  if (text.empty())
    text = seeds.texts[random.below(seeds.numTexts)];
  std::string other = seeds.texts[random.below(seeds.numTexts)];
  switch (random.below(10)) {
  case 0:
  case 1: {
    Piece to = pickWord(text, random), from = pickWord(text, random);
    text.replace(to.begin, to.size, text.substr(from.begin, from.size));
    break;
  }
  case 2: {
    Piece to = pickWord(text, random);
    text.replace(to.begin, to.size, seeds.words[random.below(seeds.numWords)]);
    break;
  }
  case 3:
    text.insert(pickWord(text, random).begin,
                seeds.words[random.below(seeds.numWords)]);
    break;
  case 4: {
    Piece piece =
        random.below(2) ? pickLine(text, random) : pickWord(text, random);
    text.erase(piece.begin, piece.size);
    break;
  }
  case 5: {
    Piece line = pickLine(text, random);
    std::string copy = text.substr(line.begin, line.size);
    text.insert(pickLine(text, random).begin, copy);
    break;
  }
  case 6: {
    Piece line = pickLine(other, random);
    text.insert(pickLine(text, random).begin,
                other.substr(line.begin, line.size));
    break;
  }
  case 7:
  case 8: {
    Piece atom = pickAtom(text, random);
    std::string to = otherAtom(text.substr(atom.begin, atom.size), random);
    if (!to.empty())
      text.replace(atom.begin, atom.size, to);
    break;
  }
  case 9: {
    // Everywhere at once, so that types still agree.
    Piece atom = pickAtom(text, random);
    std::string from = text.substr(atom.begin, atom.size);
    std::string to = otherAtom(from, random);
    if (to.empty())
      break;
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
         at += to.size())
      text.replace(at, from.size(), to);
    break;
  }
  }
  if (text.size() > 1 << 16)
    text.resize(1 << 16);
}

/// Whether the target took it.
bool run(const std::string &text) {
  alarm(60);
  int result = LLVMFuzzerTestOneInput(
      reinterpret_cast<const uint8_t *>(text.data()), text.size());
  alarm(0);
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  if (usage.ru_maxrss > 4L << 20) {
    std::fprintf(stderr, "broken promise: memory is bounded\n");
    std::abort();
  }
  return result == 0;
}

} // namespace

int main(int argc, char **argv) {
  double seconds = 5;
  Random random{1};
  std::string save;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--seconds=", 10) == 0)
      seconds = std::atof(argv[i] + 10);
    else if (std::strncmp(argv[i], "--seed=", 7) == 0)
      random.state = std::strtoull(argv[i] + 7, nullptr, 10);
    else if (std::strncmp(argv[i], "--save=", 7) == 0)
      save = argv[i] + 7;
    else
      files.push_back(argv[i]);
  }
  for (const std::string &file : files) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      return 2;
    }
    run(std::string(std::istreambuf_iterator<char>(stream), {}));
  }
  if (!files.empty())
    return 0;

  FuzzSeeds seeds = tilesdkFuzzSeeds();
  auto start = std::chrono::steady_clock::now();
  std::chrono::duration<double> took{};
  size_t count = 0, accepted = 0, acceptedSeeds = 0;
  auto runSaved = [&](const std::string &text) {
    if (!save.empty())
      std::ofstream(save, std::ios::binary) << text;
    return run(text);
  };
  for (size_t i = 0; i < seeds.numTexts; ++i)
    acceptedSeeds += runSaved(seeds.texts[i]);
  while (took.count() < seconds) {
    std::string text = seeds.texts[random.below(seeds.numTexts)];
    for (size_t i = 1 + random.below(seeds.keepWords ? 5 : 12); i != 0; --i)
      if (seeds.keepWords && random.below(20))
        mutateWords(text, seeds, random);
      else
        mutate(text, seeds, random);
    accepted += runSaved(text);
    ++count;
    took = std::chrono::steady_clock::now() - start;
  }
  std::printf("%zu of %zu seeds accepted, %zu of %zu mutations, in %.1f s\n",
              acceptedSeeds, seeds.numTexts, accepted, count, took.count());
  return 0;
}
