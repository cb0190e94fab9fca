//===- Effects.h - Memory effects of kernels --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_EFFECTS_H
#define PRUNE_DIALECT_KERNEL_IR_EFFECTS_H

#include "Prune/Dialect/Kernel/IR/Kernel.h"

namespace mlir::kernel {

/// Reads of memref inputs, and a read (when the old value counts) and write of
/// the memref destinations; an operation on tensors has no effects.
inline void
addEffects(DestinationStyleOpInterface op, bool readsDestination,
           SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
               &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isDestination = op.isDpsInit(&operand);
    if (!isDestination || readsDestination)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isDestination)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_IR_EFFECTS_H
