//===- BufferizableOpInterfaceImpl.cpp - Bufferization --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations write their destination, read it only when they accumulate,
// and read all other operands. Their memref form needs rows of contiguous
// elements, or, where a window moves over images, no gaps at all: any other
// operand is copied into a buffer of its own, and a destination is computed in
// one and copied back.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/OneDNN/Transforms/BufferizableOpInterfaceImpl.h"

#include "Prune/Dialect/Kernel/Transforms/DestinationModel.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::onednn;

/// True for memory that an operation can work on.
static bool isUsable(Operation *op, MemRefType type) {
  if (isa<WindowOpInterface>(op))
    return memref::isStaticShapeAndContiguousRowMajor(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

namespace {

template <typename Op>
using GetAccumulate = decltype(std::declval<Op &>().getAccumulate());

/// Shared by all operations: each operand becomes its buffer.
template <typename Op>
struct OneDNNModel
    : public DstBufferizableOpInterfaceExternalModel<OneDNNModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    if (!cast<DestinationStyleOpInterface>(op).isDpsInit(&operand))
      return true;
    if constexpr (llvm::is_detected<GetAccumulate, Op>::value)
      return cast<Op>(op).getAccumulate();
    return false;
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto destinationStyle = cast<DestinationStyleOpInterface>(op);
    if (!destinationStyle.hasPureTensorSemantics())
      return success();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    bool readsDestination = bufferizesToMemoryRead(
        op, *destinationStyle.getDpsInitOperand(0), AnalysisState(options));
    FailureOr<kernel::DestinationBuffers> buffers =
        kernel::getDestinationBuffers(
            op, rewriter, options, state, readsDestination,
            [&](MemRefType type) { return isUsable(op, type); });
    if (failed(buffers))
      return failure();
    Op::create(rewriter, op->getLoc(), TypeRange(), buffers->operands,
               op->getAttrs());
    kernel::replaceWithDestinations(op, rewriter, *buffers);
    return success();
  }
};

template <typename... Ops>
void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<OneDNNModel<Ops>>(*context), ...);
}

} // namespace

void mlir::onednn::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, OneDNNDialect *) {
    attachModels<MatmulOp, SpmmOp, ConvolutionOp, ConvolutionBackwardDataOp,
                 ConvolutionBackwardWeightsOp, MaxPoolOp, MaxPoolBackwardOp,
                 AveragePoolOp, AveragePoolBackwardOp, LanePermuteOp, SddmmOp,
                 SelectGroupsOp, TransposeOp>(context);
    context->loadDialect<memref::MemRefDialect>();
  });
}
