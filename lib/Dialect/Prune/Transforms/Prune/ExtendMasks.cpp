//===- ExtendMasks.cpp - Masks of filters reach their vectors -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Prune/Analysis/ChannelVectors.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-extend-masks"

namespace mlir::prune {
#define GEN_PASS_DEF_EXTENDMASKSPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// One byte per output channel of a layer: is anything of it left? Empty when
/// the weight has no constant mask or no channel is off.
static SmallVector<char> getKeptChannels(PrunableOpInterface layer) {
  Value weight = layer.getWeight();
  SmallVector<int64_t> dims = layer.getOutputChannelDims();
  ApplyMaskOp mask;
  if (weight && dims.size() == 1 && weight.hasOneUse())
    mask = dyn_cast<ApplyMaskOp>(*weight.user_begin());
  std::optional<ConstantView> view =
      mask ? ConstantView::get(mask.getMask()) : std::nullopt;
  if (!view || view->getNumElements() == 0)
    return {};
  SmallVector<char> kept(view->getShape()[dims.front()], 0);
  SmallVector<int64_t> index(view->getRank(), 0);
  do {
    if (view->at(index) != 0.0)
      kept[index[dims.front()]] = 1;
  } while (advance(index, view->getShape()));
  return llvm::is_contained(kept, 0) ? kept : SmallVector<char>();
}

/// Where the parameter itself is read: some are stored as [channels, 1, 1].
static OpOperand &getParameterUse(OpOperand &use) {
  OpOperand *place = &use;
  while (true) {
    Operation *reshape = place->get().getDefiningOp();
    if (!isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
            reshape) ||
        !reshape->hasOneUse())
      return *place;
    place = &reshape->getOpOperand(0);
  }
}

namespace {
struct ExtendMasksPass final
    : prune::impl::ExtendMasksPassBase<ExtendMasksPass> {
  using ExtendMasksPassBase::ExtendMasksPassBase;

  void runOnOperation() override {
    SmallVector<PrunableOpInterface> layers;
    getOperation().walk(
        [&](PrunableOpInterface layer) { layers.push_back(layer); });
    for (PrunableOpInterface layer : layers) {
      SmallVector<char> kept = getKeptChannels(layer);
      if (kept.empty())
        continue;
      for (OpOperand *use : getChannelVectors(layer))
        mask(getParameterUse(*use), kept);
    }
  }

private:
  void mask(OpOperand &use, ArrayRef<char> kept) {
    Value vector = use.get();
    auto type = dyn_cast<RankedTensorType>(vector.getType());
    if (!type || !type.hasStaticShape() ||
        type.getNumElements() != static_cast<int64_t>(kept.size()) ||
        !getParam(vector) || !ConstantView::get(vector))
      return;
    std::string name = getDisplayName(vector);
    LDBG() << "mask reaches '" << name << "': " << *use.getOwner();
    if (!vector.hasOneUse()) {
      remark::missed(
          use.getOwner()->getLoc(),
          remark::RemarkOpts::name("MaskNotExtended").category(DEBUG_TYPE))
          << remark::metric("Parameter", name)
          << remark::metric("Reason", "it has other readers");
      return;
    }
    OpBuilder builder(use.getOwner());
    Location loc = vector.getLoc();
    auto maskType = cast<RankedTensorType>(getMaskType(type));
    auto value = createResource(maskType, "mask_" + name, kept);
    auto constant = arith::ConstantOp::create(builder, loc, value);
    auto masked = ApplyMaskOp::create(builder, loc, vector, constant);
    use.set(masked);
    ++numMasksExtended;
  }
};
} // namespace
