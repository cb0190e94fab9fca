//===- VerifyTrainable.cpp - Contract of the model form -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Checks what every later pass relies on, so that a broken module is reported
// where it broke. One walk.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYTRAINABLEPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True for scalars and tensors of static shape.
static bool isAllowed(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.hasStaticShape();
  return type.isIntOrIndexOrFloat();
}

/// Checks an operation of the body: its dialect and its types.
static LogicalResult verifyOperation(Operation *op) {
  static constexpr StringRef dialects[] = {"func",  "linalg", "tensor",
                                           "arith", "math",   "prune"};
  if (!llvm::is_contained(dialects, op->getName().getDialectNamespace()))
    return op->emitError() << "expected an operation of func, linalg, tensor, "
                              "arith, math or prune, got '"
                           << op->getName() << "'";
  auto verifyType = [&](Type type) -> LogicalResult {
    if (isAllowed(type))
      return success();
    return op->emitError()
           << "expected scalars and tensors of static shape, got " << type;
  };
  for (Type type : op->getOperandTypes())
    if (failed(verifyType(type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(verifyType(type)))
      return failure();
  return success();
}

/// Checks that an argument says what it is.
static LogicalResult verifyArgument(FunctionOpInterface function, unsigned i) {
  Type type = function.getArgument(i).getType();
  if (!isAllowed(type))
    return function.emitError()
           << "expected scalars and tensors of static shape, got " << type
           << " for argument " << i;
  for (StringRef name :
       {PruneDialect::kParamAttrName, PruneDialect::kInputAttrName,
        PruneDialect::kStateAttrName})
    if (function.getArgAttr(i, name))
      return success();
  return function.emitError() << "expected prune.param, prune.input or "
                                 "prune.state on argument "
                              << i;
}

/// Checks the parameters as a whole.
static LogicalResult verifyParameters(FunctionOpInterface function) {
  bool isTrainable = false;
  for (const Parameter &parameter : getParameters(function)) {
    StringRef name = parameter.attribute.getName();
    auto type = dyn_cast<RankedTensorType>(parameter.value.getType());
    if (!type || !isa<FloatType>(type.getElementType()))
      return function.emitError()
             << "expected a floating-point tensor for parameter '" << name
             << "', got " << parameter.value.getType();
    Attribute value;
    if (matchPattern(parameter.value, m_Constant(&value)) &&
        !isa<DenseResourceElementsAttr>(value))
      return parameter.value.getDefiningOp()->emitError()
             << "expected a dense_resource value of parameter '" << name << "'";
    isTrainable |= parameter.attribute.isTrainable();
  }
  if (!isTrainable)
    return function.emitError("expected a parameter to train, got none");
  return success();
}

static LogicalResult verifyFunction(FunctionOpInterface function) {
  if (!function.getFunctionBody().hasOneBlock())
    return function.emitError("expected a function of one block");
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (failed(verifyArgument(function, i)))
      return failure();
  if (failed(verifyParameters(function)))
    return failure();
  WalkResult result = function.getFunctionBody().walk([](Operation *op) {
    return failed(verifyOperation(op)) ? WalkResult::interrupt()
                                       : WalkResult::advance();
  });
  return success(!result.wasInterrupted());
}

namespace {
struct VerifyTrainablePass final
    : prune::impl::VerifyTrainablePassBase<VerifyTrainablePass> {
  using VerifyTrainablePassBase::VerifyTrainablePassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    bool isValid = true;
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      bool isChosen = functions.empty() ||
                      llvm::is_contained(functions, function.getName().str());
      if (!function.isExternal() && isChosen)
        isValid &= succeeded(verifyFunction(function));
    }
    if (!isValid)
      signalPassFailure();
  }
};
} // namespace
