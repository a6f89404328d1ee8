//===- builtins_creation.cpp - Programs, ranges, constants, casts----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/frontend/signature.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

static std::optional<int64_t> gridAxis(Sema &sema, BuiltinCall &call) {
  std::optional<int64_t> axis =
      sema.constInt(call[0], "the grid axis", call.spans[0]);
  if (axis && (*axis < 0 || *axis > 2)) {
    sema.report(Diag::InvalidArgumentValue, call.spans[0], call.name(), "axis",
                "0, 1 or 2", *axis);
    return std::nullopt;
  }
  return axis;
}

static Value programId(Sema &sema, BuiltinCall &call) {
  std::optional<int64_t> axis = gridAxis(sema, call);
  if (!axis)
    return Value::error();
  return Value::runtime(
      sema.create<tile::ProgramIdOp>(static_cast<uint32_t>(*axis)),
      Scalar::I32);
}

static Value numPrograms(Sema &sema, BuiltinCall &call) {
  std::optional<int64_t> axis = gridAxis(sema, call);
  if (!axis)
    return Value::error();
  return Value::runtime(
      sema.create<tile::NumProgramsOp>(static_cast<uint32_t>(*axis)),
      Scalar::I32);
}

static Value arange(Sema &sema, BuiltinCall &call) {
  std::optional<int64_t> start =
      sema.constInt(call[0], "the start of `arange`", call.spans[0]);
  if (!start)
    return Value::error();
  std::optional<int64_t> end =
      sema.constInt(call[1], "the end of `arange`", call.spans[1]);
  if (!end)
    return Value::error();
  auto wrong = [&](llvm::StringRef why) -> Value {
    return sema.report(Diag::ArangeRange, call.span, *start, *end, why);
  };
  if (*start != int32_t(*start) || *end != int32_t(*end))
    return wrong("both ends must fit 32 bits");
  if (*end <= *start)
    return wrong("the end must lie above the start");
  if (!sema.checkShape({*end - *start}, call.span))
    return Value::error();
  return Value::runtime(
      sema.create<tile::MakeRangeOp>(static_cast<uint32_t>(*start),
                                     static_cast<uint32_t>(*end)),
      Scalar::I32, {*end - *start});
}

static Value fullOf(Sema &sema, const Value &shapeValue, Span shapeSpan,
                    const Value &value, Span valueSpan, const Value &typeValue,
                    Span typeSpan, Span where) {
  std::optional<Shape> shape =
      sema.constShape(shapeValue, "a shape", shapeSpan);
  std::optional<DType> dtype = sema.constType(typeValue, typeSpan);
  if (!shape || !dtype || value.isError() ||
      !sema.checkShape(*shape, shapeSpan))
    return Value::error();
  if (dtype->isPointer())
    return sema.report(Diag::InvalidCast, where, value.repr(), dtype->str());
  if (value.isTensor())
    return sema.report(Diag::ScalarExpected, valueSpan, value.describe())
        .origin(value);
  if (!value.isNumber() && !value.isRuntime())
    return sema.report(Diag::TypeMismatch, valueSpan, "a number or a scalar",
                       value.describe());
  return sema.splat(sema.cast(value, *dtype, where), *shape);
}

static Value full(Sema &sema, BuiltinCall &call) {
  return fullOf(sema, call[0], call.spans[0], call[1], call.spans[1], call[2],
                call.spans[2], call.span);
}

static Value zeros(Sema &sema, BuiltinCall &call) {
  return fullOf(sema, call[0], call.spans[0], Value::intOf(0), call.span,
                call[1], call.spans[1], call.span);
}

static Value castTo(Sema &sema, BuiltinCall &call) {
  std::optional<DType> dtype = sema.constType(call[1], call.spans[1]);
  if (!dtype)
    return Value::error();
  std::optional<bool> asBits = sema.truth(call[3]);
  if (asBits == true)
    return sema.bitcast(call[0], *dtype, call.span);
  bool rtz = false;
  if (!call[2].isNone()) {
    Value source = sema.toRuntime(call[0], call.spans[0]);
    if (source.isError() || source.dtype == *dtype)
      return source;
    bool known = call[2].isString() &&
                 (call[2].text() == "rtne" || call[2].text() == "rtz");
    bool narrows = source.dtype.isFloat() && dtype->isFloat() &&
                   dtype->width() < source.dtype.width();
    if (!known || !narrows)
      return sema.report(Diag::InvalidRounding, call.spans[2], call[2].str(),
                         source.dtype.str(), dtype->str());
    rtz = call[2].text() == "rtz";
    return sema.cast(source, *dtype, call.span, rtz);
  }
  return sema.cast(call[0], *dtype, call.span, rtz);
}

static Value toTensor(Sema &sema, BuiltinCall &call) {
  return sema.toRuntime(call[0], call.spans[0]);
}

static Value constexprOf(Sema &sema, BuiltinCall &call) {
  if (!call[0].isConstexpr() && !call[0].isError())
    return sema
        .report(Diag::ConstexprExpected, call.spans[0],
                "the argument of `constexpr`", call[0].describe())
        .origin(call[0]);
  return call[0];
}

static Value pointerType(Sema &sema, BuiltinCall &call) {
  std::optional<DType> element = sema.constType(call[0], call.spans[0]);
  std::optional<int64_t> space =
      sema.constInt(call[1], "the address space", call.spans[1]);
  if (!element || !space)
    return Value::error();
  if (element->isVoid() || element->pointers > 7)
    return sema.report(Diag::UnknownType, call.span,
                       "pointer_type(" + element->str() + ")");
  return Value::typeOf(element->pointerTo(sema.truth(call[2]) == true, *space));
}

static Value blockType(Sema &sema, BuiltinCall &call) {
  std::optional<DType> element = sema.constType(call[0], call.spans[0]);
  std::optional<Shape> shape =
      sema.constShape(call[1], "a shape", call.spans[1]);
  if (!element || !shape || !sema.checkShape(*shape, call.span))
    return Value::error();
  return Value::typeOf(*element, *shape);
}

static Value dtypeOf(Sema &sema, BuiltinCall &call) {
  if (call[0].isType())
    return call[0];
  if (call[0].isString())
    if (std::optional<DType> dtype = dtypeFromText(call[0].text()))
      return Value::typeOf(*dtype);
  return sema.report(Diag::UnknownType, call.spans[0], call[0].str());
}

static Value intDtype(Sema &sema, BuiltinCall &call) {
  std::optional<int64_t> width =
      sema.constInt(call[0], "the width", call.spans[0]);
  std::optional<bool> isSigned = sema.truth(call[1]);
  if (!width || !isSigned)
    return Value::error();
  for (unsigned s = 1; s <= static_cast<unsigned>(Scalar::U64); ++s) {
    DType dtype = static_cast<Scalar>(s);
    if (dtype.width() == *width &&
        (*width == 1 || dtype.isSigned() == *isSigned))
      return Value::typeOf(dtype);
  }
  return sema.report(Diag::UnknownType, call.spans[0],
                     "int" + std::to_string(*width));
}

/// Names that are types in annotations and `isinstance`, never called.
static Value onlyAType(Sema &sema, BuiltinCall &call) {
  return sema.report(Diag::NotCallable, call.span,
                     "the type `" + call.name().str() + "`");
}

/// In the language, but not in this version of the compiler.
static Value unsupported(Sema &sema, BuiltinCall &call) {
  return sema.report(Diag::UnsupportedFunction, call.span, call.name());
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::creationBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.program_id", "axis", programId},
      {"tl.num_programs", "axis", numPrograms},
      {"tl.arange", "start, end", arange},
      {"tl.full", "shape, value, dtype", full},
      {"tl.zeros", "shape, dtype", zeros},
      {"tl.cast",
       "input, dtype, fp_downcast_rounding=None, bitcast=False, _builder=None",
       castTo, isMethod},
      {"tl.to", "input, dtype, fp_downcast_rounding=None, bitcast=False",
       castTo, isMethod | isInternal},
      {"tl.to_tensor", "x", toTensor},
      {"tl.constexpr", "value", constexprOf},
      {"tl.pointer_type", "element_ty, address_space=1, const=False",
       pointerType},
      {"tl.block_type", "element_ty, shape", blockType},
      {"tl.dtype", "name", dtypeOf},
      {"tl.get_int_dtype", "bitwidth, signed", intDtype},
      {"tl.tensor", "*args", onlyAType},
      {"tl.const", "*args", onlyAType},
      {"tl.tensor_descriptor", "*args", onlyAType},
      {"tl.inline_asm_elementwise",
       "asm, constraints, args, dtype, is_pure, pack", unsupported},
      {"tl.map_elementwise", "scalar_fn, *args, pack=1", unsupported},
      {"tl.atomic_poll",
       "pointer, expected, sem='acquire', scope='gpu', timeout_ns=None",
       unsupported},
  };
  return rows;
}
