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
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

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

/// True for memory that an operation can work on: without gaps where it moves
/// a window over images or was generated, else with rows of contiguous
/// elements.
bool isUsableBuffer(Operation *op, MemRefType type);

/// Bufferization of an operation that writes its destinations, reads them only
/// when it accumulates, and reads all other operands.
template <typename Op>
struct DestinationModel
    : bufferization::DstBufferizableOpInterfaceExternalModel<
          DestinationModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const bufferization::AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand) ||
           readsDestination(cast<Op>(op));
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    if (!cast<DestinationStyleOpInterface>(op).hasPureTensorSemantics())
      return success();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    FailureOr<DestinationBuffers> buffers = getDestinationBuffers(
        op, rewriter, options, state, readsDestination(cast<Op>(op)),
        [&](MemRefType type) { return isUsableBuffer(op, type); });
    if (failed(buffers))
      return failure();
    Op::create(rewriter, op->getLoc(), TypeRange(), buffers->operands,
               op->getAttrs());
    replaceWithDestinations(op, rewriter, *buffers);
    return success();
  }

private:
  template <typename Any>
  using GetAccumulate = decltype(std::declval<Any &>().getAccumulate());

  static bool readsDestination(Op op) {
    if constexpr (llvm::is_detected<GetAccumulate, Op>::value)
      return op.getAccumulate();
    return false;
  }
};

/// Gives each of the operations its model.
template <typename... Ops>
void attachDestinationModels(MLIRContext *context) {
  (Ops::template attachInterface<DestinationModel<Ops>>(*context), ...);
}

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_TRANSFORMS_DESTINATIONMODEL_H
