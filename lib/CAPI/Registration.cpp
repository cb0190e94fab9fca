//===- Registration.cpp - C API of dialects and passes --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune-c/Dialects.h"
#include "Prune-c/Passes.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/InitAllDialects.h"
#include "Prune/InitAllExtensions.h"
#include "Prune/InitAllPasses.h"

#include "mlir/CAPI/Registration.h"

MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Prune, prune, mlir::prune::PruneDialect)
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Kernel, kernel,
                                      mlir::kernel::KernelDialect)
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(OneDNN, onednn,
                                      mlir::onednn::OneDNNDialect)

void mlirPruneRegisterAllDialects(MlirDialectRegistry registry) {
  mlir::prune::registerAllDialects(*unwrap(registry));
}

void mlirPruneRegisterAllExtensions(MlirDialectRegistry registry) {
  mlir::prune::registerAllExtensions(*unwrap(registry));
}

void mlirPruneRegisterAllPasses() { mlir::prune::registerAllPasses(); }
