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
