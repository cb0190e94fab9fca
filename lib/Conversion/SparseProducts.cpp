//===- SparseProducts.cpp - Parts of sparse products ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SparseProducts.h"

#include "Epilogue.h"
#include "TransposePropagation.h"

#include "Prune/Assembly/LanePermute.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

CompressedWeight prune::compress(const SparseProduct &product) {
  CompressedWeight result;
  ArrayRef<int64_t> strides = product.weights.getStrides();
  result.pointers.push_back(0);
  for (int64_t row = 0; row < product.size.rows; ++row) {
    for (int64_t column = 0; column < product.size.inner; ++column) {
      double value =
          product.weights.load(row * strides[0] + column * strides[1]);
      if (value == 0.0 && (product.size.nonZeros > 0 || row + column > 0))
        continue;
      result.values.push_back(static_cast<float>(value));
      result.columns.push_back(static_cast<int32_t>(column));
    }
    result.pointers.push_back(static_cast<int32_t>(result.values.size()));
  }
  return result;
}

FailureOr<Value> prune::getBias(const SparseProduct &product, Value init) {
  if (isConstantFloat(init, 0.0))
    return Value();
  Value vector = getBroadcastVector(init, product.resultIsFeatureMajor ? 0 : 1);
  if (vector)
    return vector;
  return failure();
}

LogicalResult prune::convertToLanePermute(linalg::LinalgOp op,
                                          const SparseProduct &product,
                                          Value bias, std::string &reason) {
  CompressedWeight rows = compress(product);
  llvm::Expected<assembly::LanePermuteWeight> packed =
      assembly::packLanePermute(
          {rows.pointers, rows.columns, rows.values, product.size.inner});
  if (!packed) {
    reason = llvm::toString(packed.takeError());
    return failure();
  }
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  std::string name = getDisplayName(product.parameter);
  Type i32 = builder.getI32Type();
  Value values = createConstant<float>(builder, builder.getF32Type(),
                                       name + ".values", packed->values);
  Value steps = createConstant<uint16_t>(builder, builder.getI16Type(),
                                         name + ".steps", packed->steps);
  Value groups =
      createConstant<int32_t>(builder, i32, name + ".groups", packed->groups);
  Value order =
      createConstant<int32_t>(builder, i32, name + ".rows", packed->rows);
  Value x = product.inputIsFeatureMajor
                ? createTranspose(builder, product.input)
                : product.input;
  Value empty = tensor::EmptyOp::create(
      builder, ArrayRef<int64_t>{product.size.columns, product.size.rows},
      builder.getF32Type());
  auto permute = kernel::LanePermuteOp::create(builder, empty.getType(), values,
                                               steps, groups, order, x, bias,
                                               empty, kernel::Activation::None);
  permute->setAttr(PruneDialect::kKernelAttrName,
                   KernelAttr::get(op.getContext(), KernelKind::Lanes));
  Value result = permute->getResult(0);
  if (product.resultIsFeatureMajor)
    result = createTranspose(builder, result);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}
