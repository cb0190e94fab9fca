//===- InsertLoss.cpp - Loss function of a classifier ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Copies the function that computes logits and lets the copy return their
// cross-entropy. Logits per position become rows first: the classes go last,
// and all other dimensions become one. Linear in the size of the function.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-insert-loss"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTLOSSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Position of the logits among the results of the function.
static FailureOr<unsigned> findLogits(func::FuncOp function) {
  std::optional<unsigned> position;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto output = function.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kOutputAttrName);
    if (output && output.getValue() == "logits" && !position)
      position = i;
  }
  if (!position && function.getNumResults() == 1)
    position = 0;
  if (!position)
    return function.emitError()
           << "expected a result with " << PruneDialect::kOutputAttrName
           << " = \"logits\" or a single result";
  auto type = dyn_cast<RankedTensorType>(function.getResultTypes()[*position]);
  if (!type || type.getRank() < 2 || !type.hasStaticShape() ||
      !isa<FloatType>(type.getElementType()))
    return function.emitError()
           << "expected logits of static shape [batch, classes], [batch, "
              "positions, classes] or [batch, classes, height, width], got "
           << function.getResultTypes()[*position];
  return *position;
}

/// The dimension of the logits that the classes are; `option` is negative where
/// the rank decides.
static FailureOr<int64_t> findClasses(func::FuncOp function,
                                      RankedTensorType logits, int64_t option) {
  if (option < 0)
    return logits.getRank() > 3 ? 1 : logits.getRank() - 1;
  if (option == 0 || option >= logits.getRank())
    return function.emitError() << "expected the classes to be a dimension of "
                                << logits << " after the batch, got " << option;
  return option;
}

/// The type of the labels: shares in the form of the logits, or class numbers
/// without the dimension of the classes.
static RankedTensorType getLabelType(RankedTensorType logits, int64_t classes,
                                     bool areSoft) {
  if (areSoft)
    return logits;
  SmallVector<int64_t> shape(logits.getShape());
  shape.erase(shape.begin() + classes);
  return RankedTensorType::get(shape,
                               IntegerType::get(logits.getContext(), 32));
}

/// Makes all dimensions but `classes` one, in their order, in front of it; all
/// of them where that is negative.
static Value flattenRows(OpBuilder &builder, Location loc, Value value,
                         int64_t classes = -1) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rank = type.getRank(), numRows = classes < 0 ? rank : rank - 1;
  if (classes >= 0 && classes != rank - 1) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    order.erase(order.begin() + classes);
    order.push_back(classes);
    auto shape = applyPermutation(type.getShape(), order);
    Value empty =
        tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
    auto moved = linalg::TransposeOp::create(builder, loc, value, empty, order);
    value = moved->getResult(0);
  }
  if (numRows == 1)
    return value;
  SmallVector<ReassociationIndices> groups(1);
  llvm::append_range(groups[0], llvm::seq<int64_t>(0, numRows));
  if (classes >= 0)
    groups.push_back({rank - 1});
  return tensor::CollapseShapeOp::create(builder, loc, value, groups);
}

namespace {

/// One argument of the loss function and the argument it stands for, if any.
struct LossArgument {
  Type type;
  DictionaryAttr attributes;
  Location loc;
  Value original;
};

struct InsertLossPass final : prune::impl::InsertLossPassBase<InsertLossPass> {
  using InsertLossPassBase::InsertLossPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    InsertLossPassBase::getDependentDialects(registry);
    registry
        .insert<linalg::LinalgDialect, PruneDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    if (failed(insertLoss()))
      signalPassFailure();
  }

private:
  LogicalResult insertLoss();
};

} // namespace

/// Inputs, labels of type `labelType`, parameters.
static SmallVector<LossArgument> getArguments(func::FuncOp forward,
                                              Type labelType) {
  SmallVector<LossArgument> inputs, parameters;
  Builder builder(forward.getContext());
  for (BlockArgument argument : forward.getArguments()) {
    unsigned i = argument.getArgNumber();
    bool isParameter =
        static_cast<bool>(forward.getArgAttr(i, PruneDialect::kParamAttrName));
    DictionaryAttr attributes = forward.getArgAttrDict(i);
    if (!attributes)
      attributes = builder.getDictionaryAttr({});
    (isParameter ? parameters : inputs)
        .push_back(
            {argument.getType(), attributes, argument.getLoc(), argument});
  }
  NamedAttribute labels = builder.getNamedAttr(PruneDialect::kInputAttrName,
                                               builder.getStringAttr("labels"));
  inputs.push_back({labelType, builder.getDictionaryAttr(labels),
                    forward.getLoc(), Value()});
  llvm::append_range(inputs, parameters);
  return inputs;
}

/// Fills the body of `loss`: what `forward` computes, then the cross-entropy.
static void buildBody(func::FuncOp forward, func::FuncOp loss, unsigned logits,
                      int64_t classes, ArrayRef<LossArgument> arguments) {
  Block *block = loss.addEntryBlock();
  OpBuilder builder = OpBuilder::atBlockEnd(block);
  IRMapping mapping;
  Value labels;
  for (auto [argument, value] :
       llvm::zip_equal(arguments, block->getArguments())) {
    value.setLoc(argument.loc);
    if (argument.original)
      mapping.map(argument.original, value);
    else
      labels = value;
  }
  Block &body = forward.getBody().front();
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  Operation *end = body.getTerminator();
  Value output = mapping.lookupOrDefault(end->getOperand(logits));
  bool areSoft = labels.getType() == output.getType();
  output = flattenRows(builder, end->getLoc(), output, classes);
  labels = flattenRows(builder, end->getLoc(), labels, areSoft ? classes : -1);
  Type type = loss.getResultTypes().front();
  auto entropy = SoftmaxCrossEntropyOp::create(builder, end->getLoc(), type,
                                               output, labels);
  func::ReturnOp::create(builder, end->getLoc(), entropy.getLoss());
}

LogicalResult InsertLossPass::insertLoss() {
  FailureOr<func::FuncOp> found =
      findSingleBlockFunction(getOperation(), function);
  if (failed(found))
    return failure();
  func::FuncOp forward = *found;
  if (Operation *other = getOperation().lookupSymbol(name))
    return other->emitError() << "expected '" << name << "' to be a new name";
  FailureOr<unsigned> logits = findLogits(forward);
  if (failed(logits))
    return failure();

  auto type = cast<RankedTensorType>(forward.getResultTypes()[*logits]);
  FailureOr<int64_t> classes = findClasses(forward, type, classDimension);
  if (failed(classes))
    return failure();
  SmallVector<LossArgument> arguments =
      getArguments(forward, getLabelType(type, *classes, softLabels));
  auto inputTypes = llvm::map_to_vector(
      arguments, [](const LossArgument &argument) { return argument.type; });
  auto attributes =
      llvm::map_to_vector(arguments, [](const LossArgument &argument) {
        return argument.attributes;
      });
  OpBuilder builder(forward->getContext());
  builder.setInsertionPointAfter(forward);
  auto lossType = RankedTensorType::get({}, type.getElementType());
  auto functionType = builder.getFunctionType(inputTypes, {lossType});
  auto loss =
      func::FuncOp::create(builder, forward.getLoc(), name, functionType);
  LDBG() << "loss of " << forward.getName() << " is " << name;
  loss.setAllArgAttrs(attributes);
  loss.setResultAttr(0, PruneDialect::kOutputAttrName,
                     builder.getStringAttr("loss"));
  buildBody(forward, loss, *logits, *classes, arguments);
  return success();
}
