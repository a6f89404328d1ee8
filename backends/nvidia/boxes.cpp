//===- boxes.cpp - Barriers in memory, boxes, registers ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Assembly statements that clobber memory, not intrinsics: those claim to touch
// the barrier alone, and LLVM would move accesses to the guarded data across.
// Sections are those of the PTX ISA manual, release 9.0.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/boxes.h"

#include "backends/nvidia/text.h"

namespace tilesdk::nvidia {

namespace {

constexpr uint32_t MaxRank = 5;
// Of setmaxnreg (9.7.20.5).
constexpr uint32_t MinRegisters = 24, MaxRegisters = 256, Granule = 8;

constexpr const char *Barrier = "  %b = ptrtoint ptr addrspace(3) %p to i32\n";

std::string statement(std::string_view symbol, std::string_view params,
                      const std::string &before, const std::string &text,
                      const std::string &constraints, const std::string &args,
                      bool isTogether = false) {
  return define(symbol, "void", params, isTogether ? 1 : 0,
                before + "  call void asm sideeffect \"" + text + "\", \"" +
                    constraints + (constraints.empty() ? "" : ",") +
                    "~{memory}\"(" + args + ")" + (isTogether ? " #2" : "") +
                    "\n  ret void\n");
}

/// mbarrier (9.7.13.15).
std::string barrier(std::string_view symbol, std::string_view rest) {
  if (rest == "init")
    return statement(symbol, "ptr addrspace(3) %p, i32 %n", Barrier,
                     "mbarrier.init.shared::cta.b64 [$0], $1;", "r,r",
                     "i32 %b, i32 %n");
  // Asynchronous copies see them too.
  if (rest == "init_fence")
    return statement(symbol, "", "", "fence.mbarrier_init.release.cluster;", "",
                     "");
  if (rest == "arrive")
    return statement(symbol, "ptr addrspace(3) %p", Barrier,
                     "mbarrier.arrive.shared::cta.b64 _, [$0];", "r", "i32 %b");
  if (rest == "expect")
    return statement(symbol, "ptr addrspace(3) %p, i32 %n", Barrier,
                     "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;",
                     "r,r", "i32 %b, i32 %n");
  if (rest == "wait")
    return define(
        symbol, "void", "ptr addrspace(3) %p, i32 %phase", 0,
        Barrier +
            std::string(
                "  br label %again\nagain:\n"
                "  %v = call i32 asm sideeffect \"{ .reg .pred q; "
                "mbarrier.try_wait.parity.shared::cta.b64 q, [$1], $2; "
                "selp.b32 $0, 1, 0, q; }\", \"=r,r,r,~{memory}\"(i32 %b, i32 "
                "%phase)\n"
                "  %done = icmp ne i32 %v, 0\n"
                "  br i1 %done, label %over, label %again\nover:\n"
                "  ret void\n"));
  return "";
}

/// cp.async.bulk.tensor (9.7.9.25.5). Coordinates come innermost first.
std::string box(std::string_view symbol, std::string_view rest) {
  uint32_t count;
  if (rest == "commit")
    return statement(symbol, "", "", "cp.async.bulk.commit_group;", "", "");
  // The sources were read: what is written is seen when the kernel ends.
  if (consume(rest, "wait.") && number(rest, count))
    return statement(
        symbol, "", "",
        "cp.async.bulk.wait_group.read " + std::to_string(count) + ";", "", "");
  // What was written is seen by this thread, and by who meets it then.
  if (consume(rest, "complete.") && number(rest, count))
    return statement(symbol, "", "",
                     "cp.async.bulk.wait_group " + std::to_string(count) + ";",
                     "", "");
  bool isLoad = consume(rest, "load.");
  if ((!isLoad && !consume(rest, "store.")) || !number(rest, count) ||
      count < 1 || count > MaxRank)
    return "";
  std::string params, args, constraints, coordinates;
  unsigned first = isLoad ? 3 : 2;
  for (uint32_t i = 0; i < count; ++i) {
    std::string k = std::to_string(i);
    params += ", i32 %c" + k;
    args += ", i32 %c" + k;
    constraints += ",r";
    coordinates += (i ? ", $" : "$") + std::to_string(first + i);
  }
  std::string rank = std::to_string(count) + "d";
  if (isLoad)
    return statement(
        symbol, "ptr addrspace(3) %to, ptr addrspace(3) %p, ptr %map" + params,
        std::string(Barrier) + "  %s = ptrtoint ptr addrspace(3) %to to i32\n",
        "cp.async.bulk.tensor." + rank +
            ".shared::cluster.global.tile.mbarrier::complete_tx::bytes [$0], "
            "[$1, {" +
            coordinates + "}], [$2];",
        "r,l,r" + constraints, "i32 %s, ptr %map, i32 %b" + args);
  return statement(symbol, "ptr %map, ptr addrspace(3) %from" + params,
                   "  %s = ptrtoint ptr addrspace(3) %from to i32\n",
                   "cp.async.bulk.tensor." + rank +
                       ".global.shared::cta.tile.bulk_group [$0, {" +
                       coordinates + "}], [$1];",
                   "l,r" + constraints, "ptr %map, i32 %s" + args);
}

} // namespace

std::string boxFunction(std::string_view symbol, std::string_view rest) {
  uint32_t count;
  if (consume(rest, "mbarrier."))
    return barrier(symbol, rest);
  if (consume(rest, "box."))
    return box(symbol, rest);
  if (rest == "elect")
    return define(symbol, "i1", "", 1,
                  "  %v = call i32 asm sideeffect \"{ .reg .pred q; elect.sync "
                  "_|q, -1; selp.b32 $0, 1, 0, q; }\", \"=r\"() #2\n"
                  "  %e = icmp ne i32 %v, 0\n  ret i1 %e\n");
  if (!consume(rest, "registers."))
    return "";
  bool isMore = consume(rest, "increase.");
  if ((!isMore && !consume(rest, "decrease.")) || !number(rest, count) ||
      count < MinRegisters || count > MaxRegisters || count % Granule)
    return "";
  return statement(symbol, "", "",
                   std::string("setmaxnreg.") + (isMore ? "inc" : "dec") +
                       ".sync.aligned.u32 " + std::to_string(count) + ";",
                   "", "", /*isTogether=*/true);
}

} // namespace tilesdk::nvidia
