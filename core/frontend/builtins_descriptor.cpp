//===- builtins_descriptor.cpp - Tensor descriptors -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A descriptor is a front-end value: base, shape and strides at run time, block
// shape and padding at compile time. Loads and stores are ops that name all the
// parts, so that a machine with box copies can use them; gathers, scatters and
// atomics become ordinary accesses here.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/memory_access.h"

#include <cmath>

using namespace tilesdk;
using namespace tilesdk::frontend;

using Parts = llvm::SmallVector<mlir::Value, 5>;

static Value wrong(Sema &sema, Span where, const llvm::Twine &why) {
  return sema.report(Diag::DescriptorArgument, where, why.str());
}

static const Value &base(const Value &descriptor) {
  return descriptor.elements()[0];
}
static DType elementOf(const Value &descriptor) {
  return base(descriptor).dtype.pointee();
}
static Shape blockOf(const Value &descriptor) {
  llvm::ArrayRef<int64_t> block = descriptor.payload->block;
  return Shape(block.begin(), block.end());
}

std::optional<Value>
tilesdk::frontend::makeDescriptor(Sema &sema, const Value &base, Value shape,
                                  Value strides, llvm::ArrayRef<int64_t> block,
                                  llvm::StringRef padding, Span where) {
  Value result = Value::tuple({base, std::move(shape), std::move(strides)});
  result.kind = Value::Kind::Descriptor;
  auto payload = std::make_shared<Payload>(*result.payload);
  payload->block.assign(block.begin(), block.end());
  payload->text = padding.str();
  result.payload = std::move(payload);
  result.origin = where;
  if (std::optional<std::string> problem = descriptorProblem(
          elementOf(result), result.payload->block, padding)) {
    wrong(sema, where, *problem);
    return std::nullopt;
  }
  return result;
}

std::optional<std::string> tilesdk::frontend::descriptorProblem(
    DType element, llvm::ArrayRef<int64_t> block, llvm::StringRef padding) {
  if (block.empty() || block.size() > 5)
    return "a descriptor has 1 to 5 dimensions, found " +
           std::to_string(block.size());
  for (int64_t size : block)
    if (size < 1)
      return "the block " + shapeStr(block) + " has no elements";
  int64_t rowBytes = block.back() * element.bytes();
  if (rowBytes < 16)
    return "the last dimension of the block must have at least 16 bytes; " +
           std::to_string(block.back()) + " elements of " + element.str() +
           " have " + std::to_string(rowBytes);
  if (padding != "zero" && padding != "nan")
    return "`padding_option` is \"zero\" or \"nan\", found \"" + padding.str() +
           "\"";
  if (padding == "nan" && !element.isFloat())
    return "padding with NaN needs floating-point elements, found " +
           element.str();
  return std::nullopt;
}

static Value makeTensorDescriptor(Sema &sema, BuiltinCall &call) {
  const Value &base = call[0];
  if (!base.isPointer() || !base.shape.empty() || base.dtype.pointee().isVoid())
    return sema
        .report(Diag::PointerExpected, call.spans[0], call.name(),
                base.describe())
        .origin(base);
  std::optional<Shape> block =
      sema.constShape(call[3], "`block_shape`", call.spans[3]);
  if (!block || !sema.checkShape(*block, call.spans[3]))
    return Value::error();
  size_t rank = block->size();
  auto tuple = [&](unsigned i, llvm::StringRef what, DType dtype) {
    return integerTuple(sema, call[i], what, rank, dtype, call.spans[i],
                        Diag::DescriptorArgument);
  };
  std::optional<Value> shape = tuple(1, "shape", Scalar::I32);
  if (!shape)
    return Value::error();
  const Value &last = call[2].isTuple() && !call[2].elements().empty()
                          ? call[2].elements().back()
                          : call[2];
  bool isUnit = last.isInt() && last.integer() == BigInt(1);
  std::optional<Value> strides = tuple(2, "strides", Scalar::I64);
  if (!strides)
    return Value::error();
  if (!isUnit)
    return sema
        .report(Diag::DescriptorArgument, call.spans[2],
                "the last stride must be the constant 1, found " +
                    last.describe())
        .origin(last);
  std::string padding = call[4].isNone() ? "zero" : call[4].str();
  std::optional<Value> result =
      makeDescriptor(sema, base, *shape, *strides, *block, padding, call.span);
  return result ? *result : Value::error();
}

static bool checkDescriptor(Sema &sema, BuiltinCall &call) {
  if (call[0].kind == Value::Kind::Descriptor)
    return true;
  return sema
      .report(Diag::TypeMismatch, call.spans[0], "a tensor descriptor",
              call[0].describe())
      .origin(call[0])
      .help("make one with `tl.make_tensor_descriptor`");
}

/// The offsets of argument \p index, one per dimension.
static std::optional<Value> offsetsOf(Sema &sema, BuiltinCall &call,
                                      unsigned index) {
  return integerTuple(sema, call[index], "offsets",
                      call[0].payload->block.size(), Scalar::I32,
                      call.spans[index], Diag::DescriptorArgument);
}

/// The IR values of a tuple of integers; those of a descriptor that the host
/// made may be constants yet.
static Parts irOf(Sema &sema, const Value &tuple, DType dtype, Span where) {
  Parts parts;
  for (const Value &element : tuple.elements())
    parts.push_back(sema.cast(element, dtype, where).ir);
  return parts;
}

static Value load(Sema &sema, BuiltinCall &call) {
  if (!checkDescriptor(sema, call))
    return Value::error();
  std::optional<Value> offsets = offsetsOf(sema, call, 1);
  if (!offsets)
    return Value::error();
  const Value &descriptor = call[0];
  DType element = elementOf(descriptor);
  Shape block = blockOf(descriptor);
  tile::Padding padding =
      descriptor.text() == "nan" ? tile::Padding::Nan : tile::Padding::Zero;
  auto op = sema.create<tile::DescriptorLoadOp>(
      sema.irType(element, block), base(descriptor).ir,
      irOf(sema, descriptor.elements()[1], Scalar::I32, call.span),
      irOf(sema, descriptor.elements()[2], Scalar::I64, call.span),
      irOf(sema, *offsets, Scalar::I32, call.span), padding);
  return Value::runtime(op, element, block);
}

/// A value of the block's shape and type from argument \p index.
static std::optional<Value> blockValue(Sema &sema, BuiltinCall &call,
                                       unsigned index, const Shape &shape) {
  Value value = call[index];
  Span where = call.spans[index];
  if (!value.isNumber() && !value.isRuntime()) {
    sema.report(Diag::TypeMismatch, where, "a number or a tensor",
                value.describe());
    return std::nullopt;
  }
  // Dimensions of size 1 may be left out, as in Triton.
  if (value.isTensor() && value.shape != shape &&
      elementCount(value.shape) == elementCount(shape)) {
    auto withoutOnes = [](const Shape &sizes) {
      Shape kept;
      llvm::copy_if(sizes, std::back_inserter(kept),
                    [](int64_t size) { return size != 1; });
      return kept;
    };
    if (withoutOnes(value.shape) == withoutOnes(shape))
      value = sema.reshape(value, shape);
  }
  if (!sema.broadcastable(value.shape, shape)) {
    sema.report(Diag::StoreValueShape, where, shapeStr(value.shape),
                shapeStr(shape))
        .origin(value);
    return std::nullopt;
  }
  value = sema.broadcastTo(sema.cast(value, elementOf(call[0]), where), shape);
  if (value.isError())
    return std::nullopt;
  return value;
}

static Value store(Sema &sema, BuiltinCall &call) {
  if (!checkDescriptor(sema, call))
    return Value::error();
  const Value &descriptor = call[0];
  if (base(descriptor).dtype.isConst)
    return sema.report(Diag::StoreToConst, call.spans[0]);
  std::optional<Value> offsets = offsetsOf(sema, call, 1);
  if (!offsets)
    return Value::error();
  std::optional<Value> value = blockValue(sema, call, 2, blockOf(descriptor));
  if (!value)
    return Value::error();
  sema.create<tile::DescriptorStoreOp>(
      base(descriptor).ir,
      irOf(sema, descriptor.elements()[1], Scalar::I32, call.span),
      irOf(sema, descriptor.elements()[2], Scalar::I64, call.span),
      irOf(sema, *offsets, Scalar::I32, call.span), value->ir);
  return Value::none();
}

/// Addresses and mask of the rows that argument \p rows names, from column
/// argument \p column on.
static std::optional<BlockAccess> rowAccess(Sema &sema, BuiltinCall &call,
                                            unsigned rows, unsigned column) {
  const Value &descriptor = call[0];
  const Value &index = call[rows];
  Shape block = blockOf(descriptor);
  if (block.size() != 2 || block[0] != 1) {
    wrong(sema, call.spans[0],
          "`" + call.name() + "` needs a block of shape [1, N], found " +
              shapeStr(block));
    return std::nullopt;
  }
  bool isIndex =
      index.isTensor() && index.shape.size() == 1 && index.dtype.isInt();
  if (!isIndex || index.shape[0] < 8) {
    wrong(sema, call.spans[rows],
          "`x_offsets` must be a vector of at least 8 integers, found " +
              index.describe());
    return std::nullopt;
  }
  Span where = call.span;
  Value row = sema.expandDims(sema.cast(index, Scalar::I64, where), 1);
  Value start = sema.cast(call[column], Scalar::I64, call.spans[column]);
  if (start.isError())
    return std::nullopt;
  Value range = Value::runtime(
      sema.create<tile::MakeRangeOp>(0u, static_cast<uint32_t>(block[1])),
      Scalar::I32, {block[1]});
  Value col =
      sema.expandDims(sema.binary(BinaryOp::Add, start,
                                  sema.cast(range, Scalar::I64, where), where),
                      0);
  llvm::ArrayRef<Value> extents = descriptor.elements()[1].elements();
  llvm::ArrayRef<Value> strides = descriptor.elements()[2].elements();
  auto inside = [&](const Value &coordinate, const Value &extent) {
    return sema.binary(
        BinaryOp::BitAnd,
        sema.compare(CompareOp::GreaterEq, coordinate, Value::intOf(0), where),
        sema.compare(CompareOp::Less, coordinate, extent, where), where);
  };
  Shape full{index.shape[0], block[1]};
  if (!sema.checkShape(full, where))
    return std::nullopt;
  BlockAccess access;
  Value offset = sema.binary(BinaryOp::Add,
                             sema.binary(BinaryOp::Mul, row, strides[0], where),
                             col, where);
  access.pointer = sema.addPointer(base(descriptor), offset, false, where);
  access.mask =
      sema.broadcastTo(sema.binary(BinaryOp::BitAnd, inside(row, extents[0]),
                                   inside(col, extents[1]), where),
                       full);
  return access;
}

static Value gather(Sema &sema, BuiltinCall &call) {
  if (!checkDescriptor(sema, call))
    return Value::error();
  std::optional<BlockAccess> access = rowAccess(sema, call, 1, 2);
  if (!access)
    return Value::error();
  DType element = elementOf(call[0]);
  const Shape &shape = access->pointer.shape;
  Value other =
      element.isFloat()
          ? sema.constantFloat(call[0].text() == "nan" ? std::nan("") : 0,
                               element, shape)
          : sema.constantInt(0, element, shape);
  return emitLoad(sema, access->pointer, &access->mask, &other, {}, call.span);
}

static Value scatter(Sema &sema, BuiltinCall &call) {
  if (!checkDescriptor(sema, call))
    return Value::error();
  std::optional<BlockAccess> access = rowAccess(sema, call, 2, 3);
  if (!access)
    return Value::error();
  std::optional<Value> value = blockValue(sema, call, 1, access->pointer.shape);
  if (!value)
    return Value::error();
  emitStore(sema, access->pointer, *value, &access->mask, {}, call.span);
  return Value::none();
}

/// `atomic_add` and its kin: the ordinary ones on the block's addresses.
static Value atomic(Sema &sema, BuiltinCall &call) {
  if (!checkDescriptor(sema, call))
    return Value::error();
  std::optional<Value> offsets = offsetsOf(sema, call, 1);
  if (!offsets)
    return Value::error();
  const Value &descriptor = call[0];
  Shape block = blockOf(descriptor);
  std::optional<Value> value = blockValue(sema, call, 2, block);
  llvm::SmallVector<bool, 5> checked(block.size(), true);
  std::optional<BlockAccess> access =
      blockAccess(sema, base(descriptor), descriptor.elements()[1].elements(),
                  descriptor.elements()[2].elements(), offsets->elements(),
                  block, checked, call.span);
  if (!access || !value)
    return Value::error();
  CallArgs args;
  args.span = call.span;
  args.args.push_back({"", access->pointer, call.spans[0]});
  args.args.push_back({"", *value, call.spans[2]});
  args.args.push_back({"mask", access->mask, call.span});
  args.args.push_back({"sem", Value::stringOf("relaxed"), call.span});
  Value old = sema.callBuiltin(*findBuiltin(("tl." + call.name()).str()), args);
  return old.isError() ? old : Value::none();
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::descriptorBuiltins() {
  static constexpr llvm::StringLiteral reduction = "desc, offsets, value";
  static constexpr BuiltinInfo rows[] = {
      {"tl.make_tensor_descriptor",
       "base, shape, strides, block_shape, padding_option='zero'",
       makeTensorDescriptor},
      {"tl.load_tensor_descriptor", "desc, offsets", load},
      {"tl.store_tensor_descriptor", "desc, offsets, value", store},
      {"tl._experimental_descriptor_load", "desc, offsets, block, dtype", load},
      {"tl._experimental_descriptor_store", "desc, value, offsets",
       [](Sema &sema, BuiltinCall &call) {
         std::swap(call.values[1], call.values[2]);
         std::swap(call.spans[1], call.spans[2]);
         return store(sema, call);
       }},
      {"desc.load", "desc, offsets", load},
      {"desc.store", "desc, offsets, value", store},
      {"desc.gather", "desc, x_offsets, y_offset", gather},
      {"desc.scatter", "desc, value, x_offsets, y_offset", scatter},
      {"desc.atomic_add", reduction, atomic},
      {"desc.atomic_min", reduction, atomic},
      {"desc.atomic_max", reduction, atomic},
      {"desc.atomic_and", reduction, atomic},
      {"desc.atomic_or", reduction, atomic},
      {"desc.atomic_xor", reduction, atomic},
  };
  return rows;
}
