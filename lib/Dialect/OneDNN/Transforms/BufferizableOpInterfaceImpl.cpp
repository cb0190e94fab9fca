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
static bool isUsable(Operation *op, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (isa<WindowOpInterface>(op))
    return memref::isStaticShapeAndContiguousRowMajor(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// A new buffer of the shape of `buffer` with contiguous rows.
static FailureOr<Value> allocateLike(RewriterBase &rewriter, Location loc,
                                     Value buffer,
                                     const BufferizationOptions &options) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim)) {
      Value size = memref::DimOp::create(rewriter, loc, buffer, dim);
      sizes.push_back(size);
    }
  auto compressed =
      MemRefType::get(type.getShape(), type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  return options.createAlloc(rewriter, loc, compressed, sizes);
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
    SmallVector<Value> buffers, destinations, computed;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType())) {
        buffers.push_back(operand.get());
        continue;
      }
      FailureOr<Value> buffer =
          getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      bool isDestination = destinationStyle.isDpsInit(&operand);
      Value usable = *buffer;
      if (!isUsable(op, usable)) {
        FailureOr<Value> copy =
            allocateLike(rewriter, op->getLoc(), usable, options);
        if (failed(copy))
          return failure();
        if (!isDestination ||
            bufferizesToMemoryRead(op, operand, AnalysisState(options)))
          memref::CopyOp::create(rewriter, op->getLoc(), usable, *copy);
        usable = *copy;
      }
      if (isDestination) {
        destinations.push_back(*buffer);
        computed.push_back(usable);
      }
      buffers.push_back(usable);
    }
    Op::create(rewriter, op->getLoc(), TypeRange(), buffers, op->getAttrs());
    for (auto [from, to] : llvm::zip_equal(computed, destinations))
      if (from != to)
        memref::CopyOp::create(rewriter, op->getLoc(), from, to);
    replaceOpWithBufferizedValues(rewriter, op, destinations);
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
                 AveragePoolOp, AveragePoolBackwardOp, SddmmOp, SelectGroupsOp,
                 TransposeOp>(context);
    context->loadDialect<memref::MemRefDialect>();
  });
}
