//===- CsrFamily.cpp - Products of compressed rows ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where inputs, results or weights are more than the caches have, loading them
// takes longer than multiplying: 768x3072 at 70 % zeros and 128 columns takes
// twice as long for each multiplication as 768x768.
//
//===----------------------------------------------------------------------===//

#include "CostTerms.h"

using namespace mlir;
using namespace mlir::prune;

static constexpr StringLiteral kTerms[] = {
    "call",         "row",         "row_far", "multiply",    "multiply_rounded",
    "input_near",   "input_far",   "sum",     "sum_far",     "weights",
    "weights_near", "weights_far", "values",  "values_near", "values_far"};

namespace {

/// How the loops of the runtime (CompressedLoops.cpp) go over a product: block
/// after block of columns, and in each of them over the rows of the weight, in
/// turns where the inputs of all its columns are more than the first cache has.
struct Walk {
  explicit Walk(const ProductSize &size);

  double blocks = 1, turns = 1;
  double inputBytes = 0, resultBytes = 0; ///< of a block
};

} // namespace

/// Bytes of the inputs of a turn.
static constexpr double kTurnBytes = 32 << 10;

Walk::Walk(const ProductSize &size) {
  constexpr double kBlockColumns = 8 * kLanes, kMinReads = 8, kMinTurn = 8;
  double columns = roundUp(size.columns, kLanes);
  blocks = std::ceil(columns / kBlockColumns);
  double rowBytes = sizeof(float) * columns / blocks;
  inputBytes = rowBytes * size.inner;
  resultBytes = rowBytes * size.rows;
  // Lines of the cache that inputs share with others are not worth turns, nor
  // are a few weights of a row.
  bool isAligned = size.columns % kLanes == 0 ||
                   (size.columns > kLanes &&
                    double(size.nonZeros) >= kMinReads * size.inner);
  double needed = std::ceil(inputBytes / kTurnBytes);
  if (isAligned && size.nonZeros >= kMinTurn * size.rows * needed)
    turns = std::max(needed, 1.0);
}

static SmallVector<double> getCsr(const ProductSize &size, double cache) {
  constexpr double kBytes = 8;
  double nonZeros = size.nonZeros;
  double rounded = nonZeros * roundUp(size.columns, kLanes);
  Walk walk(size);
  // Nothing fetches ahead where the weights of a row in a turn begin.
  double bytes = kBytes * nonZeros;
  double rows = size.rows * walk.blocks * walk.turns;
  // Of the inputs that a turn reads, how much is not where it was.
  auto missing = [&](double kept) {
    return std::max(1.0 - kept * walk.turns / walk.inputBytes, 0.0);
  };
  bool hasInputs = walk.inputBytes > 0;
  double again = 2.0 * walk.blocks * (walk.turns - 1.0);
  SmallVector<double> terms = {
      1.0,
      rows,
      bytes > cache / 2 ? rows * (1.0 - cache / 2 / bytes) : 0.0,
      nonZeros * size.columns,
      rounded,
      hasInputs ? rounded * missing(kTurnBytes) : 0.0,
      hasInputs ? rounded * missing(cache / 2) : 0.0,
      again * walk.resultBytes,
      again * std::max(walk.resultBytes - cache / 2, 0.0)};
  size_t weights = terms.size();
  addMemory(terms, bytes, cache);
  for (double &term : MutableArrayRef<double>(terms).drop_front(weights))
    term *= walk.blocks;
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
