//===- LanesFamily.cpp - Products with few columns ------------------------===//
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
    "call",          "row",     "non_zero",     "multiply",   "place",
    "place_columns", "weights", "weights_near", "weights_far"};

static SmallVector<double> getLanes(const ProductSize &size, double cache) {
  // A value and its share of steps at 90 % zeros.
  constexpr double kBytes = 5.4;
  double nonZeros = size.nonZeros, places = double(size.rows) * size.inner;
  SmallVector<double> terms = {1.0,      double(size.rows),
                               nonZeros, nonZeros * size.columns,
                               places,   places * size.columns};
  addMemory(terms, kBytes * nonZeros, cache);
  return terms;
}

static constexpr CostFormula kFormula = {"lanes", kTerms, getLanes};

/// Columns stay in registers, and steps have to name their inputs.
static const CostFormula *getFormula(const ProductSize &size) {
  return size.columns <= kMaxLaneColumns && size.inner <= kMaxLaneInputs
             ? &kFormula
             : nullptr;
}

const KernelFamily prune::kLanesFamily = {
    KernelKind::Lanes,
    /*runsProducts=*/true,
    /*runsConvolutions=*/false,
    /*isGenerated=*/false,
    /*turnsProducts=*/false,
    getFormula,
    "loops that permute the inputs of up to four columns in registers"};
