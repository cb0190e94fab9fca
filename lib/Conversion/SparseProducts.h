//===- SparseProducts.h - Parts of sparse products --------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_SPARSEPRODUCTS_H
#define PRUNE_LIB_CONVERSION_SPARSEPRODUCTS_H

#include "Prune/Kernels/SparseProduct.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <string>

namespace mlir::prune {

/// A weight in compressed rows.
struct CompressedWeight {
  SmallVector<float, 0> values;
  SmallVector<int32_t, 0> columns, pointers;
};

/// Compresses the weights. A matrix without non-zeros keeps one zero, as empty
/// constants have no storage.
CompressedWeight compress(const SparseProduct &product);

/// A constant of the shape on a copy of the elements, which are `Element`s or
/// structures of them.
template <typename Element, typename Structure>
Value createConstant(ImplicitLocOpBuilder &builder, Type elementType,
                     StringRef name,
                     const SmallVector<Structure, 0> &elements) {
  SmallVector<int64_t> shape = {static_cast<int64_t>(elements.size())};
  if (constexpr int64_t width = sizeof(Structure) / sizeof(Element); width > 1)
    shape.push_back(width);
  ArrayRef<char> data(reinterpret_cast<const char *>(elements.data()),
                      elements.size() * sizeof(Structure));
  auto attribute =
      createResource(RankedTensorType::get(shape, elementType), name, data);
  return arith::ConstantOp::create(builder, attribute);
}

/// What a contraction starts from: nothing, or a bias along the rows of the
/// weight. Failure for anything else.
FailureOr<Value> getBias(const SparseProduct &product, Value init);

/// Replaces the contraction by kernel.lane_permute, or says why not.
LogicalResult convertToLanePermute(linalg::LinalgOp op,
                                   const SparseProduct &product, Value bias,
                                   std::string &reason);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_SPARSEPRODUCTS_H
