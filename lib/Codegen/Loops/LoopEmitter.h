//===- LoopEmitter.h - Loops over vectors -----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CODEGEN_LOOPS_LOOPEMITTER_H
#define PRUNE_LIB_CODEGEN_LOOPS_LOOPEMITTER_H

#include "LoopPlan.h"

#include "mlir/IR/IRMapping.h"

namespace mlir::prune {

/// Elements of a task of a loop on threads; a multiple of every number of
/// lanes.
inline constexpr int64_t kTaskSize = 1 << 11;

/// Writes the loops of a plan in front of an operation. Every sum has a fixed
/// order, so that results have the same bits in every run.
class LoopEmitter {
public:
  LoopEmitter(OpBuilder &builder, linalg::LinalgOp op, const LoopPlan &plan)
      : builder(builder), op(op), plan(plan), loc(op.getLoc()),
        counters(plan.extents.size()) {}

  void emit();

private:
  /// Some consecutive iterations of the vector loop, computed as one vector.
  struct Piece {
    int64_t offset;
    int64_t lanes;
  };
  using Values = SmallVector<Value>;

  Value constantIndex(int64_t value);
  /// Runs `body` in loops over `loops`, carrying values.
  Values emitNest(ArrayRef<unsigned> loops, ValueRange carried,
                  llvm::function_ref<Values(ValueRange)> body);
  /// A loop from zero in steps, carrying values; straight-line code for one
  /// iteration.
  Values emitLoop(int64_t count, int64_t step, ValueRange carried,
                  llvm::function_ref<Values(Value, ValueRange)> body);

  /// A loop over independent iterations on threads.
  void emitThreads(int64_t count, llvm::function_ref<void(Value)> body);
  void emitNestOnThreads(llvm::function_ref<void()> body);

  void emitParallel();
  void emitTasks(int64_t tasks, ArrayRef<Piece> pieces);
  void emitChunk(Value base, ArrayRef<Piece> pieces);

  /// What iterations of a reduction along the vector loop give: per destination
  /// some full vectors, and a shorter one when there is a rest.
  struct Sums {
    SmallVector<Values> full;
    Values tail;
  };
  void emitReduction();
  Values emitSumTasks(int64_t tasks);
  Value allocatePartials(int64_t tasks, const Combiner &combiner);
  Sums accumulate(Value start, int64_t extent);
  Values accumulate(Value start, int64_t extent, ArrayRef<Piece> groups,
                    ValueRange accumulators);
  Value combineAll(unsigned init, ValueRange values);
  Value getNeutral(const Combiner &combiner, int64_t lanes);
  Value reduceLanes(Value vector, const Combiner &combiner);
  void finishReduction(unsigned init, ValueRange full, Value tail);

  /// The body for one piece; `old` are the values of the destinations.
  Values emitBody(Value base, Piece piece, ValueRange old);
  Value emitOp(Operation &bodyOp, IRMapping &mapping, int64_t lanes);
  Value loadInput(OpOperand *operand, int64_t lanes);
  Value loadElement(OpOperand *operand);
  void loadInvariants();
  Values getIndices(OpOperand *operand);
  Value load(OpOperand *operand, int64_t lanes);
  void store(OpOperand *operand, Value value);
  Value makeVector(Value value, int64_t lanes);
  bool isVectorized(OpOperand *operand) {
    return op.getMatchingIndexingMap(operand).isFunctionOfDim(plan.vectorLoop);
  }

  OpBuilder &builder;
  linalg::LinalgOp op;
  const LoopPlan &plan;
  Location loc;
  /// Current value of each loop counter; that of the vector loop is the first
  /// lane.
  Values counters;
  /// Inputs that no inner loop changes.
  llvm::SmallDenseMap<OpOperand *, Value> invariants;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CODEGEN_LOOPS_LOOPEMITTER_H
