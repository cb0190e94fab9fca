//===- KernelChoices.cpp - Kernels that can run a layer -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/KernelChoices.h"

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Kernels/SparseConvolution.h"
#include "Prune/Kernels/SparseProduct.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::prune;

std::optional<KernelChoices>
prune::matchKernels(Operation *op, std::optional<assembly::VectorSet> set,
                    std::string &reason) {
  KernelChoices choices;
  bool isProduct = isContraction(dyn_cast<linalg::LinalgOp>(op));
  if (isProduct) {
    std::optional<SparseProduct> product = matchSparseProduct(op, reason);
    if (!product)
      return std::nullopt;
    choices.size = product->size;
    choices.batch = std::max<int64_t>(product->size.columns, 1);
  } else {
    std::optional<ProductSize> size = matchSparseConvolution(op, reason);
    if (!size)
      return std::nullopt;
    choices.size = *size;
    choices.batch = std::max<int64_t>(
        cast<ShapedType>(op->getResult(0).getType()).getDimSize(0), 1);
  }
  if (set)
    choices.size.set = *set;
  for (const KernelFamily *family : getKernelFamilies())
    if ((isProduct ? family->runsProducts : family->runsConvolutions) &&
        (set || !family->isGenerated))
      choices.kernels.push_back(family->kind);
  return choices;
}
