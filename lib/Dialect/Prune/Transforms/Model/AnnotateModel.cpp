//===- AnnotateModel.cpp - Name function, inputs, outputs and parameters --===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over the function collects parameters layer by layer: the weight and
// the bias of each contraction as they are met, then the constants that were
// met in no such place. A name is then chosen for each. Linear in the number of
// operands and in the bytes of the values that move.
//
//===----------------------------------------------------------------------===//

#include "LayerRemarks.h"
#include "Names.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-annotate-model"

namespace mlir::prune {
#define GEN_PASS_DEF_ANNOTATEMODELPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
/// What is known about a parameter before it has a name.
struct Candidate {
  ParamRole role;
  /// Name that counts layers, like `fc0.weight`.
  std::string derivedName;
  /// A buffer that a batch normalization reads, as it should be.
  bool isStatistic = false;
};
/// Parameters in the order in which they are named.
using Candidates = llvm::MapVector<Value, Candidate>;
} // namespace

/// A constant that can be a parameter: floating-point elements, not a scalar.
static arith::ConstantOp getConstant(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!constant || !type || type.getRank() == 0 ||
      !isa<FloatType>(type.getElementType()))
    return {};
  return constant;
}

static bool isSplat(arith::ConstantOp constant) {
  return isa<SplatElementsAttr>(constant.getValue());
}

/// Gives each use of a splat constant in the place of a parameter a constant of
/// its own: equal initial values (zero biases) are not one parameter.
static void splitSplats(OpOperand &operand) {
  arith::ConstantOp constant = getConstant(operand.get());
  if (!constant || !isSplat(constant) || constant->hasOneUse())
    return;
  OpBuilder builder(constant);
  operand.set(cast<arith::ConstantOp>(builder.clone(*constant)));
}

/// The operand of a contraction or convolution that is its weight: a constant,
/// or an argument marked as a parameter, perhaps copied.
static OpOperand *getWeight(linalg::LinalgOp op,
                            function_ref<bool(Value)> isParameter) {
  if (!isContraction(op) && !isConvolution(op))
    return nullptr;
  SmallVector<OpOperand *> inputs = op.getDpsInputOperands();
  // The second operand is the weight when both could be.
  for (OpOperand *input : llvm::reverse(inputs)) {
    OpOperand *source = getCopySource(input);
    if (getConstant(source->get()) || isParameter(source->get()))
      return source;
  }
  return nullptr;
}

/// True when a value is a copy of one with fewer dimensions.
static bool isBroadcast(Value value) {
  while (Operation *definition = value.getDefiningOp()) {
    auto op = dyn_cast<linalg::LinalgOp>(definition);
    OpOperand *input = getCopiedInput(op);
    if (input &&
        op.getMatchingIndexingMap(input).getNumResults() < op.getNumLoops())
      return true;
    if (input)
      value = input->get();
    else if (Value source = skipReshapes(value); source != value)
      value = source;
    else
      return false;
  }
  return false;
}

/// The operand that is broadcast, perhaps reshaped, into what a contraction
/// starts from.
static OpOperand *getBias(linalg::LinalgOp op,
                          function_ref<bool(Value)> isParameter) {
  OpOperand *init = op.getDpsInitOperand(0);
  OpOperand *source = getCopySource(init);
  // One element per channel, or it is no bias of channels.
  auto type = cast<RankedTensorType>(source->get().getType());
  if (source == init || (type.getRank() != 1 && !isBroadcast(init->get())))
    return nullptr;
  if (getConstant(source->get()) || isParameter(source->get()))
    return source;
  return nullptr;
}

/// The argument of a body that `value` is, perhaps times numbers.
static BlockArgument getScaledArgument(Value value) {
  while (auto product = value.getDefiningOp<arith::MulFOp>()) {
    if (matchPattern(product.getRhs(), m_Constant()))
      value = product.getLhs();
    else if (matchPattern(product.getLhs(), m_Constant()))
      value = product.getRhs();
    else
      return {};
  }
  return dyn_cast<BlockArgument>(value);
}

/// What an element-wise operation yields; null for other operations.
static Value getYielded(linalg::LinalgOp op) {
  if (!op || op->getNumResults() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops())
    return {};
  return op.getBlock()->getTerminator()->getOperand(0);
}

/// The operand that is the argument `argument` in the body of `op`.
static Value getOperand(linalg::LinalgOp op, BlockArgument argument) {
  return argument && argument.getOwner() == op.getBlock()
             ? op->getOperand(argument.getArgNumber())
             : Value();
}

/// The parameter of one dimension that `value` is a copy of, perhaps times
/// numbers; null for other values, and for buffers, which stay what they are.
static Value getScaledParameter(Value value) {
  while (value) {
    value = skipReshapes(value);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (ParamAttr param = getParam(value))
      return type && type.getRank() == 1 && param.getRole() != ParamRole::Buffer
                 ? value
                 : Value();
    auto op = value.getDefiningOp<linalg::LinalgOp>();
    Value yielded = getYielded(op);
    value = yielded ? getOperand(op, getScaledArgument(yielded)) : Value();
  }
  return {};
}

/// The parameter that is added to the result of a layer by an operation behind
/// it, where either may be multiplied by a number before.
static Value getAddedBias(linalg::LinalgOp layer) {
  Value value = layer->getResult(0);
  while (value.hasOneUse()) {
    auto user = dyn_cast<linalg::LinalgOp>(*value.user_begin());
    Value yielded = getYielded(user);
    if (!yielded)
      return {};
    if (auto sum = yielded.getDefiningOp<arith::AddFOp>()) {
      Value lhs = getOperand(user, getScaledArgument(sum.getLhs()));
      Value rhs = getOperand(user, getScaledArgument(sum.getRhs()));
      if (lhs != value && rhs != value)
        return {};
      return getScaledParameter(lhs == value ? rhs : lhs);
    }
    if (getOperand(user, getScaledArgument(yielded)) != value)
      return {};
    value = user->getResult(0);
  }
  return {};
}

namespace {
struct AnnotateModelPass
    : prune::impl::AnnotateModelPassBase<AnnotateModelPass> {
  using AnnotateModelPassBase::AnnotateModelPassBase;

  void runOnOperation() override {
    FailureOr<func::FuncOp> target = findNetwork();
    if (failed(target) || failed(renameFunction(*target)) ||
        failed(nameArguments(*target)))
      return signalPassFailure();
    Candidates candidates = collect(*target);
    if (failed(nameCandidates(*target, candidates)))
      return signalPassFailure();
    moveToEntry(*target, candidates);
    if (failed(nameInputsAndOutputs(*target)))
      return signalPassFailure();
    remarkLayers(*target, candidates);
    remarkUnknown(*target);
  }

private:
  FailureOr<func::FuncOp> findNetwork() {
    ModuleOp module = getOperation();
    if (!function.empty())
      return findFunction(module, function);
    SmallVector<func::FuncOp> found;
    for (auto candidate : module.getOps<func::FuncOp>())
      if (candidate.isPublic() && !candidate.isExternal())
        found.push_back(candidate);
    if (found.size() != 1) {
      InFlightDiagnostic error =
          module.emitError()
          << "expected one public function with a body, found " << found.size()
          << "; name the network with the option 'function'";
      for (func::FuncOp other : found)
        error.attachNote(other.getLoc()) << "'" << other.getSymName() << "'";
      return error;
    }
    return found.front();
  }

  LogicalResult renameFunction(func::FuncOp target) {
    if (rename.empty() || target.getSymName() == rename)
      return success();
    SymbolTable table(getOperation());
    if (table.lookup(rename))
      return target.emitError()
             << "cannot rename '" << target.getSymName() << "' to '" << rename
             << "': the module has a symbol of that name";
    return table.rename(target, rename);
  }

  /// Marks the last arguments, which `parameters` names, as scales or buffers;
  /// their use can make them weights and biases afterwards.
  LogicalResult nameArguments(func::FuncOp target) {
    if (parameters.size() > target.getNumArguments())
      return target.emitError()
             << "expected at most " << target.getNumArguments()
             << " parameter names, one per argument, got " << parameters.size();
    unsigned first = target.getNumArguments() - parameters.size();
    for (auto [i, name] : llvm::enumerate(parameters)) {
      auto type =
          dyn_cast<RankedTensorType>(target.getArgumentTypes()[first + i]);
      if (!type || !isa<FloatType>(type.getElementType()))
        return target.emitError()
               << "expected a tensor of floating-point elements for parameter '"
               << name << "', got " << target.getArgumentTypes()[first + i];
      setParam(target.getArgument(first + i), name,
               llvm::is_contained(buffers, name) ? ParamRole::Buffer
                                                 : ParamRole::Scale);
    }
    for (const std::string &name : buffers)
      if (!llvm::is_contained(parameters, name))
        return target.emitError()
               << "buffer '" << name << "' is not among the parameters";
    return success();
  }

  void setParam(Value value, StringRef name, ParamRole role) {
    auto attribute = ParamAttr::get(&getContext(), name, role);
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto owner = cast<func::FuncOp>(argument.getOwner()->getParentOp());
      owner.setArgAttr(argument.getArgNumber(), PruneDialect::kParamAttrName,
                       attribute);
      return;
    }
    value.getDefiningOp()->setAttr(PruneDialect::kParamAttrName, attribute);
  }

  Candidates collect(func::FuncOp target) {
    Candidates candidates;
    unsigned layer = 0;
    auto isParameter = [](Value value) { return bool(getParam(value)); };
    target.walk([&](Operation *operation) {
      if (auto norm = dyn_cast<BatchNormOp>(operation)) {
        collectBatchNorm(norm, ("bn" + Twine(layer++)).str(), candidates);
        return;
      }
      auto op = dyn_cast<linalg::LinalgOp>(operation);
      OpOperand *weight = op ? getWeight(op, isParameter) : nullptr;
      if (!weight)
        return;
      std::string name =
          (Twine(isContraction(op) ? "fc" : "conv") + Twine(layer++)).str();
      splitSplats(*weight);
      candidates.insert({weight->get(), {ParamRole::Weight, name + ".weight"}});
      remarkOrder(op, *weight);
      if (OpOperand *bias = getBias(op, isParameter)) {
        splitSplats(*bias);
        candidates.insert({bias->get(), {ParamRole::Bias, name + ".bias"}});
      } else if (Value added = getAddedBias(op)) {
        candidates.insert({added, {ParamRole::Bias, name + ".bias"}});
      }
    });
    unsigned buffers = 0;
    target.walk([&](arith::ConstantOp op) {
      if (!getConstant(op) || isSplat(op) || candidates.contains(op))
        return;
      candidates.insert(
          {op.getResult(),
           {ParamRole::Buffer, "buffer" + Twine(buffers++).str()}});
    });
    return candidates;
  }

  /// Values that are neither constants nor arguments are no parameters.
  static void collectBatchNorm(BatchNormOp op, StringRef name,
                               Candidates &candidates) {
    auto add = [&](OpOperand &operand, ParamRole role, StringRef suffix) {
      splitSplats(operand);
      Value value = operand.get();
      if (getConstant(value) || getParam(value))
        candidates.insert({value,
                           {role, (name + suffix).str(),
                            /*isStatistic=*/role == ParamRole::Buffer}});
    };
    if (!op.getFixedScale())
      add(op.getScaleMutable(), ParamRole::Scale, ".weight");
    if (!op.getFixedBias())
      add(op.getBiasMutable(), ParamRole::Bias, ".bias");
    add(op.getMeanMutable(), ParamRole::Buffer, ".running_mean");
    add(op.getVarianceMutable(), ParamRole::Buffer, ".running_var");
  }

  void remarkOrder(linalg::LinalgOp op, OpOperand &weight) {
    if (weight.getOwner() != op)
      return;
    AffineMap map = op.getMatchingIndexingMap(&weight);
    if (!isa<BlockArgument>(weight.get()) || map.getNumResults() != 2 ||
        !isContraction(op) || !map.isProjectedPermutation())
      return;
    auto iterators = op.getIteratorTypesArray();
    if (linalg::isReductionIterator(iterators[map.getDimPosition(0)]))
      remark::missed(
          op.getLoc(),
          remark::RemarkOpts::name("WeightOrderKept").category(DEBUG_TYPE))
          << "weight is an argument stored as [in, out] and stays so: its "
             "caller holds the values";
  }

  LogicalResult nameCandidates(func::FuncOp target, Candidates &candidates) {
    llvm::StringSet<> taken;
    for (BlockArgument argument : target.getArguments())
      if (ParamAttr param = getParam(argument))
        if (!taken.insert(param.getName()).second)
          return target.emitError()
                 << "parameter '" << param.getName() << "' is named twice";
    SmallVector<Value> unnamed;
    for (auto &[value, candidate] : candidates) {
      if (auto argument = dyn_cast<BlockArgument>(value))
        refineRole(argument, candidate.role);
      else if (ParamAttr param = getParam(value))
        nameAgain(value, param, candidate.role, taken);
      else
        unnamed.push_back(value);
    }
    if (!constants.empty() && constants.size() != unnamed.size())
      return target.emitError() << "expected names of " << unnamed.size()
                                << " constants, got " << constants.size();
    for (auto [i, value] : llvm::enumerate(unnamed)) {
      auto constant = value.getDefiningOp<arith::ConstantOp>();
      StringRef given =
          constants.empty() ? getGivenName(constant) : StringRef(constants[i]);
      Candidate &candidate = candidates.find(value)->second;
      std::string name = given.empty() ? candidate.derivedName : given.str();
      if (!constants.empty() && taken.contains(name))
        return target.emitError()
               << "parameter '" << name << "' is named twice";
      nameConstant(constant, makeUnique(name, taken), candidate.role,
                   candidate.isStatistic);
    }
    numParametersNamed += unnamed.size() + parameters.size();
    return success();
  }

  /// Keeps the name of a constant, and its role unless that was a guess.
  void nameAgain(Value value, ParamAttr param, ParamRole role,
                 llvm::StringSet<> &taken) {
    taken.insert(param.getName());
    if (refineScales && param.getRole() == ParamRole::Scale &&
        role != ParamRole::Buffer)
      setParam(value, param.getName(), role);
  }

  /// Gives an argument that this run has named the role of its use.
  void refineRole(BlockArgument argument, ParamRole role) {
    StringRef name = getParam(argument).getName();
    if (llvm::is_contained(parameters, name) &&
        !llvm::is_contained(buffers, name))
      setParam(argument, name, role);
  }

  static std::string makeUnique(StringRef name, llvm::StringSet<> &taken) {
    std::string unique = name.str();
    for (unsigned i = 1; !taken.insert(unique).second; ++i)
      unique = (name + "_" + Twine(i)).str();
    return unique;
  }

  /// Says where a parameter that is read like a weight is none to other passes.
  void remarkLayers(func::FuncOp target, const Candidates &candidates) {
    for (BlockArgument argument : target.getArguments()) {
      ParamAttr param = getParam(argument);
      if (param && !candidates.contains(argument) &&
          llvm::is_contained(parameters, param.getName()) &&
          !llvm::is_contained(buffers, param.getName()))
        remarkScale(argument, param.getName());
    }
    SmallVector<Value> weights;
    for (const auto &[value, candidate] : candidates)
      if (candidate.role == ParamRole::Weight)
        weights.push_back(value);
    remarkWeights(target, weights);
  }

  void nameConstant(arith::ConstantOp constant, StringRef name, ParamRole role,
                    bool isStatistic) {
    setParam(constant, name, role);
    if (role == ParamRole::Buffer && !isStatistic)
      remarkBuffer(constant, name);
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    DenseResourceElementsAttr resource =
        dense ? toResource(dense, name) : nullptr;
    if (!resource)
      return;
    constant.setValueAttr(resource);
    bytesMovedToResources +=
        dense.getNumElements() * getElementBytes(dense.getElementType());
  }

  /// Orders the constants at the entry of the function layer by layer: other
  /// passes list parameters in this order.
  static void moveToEntry(func::FuncOp target, const Candidates &candidates) {
    Block &entry = target.front();
    Operation *last = nullptr;
    for (const auto &[value, candidate] : candidates) {
      Operation *constant = value.getDefiningOp();
      if (!constant)
        continue;
      if (last)
        constant->moveAfter(last);
      else
        constant->moveBefore(&entry, entry.begin());
      last = constant;
    }
  }

  LogicalResult nameInputsAndOutputs(func::FuncOp target) {
    SmallVector<unsigned> arguments;
    for (BlockArgument argument : target.getArguments())
      if (!getParam(argument))
        arguments.push_back(argument.getArgNumber());
    if (!inputs.empty() && inputs.size() != arguments.size())
      return target.emitError()
             << "expected names of " << arguments.size()
             << " arguments that are no parameters, got " << inputs.size();
    Builder builder(&getContext());
    auto getName = [&](StringRef one, StringRef many, size_t count,
                       unsigned index) {
      return builder.getStringAttr(count == 1 ? Twine(one)
                                              : many + Twine(index));
    };
    for (auto [i, number] : llvm::enumerate(arguments))
      if (!target.getArgAttr(number, PruneDialect::kInputAttrName))
        target.setArgAttr(number, PruneDialect::kInputAttrName,
                          inputs.empty()
                              ? getName("input", "input", arguments.size(), i)
                              : builder.getStringAttr(inputs[i]));
    unsigned numResults = target.getNumResults();
    for (unsigned i = 0; i < numResults; ++i)
      if (!target.getResultAttr(i, PruneDialect::kOutputAttrName))
        target.setResultAttr(i, PruneDialect::kOutputAttrName,
                             getName("logits", "output", numResults, i));
    return success();
  }
};
} // namespace
