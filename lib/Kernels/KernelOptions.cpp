//===- KernelOptions.cpp - Options that passes on kernels share -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/KernelOptions.h"

#include "Prune/Assembly/Isa.h"
#include "Prune/Kernels/MachineModel.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<StringRef> prune::readIsa(Operation *op, StringRef isa) {
  if (std::optional<StringRef> set = assembly::getIsa(isa))
    return *set;
  return emitError(op->getLoc())
         << "expected isa to be " << assembly::kIsas << ", got '" << isa << "'";
}

FailureOr<CostModel> prune::readCostModel(Operation *op, StringRef model,
                                          int64_t threads) {
  if (threads < 1)
    return emitError(op->getLoc())
           << "expected threads to be at least 1, got " << threads;
  llvm::Expected<FoundCostModel> found = findCostModel(model, threads);
  if (!found)
    return emitError(op->getLoc())
           << "cannot use the cost model '" << model
           << "': " << llvm::toString(found.takeError());
  if (!found->note.empty())
    remark::missed(op->getLoc(), remark::RemarkOpts::name("CostModelIgnored")
                                     .category("prune-cost-model"))
        << found->note;
  return std::move(found->model);
}
