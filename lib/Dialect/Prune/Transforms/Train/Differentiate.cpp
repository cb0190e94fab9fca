//===- Differentiate.cpp - Reverse-mode differentiation -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Adds gradients to a loss function. Forward and backward marking finds the
// active values: those that depend on a trainable parameter and influence the
// loss. One walk over the operations, last to first, then turns adjoints of
// results into adjoints of operands through AdjointOpInterface; the pass knows
// no operation by name. Linear in the number of operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "Activity.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Interfaces/AdjointOpInterface.h"
#include "Prune/Support/DeadOperations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-differentiate"

namespace mlir::prune {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

/// Position of the loss among the results.
static FailureOr<unsigned> findLoss(func::FuncOp function) {
  std::optional<unsigned> position;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto output = function.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kOutputAttrName);
    if (!output || output.getValue() != "loss")
      continue;
    if (position)
      return function.emitError("expected one loss, got several");
    position = i;
  }
  if (!position && function.getNumResults() == 1 &&
      !function.getResultAttr(0, PruneDialect::kOutputAttrName))
    position = 0;
  if (!position)
    return function.emitError()
           << "expected a result with " << PruneDialect::kOutputAttrName
           << " = \"loss\" or a single result without a name";
  Type type = function.getResultTypes()[*position];
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!isDifferentiable(type) || (tensor && tensor.getRank() != 0))
    return function.emitError()
           << "expected a scalar floating-point loss, got " << type;
  return *position;
}

/// Arguments that are trainable parameters, in order.
static FailureOr<SmallVector<BlockArgument>>
findParameters(func::FuncOp function) {
  SmallVector<BlockArgument> parameters;
  for (BlockArgument argument : function.getArguments()) {
    auto param = function.getArgAttrOfType<ParamAttr>(
        argument.getArgNumber(), PruneDialect::kParamAttrName);
    if (!param || !param.isTrainable() ||
        function.getArgAttr(argument.getArgNumber(),
                            PruneDialect::kFrozenAttrName))
      continue;
    if (!isDifferentiable(argument.getType()))
      return function.emitError()
             << "expected parameter '" << param.getName()
             << "' of a floating-point type, got " << argument.getType();
    auto tensor = dyn_cast<RankedTensorType>(argument.getType());
    if (tensor && !tensor.hasStaticShape())
      return function.emitError() << "expected parameter '" << param.getName()
                                  << "' of static shape, got " << tensor;
    parameters.push_back(argument);
  }
  for (auto constant : function.getOps<arith::ConstantOp>()) {
    auto param =
        constant->getAttrOfType<ParamAttr>(PruneDialect::kParamAttrName);
    if (param && param.isTrainable())
      return constant.emitError()
             << "expected parameter '" << param.getName()
             << "' as an argument; prune-lift-parameters makes it one";
  }
  if (parameters.empty())
    return function.emitError("expected at least one trainable parameter");
  return parameters;
}

static StringRef getParameterName(BlockArgument parameter) {
  auto function = cast<func::FuncOp>(parameter.getOwner()->getParentOp());
  return function
      .getArgAttrOfType<ParamAttr>(parameter.getArgNumber(),
                                   PruneDialect::kParamAttrName)
      .getName();
}

/// True when the function returns all gradients already; fails when it returns
/// only some, or one of another type.
static FailureOr<bool> hasGradients(func::FuncOp function,
                                    ArrayRef<BlockArgument> parameters) {
  llvm::StringMap<Type> gradients;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (auto name = function.getResultAttrOfType<StringAttr>(
            i, PruneDialect::kGradOfAttrName))
      gradients[name.getValue()] = function.getResultTypes()[i];
  if (gradients.empty())
    return false;
  for (BlockArgument parameter : parameters) {
    Type type = gradients.lookup(getParameterName(parameter));
    if (!type)
      return function.emitError()
             << "expected gradients of all trainable parameters or of none; "
                "that of '"
             << getParameterName(parameter) << "' is missing";
    if (type != parameter.getType())
      return function.emitError()
             << "expected the gradient of '" << getParameterName(parameter)
             << "' to have type " << parameter.getType() << ", got " << type;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Reverse sweep
//===----------------------------------------------------------------------===//

/// `value` in a floating-point type or, in all elements, a tensor of it.
static Value createConstant(OpBuilder &builder, Location loc, Type type,
                            double value) {
  Type elementType = getElementTypeOrSelf(type);
  TypedAttr attribute = builder.getFloatAttr(elementType, value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attribute = SplatElementsAttr::get(shaped, Attribute(attribute));
  return arith::ConstantOp::create(builder, loc, attribute);
}

namespace {

/// Adds to an error on an operation how a gradient comes to it.
class PathReporter {
public:
  PathReporter(const Activity &activity, Operation *op)
      : handler(op->getContext(), [&activity, op](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            attachPath(activity, op, diagnostic);
          // Left to the handlers outside.
          return failure();
        }) {}

private:
  static void attachPath(const Activity &activity, Operation *op,
                         Diagnostic &diagnostic) {
    auto [root, path] = activity.getPathTo(op);
    if (!root)
      return;
    path.push_back(op);
    diagnostic << "; a gradient reaches it on the path: parameter '"
               << getParameterName(cast<BlockArgument>(root)) << "'";
    // Of a long path the ends tell most.
    constexpr size_t kHead = 4, kTail = 4;
    size_t numHidden =
        path.size() > kHead + kTail + 1 ? path.size() - kHead - kTail : 0;
    for (auto [i, step] : llvm::enumerate(path)) {
      if (numHidden && i == kHead)
        diagnostic << " -> (" << numHidden << " more)";
      if (!numHidden || i < kHead || i >= kHead + numHidden)
        diagnostic << " -> " << step->getName().getStringRef();
    }
  }

  ScopedDiagnosticHandler handler;
};

} // namespace

/// Refuses an operation whose regions read an active value to which its rule
/// returns no adjoint.
static LogicalResult verifyCaptures(Operation &op, const Activity &activity) {
  if (op.getNumRegions() == 0)
    return success();
  auto isActive = [&](Value value) { return activity.isActive(value); };
  if (llvm::none_of(op.getResults(), isActive))
    return success();
  SmallVector<Value> inputs;
  if (auto rule = dyn_cast<AdjointOpInterface>(op))
    inputs = rule.getAdjointInputs();
  SmallVector<Value> read = getReadValues(&op);
  auto captured = ArrayRef<Value>(read).drop_front(op.getNumOperands());
  if (llvm::all_of(captured, [&](Value value) {
        return !isActive(value) || llvm::is_contained(inputs, value);
      }))
    return success();
  return op.emitError() << "no reverse-mode rule for '" << op.getName()
                        << "' with a region that reads a differentiated value";
}

/// Sweeps the block and returns the adjoint of each parameter, null where the
/// loss does not depend on it.
static FailureOr<SmallVector<Value>>
buildGradients(Block &block, Value loss, ArrayRef<BlockArgument> parameters) {
  SmallVector<Value> roots(parameters.begin(), parameters.end());
  Activity activity(block, roots, loss);
  auto isActive = [&](Value value) { return activity.isActive(value); };
  AdjointMap adjoints(isActive);
  OpBuilder builder(block.getTerminator());
  SmallVector<Operation *> operations;
  for (Operation &op : block.without_terminator())
    operations.push_back(&op);

  Value seed = createConstant(builder, loss.getLoc(), loss.getType(), 1.0);
  adjoints.add(builder, loss, seed);
  for (Operation *op : llvm::reverse(operations)) {
    PathReporter reporter(activity, op);
    if (failed(verifyCaptures(*op, activity)) ||
        failed(adjoints.propagate(builder, op)))
      return failure();
  }
  return llvm::map_to_vector(
      roots, [&](Value parameter) { return adjoints.lookup(parameter); });
}

namespace {
struct DifferentiatePass final
    : prune::impl::DifferentiatePassBase<DifferentiatePass> {
  using DifferentiatePassBase::DifferentiatePassBase;

  /// What the rules of operations create.
  void getDependentDialects(DialectRegistry &registry) const override {
    DifferentiatePassBase::getDependentDialects(registry);
    registry.insert<linalg::LinalgDialect, math::MathDialect, PruneDialect,
                    scf::SCFDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    if (failed(differentiate()))
      signalPassFailure();
  }

private:
  LogicalResult differentiate();
  void returnGradients(func::FuncOp target, ArrayRef<BlockArgument> parameters,
                       MutableArrayRef<Value> gradients);
  Value createZeroGradient(BlockArgument parameter, OpBuilder &builder);
};
} // namespace

LogicalResult DifferentiatePass::differentiate() {
  FailureOr<func::FuncOp> target =
      findSingleBlockFunction(getOperation(), function);
  if (failed(target))
    return failure();
  FailureOr<unsigned> loss = findLoss(*target);
  if (failed(loss))
    return failure();
  FailureOr<SmallVector<BlockArgument>> parameters = findParameters(*target);
  if (failed(parameters))
    return failure();
  FailureOr<bool> isDone = hasGradients(*target, *parameters);
  if (failed(isDone) || *isDone) {
    markAllAnalysesPreserved();
    return failed(isDone) ? failure() : success();
  }
  if (failed(verifyNotCalled(*target)))
    return failure();

  Block &block = target->getBody().front();
  Operation *last = block.getTerminator()->getPrevNode();
  Value lossValue = block.getTerminator()->getOperand(*loss);
  FailureOr<SmallVector<Value>> gradients =
      buildGradients(block, lossValue, *parameters);
  if (failed(gradients))
    return failure();
  target->setResultAttr(*loss, PruneDialect::kOutputAttrName,
                        StringAttr::get(&getContext(), "loss"));
  returnGradients(*target, *parameters, *gradients);
  eraseDead(block, last);
  Block::iterator first = last ? std::next(last->getIterator()) : block.begin();
  numOpsAdded += std::distance(first, block.getTerminator()->getIterator());
  return success();
}

Value DifferentiatePass::createZeroGradient(BlockArgument parameter,
                                            OpBuilder &builder) {
  ++numZeroGradients;
  LDBG() << "no gradient reaches " << parameter;
  remark::missed(parameter.getLoc(),
                 remark::RemarkOpts::name("GradientZero").category(DEBUG_TYPE))
      << remark::reason("the loss does not depend on parameter '{0}': its "
                        "gradient is zero",
                        getParameterName(parameter));
  return createConstant(builder, parameter.getLoc(), parameter.getType(), 0.0);
}

void DifferentiatePass::returnGradients(func::FuncOp target,
                                        ArrayRef<BlockArgument> parameters,
                                        MutableArrayRef<Value> gradients) {
  Operation *terminator = target.getBody().front().getTerminator();
  OpBuilder builder(terminator);
  SmallVector<Value> results = llvm::to_vector(terminator->getOperands());
  for (auto [parameter, gradient] : llvm::zip_equal(parameters, gradients)) {
    if (!gradient)
      gradient = createZeroGradient(parameter, builder);
    NamedAttribute name = builder.getNamedAttr(
        PruneDialect::kGradOfAttrName,
        builder.getStringAttr(getParameterName(parameter)));
    unsigned position = target.getNumResults();
    (void)target.insertResult(position, gradient.getType(),
                              builder.getDictionaryAttr(name));
    results.push_back(gradient);
    ++numGradients;
  }
  terminator->setOperands(results);
}
