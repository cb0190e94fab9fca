//===- BatchFlow.cpp - Where the batch is in every tensor -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchFlow.h"

#include "Prune/Analysis/Gather.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/ChannelOpInterface.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Debug.h"

#define DEBUG_TYPE "prune-set-batch-size"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

static void collect(Block &block, SmallVectorImpl<Operation *> &ops) {
  for (Operation &op : block) {
    ops.push_back(&op);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      collect(*loop.getBody(), ops);
  }
}

BatchFlow::BatchFlow(Block &block, int64_t batch) : batch(batch) {
  collect(block, ops);
}

std::optional<BatchDim> BatchFlow::get(Value value) const {
  auto found = states.find(value);
  if (found == states.end())
    return std::nullopt;
  return found->second;
}

BatchFlow::Steps BatchFlow::fail(const Twine &text) {
  reason = text.str();
  return {};
}

LogicalResult BatchFlow::run() {
  Contradiction contradiction;
  if (walk(contradiction))
    return success();
  // Another way of a reshape is better than a loop over rows.
  mayLift = batch == 1;
  Contradiction ignored;
  if (mayLift && walk(ignored))
    return success();
  return contradiction.op->emitOpError()
         << "cannot change the batch size: it is " << contradiction.reason;
}

bool BatchFlow::walk(Contradiction &contradiction) {
  /// Ways not yet tried, by the position of the operation.
  struct Choice {
    size_t position;
    Steps rest;
  };
  SmallVector<Choice> choices;
  // Choices that fail late are rare; this only bounds what malice could do.
  int64_t budget = 64 * static_cast<int64_t>(ops.size()) + 4096;
  while (steps.size() < ops.size()) {
    Operation *op = ops[steps.size()];
    wish.reset();
    Steps ways = follow(op);
    LLVM_DEBUG(if (ways.empty()) llvm::dbgs()
               << "no way (" << reason << "): " << *op << "\n");
    std::string refusal = reason;
    if (auto entered =
            ways.empty() && budget > 0 ? followWish() : std::nullopt) {
      undo(entered->first);
      while (!choices.empty() && choices.back().position > entered->first)
        choices.pop_back();
      ways.push_back(std::move(entered->second));
    }
    if (ways.empty() && !contradiction.op)
      contradiction = {op, refusal};
    if (ways.empty()) {
      if (choices.empty() || --budget < 0) {
        undo(/*position=*/0);
        return false;
      }
      Choice choice = choices.pop_back_val();
      undo(choice.position);
      ways = std::move(choice.rest);
    }
    --budget;
    if (ways.size() > 1)
      choices.push_back({steps.size(), Steps(ways.begin() + 1, ways.end())});
    for (auto &[value, dim] : ways.front().results)
      states[value] = dim;
    steps.push_back(std::move(ways.front()));
  }
  return true;
}

void BatchFlow::undo(size_t position) {
  while (steps.size() > position)
    for (auto &[value, dim] : steps.pop_back_val().results)
      states.erase(value);
}

/// Calls `function` with every operand of the operation and of those in its
/// regions that is a value from outside.
static void forEachRead(Operation *op,
                        function_ref<void(OpOperand &operand)> function) {
  op->walk([&](Operation *nested) {
    for (OpOperand &operand : nested->getOpOperands())
      if (nested == op ||
          !op->isAncestor(operand.get().getParentBlock()->getParentOp()))
        function(operand);
  });
}

BatchFlow::Steps BatchFlow::follow(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return followLoop(loop);
  if (isa<scf::ForOp>(op->getParentOp()))
    if (auto yield = dyn_cast<scf::YieldOp>(op))
      return followYield(yield);
  bool isReached = false;
  forEachRead(op, [&](OpOperand &operand) {
    isReached |= get(operand.get()).has_value();
  });
  if (!isReached)
    return {BatchStep()};
  if (op->hasTrait<OpTrait::IsTerminator>()) {
    // A batch of one fits everywhere; who reads the result expects rows.
    for (Value result : op->getOperands())
      if (std::optional<BatchDim> found = get(result))
        if (batch == 1 && found->outer * found->inner != 1)
          return fail("returned as a part of a larger dimension");
    return {BatchStep()};
  }
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return followStructured(structured);
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return followReshape(op);
  if (isa<tensor::ExtractSliceOp, tensor::InsertSliceOp, tensor::PadOp,
          tensor::ConcatOp>(op))
    return followSlice(op);
  if (isa<tensor::CastOp, linalg::SoftmaxOp>(op) ||
      op->hasTrait<OpTrait::Elementwise>())
    return followSameShape(op);
  if (isa<ChannelOpInterface>(op))
    return followTies(op);
  return fail("used by '" + op->getName().getStringRef() + "'");
}

//===----------------------------------------------------------------------===//
// Values without a batch
//===----------------------------------------------------------------------===//

/// True when a scalar of the body depends on the counter of `loop`.
static bool readsIndex(linalg::LinalgOp op, unsigned loop) {
  WalkResult result = op->walk([&](linalg::IndexOp index) {
    return index.getDim() == loop ? WalkResult::interrupt()
                                  : WalkResult::advance();
  });
  return result.wasInterrupted();
}

bool BatchFlow::canAdapt(Value value, const BatchDim &wanted) const {
  if (std::optional<BatchDim> found = get(value))
    return *found == wanted;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (auto carried = dyn_cast<BlockArgument>(value))
    wish = {carried, wanted};
  if (!op || !type || !type.hasStaticShape() || getParam(value) ||
      wanted.dim >= type.getRank() ||
      type.getDimSize(wanted.dim) != wanted.outer * batch * wanted.inner)
    return false;
  if (isa<tensor::EmptyOp, tensor::SplatOp>(op))
    return true;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return canAdapt(
        expand.getSrc(),
        mergeBatch(type.getShape(), expand.getReassociationIndices(), wanted));
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    SmallVector<BatchDim> parts =
        splitBatch(collapse.getSrcType().getShape(),
                   collapse.getReassociationIndices(), wanted, batch);
    return !parts.empty() && canAdapt(collapse.getSrc(), parts.front());
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    std::optional<unsigned> dim = getWholeDim(slice, wanted.dim);
    return dim && canAdapt(slice.getSource(), wanted.at(*dim));
  }
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured)
    return false;
  OpOperand *init =
      structured.getDpsInitOperand(cast<OpResult>(value).getResultNumber());
  auto loop = dyn_cast<AffineDimExpr>(
      structured.getMatchingIndexingMap(init).getResult(wanted.dim));
  if (!loop || readsIndex(structured, loop.getPosition()) ||
      structured.getIteratorTypesArray()[loop.getPosition()] !=
          utils::IteratorType::parallel)
    return false;
  for (OpOperand &operand : op->getOpOperands())
    for (auto [dim, expr] : llvm::enumerate(
             structured.getMatchingIndexingMap(&operand).getResults()))
      if (expr.isFunctionOfDim(loop.getPosition()) &&
          (expr != loop || !canAdapt(operand.get(), wanted.at(dim))))
        return false;
  return true;
}

/// Why a value cannot have the batch in one of its dimensions.
static std::string getObstacle(Value value) {
  if (getParam(value))
    return "a dimension of parameter '" + getDisplayName(value) + "'";
  if (value.getDefiningOp<arith::ConstantOp>())
    return "a dimension of a constant that is not a splat";
  return "combined with a value that does not come from a batch";
}

bool BatchFlow::demand(OpOperand &operand, const BatchDim &wanted,
                       BatchStep &step, bool mayBroadcast) {
  Value value = operand.get();
  if (std::optional<BatchDim> found = get(value)) {
    reason = "not in one place where '" +
             operand.getOwner()->getName().getStringRef().str() +
             "' combines it";
    return *found == wanted;
  }
  if (canAdapt(value, wanted)) {
    step.adapted.push_back({&operand, wanted});
    return true;
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (mayBroadcast && type.getDimSize(wanted.dim) == 1) {
    step.broadcast.push_back({&operand, wanted.dim});
    return true;
  }
  // What is concatenated with every row, like the token of a class.
  if (batch == 1 && wanted.outer == 1 && wanted.inner == 1 &&
      type.getDimSize(wanted.dim) == 1 &&
      isa<tensor::ConcatOp>(operand.getOwner())) {
    step.repeated.push_back({&operand, wanted.dim});
    return true;
  }
  reason = getObstacle(value);
  return false;
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

bool BatchFlow::join(std::optional<BatchDim> &loop, const BatchDim &other) {
  if (loop && !(*loop == other)) {
    reason = "in two places at once";
    return false;
  }
  loop = other;
  return true;
}

bool BatchFlow::findLoop(linalg::LinalgOp op, std::optional<BatchDim> &loop,
                         BatchStep &step) {
  for (OpOperand &operand : op->getOpOperands()) {
    std::optional<BatchDim> state = get(operand.get());
    if (!state)
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    auto expr = dyn_cast<AffineDimExpr>(map.getResult(state->dim));
    if (!expr) {
      reason = "indexed through a window of '" +
               op->getName().getStringRef().str() + "'";
      return false;
    }
    if (!join(loop, state->at(expr.getPosition())))
      return false;
  }
  return findLoopOfCaptured(op, loop, step);
}

namespace {
/// Inputs and loop counters that a body depends on.
struct BodyReads {
  llvm::SetVector<Value> arguments;
  llvm::SetVector<unsigned> counters;
};
} // namespace

/// What the values need, without what only operands in `ignored` need.
static BodyReads getReads(linalg::LinalgOp op, ValueRange values,
                          ArrayRef<OpOperand *> ignored) {
  BodyReads reads;
  llvm::SetVector<Value> reached(values.begin(), values.end());
  for (size_t i = 0; i < reached.size(); ++i) {
    auto argument = dyn_cast<BlockArgument>(reached[i]);
    if (argument && argument.getOwner() == op.getBlock())
      reads.arguments.insert(argument);
    Operation *definition = reached[i].getDefiningOp();
    if (!definition || definition->getBlock() != op.getBlock())
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(definition))
      reads.counters.insert(index.getDim());
    for (OpOperand &operand : definition->getOpOperands())
      if (!llvm::is_contained(ignored, &operand))
        reached.insert(operand.get());
  }
  return reads;
}

/// The loop whose counter an index is at every step, for dimension `dim` of a
/// tensor; nothing when there is none. That of a batch of one is zero.
static std::optional<unsigned>
findCounter(linalg::LinalgOp op, const std::optional<GatherIndex> &index,
            unsigned dim, int64_t size) {
  if (!index)
    return std::nullopt;
  if (index->isIdentity())
    return index->loop;
  if (size != 1 || index->values.front() != 0)
    return std::nullopt;
  // The loop at the place of the dimension is the likeliest.
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  if (dim < ranges.size() && ranges[dim] == 1)
    return dim;
  const auto *found = llvm::find(ranges, 1);
  if (found == ranges.end())
    return std::nullopt;
  return found - ranges.begin();
}

/// Elements of a tensor from outside that the body reads at the counter of a
/// loop (upsampling, gather along another dimension).
bool BatchFlow::findLoopOfCaptured(linalg::LinalgOp op,
                                   std::optional<BatchDim> &loop,
                                   BatchStep &step) {
  SmallVector<Gather> gathers = getGathers(op);
  bool isUnderstood = true;
  op.getBlock()->walk([&](Operation *nested) {
    for (OpOperand &operand : nested->getOpOperands()) {
      std::optional<BatchDim> state = get(operand.get());
      if (!state)
        continue;
      auto *gather = llvm::find_if(gathers, [&](Gather &candidate) {
        return candidate.extract == nested;
      });
      std::optional<unsigned> counter;
      if (gather != gathers.end())
        counter = findCounter(op, gather->indices[state->dim], state->dim,
                              cast<RankedTensorType>(operand.get().getType())
                                  .getDimSize(state->dim));
      if (!counter)
        reason = "used inside '" + op->getName().getStringRef().str() + "'";
      isUnderstood &= counter && join(loop, state->at(*counter));
      if (counter)
        step.counters.push_back(
            {&nested->getOpOperand(1 + state->dim), *counter});
    }
  });
  return isUnderstood;
}

BatchFlow::Steps BatchFlow::followStructured(linalg::LinalgOp op) {
  Steps ways = followLoops(op);
  if (!ways.empty() || !mayLift)
    return ways;
  std::string refusal = reason;
  ways = followLifted(op);
  if (ways.empty())
    reason = refusal;
  return ways;
}

BatchFlow::Steps BatchFlow::followLoops(linalg::LinalgOp op) {
  std::string name = op->getName().getStringRef().str();
  std::optional<BatchDim> loop;
  BatchStep step;
  if (!op.hasPureTensorSemantics())
    return fail("used by '" + name + "' on buffers");
  if (!findLoop(op, loop, step))
    return {};
  if (op.getIteratorTypesArray()[loop->dim] != utils::IteratorType::parallel)
    return fail("reduced by '" + name + "'");
  SmallVector<OpOperand *> indices;
  for (auto [index, counter] : step.counters)
    indices.push_back(index);
  BodyReads reads =
      getReads(op, op.getBlock()->getTerminator()->getOperands(), indices);
  if (reads.counters.contains(loop->dim))
    return fail("an index that '" + name + "' computes with");
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool isInput = op.isDpsInput(&operand);
    bool isRead =
        reads.arguments.contains(op.getMatchingBlockArgument(&operand));
    bool isDemanded = false;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      if (!expr.isFunctionOfDim(loop->dim))
        continue;
      if (!isa<AffineDimExpr>(expr) || isDemanded)
        return fail("indexed through a window of '" + name + "'");
      isDemanded = true;
      // A table of indices that are loop counters from now on.
      if (isInput && !isRead && !get(operand.get())) {
        step.broadcast.push_back({&operand, dim});
        continue;
      }
      bool mayBroadcast =
          isInput && loop->outer == 1 && loop->inner == 1 && batch == 1;
      if (!demand(operand, loop->at(dim), step, mayBroadcast))
        return {};
      if (!isInput)
        step.results.push_back({op.getTiedOpResult(&operand), loop->at(dim)});
    }
  }
  return {step};
}
