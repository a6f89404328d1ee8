//===- seeded_driver.cpp - A fuzz target without libFuzzer ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   target [--seconds=N] [--seed=S] [--save=FILE] [INPUT...]
//
// Runs the given inputs, or mutations of the target's seeds for N seconds. Each
// input is written to FILE before it runs, so that a crash leaves it there.
// Everything follows from the seed but the number of inputs.
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

void run(const std::string &text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(text.data()),
                         text.size());
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
  size_t count = 0;
  while (took.count() < seconds) {
    std::string text = seeds.texts[random.below(seeds.numTexts)];
    for (size_t i = 1 + random.below(12); i != 0; --i)
      mutate(text, seeds, random);
    if (!save.empty())
      std::ofstream(save, std::ios::binary) << text;
    run(text);
    ++count;
    took = std::chrono::steady_clock::now() - start;
  }
  std::printf("%zu inputs in %.1f s\n", count, took.count());
  return 0;
}
