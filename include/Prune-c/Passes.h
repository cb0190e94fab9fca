//===-- Prune-c/Passes.h - C API of passes and pipelines ----------*- C -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_C_PASSES_H
#define PRUNE_C_PASSES_H

#include "mlir-c/Support.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Makes all passes and pipelines known by their names, so that
/// `mlirOpPassManagerAddPipeline` and `mlirParsePassPipeline` find them.
/// Further calls do nothing; two threads must not call it at once.
MLIR_CAPI_EXPORTED void mlirPruneRegisterAllPasses(void);

#ifdef __cplusplus
}
#endif

#endif // PRUNE_C_PASSES_H
