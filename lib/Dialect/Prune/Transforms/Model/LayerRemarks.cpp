//===- LayerRemarks.cpp - Parameters that no layer is known for -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerRemarks.h"

#include "Prune/Analysis/Copies.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-annotate-model"

using namespace mlir;
using namespace mlir::prune;

/// True when an operation multiplies element by element and does nothing else.
static bool isProduct(linalg::LinalgOp op) {
  if (!op || op.getNumReductionLoops() > 0 || op->getNumResults() != 1)
    return false;
  auto ops = op.getBlock()->without_terminator();
  return llvm::hasSingleElement(ops) && isa<arith::MulFOp>(*ops.begin());
}

/// An operation that reads a value like a layer its weight or its bias: it sums
/// over it, perhaps after products, or combines it with what a layer computes.
static Operation *findLayer(Value value,
                            llvm::SmallPtrSetImpl<Operation *> &seen,
                            bool isFactor = false) {
  for (OpOperand &use : value.getUses()) {
    auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
    bool reshapes =
        isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(use.getOwner());
    bool continues = reshapes || isProduct(op) || getCopiedInput(op) == &use;
    if (continues && seen.insert(use.getOwner()).second)
      if (Operation *found = findLayer(use.getOwner()->getResult(0), seen,
                                       isFactor || isProduct(op)))
        return found;
    if (reshapes || getCopiedInput(op) == &use)
      continue;
    if (op && op.getNumReductionLoops() > 0 &&
        (op.getNumDpsInputs() > 1 || (isFactor && op.isDpsInput(&use))))
      return op;
    auto isLayer = [](OpOperand *input) {
      auto producer =
          skipReshapes(input->get()).getDefiningOp<linalg::LinalgOp>();
      return isContraction(producer) || isConvolution(producer);
    };
    if (op && llvm::any_of(op.getDpsInputOperands(), isLayer))
      return op;
  }
  return nullptr;
}

static Operation *findLayer(Value value) {
  llvm::SmallPtrSet<Operation *, 8> seen;
  return findLayer(value, seen);
}

void mlir::prune::remarkBuffer(arith::ConstantOp constant, StringRef name) {
  LDBG() << "buffer '" << name << "': " << constant.getLoc();
  Operation *layer = findLayer(constant);
  if (!layer) {
    remark::analysis(
        constant.getLoc(),
        remark::RemarkOpts::name("BufferFound").category(DEBUG_TYPE))
        << ("constant '" + name +
            "' is no weight, bias or scale and is not trained")
               .str();
    return;
  }
  remark::missed(
      constant.getLoc(),
      remark::RemarkOpts::name("LayerBufferFound").category(DEBUG_TYPE))
      << ("constant '" + name + "' is read by '" +
          layer->getName().getStringRef() +
          "' like a weight or a bias but is not recognized as one: it is "
          "neither trained nor pruned")
             .str();
}

void mlir::prune::remarkScale(BlockArgument argument, StringRef name) {
  Operation *layer = findLayer(argument);
  if (!layer)
    return;
  remark::missed(
      layer->getLoc(),
      remark::RemarkOpts::name("LayerScaleFound").category(DEBUG_TYPE))
      << ("parameter '" + name + "' is read by '" +
          layer->getName().getStringRef() +
          "' like a weight or a bias but is not recognized as one: it is "
          "trained as a scale and not pruned")
             .str();
}

void mlir::prune::remarkWeights(func::FuncOp target, ArrayRef<Value> weights) {
  llvm::DenseSet<Value> found;
  target.walk([&](PrunableOpInterface op) { found.insert(op.getWeight()); });
  for (Value value : weights)
    if (!found.contains(value))
      remark::missed(
          value.getLoc(),
          remark::RemarkOpts::name("LayerNotFound").category(DEBUG_TYPE))
          << ("weight '" + getDisplayName(value) +
              "' is copied in a way that hides it from its layer: it is "
              "trained but not pruned");
}

void mlir::prune::remarkUnknown(func::FuncOp target) {
  target.getBody().walk([](Operation *op) {
    Dialect *dialect = op->getDialect();
    if (isa_and_nonnull<arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect, math::MathDialect, PruneDialect,
                        tensor::TensorDialect>(dialect))
      return;
    remark::missed(
        op->getLoc(),
        remark::RemarkOpts::name("OperationUnknown").category(DEBUG_TYPE))
        << ("'" + op->getName().getStringRef() +
            "' is no part of the model form and is left alone")
               .str();
  });
}
