//===- ImageLanes.h - Panels of 16 images -----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_IMAGELANES_H
#define PRUNE_LIB_ASSEMBLY_IMAGELANES_H

#include "Prune/Assembly/PanelPlan.h"

namespace mlir::prune::assembly {

/// A panel for each position of the result, of which every lane is an image,
/// and how large the images are. Both orders are those of images in lanes.
void planImageLanes(const ConvolutionShape &shape, const PlanOrders &orders,
                    PanelPlan &plan);

/// Where a weight reads: floats from its panel, of the channels of its group.
int64_t getLaneInput(const ConvolutionShape &shape, const ImageGrid &grid,
                     int64_t channel, int64_t ky, int64_t kx);

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_IMAGELANES_H
