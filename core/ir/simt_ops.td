//===- simt_ops.td - All ops of `simt` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_OPS
#define TILESDK_CORE_IR_SIMT_OPS

include "core/ir/simt_ops_shared.td"
include "core/ir/simt_ops_async.td"
include "core/ir/simt_ops_program.td"

#endif // TILESDK_CORE_IR_SIMT_OPS
