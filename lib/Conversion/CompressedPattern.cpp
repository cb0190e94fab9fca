//===- CompressedPattern.cpp - Patterns in compressed rows ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Indices ascend in row-major order, so the rows of the matrix are cut where
// the quotient changes; those of the transpose are found by counting, which
// keeps the order within a row.
//
//===----------------------------------------------------------------------===//

#include "CompressedPattern.h"

#include "Prune/Support/Constants.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::prune;

static DenseResourceElementsAttr
createIndices(MLIRContext *context, StringRef name, ArrayRef<int32_t> numbers) {
  auto type = RankedTensorType::get({static_cast<int64_t>(numbers.size())},
                                    IntegerType::get(context, 32));
  ArrayRef<char> data(reinterpret_cast<const char *>(numbers.data()),
                      numbers.size() * sizeof(int32_t));
  return createResource(type, name, data);
}

/// Where each row begins when row `i` has `counts[i + 1]` elements.
static void addUp(MutableArrayRef<int32_t> counts) {
  for (size_t i = 1; i < counts.size(); ++i)
    counts[i] += counts[i - 1];
}

static CompressedPattern compressRows(MLIRContext *context,
                                      ArrayRef<int32_t> indices, int64_t rows,
                                      int64_t columns) {
  SmallVector<int32_t, 0> pointers(rows + 1, 0), inner;
  inner.reserve(indices.size());
  for (int32_t index : indices) {
    ++pointers[index / columns + 1];
    inner.push_back(index % columns);
  }
  addUp(pointers);
  return {createIndices(context, "pattern.indices", inner),
          createIndices(context, "pattern.pointers", pointers),
          {}};
}

static CompressedPattern compressColumns(MLIRContext *context,
                                         ArrayRef<int32_t> indices,
                                         int64_t columns) {
  SmallVector<int32_t, 0> pointers(columns + 1, 0);
  for (int32_t index : indices)
    ++pointers[index % columns + 1];
  addUp(pointers);
  SmallVector<int32_t, 0> next(pointers), inner(indices.size()),
      order(indices.size());
  for (auto [place, index] : llvm::enumerate(indices)) {
    int32_t target = next[index % columns]++;
    inner[target] = index / columns;
    order[target] = place;
  }
  return {createIndices(context, "pattern.indices", inner),
          createIndices(context, "pattern.pointers", pointers),
          createIndices(context, "pattern.order", order)};
}

CompressedPattern PatternCache::get(ElementsAttr pattern, Type matrix,
                                    bool transposed) {
  auto &known = transposed ? columns : rows;
  auto [found, isNew] = known.try_emplace({pattern, matrix});
  if (!isNew)
    return found->second;
  auto shape = cast<RankedTensorType>(matrix).getShape();
  MLIRContext *context = matrix.getContext();
  // The verifier of the operation has read the pattern before.
  ArrayRef<int32_t> indices = *getPatternIndices(pattern);
  found->second = transposed
                      ? compressColumns(context, indices, shape[1])
                      : compressRows(context, indices, shape[0], shape[1]);
  return found->second;
}
