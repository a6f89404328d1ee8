//===- form.cpp - The form of a value along a dimension ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/form.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

namespace tilesdk::lowering {

bool dependsOn(Value v, const IndexMap &map, int dim) {
  bool found = false;
  auto uses = [&](const IndexMap &m) { return llvm::is_contained(m, dim); };
  walkLeaves(
      v, map,
      [&](Value leaf, const IndexMap &m) {
        if (isa<RankedTensorType>(leaf.getType()))
          found |= uses(m);
      },
      [&](Value inner, const IndexMap &m) {
        if (inner.getDefiningOp<tile::MakeRangeOp>() ||
            inner.getDefiningOp<arith::ConstantOp>())
          found |= uses(m);
        return !found;
      });
  return found;
}

static std::optional<int64_t> constantOf(Value v) {
  APInt value;
  if (auto splat = v.getDefiningOp<tile::SplatOp>())
    v = splat.getSource();
  if (matchPattern(v, m_ConstantInt(&value)))
    return value.getSExtValue();
  return std::nullopt;
}

Form formOf(Value v, const IndexMap &map, int dim) {
  auto uniform = [] { return Form{Form::Uniform, 0, false}; };
  Operation *op = v.getDefiningOp();
  if (!isa<RankedTensorType>(v.getType()))
    return uniform();
  if (!isVirtual(v))
    return llvm::is_contained(map, dim) ? Form() : uniform();
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue()) ||
                   !llvm::is_contained(map, dim)
               ? uniform()
               : Form();
  if (isa<tile::SplatOp>(op) || op->getName().getStringRef() == "ub.poison")
    return uniform();
  if (isa<tile::MakeRangeOp>(op))
    return map[0] == dim ? Form{Form::Linear, 1, false} : uniform();
  if (classify(op) == OpClass::View) {
    // The walk knows the maps of views: the first value behind this one.
    Form result = uniform();
    bool first = true, reached = false;
    auto visit = [&](Value inner, const IndexMap &m) {
      if (first) {
        first = false;
        return true;
      }
      if (!reached)
        result = formOf(inner, m, dim);
      reached = true;
      return false;
    };
    walkLeaves(
        v, map,
        [&](Value leaf, const IndexMap &m) {
          if (!reached && isa<RankedTensorType>(leaf.getType()) &&
              llvm::is_contained(m, dim))
            result = Form();
        },
        visit);
    return result;
  }

  SmallVector<Form> in;
  bool allUniform = true, simple = true, linear = false, wraps = false;
  for (Value operand : op->getOperands()) {
    in.push_back(formOf(operand, map, dim));
    allUniform &= in.back().kind == Form::Uniform;
    linear |= in.back().kind == Form::Linear;
    simple &= in.back().kind == Form::Uniform || in.back().kind == Form::Linear;
    wraps |= in.back().mayWrap;
  }
  if (allUniform)
    return uniform();
  if (isa<arith::AndIOp>(op) && v.getType() == tile::maskLike(v.getType())) {
    bool masks = llvm::all_of(in, [](const Form &f) {
      return f.kind == Form::Uniform || f.kind == Form::Prefix;
    });
    return masks ? Form{Form::Prefix, {}, wraps} : Form();
  }
  if (!simple || !linear)
    return Form();
  if (auto cmp = dyn_cast<arith::CmpIOp>(op)) {
    using P = arith::CmpIPredicate;
    P p = cmp.getPredicate();
    bool below = p == P::slt || p == P::sle;
    bool above = p == P::sgt || p == P::sge;
    bool left = in[0].kind == Form::Linear && in[1].kind == Form::Uniform &&
                in[0].stride == 1 && below;
    bool right = in[1].kind == Form::Linear && in[0].kind == Form::Uniform &&
                 in[1].stride == 1 && above;
    return left || right ? Form{Form::Prefix, {}, wraps} : Form();
  }
  auto both = [&](auto combine) {
    std::optional<int64_t> s;
    if (in[0].stride && in[1].stride)
      s = combine(*in[0].stride, *in[1].stride);
    return Form{Form::Linear, s, wraps};
  };
  if (isa<arith::AddIOp, tile::AddPtrOp>(op))
    return both([](int64_t a, int64_t b) { return a + b; });
  if (isa<arith::SubIOp>(op))
    return both([](int64_t a, int64_t b) { return a - b; });
  if (isa<arith::MulIOp, arith::ShLIOp>(op)) {
    unsigned u = in[0].kind == Form::Uniform ? 0 : 1;
    if (in[u].kind != Form::Uniform || (u == 0 && isa<arith::ShLIOp>(op)))
      return Form();
    std::optional<int64_t> s;
    auto c = constantOf(op->getOperand(u));
    if (c && in[1 - u].stride)
      s = isa<arith::ShLIOp>(op) ? *in[1 - u].stride << (*c & 31)
                                 : *in[1 - u].stride * *c;
    if (isa<arith::ShLIOp>(op) && (!c || *c < 0 || *c > 30))
      return Form();
    return Form{Form::Linear, s, wraps};
  }
  if (isa<arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp>(op)) {
    unsigned bits = tile::elementOf(v.getType()).getIntOrFloatBitWidth();
    bool wraps = !isa<arith::TruncIOp>(op) && in[0].stride &&
                 std::abs(*in[0].stride) >= maxIndexStride;
    return bits < 16 || wraps ? Form() : in[0];
  }
  if (isa<tile::PtrCastOp>(op))
    return in[0];
  if (isa<arith::RemSIOp, arith::RemUIOp>(op) && in[0].kind == Form::Linear &&
      in[0].stride == 1 && in[1].kind == Form::Uniform &&
      squeeze(shapeOf(v)).size() == 1)
    return Form{Form::Linear, 1, true};
  return Form();
}

} // namespace tilesdk::lowering
