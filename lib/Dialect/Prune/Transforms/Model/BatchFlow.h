//===- BatchFlow.h - Where the batch is in every tensor ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_BATCHFLOW_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_BATCHFLOW_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"

#include <string>

namespace mlir::prune {

/// The batch in a tensor: dimension `dim` has `outer * batch * inner` elements,
/// and the row of the batch is `index / inner % batch`. Flattened dimensions
/// have factors other than one.
struct BatchDim {
  unsigned dim = 0;
  int64_t outer = 1, inner = 1;

  bool operator==(const BatchDim &other) const {
    return dim == other.dim && outer == other.outer && inner == other.inner;
  }
  /// The same factors in another dimension.
  BatchDim at(unsigned other) const { return {other, outer, inner}; }
};

/// A structured operation with one more loop, over the rows of the batch. What
/// the loops of a batch of one did (reduce it, or meet it in two places) is
/// done for each row by itself.
struct BatchLift {
  /// For each operand the place of the batch, nothing for one without it.
  SmallVector<std::optional<BatchDim>> places;
  /// Over the new loops, for operands that have the batch in a dimension of its
  /// own; the loop over rows is the first.
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> iterators;
  /// The new number of each old loop; nothing for one that nothing counts any
  /// more.
  SmallVector<std::optional<unsigned>> loops;

  /// True when the operation reduced the batch of one.
  bool reducesRows(linalg::LinalgOp op) const;
};

/// How the batch goes through one operation.
struct BatchStep {
  SmallVector<std::pair<Value, BatchDim>> results;
  /// Operands that have no batch and are made again with one: empty tensors,
  /// splats, and what is computed from such.
  SmallVector<std::pair<OpOperand *, BatchDim>> adapted;
  /// Operands of extent one that are read at index 0 of a dimension from now
  /// on.
  SmallVector<std::pair<OpOperand *, unsigned>> broadcast;
  /// Operands of extent one that are repeated for each row of the batch.
  SmallVector<std::pair<OpOperand *, unsigned>> repeated;
  /// Indices in the body that are the counter of a loop from now on: computed
  /// otherwise, they were it for the present batch.
  SmallVector<std::pair<OpOperand *, unsigned>> counters;
  /// Which dimensions a reshape merges from now on; as before when empty.
  SmallVector<ReassociationIndices> groups;
  /// The first of two flat dimensions of a reshape that are merged in between.
  std::optional<unsigned> bridge;
  /// The loop that a structured operation gets.
  std::optional<BatchLift> lift;
};

/// Follows the batch from arguments of a block through its operations.
///
/// A step that can be taken in several ways (a batch of one that is split off a
/// flattened dimension) is taken in the first way that does not lead to a
/// contradiction later. Linear in the operations unless such choices fail late.
///
/// A value that a loop carries has the batch in one place in every iteration.
/// Where it starts without one (zeros), what it meets in the body says where,
/// and the loop is entered again.
class BatchFlow {
public:
  BatchFlow(Block &block, int64_t batch);

  /// Says that the first dimension of an argument is the batch.
  void addInput(BlockArgument argument) { states[argument] = BatchDim(); }

  /// Follows the batch to the end; an error at the operation where two flows
  /// contradict.
  LogicalResult run();

  std::optional<BatchDim> get(Value value) const;
  ArrayRef<BatchStep> getSteps() const { return steps; }
  /// The operations that the steps belong to: those of the block, and behind
  /// each loop those of its body.
  ArrayRef<Operation *> getOperations() const { return ops; }

private:
  using Steps = SmallVector<BatchStep, 0>;
  struct Contradiction {
    Operation *op = nullptr;
    std::string reason;
  };

  /// Takes a step through every operation; false, the first contradiction, and
  /// no steps, when there is no way.
  bool walk(Contradiction &contradiction);
  /// Takes back the steps from `position` on.
  void undo(size_t position);
  /// The step into a loop that carries what was wished, and its position;
  /// nothing when there was no such wish or it cannot be.
  std::optional<std::pair<size_t, BatchStep>> followWish();

  /// The ways in which the batch can go through an operation; none, and a
  /// reason, when it cannot.
  Steps follow(Operation *op);
  Steps fail(const Twine &text);

  Steps followStructured(linalg::LinalgOp op);
  Steps followLoops(linalg::LinalgOp op);
  Steps followLifted(linalg::LinalgOp op);
  Steps followReshape(Operation *op);
  Steps followSlice(Operation *op);
  Steps followExtract(tensor::ExtractSliceOp op);
  Steps followInsert(tensor::InsertSliceOp op);
  Steps followSameShape(Operation *op);
  Steps followLoop(scf::ForOp op);
  Steps followYield(scf::YieldOp op);
  Steps followTies(Operation *op);

  /// Finds the loop that counts the batch; false, and a reason, when operands
  /// disagree.
  bool findLoop(linalg::LinalgOp op, std::optional<BatchDim> &loop,
                BatchStep &step);
  bool findLoopOfCaptured(linalg::LinalgOp op, std::optional<BatchDim> &loop,
                          BatchStep &step);
  bool join(std::optional<BatchDim> &loop, const BatchDim &other);

  /// Lets an operand have the batch at `wanted`: it does, or is made again, or
  /// is read at index 0.
  bool demand(OpOperand &operand, const BatchDim &wanted, BatchStep &step,
              bool mayBroadcast);

  bool canAdapt(Value value, const BatchDim &wanted) const;

  SmallVector<Operation *> ops;
  int64_t batch;
  /// Whether operations may get a loop over the rows of a batch of one.
  bool mayLift = false;
  llvm::DenseMap<Value, BatchDim> states;
  SmallVector<BatchStep, 0> steps;
  std::string reason;
  /// What a loop carries without a batch, and where the last step that could
  /// not be taken would have it.
  mutable std::optional<std::pair<BlockArgument, BatchDim>> wish;
};

/// The batch behind a reshape that merges dimensions.
BatchDim mergeBatch(ArrayRef<int64_t> shape,
                    ArrayRef<ReassociationIndices> groups,
                    const BatchDim &batch);

/// Where the batch may be behind a reshape to `shape` that splits dimensions,
/// the likeliest first.
SmallVector<BatchDim> splitBatch(ArrayRef<int64_t> shape,
                                 ArrayRef<ReassociationIndices> groups,
                                 const BatchDim &batch, int64_t size);

/// Makes an operation again with a loop over rows; its operands have the new
/// batch.
void liftOverRows(linalg::LinalgOp op, const BatchLift &lift, int64_t batch);

/// The dimension of the source of a slice that its dimension `dim` is all of;
/// nothing when it is a part.
std::optional<unsigned> getWholeDim(tensor::ExtractSliceOp slice, unsigned dim);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_BATCHFLOW_H
