//===- RunningStatistics.cpp - Statistics of batch norms ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One walk collects what there is to do and checks it, a second one rewrites.
// As in PyTorch, the batch is normalized by its biased variance, while the
// running one takes the unbiased: `(1 - m) * running + m * n / (n - 1) *
// batch`.
//
//===----------------------------------------------------------------------===//

#include "RunningStatistics.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace mlir::prune;

/// The name of the buffer that `value` is; null when it is something else.
static StringAttr getBufferName(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return {};
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!function)
    return {};
  auto param = function.getArgAttrOfType<ParamAttr>(
      argument.getArgNumber(), PruneDialect::kParamAttrName);
  if (!param || param.getRole() != ParamRole::Buffer)
    return {};
  return StringAttr::get(value.getContext(), param.getName());
}

/// Elements of a channel.
static int64_t countPerChannel(BatchNormOp op) {
  auto type = cast<RankedTensorType>(op.getInput().getType());
  return type.getNumElements() / type.getDimSize(1);
}

static FailureOr<SmallVector<BatchNormOp>> collect(func::FuncOp function) {
  SmallVector<BatchNormOp> found;
  llvm::DenseSet<Value> buffers;
  for (auto op : function.getOps<BatchNormOp>()) {
    if (!getBufferName(op.getMean()) || !getBufferName(op.getVariance()))
      continue;
    if (countPerChannel(op) < 2)
      return op.emitOpError("expected a batch of more than one element per "
                            "channel to train with");
    for (Value buffer : {op.getMean(), op.getVariance()})
      if (!buffers.insert(buffer).second)
        return op.emitOpError()
               << "expected statistics of its own, but buffer "
               << getBufferName(buffer) << " belongs to another one, too";
    found.push_back(op);
  }
  return found;
}

/// `(1 - momentum) * running + momentum * correction * batch`.
static Value buildAverage(ImplicitLocOpBuilder &b, Value running, Value batch,
                          Value momentum, double correction) {
  auto type = cast<RankedTensorType>(running.getType());
  Value one = createNumber(b, type.getElementType(), 1.0);
  Value factor = createNumber(b, type.getElementType(), correction);
  Value kept = arith::SubFOp::create(b, one, momentum);
  Value share = arith::MulFOp::create(b, momentum, factor);
  return createElementwise(
      b, {running, batch}, type,
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value before = arith::MulFOp::create(e, args[0], kept);
        Value now = arith::MulFOp::create(e, args[1], share);
        Value sum = arith::AddFOp::create(e, before, now);
        return {sum};
      });
}

FailureOr<unsigned> prune::trainBatchNorms(func::FuncOp function,
                                           MomentumBuilder momentum) {
  FailureOr<SmallVector<BatchNormOp>> ops = collect(function);
  if (failed(ops))
    return failure();
  Operation *returnOp = function.front().getTerminator();
  SmallVector<Value> state;
  llvm::SmallDenseMap<Type, Value> momenta;
  auto addState = [&](Value buffer, Value value) {
    NamedAttribute name(
        StringAttr::get(function.getContext(), PruneDialect::kStateAttrName),
        getBufferName(buffer));
    (void)function.insertResult(
        function.getNumResults(), value.getType(),
        DictionaryAttr::get(function.getContext(), {name}));
    state.push_back(value);
  };
  for (BatchNormOp op : *ops) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    Type type = op.getScale().getType(), element = getElementTypeOrSelf(type);
    auto training = BatchNormTrainingOp::create(
        b, op.getType(), type, type, op.getInput(), op.getScale(), op.getBias(),
        op.getEpsilonAttr());
    op.getResult().replaceAllUsesWith(training.getResult());
    b.setInsertionPoint(returnOp);
    Value &share = momenta[element];
    if (!share)
      share = momentum(b, element);
    double count = static_cast<double>(countPerChannel(op));
    Value mean = buildAverage(b, op.getMean(), training.getMean(), share, 1.0);
    Value variance = buildAverage(b, op.getVariance(), training.getVariance(),
                                  share, count / (count - 1.0));
    addState(op.getMean(), mean);
    addState(op.getVariance(), variance);
  }
  // The function may return a normalization itself, which is another value now.
  SmallVector<Value> results = llvm::to_vector(returnOp->getOperands());
  llvm::append_range(results, state);
  returnOp->setOperands(results);
  for (BatchNormOp op : *ops)
    op.erase();
  return ops->size();
}
