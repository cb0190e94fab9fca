//===- ImageOrders.h - Orders of images between kernels ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CODEGEN_IMAGEORDERS_H
#define PRUNE_LIB_CODEGEN_IMAGEORDERS_H

#include "Prune/Assembly/ImageGrid.h"
#include "Prune/Assembly/PanelPlan.h"

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::prune {

/// An operation that becomes generated code.
struct KernelLink {
  assembly::ConvolutionShape shape;
  Value x, output, result;
  bool accumulates = false;
  /// The lanes are images: both images are in this order.
  bool hasImageLanes = false;
};

/// The order of each image between operations that become generated code: the
/// one with which the fewest images are copied. Linear in the links and their
/// uses.
class ImageOrders {
public:
  explicit ImageOrders(ArrayRef<KernelLink> links);

  /// The order of an operand or result; nchw for what no link touches.
  assembly::ImageGrid get(Value image) const;
  /// The order in which a link reads its input; nchw where it copies that.
  assembly::ImageGrid getInput(const KernelLink &link) const;

private:
  struct Image {
    int64_t height, width;
    /// Images that share memory: in the order that is chosen, and with images
    /// in lanes.
    unsigned group, laneGroup;
    bool isWritten;
    /// What makes it has images in lanes.
    bool hasImageLanes = false;
  };

  assembly::ImageGrid getGrid(const Image &image,
                              assembly::ImageOrder order) const;
  void addImage(Value value, int64_t height, int64_t width, bool isWritten,
                bool hasImageLanes = false);
  void addGroups(ArrayRef<KernelLink> links);
  void measureLaneGrids(ArrayRef<KernelLink> links);
  void measureGrids(ArrayRef<KernelLink> links);
  void addCosts(ArrayRef<KernelLink> links);

  llvm::DenseMap<Value, Image> images;
  /// The images, in the order in which they were met.
  SmallVector<Value> values;
  /// For each height and width, the grid of planes.
  llvm::DenseMap<std::pair<int64_t, int64_t>, assembly::ImageGrid> grids;
  /// For each group of images in lanes, the grid.
  SmallVector<assembly::ImageGrid> laneGrids;
  /// For each group of images that share memory: copies with each order.
  struct Costs {
    int64_t nchw = 0, panels = 0, planes = 0;
  };
  static int64_t &getCost(Costs &costs, assembly::ImageOrder order);
  SmallVector<Costs> costs;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CODEGEN_IMAGEORDERS_H
