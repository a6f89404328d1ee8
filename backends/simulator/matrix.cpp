//===- matrix.cpp - Matrix instructions from their rows ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/matrix.h"
#include "backends/simulator/elements.h"

#include <cstring>

namespace tilesdk::simulator {

namespace {

/// The whole operand from what the lanes hold.
template <typename Number, typename Read>
std::vector<Number> gather(const FragmentTable &table, size_t size,
                           uint32_t warpSize, Read read) {
  std::vector<Number> whole(size);
  for (uint32_t lane = 0; lane < warpSize; ++lane)
    for (unsigned r = 0; r < table.registers; ++r)
      whole[table.element[lane * table.registers + r]] = read(lane, r);
  return whole;
}

template <typename Number>
void product(std::vector<Number> &sum, const std::vector<Number> &left,
             const std::vector<Number> &right, const target::MatrixRow &row) {
  for (uint32_t i = 0; i < row.m; ++i)
    for (uint32_t k = 0; k < row.k; ++k) {
      Number a = left[i * row.k + k];
      for (uint32_t j = 0; j < row.n; ++j)
        sum[i * row.n + j] += a * right[k * row.n + j];
    }
}

} // namespace

void multiply(const MatrixModel &model, MatrixOperands *const *lanes,
              uint32_t warpSize) {
  const target::MatrixRow &row = *model.row;
  ElementType left(row.leftType), right(row.rightType), result(row.resultType);
  auto each = [&](const FragmentTable &table, auto &&body) {
    for (uint32_t lane = 0; lane < warpSize; ++lane)
      for (unsigned r = 0; r < table.registers; ++r)
        body(lane, r, table.element[lane * table.registers + r]);
  };
  if (result.isInteger()) {
    auto a = gather<int64_t>(model.left, size_t(row.m) * row.k, warpSize,
                             [&](uint32_t l, unsigned r) {
                               return left.loadInteger(lanes[l]->left, r);
                             });
    auto b = gather<int64_t>(model.right, size_t(row.k) * row.n, warpSize,
                             [&](uint32_t l, unsigned r) {
                               return right.loadInteger(lanes[l]->right, r);
                             });
    auto c = gather<int64_t>(model.result, size_t(row.m) * row.n, warpSize,
                             [&](uint32_t l, unsigned r) {
                               return result.loadInteger(lanes[l]->result, r);
                             });
    product(c, a, b, row);
    each(model.result, [&](uint32_t l, unsigned r, uint32_t element) {
      result.storeInteger(lanes[l]->result, r, c[element]);
    });
    return;
  }
  auto a = gather<double>(
      model.left, size_t(row.m) * row.k, warpSize,
      [&](uint32_t l, unsigned r) { return left.load(lanes[l]->left, r); });
  auto b = gather<double>(
      model.right, size_t(row.k) * row.n, warpSize,
      [&](uint32_t l, unsigned r) { return right.load(lanes[l]->right, r); });
  auto c = gather<double>(
      model.result, size_t(row.m) * row.n, warpSize,
      [&](uint32_t l, unsigned r) { return result.load(lanes[l]->result, r); });
  product(c, a, b, row);
  each(model.result, [&](uint32_t l, unsigned r, uint32_t element) {
    result.store(lanes[l]->result, r, c[element]);
  });
}

namespace {

/// An operand in shared memory: element (f, s), `f` along the rows of the
/// format.
class SharedOperand {
public:
  SharedOperand(const target::Machine &machine, uint64_t descriptor,
                const char *shared, unsigned elementBytes)
      : format(machine.formats[descriptor >> formatShift]), shared(shared),
        bytes(elementBytes), start(descriptor & 0xfffff),
        leading((descriptor >> leadingShift & 0x3ffff) * 16),
        stride((descriptor >> strideShift & 0x3ffff) * 16) {}

  const char *at(uint64_t f, uint64_t s) const {
    uint64_t inRow = format.rowBytes / bytes;
    uint64_t address = start + f / inRow * leading + f % inRow * bytes +
                       s / format.atomRows * stride +
                       s % format.atomRows * format.rowBytes;
    uint64_t row = address / format.rowBytes % format.atomRows;
    return shared + (address ^ row / format.rowShift % format.chunkCount * 16);
  }

private:
  const target::SharedFormat &format;
  const char *shared;
  uint64_t bytes, start, leading, stride;
};

template <typename Number, typename Load>
void groupProduct(const MatrixModel &model, const target::Machine &machine,
                  uint32_t width, uint32_t flags, GroupOperands *const *lanes,
                  const char *shared, const ElementType (&types)[3], Load load,
                  void (ElementType::*store)(void *, unsigned, Number) const) {
  const target::MatrixRow &row = *model.row;
  uint32_t threads = machine.warpSize * row.warps;
  std::vector<Number> a(size_t(row.m) * row.k), b(size_t(row.k) * width);
  if (flags & leftInRegisters) {
    for (uint32_t t = 0; t < threads; ++t)
      for (unsigned r = 0; r < model.left.registers; ++r)
        a[model.left.element[t * model.left.registers + r]] =
            load(types[0], lanes[t]->left, r);
  } else {
    SharedOperand left(machine, lanes[0]->leftDescriptor, shared,
                       types[0].bytes());
    for (uint32_t i = 0; i < row.m; ++i)
      for (uint32_t k = 0; k < row.k; ++k)
        a[i * row.k + k] =
            load(types[0],
                 flags & leftTransposed ? left.at(i, k) : left.at(k, i), 0);
  }
  SharedOperand right(machine, lanes[0]->rightDescriptor, shared,
                      types[1].bytes());
  for (uint32_t k = 0; k < row.k; ++k)
    for (uint32_t j = 0; j < width; ++j)
      b[size_t(k) * width + j] =
          load(types[1],
               flags & rightTransposed ? right.at(j, k) : right.at(k, j), 0);
  // A lane's registers are those of the smallest width, again and again.
  unsigned registers = model.result.registers;
  for (uint32_t t = 0; t < threads; ++t)
    for (uint32_t block = 0; block < width / row.n; ++block)
      for (unsigned r = 0; r < registers; ++r) {
        uint32_t element = model.result.element[t * registers + r];
        uint32_t i = element / row.n, j = element % row.n + block * row.n;
        unsigned place = block * registers + r;
        Number sum =
            lanes[t]->useResult ? load(types[2], lanes[t]->result, place) : 0;
        for (uint32_t k = 0; k < row.k; ++k)
          sum += a[i * row.k + k] * b[size_t(k) * width + j];
        (types[2].*store)(lanes[t]->result, place, sum);
      }
}

} // namespace

void multiplyGroup(const MatrixModel &model, const target::Machine &machine,
                   uint32_t width, uint32_t flags, GroupOperands *const *lanes,
                   const char *shared) {
  const target::MatrixRow &row = *model.row;
  const ElementType types[] = {ElementType(row.leftType),
                               ElementType(row.rightType),
                               ElementType(row.resultType)};
  if (types[2].isInteger())
    groupProduct<int64_t>(
        model, machine, width, flags, lanes, shared, types,
        [](const ElementType &type, const void *memory, unsigned index) {
          return type.loadInteger(memory, index);
        },
        &ElementType::storeInteger);
  else
    groupProduct<double>(
        model, machine, width, flags, lanes, shared, types,
        [](const ElementType &type, const void *memory, unsigned index) {
          return type.load(memory, index);
        },
        &ElementType::store);
}

void forEachGroupOperand(
    const MatrixModel &model, const target::Machine &machine, uint32_t width,
    uint32_t flags, const GroupOperands &lane, const char *shared,
    const std::function<void(const char *, uint32_t)> &fn) {
  const target::MatrixRow &row = *model.row;
  if (!(flags & leftInRegisters)) {
    unsigned bytes = ElementType(row.leftType).bytes();
    SharedOperand left(machine, lane.leftDescriptor, shared, bytes);
    for (uint32_t i = 0; i < row.m; ++i)
      for (uint32_t k = 0; k < row.k; ++k)
        fn(flags & leftTransposed ? left.at(i, k) : left.at(k, i), bytes);
  }
  unsigned bytes = ElementType(row.rightType).bytes();
  SharedOperand right(machine, lane.rightDescriptor, shared, bytes);
  for (uint32_t k = 0; k < row.k; ++k)
    for (uint32_t j = 0; j < width; ++j)
      fn(flags & rightTransposed ? right.at(j, k) : right.at(k, j), bytes);
}

void accessMatrix(const SharedModel &model, MatrixAccess *const *lanes,
                  uint32_t warpSize) {
  const target::SharedRow &row = *model.row;
  uint32_t perRow = row.bytes / row.elementBytes;
  const FragmentTable &table = model.places;
  for (uint32_t lane = 0; lane < warpSize; ++lane)
    for (unsigned r = 0; r < table.registers; ++r) {
      uint32_t element = table.element[lane * table.registers + r];
      char *memory = lanes[element / perRow]->address +
                     size_t(element % perRow) * row.elementBytes;
      char *place = static_cast<char *>(lanes[lane]->registers) +
                    size_t(r) * row.elementBytes;
      if (row.isStore)
        std::memcpy(memory, place, row.elementBytes);
      else
        std::memcpy(place, memory, row.elementBytes);
    }
}

} // namespace tilesdk::simulator
