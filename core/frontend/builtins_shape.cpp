//===- builtins_shape.cpp - Functions that move elements --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

/// A run-time value; numbers become scalars.
static Value operand(Sema &sema, BuiltinCall &call, unsigned i) {
  if (call[i].isRuntime())
    return call[i];
  if (call[i].isNumber())
    return sema.toRuntime(call[i], call.spans[i]);
  return sema.report(Diag::TypeMismatch, call.spans[i], "a tensor",
                     call[i].describe());
}

static Value tensorOperand(Sema &sema, BuiltinCall &call, unsigned i) {
  Value value = operand(sema, call, i);
  if (value.isError() || value.isTensor())
    return value;
  return sema.report(Diag::TensorExpected, call.spans[i], value.describe())
      .origin(value);
}

/// `f(x, 2, 3)`, `f(x, (2, 3))` and `f(x, shape)` are one: the only element of
/// a variadic tuple may itself be the tuple.
static Value unwrapped(const Value &packed) {
  if (packed.elements().size() == 1 && packed.elements().front().isTuple())
    return packed.elements().front();
  return packed;
}

static Value broadcastTo(Sema &sema, BuiltinCall &call) {
  Value value = operand(sema, call, 0);
  std::optional<Shape> shape =
      sema.constShape(unwrapped(call[1]), "a shape", call.spans[1]);
  if (value.isError() || !shape || !sema.checkShape(*shape, call.span))
    return Value::error();
  bool fits = value.shape.empty() || (value.shape.size() == shape->size() &&
                                      sema.broadcastable(value.shape, *shape));
  if (!fits)
    return sema
        .report(Diag::BadBroadcast, call.span, shapeStr(value.shape),
                shapeStr(*shape))
        .origin(value);
  return sema.broadcastTo(value, *shape);
}

static Value broadcast(Sema &sema, BuiltinCall &call) {
  Value a = operand(sema, call, 0), b = operand(sema, call, 1);
  Shape shape;
  if (a.isError() || b.isError() ||
      !sema.broadcastShapes(a, b, shape, call.span))
    return Value::error();
  return sema.makeTuple(
      {sema.broadcastTo(a, shape), sema.broadcastTo(b, shape)}, false,
      call.span);
}

static Value reshapeTo(Sema &sema, BuiltinCall &call, bool reorder) {
  Value value = operand(sema, call, 0);
  std::optional<Shape> shape =
      sema.constShape(unwrapped(call[1]), "a shape", call.spans[1]);
  if (value.isError() || !shape)
    return Value::error();
  int64_t count = elementCount(value.shape);
  // One size may be left to us.
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < shape->size(); ++i) {
    if ((*shape)[i] == -1 && open < 0)
      open = static_cast<int64_t>(i);
    else if (__builtin_mul_overflow(known, (*shape)[i], &known))
      known = 0;
  }
  if (open >= 0 && known > 0 && count % known == 0)
    (*shape)[open] = count / known;
  if (!sema.checkShape(*shape, call.span))
    return Value::error();
  if (elementCount(*shape) != count)
    return sema
        .report(Diag::BadReshape, call.span, shapeStr(value.shape), count,
                shapeStr(*shape), elementCount(*shape))
        .origin(value);
  return sema.reshape(value, *shape, reorder);
}

static Value reshape(Sema &sema, BuiltinCall &call) {
  return reshapeTo(sema, call, sema.truth(call[2]) == true);
}

static Value view(Sema &sema, BuiltinCall &call) {
  return reshapeTo(sema, call, true);
}

static Value expandDims(Sema &sema, BuiltinCall &call) {
  Value value = operand(sema, call, 0);
  std::optional<Shape> axes =
      sema.constShape(call[1], "an axis", call.spans[1]);
  if (value.isError() || !axes)
    return Value::error();
  int64_t rank = value.shape.size() + axes->size();
  if (rank > 8)
    return sema.report(Diag::InvalidShape, call.span, shapeStr(value.shape),
                       "a tensor has at most 8 dimensions");
  for (int64_t &axis : *axes) {
    if (axis < -rank || axis >= rank)
      return sema.report(Diag::AxisOutOfRange, call.spans[1], axis, rank);
    if (axis < 0)
      axis += rank;
  }
  llvm::sort(*axes);
  for (int64_t axis : *axes)
    value = sema.expandDims(value, axis);
  return value;
}

static Value squeeze(Sema &sema, BuiltinCall &call) {
  Value value = tensorOperand(sema, call, 0);
  if (value.isError())
    return value;
  std::optional<int64_t> axis =
      axisOf(sema, call[1], value.shape.size(), call.spans[1]);
  if (!axis)
    return Value::error();
  Shape shape = value.shape;
  if (shape[*axis] != 1)
    return sema
        .report(Diag::InvalidArgumentValue, call.spans[1], "squeeze", "dim",
                "a dimension of size 1", shape[*axis])
        .origin(value);
  shape.erase(shape.begin() + *axis);
  return sema.reshape(value, shape);
}

static Value permuteBy(Sema &sema, const Value &value,
                       llvm::ArrayRef<int64_t> dims, Span where) {
  int64_t rank = value.shape.size();
  llvm::SmallVector<int32_t, 4> perm;
  llvm::SmallVector<bool, 8> seen(rank);
  bool valid = static_cast<int64_t>(dims.size()) == rank;
  for (int64_t dim : dims) {
    if (dim < 0)
      dim += rank;
    if (dim < 0 || dim >= rank || seen[dim]) {
      valid = false;
      break;
    }
    seen[dim] = true;
    perm.push_back(static_cast<int32_t>(dim));
  }
  if (!valid) {
    std::string text = "(";
    for (size_t i = 0; i < dims.size(); ++i)
      text += (i ? ", " : "") + std::to_string(dims[i]);
    return sema.report(Diag::BadPermutation, where, text + ")", rank)
        .origin(value);
  }
  Shape shape;
  for (int32_t dim : perm)
    shape.push_back(value.shape[dim]);
  return Value::runtime(sema.create<tile::TransOp>(value.ir, perm), value.dtype,
                        shape);
}

static Value trans(Sema &sema, BuiltinCall &call) {
  Value value = tensorOperand(sema, call, 0);
  if (value.isError())
    return value;
  Value dims = unwrapped(call[1]);
  int64_t rank = value.shape.size();
  Shape order;
  if (dims.elements().empty()) {
    if (rank < 2)
      return sema
          .report(Diag::RankMismatch, call.span, call.name(), "at least 2",
                  rank)
          .origin(value);
    for (int64_t i = 0; i < rank; ++i)
      order.push_back(i);
    std::swap(order[rank - 1], order[rank - 2]);
  } else {
    std::optional<Shape> given =
        sema.constShape(dims, "a dimension", call.spans[1]);
    if (!given)
      return Value::error();
    order = *given;
  }
  return permuteBy(sema, value, order, call.span);
}

static Value permute(Sema &sema, BuiltinCall &call) {
  Value value = tensorOperand(sema, call, 0);
  std::optional<Shape> order =
      sema.constShape(unwrapped(call[1]), "a dimension", call.spans[1]);
  if (value.isError() || !order)
    return Value::error();
  return permuteBy(sema, value, *order, call.span);
}

/// `.T`
static Value transpose(Sema &sema, BuiltinCall &call) {
  Value value = tensorOperand(sema, call, 0);
  if (value.isError())
    return value;
  if (value.shape.size() != 2)
    return sema
        .report(Diag::RankMismatch, call.span, ".T", 2, value.shape.size())
        .origin(value);
  return permuteBy(sema, value, {1, 0}, call.span);
}

static Value join(Sema &sema, BuiltinCall &call) {
  Value a = operand(sema, call, 0), b = operand(sema, call, 1);
  if (a.isError() || b.isError())
    return Value::error();
  Shape shape;
  if (!sema.broadcastShapes(a, b, shape, call.span))
    return Value::error();
  if (a.dtype != b.dtype)
    return sema
        .report(Diag::InvalidOperandTypes, call.span, "join", a.describe(),
                b.describe())
        .origin(a)
        .origin(b)
        .help("cast one side with `.to(...)`");
  a = sema.broadcastTo(a, shape);
  b = sema.broadcastTo(b, shape);
  shape.push_back(2);
  if (!sema.checkShape(shape, call.span))
    return Value::error();
  return Value::runtime(sema.create<tile::JoinOp>(a.ir, b.ir), a.dtype, shape);
}

static Value split(Sema &sema, BuiltinCall &call) {
  Value value = tensorOperand(sema, call, 0);
  if (value.isError())
    return value;
  if (value.shape.back() != 2)
    return sema
        .report(Diag::InvalidArgumentValue, call.spans[0], "split", "a",
                "a tensor whose last dimension is 2", shapeStr(value.shape))
        .origin(value);
  Shape shape(value.shape.begin(), value.shape.end() - 1);
  auto op = sema.create<tile::SplitOp>(value.ir);
  return sema.makeTuple({Value::runtime(op.getLhs(), value.dtype, shape),
                         Value::runtime(op.getRhs(), value.dtype, shape)},
                        false, call.span);
}

static Value cat(Sema &sema, BuiltinCall &call) {
  Value a = tensorOperand(sema, call, 0), b = tensorOperand(sema, call, 1);
  if (a.isError() || b.isError())
    return Value::error();
  std::optional<int64_t> dim =
      axisOf(sema, call[3], a.shape.size(), call.spans[3]);
  if (!dim)
    return Value::error();
  Shape other = b.shape;
  if (other.size() == a.shape.size())
    other[*dim] = a.shape[*dim];
  if (a.dtype != b.dtype)
    return sema
        .report(Diag::InvalidOperandTypes, call.span, "cat", a.describe(),
                b.describe())
        .origin(a)
        .origin(b);
  if (other != a.shape)
    return sema
        .report(Diag::ShapeMismatch, call.span, "cat", shapeStr(a.shape),
                shapeStr(b.shape))
        .origin(a)
        .origin(b);
  Shape shape = a.shape;
  shape[*dim] += b.shape[*dim];
  if (!sema.checkShape(shape, call.span))
    return Value::error();
  return Value::runtime(
      sema.create<tile::CatOp>(a.ir, b.ir, static_cast<uint32_t>(*dim)),
      a.dtype, shape);
}

static Value item(Sema &sema, BuiltinCall &call) {
  const Value &value = call[0];
  if (!value.isRuntime() || elementCount(value.shape) != 1)
    return sema.report(Diag::ScalarExpected, call.span, value.describe())
        .origin(value);
  return sema.reshape(value, {});
}

static Value gather(Sema &sema, BuiltinCall &call) {
  Value source = tensorOperand(sema, call, 0);
  Value index = tensorOperand(sema, call, 1);
  if (source.isError() || index.isError())
    return Value::error();
  if (!index.dtype.isInt() || index.dtype.isBool())
    return sema
        .report(Diag::IntExpected, call.spans[1], "gather", index.dtype.str())
        .origin(index);
  std::optional<int64_t> axis =
      axisOf(sema, call[2], source.shape.size(), call.spans[2]);
  if (!axis)
    return Value::error();
  Shape other = index.shape;
  if (other.size() == source.shape.size())
    other[*axis] = source.shape[*axis];
  if (other != source.shape)
    return sema
        .report(Diag::ShapeMismatch, call.span, "gather",
                shapeStr(source.shape), shapeStr(index.shape))
        .origin(source)
        .origin(index);
  return Value::runtime(sema.create<tile::GatherOp>(
                            source.ir, index.ir, static_cast<uint32_t>(*axis)),
                        source.dtype, index.shape);
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::shapeBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.broadcast", "input, other", broadcast},
      {"tl.broadcast_to", "input, *shape", broadcastTo, isMethod},
      {"tl.reshape", "input, *shape, can_reorder=False", reshape, isMethod},
      {"tl.view", "input, *shape", view, isMethod},
      {"tl.expand_dims", "input, axis", expandDims, isMethod},
      {"tl.unsqueeze", "input, dim", expandDims},
      {"tl.squeeze", "input, dim", squeeze},
      {"tl.trans", "input, *dims", trans, isMethod},
      {"tl.permute", "input, *dims", permute, isMethod},
      {"tl._transpose", "input", transpose, isInternal},
      {"tl.join", "a, b", join},
      {"tl.split", "a", split, isMethod},
      {"tl.cat", "input, other, can_reorder=False, dim=0", cat},
      {"tl.item", "x", item, isMethod | isInternal},
      {"tl.gather", "src, index, axis", gather, isMethod},
  };
  return rows;
}
