//===-- Prune-c/Dialects.h - C API of the dialects ----------------*- C -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dialects for programs in C, in the manner of mlir-c. Link to MLIRPruneC,
// which holds the functions of mlir-c, too.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_C_DIALECTS_H
#define PRUNE_C_DIALECTS_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Masks, parameters, penalties and training steps.
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Prune, prune);
/// Kernels of our own that layers are lowered to.
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Kernel, kernel);
/// What oneDNN runs.
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(OneDNN, onednn);

/// Adds the dialects and the extensions.
MLIR_CAPI_EXPORTED void
mlirPruneRegisterAllDialects(MlirDialectRegistry registry);

/// Adds what the passes know about operations alone: where channels go, what
/// the gradient is. They leave operations that they know nothing about as they
/// are.
MLIR_CAPI_EXPORTED void
mlirPruneRegisterAllExtensions(MlirDialectRegistry registry);

#ifdef __cplusplus
}
#endif

#endif // PRUNE_C_DIALECTS_H
