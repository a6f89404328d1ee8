//===- layout.h - Linear layouts over F2 with repetitions -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layout maps named input dimensions (register, lane, warp, block; or the
// offset in shared memory) to named output dimensions (dim0, dim1, ...). Every
// dimension is a mixed-radix number whose digits, least significant first, are
// 2 or odd. The layout is linear over F2 from the binary digits of the inputs
// to those of the outputs (arXiv 2505.23819), and each odd digit of an input
// goes unchanged to one odd digit of an output: that is the outer repetition.
// 128 x 192 is so 3 repetitions of 128 x 64. docs/layouts.md has the algebra.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tilesdk::layout {

/// One value per dimension, in the order of the layout's dimensions.
using Coord = std::vector<uint64_t>;

/// A named dimension and its digits, least significant first.
struct Dim {
  std::string name;
  std::vector<uint32_t> radix;

  uint64_t size() const;
  /// How many digits are binary.
  unsigned bits() const;
  /// The value that digit \p i stands for.
  uint64_t step(size_t i) const;
  bool operator==(const Dim &) const = default;
};

/// What one digit of an input contributes: digit value d adds d * value (for
/// count 2: XORs value). A zero value means that the digit is a broadcast.
struct Basis {
  uint32_t count = 2;
  Coord value;
};

/// An input dimension of fromBases.
struct InputBases {
  std::string name;
  std::vector<Basis> bases;
};

/// An output dimension of fromBases: its size as a product, innermost factor
/// first. {8, 3} is 3 repetitions of 8; an even factor means its power of two
/// first, so {24} is the same.
struct OutputDim {
  std::string name;
  std::vector<uint64_t> factors;
};

/// A repetition: an odd digit of an input and the output digit it fills.
struct Repetition {
  std::string input;
  uint64_t inputStep;
  /// Empty: the repetition holds copies.
  std::string output;
  uint64_t outputStep;
  uint32_t count;
};

/// How wide one thread can access memory along one dimension.
struct Vector {
  /// Elements, a power of two.
  uint32_t elements = 1;
  /// Bit i of the place in the vector is binary digit registerBits[i] of the
  /// input dimension; 0, 1, 2, ... when the registers are already in order.
  std::vector<unsigned> registerBits;
};

/// An immutable value; copies are cheap enough (a few dozen words). Thread-safe
/// as any const object is.
class Layout {
public:
  /// The layout without dimensions: one input to one output.
  Layout() = default;

  /// From what each input digit contributes. A count that is even and not 2
  /// stands for its digits (2, 2, ..., odd part) at doubled values. Fails when
  /// a value is outside an output, crosses digits of an odd output digit, two
  /// repetitions fill the same output digit, a name is repeated, or more than
  /// 63 binary digits a side are needed.
  static Result<Layout> fromBases(const std::vector<InputBases> &inputs,
                                  const std::vector<OutputDim> &outputs);
  /// input i -> output i, both of \p size.
  static Result<Layout> identity1D(uint64_t size, std::string input,
                                   std::string output);
  /// input i -> output \p stride * i, the output of size stride * size.
  static Result<Layout> strided1D(uint64_t size, uint64_t stride,
                                  std::string input, std::string output);
  /// Every input -> output 0, of \p outputSize.
  static Result<Layout> zeros1D(uint64_t size, std::string input,
                                std::string output, uint64_t outputSize = 1);

  const std::vector<Dim> &inputs() const { return ins; }
  const std::vector<Dim> &outputs() const { return outs; }
  std::optional<size_t> inputIndex(std::string_view name) const;
  std::optional<size_t> outputIndex(std::string_view name) const;
  /// 1 when there is no such dimension.
  uint64_t inputSize(std::string_view name) const;
  uint64_t outputSize(std::string_view name) const;
  /// Product over all dimensions.
  uint64_t totalInputSize() const;
  uint64_t totalOutputSize() const;

  /// The output of one input; nothing when a coordinate is out of range or
  /// their number is wrong.
  std::optional<Coord> apply(const Coord &input) const;
  /// The same by linear index on both sides, the first dimension fastest.
  /// Precondition: index < totalInputSize().
  uint64_t applyLinear(uint64_t index) const;

  /// Every output has an input.
  bool isSurjective() const;
  /// No two inputs share an output: nothing is broadcast.
  bool isInjective() const;
  bool isInvertible() const { return isSurjective() && isInjective(); }
  /// Per input dimension, bit i: digit i does not matter. The inputs whose free
  /// digits are zero still reach every output that any input reaches, each
  /// exactly once; earlier digits are kept in preference to later ones.
  std::vector<uint64_t> freeVariableMasks() const;
  /// The odd digits of all inputs, in order of fill.
  std::vector<Repetition> repetitions() const;
  /// The basis vectors of one input dimension; empty when there is none.
  std::vector<Basis> bases(std::string_view input) const;
  /// The widest vector with which a thread accesses \p output, which is the
  /// dimension that is contiguous in memory: at most \p maxElements, aligned to
  /// its own width, given that the memory is aligned to \p alignElements. With
  /// \p anyOrder the digits of \p input need not be its lowest ones in order.
  Vector widestVector(std::string_view output, uint32_t maxElements,
                      uint64_t alignElements, bool anyOrder = false,
                      std::string_view input = "register") const;

  /// The same map with adjacent repetitions joined and powers of two first.
  /// Every operation returns this form, in which equal maps onto equal
  /// dimensions compare equal. (A map that misses outputs may have two forms:
  /// 0 -> 0, 1 -> 3 fits 3 * 4 and 4 * 3.)
  Layout canonical() const;
  bool operator==(const Layout &) const = default;
  size_t hash() const;

  /// Matrix form. Column b is the image of input bit b; the bits of all inputs
  /// (outputs) are numbered in order of dimension, then of digit.
  const std::vector<uint64_t> &columns() const { return matrix; }
  /// Per odd input digit in the same order: the odd output digit, or -1.
  const std::vector<int> &links() const { return matching; }
  unsigned inputBits() const;
  unsigned outputBits() const;
  /// First bit of an input (output) dimension in the numbering of columns().
  unsigned firstInputBit(size_t dim) const;
  unsigned firstOutputBit(size_t dim) const;
  /// A coordinate from bits in that numbering, all odd digits zero.
  Coord outputFromBits(uint64_t bits) const;
  Coord inputFromBits(uint64_t bits) const;

private:
  friend struct DigitGraph;
  std::vector<Dim> ins, outs;
  std::vector<uint64_t> matrix;
  std::vector<int> matching;
};

} // namespace tilesdk::layout

template <> struct std::hash<tilesdk::layout::Layout> {
  size_t operator()(const tilesdk::layout::Layout &layout) const {
    return layout.hash();
  }
};
