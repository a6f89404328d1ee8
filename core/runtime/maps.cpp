//===- maps.cpp - Tensor maps that kernels take -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/maps.h"

#include "core/runtime/build.h"
#include "core/runtime/context.h"
#include "core/runtime/text.h"

#include <algorithm>
#include <cstring>

namespace tilesdk::runtime {

bool TensorMaps::readParts(const llvm::json::Array *list,
                           llvm::ArrayRef<LeafInfo> leaves,
                           std::vector<Part> *out) {
  if (!list || list->empty() || list->size() > MaxRank)
    return false;
  for (const llvm::json::Value &element : *list) {
    const llvm::json::Array *terms = element.getAsArray();
    if (!terms)
      return false;
    Part part;
    for (const llvm::json::Value &each : *terms) {
      const llvm::json::Array *product = each.getAsArray();
      if (!product || product->empty())
        return false;
      std::optional<int64_t> factor = product->front().getAsInteger();
      if (!factor)
        return false;
      Term term;
      term.factor = *factor;
      for (size_t i = 1; i < product->size(); ++i) {
        std::optional<int64_t> leaf = (*product)[i].getAsInteger();
        if (!leaf || *leaf < 0 || static_cast<size_t>(*leaf) >= leaves.size())
          return false;
        Leaf used;
        used.index = static_cast<size_t>(*leaf);
        used.bytes = leaves[used.index].bytes;
        if (used.bytes != 4 && used.bytes != 8)
          return false;
        term.leaves.push_back(used);
      }
      part.push_back(std::move(term));
    }
    out->push_back(std::move(part));
  }
  std::reverse(out->begin(), out->end());
  return true;
}

std::unique_ptr<TensorMaps> TensorMaps::read(const llvm::json::Object &metadata,
                                             llvm::ArrayRef<LeafInfo> leaves,
                                             bool *good) {
  *good = true;
  const llvm::json::Value *value = metadata.get("maps");
  if (!value)
    return nullptr;
  *good = false;
  const llvm::json::Array *list = value->getAsArray();
  if (!list || list->empty() || list->size() > 64)
    return nullptr;
  auto maps = std::make_unique<TensorMaps>();
  for (const llvm::json::Value &element : *list) {
    const llvm::json::Object *object = element.getAsObject();
    if (!object)
      return nullptr;
    Spec spec;
    std::optional<int64_t> base = object->getInteger("base");
    std::optional<int64_t> swizzle = object->getInteger("swizzle_bytes");
    const llvm::json::Array *box = object->getArray("box");
    if (!base || *base < 0 || static_cast<size_t>(*base) >= leaves.size() ||
        !swizzle || !box ||
        !readParts(object->getArray("shape"), leaves, &spec.shape) ||
        !readParts(object->getArray("strides"), leaves, &spec.strides) ||
        spec.shape.size() != spec.strides.size() ||
        spec.shape.size() != box->size())
      return nullptr;
    spec.isOptional = object->getBoolean("optional").value_or(false);
    spec.base = static_cast<size_t>(*base);
    spec.swizzleBytes = static_cast<uint32_t>(*swizzle);
    for (const llvm::json::Value &extent : *box) {
      std::optional<int64_t> number = extent.getAsInteger();
      if (!number || *number < 1 || *number > 256)
        return nullptr;
      spec.box.push_back(static_cast<uint32_t>(*number));
    }
    std::reverse(spec.box.begin(), spec.box.end());
    const LeafInfo &leaf = leaves[spec.base];
    llvm::StringRef type = leaf.type;
    if (!type.consume_front("*") || leaf.bytes != sizeof(void *))
      return nullptr;
    type.consume_front("k");
    spec.dtype = parseDtype(type);
    spec.elementBytes = dtypeBytes(spec.dtype);
    spec.name = leaf.name;
    if (!spec.elementBytes)
      return nullptr;
    maps->specs.push_back(std::move(spec));
  }
  maps->last.resize(maps->specs.size());
  *good = true;
  return maps;
}

/// There is memory, and rows follow each other; all the same rows, or backward,
/// is what a kernel with pointers may do.
bool TensorMaps::isTensor(const Spec &spec, const Parts &parts) {
  constexpr uint64_t most = uint64_t(1) << 40;
  if (!parts.base)
    return false;
  for (size_t d = 1; d < spec.shape.size(); ++d)
    if (!parts.strides[d - 1] || parts.strides[d - 1] >= most)
      return false;
  return true;
}

Error TensorMaps::make(Device &device, const Spec &spec, const Parts &parts,
                       Map *out) {
  const tsdk_driver &driver = device.driver();
  if (!driver.tensor_map_encode)
    return makeError(TSDK_E_UNSUPPORTED, "device " + device.uri() +
                                             " makes no maps of tensors, which "
                                             "the kernel needs");
  tsdk_tensor_map_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.dtype = spec.dtype;
  desc.rank = static_cast<uint32_t>(spec.shape.size());
  desc.swizzle_bytes = spec.swizzleBytes;
  desc.base = parts.base;
  desc.shape = parts.shape.data();
  desc.strides = parts.strides.data();
  desc.box = spec.box.data();
  size_t size = Bytes;
  if (Error error =
          device.check(driver.tensor_map_encode(driver.self, device.native(),
                                                &desc, out->bytes, &size),
                       "tensor map"))
    return std::move(error).in("descriptor of `" + spec.name + "`");
  if (size > Bytes)
    return makeError(TSDK_E_PLUGIN, "device " + device.uri() +
                                        ": a tensor map has " +
                                        llvm::Twine(size) + " bytes");
  return success();
}

Error TensorMaps::encode(Device &device, llvm::ArrayRef<void *> params,
                         llvm::MutableArrayRef<Map> out, bool *possible) {
  *possible = true;
  auto leafOf = [&](const Leaf &leaf) -> int64_t {
    const void *value = params[leaf.index];
    if (leaf.bytes == 4) {
      int32_t narrow;
      std::memcpy(&narrow, value, sizeof(narrow));
      return narrow;
    }
    int64_t wide;
    std::memcpy(&wide, value, sizeof(wide));
    return wide;
  };
  // Unsigned, for a sum of any arguments is defined.
  auto numberOf = [&](const Part &part) {
    uint64_t sum = 0;
    for (const Term &term : part) {
      uint64_t product = static_cast<uint64_t>(term.factor);
      for (const Leaf &leaf : term.leaves)
        product *= static_cast<uint64_t>(leafOf(leaf));
      sum += product;
    }
    return static_cast<int64_t>(sum);
  };
  for (size_t i = 0; i < specs.size(); ++i) {
    const Spec &spec = specs[i];
    Parts parts;
    parts.device = &device;
    std::memcpy(static_cast<void *>(&parts.base), params[spec.base],
                sizeof(parts.base));
    for (size_t d = 0; d < spec.shape.size(); ++d) {
      // An empty tensor is one that no loop reads.
      parts.shape[d] =
          static_cast<uint64_t>(std::max<int64_t>(numberOf(spec.shape[d]), 1));
      if (d)
        parts.strides[d - 1] =
            static_cast<uint64_t>(numberOf(spec.strides[d])) *
            spec.elementBytes;
    }
    if (spec.isOptional && !isTensor(spec, parts)) {
      *possible = false;
      return success();
    }
    std::lock_guard lock(mutex);
    auto &[known, map] = last[i];
    if (!(known == parts)) {
      known.device = nullptr;
      Error error = make(device, spec, parts, &map);
      if (error && spec.isOptional) {
        *possible = false;
        return success();
      }
      if (error)
        return error;
      known = parts;
    }
    out[i] = map;
  }
  return success();
}

} // namespace tilesdk::runtime
