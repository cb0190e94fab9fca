//===- PanelPlan.cpp - Where a convolution's panels lie -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/PanelPlan.h"

#include "ImageLanes.h"

#include "Prune/Assembly/StraightLine.h"

#include "llvm/ADT/STLExtras.h"
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

bool mlir::prune::assembly::isStridedDepthwise(const ConvolutionShape &shape) {
  return shape.strideW == 2 && shape.c == shape.groups && !shape.isOneByOne();
}

ImageOrder
mlir::prune::assembly::getDirectOrder(const ConvolutionShape &shape) {
  if (isStridedDepthwise(shape))
    return ImageOrder::Planes;
  if (shape.strideH != 1 || shape.strideW != 1 || shape.oh != shape.h ||
      shape.ow != shape.w)
    return ImageOrder::Nchw;
  return shape.isOneByOne() ? ImageOrder::Panels : ImageOrder::Planes;
}

bool mlir::prune::assembly::canRead(const ConvolutionShape &shape,
                                    ImageOrder order) {
  return order != ImageOrder::Panels || shape.isOneByOne();
}

/// Columns of the input from that of the first result to the one that a tap
/// reads.
static int64_t getShift(const ConvolutionShape &shape, int64_t tap) {
  return tap * shape.dilationW - shape.padLeft;
}

/// Columns of a copied plane from that of the first result, and which plane.
static std::pair<int64_t, int64_t> splitShift(const ConvolutionShape &shape,
                                              int64_t shift) {
  int64_t plane = ((shift % shape.strideW) + shape.strideW) % shape.strideW;
  return {(shift - plane) / shape.strideW, plane};
}

/// True where some results read another row by a tap that is to read padding:
/// rows of `columns` places have too few zeros to spare.
static bool needsMask(const ConvolutionShape &shape, int64_t columns,
                      bool isCopied, int64_t shift) {
  if (isCopied) {
    auto [distance, plane] = splitShift(shape, shift);
    int64_t last = shape.ow - 1 + distance;
    int64_t inputs = std::max<int64_t>(shape.w - plane + shape.strideW - 1, 0) /
                     shape.strideW;
    // Nothing lies in front of the first plane.
    return distance < 0 || (last >= inputs && last >= columns);
  }
  int64_t last = (shape.ow - 1) * shape.strideW + shift;
  return (shift < 0 && columns - shape.w < -shift) ||
         (last >= shape.w && last >= columns);
}

/// The shifts that need a mask.
static llvm::SmallVector<int64_t>
getMaskedShifts(const ConvolutionShape &shape, int64_t columns, bool isCopied) {
  llvm::SmallVector<int64_t> shifts;
  if (shape.isOneByOne())
    return shifts;
  for (int64_t tap = 0; tap < shape.kw; ++tap)
    if (int64_t shift = getShift(shape, tap);
        needsMask(shape, columns, isCopied, shift))
      shifts.push_back(shift);
  return shifts;
}

/// True when rows of a copy need no places to spare: they hold all columns of
/// the input, and masks say which of these are others than a tap is to read.
static bool isAligned(const ConvolutionShape &shape) {
  return !shape.isOneByOne() &&
         llvm::divideCeil(shape.w, shape.strideW) <=
             static_cast<uint64_t>(shape.ow) &&
         getMaskedShifts(shape, shape.ow, /*isCopied=*/true).size() <=
             kMaxMasks;
}

static bool isDirect(const ConvolutionShape &shape, const ImageGrid &grid) {
  return grid.isOrdered() && grid.order == getDirectOrder(shape);
}

int64_t mlir::prune::assembly::getMinColumns(const ConvolutionShape &shape) {
  if (isAligned(shape))
    return shape.ow;
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

int64_t
mlir::prune::assembly::getMinInputColumns(const ConvolutionShape &shape) {
  if (!isStridedDepthwise(shape))
    return getDirectOrder(shape) == ImageOrder::Nchw ? shape.w
                                                     : getMinColumns(shape);
  if (getMaskedShifts(shape, shape.w, /*isCopied=*/false).size() <= kMaxMasks)
    return shape.w;
  return getMinLaneColumns(shape);
}

int64_t mlir::prune::assembly::getReadBegin(const ConvolutionShape &shape,
                                            int64_t columns) {
  return shape.padTop * columns + shape.padLeft;
}

int64_t mlir::prune::assembly::getReadEnd(const ConvolutionShape &shape,
                                          int64_t columns) {
  int64_t rows = (shape.oh - 1) * shape.strideH +
                 (shape.kh - 1) * shape.dilationH - shape.padTop;
  int64_t window = (shape.kw - 1) * shape.dilationW - shape.padLeft;
  if (isStridedDepthwise(shape))
    return rows * columns + window +
           llvm::divideCeil(shape.ow, kLanes) * kLanes * shape.strideW;
  // Panels go on from row to row.
  int64_t below = rows - (shape.oh - 1);
  int64_t places = (shape.oh - 1) * columns + shape.ow;
  return llvm::divideCeil(places, kLanes) * kLanes + below * columns + window;
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
  case ImageOrder::Images:
    break;
  }
  llvm_unreachable("no other order");
}

static bool isResult(const ConvolutionShape &shape, int64_t columns,
                     int64_t place) {
  return place % columns < shape.ow && place / columns < shape.oh;
}

/// Which lanes of a panel, at `place` of a grid of `columns`, have the inputs
/// of the shifts.
static void setMasks(const ConvolutionShape &shape, int64_t columns,
                     int64_t place, llvm::ArrayRef<int64_t> shifts,
                     PlannedPanel &panel) {
  for (auto [shift, mask] : llvm::zip_first(shifts, panel.masks))
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      int64_t column = (place + lane) % columns * shape.strideW + shift;
      bool isInput = column >= 0 && column < shape.w;
      if (isInput && isResult(shape, columns, place + lane))
        mask = static_cast<uint16_t>(mask | 1u << lane);
    }
}

/// Sixteen places side by side of a grid of `columns`.
static void makePanels(const ConvolutionShape &shape, int64_t columns,
                       llvm::ArrayRef<int64_t> shifts, const PlanOrders &orders,
                       PanelPlan &plan) {
  int64_t end = (shape.oh - 1) * columns + shape.ow, done = 0;
  bool isPartial = false, hasGaps = false;
  for (int64_t place = 0; place < end; place += kLanes) {
    uint16_t lanes = 0;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      if (isResult(shape, columns, place + lane))
        lanes |= 1u << lane;
    if (!lanes && !orders.out.isOrdered())
      continue;
    int64_t count = llvm::popcount(lanes);
    auto input = static_cast<int32_t>(getPanelInput(shape, orders.in, place));
    auto output =
        static_cast<int32_t>(getPanelOutput(shape, orders.out, place, done));
    plan.panels.push_back({input, output, lanes, getLowBits(count), 0, 0, {}});
    setMasks(shape, columns, place, shifts, plan.panels.back());
    isPartial |= count != kLanes;
    hasGaps |= lanes != getLowBits(count);
    done += count;
  }
  plan.outEnd = orders.out.lead + llvm::divideCeil(end, kLanes) * kLanes;
  if (isPartial && orders.out.order == ImageOrder::Nchw)
    plan.store = hasGaps ? StoreKind::Packed : StoreKind::Parts;
  else if (isPartial && orders.out.order == ImageOrder::Planes)
    plan.store = StoreKind::Zeroed;
}

/// The lowest bits of `lanes`, at place `place` of the result, of which those
/// of a row have the same panel in front of them.
static void setParts(const ConvolutionShape &shape, const ImageGrid &grid,
                     int64_t place, int64_t stored, PlannedPanel &panel) {
  int64_t lane = grid.order == ImageOrder::Panels ? place % kLanes : 0;
  int64_t first = std::min(stored, kLanes - lane);
  panel.places = getLowBits(first);
  panel.output = static_cast<int32_t>(
      getPanelOutput(shape, grid, place - lane, place) + lane);
  panel.rest = static_cast<uint16_t>(getLowBits(stored) & ~getLowBits(first));
  panel.restOutput = static_cast<int32_t>(
      getPanelOutput(shape, grid, place - lane + kLanes, 0) - kLanes + lane);
}

/// Panels that begin anew with each row.
static void makeRowPanels(const ConvolutionShape &shape,
                          llvm::ArrayRef<int64_t> shifts,
                          const PlanOrders &orders, PanelPlan &plan) {
  const ImageGrid &in = orders.in, &out = orders.out;
  int64_t columns = out.isOrdered() ? out.columns : shape.ow;
  plan.store = StoreKind::Parts;
  plan.inputStep = shape.strideW;
  for (int64_t row = 0; row < shape.oh; ++row) {
    // Places to spare become zero.
    int64_t end = row + 1 < shape.oh ? columns : shape.ow;
    int64_t begin = in.lead - shape.padLeft +
                    (row * shape.strideH - shape.padTop) * in.columns;
    for (int64_t column = 0; column < end; column += kLanes) {
      PlannedPanel panel;
      int64_t results = std::clamp<int64_t>(shape.ow - column, 0, kLanes);
      panel.lanes = getLowBits(results);
      panel.input =
          static_cast<int32_t>(begin + (results ? column * shape.strideW : 0));
      setParts(shape, out, row * columns + column,
               std::min(end - column, kLanes), panel);
      // Lanes go on in the row, of which all but results are none.
      setMasks(shape, columns + kLanes, column, shifts, panel);
      plan.hasRest |= panel.rest != 0;
      plan.panels.push_back(panel);
    }
  }
  plan.outEnd = out.lead + (shape.oh - 1) * columns + shape.ow;
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
  plan.padLeft = isAligned(shape) ? 0 : shape.padLeft;
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
  case ImageOrder::Images:
    return kLanes;
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
  // From the zeros in front of a copied row, if there are any.
  auto [distance, phase] =
      splitShift(shape, getShift(shape, kx) + plan.padLeft);
  int64_t plane =
      (channel * shape.strideH + row % shape.strideH) * shape.strideW + phase;
  return (plane * plan.rows + row / shape.strideH) * plan.columns + distance;
}

static bool isContiguous(llvm::ArrayRef<PlannedPanel> panels) {
  for (size_t i = 1; i < panels.size(); ++i)
    if (panels[i].input - panels[i - 1].input != kLanes)
      return false;
  return true;
}

/// Makes the panels; returns the shifts that have a mask.
static llvm::SmallVector<int64_t> makeAllPanels(const ConvolutionShape &shape,
                                                const PlanOrders &orders,
                                                PanelPlan &plan) {
  llvm::SmallVector<int64_t> shifts;
  if (isDirect(shape, orders.in))
    shifts = getMaskedShifts(shape, orders.in.columns, /*isCopied=*/false);
  if (isStridedDepthwise(shape) && isDirect(shape, orders.in)) {
    makeRowPanels(shape, shifts, orders, plan);
    return shifts;
  }
  int64_t columns = planPlaces(shape, orders, plan);
  if (!isDirect(shape, orders.in) && isAligned(shape))
    shifts = getMaskedShifts(shape, columns, /*isCopied=*/true);
  makePanels(shape, columns, shifts, orders, plan);
  plan.isContiguous = isContiguous(plan.panels);
  return shifts;
}

/// The place of a weight in the sum of its row: that of its input where images
/// are not lanes.
static int64_t getRank(const ConvolutionShape &shape, const PanelPlan &copied,
                       int64_t channel, int64_t ky, int64_t kx) {
  if (isStridedDepthwise(shape))
    return (channel * shape.kh + ky) * shape.kw + kx;
  return getInput(shape, copied, ImageGrid(), channel, ky, kx);
}

PanelPlan mlir::prune::assembly::planPanels(const ConvolutionShape &shape,
                                            llvm::ArrayRef<float> weights,
                                            const PlanOrders &orders) {
  PanelPlan plan, copied;
  llvm::SmallVector<int64_t> shifts;
  bool hasLanes = orders.in.hasImageLanes();
  assert(hasLanes == orders.out.hasImageLanes() && "images are lanes of both");
  if (hasLanes) {
    planImageLanes(shape, orders, plan);
    planPlaces(shape, {}, copied);
  } else {
    shifts = makeAllPanels(shape, orders, plan);
    measureImages(shape, orders, plan);
  }
  plan.numMasks = static_cast<int64_t>(shifts.size());
  for (int64_t shift : shifts)
    plan.maskReach = std::max(plan.maskReach, std::abs(shift));
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
          // The place behind the last one is that of taps without a mask.
          auto mask = llvm::find(shifts, getShift(shape, kx)) - shifts.begin();
          plan.masks.push_back(
              static_cast<uint8_t>(mask < plan.numMasks ? mask + 1 : 0));
          if (hasLanes)
            plan.ranks.push_back(
                static_cast<int32_t>(getRank(shape, copied, c, ky, kx)));
          plan.inputs.push_back(static_cast<int32_t>(
              hasLanes ? getLaneInput(shape, orders.in, c, ky, kx)
                       : getInput(shape, plan, orders.in, c, ky, kx)));
        }
    plan.pointers.push_back(static_cast<int32_t>(plan.values.size()));
    plan.outputs.push_back(static_cast<int32_t>(f % rows * step));
  }
  return plan;
}

llvm::SmallVector<int64_t, 29>
mlir::prune::assembly::getPlanNumbers(const ConvolutionShape &shape,
                                      const PlanOrders &orders,
                                      const PanelPlan &plan, int64_t tiles) {
  const ImageGrid &out = orders.out;
  return {shape.n / out.getNumTogether(),
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
          plan.padLeft,
          plan.rows,
          plan.columns,
          shape.groups,
          plan.inImage,
          plan.inGroup,
          orders.in.columns,
          orders.in.lead,
          orders.in.plane,
          plan.outGroup,
          out.lead,
          out.plane,
          out.plane > 0 ? plan.outEnd : 0,
          out.hasImageLanes() ? out.columns : 0,
          out.hasImageLanes() ? getPlaceChannels(shape.f) * kLanes : 0,
          tiles,
          static_cast<int64_t>(plan.values.size())};
}

/// Floats from the results of a panel to those of the next. Where an image's
/// leave the first caches, waiting for them costs more than fetching them.
static int64_t getResultStep(const PanelPlan &plan) {
  constexpr size_t kFetchedFloats = 1 << 16;
  if (plan.panels.size() < 2 ||
      plan.panels.size() * plan.outputs.size() * kLanes < kFetchedFloats)
    return 0;
  return plan.panels[1].output - plan.panels[0].output;
}

PanelProduct
mlir::prune::assembly::getPanelProduct(const ConvolutionShape &shape,
                                       const PanelPlan &plan) {
  PanelProduct product;
  product.pointers = plan.pointers;
  product.inputs = plan.inputs;
  product.ranks = plan.ranks;
  product.values = plan.values;
  product.outputs = plan.outputs;
  product.store = plan.store;
  product.groups = shape.groups;
  product.isContiguous = plan.isContiguous;
  product.inputStep = plan.inputStep;
  product.hasRest = plan.hasRest;
  product.masks = plan.masks;
  product.numMasks = plan.numMasks;
  product.maskReach = plan.maskReach;
  product.resultStep = getResultStep(plan);
  return product;
}
