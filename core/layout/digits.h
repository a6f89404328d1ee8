//===- digits.h - A layout as lists of digits, for rewriting ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to this folder. The matrix form is good for algebra, this one for
// cutting dimensions up: each input digit lists the output digits it feeds. A
// digit may have any count here; one that is neither 2 nor odd is fed by, or
// feeds, exactly one digit of the same count.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

namespace tilesdk::layout {

struct DigitGraph {
  struct InputDigit {
    uint64_t count;
    /// Ids of output digits, sorted; more than one only when count is 2.
    std::vector<int> feeds;
  };
  struct OutputDigit {
    uint64_t count;
    int id;
  };
  template <typename Digit> struct DigitDim {
    std::string name;
    std::vector<Digit> digits;
    uint64_t size() const {
      uint64_t product = 1;
      for (const Digit &digit : digits)
        product *= digit.count;
      return product;
    }
  };

  std::vector<DigitDim<InputDigit>> ins;
  std::vector<DigitDim<OutputDigit>> outs;
  int nextId = 0;

  DigitGraph() = default;
  explicit DigitGraph(const Layout &layout);

  /// Joins neighbouring digits that go together to neighbouring digits.
  void merge();
  /// Cuts every joined digit into 2, 2, ..., odd part.
  void expand();
  /// Makes sure a digit of the dimension begins at \p step.
  bool splitInput(size_t dim, uint64_t step);
  bool splitOutput(size_t dim, uint64_t step);
  /// All steps at which a digit begins, and the size.
  std::vector<uint64_t> inputSteps(size_t dim) const;
  std::vector<uint64_t> outputSteps(size_t dim) const;
  /// Back to the matrix form; merges first when \p canonical. Fails when names
  /// repeat or the limits of Layout are passed.
  Result<Layout> finish(bool canonical = true);

private:
  struct Place {
    size_t dim, digit;
  };
  std::optional<Place> findOutput(int id) const;
  /// The one input digit that feeds \p id, if it feeds nothing else.
  std::optional<Place> soleSource(int id) const;
  bool isFed(int id) const;
  std::vector<std::string> dimNames() const;
  bool cutInput(Place place, uint64_t first);
  bool cutOutput(Place place, uint64_t first);
};

/// Cuts \p a's inner digits as \p b's and the other way round until dimension
/// \p da of a's outputs and \p db of b's inputs have equal digits.
bool alignDim(DigitGraph &a, size_t da, DigitGraph &b, size_t db);

} // namespace tilesdk::layout
