//===- EliminateDeadNeurons.cpp - Elimination of dead neurons -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Alternates an analysis (ChannelState: which channels are constant, which are
// live) and a rewriting (removeDeadChannels) until nothing is dead. Both work
// through ChannelOpInterface alone. A chain of dead layers falls in one round,
// because liveness is propagated backward through what is dead itself; a second
// round confirms. Then canonicalization is tried on a copy, and done when it
// would free more. O(rounds * elements of weights).
//
// Method: Han 2015, section on dead neurons; METHODS 3.6.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"

#include "ChannelHolders.h"
#include "EliminateChannels.h"
#include "SharedConstants.h"

#include "Prune/Analysis/ChannelShuffles.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/DeadOperations.h"
#include "Prune/Support/KeptIndices.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-eliminate-dead-neurons"

namespace mlir::prune {
#define GEN_PASS_DEF_ELIMINATEDEADNEURONSPASS
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
/// The fate of the neurons of one layer, for a remark.
struct LayerReport {
  /// Null when the layer died altogether.
  Operation *op;
  std::string name;
  Location loc;
  int64_t before = -1;
  int64_t removed = 0;
  int64_t constant = 0;
  /// Constant neurons that stay, as what reads them cannot fold them.
  int64_t unfolded = 0;
  std::string reason = "";
  /// What keeps them: layers that add to them, or who reads them.
  std::string holders = "";
};
} // namespace

/// One empty report for each layer.
static SmallVector<LayerReport, 0> createReports(Block &block) {
  SmallVector<LayerReport, 0> reports;
  for (auto op : block.getOps<PrunableOpInterface>())
    if (Value weight = op.getWeight())
      reports.push_back({op, getDisplayName(weight), op.getLoc()});
  return reports;
}

/// Forgets the operations that are gone, as others may come to their address.
static void dropErased(Block &block, MutableArrayRef<LayerReport> reports) {
  llvm::DenseSet<Operation *> present;
  for (Operation &op : block)
    present.insert(&op);
  for (LayerReport &layer : reports)
    if (!present.contains(layer.op))
      layer.op = nullptr;
}

/// Adds what the analysis decided about the output channels of a layer.
static void report(const ChannelState &state, const ChannelHolders &holders,
                   LayerReport &layer) {
  std::optional<OutputAxis> axis =
      getOutputAxis(state.getAxes(), cast<PrunableOpInterface>(layer.op));
  if (!axis)
    return;
  auto [result, dim] = *axis;
  int64_t extent = cast<RankedTensorType>(result.getType()).getDimSize(dim);
  if (layer.before == -1)
    layer.before = extent;
  layer.unfolded = 0;
  for (int64_t i = 0; i < extent; ++i) {
    bool isConstant = state.getConstant(result, dim, i) != Attribute();
    if (state.isLive(result, dim, i)) {
      layer.unfolded += isConstant;
      continue;
    }
    ++layer.removed;
    layer.constant += isConstant;
  }
  const ChannelAxes &axes = state.getAxes();
  layer.reason = axes.getPinReason(axes.getClass(result, dim, 0)).str();
  layer.holders = holders.describe(layer.op);
}

/// A parameter that served two layers and lost different neurons in each is two
/// parameters now: the later ones get a number behind the name.
static void renameSplitParameters(FunctionOpInterface function) {
  llvm::StringSet<> names;
  for (const Parameter &parameter : getParameters(function)) {
    StringRef name = parameter.attribute.getName();
    std::string unique = name.str();
    for (unsigned i = 1; !names.insert(unique).second; ++i)
      unique = (name + "." + Twine(i)).str();
    if (unique == name || isa<BlockArgument>(parameter.value))
      continue;
    parameter.value.getDefiningOp()->setAttr(
        PruneDialect::kParamAttrName,
        ParamAttr::get(function.getContext(), unique,
                       parameter.attribute.getRole()));
  }
}

static void emitRemarks(ArrayRef<LayerReport> reports, StringRef function) {
  for (const LayerReport &layer : reports) {
    if (layer.before == -1)
      continue;
    LDBG() << function << ", " << layer.name << ": " << layer.removed << " of "
           << layer.before << " leave";
    remark::RemarkOpts options =
        remark::RemarkOpts::name(layer.removed ? "NeuronsEliminated"
                                               : "NeuronsKept")
            .category(DEBUG_TYPE)
            .function(function);
    auto remark = layer.removed ? remark::passed(layer.loc, options)
                                : remark::analysis(layer.loc, options);
    remark << remark::metric("Layer", layer.name)
           << remark::metric("Kept", layer.before - layer.removed)
           << remark::metric("Removed", layer.removed)
           << remark::metric("Constant", layer.constant);
    if (layer.unfolded != 0)
      remark << remark::metric("ConstantKept", layer.unfolded);
    if (!layer.holders.empty())
      remark << remark::metric("HeldBy", layer.holders);
    if (!layer.reason.empty())
      remark << remark::metric("Reason", layer.reason);
    else if (layer.unfolded != 0)
      remark << remark::metric("Reason",
                               "a constant cannot be folded through padding, "
                               "an addition or an unknown weight");
    else if (layer.removed == 0)
      remark << remark::metric("Reason", "every neuron is live");
  }
}

static void remarkGrowth(FunctionOpInterface function) {
  remark::missed(function.getLoc(), remark::RemarkOpts::name("ConstantsKept")
                                        .category(DEBUG_TYPE)
                                        .function(function.getName()))
      << remark::metric("Reason",
                        "a bias for each user of a shared weight would take "
                        "more than the constant neurons that leave");
}

namespace {
struct EliminateDeadNeuronsPass final
    : prune::impl::EliminateDeadNeuronsPassBase<EliminateDeadNeuronsPass> {
  using EliminateDeadNeuronsPassBase::EliminateDeadNeuronsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet patterns(context);
    for (Dialect *dialect : context->getLoadedDialects())
      dialect->getCanonicalizationPatterns(patterns);
    for (RegisteredOperationName op : context->getRegisteredOperations())
      op.getCanonicalizationPatterns(patterns, context);
    canonicalization = std::move(patterns);
    return success();
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (function.isExternal())
        continue;
      if (!function.getFunctionBody().hasOneBlock()) {
        remark::missed(function.getLoc(),
                       remark::RemarkOpts::name("FunctionKept")
                           .category(DEBUG_TYPE)
                           .function(function.getName()))
            << remark::metric("Reason", "more than one block");
        continue;
      }
      if (failed(eliminate(function)))
        return signalPassFailure();
    }
  }

  LogicalResult eliminate(FunctionOpInterface function) {
    Block &block = function.getFunctionBody().front();
    // What an earlier run has noted counts in other shapes.
    if (recordKept && !composeKept)
      for (Operation &op : block)
        op.removeAttr(kKeptAttrName);
    mergeEqualConstants(block);
    OwningOpRef<Operation *> original = function->clone();
    int64_t elements = countElements(block);
    ChannelOptions options = getOptions();
    SmallVector<LayerReport, 0> reports;
    if (failed(removeAll(function, options, reports)))
      return failure();
    if (countElements(function.getFunctionBody().front()) > elements) {
      // A bias for each user of a shared weight would be more than was removed.
      function.getFunctionBody().takeBody(
          cast<FunctionOpInterface>(*original).getFunctionBody());
      options.foldIntoShared = false;
      remarkGrowth(function);
      if (failed(removeAll(function, options, reports)))
        return failure();
    }
    emitRemarks(reports, function.getName());
    renameSplitParameters(function);
    if (options.foldIntoShared)
      remarkSharedWeights(function, options, DEBUG_TYPE);
    return success();
  }

private:
  ChannelOptions getOptions() const {
    ChannelOptions options;
    options.foldBorders = foldBorders;
    options.finite = finite;
    return options;
  }

  /// Removes and simplifies alternating, until neither gives the other
  /// something to do.
  LogicalResult removeAll(FunctionOpInterface function, ChannelOptions options,
                          SmallVectorImpl<LayerReport> &reports) {
    Block &block = function.getFunctionBody().front();
    reports = createReports(block);
    do {
      if (failed(removeRounds(block, options, reports)))
        return failure();
      mergeEqualConstants(block);
      eliminateCommonSubexpressions(function);
    } while (simplifyIfThatFrees(function, options, reports));
    return success();
  }

  /// Removes what is dead, to the fixed point.
  LogicalResult removeRounds(Block &block, ChannelOptions options,
                             SmallVectorImpl<LayerReport> &reports) {
    ChannelShuffles shuffles(block);
    while (true) {
      eraseDead(block);
      dropErased(block, reports);
      shuffles.dropErased(block);
      unshareConstants(block);
      ChannelState state(block, options);
      ChannelHolders holders(block, state);
      for (LayerReport &layer : reports)
        if (layer.op)
          report(state, holders, layer);
      if (state.countDead() == 0) {
        shuffles.restore();
        return success();
      }
      FailureOr<RemovalCounts> counts =
          removeDeadChannels(block, state, recordKept);
      if (failed(counts))
        return failure();
      dropErased(block, reports);
      shuffles.dropErased(block);
      ++numIterations;
      numNeuronsRemoved += counts->neurons;
      numConstantsFolded += counts->folded;
      numWeightsRemoved += counts->elements;
      bytesSaved += counts->bytes;
    }
  }

  void eliminateCommonSubexpressions(FunctionOpInterface function) {
    IRRewriter rewriter(function.getContext());
    DominanceInfo dominance(function);
    eliminateCommonSubExpressions(rewriter, dominance, function);
  }

  void simplify(FunctionOpInterface function) {
    // Parameters that are equal by chance stay two.
    GreedyRewriteConfig config;
    config.enableConstantCSE(false).setRegionSimplificationLevel(
        GreedySimplifyRegionLevel::Normal);
    // More rounds than the driver allows would only find more to simplify.
    (void)applyPatternsGreedily(function.getFunctionBody(), canonicalization,
                                config);
    eliminateCommonSubexpressions(function);
  }

  /// Simplifies the function when more dies then; leaves it as it is otherwise.
  bool simplifyIfThatFrees(FunctionOpInterface function, ChannelOptions options,
                           SmallVectorImpl<LayerReport> &reports) {
    OwningOpRef<Operation *> copy = function->clone();
    auto trial = cast<FunctionOpInterface>(*copy);
    simplify(trial);
    Block &block = trial.getFunctionBody().front();
    eraseDead(block);
    unshareConstants(block);
    if (ChannelState(block, options).countDead() == 0)
      return false;
    simplify(function);
    dropErased(function.getFunctionBody().front(), reports);
    return true;
  }

  FrozenRewritePatternSet canonicalization;
};
} // namespace
