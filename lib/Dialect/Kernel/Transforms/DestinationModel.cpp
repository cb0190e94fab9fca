//===- DestinationModel.cpp - Bufferization in a destination --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/Transforms/DestinationModel.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::kernel;

/// A new buffer of the shape of `buffer` without gaps.
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
  auto dense =
      MemRefType::get(type.getShape(), type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  return options.createAlloc(rewriter, loc, dense, sizes);
}

FailureOr<DestinationBuffers> mlir::kernel::getDestinationBuffers(
    Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
    BufferizationState &state, bool readsDestination,
    function_ref<bool(MemRefType)> isUsable) {
  auto destinationStyle = cast<DestinationStyleOpInterface>(op);
  DestinationBuffers result;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<TensorType>(operand.get().getType())) {
      result.operands.push_back(operand.get());
      continue;
    }
    FailureOr<Value> buffer =
        getBuffer(rewriter, operand.get(), options, state);
    if (failed(buffer))
      return failure();
    bool isDestination = destinationStyle.isDpsInit(&operand);
    Value usable = *buffer;
    if (!isUsable(cast<MemRefType>(usable.getType()))) {
      FailureOr<Value> copy =
          allocateLike(rewriter, op->getLoc(), usable, options);
      if (failed(copy))
        return failure();
      if (!isDestination || readsDestination)
        memref::CopyOp::create(rewriter, op->getLoc(), usable, *copy);
      usable = *copy;
    }
    if (isDestination) {
      result.destinations.push_back(*buffer);
      result.computed.push_back(usable);
    }
    result.operands.push_back(usable);
  }
  return result;
}

void mlir::kernel::replaceWithDestinations(Operation *op,
                                           RewriterBase &rewriter,
                                           const DestinationBuffers &buffers) {
  for (auto [from, to] :
       llvm::zip_equal(buffers.computed, buffers.destinations))
    if (from != to)
      memref::CopyOp::create(rewriter, op->getLoc(), from, to);
  replaceOpWithBufferizedValues(rewriter, op, buffers.destinations);
}

bool mlir::kernel::isUsableBuffer(Operation *op, MemRefType type) {
  if (isa<WindowOpInterface, GeneratedOp, ReorderOp>(op))
    return memref::isStaticShapeAndContiguousRowMajor(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}
