//===- metadata.cpp - The metadata of code objects --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MessagePack, as much of it as LLVM writes into an AMDGPU note.
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

namespace tilesdk::fake_hsa {

namespace {

struct Value {
  enum { Nil, Number, Text, List, Map } kind = Nil;
  uint64_t number = 0;
  std::string text;
  std::vector<Value> items; ///< Of a map: key, value, key, value.

  const Value *find(std::string_view key) const {
    for (size_t i = 0; kind == Map && i + 1 < items.size(); i += 2)
      if (items[i].text == key)
        return &items[i + 1];
    return nullptr;
  }
  uint32_t number32(std::string_view key) const {
    const Value *found = find(key);
    return found ? uint32_t(found->number) : 0;
  }
  std::string textOf(std::string_view key) const {
    const Value *found = find(key);
    return found ? found->text : "";
  }
};

class Reader {
public:
  Reader(const unsigned char *bytes, size_t size)
      : at(bytes), end(bytes + size) {}

  bool read(Value &out, unsigned depth = 0) {
    if (at == end || depth > 16)
      return false;
    unsigned char head = *at++;
    if (head < 0x80)
      return number(out, head);
    if (head < 0x90)
      return items(out, Value::Map, 2 * (head & 15), depth);
    if (head < 0xa0)
      return items(out, Value::List, head & 15, depth);
    if (head < 0xc0)
      return text(out, head & 31);
    if (head >= 0xe0)
      return number(out, uint64_t(int64_t(int8_t(head))));
    switch (head) {
    case 0xc0:
      return true;
    case 0xc2:
    case 0xc3:
      return number(out, head & 1);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return number(out, big(1u << (head - 0xcc)));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return number(out, big(1u << (head - 0xd0)));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return text(out, big(1u << (head - 0xd9)));
    case 0xdc:
    case 0xdd:
      return items(out, Value::List, big(2u << (head - 0xdc)), depth);
    case 0xde:
    case 0xdf:
      return items(out, Value::Map, 2 * big(2u << (head - 0xde)), depth);
    default:
      return false;
    }
  }

private:
  uint64_t big(size_t bytes) {
    uint64_t value = 0;
    for (; bytes && at != end; --bytes)
      value = value << 8 | *at++;
    isCut |= bytes != 0;
    return value;
  }
  bool number(Value &out, uint64_t value) {
    out.kind = Value::Number;
    out.number = value;
    return !isCut;
  }
  bool text(Value &out, uint64_t size) {
    if (isCut || size > uint64_t(end - at))
      return false;
    out.kind = Value::Text;
    out.text.assign(reinterpret_cast<const char *>(at), size);
    at += size;
    return true;
  }
  bool items(Value &out, decltype(Value::kind) kind, uint64_t count,
             unsigned depth) {
    out.kind = kind;
    if (isCut || count > uint64_t(end - at))
      return false;
    for (; count; --count)
      if (!read(out.items.emplace_back(), depth + 1))
        return false;
    return true;
  }

  const unsigned char *at, *end;
  bool isCut = false;
};

} // namespace

bool readMetadata(const unsigned char *bytes, size_t size, Metadata &out) {
  Value root;
  if (!Reader(bytes, size).read(root) || root.kind != Value::Map)
    return false;
  out.target = root.textOf("amdhsa.target");
  const Value *kernels = root.find("amdhsa.kernels");
  if (!kernels)
    return false;
  for (const Value &in : kernels->items) {
    Kernel &kernel = out.kernels.emplace_back();
    kernel.name = in.textOf(".name");
    kernel.groupBytes = in.number32(".group_segment_fixed_size");
    kernel.privateBytes = in.number32(".private_segment_fixed_size");
    kernel.kernargBytes = in.number32(".kernarg_segment_size");
    kernel.kernargAlign = in.number32(".kernarg_segment_align");
    kernel.maxThreads = in.number32(".max_flat_workgroup_size");
    kernel.waveSize = in.number32(".wavefront_size");
    if (const Value *arguments = in.find(".args"))
      for (const Value &argument : arguments->items)
        kernel.arguments.push_back({argument.number32(".offset"),
                                    argument.number32(".size"),
                                    argument.textOf(".value_kind")});
  }
  return true;
}

} // namespace tilesdk::fake_hsa
