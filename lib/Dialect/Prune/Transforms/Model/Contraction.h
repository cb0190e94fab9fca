//===- Contraction.h - Contractions whose maps change -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_CONTRACTION_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_CONTRACTION_H

#include "Prune/Analysis/Copies.h"

namespace mlir::prune {

/// A contraction on tensors whose inputs and their maps are going to change.
/// What it is in the end is decided by `commit`.
struct Contraction {
  explicit Contraction(linalg::LinalgOp op) { reset(op); }

  /// True when the loops still have their meaning with `map` for an input: each
  /// is an index of the result and of an input, or of both inputs.
  bool allows(unsigned input, AffineMap map) const;

  /// True when the operation can have `map` for an input and stay what it is.
  bool takesMap(unsigned input, AffineMap map) const;

  /// True for a loop that is an index of both inputs and of the result.
  bool isBatchLoop(unsigned loop) const;

  /// True when `input` is a matrix and all but the last dimension of the result
  /// are those of the other input: a product of two matrices after a reshape.
  bool isFlat(unsigned input) const;

  /// True when all operands are tensors of one floating-point type.
  bool isUniform() const;

  /// Brings an input that is a constant [in, out] of one user to [out, in];
  /// true when it did.
  bool canonicalizeWeight(unsigned input);

  /// Makes a loop over dimensions that a reshape of an input merges a loop for
  /// each of them, when the input repeats what `isParameter` says is a
  /// parameter along one of them; true when it did. The operation becomes a
  /// linalg.contract.
  bool splitMergedLoops(unsigned input, function_ref<bool(Value)> isParameter);

  /// Gives the operation its new inputs: as a linalg.matmul when it is one
  /// after a reshape, else in place when its maps may be what they are, else as
  /// a linalg.contract. Erases what lost its last user. `op` and `inputs` are
  /// those of the new operation. Returns true when operands were reshaped.
  bool commit();

  linalg::LinalgOp op;
  Elements inputs[2];

private:
  bool isChanged();
  /// Sets `op` and `inputs` to what they are in `newOp`.
  void reset(linalg::LinalgOp newOp);
  linalg::LinalgOp createMatmul(OpBuilder &builder, unsigned weight);

  AffineMap result;
};

/// Makes one contraction of a sum and the product in front of it, when a factor
/// that `isParameter` says is a parameter has a dimension that is summed; null
/// when it is none.
linalg::LinalgOp fuseSumOfProducts(linalg::LinalgOp sum,
                                   function_ref<bool(Value)> isParameter);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_CONTRACTION_H
