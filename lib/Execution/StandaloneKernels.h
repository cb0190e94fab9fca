//===- StandaloneKernels.h - Kernels without oneDNN -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_STANDALONEKERNELS_H
#define PRUNE_LIB_EXECUTION_STANDALONEKERNELS_H

#include "Prune/Assembly/StraightLine.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace mlir::prune {

/// True when a kernel was chosen for a layer of the module.
bool hasKernels(ModuleOp module);

/// Chooses for each layer with a constant weight, whatever its share of zeros,
/// the fastest kernel of our own, or with `small` the one with the least code.
/// Code is generated for `set`, or none is. Chosen kernels are kept when the
/// module has any. The cost model is that of a number of threads. Fails when
/// there is none of the name.
llvm::Error selectStandaloneKernels(ModuleOp module,
                                    std::optional<assembly::VectorSet> set,
                                    bool small, StringRef costModel,
                                    int64_t threads);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_STANDALONEKERNELS_H
