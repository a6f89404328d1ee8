//===- lane.cpp - Arithmetic that keeps the cheap forms ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Indices stay scalars with a stride, and masks stay bounds, so that accesses
// become contiguous and masks can be split off a loop. Sums of indices are
// taken not to wrap inside of a chunk, as address arithmetic is everywhere;
// products may be hashes, and do.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"
#include "core/lowering/form.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

Value Engine::vectorOf(const Lane &lane, unsigned lanes, Type element) {
  if (lanes == 0)
    return lane.value;
  switch (lane.kind) {
  case Lane::Uniform:
    return B.splat(lane.value, lanes);
  case Lane::Vector:
    return lane.value;
  case Lane::Prefix:
    if (auto c = B.constant(lane.value)) {
      SmallVector<int64_t> bits;
      for (unsigned i = 0; i < lanes; ++i)
        bits.push_back(int64_t(i) < *c);
      return B.cstLanes(B.i1, bits);
    }
    return B.icmp(SLT, B.iota(B.i32, lanes), B.splat(lane.value, lanes));
  case Lane::Linear: {
    if (element == B.ptr) {
      Value offsets = B.iota(B.i64, lanes);
      Value by = lane.stride.dynamic ? lane.stride.dynamic
                                     : B.cst64(lane.stride.constant);
      if (!lane.stride.isConstant(1))
        offsets = B.bin("mul", offsets, B.splat(by, lanes));
      return B.gep(lane.value, B.i8, offsets);
    }
    Value offsets;
    if (lane.stride.dynamic) {
      offsets = B.bin("mul", B.iota(element, lanes),
                      B.splat(lane.stride.dynamic, lanes));
    } else {
      SmallVector<int64_t> steps;
      for (unsigned i = 0; i < lanes; ++i)
        steps.push_back(int64_t(i * uint64_t(lane.stride.constant)));
      offsets = B.cstLanes(element, steps);
    }
    return B.bin("add", B.splat(lane.value, lanes), offsets);
  }
  }
  return lane.value;
}

Lane Engine::andMask(const Lane &a, const Lane &b, unsigned lanes) {
  auto isTrue = [&](const Lane &l) {
    auto c = l.kind == Lane::Uniform ? B.constant(l.value) : std::nullopt;
    return c && *c;
  };
  if (isTrue(a))
    return b;
  if (isTrue(b))
    return a;
  if (a.kind == Lane::Uniform && b.kind == Lane::Uniform)
    return Lane::uniform(B.logicalAnd(a.value, b.value));
  if (a.kind == Lane::Prefix && b.kind == Lane::Prefix)
    return Lane::prefix(B.smin(a.value, b.value));
  if (a.kind == Lane::Prefix && b.kind == Lane::Uniform)
    return Lane::prefix(B.select(b.value, a.value, B.cst32(0)));
  if (b.kind == Lane::Prefix && a.kind == Lane::Uniform)
    return Lane::prefix(B.select(a.value, b.value, B.cst32(0)));
  return Lane::vector(B.logicalAnd(maskOf(a, lanes), maskOf(b, lanes)));
}

static Stride scale(Build &B, const Stride &s, Value by) {
  if (auto c = B.constant(by); c && !s.dynamic)
    return {int64_t(uint64_t(s.constant) * uint64_t(*c)), {}};
  Value d = s.dynamic ? s.dynamic : B.cst(by.getType(), s.constant);
  return {0, B.mulWrapping(d, by)};
}

static Stride addStrides(Build &B, const Stride &a, const Stride &b, Type type,
                         bool negate) {
  if (!a.dynamic && !b.dynamic)
    return {negate ? a.constant - b.constant : a.constant + b.constant, {}};
  Value x = a.dynamic ? a.dynamic : B.cst(type, a.constant);
  Value y = b.dynamic ? b.dynamic : B.cst(type, b.constant);
  return {0, negate ? B.sub(x, y) : B.add(x, y)};
}

/// lane + start < bound as a number of leading lanes, in [0, lanes].
static Lane prefixBelow(Build &B, Value start, Value bound, bool inclusive,
                        unsigned lanes) {
  auto widen = [&](Value v) { return B.toInt(v, B.i64); };
  Value count = B.sub(widen(bound), widen(start));
  if (inclusive)
    count = B.add(count, B.cst64(1));
  count = B.smin(B.smax(count, B.cst64(0)), B.cst64(lanes));
  return Lane::prefix(B.toInt(count, B.i32));
}

/// Larger strides are those of hashes.
static bool isIndexStride(const Stride &s) {
  return s.dynamic || std::abs(s.constant) < maxIndexStride;
}

bool Engine::foldLanes(Operation *op, ArrayRef<Lane> in, const Point &p,
                       SmallVectorImpl<Lane> &out) {
  if (p.lanes == 0)
    return false;
  auto push = [&](Lane lane) {
    out.push_back(lane);
    return true;
  };
  auto kind = [&](unsigned i) { return in[i].kind; };
  Type type = op->getNumResults()
                  ? registerType(tile::elementOf(op->getResult(0).getType()))
                  : Type();
  bool linear =
      llvm::any_of(in, [](const Lane &l) { return l.kind == Lane::Linear; });
  bool simple = llvm::all_of(in, [](const Lane &l) {
    return l.kind == Lane::Linear || l.kind == Lane::Uniform;
  });

  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    if (kind(0) != Lane::Uniform)
      return false;
    if (auto c = B.constant(in[0].value))
      return push(in[*c ? 1 : 2]);
    if (kind(1) == Lane::Uniform && kind(2) == Lane::Uniform)
      return push(
          Lane::uniform(B.select(in[0].value, in[1].value, in[2].value)));
    if (kind(1) == Lane::Linear && kind(2) == Lane::Linear &&
        in[1].stride.dynamic == in[2].stride.dynamic &&
        in[1].stride.constant == in[2].stride.constant)
      return push(Lane::linear(B.select(in[0].value, in[1].value, in[2].value),
                               in[1].stride));
    if (kind(1) == Lane::Prefix && kind(2) == Lane::Prefix)
      return push(
          Lane::prefix(B.select(in[0].value, in[1].value, in[2].value)));
    return false;
  }
  if (isa<arith::AndIOp>(op) && type.isInteger(1)) {
    if (kind(0) == Lane::Vector && kind(1) == Lane::Vector)
      return false;
    return push(andMask(in[0], in[1], p.lanes));
  }
  if (isa<arith::OrIOp>(op) && type.isInteger(1)) {
    for (int i = 0; i < 2; ++i)
      if (kind(i) == Lane::Uniform)
        if (auto c = B.constant(in[i].value))
          return push(*c ? in[i] : in[1 - i]);
    if (kind(0) == Lane::Prefix && kind(1) == Lane::Prefix)
      return push(Lane::prefix(B.smax(in[0].value, in[1].value)));
    return false;
  }
  if (auto cmp = dyn_cast<arith::CmpIOp>(op)) {
    if (!linear || !simple || kind(0) == kind(1))
      return false;
    unsigned pred = unsigned(cmp.getPredicate());
    Lane l = in[0], r = in[1];
    if (l.kind == Lane::Uniform) {
      std::swap(l, r);
      static const unsigned swapped[] = {EQ,  NE,  SGT, SGE, SLT,
                                         SLE, UGT, UGE, ULT, ULE};
      pred = swapped[pred];
    }
    // Unsigned: indices below 0 would come last.
    if (!l.stride.isConstant(1) || !(pred == SLT || pred == SLE))
      return false;
    return push(prefixBelow(B, l.value, r.value, pred == SLE, p.lanes));
  }
  if (!linear)
    return false;
  if (auto add = dyn_cast<tile::AddPtrOp>(op)) {
    if (!simple)
      return false;
    Type pointee =
        cast<tile::PointerType>(tile::elementOf(add.getResult().getType()))
            .getPointee();
    int64_t size = sizeOf(pointee);
    Stride s = in[1].kind == Lane::Linear ? in[1].stride : Stride();
    if (s.dynamic)
      s = {0, B.mul(B.toInt(s.dynamic, B.i64), B.cst64(size))};
    else
      s.constant *= size;
    if (in[0].kind == Lane::Linear)
      s = addStrides(B, in[0].stride, s, B.i64, false);
    return push(
        Lane::linear(B.gep(in[0].value, memoryType(pointee), in[1].value), s));
  }
  if (isa<tile::PtrCastOp>(op))
    return push(in[0]);
  if (!simple || !isa<IntegerType>(type))
    return false;
  bool both = in.size() == 2 && kind(0) == kind(1);
  if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    bool minus = isa<arith::SubIOp>(op);
    Stride s = addStrides(B, in[0].stride, in[1].stride, type, minus);
    Value a = in[0].value, c = in[1].value;
    if (!isIndexStride(s))
      return push(Lane::linear(B.bin(minus ? "sub" : "add", a, c), s));
    return push(Lane::linear(minus ? B.sub(a, c) : B.add(a, c), s));
  }
  if (isa<arith::MulIOp>(op) && !both) {
    const Lane &l = kind(0) == Lane::Linear ? in[0] : in[1];
    const Lane &u = kind(0) == Lane::Linear ? in[1] : in[0];
    return push(Lane::linear(B.mulWrapping(l.value, u.value),
                             scale(B, l.stride, u.value)));
  }
  if (isa<arith::ShLIOp>(op) && kind(0) == Lane::Linear &&
      kind(1) == Lane::Uniform) {
    auto c = B.constant(in[1].value);
    if (!c || *c < 0 || *c > 30)
      return false;
    Value by = B.cst(type, int64_t(1) << *c);
    return push(Lane::linear(B.mulWrapping(in[0].value, by),
                             scale(B, in[0].stride, by)));
  }
  if (isa<arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp>(op)) {
    const char *name = isa<arith::ExtSIOp>(op)   ? "sext"
                       : isa<arith::ExtUIOp>(op) ? "zext"
                                                 : "trunc";
    Stride s = in[0].stride;
    if (s.dynamic)
      s.dynamic = B.toInt(s.dynamic, type);
    if (type.getIntOrFloatBitWidth() < 16 ||
        (!isa<arith::TruncIOp>(op) && !isIndexStride(s)))
      return false; // Really wraps.
    return push(Lane::linear(B.cast(name, in[0].value, type), s));
  }
  return false;
}

} // namespace tilesdk::lowering
