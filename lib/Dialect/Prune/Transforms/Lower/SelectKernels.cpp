//===- SelectKernels.cpp - Kernel of each contraction ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each contraction the cost model predicts the time of every kernel that
// can run it, and the fastest is chosen; a tie goes to the dense one. Linear in
// the number of weights, whose zeros are counted once.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"

#include "Prune/Assembly/Isa.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/BatchParts.h"
#include "Prune/Kernels/KernelChoices.h"
#include "Prune/Kernels/KernelOptions.h"
#include "Prune/Kernels/KernelPlan.h"
#include "Prune/Kernels/LaneChoices.h"
#include "Prune/Kernels/NetworkChoices.h"
#include "Prune/Kernels/TunedKernels.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-select-kernels"

namespace mlir::prune {
#define GEN_PASS_DEF_SELECTKERNELSPASS
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {

struct SelectKernels : prune::impl::SelectKernelsPassBase<SelectKernels> {
  using Base::Base;

  void runOnOperation() override {
    if (kernel != "auto" && !symbolizeKernelKind(kernel)) {
      emitError(getOperation()->getLoc())
          << "expected kernel to be 'auto', " << listKernelFamilies()
          << ", got '" << kernel << "'";
      return signalPassFailure();
    }
    FailureOr<StringRef> set = readIsa(getOperation(), isa);
    if (failed(set))
      return signalPassFailure();
    vectors = assembly::getVectorSet(*set);
    layers.clear();
    matched.clear();
    FailureOr<CostModel> loaded = readCostModel(getOperation(), model, threads);
    if (failed(loaded))
      return signalPassFailure();
    llvm::Expected<TunedKernels> measured = TunedKernels::load(tuned);
    if (!measured) {
      emitError(getOperation()->getLoc())
          << "cannot use the tuned kernels '" << tuned
          << "': " << llvm::toString(measured.takeError());
      return signalPassFailure();
    }
    tunedKernels = std::move(*measured);
    getOperation()->walk([&](PrunableOpInterface op) {
      if (op.getWeight())
        layers.push_back(select(op, *loaded, batch));
    });
    suitNeighbors(*loaded, layers);
    if (batch == 0)
      selectForParts(*loaded);
    for (const LayerChoice &layer : layers)
      setKernel(layer);
    getOperation()->walk(
        [&](func::FuncOp function) { selectLanes(function, *loaded); });
    for (const LayerChoice &layer : layers)
      mark(layer);
  }

  /// What code can be generated for.
  std::optional<assembly::VectorSet> vectors;

  TunedKernels tunedKernels;

  SmallVector<LayerChoice, 0> layers;
  /// Of layers that were matched before: that counts the zeros of a weight.
  llvm::DenseMap<Operation *, KernelChoices> matched;

  LayerChoice select(PrunableOpInterface op, const CostModel &costs,
                     int64_t rows);
  void selectForParts(const CostModel &costs);
  void selectLanes(func::FuncOp function, const CostModel &costs);
  void setKernel(const LayerChoice &layer) {
    layer.op->setAttr(
        PruneDialect::kKernelAttrName,
        planKernel(&getContext(), layer.kernel, layer.costs.size));
  }
  void mark(const LayerChoice &layer);
};

} // namespace

/// Marks the operation and reports the choice.
void SelectKernels::mark(const LayerChoice &layer) {
  Operation *op = layer.op;
  setKernel(layer);
  ++(layer.kernel == KernelKind::Dense ? numDense : numSparse);
  StringRef name = stringifyKernelKind(layer.kernel);
  std::string reason = layer.reason;
  if (!layer.costs.times.empty())
    reason += "; " + layer.costs.describe();
  LDBG() << name << " kernel, " << reason << ": " << *op;
  auto remark = remark::passed(
      op->getLoc(),
      remark::RemarkOpts::name("KernelChosen").category(DEBUG_TYPE));
  Value weight = cast<PrunableOpInterface>(op).getWeight();
  remark << (name + " kernel: " + reason).str()
         << remark::metric("Layer", getDisplayName(weight))
         << remark::metric("Kernel", name);
  const ProductSize &size = layer.costs.size;
  if (!layer.costs.times.empty())
    remark << remark::metric("Rows", size.rows)
           << remark::metric("Inner", size.inner)
           << remark::metric("Columns", size.columns)
           << remark::metric("NonZeros", size.nonZeros);
}

LayerChoice SelectKernels::select(PrunableOpInterface op,
                                  const CostModel &costs, int64_t rows) {
  LayerChoice layer;
  layer.op = op;
  layer.isFixed = true;
  std::optional<KernelChoices> choices;
  if (auto found = matched.find(op); found != matched.end())
    choices = found->second;
  else
    choices = matchKernels(op, vectors, layer.reason);
  if (!choices)
    return layer;
  matched.try_emplace(op, *choices);
  if (batch > 0)
    choices->setBatch(batch);
  std::optional<KernelKind> measured =
      tunedKernels.find(getDisplayName(op.getWeight()), choices->size);
  if (rows > 0)
    choices->setBatch(rows);
  layer.costs = predictKernels(costs, choices->size, choices->kernels);
  auto decide = [&](KernelKind kind, const Twine &why) {
    layer.kernel = kind;
    layer.reason = why.str();
    return layer;
  };
  if (std::optional<KernelKind> forced = symbolizeKernelKind(kernel)) {
    if (!llvm::is_contained(choices->kernels, *forced))
      return decide(KernelKind::Dense, "it has no " + kernel + " kernel");
    return decide(*forced, "forced");
  }
  if (measured && llvm::is_contained(choices->kernels, *measured))
    return decide(*measured, "measured fastest");
  layer.isFixed = false;
  return decide(layer.costs.best, "predicted fastest");
}

/// Chooses what the lanes of generated code are.
void SelectKernels::selectLanes(func::FuncOp function, const CostModel &costs) {
  int64_t rows = batch > 0 ? 0 : getSplitBatch(function);
  SmallVector<LayerChoice *> ofFunction;
  for (LayerChoice &layer : layers)
    if (layer.op->getParentOfType<func::FuncOp>() == function)
      ofFunction.push_back(&layer);
  if (rows <= 1 || ofFunction.empty())
    return;
  int64_t part =
      chooseBatchPart(function, rows, threads, costs.getCacheBytes());
  chooseLanes(costs, function, rows, part, std::max<int64_t>(threads, 1),
              ofFunction);
}

/// Chooses again, for the images that run together where the batch runs in
/// parts: these depend on which layers are generated.
void SelectKernels::selectForParts(const CostModel &costs) {
  for (const LayerChoice &layer : layers)
    setKernel(layer);
  llvm::DenseMap<Operation *, int64_t> parts;
  getOperation()->walk([&](func::FuncOp function) {
    int64_t rows = getSplitBatch(function);
    int64_t part = rows <= 1 ? rows
                             : chooseBatchPart(function, rows, threads,
                                               costs.getCacheBytes());
    if (part < rows)
      parts[function] = part;
  });
  for (LayerChoice &layer : layers)
    if (int64_t part = parts.lookup(layer.op->getParentOfType<func::FuncOp>()))
      layer = select(cast<PrunableOpInterface>(layer.op), costs, part);
  if (!parts.empty())
    suitNeighbors(costs, layers);
}
