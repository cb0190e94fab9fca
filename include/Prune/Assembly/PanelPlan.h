//===- PanelPlan.h - Where a convolution's panels lie -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Brings convolutions and products of matrices to sparse products of panels.
// The runtime copies each image, `Generated.cpp` there says how, unless it lies
// in the right order already, and every weight that is not zero reads its input
// at a fixed distance from the panel.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_PANELPLAN_H
#define PRUNE_ASSEMBLY_PANELPLAN_H

#include "Prune/Assembly/ImageGrid.h"
#include "Prune/Assembly/StraightLine.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace mlir::prune::assembly {

/// A convolution of images [n, c, h, w] with weights [f, c / groups, kh, kw]. A
/// product of weights [f, c] and a matrix [c, w] has one image of one row.
struct ConvolutionShape {
  int64_t n, c, h, w, f, oh, ow, kh, kw;
  int64_t strideH, strideW, dilationH, dilationW;
  int64_t padTop, padLeft;
  /// Channels and results are those of all groups.
  int64_t groups = 1;

  bool isOneByOne() const { return kh == 1 && kw == 1; }

  /// A product of weights [rows, inner] and a matrix [inner, columns].
  static ConvolutionShape ofProduct(int64_t rows, int64_t inner,
                                    int64_t columns) {
    return {1, inner, 1, columns, rows, 1, columns, 1, 1, 1, 1, 1, 1, 0, 0};
  }
};

/// One panel, as prune_rt_panel of prune_runtime.h.
struct PlannedPanel {
  int32_t input = 0, output = 0;
  uint16_t lanes = 0, places = 0;
  int32_t restOutput = 0;
  uint16_t rest = 0;
  uint16_t masks[kMaxMasks + 1] = {};
};

/// The geometry of the copied images, the panels, and the weights.
struct PanelPlan {
  /// Rows and columns of a copied plane; one by one the columns are those of
  /// the result's grid, and 0 for nchw. And the zeros before the columns.
  int64_t rows = 0, columns = 0, padLeft = 0;
  /// Of one image.
  llvm::SmallVector<PlannedPanel, 0> panels;
  StoreKind store = StoreKind::All;
  /// Each panel's inputs lie 16 floats behind those of the one before.
  bool isContiguous = false;
  /// Floats from the input of a lane to that of the next.
  int64_t inputStep = 1;
  /// Some panels have a rest that lies elsewhere.
  bool hasRest = false;
  /// Where the zeros behind what panels write of a plane begin.
  int64_t outEnd = 0;
  /// Floats of the result of an image, from the results of a group to the next,
  /// and, where the input is not copied, of an image of it and from a group.
  int64_t outImage = 0, outGroup = 0, inImage = 0, inGroup = 0;
  /// The weights in compressed rows with their places, see PanelProduct.
  llvm::SmallVector<int32_t, 0> pointers, inputs, ranks, outputs;
  /// For each value, see PanelProduct, and how many masks a panel has.
  llvm::SmallVector<uint8_t, 0> masks;
  int64_t numMasks = 0;
  /// See PanelProduct.
  int64_t maskReach = 0;
  llvm::SmallVector<float, 0> values;
};

/// True when the runtime can copy the images: convolutions one by one have no
/// padding.
bool isSupported(const ConvolutionShape &shape);

/// The orders of the input and the result. Windows of more than one element
/// cannot read panels. Images are lanes of both or of none.
struct PlanOrders {
  ImageGrid in, out;
};

/// True when the lanes of vectors can be images.
bool canHaveImageLanes(const ConvolutionShape &shape);

/// True when each result reads one channel, every other column of it.
bool isStridedDepthwise(const ConvolutionShape &shape);

/// The order of an input that is read where it lies; nchw when it is copied
/// from any order. With stride one that is panels for windows of one element,
/// else planes, if the result is as large; with two columns as stride, planes,
/// if each result reads one channel.
ImageOrder getDirectOrder(const ConvolutionShape &shape);

/// True when an input in the order can be read, with a copy or without.
bool canRead(const ConvolutionShape &shape, ImageOrder order);

/// The fewest columns of a grid for the result, where the input is copied or
/// both have the same grid, and for an input that is read where it lies.
int64_t getMinColumns(const ConvolutionShape &shape);
int64_t getMinInputColumns(const ConvolutionShape &shape);

/// Floats in front of the first place of a plane, and from there on, that are
/// read where they lie, of a grid of `columns`.
int64_t getReadBegin(const ConvolutionShape &shape, int64_t columns);
int64_t getReadEnd(const ConvolutionShape &shape, int64_t columns);

/// The same where images are lanes, in places.
int64_t getMinLaneColumns(const ConvolutionShape &shape);
int64_t getLaneReadEnd(const ConvolutionShape &shape, int64_t columns);

/// Plans a supported convolution. `weights` are in row-major order; the zeros
/// among them are left out. In any orders a result is the same sum in the same
/// order. Linear in weights and panels.
PanelPlan planPanels(const ConvolutionShape &shape,
                     llvm::ArrayRef<float> weights,
                     const PlanOrders &orders = {});

/// The numbers of prune_rt_generated, from `images` to its end; `tiles` are
/// those of the code.
llvm::SmallVector<int64_t, 29> getPlanNumbers(const ConvolutionShape &shape,
                                              const PlanOrders &orders,
                                              const PanelPlan &plan,
                                              int64_t tiles);

/// The product that the panels compute, without a bias.
PanelProduct getPanelProduct(const ConvolutionShape &shape,
                             const PanelPlan &plan);

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_PANELPLAN_H
