//===- OrderedImages.cpp - Images in several orders -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OrderedImages.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::prune;
using assembly::ImageGrid;
using assembly::ImageOrder;

StringRef prune::getOrderName(ImageOrder order) {
  switch (order) {
  case ImageOrder::Nchw:
    return "nchw";
  case ImageOrder::Panels:
    return "panels";
  case ImageOrder::Planes:
    return "planes";
  case ImageOrder::Images:
    return "images";
  }
  llvm_unreachable("no other order");
}

Value OrderedImages::createEmpty(OpBuilder &builder, Location loc,
                                 const ImageGrid &grid,
                                 const ImageExtents &extents) {
  SmallVector<int64_t> shape = {extents.images / grid.getNumTogether()};
  if (grid.hasImageLanes())
    shape.append(
        {grid.plane, assembly::getPlaceChannels(extents.channels), 16});
  else if (grid.order == ImageOrder::Planes)
    shape.append({extents.channels, grid.plane});
  else
    shape.append({getNumPanels(grid, extents.height, extents.width),
                  extents.channels, 16});
  return tensor::EmptyOp::create(builder, loc, shape, builder.getF32Type());
}

/// A copy of `value` behind it, to the order `grid`, or from it to the type of
/// `plain`.
static Value reorder(Value value, const ImageGrid &grid,
                     const ImageExtents &extents, Type plain) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  Location loc = value.getLoc();
  Value empty;
  if (plain) {
    auto type = cast<RankedTensorType>(plain);
    empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                    type.getElementType());
  } else {
    empty = OrderedImages::createEmpty(builder, loc, grid, extents);
  }
  int64_t shape[kernel::GridShapeSize] = {
      extents.images, extents.channels, extents.height, extents.width,
      grid.columns,   grid.lead,        grid.plane,     grid.getNumTogether()};
  auto op = kernel::ReorderOp::create(builder, loc, TypeRange(empty.getType()),
                                      value, empty, ArrayRef<int64_t>(shape),
                                      /*reverse=*/static_cast<bool>(plain));
  StringRef name = getOrderName(grid.order);
  remark::passed(loc, remark::RemarkOpts::name("ImageReordered")
                          .category("prune-generate-kernels"))
      << ("an image is copied, " +
          (plain ? name + " to nchw" : "nchw to " + name))
             .str();
  return op->getResult(0);
}

void OrderedImages::set(Value image, Value value, const ImageGrid &grid,
                        const ImageExtents &extents) {
  ordered[image] = {value, grid, extents};
}

Value OrderedImages::getPlain(Value image) {
  auto found = ordered.find(image);
  if (found == ordered.end())
    return image;
  const Ordered &entry = found->second;
  if (!entry.grid.isOrdered())
    return entry.value;
  Value &copy = copies[{image, static_cast<int>(ImageOrder::Nchw)}];
  if (!copy)
    copy = reorder(entry.value, entry.grid, entry.extents, image.getType());
  return copy;
}

Value OrderedImages::get(Value image, const ImageGrid &grid,
                         const ImageExtents &extents) {
  if (!grid.isOrdered())
    return getPlain(image);
  auto found = ordered.find(image);
  if (found != ordered.end() && found->second.grid == grid)
    return found->second.value;
  Value plain = getPlain(image);
  Value &copy = copies[{image, static_cast<int>(grid.order)}];
  if (!copy)
    copy = reorder(plain, grid, extents, /*plain=*/Type());
  return copy;
}
