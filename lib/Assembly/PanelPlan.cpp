//===- PanelPlan.cpp - Where a convolution's panels lie -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/PanelPlan.h"

#include "Prune/Assembly/StraightLine.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir::prune::assembly;

bool mlir::prune::assembly::isSupported(const ConvolutionShape &shape) {
  return !shape.isOneByOne() || (shape.padTop == 0 && shape.padLeft == 0);
}

static uint16_t getLowBits(int64_t count) {
  return static_cast<uint16_t>((1u << count) - 1);
}

/// Sixteen positions of the result side by side, and all inputs of a panel
/// together.
static void planOneByOne(const ConvolutionShape &shape, PanelPlan &plan) {
  int64_t size = shape.oh * shape.ow;
  for (int64_t place = 0; place < size; place += kLanes) {
    uint16_t lanes = getLowBits(std::min(kLanes, size - place));
    plan.panels.push_back({static_cast<int32_t>(place * shape.c),
                           static_cast<int32_t>(place), lanes, lanes});
  }
  plan.isPartial = size % kLanes != 0;
}

/// Sixteen positions of the copied planes, which have more columns than the
/// result.
static void planPlanes(const ConvolutionShape &shape, PanelPlan &plan) {
  auto getExtent = [](int64_t window, int64_t dilation, int64_t stride,
                      int64_t out) {
    return out + (window - 1) * dilation / stride;
  };
  plan.rows = getExtent(shape.kh, shape.dilationH, shape.strideH, shape.oh);
  plan.columns = getExtent(shape.kw, shape.dilationW, shape.strideW, shape.ow);
  int64_t end = (shape.oh - 1) * plan.columns + shape.ow, done = 0;
  for (int64_t place = 0; place < end; place += kLanes) {
    uint16_t lanes = 0;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      if (place + lane < end && (place + lane) % plan.columns < shape.ow)
        lanes |= 1u << lane;
    if (!lanes)
      continue;
    int64_t count = llvm::popcount(lanes);
    plan.panels.push_back({static_cast<int32_t>(place),
                           static_cast<int32_t>(done), lanes,
                           getLowBits(count)});
    plan.isPartial |= count != kLanes;
    done += count;
  }
}

/// Where a weight reads: floats from its panel, of the channels of its group.
static int64_t getInput(const ConvolutionShape &shape, const PanelPlan &plan,
                        int64_t channel, int64_t ky, int64_t kx) {
  if (shape.isOneByOne())
    return channel * kLanes;
  int64_t row = ky * shape.dilationH, column = kx * shape.dilationW;
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
                                            llvm::ArrayRef<float> weights) {
  PanelPlan plan;
  if (shape.isOneByOne())
    planOneByOne(shape, plan);
  else
    planPlanes(shape, plan);
  plan.isContiguous = isContiguous(plan.panels);
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
          plan.inputs.push_back(
              static_cast<int32_t>(getInput(shape, plan, c, ky, kx)));
        }
    plan.pointers.push_back(static_cast<int32_t>(plan.values.size()));
    plan.outputs.push_back(
        static_cast<int32_t>(f % rows * shape.oh * shape.ow));
  }
  return plan;
}
