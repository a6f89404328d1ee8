//===- library.cpp - The device library of simulated targets ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each function is LLVM IR that calls a service of the simulator through the
// table that `tsdk_simulator` points at. docs/device_library.md has the grammar
// of symbols.
//
//===----------------------------------------------------------------------===//

#include "backends/libdevice/libdevice.h"
#include "backends/simulator/checks.h"
#include "backends/simulator/matrix.h"
#include "backends/simulator/services.h"
#include "backends/simulator/targets.h"

#include <charconv>

namespace tilesdk::simulator {

namespace {

struct ServiceType {
  const char *result, *params;
};

constexpr ServiceType serviceTypes[] = {
#define TILESDK_TYPE(NAME, RESULT, PARAMS) {RESULT, PARAMS},
    TILESDK_SIMULATOR_SERVICES(TILESDK_TYPE)
#undef TILESDK_TYPE
};

constexpr std::string_view attributes =
    "attributes #0 = { alwaysinline convergent nounwind nomerge }\n"
    "attributes #1 = { convergent nounwind nomerge }\n";

/// Text of one function definition under construction.
class Writer {
public:
  Writer(std::string_view symbol, std::string_view result,
         std::string_view params)
      : result(result) {
    body = "@tsdk_simulator = linkonce_odr protected global ptr null\n"
           "define " +
           std::string(result) + " @" + std::string(symbol) + "(" +
           std::string(params) + ") #0 {\n";
  }

  /// Calls a service with "i32 %a, i32 %b"; gives the name of the result.
  std::string call(Service service, const std::string &args) {
    std::string n = std::to_string(next++);
    const ServiceType &type = serviceTypes[service];
    line("%table" + n + " = load ptr, ptr @tsdk_simulator, !invariant.load !0");
    line("%slot" + n + " = getelementptr ptr, ptr %table" + n + ", i64 " +
         std::to_string(service));
    line("%callee" + n + " = load ptr, ptr %slot" + n + ", !invariant.load !0");
    bool isVoid = std::string_view(type.result) == "void";
    line((isVoid ? "" : "%value" + n + " = ") + std::string("call ") +
         type.result + " %callee" + n + "(" + args + ") #1");
    return "%value" + n;
  }
  void line(const std::string &text) { body += "  " + text + "\n"; }
  void label(const std::string &name) { body += name + ":\n"; }

  std::string finish(const std::string &value = "") {
    line(value.empty() ? "ret void" : "ret " + result + " " + value);
    body += "}\n" + globals + std::string(attributes) + "!0 = !{}\n";
    return std::move(body);
  }
  /// A C string constant; gives its name.
  std::string text(std::string_view value) {
    globals += "@text = private constant [" + std::to_string(value.size() + 1) +
               " x i8] c\"" + std::string(value) + "\\00\"\n";
    return "@text";
  }

private:
  std::string result, body, globals;
  unsigned next = 0;
};

bool consume(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool number(std::string_view text, uint32_t &value) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string simple(std::string_view symbol, Service service,
                   std::string_view params = "", const std::string &args = "") {
  std::string_view result = serviceTypes[service].result;
  Writer writer(symbol, result, params);
  std::string value = writer.call(service, args);
  return writer.finish(result == "void" ? "" : value);
}

std::string_view laneType(std::string_view type) {
  if (type == "f16")
    return "half";
  if (type == "bf16")
    return "bfloat";
  if (type == "f32" || type == "tf32" || type == "xf32")
    return "float";
  if (type == "f64")
    return "double";
  if (type == "i32")
    return "i32";
  if (type == "i64")
    return "i64";
  return "i8";
}

std::string vectorOf(unsigned count, std::string_view type) {
  return "<" + std::to_string(count) + " x " + std::string(laneType(type)) +
         ">";
}

/// Nothing is left to do.
std::string finishedMultiplication(const MatrixModel &model,
                                   std::string_view symbol) {
  std::string result = vectorOf(model.result.registers, model.row->resultType);
  return Writer(symbol, result, result + " %d").finish("%d");
}

std::string multiplication(const MatrixModel &model, std::string_view symbol) {
  const target::MatrixRow &row = *model.row;
  std::string left = vectorOf(model.left.registers, row.leftType),
              right = vectorOf(model.right.registers, row.rightType),
              result = vectorOf(model.result.registers, row.resultType);
  Writer writer(symbol, result,
                left + " %a, " + right + " %b, " + result + " %c");
  writer.line("%pa = alloca " + left);
  writer.line("%pb = alloca " + right);
  writer.line("%pc = alloca " + result);
  writer.line("store " + left + " %a, ptr %pa");
  writer.line("store " + right + " %b, ptr %pb");
  writer.line("store " + result + " %c, ptr %pc");
  writer.call(matrixMultiplyService,
              "ptr " + writer.text(row.name) + ", ptr %pa, ptr %pb, ptr %pc");
  writer.line("%d = load " + result + ", ptr %pc");
  return writer.finish("%d");
}

/// ROW.nN.ss and so on: accumulators come and go one by one.
std::string groupMultiplication(const TargetModel &target,
                                std::string_view symbol,
                                std::string_view rest) {
  const MatrixModel *model = nullptr;
  for (const auto &[name, each] : target.matrix)
    if (each.row->isAsync && rest.substr(0, name.size() + 2) == name + ".n")
      model = &each;
  if (!model)
    return "";
  const target::MatrixRow &row = *model->row;
  rest.remove_prefix(row.name.size() + 2);
  size_t dot = rest.find('.');
  uint32_t width, flags = 0;
  if (dot == std::string_view::npos || !number(rest.substr(0, dot), width) ||
      !row.hasWidth(width))
    return "";
  rest.remove_prefix(dot);
  if (consume(rest, ".rs"))
    flags |= leftInRegisters;
  else if (!consume(rest, ".ss"))
    return "";
  if (consume(rest, ".ta"))
    flags |= leftTransposed;
  if (consume(rest, ".tb"))
    flags |= rightTransposed;
  if (!rest.empty())
    return "";
  unsigned count = model->result.registers * (width / row.n);
  std::string sum(laneType(row.resultType)), params, structure = "{ ";
  std::string left = flags & leftInRegisters
                         ? vectorOf(model->left.registers, row.leftType)
                         : "i64";
  for (unsigned i = 0; i < count; ++i) {
    params += sum + " %d" + std::to_string(i) + ", ";
    structure += (i ? ", " : "") + sum;
  }
  structure += " }";
  Writer writer(symbol, structure, params + left + " %a, i64 %b, i1 %use");
  std::string array = "[" + std::to_string(count) + " x " + sum + "]";
  writer.line("%pa = alloca " + left);
  writer.line("%pd = alloca " + array);
  writer.line("store " + left + " %a, ptr %pa");
  auto place = [&](unsigned i) {
    std::string k = std::to_string(i);
    return "%p" + k + " = getelementptr " + sum + ", ptr %pd, i32 " + k;
  };
  for (unsigned i = 0; i < count; ++i) {
    writer.line(place(i));
    writer.line("store " + sum + " %d" + std::to_string(i) + ", ptr %p" +
                std::to_string(i));
  }
  writer.line("%u = zext i1 %use to i32");
  writer.call(groupMultiplyService, "ptr " + writer.text(row.name) + ", i32 " +
                                        std::to_string(width) + ", i32 " +
                                        std::to_string(flags) +
                                        ", ptr %pd, ptr %pa, i64 %b, i32 %u");
  std::string last = "poison";
  for (unsigned i = 0; i < count; ++i) {
    std::string k = std::to_string(i);
    writer.line("%v" + k + " = load " + sum + ", ptr %p" + k);
    writer.line("%s" + k + " = insertvalue " + structure + " " + last + ", " +
                sum + " %v" + k + ", " + k);
    last = "%s" + k;
  }
  return writer.finish(last);
}

/// A descriptor as matrix.h packs it.
std::string sharedDescriptor(const TargetModel &target, std::string_view symbol,
                             std::string_view name) {
  const std::vector<target::SharedFormat> &formats = target.machine.formats;
  for (size_t i = 0; i < formats.size(); ++i) {
    if (formats[i].name != name)
      continue;
    Writer writer(symbol, "i64",
                  "ptr addrspace(3) %p, i32 %leading, i32 %stride");
    std::string base = writer.call(sharedBaseService, "");
    writer.line("%from = ptrtoint ptr " + base + " to i64");
    writer.line("%q = addrspacecast ptr addrspace(3) %p to ptr");
    writer.line("%to = ptrtoint ptr %q to i64");
    writer.line("%start = sub i64 %to, %from");
    writer.line("%l0 = lshr i32 %leading, 4");
    writer.line("%l1 = zext i32 %l0 to i64");
    writer.line("%l2 = shl i64 %l1, " + std::to_string(leadingShift));
    writer.line("%s0 = lshr i32 %stride, 4");
    writer.line("%s1 = zext i32 %s0 to i64");
    writer.line("%s2 = shl i64 %s1, " + std::to_string(strideShift));
    writer.line("%r0 = or i64 %start, %l2");
    writer.line("%r1 = or i64 %r0, %s2");
    writer.line("%r2 = or i64 %r1, " +
                std::to_string(uint64_t(i) << formatShift));
    return writer.finish("%r2");
  }
  return "";
}

std::string matrixAccess(const SharedModel &model, std::string_view symbol) {
  const target::SharedRow &row = *model.row;
  unsigned words = model.places.registers * row.elementBytes / 4;
  std::string type = "<" + std::to_string(words) + " x i32>";
  std::string name(row.name);
  if (row.isStore) {
    Writer writer(symbol, "void", "ptr addrspace(3) %p, " + type + " %v");
    writer.line("%r = alloca " + type);
    writer.line("store " + type + " %v, ptr %r");
    writer.line("%q = addrspacecast ptr addrspace(3) %p to ptr");
    writer.call(sharedMatrixService,
                "ptr " + writer.text(name) + ", ptr %q, ptr %r");
    return writer.finish();
  }
  Writer writer(symbol, type, "ptr addrspace(3) %p");
  writer.line("%r = alloca " + type);
  writer.line("%q = addrspacecast ptr addrspace(3) %p to ptr");
  writer.call(sharedMatrixService,
              "ptr " + writer.text(name) + ", ptr %q, ptr %r");
  writer.line("%v = load " + type + ", ptr %r");
  return writer.finish("%v");
}

/// `b128.cg.evict_last` and the like: only the width counts here.
std::string_view widthType(std::string_view text) {
  text = text.substr(0, text.find('.'));
  return text == "b8"     ? "i8"
         : text == "b16"  ? "i16"
         : text == "b32"  ? "i32"
         : text == "b64"  ? "<2 x i32>"
         : text == "b128" ? "<4 x i32>"
                          : "";
}

std::string globalAccess(std::string_view symbol, std::string_view rest) {
  bool isLoad = consume(rest, "load.");
  if (!isLoad && !consume(rest, "store."))
    return "";
  std::string type(widthType(rest));
  if (type.empty())
    return "";
  // The alignment is that of the width in memory.
  uint32_t bits = 0;
  number(rest.substr(1, rest.find('.') - 1), bits);
  std::string align = ", align " + std::to_string(bits / 8);
  if (isLoad) {
    Writer writer(symbol, type,
                  "ptr addrspace(1) %p, i1 %active, " + type + " %other");
    writer.line("br i1 %active, label %load, label %done");
    writer.label("load");
    writer.line("%read = load " + type + ", ptr addrspace(1) %p" + align);
    writer.line("br label %done");
    writer.label("done");
    writer.line("%v = phi " + type + " [ %other, %0 ], [ %read, %load ]");
    return writer.finish("%v");
  }
  Writer writer(symbol, "void",
                "ptr addrspace(1) %p, " + type + " %v, i1 %active");
  writer.line("br i1 %active, label %write, label %done");
  writer.label("write");
  writer.line("store " + type + " %v, ptr addrspace(1) %p" + align);
  writer.line("br label %done");
  writer.label("done");
  return writer.finish();
}

/// As the hardware has it: what is masked off, or beyond 2^31 bytes from the
/// base, reads as 0 and is not written.
std::string bufferAccess(std::string_view symbol, std::string_view rest) {
  bool isLoad = consume(rest, "load.");
  if (!isLoad && !consume(rest, "store."))
    return "";
  std::string type(widthType(rest));
  uint32_t bits = 0;
  if (type.empty() || !number(rest.substr(1), bits))
    return "";
  std::string align = ", align " + std::to_string(bits / 8);
  Writer writer(symbol, isLoad ? type : "void",
                "ptr addrspace(1) %base, i32 %offset, " +
                    (isLoad ? "" : type + " %v, ") + "i1 %active");
  writer.line("%within = icmp sge i32 %offset, 0");
  writer.line("%on = and i1 %active, %within");
  writer.line("%wide = zext i32 %offset to i64");
  writer.line("%p = getelementptr i8, ptr addrspace(1) %base, i64 %wide");
  writer.line("br i1 %on, label %access, label %done");
  writer.label("access");
  writer.line(isLoad ? "%read = load " + type + ", ptr addrspace(1) %p" + align
                     : "store " + type + " %v, ptr addrspace(1) %p" + align);
  writer.line("br label %done");
  writer.label("done");
  if (!isLoad)
    return writer.finish();
  writer.line("%v = phi " + type +
              " [ zeroinitializer, %0 ], [ %read, %access ]");
  return writer.finish("%v");
}

const std::string sharedParam = "ptr addrspace(3) %p";

std::string withSharedPointer(std::string_view symbol, Service service,
                              const std::string &params,
                              const std::string &args) {
  Writer writer(symbol, "void", sharedParam + params);
  writer.line("%q = addrspacecast ptr addrspace(3) %p to ptr");
  writer.call(service, "ptr %q" + args);
  return writer.finish();
}

std::string asynchronous(const TargetModel &target, std::string_view symbol,
                         std::string_view rest) {
  uint32_t count;
  if (rest == "commit")
    return simple(symbol, asyncCommitService);
  if (consume(rest, "wait.") && number(rest, count))
    return simple(symbol, asyncWaitService, "", "i32 " + std::to_string(count));
  if (!consume(rest, "copy."))
    return "";
  const target::AsyncRow *row = target.machine.asyncRow(rest);
  if (!row || row->issuer == target::AsyncRow::Thread)
    return "";
  Writer writer(symbol, "void",
                "ptr addrspace(3) %to, ptr addrspace(1) %from, i1 %active");
  writer.line("%t = addrspacecast ptr addrspace(3) %to to ptr");
  writer.line("%f = addrspacecast ptr addrspace(1) %from to ptr");
  writer.line("%a = zext i1 %active to i32");
  writer.call(row->issuer == target::AsyncRow::Warp ? warpCopyService
                                                    : asyncCopyService,
              "ptr %t, ptr %f, i32 " + std::to_string(row->bytes) + ", i32 %a");
  return writer.finish();
}

std::string memoryBarrier(std::string_view symbol, std::string_view rest) {
  if (rest == "init")
    return withSharedPointer(symbol, barrierInitService, ", i32 %n",
                             ", i32 %n");
  if (rest == "init_fence")
    return Writer(symbol, "void", "").finish();
  if (rest == "arrive")
    return withSharedPointer(symbol, barrierArriveService, "", "");
  if (rest == "expect")
    return withSharedPointer(symbol, barrierExpectService, ", i32 %n",
                             ", i32 %n");
  if (rest == "wait")
    return withSharedPointer(symbol, barrierWaitService, ", i32 %n",
                             ", i32 %n");
  return "";
}

/// "commit", or how many groups may be under way.
std::string groups(std::string_view symbol, Later kind, std::string_view rest) {
  std::string args = "i32 " + std::to_string(kind);
  uint32_t pending;
  if (rest == "commit")
    return simple(symbol, commitLaterService, "", args);
  if (!number(rest, pending))
    return "";
  return simple(symbol, waitLaterService, "",
                args + ", i32 " + std::to_string(pending));
}

/// Coordinates go through an array.
std::string box(std::string_view symbol, std::string_view rest) {
  uint32_t rank;
  if (rest == "commit" || consume(rest, "wait."))
    return groups(symbol, BoxGroups, rest);
  if (consume(rest, "complete."))
    return groups(symbol, BoxWriteGroups, rest);
  bool isLoad = consume(rest, "load.");
  if ((!isLoad && !consume(rest, "store.")) || !number(rest, rank) ||
      rank < 1 || rank > 5)
    return "";
  std::string params =
      isLoad ? "ptr addrspace(3) %p, ptr addrspace(3) %b, ptr %map"
             : "ptr %map, ptr addrspace(3) %p";
  for (uint32_t i = 0; i < rank; ++i)
    params += ", i32 %c" + std::to_string(i);
  Writer writer(symbol, "void", params);
  writer.line("%at = alloca [5 x i32]");
  for (uint32_t i = 0; i < rank; ++i) {
    std::string k = std::to_string(i);
    writer.line("%a" + k + " = getelementptr i32, ptr %at, i32 " + k);
    writer.line("store i32 %c" + k + ", ptr %a" + k);
  }
  writer.line("%q = addrspacecast ptr addrspace(3) %p to ptr");
  std::string last = "ptr %at, i32 " + std::to_string(rank);
  if (isLoad) {
    writer.line("%r = addrspacecast ptr addrspace(3) %b to ptr");
    writer.call(boxLoadService, "ptr %q, ptr %r, ptr %map, " + last);
  } else {
    writer.call(boxStoreService, "ptr %map, ptr %q, " + last);
  }
  return writer.finish();
}

} // namespace

std::string makeDeviceFunction(const TargetModel &target,
                               std::string_view symbol) {
  std::string_view rest = symbol;
  if (!consume(rest, "tsdk."))
    return "";
  uint32_t warpSize = target.machine.warpSize, value;
  std::string size = std::to_string(warpSize);
  if (rest == "thread_id")
    return simple(symbol, threadIdService);
  if (rest == "lane_id" || rest == "warp_id") {
    Writer writer(symbol, "i32", "");
    std::string thread = writer.call(threadIdService, "");
    writer.line("%v = " + std::string(rest == "lane_id" ? "urem" : "udiv") +
                " i32 " + thread + ", " + size);
    return writer.finish("%v");
  }
  if (consume(rest, "program_id.") && number(rest, value))
    return simple(symbol, programIdService, "", "i32 " + std::to_string(value));
  if (consume(rest, "num_programs.") && number(rest, value))
    return simple(symbol, numProgramsService, "",
                  "i32 " + std::to_string(value));
  if (rest == "shared.base") {
    Writer writer(symbol, "ptr addrspace(3)", "");
    std::string base = writer.call(sharedBaseService, "");
    writer.line("%p = addrspacecast ptr " + base + " to ptr addrspace(3)");
    return writer.finish("%p");
  }
  if (rest == "barrier")
    return simple(symbol, barrierService, "", "i32 0, i32 0");
  if (consume(rest, "barrier.named.")) {
    size_t dot = rest.find('.');
    uint32_t threads;
    if (dot == std::string_view::npos || !number(rest.substr(0, dot), value) ||
        !number(rest.substr(dot + 1), threads))
      return "";
    return simple(symbol, barrierService, "",
                  "i32 " + std::to_string(value) + ", i32 " +
                      std::to_string(threads));
  }
  if (rest == "warp.sync")
    return simple(symbol, warpSyncService);
  if (rest == "warp.uniform.i32")
    return Writer(symbol, "i32", "i32 %v").finish("%v");
  if (rest == "shuffle.idx.b32")
    return simple(symbol, shuffleService, "i32 %v, i32 %lane",
                  "i32 %v, i32 %lane");
  if (consume(rest, "shuffle.xor.")) {
    size_t dot = rest.find('.');
    if (!number(rest.substr(0, dot), value))
      return "";
    Writer writer(symbol, "i32", "i32 %v");
    std::string thread = writer.call(threadIdService, "");
    writer.line("%lane = urem i32 " + thread + ", " + size);
    writer.line("%from = xor i32 %lane, " + std::to_string(value));
    return writer.finish(writer.call(shuffleService, "i32 %v, i32 %from"));
  }
  if (rest == "ballot") {
    Writer writer(symbol, "i" + size, "i1 %v");
    writer.line("%word = zext i1 %v to i32");
    std::string all = writer.call(ballotService, "i32 %word");
    if (warpSize == 64)
      return writer.finish(all);
    writer.line("%low = trunc i64 " + all + " to i" + size);
    return writer.finish("%low");
  }
  if (consume(rest, "global."))
    return globalAccess(symbol, rest);
  if (consume(rest, "buffer."))
    return bufferAccess(symbol, rest);
  if (consume(rest, "mma.")) {
    // Products are done when they are issued.
    if (rest == "fence")
      return Writer(symbol, "void", "").finish();
    if (rest == "commit" || consume(rest, "wait."))
      return groups(symbol, ProductGroups, rest);
    bool isDone = consume(rest, "done.");
    auto found = target.matrix.find(rest);
    if (found == target.matrix.end())
      return isDone ? "" : groupMultiplication(target, symbol, rest);
    return isDone ? finishedMultiplication(found->second, symbol)
                  : multiplication(found->second, symbol);
  }
  if (rest == "shared.descriptor_move") {
    // The start, in bytes, is in the low bits.
    Writer writer(symbol, "i64", "i64 %d, i32 %bytes");
    writer.line("%n = zext i32 %bytes to i64");
    writer.line("%r = add i64 %d, %n");
    return writer.finish("%r");
  }
  if (consume(rest, "shared.descriptor."))
    return sharedDescriptor(target, symbol, rest);
  if (consume(rest, "shared.load.") || consume(rest, "shared.store.")) {
    auto found = target.shared.find(rest);
    return found == target.shared.end() ? ""
                                        : matrixAccess(found->second, symbol);
  }
  if (rest == "fence.async" || rest == "fence.async.global")
    return Writer(symbol, "void", "").finish();
  if (consume(rest, "async."))
    return asynchronous(target, symbol, rest);
  if (consume(rest, "mbarrier."))
    return memoryBarrier(symbol, rest);
  if (consume(rest, "box."))
    return box(symbol, rest);
  if (consume(rest, "registers."))
    return Writer(symbol, "void", "").finish();
  if (consume(rest, "libdevice."))
    return libdevice::makeDeviceFunction(symbol);
  if (rest == "check.access")
    return simple(symbol, checkAccessService,
                  "ptr %p, i32 %n, i32 %flags, ptr %site",
                  "ptr %p, i32 %n, i32 %flags, ptr %site");
  if (rest == "check.issued")
    return simple(symbol, checkIssuedService);
  if (rest == "check.result")
    return simple(symbol, checkResultService, "i32 %group, ptr %site",
                  "i32 %group, ptr %site");
  if (rest == "check.site")
    return simple(symbol, checkSiteService, "ptr %site", "ptr %site");
  if (rest == "clock")
    return simple(symbol, clockService);
  return "";
}

} // namespace tilesdk::simulator
