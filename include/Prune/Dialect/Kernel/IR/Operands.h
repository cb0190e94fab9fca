//===- Operands.h - Checks of operands of kernels ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_OPERANDS_H
#define PRUNE_DIALECT_KERNEL_IR_OPERANDS_H

#include "Prune/Dialect/Kernel/IR/Kernel.h"

namespace mlir::kernel {

/// spmm_c1, spmm_c3, and alike for other products: all tensors with one result,
/// or all contiguous-row memrefs with none. Emits an error and fails otherwise.
LogicalResult verifyOperandKinds(DestinationStyleOpInterface op);

/// True when two extents may be equal: one is dynamic or both are the same.
inline bool mayAgree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

inline int64_t getExtent(Value value, int64_t dim) {
  return cast<ShapedType>(value.getType()).getDimSize(dim);
}

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_IR_OPERANDS_H
