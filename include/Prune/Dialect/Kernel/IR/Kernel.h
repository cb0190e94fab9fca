//===- Kernel.h - kernel dialect declarations -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNEL_H
#define PRUNE_DIALECT_KERNEL_IR_KERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Prune/Dialect/Kernel/IR/KernelDialect.h.inc"
#include "Prune/Dialect/Kernel/IR/KernelEnums.h.inc"

namespace mlir::kernel {

/// Positions in the shape of generated code, in the order of
/// `prune_rt_generated`.
enum GeneratedShape : unsigned {
  Images,
  Channels,
  Height,
  Width,
  OutImage,
  OutSize,
  OutWidth,
  TapRows,
  TapColumns,
  StrideH,
  StrideW,
  PadTop,
  PadLeft,
  Rows,
  Columns,
  Groups,
  InImage,
  InGroup,
  InColumns,
  InLead,
  InPlane,
  OutGroup,
  OutLead,
  OutPlane,
  OutEnd,
  OutColumns,
  OutPlace,
  Tiles,
  Weights,
  GeneratedShapeSize
};

/// Numbers of a panel, in the order of `prune_rt_panel`; the last ones are
/// pairs of 16 bits.
inline constexpr int64_t kPanelNumbers = 7;

/// Positions in the shape of a reordered image, in the order of
/// `PRUNE_RT_GRID_*`.
enum GridShape : unsigned {
  GridImages,
  GridChannels,
  GridHeight,
  GridWidth,
  GridColumns,
  GridLead,
  GridPlane,
  GridTogether,
  GridShapeSize
};

/// Extents of a convolution or pooling, and how its window moves over the
/// images. `c` and `f` are the channels of input and output over all groups.
struct WindowShape {
  int64_t n, c, h, w, f, oh, ow, kh, kw;
  int64_t strideH, strideW, dilationH, dilationW;
  int64_t padTop, padLeft, padBottom, padRight;
  int64_t groups;
  Layout layout;

  /// In the order of `prune_runtime.h`.
  SmallVector<int64_t> toArray() const;
};

/// The dimensions of channels, rows and columns of an image.
struct ImageDims {
  int64_t channel, row, column;
};
ImageDims getImageDims(Layout layout);

} // namespace mlir::kernel

#define GET_ATTRDEF_CLASSES
#include "Prune/Dialect/Kernel/IR/KernelAttributes.h.inc"

#include "Prune/Dialect/Kernel/IR/KernelInterfaces.h.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/Kernel/IR/KernelOps.h.inc"

namespace mlir::kernel {
/// The matrix of which `value` is computed as the transpose, or null.
Value getTransposedMatrix(Value value);

/// True when every element of the tensor is known to be zero.
bool isZero(Value value);
} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_IR_KERNEL_H
