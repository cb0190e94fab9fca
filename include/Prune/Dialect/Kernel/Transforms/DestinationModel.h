//===- DestinationModel.h - Bufferization in a destination ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_TRANSFORMS_DESTINATIONMODEL_H
#define PRUNE_DIALECT_KERNEL_TRANSFORMS_DESTINATIONMODEL_H

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::kernel {

/// Buffers of the operands of an operation: those that `isUsable` refuses are
/// copied.
struct DestinationBuffers {
  /// One for each operand; of scalars themselves.
  SmallVector<Value> operands;
  /// Where results belong, and where the operation computes them.
  SmallVector<Value> destinations, computed;
};

/// Gets the buffers in front of `op`. `readsDestination` says whether the
/// operation reads what its destinations hold.
FailureOr<DestinationBuffers>
getDestinationBuffers(Operation *op, RewriterBase &rewriter,
                      const bufferization::BufferizationOptions &options,
                      bufferization::BufferizationState &state,
                      bool readsDestination,
                      function_ref<bool(MemRefType)> isUsable);

/// Copies the results to where they belong, and replaces `op`.
void replaceWithDestinations(Operation *op, RewriterBase &rewriter,
                             const DestinationBuffers &buffers);

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_TRANSFORMS_DESTINATIONMODEL_H
