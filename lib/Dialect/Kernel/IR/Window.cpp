//===- Window.cpp - Shapes and checks of windows over images --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/Window.h"

#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"

using namespace mlir;
using namespace mlir::kernel;

#include "Prune/Dialect/Kernel/IR/KernelInterfaces.cpp.inc"

SmallVector<int64_t> WindowShape::toArray() const {
  return {n,
          c,
          h,
          w,
          f,
          oh,
          ow,
          kh,
          kw,
          strideH,
          strideW,
          dilationH,
          dilationW,
          padTop,
          padLeft,
          padBottom,
          padRight,
          groups,
          static_cast<int64_t>(layout)};
}

ImageDims kernel::getImageDims(Layout layout) {
  if (layout == Layout::Nhwc)
    return {/*channel=*/3, /*row=*/1, /*column=*/2};
  return {/*channel=*/1, /*row=*/2, /*column=*/3};
}

LogicalResult kernel::verifyWindowKinds(DestinationStyleOpInterface op) {
  // window_c1
  bool isTensor = isa<RankedTensorType>(op.getDpsInits().front().getType());
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) != isTensor)
      return op->emitOpError(
          "expected operands that are all tensors or all memrefs");
  if (op->getNumResults() != (isTensor ? op.getNumDpsInits() : 0))
    return op->emitOpError(
        "expected one result per destination on tensors and none on memrefs");
  for (auto [result, init] : llvm::zip(op->getResults(), op.getDpsInits()))
    if (result.getType() != init.getType())
      return op->emitOpError("expected results of the types of the "
                             "destinations, got ")
             << result.getType() << " for " << init.getType();
  // window_c2
  for (Value operand : op->getOperands()) {
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasStaticShape())
      return op->emitOpError("expected static shapes, got ") << type;
    auto memref = dyn_cast<MemRefType>(type);
    if (memref && !memref::isStaticShapeAndContiguousRowMajor(memref))
      return op->emitOpError("expected memrefs without gaps, got ") << memref;
  }
  return success();
}

/// Number of places of a window along one dimension; -1 where it does not fit.
static int64_t countPlaces(int64_t extent, int64_t padding, int64_t window,
                           int64_t stride, int64_t dilation) {
  int64_t room = extent + padding - (window - 1) * dilation - 1;
  return room < 0 ? -1 : room / stride + 1;
}

LogicalResult kernel::verifyWindowExtents(Operation *op,
                                          const WindowShape &shape,
                                          int64_t outputBatch) {
  // window_c4
  if (shape.n != outputBatch)
    return op->emitOpError("expected one number of images, got ")
           << shape.n << " and " << outputBatch;
  int64_t oh = countPlaces(shape.h, shape.padTop + shape.padBottom, shape.kh,
                           shape.strideH, shape.dilationH);
  int64_t ow = countPlaces(shape.w, shape.padLeft + shape.padRight, shape.kw,
                           shape.strideW, shape.dilationW);
  if (oh < 0 || ow < 0)
    return op->emitOpError("expected windows that fit in the padded input of ")
           << shape.h + shape.padTop + shape.padBottom << "x"
           << shape.w + shape.padLeft + shape.padRight << " places";
  if (oh != shape.oh || ow != shape.ow)
    return op->emitOpError("expected an output of ")
           << oh << "x" << ow << " places, got " << shape.oh << "x" << shape.ow;
  return success();
}
