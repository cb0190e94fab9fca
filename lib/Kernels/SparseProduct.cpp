//===- SparseProduct.cpp - Products that can be sparse --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that knows which contractions the sparse kernels take: two
// matrices of f32 with static shapes, one of them a constant, possibly behind a
// transposition, but not behind a mask.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/SparseProduct.h"

#include "Prune/Analysis/MatrixProduct.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

#include <cstring>
#include <limits>

using namespace mlir;
using namespace mlir::prune;

/// The constant behind `value`, transposed as `value` is.
static std::optional<ConstantView> getWeights(Value value) {
  SmallVector<int64_t> permutation = {0, 1};
  while (auto transpose = value.getDefiningOp<linalg::TransposeOp>()) {
    value = transpose.getInput();
    std::swap(permutation[0], permutation[1]);
  }
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view)
    return std::nullopt;
  return view->transpose(permutation);
}

int64_t prune::countNonZeros(const ConstantView &weights) {
  int64_t count = 0;
  std::optional<ArrayRef<char>> raw = weights.getRawData();
  if (raw && weights.getElementType().isF32()) {
    for (size_t i = 0; i < raw->size(); i += sizeof(float)) {
      float value;
      std::memcpy(&value, raw->data() + i, sizeof(value));
      count += value != 0.0f;
    }
    return count;
  }
  SmallVector<int64_t> index(weights.getRank(), 0);
  if (weights.getNumElements() > 0)
    do {
      count += weights.at(index) != 0.0;
    } while (advance(index, weights.getShape()));
  return count;
}

/// True when the weights of each block of rows, `isZero` by their number in
/// row-major order, are zero together.
static bool hasBlocks(int64_t rows, int64_t inner,
                      function_ref<bool(int64_t)> isZero) {
  constexpr int64_t kBlockRows = 4;
  int64_t end = llvm::alignDown(rows, kBlockRows);
  for (int64_t row = 0; row < end; ++row)
    for (int64_t i = 0; row % kBlockRows != 0 && i < inner; ++i)
      if (isZero(row * inner + i) != isZero((row - 1) * inner + i))
        return false;
  return end > 0 && inner > 0;
}

bool prune::hasBlocks(const ConstantView &weights) {
  int64_t rows = weights.getRank() == 0 ? 0 : weights.getShape()[0];
  int64_t inner = rows == 0 ? 0 : weights.getNumElements() / rows;
  std::optional<ArrayRef<char>> raw = weights.getRawData();
  if (raw && weights.getElementType().isF32())
    return ::hasBlocks(rows, inner, [&](int64_t i) {
      float value;
      std::memcpy(&value, raw->data() + i * sizeof(float), sizeof(value));
      return value == 0.0f;
    });
  return ::hasBlocks(rows, inner, [&](int64_t i) {
    SmallVector<int64_t> index(weights.getRank());
    for (int64_t dim = weights.getRank() - 1; dim >= 0; --dim) {
      index[dim] = i % weights.getShape()[dim];
      i /= weights.getShape()[dim];
    }
    return weights.at(index) == 0.0;
  });
}

std::optional<SparseProduct> prune::matchSparseProduct(Operation *op,
                                                       std::string &reason) {
  auto fail = [&](const char *text) {
    reason = text;
    return std::nullopt;
  };
  auto prunable = dyn_cast<PrunableOpInterface>(op);
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  OpOperand *weight = prunable ? prunable.getWeightOperand() : nullptr;
  if (!weight)
    return fail("it has no weight");
  if (!isContraction(structured))
    return fail("only matrix products have a sparse kernel");
  std::optional<WeightProduct> matched =
      matchWeightProduct(structured, *weight);
  if (!matched)
    return fail("it is no product of two static f32 matrices");
  std::optional<ConstantView> view = getWeights(weight->get());
  if (!view)
    return fail("its weight is no constant");
  SparseProduct product;
  product.parameter = prunable.getWeight();
  product.input = matched->input;
  product.inputIsFeatureMajor = matched->isInputFeatureMajor;
  product.resultIsFeatureMajor = matched->isResultFeatureMajor;
  product.weights = matched->isTransposed ? view->transpose({1, 0}) : *view;
  auto inputType = cast<RankedTensorType>(matched->input.getType());
  product.size.rows = product.weights.getShape()[0];
  product.size.inner = product.weights.getShape()[1];
  product.size.columns =
      inputType.getDimSize(product.inputIsFeatureMajor ? 1 : 0);
  product.size.nonZeros = countNonZeros(product.weights);
  product.size.hasBlocks = hasBlocks(product.weights);
  product.size.inputHasRows = !product.inputIsFeatureMajor;
  product.size.resultHasRows = !product.resultIsFeatureMajor;
  if (product.size.nonZeros > std::numeric_limits<int32_t>::max())
    return fail("it has too many weights for 32-bit indices");
  return product;
}
