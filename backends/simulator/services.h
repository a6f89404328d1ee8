//===- services.h - What device code calls ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One line per function: number in the table, C++ name, LLVM result type, LLVM
// parameter types. The library calls by number, the driver fills the table.
//
//===----------------------------------------------------------------------===//

#pragma once

#define TILESDK_SIMULATOR_SERVICES(X)                                          \
  X(threadId, "i32", "")                                                       \
  X(programId, "i32", "i32")                                                   \
  X(numPrograms, "i32", "i32")                                                 \
  X(sharedBase, "ptr", "")                                                     \
  X(barrier, "void", "i32, i32")                                               \
  X(warpSync, "void", "")                                                      \
  X(shuffle, "i32", "i32, i32")                                                \
  X(ballot, "i64", "i32")                                                      \
  X(matrixMultiply, "void", "ptr, ptr, ptr, ptr")                              \
  X(groupMultiply, "void", "ptr, i32, i32, ptr, ptr, i64, i32")                \
  X(sharedMatrix, "void", "ptr, ptr, ptr")                                     \
  X(asyncCopy, "void", "ptr, ptr, i32, i32")                                   \
  X(warpCopy, "void", "ptr, ptr, i32, i32")                                    \
  X(asyncCommit, "void", "")                                                   \
  X(asyncWait, "void", "i32")                                                  \
  X(barrierInit, "void", "ptr, i32")                                           \
  X(barrierArrive, "void", "ptr")                                              \
  X(barrierExpect, "void", "ptr, i32")                                         \
  X(barrierWait, "void", "ptr, i32")                                           \
  X(boxLoad, "void", "ptr, ptr, ptr, ptr, i32")                                \
  X(boxStore, "void", "ptr, ptr, ptr, i32")                                    \
  X(commitLater, "void", "i32")                                                \
  X(waitLater, "void", "i32, i32")                                             \
  X(checkAccess, "void", "ptr, i32, i32, ptr")                                 \
  X(checkSite, "void", "ptr")                                                  \
  X(checkIssued, "i32", "")                                                    \
  X(checkResult, "void", "i32, ptr")                                           \
  X(clock, "i64", "")

namespace tilesdk::simulator {

enum Service {
#define TILESDK_ENUM(NAME, RESULT, PARAMS) NAME##Service,
  TILESDK_SIMULATOR_SERVICES(TILESDK_ENUM)
#undef TILESDK_ENUM
      NumServices
};

} // namespace tilesdk::simulator
