//===- Passes.td - Conversion passes -----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CONVERSION_PASSES_TD
#define PRUNE_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif // PRUNE_CONVERSION_PASSES_TD
