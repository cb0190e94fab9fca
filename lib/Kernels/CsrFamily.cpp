//===- CsrFamily.cpp - Products of compressed rows ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostTerms.h"

using namespace mlir;
using namespace mlir::prune;

static constexpr StringLiteral kTerms[] = {
    "call",        "row",          "multiply",    "multiply_rounded",
    "weights",     "weights_near", "weights_far", "values",
    "values_near", "values_far"};

static SmallVector<double> getCsr(const ProductSize &size, double cache) {
  constexpr double kBytes = 8;
  double nonZeros = size.nonZeros;
  SmallVector<double> terms = {1.0, double(size.rows), nonZeros * size.columns,
                               nonZeros * roundUp(size.columns, kLanes)};
  addMemory(terms, kBytes * nonZeros, cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static constexpr CostFormula kFormula = {"csr", kTerms, getCsr};

const KernelFamily prune::kCsrFamily = {
    KernelKind::Csr,
    /*runsProducts=*/true,
    /*runsConvolutions=*/false,
    /*isGenerated=*/false,
    /*turnsProducts=*/true,
    [](const ProductSize &) { return &kFormula; },
    "loops over a weight in compressed rows"};
