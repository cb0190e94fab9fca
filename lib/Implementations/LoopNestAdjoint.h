//===- LoopNestAdjoint.h - Scalar expressions to structured ops -*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_LOOPNESTADJOINT_H
#define PRUNE_LIB_IMPLEMENTATIONS_LOOPNESTADJOINT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::prune {

/// Where the value that a scalar has in an iteration of a loop nest can be
/// read: at the indices `map(loops)` of a tensor, or a scalar with a map
/// without results.
struct ScalarSource {
  Value container;
  AffineMap map;
};

/// A scalar expression over sources: what a new loop body has to clone.
struct ScalarExpression {
  Value root;
  llvm::SetVector<Value> sources;
  /// In an order in which operands come before their users.
  llvm::SetVector<Operation *> operations;
};

/// A scalar that goes to an element of a tensor.
struct Scatter {
  Value root;
  SmallVector<Value> indices;
};

/// Turns scalar expressions over the body of a structured operation into
/// structured operations with the same loops.
class LoopNest {
public:
  /// The expressions live in the body of `op` and in `scratch`.
  LoopNest(linalg::LinalgOp op, Block *scratch) : op(op), scratch(scratch) {}

  /// States where `scalar` can be read. The first statement counts.
  void addSource(Value scalar, Value container, AffineMap map) {
    sources.try_emplace(scalar, ScalarSource{container, map});
  }

  bool isSource(Value scalar) const { return sources.contains(scalar); }

  /// Builds the tensor `T` of the shape of `like` with
  /// `T[map(loops)] += root(loops)` over all loops, as the most specific
  /// structured operation that says so: nothing at all, a fill, a
  /// transposition, a broadcast, a sum, a contraction, or a generic. `like` may
  /// be a scalar
  /// (`map` without results), then so is the result. Fails, after emitting an
  /// error, when the expression reads a value that only exists while the loops
  /// run.
  FailureOr<Value> accumulate(OpBuilder &builder, Value root, AffineMap map,
                              Value like);

  /// Builds the tensor `T` of the shape of `like` with
  /// `T[indices(loops)] += root(loops)` over all loops, which run one after the
  /// other, and all of `scatters`, in order. Fails as `accumulate` does.
  FailureOr<Value> scatter(OpBuilder &builder, ArrayRef<Scatter> scatters,
                           Value like);

private:
  LogicalResult collect(Value value, ScalarExpression &expression) const;
  Value createCopy(OpBuilder &builder, ScalarSource source, AffineMap map,
                   Value like) const;
  Value createContraction(OpBuilder &builder, Value root, AffineMap map,
                          Value like) const;
  void addShapeOperands(SmallVectorImpl<Value> &inputs,
                        SmallVectorImpl<AffineMap> &maps) const;
  Value createGeneric(OpBuilder &builder, const ScalarExpression &expression,
                      AffineMap map, Value init) const;
  void mapToCounters(OpBuilder &builder, const ScalarExpression &expression,
                     ValueRange counters, IRMapping &mapping) const;

  mutable linalg::LinalgOp op;
  Block *scratch;
  llvm::DenseMap<Value, ScalarSource> sources;
};

/// Zeros of the shape of `like`; of rank zero when that is a scalar.
Value createZeros(OpBuilder &builder, Location loc, Value like);

/// True when a loop nest that stores at `map` visits each element of the
/// destination exactly once.
bool isOneToOne(AffineMap map);

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_LOOPNESTADJOINT_H
