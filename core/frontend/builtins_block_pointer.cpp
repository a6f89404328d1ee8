//===- builtins_block_pointer.cpp - make_block_ptr and its kin --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block pointer is a front-end value: base, shape, strides and offsets at run
// time, block shape and order at compile time. Loads and stores become ordinary
// masked ones, so nothing of it is left in the IR.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/memory_access.h"

#include <cmath>

using namespace tilesdk;
using namespace tilesdk::frontend;

static Value wrong(Sema &sema, Span where, const std::string &why) {
  return sema.report(Diag::BlockPointerArgument, where, why);
}

std::optional<Value> tilesdk::frontend::integerTuple(Sema &sema,
                                                     const Value &value,
                                                     llvm::StringRef what,
                                                     size_t rank, DType dtype,
                                                     Span where, Diag diag) {
  auto fail = [&](const std::string &why) {
    sema.report(diag, where, why);
    return std::nullopt;
  };
  std::vector<Value> elements;
  if (value.isTuple())
    elements.assign(value.elements().begin(), value.elements().end());
  else
    elements.push_back(value);
  if (elements.size() != rank)
    return fail("`" + what.str() + "` has " + std::to_string(elements.size()) +
                " entries, the block has " + std::to_string(rank) +
                " dimensions");
  for (Value &element : elements) {
    bool isInteger = element.isInt() || element.isBool() ||
                     (element.isScalar() && element.dtype.isInt());
    if (!isInteger)
      return fail("`" + what.str() + "` needs integers, found " +
                  element.describe());
    Span origin = element.origin;
    element = sema.cast(element, dtype, where);
    element.origin = origin;
    if (element.isError())
      return std::nullopt;
  }
  return Value::tuple(std::move(elements));
}

static std::optional<Value> integers(Sema &sema, const Value &value,
                                     llvm::StringRef what, size_t rank,
                                     DType dtype, Span where) {
  return integerTuple(sema, value, what, rank, dtype, where,
                      Diag::BlockPointerArgument);
}

static Value makeBlockPtr(Sema &sema, BuiltinCall &call) {
  const Value &base = call[0];
  if (!base.isPointer() || !base.shape.empty() || base.dtype.pointee().isVoid())
    return sema
        .report(Diag::PointerExpected, call.spans[0], call.name(),
                base.describe())
        .origin(base);
  std::optional<Shape> block =
      sema.constShape(call[4], "`block_shape`", call.spans[4]);
  std::optional<Shape> order =
      sema.constShape(call[5], "`order`", call.spans[5]);
  if (!block || !order || !sema.checkShape(*block, call.spans[4]))
    return Value::error();
  size_t rank = block->size();
  if (rank == 0)
    return wrong(sema, call.spans[4], "the block has no dimensions");
  Shape sorted = *order;
  llvm::sort(sorted);
  bool isPermutation = sorted.size() == rank;
  for (size_t i = 0; isPermutation && i < rank; ++i)
    isPermutation = sorted[i] == static_cast<int64_t>(i);
  if (!isPermutation)
    return wrong(sema, call.spans[5],
                 "`order` is not a permutation of " + std::to_string(rank) +
                     " dimensions");
  std::optional<Value> shape =
      integers(sema, call[1], "shape", rank, Scalar::I64, call.spans[1]);
  if (!shape)
    return Value::error();
  std::optional<Value> strides =
      integers(sema, call[2], "strides", rank, Scalar::I64, call.spans[2]);
  if (!strides)
    return Value::error();
  std::optional<Value> offsets =
      integers(sema, call[3], "offsets", rank, Scalar::I32, call.spans[3]);
  if (!offsets)
    return Value::error();
  Value result = Value::tuple({base, *shape, *strides, *offsets});
  result.kind = Value::Kind::BlockPointer;
  auto payload = std::make_shared<Payload>(*result.payload);
  payload->block.assign(block->begin(), block->end());
  payload->order.assign(order->begin(), order->end());
  result.payload = std::move(payload);
  result.origin = call.span;
  return result;
}

static Value advance(Sema &sema, BuiltinCall &call) {
  const Value &pointer = call[0];
  if (pointer.kind != Value::Kind::BlockPointer)
    return sema
        .report(Diag::PointerExpected, call.spans[0], call.name(),
                pointer.describe())
        .help("it moves what `tl.make_block_ptr` made");
  std::optional<Value> deltas =
      integers(sema, call[1], "offsets", pointer.payload->block.size(),
               Scalar::I32, call.spans[1]);
  if (!deltas)
    return Value::error();
  std::vector<Value> moved;
  for (auto [offset, delta] :
       llvm::zip(pointer.elements()[3].elements(), deltas->elements()))
    moved.push_back(sema.binary(BinaryOp::Add, offset, delta, call.span));
  Value result = pointer;
  auto payload = std::make_shared<Payload>(*pointer.payload);
  payload->elements[3] = Value::tuple(std::move(moved));
  result.payload = std::move(payload);
  return result;
}

std::optional<BlockAccess> tilesdk::frontend::blockAccess(
    Sema &sema, const Value &base, llvm::ArrayRef<Value> extents,
    llvm::ArrayRef<Value> strides, llvm::ArrayRef<Value> offsets,
    llvm::ArrayRef<int64_t> block, llvm::ArrayRef<bool> checked, Span where) {
  int64_t rank = block.size();
  Value offset, mask;
  bool first = true;
  for (int64_t d = 0; d < rank; ++d) {
    Value range = Value::runtime(
        sema.create<tile::MakeRangeOp>(0u, static_cast<uint32_t>(block[d])),
        Scalar::I32, {block[d]});
    Value coordinate =
        sema.binary(BinaryOp::Add, sema.cast(offsets[d], Scalar::I64, where),
                    sema.cast(range, Scalar::I64, where), where);
    for (int64_t other = 0; other < rank; ++other)
      if (other != d)
        coordinate = sema.expandDims(coordinate, other);
    Value scaled = sema.binary(BinaryOp::Mul, coordinate, strides[d], where);
    offset = first ? scaled : sema.binary(BinaryOp::Add, offset, scaled, where);
    first = false;
    if (!checked[d])
      continue;
    Value inside = sema.binary(
        BinaryOp::BitAnd,
        sema.compare(CompareOp::GreaterEq, coordinate, Value::intOf(0), where),
        sema.compare(CompareOp::Less, coordinate, extents[d], where), where);
    mask = mask.isError() ? inside
                          : sema.binary(BinaryOp::BitAnd, mask, inside, where);
  }
  BlockAccess access;
  access.pointer = sema.addPointer(base, offset, false, where);
  if (access.pointer.isError())
    return std::nullopt;
  if (!mask.isError())
    access.mask = sema.broadcastTo(mask, block);
  return access;
}

static std::optional<BlockAccess> resolve(Sema &sema, BuiltinCall &call,
                                          const Value &blockPointer,
                                          unsigned boundary) {
  const Payload &payload = *blockPointer.payload;
  int64_t rank = payload.block.size();
  llvm::SmallVector<bool, 8> checked(rank);
  if (!call[boundary].isNone()) {
    std::optional<Shape> dims = sema.constShape(
        call[boundary], "`boundary_check`", call.spans[boundary]);
    if (!dims)
      return std::nullopt;
    for (int64_t dim : *dims) {
      if (dim < 0 || dim >= rank) {
        sema.report(Diag::BoundaryCheck, call.spans[boundary], dim, rank);
        return std::nullopt;
      }
      checked[dim] = true;
    }
  }
  llvm::ArrayRef<Value> parts = payload.elements;
  return blockAccess(sema, parts[0], parts[1].elements(), parts[2].elements(),
                     parts[3].elements(), payload.block, checked, call.span);
}

Value tilesdk::frontend::loadBlock(Sema &sema, BuiltinCall &call,
                                   unsigned boundary, unsigned padding,
                                   const AccessModes &modes) {
  const Value &blockPointer = call[0];
  std::optional<BlockAccess> access =
      resolve(sema, call, blockPointer, boundary);
  if (!access)
    return Value::error();
  DType element = access->pointer.dtype.pointee();
  const Shape &shape = access->pointer.shape;
  std::string mode = call[padding].isNone() ? "" : call[padding].str();
  if (mode != "" && mode != "zero" && mode != "nan")
    return sema.report(Diag::InvalidArgumentValue, call.spans[padding], "load",
                       "padding_option", "\"zero\" or \"nan\"", mode);
  if (mode == "nan" && !element.isFloat())
    return sema.report(Diag::InvalidArgumentValue, call.spans[padding], "load",
                       "padding_option",
                       "\"zero\" for elements of type " + element.str(), mode);
  bool isMasked = !access->mask.isError();
  Value other;
  if (isMasked && mode != "") {
    if (element.isFloat())
      other =
          sema.constantFloat(mode == "nan" ? std::nan("") : 0, element, shape);
    else if (element.isInt())
      other = sema.constantInt(0, element, shape);
  }
  return emitLoad(sema, access->pointer, isMasked ? &access->mask : nullptr,
                  other.isError() ? nullptr : &other, modes, call.span);
}

Value tilesdk::frontend::storeBlock(Sema &sema, BuiltinCall &call,
                                    unsigned valueIndex, unsigned boundary,
                                    const AccessModes &modes) {
  const Value &blockPointer = call[0];
  if (blockPointer.elements()[0].dtype.isConst)
    return sema.report(Diag::StoreToConst, call.spans[0]);
  std::optional<BlockAccess> access =
      resolve(sema, call, blockPointer, boundary);
  if (!access)
    return Value::error();
  Value value = call[valueIndex];
  Span where = call.spans[valueIndex];
  if (!value.isNumber() && !value.isRuntime())
    return sema.report(Diag::TypeMismatch, where, "a number or a tensor",
                       value.describe());
  const Shape &shape = access->pointer.shape;
  if (!sema.broadcastable(value.shape, shape))
    return sema
        .report(Diag::StoreValueShape, where, shapeStr(value.shape),
                shapeStr(shape))
        .origin(value);
  value = sema.broadcastTo(
      sema.cast(value, access->pointer.dtype.pointee(), where), shape);
  if (value.isError())
    return value;
  emitStore(sema, access->pointer, value,
            access->mask.isError() ? nullptr : &access->mask, modes, call.span);
  return Value::none();
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::blockPointerBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.make_block_ptr", "base, shape, strides, offsets, block_shape, order",
       makeBlockPtr},
      {"tl.advance", "base, offsets", advance, mustUse},
  };
  return rows;
}
