//===- LoopPlan.cpp - How a nest becomes loops over vectors ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Decides which loop of a nest runs along the lanes of vectors. A loop
// qualifies when each operand either does not depend on it or moves by one
// element per iteration. Parallel loops win over reductions, because they need
// no horizontal sum; long loops over short ones. Linear in operands times
// loops.
//
//===----------------------------------------------------------------------===//

#include "LoopPlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::prune;

/// Vectors side by side in a reduction: enough to hide the latency of a sum.
static constexpr int64_t kReductionUnroll = 4;

/// Elements that are worth starting threads for, some microseconds.
static constexpr int64_t kMinThreadedElements = 1 << 17;

/// A memref without gaps between its elements, of a type that vectors hold.
static bool isPlainMemRef(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.hasStaticShape() && memref.getLayout().isIdentity() &&
         VectorType::isValidElementType(memref.getElementType()) &&
         !memref.getElementType().isInteger(1) && memref.getNumElements() > 0;
}

/// Operations of a body that work on vectors as they do on scalars.
static bool hasVectorForm(Operation &op) {
  if (isa<linalg::YieldOp, linalg::IndexOp, arith::ConstantOp>(op))
    return true;
  return op.getNumRegions() == 0 &&
         OpTrait::hasElementwiseMappableTraits(&op) && isPure(&op) &&
         op.getNumResults() == 1;
}

static LogicalResult checkOp(linalg::LinalgOp op, std::string &reason) {
  for (OpOperand &operand : op->getOpOperands()) {
    Type type = operand.get().getType();
    if (!isa<ShapedType>(type))
      continue;
    if (!isPlainMemRef(type)) {
      reason = "an operand is no memref of static shape without gaps";
      return failure();
    }
    if (!op.getMatchingIndexingMap(&operand).isProjectedPermutation()) {
      reason = "an operand is not read element by element";
      return failure();
    }
  }
  for (Operation &bodyOp : op.getBlock()->getOperations())
    if (!hasVectorForm(bodyOp)) {
      reason = "'" + bodyOp.getName().getStringRef().str() +
               "' has no form on vectors";
      return failure();
    }
  return success();
}

/// True when every operand is constant or contiguous along `loop`, and
/// iterations of a parallel loop write different elements.
static bool runsAlongElements(linalg::LinalgOp op, unsigned loop,
                              bool isParallel) {
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!map.isFunctionOfDim(loop)) {
      if (isParallel && op.isDpsInit(&operand))
        return false;
      continue;
    }
    auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
    if (!last || last.getPosition() != loop)
      return false;
  }
  return true;
}

/// The operation that combines a destination with what an iteration computes:
/// the only user of the old value, and what the body yields.
static FailureOr<Combiner> getCombiner(linalg::LinalgOp op, unsigned index) {
  Value yielded = op.getBlock()->getTerminator()->getOperand(index);
  BlockArgument old = op.getMatchingBlockArgument(op.getDpsInitOperand(index));
  Combiner combiner;
  combiner.op = yielded.getDefiningOp();
  if (!combiner.op || combiner.op->getBlock() != op.getBlock() ||
      combiner.op->getNumOperands() != 2 || !old.hasOneUse() ||
      *old.user_begin() != combiner.op)
    return failure();
  std::optional<vector::CombiningKind> kind =
      linalg::getCombinerOpKind(combiner.op);
  if (!kind || !arith::getNeutralElement(combiner.op))
    return failure();
  combiner.kind = *kind;
  return combiner;
}

/// Lanes of a vector of the widest number that the operation reads or writes.
static int64_t countLanes(linalg::LinalgOp op, int64_t vectorBits) {
  unsigned floats = 0, integers = 0;
  for (Value operand : op->getOperands()) {
    Type type = getElementTypeOrSelf(operand.getType());
    unsigned &widest = isa<FloatType>(type) ? floats : integers;
    if (type.isIntOrFloat())
      widest = std::max(widest, type.getIntOrFloatBitWidth());
  }
  unsigned bits = std::max(floats ? floats : integers, 8u);
  return std::max<int64_t>(vectorBits / bits, 2);
}

/// The best loop to vectorize, or nothing.
static std::optional<unsigned> chooseLoop(linalg::LinalgOp op,
                                          ArrayRef<int64_t> extents) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  std::optional<unsigned> best;
  auto isParallel = [&](unsigned loop) {
    return iterators[loop] == utils::IteratorType::parallel;
  };
  for (unsigned loop = 0; loop < extents.size(); ++loop) {
    if (extents[loop] < 2 || !runsAlongElements(op, loop, isParallel(loop)))
      continue;
    if (!best || std::pair(isParallel(loop), extents[loop]) >
                     std::pair(isParallel(*best), extents[*best]))
      best = loop;
  }
  return best;
}

/// Elements that the nest reads and writes along its vector loop.
static int64_t countElements(linalg::LinalgOp op, const LoopPlan &plan) {
  int64_t elements = 1;
  for (int64_t extent : plan.extents)
    elements *= extent;
  return elements *
         llvm::count_if(op->getOpOperands(), [&](OpOperand &operand) {
           return op.getMatchingIndexingMap(&operand).isFunctionOfDim(
               plan.vectorLoop);
         });
}

FailureOr<LoopPlan> prune::planLoops(linalg::LinalgOp op, int64_t vectorBits,
                                     bool threaded, std::string &reason) {
  if (failed(checkOp(op, reason)))
    return failure();
  LoopPlan plan;
  plan.extents = op.getStaticLoopRanges();
  std::optional<unsigned> loop = chooseLoop(op, plan.extents);
  if (!loop) {
    reason = "no loop runs along contiguous elements of all operands";
    return failure();
  }
  plan.vectorLoop = *loop;
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (auto [i, iterator] : llvm::enumerate(iterators)) {
    bool parallel = iterator == utils::IteratorType::parallel;
    if (i == *loop)
      plan.isReduction = !parallel;
    else
      (parallel ? plan.parallelLoops : plan.reductionLoops).push_back(i);
  }
  bool reduces = plan.isReduction || !plan.reductionLoops.empty();
  plan.lanes = countLanes(op, vectorBits);
  plan.unroll = reduces ? kReductionUnroll : 1;
  bool isLong = countElements(op, plan) >= kMinThreadedElements;
  // Whatever the number of threads, as the order of a sum shows in its bits.
  plan.isCut = isLong && plan.isReduction && plan.parallelLoops.empty() &&
               plan.reductionLoops.empty();
  plan.isThreaded = threaded && isLong &&
                    (!reduces || plan.isCut || !plan.parallelLoops.empty());
  plan.combiners.resize(op.getNumDpsInits());
  if (!plan.isReduction)
    return plan;
  for (unsigned i = 0, e = plan.combiners.size(); i < e; ++i) {
    FailureOr<Combiner> combiner = getCombiner(op, i);
    if (failed(combiner)) {
      reason = "a reduction combines its values in an unknown way";
      return failure();
    }
    plan.combiners[i] = *combiner;
  }
  return plan;
}
