//===- FoldReparametrizations.cpp - Weights that are computed -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Looks at what contractions read as a weight, start from, or have added to
// their result. Where that is no constant but depends on constants only, it is
// computed, operation by operation and loop by loop, and becomes one. Linear in
// the number of scalar operations that the network would do for it.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Contraction.h"
#include "Names.h"
#include "Prune/Analysis/ConstantEvaluator.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-fold-reparametrizations"

namespace mlir::prune {
#define GEN_PASS_DEF_FOLDREPARAMETRIZATIONSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
/// What a value is computed from.
struct Origin {
  /// Constants of more than one value, and parameters.
  llvm::SetVector<Value> parameters;
  /// A parameter of unknown value is among them.
  bool isUnknown = false;
};
} // namespace

/// True for a constant that is worth a name: not only equal elements.
static bool isParameterConstant(arith::ConstantOp constant) {
  return getParam(constant.getResult()) ||
         (isa<RankedTensorType>(constant.getType()) &&
          !isa<SplatElementsAttr>(constant.getValue()));
}

/// What a value is computed from when that is constants and parameters only.
static std::optional<Origin> getOrigin(Value value) {
  Origin origin;
  llvm::SetVector<Value> reached;
  reached.insert(value);
  for (size_t next = 0; next < reached.size(); ++next) {
    Value current = reached[next];
    Operation *op = current.getDefiningOp();
    if (!op && !getParam(current))
      return std::nullopt;
    if (!op) {
      origin.parameters.insert(current);
      origin.isUnknown = true;
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (isParameterConstant(constant))
        origin.parameters.insert(current);
      continue;
    }
    if (!isMemoryEffectFree(op))
      return std::nullopt;
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (!op->isAncestor(operand.getParentBlock()->getParentOp()))
          reached.insert(operand);
    });
  }
  return origin;
}

/// The name of the weight that parts with these names stand for; empty when
/// they have none.
static std::string nameWeight(Value value, const Origin &origin) {
  auto count = [](Value v) {
    return cast<RankedTensorType>(v.getType()).getNumElements();
  };
  std::string name;
  for (Value part : origin.parameters) {
    ParamAttr param = getParam(part);
    StringRef given =
        param ? param.getName()
              : getGivenName(part.getDefiningOp<arith::ConstantOp>());
    if (given.empty())
      continue;
    // The part that has the shape of the weight says best what it is.
    bool isWhole =
        isa<RankedTensorType>(part.getType()) && count(part) == count(value);
    if (name.empty() || isWhole)
      name = getReparametrizedName(given);
    if (isWhole)
      break;
  }
  return name;
}

namespace {
struct FoldReparametrizationsPass final
    : prune::impl::FoldReparametrizationsPassBase<FoldReparametrizationsPass> {
  using FoldReparametrizationsPassBase::FoldReparametrizationsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> layers;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isContraction(op) || isConvolution(op))
        layers.push_back(op);
    });
    ConstantEvaluator evaluator;
    for (linalg::LinalgOp op : layers) {
      foldAddends(op, evaluator);
      fold(*op.getDpsInitOperand(0), evaluator);
      for (OpOperand *input : op.getDpsInputOperands())
        fold(*input, evaluator);
      if (!isContraction(op))
        continue;
      Contraction contraction(op);
      for (unsigned input : {0u, 1u})
        if (made.contains(contraction.inputs[input].value))
          contraction.canonicalizeWeight(input);
      contraction.commit();
    }
  }

private:
  /// Vectors that element-wise operations add to the result of a layer.
  void foldAddends(linalg::LinalgOp op, ConstantEvaluator &evaluator) {
    Value result = op->getResult(0);
    while (result.hasOneUse() &&
           isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
               *result.user_begin()))
      result = result.user_begin()->getResult(0);
    for (Operation *user : result.getUsers()) {
      auto reader = dyn_cast<linalg::LinalgOp>(user);
      if (!reader || reader.getNumReductionLoops() != 0)
        continue;
      for (auto sum : reader.getBlock()->getOps<arith::AddFOp>())
        for (Value addend : sum->getOperands()) {
          auto argument = dyn_cast<BlockArgument>(addend);
          if (!argument || argument.getOwner() != reader.getBlock())
            continue;
          OpOperand *operand = reader.getMatchingOpOperand(argument);
          // What a layer computes from constants (the state that a recurrent
          // network starts with) has a batch, and is no bias.
          auto layer =
              skipReshapes(operand->get()).getDefiningOp<linalg::LinalgOp>();
          if (reader.isDpsInput(operand) && operand->get() != result &&
              !isContraction(layer))
            fold(*operand, evaluator);
        }
    }
  }

  /// Replaces what `operand` copies by a constant.
  void fold(OpOperand &operand, ConstantEvaluator &evaluator) {
    Value value = getCopySource(&operand)->get();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    Operation *op = value.getDefiningOp();
    if (!op || !type || !isa<FloatType>(type.getElementType()) ||
        type.getRank() == 0 || isa<arith::ConstantOp>(op))
      return;
    std::optional<Origin> origin = getOrigin(value);
    if (!origin || origin->parameters.empty())
      return;
    if (origin->isUnknown)
      return remarkKept(operand, op, "a parameter whose value is not known");
    const ConstantEvaluator::Elements *elements = evaluator.evaluate(value);
    if (!elements)
      return remarkKept(operand, evaluator.getObstacle(), "constants");
    SmallVector<double, 0> numbers;
    numbers.reserve(elements->size());
    for (Scalar element : *elements)
      numbers.push_back(element.real);
    replace(value, nameWeight(value, *origin), numbers);
  }

  void replace(Value value, StringRef name, ArrayRef<double> numbers) {
    auto type = cast<RankedTensorType>(value.getType());
    OpBuilder builder(value.getDefiningOp());
    Location loc = value.getLoc();
    if (!name.empty())
      loc = NameLoc::get(builder.getStringAttr(name), loc);
    // A key that says nothing leaves the name to the layer.
    DenseResourceElementsAttr attribute =
        createResource(type, name.empty() ? "evaluated_weight" : name, numbers);
    auto constant = arith::ConstantOp::create(builder, loc, attribute);
    remark::passed(
        loc,
        remark::RemarkOpts::name("ParameterEvaluated").category(DEBUG_TYPE))
        << ("evaluated '" + name + "', which was computed from constants")
               .str();
    LDBG() << "evaluated '" << name << "' of " << type;
    value.replaceAllUsesWith(constant);
    made.insert(constant.getResult());
    ++numParametersEvaluated;
  }

  static void remarkKept(OpOperand &operand, Operation *obstacle,
                         StringRef from) {
    std::string through =
        obstacle
            ? (" through '" + obstacle->getName().getStringRef() + "'").str()
            : "";
    remark::missed(
        operand.getOwner()->getLoc(),
        remark::RemarkOpts::name("ParameterComputed").category(DEBUG_TYPE))
        << ("operand #" + Twine(operand.getOperandNumber()) +
            " is computed from " + from + through +
            " and is no weight that can be pruned")
               .str();
  }

  llvm::DenseSet<Value> made;
};
} // namespace
