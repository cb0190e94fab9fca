//===- LaneChoices.cpp - What the lanes of vectors are --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dynamic program over the layers in the order of the body. Where neighbors
// differ, what is live between them is copied. Layers whose lanes are images
// run for the whole batch: the function is cut where they begin.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/LaneChoices.h"

#include "Prune/Kernels/BatchCuts.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/DebugLog.h"

#include <limits>

#define DEBUG_TYPE "prune-select-kernels"

using namespace mlir;
using namespace mlir::prune;

static constexpr double kNever = std::numeric_limits<double>::infinity();

namespace {

class Lanes {
public:
  Lanes(const CostModel &model, func::FuncOp function, int64_t batch,
        int64_t part, int64_t threads)
      : model(model), cuts(function, batch), batch(batch), part(part),
        threads(batch % threads == 0 ? threads : batch) {}

  void choose(ArrayRef<LayerChoice *> layers);

private:
  ProductSize resize(const LayerChoice &layer, int64_t images) const;
  double predictPositions(const LayerChoice &layer) const;
  double predictImages(const LayerChoice &layer) const;
  double predictCopy(Operation *cut) const;
  double enter(Operation *previous, Operation *op) const;
  double leave(Operation *op) const;

  const CostModel &model;
  BatchCuts cuts;
  /// Of the function, that the layers have their sizes for, and the fewest
  /// images that threads can share.
  int64_t batch, part, threads;
};

} // namespace

/// The layer with another batch.
ProductSize Lanes::resize(const LayerChoice &layer, int64_t images) const {
  ProductSize size = layer.costs.size;
  size.columns = size.columns / part * images;
  if (size.convolution)
    size.convolution->n = images;
  return size;
}

/// Microseconds of the batch, with as many images at a time as are fastest.
double Lanes::predictPositions(const LayerChoice &layer) const {
  double best = kNever;
  for (int64_t images = threads; images <= batch; images += threads) {
    if (batch % images != 0)
      continue;
    ProductSize size = resize(layer, images);
    size.isInPlace = size.convolution && getDirectOrder(*size.convolution) !=
                                             assembly::ImageOrder::Nchw;
    double time = model.predict(layer.kernel, size).value_or(0.0);
    best = std::min(best, time * static_cast<double>(batch / images));
  }
  return best;
}

/// Microseconds of the batch.
double Lanes::predictImages(const LayerChoice &layer) const {
  ProductSize size = resize(layer, batch);
  size.hasImageLanes = true;
  if (layer.kernel != KernelKind::StraightLine || !size.convolution)
    return kNever;
  if (!canHaveImageLanes(*size.convolution))
    return kNever;
  return model.predict(layer.kernel, size).value_or(kNever);
}

/// Microseconds for bringing all that is live to another order.
double Lanes::predictCopy(Operation *cut) const {
  std::optional<int64_t> elements =
      cut ? cuts.countElements(cut) : std::nullopt;
  return elements ? model.predictTurn(batch, *elements / batch) : kNever;
}

/// Copies for a layer whose lanes are images behind one, or the start, whose
/// lanes are not.
double Lanes::enter(Operation *previous, Operation *op) const {
  return predictCopy(cuts.find(previous, op));
}

/// Copies behind a layer, and the element-wise operations that become a part of
/// it, for what reads positions.
double Lanes::leave(Operation *op) const {
  Operation *next = op->getNextNode();
  while (!next->hasTrait<OpTrait::IsTerminator>() &&
         (!cuts.isDependent(next) || cuts.isElementwise(next)))
    next = next->getNextNode();
  return predictCopy(next);
}

void Lanes::choose(ArrayRef<LayerChoice *> layers) {
  // Least times up to a layer whose lanes are positions or images, and whether
  // those of the layer before are images then.
  SmallVector<std::array<bool, 2>> previous;
  double positions = 0.0, images = kNever;
  Operation *last = nullptr;
  for (const LayerChoice *layer : layers) {
    double toImages = positions + enter(last, layer->op);
    double toPositions = last ? images + leave(last) : kNever;
    previous.push_back({toPositions < positions, images <= toImages});
    LDBG() << layer->costs.describe() << ": positions "
           << predictPositions(*layer) << " us, images "
           << predictImages(*layer) << " us, to images " << toImages - positions
           << " us";
    positions = std::min(positions, toPositions) + predictPositions(*layer);
    images = std::min(images, toImages) + predictImages(*layer);
    last = layer->op;
  }
  bool areImages = last && images + leave(last) < positions;
  for (auto [layer, from] : llvm::reverse(llvm::zip_equal(layers, previous))) {
    layer->costs.size.hasImageLanes = areImages;
    areImages = from[areImages];
  }
}

void prune::chooseLanes(const CostModel &model, func::FuncOp function,
                        int64_t batch, int64_t part, int64_t threads,
                        ArrayRef<LayerChoice *> layers) {
  auto isInBody = [&](const LayerChoice *layer) {
    return layer->op->getBlock() == &function.getBody().front();
  };
  if (batch % assembly::kLanes == 0 && llvm::all_of(layers, isInBody))
    Lanes(model, function, batch, part, threads).choose(layers);
}
