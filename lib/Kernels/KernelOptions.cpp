//===- KernelOptions.cpp - Options that passes on kernels share -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/KernelOptions.h"

#include "Prune/Assembly/Isa.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<StringRef> prune::readIsa(Operation *op, StringRef isa) {
  if (std::optional<StringRef> set = assembly::getIsa(isa))
    return *set;
  return emitError(op->getLoc())
         << "expected isa to be " << assembly::kIsas << ", got '" << isa << "'";
}

FailureOr<CostModel> prune::readCostModel(Operation *op, StringRef model) {
  llvm::Expected<CostModel> loaded = CostModel::load(model);
  if (loaded)
    return std::move(*loaded);
  return emitError(op->getLoc()) << "cannot use the cost model '" << model
                                 << "': " << llvm::toString(loaded.takeError());
}
