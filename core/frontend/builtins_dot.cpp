//===- builtins_dot.cpp - Matrix products -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

#include "llvm/ADT/StringSwitch.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

enum DotParam {
  dotLhs,
  dotRhs,
  dotAcc,
  dotPrecision,
  dotTf32,
  dotImprecise,
  dotType,
  dotTransA,
  dotTransB
};

static std::optional<tile::InputPrecision> precisionOf(llvm::StringRef text) {
  using P = tile::InputPrecision;
  return llvm::StringSwitch<std::optional<P>>(text.lower())
      .Case("ieee", P::Ieee)
      .Case("tf32", P::Tf32)
      .Case("tf32x3", P::Tf32x3)
      .Case("bf16x3", P::Bf16x3)
      .Case("bf16x6", P::Bf16x6)
      .Default(std::nullopt);
}

/// What the product is summed in; nothing after a message.
static std::optional<DType> resultType(Sema &sema, BuiltinCall &call,
                                       const Value &lhs, const Value &rhs) {
  DType a = lhs.dtype, b = rhs.dtype;
  bool bothFp8 = a.isFp8() && b.isFp8();
  if (!bothFp8 && a != b) {
    Report message =
        sema.report(Diag::DotOperandTypes, call.span, a.str(), b.str());
    message.origin(lhs).origin(rhs);
    if (a.isFloat() && b.isFloat())
      message.help("cast one operand, e.g. `.to(tl." +
                   (a.width() < b.width() ? a : b).str() + ")`");
    return std::nullopt;
  }
  bool isSmallInt = a == DType(Scalar::I8) || a == DType(Scalar::U8);
  if (!isSmallInt && !a.isFloat()) {
    sema.report(Diag::DotOperandTypes, call.span, a.str(), b.str())
        .origin(lhs)
        .origin(rhs)
        .help("cast the operands to a floating-point type or to int8");
    return std::nullopt;
  }
  if (isSmallInt)
    return DType(Scalar::I32);
  if (a == DType(Scalar::F64))
    return DType(Scalar::F64);
  if (a == DType(Scalar::F32) || a == DType(Scalar::BF16))
    return DType(Scalar::F32);
  if (!call[dotType].isNone() && call.has(dotType)) {
    std::optional<DType> asked =
        sema.constType(call[dotType], call.spans[dotType]);
    if (!asked)
      return std::nullopt;
    if (*asked != DType(Scalar::F16) && *asked != DType(Scalar::F32)) {
      sema.report(Diag::InvalidArgumentValue, call.spans[dotType], "dot",
                  "out_dtype", "float16 or float32", asked->str());
      return std::nullopt;
    }
    return asked;
  }
  if (call[dotAcc].isRuntime() && call[dotAcc].dtype == DType(Scalar::F16))
    return DType(Scalar::F16);
  return DType(Scalar::F32);
}

static Value dot(Sema &sema, BuiltinCall &call) {
  Value lhs = call[dotLhs], rhs = call[dotRhs];
  for (unsigned i : {dotLhs, dotRhs})
    if (!call[i].isTensor() || call[i].dtype.isPointer())
      return sema
          .report(Diag::TensorExpected, call.spans[i], call[i].describe())
          .origin(call[i]);
  size_t rank = lhs.shape.size();
  if (rank != rhs.shape.size() || (rank != 2 && rank != 3)) {
    bool isLhs = rank != 2 && rank != 3;
    const Value &bad = isLhs ? lhs : rhs;
    return sema
        .report(Diag::RankMismatch, call.span, "dot",
                isLhs ? std::string("2 or 3") : std::to_string(rank),
                bad.shape.size())
        .origin(lhs)
        .origin(rhs);
  }
  // Old spellings of a transposition.
  for (auto [flag, side] : {std::pair(dotTransA, &lhs), {dotTransB, &rhs}})
    if (sema.truth(call[flag]) == true) {
      sema.report(Diag::Deprecated, call.spans[flag],
                  flag == dotTransA ? "trans_a" : "trans_b", "use `tl.trans`");
      llvm::SmallVector<int32_t, 3> perm;
      for (size_t i = 0; i < rank; ++i)
        perm.push_back(static_cast<int32_t>(i));
      std::swap(perm[rank - 1], perm[rank - 2]);
      side->ir = sema.create<tile::TransOp>(side->ir, perm);
      std::swap(side->shape[rank - 1], side->shape[rank - 2]);
    }
  int64_t m = lhs.shape[rank - 2], k = lhs.shape[rank - 1];
  int64_t kRhs = rhs.shape[rank - 2], n = rhs.shape[rank - 1];
  if (k != kRhs) {
    Report message = sema.report(Diag::DotInnerMismatch, call.span, k, kRhs);
    message.label("needs the same size here").origin(lhs).origin(rhs);
    if (k == n)
      message.help("did you mean `tl.dot(a, tl.trans(b))`? it would be " +
                   shapeStr({m, k}) + " times " + shapeStr({n, kRhs}));
    return message;
  }
  if (rank == 3 && lhs.shape[0] != rhs.shape[0])
    return sema
        .report(Diag::ShapeMismatch, call.span, "dot", shapeStr(lhs.shape),
                shapeStr(rhs.shape))
        .origin(lhs)
        .origin(rhs);
  const int64_t *least = sema.request.dotMinimum;
  if (m < least[0] || n < least[1] || k < least[2])
    return sema
        .report(Diag::DotMinimumSize, call.span, least[0], least[1], least[2],
                m, n, k)
        .origin(lhs)
        .origin(rhs);
  std::optional<DType> dtype = resultType(sema, call, lhs, rhs);
  if (!dtype)
    return Value::error();
  Shape shape;
  if (rank == 3)
    shape.push_back(lhs.shape[0]);
  shape.append({m, n});
  if (!sema.checkShape(shape, call.span))
    return Value::error();

  tile::InputPrecision precision = tile::InputPrecision::Ieee;
  if (lhs.dtype == DType(Scalar::F32)) {
    std::string text = sema.request.options.defaultInputPrecision;
    if (!call[dotPrecision].isNone())
      text = call[dotPrecision].str();
    else if (!call[dotTf32].isNone() && sema.truth(call[dotTf32]) == false)
      text = "ieee";
    std::optional<tile::InputPrecision> known = precisionOf(text);
    if (!known)
      return sema.report(Diag::InvalidArgumentValue, call.spans[dotPrecision],
                         "dot", "input_precision",
                         "ieee, tf32, tf32x3, bf16x3 or bf16x6", text);
    precision = *known;
  }
  int64_t imprecise = 0;
  if (!call[dotImprecise].isNone()) {
    std::optional<int64_t> bound =
        sema.constInt(call[dotImprecise], "`max_num_imprecise_acc`",
                      call.spans[dotImprecise]);
    if (!bound || *bound < 0 || *bound > INT32_MAX)
      return Value::error();
    imprecise = *bound;
  }

  Value acc = call[dotAcc];
  if (acc.isNone()) {
    acc = dtype->isFloat() ? sema.constantFloat(0, *dtype, shape)
                           : sema.constantInt(0, *dtype, shape);
  } else if (!acc.isRuntime() || acc.dtype != *dtype || acc.shape != shape) {
    return sema
        .report(Diag::DotAccumulator, call.spans[dotAcc],
                typeStr(*dtype, shape), acc.describe())
        .origin(acc);
  }
  auto op =
      sema.create<tile::DotOp>(acc.ir.getType(), lhs.ir, rhs.ir, acc.ir,
                               precision, static_cast<uint32_t>(imprecise));
  return Value::runtime(op, *dtype, shape);
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::dotBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.dot",
       "input, other, acc=None, input_precision=None, allow_tf32=None, "
       "max_num_imprecise_acc=None, out_dtype=None, trans_a=False, "
       "trans_b=False",
       dot},
  };
  return rows;
}
