//===- ImageOrders.cpp - Orders of images between kernels -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel with stride one reads panels where they lie, when its window has one
// element, or planes; a depthwise one whose columns have stride two always
// reads planes; else it copies its input. Every kernel writes any order. A
// kernel that accumulates ties its destination to its result, and all images
// that are tied so have one order. All images of one height and width have one
// number of columns, which is enough for every kernel among them. Where the
// lanes of a kernel are images, both its images are in that order.
//
//===----------------------------------------------------------------------===//

#include "ImageOrders.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::prune;
using assembly::ConvolutionShape;
using assembly::ImageGrid;
using assembly::ImageOrder;

void ImageOrders::addImage(Value value, int64_t height, int64_t width,
                           bool isWritten, bool hasImageLanes) {
  auto index = static_cast<unsigned>(values.size());
  auto [entry, isNew] =
      images.try_emplace(value, Image{height, width, index, index, false});
  if (isNew)
    values.push_back(value);
  entry->second.isWritten |= isWritten;
  entry->second.hasImageLanes |= hasImageLanes;
}

static int64_t roundUp(int64_t floats) {
  return llvm::divideCeil(floats, assembly::kLanes) * assembly::kLanes;
}

/// Columns, and zeros around the places, that are enough for all links.
void ImageOrders::measureGrids(ArrayRef<KernelLink> links) {
  auto find = [&](int64_t height, int64_t width) -> ImageGrid & {
    ImageGrid &grid = grids[{height, width}];
    grid.columns = std::max(grid.columns, width);
    return grid;
  };
  for (const KernelLink &link : links) {
    const ConvolutionShape &shape = link.shape;
    if (link.hasImageLanes)
      continue;
    ImageGrid &out = find(shape.oh, shape.ow);
    if (!assembly::isStridedDepthwise(shape))
      out.columns = std::max(out.columns, assembly::getMinColumns(shape));
    ImageGrid &in = find(shape.h, shape.w);
    in.columns = std::max(in.columns, assembly::getMinInputColumns(shape));
  }
  // Columns are settled now.
  for (const KernelLink &link : links) {
    const ConvolutionShape &shape = link.shape;
    if (link.hasImageLanes ||
        assembly::getDirectOrder(shape) != ImageOrder::Planes)
      continue;
    ImageGrid &grid = find(shape.h, shape.w);
    int64_t before = assembly::getReadBegin(shape, grid.columns);
    int64_t end = assembly::getReadEnd(shape, grid.columns);
    grid.lead = std::max(grid.lead, roundUp(before));
    grid.plane = std::max(grid.plane, roundUp(end));
  }
  for (auto &[extents, grid] : grids) {
    auto [height, width] = extents;
    int64_t panels = assembly::getNumPanels(grid, height, width);
    grid.plane = grid.lead + std::max(grid.plane, panels * assembly::kLanes);
    // An odd number of cache lines, so that channels share no set.
    if (grid.plane / assembly::kLanes % 2 == 0)
      grid.plane += assembly::kLanes;
  }
}

/// Zeros around the places of each group that are enough for what reads it.
void ImageOrders::measureLaneGrids(ArrayRef<KernelLink> links) {
  auto find = [&](Value value) -> ImageGrid & {
    const Image &image = images.find(value)->second;
    ImageGrid &grid = laneGrids[image.laneGroup];
    grid.order = ImageOrder::Images;
    grid.columns = std::max(grid.columns, image.width);
    return grid;
  };
  for (const KernelLink &link : links)
    if (link.hasImageLanes) {
      ImageGrid &in = find(link.x);
      in.columns =
          std::max(in.columns, assembly::getMinLaneColumns(link.shape));
      find(link.result);
    }
  for (const KernelLink &link : links)
    if (link.hasImageLanes) {
      ImageGrid &in = find(link.x);
      in.lead =
          std::max(in.lead, assembly::getReadBegin(link.shape, in.columns));
    }
  auto enlarge = [](ImageGrid &grid, int64_t end) {
    grid.plane = std::max(grid.plane, grid.lead + end);
  };
  for (const KernelLink &link : links)
    if (link.hasImageLanes) {
      const ConvolutionShape &shape = link.shape;
      ImageGrid &in = find(link.x), &out = find(link.result);
      enlarge(in, (shape.h - 1) * in.columns + shape.w);
      enlarge(in, assembly::getLaneReadEnd(shape, in.columns));
      enlarge(out, (shape.oh - 1) * out.columns + shape.ow);
    }
}

int64_t &ImageOrders::getCost(Costs &costs, ImageOrder order) {
  return order == ImageOrder::Panels ? costs.panels : costs.planes;
}

/// Counts copies: one by a kernel of an image in nchw, one to or from another
/// order for each image that something else makes or reads.
void ImageOrders::addCosts(ArrayRef<KernelLink> links) {
  llvm::DenseMap<Operation *, const KernelLink *> linkOf;
  for (const KernelLink &link : links)
    linkOf[link.result.getDefiningOp()] = &link;
  for (Value value : values) {
    const Image &image = images.find(value)->second;
    Costs &cost = costs[image.group];
    bool needsNchw[2] = {false, false};
    for (OpOperand &use : value.getUses()) {
      const KernelLink *link = linkOf.lookup(use.getOwner());
      if (link && link->x != value)
        continue;
      if (link && link->hasImageLanes)
        link = nullptr;
      cost.nchw += link ? 1 : 0;
      for (ImageOrder order : {ImageOrder::Panels, ImageOrder::Planes}) {
        bool isDirect = link && getDirectOrder(link->shape) == order;
        getCost(cost, order) += link && !isDirect;
        needsNchw[order == ImageOrder::Planes] |=
            !link || !canRead(link->shape, order);
      }
    }
    for (ImageOrder order : {ImageOrder::Panels, ImageOrder::Planes})
      getCost(cost, order) +=
          needsNchw[order == ImageOrder::Planes] + !image.isWritten;
  }
}

ImageOrders::ImageOrders(ArrayRef<KernelLink> links) {
  for (const KernelLink &link : links) {
    addImage(link.x, link.shape.h, link.shape.w, /*isWritten=*/false);
    addImage(link.result, link.shape.oh, link.shape.ow, /*isWritten=*/true,
             link.hasImageLanes);
    if (link.accumulates)
      addImage(link.output, link.shape.oh, link.shape.ow, /*isWritten=*/false);
  }
  addGroups(links);
  measureGrids(links);
  measureLaneGrids(links);
  addCosts(links);
}

/// Images that a kernel ties together by accumulating.
void ImageOrders::addGroups(ArrayRef<KernelLink> links) {
  llvm::IntEqClasses classes(values.size()), laneClasses(values.size());
  for (const KernelLink &link : links) {
    if (!link.accumulates)
      continue;
    const Image &output = images.find(link.output)->second;
    const Image &result = images.find(link.result)->second;
    if (link.hasImageLanes)
      laneClasses.join(output.laneGroup, result.laneGroup);
    else if (!output.hasImageLanes)
      classes.join(output.group, result.group);
  }
  classes.compress();
  laneClasses.compress();
  for (auto &[value, image] : images) {
    image.group = classes[image.group];
    image.laneGroup = laneClasses[image.laneGroup];
  }
  costs.resize(classes.getNumClasses());
  laneGrids.resize(laneClasses.getNumClasses());
}

ImageGrid ImageOrders::getGrid(const Image &image, ImageOrder order) const {
  ImageGrid grid = grids.find({image.height, image.width})->second;
  grid.order = order;
  if (order == ImageOrder::Panels)
    grid.lead = grid.plane = 0;
  return grid;
}

ImageGrid ImageOrders::get(Value value) const {
  auto found = images.find(value);
  if (found == images.end())
    return {};
  const Image &image = found->second;
  if (image.hasImageLanes)
    return laneGrids[image.laneGroup];
  const Costs &cost = costs[image.group];
  if (cost.nchw <= std::min(cost.panels, cost.planes))
    return {};
  return getGrid(image, cost.panels <= cost.planes ? ImageOrder::Panels
                                                   : ImageOrder::Planes);
}

ImageGrid ImageOrders::getInput(const KernelLink &link) const {
  if (link.hasImageLanes)
    return laneGrids[images.find(link.x)->second.laneGroup];
  // Its copy would say how many columns the result has.
  if (assembly::isStridedDepthwise(link.shape))
    return getGrid(images.find(link.x)->second, ImageOrder::Planes);
  ImageGrid grid = get(link.x);
  return !grid.hasImageLanes() && canRead(link.shape, grid.order) ? grid
                                                                  : ImageGrid();
}
