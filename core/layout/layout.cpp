//===- layout.cpp - Linear layouts: making, applying, asking --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/layout.h"
#include "core/layout/digits.h"
#include "core/layout/f2.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace tilesdk::layout {

uint64_t Dim::size() const { return step(radix.size()); }

unsigned Dim::bits() const {
  return unsigned(std::count(radix.begin(), radix.end(), 2u));
}

uint64_t Dim::step(size_t i) const {
  uint64_t product = 1;
  for (size_t k = 0; k < i; ++k)
    product *= radix[k];
  return product;
}

//===----------------------------------------------------------------------===//
// Coordinates and digits
//===----------------------------------------------------------------------===//

namespace {
/// A coordinate as its binary digits and its odd ones.
struct Digits {
  uint64_t bits = 0;
  std::vector<uint32_t> odd;
};

void splitDim(const Dim &dim, uint64_t value, Digits &digits,
              unsigned &nextBit) {
  for (uint32_t count : dim.radix) {
    uint64_t digit = value % count;
    value /= count;
    if (count == 2)
      digits.bits |= digit << nextBit++;
    else
      digits.odd.push_back(uint32_t(digit));
  }
}

uint64_t joinDim(const Dim &dim, const Digits &digits, unsigned &nextBit,
                 size_t &nextOdd) {
  uint64_t value = 0, step = 1;
  for (uint32_t count : dim.radix) {
    value += step * (count == 2 ? (digits.bits >> nextBit++) & 1
                                : digits.odd[nextOdd++]);
    step *= count;
  }
  return value;
}

size_t countOdd(const std::vector<Dim> &dims) {
  size_t n = 0;
  for (const Dim &dim : dims)
    n += dim.radix.size() - dim.bits();
  return n;
}

Coord fromBits(const std::vector<Dim> &dims, uint64_t bits) {
  Digits digits{bits, std::vector<uint32_t>(countOdd(dims))};
  Coord coord;
  unsigned bit = 0;
  size_t odd = 0;
  for (const Dim &dim : dims)
    coord.push_back(joinDim(dim, digits, bit, odd));
  return coord;
}

unsigned bitsBefore(const std::vector<Dim> &dims, size_t end) {
  unsigned n = 0;
  for (size_t i = 0; i < end; ++i)
    n += dims[i].bits();
  return n;
}

std::optional<size_t> indexOf(const std::vector<Dim> &dims,
                              std::string_view name) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i].name == name)
      return i;
  return std::nullopt;
}

uint64_t totalSize(const std::vector<Dim> &dims) {
  uint64_t product = 1;
  for (const Dim &dim : dims)
    product *= dim.size();
  return product;
}

std::string coordText(const Coord &coord) {
  std::string text = "(";
  for (size_t i = 0; i < coord.size(); ++i)
    text += (i ? "," : "") + std::to_string(coord[i]);
  return text + ")";
}
} // namespace

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

Result<Layout> Layout::fromBases(const std::vector<InputBases> &inputs,
                                 const std::vector<OutputDim> &outputs) {
  DigitGraph graph;
  constexpr uint64_t maxSize = uint64_t(1) << 62;
  for (const OutputDim &out : outputs) {
    graph.outs.push_back({out.name, {}});
    uint64_t total = 1;
    for (uint64_t factor : out.factors) {
      if (factor == 0 || factor > maxSize / total)
        return Error{"output dimension '" + out.name +
                     "': its factors must be at least 1 and their product at "
                     "most 2^62"};
      total *= factor;
      for (; factor % 2 == 0; factor /= 2)
        graph.outs.back().digits.push_back({2, graph.nextId++});
      if (factor > 1)
        graph.outs.back().digits.push_back({factor, graph.nextId++});
    }
  }
  for (const InputBases &in : inputs) {
    graph.ins.push_back({in.name, {}});
    auto &digits = graph.ins.back().digits;
    for (const Basis &basis : in.bases) {
      std::string where =
          "input dimension '" + in.name + "', basis " + coordText(basis.value);
      if (basis.value.size() != outputs.size())
        return Error{where + ": has " + std::to_string(basis.value.size()) +
                     " components for " + std::to_string(outputs.size()) +
                     " output dimensions"};
      if (basis.count == 0)
        return Error{where + ": a repetition of 0"};
      uint64_t rest = basis.count, scale = 1;
      while (rest > 1) {
        uint64_t count = rest % 2 == 0 ? 2 : rest;
        rest /= count;
        DigitGraph::InputDigit digit{count, {}};
        for (size_t d = 0; d < outputs.size(); ++d) {
          if (basis.value[d] > maxSize / scale)
            return Error{where + ": outside of '" + outputs[d].name + "'"};
          uint64_t value = basis.value[d] * scale;
          for (const auto &out : graph.outs[d].digits) {
            uint64_t part = value % out.count;
            value /= out.count;
            if (part == 0)
              continue;
            if (part != 1 || out.count != count)
              return Error{where + ": " + std::to_string(count) +
                           " times it does not fill one digit of '" +
                           outputs[d].name + "', where it meets a digit of " +
                           std::to_string(out.count) +
                           "; write the size's factors innermost first"};
            digit.feeds.push_back(out.id);
          }
          if (value)
            return Error{where + ": outside of '" + outputs[d].name +
                         "', whose size is " +
                         std::to_string(graph.outs[d].size())};
        }
        digits.push_back(std::move(digit));
        scale *= count;
      }
    }
  }
  return graph.finish();
}

Result<Layout> Layout::strided1D(uint64_t size, uint64_t stride,
                                 std::string input, std::string output) {
  if (size == 0 || stride == 0)
    return Error{"a strided layout needs a size and a stride of at least 1"};
  DigitGraph graph;
  graph.outs.push_back({std::move(output), {{stride, 0}, {size, 1}}});
  graph.ins.push_back({std::move(input), {{size, {1}}}});
  graph.nextId = 2;
  return graph.finish();
}

Result<Layout> Layout::identity1D(uint64_t size, std::string input,
                                  std::string output) {
  return strided1D(size, 1, std::move(input), std::move(output));
}

Result<Layout> Layout::zeros1D(uint64_t size, std::string input,
                               std::string output, uint64_t outputSize) {
  if (size == 0 || outputSize == 0)
    return Error{"a layout of zeros needs sizes of at least 1"};
  DigitGraph graph;
  graph.outs.push_back({std::move(output), {{outputSize, 0}}});
  graph.ins.push_back({std::move(input), {{size, {}}}});
  graph.nextId = 1;
  return graph.finish();
}

//===----------------------------------------------------------------------===//
// Asking
//===----------------------------------------------------------------------===//

std::optional<size_t> Layout::inputIndex(std::string_view name) const {
  return indexOf(ins, name);
}
std::optional<size_t> Layout::outputIndex(std::string_view name) const {
  return indexOf(outs, name);
}
uint64_t Layout::inputSize(std::string_view name) const {
  auto i = inputIndex(name);
  return i ? ins[*i].size() : 1;
}
uint64_t Layout::outputSize(std::string_view name) const {
  auto i = outputIndex(name);
  return i ? outs[*i].size() : 1;
}
uint64_t Layout::totalInputSize() const { return totalSize(ins); }
uint64_t Layout::totalOutputSize() const { return totalSize(outs); }
unsigned Layout::inputBits() const { return bitsBefore(ins, ins.size()); }
unsigned Layout::outputBits() const { return bitsBefore(outs, outs.size()); }
unsigned Layout::firstInputBit(size_t dim) const {
  return bitsBefore(ins, dim);
}
unsigned Layout::firstOutputBit(size_t dim) const {
  return bitsBefore(outs, dim);
}
Coord Layout::outputFromBits(uint64_t bits) const {
  return fromBits(outs, bits);
}
Coord Layout::inputFromBits(uint64_t bits) const { return fromBits(ins, bits); }

std::optional<Coord> Layout::apply(const Coord &input) const {
  if (input.size() != ins.size())
    return std::nullopt;
  Digits in, out;
  unsigned bit = 0;
  for (size_t i = 0; i < ins.size(); ++i) {
    if (input[i] >= ins[i].size())
      return std::nullopt;
    splitDim(ins[i], input[i], in, bit);
  }
  out.bits = f2::multiply(matrix, in.bits);
  out.odd.resize(countOdd(outs));
  for (size_t i = 0; i < matching.size(); ++i)
    if (matching[i] >= 0)
      out.odd[matching[i]] = in.odd[i];
  Coord result;
  size_t odd = 0;
  bit = 0;
  for (const Dim &dim : outs)
    result.push_back(joinDim(dim, out, bit, odd));
  return result;
}

uint64_t Layout::applyLinear(uint64_t index) const {
  Coord input;
  for (const Dim &dim : ins) {
    input.push_back(index % dim.size());
    index /= dim.size();
  }
  std::optional<Coord> output = apply(input);
  assert(output && index == 0 && "index out of range");
  uint64_t result = 0, step = 1;
  for (size_t i = 0; i < outs.size(); ++i) {
    result += step * (*output)[i];
    step *= outs[i].size();
  }
  return result;
}

bool Layout::isSurjective() const {
  size_t linked =
      matching.size() - std::count(matching.begin(), matching.end(), -1);
  return linked == countOdd(outs) && f2::rank(matrix) == outputBits();
}

bool Layout::isInjective() const {
  return std::count(matching.begin(), matching.end(), -1) == 0 &&
         f2::rank(matrix) == matrix.size();
}

std::vector<uint64_t> Layout::freeVariableMasks() const {
  uint64_t pivots = f2::Span(matrix).pivots();
  std::vector<uint64_t> masks;
  unsigned bit = 0;
  size_t odd = 0;
  for (const Dim &dim : ins) {
    uint64_t mask = 0;
    for (size_t i = 0; i < dim.radix.size(); ++i) {
      bool free =
          dim.radix[i] == 2 ? !((pivots >> bit++) & 1) : matching[odd++] < 0;
      mask |= uint64_t(free) << i;
    }
    masks.push_back(mask);
  }
  return masks;
}

std::vector<Repetition> Layout::repetitions() const {
  struct Place {
    const Dim *dim;
    size_t digit;
  };
  std::vector<Place> odds;
  for (const Dim &dim : outs)
    for (size_t i = 0; i < dim.radix.size(); ++i)
      if (dim.radix[i] != 2)
        odds.push_back({&dim, i});
  std::vector<Repetition> result;
  for (const Dim &dim : ins)
    for (size_t i = 0; i < dim.radix.size(); ++i) {
      if (dim.radix[i] == 2)
        continue;
      Repetition repetition{dim.name, dim.step(i), "", 0, dim.radix[i]};
      if (int link = matching[result.size()]; link >= 0) {
        repetition.output = odds[link].dim->name;
        repetition.outputStep = odds[link].dim->step(odds[link].digit);
      }
      result.push_back(std::move(repetition));
    }
  return result;
}

std::vector<Basis> Layout::bases(std::string_view input) const {
  std::vector<Basis> result;
  auto index = inputIndex(input);
  if (!index)
    return result;
  Coord coord(ins.size());
  for (size_t i = 0; i < ins[*index].radix.size(); ++i) {
    coord[*index] = ins[*index].step(i);
    result.push_back({ins[*index].radix[i], *apply(coord)});
  }
  return result;
}

Vector Layout::widestVector(std::string_view output, uint32_t maxElements,
                            uint64_t alignElements, bool anyOrder,
                            std::string_view input) const {
  Vector result;
  auto in = inputIndex(input);
  auto out = outputIndex(output);
  if (!in || !out)
    return result;
  unsigned first = firstOutputBit(*out), firstIn = firstInputBit(*in);
  const std::vector<uint32_t> &radix = outs[*out].radix,
                              &inRadix = ins[*in].radix;
  for (unsigned v = 0; v < 31 && v < radix.size() && radix[v] == 2; ++v) {
    uint64_t width = uint64_t(2) << v;
    if (width > maxElements || alignElements % width)
      break;
    // The only input bit that moves the element by 1 << v, and by nothing else:
    // any other that did would give some threads an unaligned start.
    uint64_t unit = uint64_t(1) << (first + v);
    int found = -1;
    bool sole = true;
    for (unsigned b = 0; b < matrix.size(); ++b)
      if (matrix[b] & unit) {
        sole &= found < 0 && matrix[b] == unit;
        found = int(b);
      }
    int bit = found - int(firstIn);
    if (!sole || found < 0 || bit < 0 || bit >= int(ins[*in].bits()))
      break;
    if (!anyOrder && (bit != int(v) || inRadix[v] != 2))
      break;
    result.registerBits.push_back(unsigned(bit));
    result.elements = uint32_t(width);
  }
  return result;
}

Layout Layout::canonical() const { return *DigitGraph(*this).finish(); }

size_t Layout::hash() const {
  uint64_t state = 0xcbf29ce484222325u;
  auto mix = [&](uint64_t value) {
    state = (state ^ value) * 0x100000001b3u;
    state ^= state >> 29;
  };
  for (const std::vector<Dim> *dims : {&ins, &outs}) {
    mix(dims->size());
    for (const Dim &dim : *dims) {
      mix(std::hash<std::string>()(dim.name));
      for (uint32_t count : dim.radix)
        mix(count);
      mix(dim.radix.size());
    }
  }
  for (uint64_t column : matrix)
    mix(column);
  for (int link : matching)
    mix(uint64_t(int64_t(link)));
  return size_t(state);
}

} // namespace tilesdk::layout
