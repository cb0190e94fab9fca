//===- LayerDensities.cpp - Densities of layers from one sparsity ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Layer l gets the density e r_l within its bounds. The number of elements kept
// grows with e and is linear between the values at which a layer reaches a
// bound, so e is found among these, and then exactly.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/MaskSelection.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct Layer {
  /// Elements, density for e = 1, and the smallest density.
  double size, ratio, least;

  double getDensity(double e) const {
    return std::min(std::max(e * ratio, least), 1.0);
  }
};
} // namespace

/// The elements kept at `e`.
static double countKeptAt(ArrayRef<Layer> layers, double e) {
  double kept = 0.0;
  for (const Layer &layer : layers)
    kept += layer.getDensity(e) * layer.size;
  return kept;
}

/// The smallest `e` at which `wanted` elements are kept.
static double solve(ArrayRef<Layer> layers, double wanted) {
  SmallVector<double> bounds = {0.0};
  for (const Layer &layer : layers) {
    bounds.push_back(layer.least / layer.ratio);
    bounds.push_back(1.0 / layer.ratio);
  }
  llvm::sort(bounds);
  double before = 0.0;
  for (double e : bounds) {
    if (countKeptAt(layers, e) < wanted) {
      before = e;
      continue;
    }
    double fixed = 0.0, slope = 0.0;
    for (const Layer &layer : layers) {
      double density = layer.getDensity((before + e) / 2);
      bool isFree = density > layer.least && density < 1.0;
      slope += isFree ? layer.ratio * layer.size : 0.0;
      fixed += isFree ? 0.0 : density * layer.size;
    }
    return slope == 0.0 ? e : (wanted - fixed) / slope;
  }
  return bounds.back();
}

SmallVector<double>
mlir::prune::getErkDensities(ArrayRef<ArrayRef<int64_t>> shapes,
                             ArrayRef<double> caps, double sparsity) {
  SmallVector<Layer> layers;
  double total = 0.0;
  for (auto [shape, cap] : llvm::zip_equal(shapes, caps)) {
    double size = 1.0, sum = 0.0;
    for (int64_t extent : shape) {
      size *= static_cast<double>(extent);
      sum += static_cast<double>(extent);
    }
    // A number, or nothing at all, is dense.
    bool isEmpty = size == 0.0 || sum == 0.0;
    layers.push_back({size, isEmpty ? 1.0 : sum / size, 1.0 - cap});
    total += size;
  }
  double e = solve(layers, (1.0 - sparsity) * total);
  SmallVector<double> densities;
  for (const Layer &layer : layers)
    densities.push_back(layer.getDensity(e));
  return densities;
}
