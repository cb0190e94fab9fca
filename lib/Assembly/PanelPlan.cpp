//===- PanelPlan.cpp - Where a convolution's panels lie -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/PanelPlan.h"

#include "Prune/Assembly/StraightLine.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::prune::assembly;

bool mlir::prune::assembly::isSupported(const ConvolutionShape &shape) {
  return !shape.isOneByOne() || (shape.padTop == 0 && shape.padLeft == 0);
}

static uint16_t getLowBits(int64_t count) {
  return static_cast<uint16_t>((1u << count) - 1);
}

ImageOrder
mlir::prune::assembly::getDirectOrder(const ConvolutionShape &shape) {
  if (shape.strideH != 1 || shape.strideW != 1 || shape.oh != shape.h ||
      shape.ow != shape.w)
    return ImageOrder::Nchw;
  return shape.isOneByOne() ? ImageOrder::Panels : ImageOrder::Planes;
}

bool mlir::prune::assembly::canRead(const ConvolutionShape &shape,
                                    ImageOrder order) {
  return order != ImageOrder::Panels || shape.isOneByOne();
}

static bool isDirect(const ConvolutionShape &shape, const ImageGrid &grid) {
  return grid.isOrdered() && grid.order == getDirectOrder(shape);
}

int64_t mlir::prune::assembly::getMinColumns(const ConvolutionShape &shape) {
  int64_t window = (shape.kw - 1) * shape.dilationW;
  int64_t columns = shape.ow + window / shape.strideW;
  if (shape.strideW != 1)
    return columns;
  // Padding behind a row is that before the next.
  int64_t padRight = shape.ow + window - shape.w - shape.padLeft;
  int64_t shared = shape.w + std::max(shape.padLeft, padRight);
  // Padding may be wider than the window.
  return std::max(std::min(columns, shared), shape.ow);
}

/// Where the first input of a panel lies, at place `place` of the result.
static int64_t getPanelInput(const ConvolutionShape &shape,
                             const ImageGrid &grid, int64_t place) {
  if (isDirect(shape, grid) && grid.order == ImageOrder::Planes)
    return grid.lead - shape.padTop * grid.columns - shape.padLeft + place;
  return shape.isOneByOne() ? place * shape.c : place;
}

/// Where the first result of a panel lies, at place `place`, after `done`
/// results.
static int64_t getPanelOutput(const ConvolutionShape &shape,
                              const ImageGrid &grid, int64_t place,
                              int64_t done) {
  switch (grid.order) {
  case ImageOrder::Nchw:
    return done;
  case ImageOrder::Panels:
    return place * shape.f;
  case ImageOrder::Planes:
    return grid.lead + place;
  }
  llvm_unreachable("no other order");
}

/// Sixteen places side by side of a grid of `columns`.
static void makePanels(const ConvolutionShape &shape, int64_t columns,
                       const PlanOrders &orders, PanelPlan &plan) {
  int64_t end = (shape.oh - 1) * columns + shape.ow, done = 0;
  bool isPartial = false;
  for (int64_t place = 0; place < end; place += kLanes) {
    uint16_t lanes = 0;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      if (place + lane < end && (place + lane) % columns < shape.ow)
        lanes |= 1u << lane;
    if (!lanes && !orders.out.isOrdered())
      continue;
    int64_t count = llvm::popcount(lanes);
    auto input = static_cast<int32_t>(getPanelInput(shape, orders.in, place));
    auto output =
        static_cast<int32_t>(getPanelOutput(shape, orders.out, place, done));
    plan.panels.push_back({input, output, lanes, getLowBits(count)});
    isPartial |= count != kLanes;
    done += count;
  }
  if (isPartial && orders.out.order == ImageOrder::Nchw)
    plan.store = StoreKind::Packed;
  else if (isPartial && orders.out.order == ImageOrder::Planes)
    plan.store = StoreKind::Zeroed;
}

/// Columns of the places that panels count, and the extents of what is copied.
static int64_t planPlaces(const ConvolutionShape &shape,
                          const PlanOrders &orders, PanelPlan &plan) {
  if (isDirect(shape, orders.in))
    return orders.in.columns;
  plan.columns = orders.out.columns;
  if (shape.isOneByOne())
    return plan.columns ? plan.columns : shape.ow;
  plan.columns = std::max(plan.columns, getMinColumns(shape));
  plan.rows = shape.oh + (shape.kh - 1) * shape.dilationH / shape.strideH;
  return plan.columns;
}

/// Floats of the results of a channel, from one channel to the next.
static int64_t getChannelStep(const ConvolutionShape &shape,
                              const ImageGrid &grid) {
  switch (grid.order) {
  case ImageOrder::Nchw:
    return shape.oh * shape.ow;
  case ImageOrder::Panels:
    return kLanes;
  case ImageOrder::Planes:
    return grid.plane;
  }
  llvm_unreachable("no other order");
}

static void measureImages(const ConvolutionShape &shape,
                          const PlanOrders &orders, PanelPlan &plan) {
  const ImageGrid &in = orders.in, &out = orders.out;
  plan.outGroup = shape.f / shape.groups * getChannelStep(shape, out);
  plan.outImage = out.isOrdered()
                      ? getImageSize(out, shape.f, shape.oh, shape.ow)
                      : shape.f * shape.oh * shape.ow;
  if (!in.isOrdered())
    return;
  plan.inImage = getImageSize(in, shape.c, shape.h, shape.w);
  if (!isDirect(shape, in))
    return;
  plan.inGroup = shape.c / shape.groups *
                 (in.order == ImageOrder::Planes ? in.plane : kLanes);
}

/// Where a weight reads: floats from its panel, of the channels of its group.
static int64_t getInput(const ConvolutionShape &shape, const PanelPlan &plan,
                        const ImageGrid &grid, int64_t channel, int64_t ky,
                        int64_t kx) {
  if (shape.isOneByOne())
    return channel * kLanes;
  int64_t row = ky * shape.dilationH, column = kx * shape.dilationW;
  if (isDirect(shape, grid))
    return channel * grid.plane + row * grid.columns + column;
  int64_t plane =
      (channel * shape.strideH + row % shape.strideH) * shape.strideW +
      column % shape.strideW;
  return (plane * plan.rows + row / shape.strideH) * plan.columns +
         column / shape.strideW;
}

static bool isContiguous(llvm::ArrayRef<PlannedPanel> panels) {
  for (size_t i = 1; i < panels.size(); ++i)
    if (panels[i].input - panels[i - 1].input != kLanes)
      return false;
  return true;
}

PanelPlan mlir::prune::assembly::planPanels(const ConvolutionShape &shape,
                                            llvm::ArrayRef<float> weights,
                                            const PlanOrders &orders) {
  PanelPlan plan;
  int64_t columns = planPlaces(shape, orders, plan);
  makePanels(shape, columns, orders, plan);
  plan.isContiguous = isContiguous(plan.panels);
  measureImages(shape, orders, plan);
  int64_t step = getChannelStep(shape, orders.out);
  size_t index = 0;
  int64_t rows = shape.f / shape.groups;
  plan.pointers.push_back(0);
  for (int64_t f = 0; f < shape.f; ++f) {
    for (int64_t c = 0; c < shape.c / shape.groups; ++c)
      for (int64_t ky = 0; ky < shape.kh; ++ky)
        for (int64_t kx = 0; kx < shape.kw; ++kx) {
          float value = weights[index++];
          if (value == 0.0f)
            continue;
          plan.values.push_back(value);
          plan.inputs.push_back(static_cast<int32_t>(
              getInput(shape, plan, orders.in, c, ky, kx)));
        }
    plan.pointers.push_back(static_cast<int32_t>(plan.values.size()));
    plan.outputs.push_back(static_cast<int32_t>(f % rows * step));
  }
  return plan;
}

llvm::SmallVector<int64_t, 26>
mlir::prune::assembly::getPlanNumbers(const ConvolutionShape &shape,
                                      const PlanOrders &orders,
                                      const PanelPlan &plan, int64_t tiles) {
  return {shape.n,
          shape.c,
          shape.h,
          shape.w,
          plan.outImage,
          shape.oh * shape.ow,
          shape.ow,
          shape.kh,
          shape.kw,
          shape.strideH,
          shape.strideW,
          shape.padTop,
          shape.padLeft,
          plan.rows,
          plan.columns,
          shape.groups,
          plan.inImage,
          plan.inGroup,
          orders.in.columns,
          orders.in.lead,
          orders.in.plane,
          plan.outGroup,
          orders.out.lead,
          orders.out.plane,
          tiles,
          static_cast<int64_t>(plan.values.size())};
}

PanelProduct
mlir::prune::assembly::getPanelProduct(const ConvolutionShape &shape,
                                       const PanelPlan &plan) {
  PanelProduct product;
  product.pointers = plan.pointers;
  product.inputs = plan.inputs;
  product.values = plan.values;
  product.outputs = plan.outputs;
  product.store = plan.store;
  product.groups = shape.groups;
  product.isContiguous = plan.isContiguous;
  return product;
}
