//===- Window.h - Shapes and checks of windows over images ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All operations that move a window describe themselves by one WindowShape, so
// that one verifier and one lowering serve them all.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_WINDOW_H
#define PRUNE_DIALECT_KERNEL_IR_WINDOW_H

#include "Prune/Dialect/Kernel/IR/Kernel.h"

namespace mlir::kernel {

inline ArrayRef<int64_t> getExtents(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

/// Describes an operation of the given input and output images.
template <typename Op>
WindowShape describeWindow(Op op, Value input, Value output,
                           ArrayRef<int64_t> window, int64_t groups) {
  ImageDims dims = getImageDims(op.getLayout());
  ArrayRef<int64_t> in = getExtents(input), out = getExtents(output);
  ArrayRef<int64_t> strides = op.getStrides(), dilations = op.getDilations();
  ArrayRef<int64_t> padding = op.getPadding();
  WindowShape shape;
  shape.n = in[0];
  shape.c = in[dims.channel];
  shape.h = in[dims.row];
  shape.w = in[dims.column];
  shape.f = out[dims.channel];
  shape.oh = out[dims.row];
  shape.ow = out[dims.column];
  shape.kh = window[0];
  shape.kw = window[1];
  shape.strideH = strides[0];
  shape.strideW = strides[1];
  shape.dilationH = dilations[0];
  shape.dilationW = dilations[1];
  shape.padTop = padding[0];
  shape.padLeft = padding[1];
  shape.padBottom = padding[2];
  shape.padRight = padding[3];
  shape.groups = groups;
  shape.layout = op.getLayout();
  return shape;
}

/// window_c1, window_c2. Emits an error and fails otherwise, as the next two.
LogicalResult verifyWindowKinds(DestinationStyleOpInterface op);

/// window_c4.
LogicalResult verifyWindowExtents(Operation *op, const WindowShape &shape,
                                  int64_t outputBatch);

/// window_c3, but for groups.
template <typename Op>
LogicalResult verifyWindowMovement(Op op) {
  auto isPositive = [](int64_t number) { return number > 0; };
  for (auto [name, numbers] : {std::pair("strides", op.getStrides()),
                               std::pair("dilations", op.getDilations())})
    if (numbers.size() != 2 || !llvm::all_of(numbers, isPositive))
      return op.emitOpError("expected two positive ")
             << name << ", got [" << numbers << "]";
  ArrayRef<int64_t> padding = op.getPadding();
  if (padding.size() != 4 ||
      !llvm::all_of(padding, [](int64_t number) { return number >= 0; }))
    return op.emitOpError("expected four numbers of padding that are not "
                          "negative, got [")
           << padding << "]";
  return success();
}

/// window_c4 of an operation with a window of its own, not a weight's.
template <typename Op>
LogicalResult verifyWindowSize(Op op) {
  ArrayRef<int64_t> window = op.getWindow();
  if (window.size() != 2 || window[0] <= 0 || window[1] <= 0)
    return op.emitOpError("expected a window of two positive extents, got [")
           << window << "]";
  return success();
}

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_IR_WINDOW_H
