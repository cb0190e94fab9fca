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
  Tiles,
  Weights,
  GeneratedShapeSize
};

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
  GridShapeSize
};

} // namespace mlir::kernel

#define GET_OP_CLASSES
#include "Prune/Dialect/Kernel/IR/KernelOps.h.inc"

#endif // PRUNE_DIALECT_KERNEL_IR_KERNEL_H
