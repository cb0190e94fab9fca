//===- Epilogue.h - Bias and activation after a product ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_EPILOGUE_H
#define PRUNE_LIB_CONVERSION_EPILOGUE_H

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace mlir::prune {

/// What an element-wise operation does to the result of a product:
/// `activation(product + bias)`.
struct Epilogue {
  kernel::Activation activation = kernel::Activation::None;
  /// Vector over dimension `biasDim` of the product; null when there is none.
  Value bias;
};

/// Recognizes an element-wise operation on `product` that adds a vector along
/// dimension `biasDim` (1: one element per column of a matrix), applies relu,
/// sigmoid or tanh, or both in this order. Works on named and generic
/// operations, and on the forms of relu that front ends write.
std::optional<Epilogue> matchEpilogue(linalg::LinalgOp op, Value product,
                                      int64_t biasDim);

/// True when the body is the sum of two of its arguments.
bool addsArguments(Block *body, unsigned first, unsigned second);

/// True when `op` adds its two inputs and nothing else. Works on named and
/// generic operations.
bool isSumOfInputs(linalg::LinalgOp op);

/// True when an operation in the place of `user` may overwrite `value` without
/// a copy of it: one operation makes it, in the same block, and what else reads
/// it comes before.
bool isLastUse(Value value, Operation *user);

/// The vector of which `value` repeats the elements along its other dimensions,
/// when the vector runs along dimension `dim`; else null.
Value getBroadcastVector(Value value, int64_t dim);

/// True when every element of the tensor or scalar is the constant `expected`.
bool isConstantFloat(Value value, double expected);

/// The dimension of the result along which the bias of an operation runs.
inline int64_t getBiasDim(onednn::MatmulOp) { return 1; }
inline int64_t getBiasDim(kernel::SpmmOp) { return 0; }
inline int64_t getBiasDim(kernel::LanePermuteOp) { return 1; }
inline int64_t getBiasDim(onednn::ConvolutionOp op) {
  return kernel::getImageDims(op.getLayout()).channel;
}
inline int64_t getBiasDim(kernel::SparseConvolutionOp op) {
  return kernel::getImageDims(op.getLayout()).channel;
}

/// Accumulating on a repeated vector is adding a bias.
template <typename ProductOp>
struct FoldBroadcastDestination : OpRewritePattern<ProductOp> {
  using OpRewritePattern<ProductOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ProductOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getAccumulate() || op.getBias())
      return rewriter.notifyMatchFailure(op, "no place for a bias");
    Value vector = getBroadcastVector(op.getOutput(), getBiasDim(op));
    if (!vector)
      return rewriter.notifyMatchFailure(op, "the destination is no broadcast");
    rewriter.modifyOpInPlace(op, [&] {
      op.getBiasMutable().assign(vector);
      op.setAccumulate(false);
    });
    return success();
  }
};

/// Pulls the bias and the activation of the only user into a product.
template <typename ProductOp>
struct FuseEpilogue : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    for (Value input : op.getDpsInputs()) {
      auto product = input.getDefiningOp<ProductOp>();
      if (!product || product.getActivation() != kernel::Activation::None ||
          !llvm::all_of(input.getUsers(),
                        [&](Operation *user) { return user == op; }))
        continue;
      std::optional<Epilogue> epilogue =
          matchEpilogue(op, input, getBiasDim(product));
      if (!epilogue || (epilogue->bias && product.getBias()))
        continue;
      // Cloned here, where the bias is defined.
      auto fused = cast<ProductOp>(rewriter.clone(*product));
      if (epilogue->bias)
        fused.getBiasMutable().assign(epilogue->bias);
      fused.setActivation(epilogue->activation);
      rewriter.replaceOp(op, fused);
      rewriter.eraseOp(product);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no epilogue of one product");
  }
};

/// Adds the result of a product to the other term of a sum, in its place.
template <typename ProductOp>
struct FuseSum : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isSumOfInputs(op))
      return rewriter.notifyMatchFailure(op, "no sum of two inputs");
    for (unsigned i : {0u, 1u}) {
      Value result = op->getOperand(i), other = op->getOperand(1 - i);
      auto product = result.getDefiningOp<ProductOp>();
      if (!product || product.getAccumulate() || !result.hasOneUse() ||
          product.getActivation() != kernel::Activation::None ||
          llvm::is_contained(product->getOperands(), other) ||
          !isLastUse(other, op))
        continue;
      // Cloned here, where both terms are defined.
      auto fused = cast<ProductOp>(rewriter.clone(*product));
      fused.getOutputMutable().assign(other);
      fused.setAccumulate(true);
      rewriter.replaceOp(op, fused);
      rewriter.eraseOp(product);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no product whose term is free");
  }
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_EPILOGUE_H
