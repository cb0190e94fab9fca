//===- NetworkChoices.h - Kernels that suit each other ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_NETWORKCHOICES_H
#define PRUNE_KERNELS_NETWORKCHOICES_H

#include "Prune/Kernels/CostModel.h"
#include "Prune/Kernels/KernelChoices.h"

namespace mlir::prune {

/// A layer of a network and the kernel that is chosen for it.
struct LayerChoice {
  Operation *op = nullptr;
  /// Without times where there is no choice.
  KernelCosts costs;
  KernelKind kernel = KernelKind::Dense;
  /// Why this kernel, in a few words.
  std::string reason;
  /// The kernel does not depend on predictions.
  bool isFixed = false;
};

/// Layers of convolution with generated code hand their images on in the order
/// in which the next one reads them. Generates code for a layer, too, where the
/// copies that are saved behind it and in front of it make up for its own time,
/// and says so in its reason. `layers` are in the order of the network. Linear
/// in them but for rounds, of which each chooses at least one.
void suitNeighbors(const CostModel &model, MutableArrayRef<LayerChoice> layers);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_NETWORKCHOICES_H
