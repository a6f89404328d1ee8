//===- simt_types.cpp - Layout attributes and types of simt -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"

#include "core/layout/print.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#define GET_ATTRDEF_CLASSES
#include "core/ir/simt_attributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "core/ir/simt_types.cpp.inc"

using namespace mlir;

namespace tilesdk::simt {

using layout::Layout;

std::string dimName(unsigned dim) { return "dim" + std::to_string(dim); }

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// The outputs are dim0, dim1, ... and every one is reached.
static LogicalResult verifyOutputs(function_ref<InFlightDiagnostic()> emitError,
                                   const Layout &layout, StringRef what) {
  for (auto [index, dim] : llvm::enumerate(layout.outputs()))
    if (dim.name != dimName(index))
      return emitError() << what << "'s output " << index << " must be 'dim"
                         << index << "', found '" << dim.name << "'";
  if (!layout.isSurjective())
    return emitError() << what << " does not reach every element: "
                       << layout::toText(layout);
  return success();
}

// The declaration, by value, is generated.
LogicalResult
LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                   // NOLINTNEXTLINE(performance-unnecessary-value-param)
                   Layout layout) {
  static constexpr const char *names[] = {registerDim, laneDim, warpDim};
  const auto &inputs = layout.inputs();
  bool fits = inputs.size() == 3;
  for (size_t i = 0; fits && i < 3; ++i)
    fits = inputs[i].name == names[i];
  if (!fits)
    return emitError() << "inputs of a layout must be register, lane, warp in "
                          "this order: "
                       << layout::toText(layout);
  for (size_t i = 1; i < 3; ++i)
    if (!llvm::isPowerOf2_64(inputs[i].size()))
      return emitError() << "input '" << inputs[i].name
                         << "' of a layout must have a power of two of values, "
                            "found "
                         << inputs[i].size();
  return verifyOutputs(emitError, layout, "a layout");
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                           function_ref<InFlightDiagnostic()> emitError) const {
  const auto &outputs = getLayout().outputs();
  bool fits = outputs.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = outputs[i].size() == static_cast<uint64_t>(shape[i]);
  if (fits)
    return success();
  return emitError() << "a layout does not have the shape of its tensor: "
                     << layout::toText(getLayout());
}

/// The text of a layout, in quotes.
static FailureOr<Layout> parseLayout(AsmParser &parser) {
  std::string text;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseString(&text))
    return failure();
  auto layout = layout::parse(text);
  if (!layout)
    return parser.emitError(loc) << "layout: " << layout.error();
  return std::move(*layout);
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  FailureOr<Layout> layout = parseLayout(parser);
  if (failed(layout) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *layout);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << "<\"" << layout::toText(getLayout()) << "\">";
}

LogicalResult
SharedLayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         // NOLINTNEXTLINE(performance-unnecessary-value-param)
                         Layout layout, StringRef, unsigned alignment) {
  if (layout.inputs().size() != 1 || layout.inputs()[0].name != offsetDim)
    return emitError() << "the input of a shared layout must be 'offset': "
                       << layout::toText(layout);
  if (!llvm::isPowerOf2_32(alignment))
    return emitError() << "alignment of a shared layout must be a power of "
                          "two, found "
                       << alignment;
  return verifyOutputs(emitError, layout, "a shared layout");
}

Attribute SharedLayoutAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  std::string format;
  unsigned alignment;
  if (parser.parseLess() || parser.parseKeyword("layout") ||
      parser.parseEqual())
    return {};
  FailureOr<Layout> layout = parseLayout(parser);
  if (failed(layout) || parser.parseComma() || parser.parseKeyword("format") ||
      parser.parseEqual() || parser.parseString(&format) ||
      parser.parseComma() || parser.parseKeyword("alignment") ||
      parser.parseEqual() || parser.parseInteger(alignment) ||
      parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *layout, format, alignment);
}

void SharedLayoutAttr::print(AsmPrinter &printer) const {
  printer << "<layout = \"" << layout::toText(getLayout()) << "\", format = ";
  printer.printString(getFormat());
  printer << ", alignment = " << getAlignment() << ">";
}

LayoutAttr layoutAttrOf(Type type) {
  auto tensor = dyn_cast_or_null<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<LayoutAttr>(tensor.getEncoding())
                : LayoutAttr();
}

const Layout &layoutOf(Type type) {
  static const Layout none;
  LayoutAttr attr = layoutAttrOf(type);
  // The attribute's storage lives as long as its context.
  return attr ? attr.getLayout() : none;
}

Type withLayout(Type type, LayoutAttr layout) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? Type(RankedTensorType::get(tensor.getShape(),
                                             tensor.getElementType(), layout))
                : type;
}

Type withLayout(Type type, const Layout &layout) {
  return isa<RankedTensorType>(type)
             ? withLayout(type, LayoutAttr::get(type.getContext(), layout))
             : type;
}

unsigned elementBytes(Type element) {
  if (isa<tile::PointerType>(element))
    return 8;
  if (!element.isIntOrFloat())
    return 1;
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

int64_t SharedType::getBufferRank() const {
  return getLayout().getLayout().outputs().size();
}

int64_t SharedType::getNumBuffers() const {
  int64_t count = 1;
  for (int64_t extent : getShape().drop_back(getBufferRank()))
    count *= extent;
  return count;
}

int64_t SharedType::getBufferBytes() const {
  uint64_t bytes = getLayout().getLayout().inputSize(offsetDim) *
                   elementBytes(getElementType());
  return llvm::alignTo(bytes, getAlignment());
}

unsigned SharedType::getAlignment() const {
  return std::max(getLayout().getAlignment(), elementBytes(getElementType()));
}

LogicalResult SharedType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Type element,
                                 SharedLayoutAttr layout) {
  if (!tile::isTileScalar(element))
    return emitError() << "elements of !simt.shared must be tile scalars, "
                          "found "
                       << element;
  for (int64_t extent : shape)
    if (extent < 1)
      return emitError() << "extents of !simt.shared must be positive";
  const auto &outputs = layout.getLayout().outputs();
  bool fits = outputs.size() <= shape.size();
  for (size_t i = 0; fits && i < outputs.size(); ++i)
    fits = outputs[i].size() ==
           static_cast<uint64_t>(shape[shape.size() - outputs.size() + i]);
  if (!fits)
    return emitError() << "the layout of !simt.shared does not have the shape "
                          "of its last dimensions: "
                       << layout::toText(layout.getLayout());
  return success();
}

Type SharedType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> shape;
  Type element;
  SharedLayoutAttr layout;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma() ||
      parser.parseAttribute(layout) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    shape, element, layout);
}

void SharedType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t extent : getShape())
    printer << extent << "x";
  printer << getElementType() << ", " << getLayout() << ">";
}

LogicalResult BarriersType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t count) {
  if (count < 1)
    return emitError() << "!simt.barriers must hold at least one, found "
                       << count;
  return success();
}

void SimtDialect::registerTypes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "core/ir/simt_attributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "core/ir/simt_types.cpp.inc"
      >();
}

} // namespace tilesdk::simt
