//===- BufferizableOpInterfaceImpl.cpp - Bufferization --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generated code computes in its destination and reads its input; memory
// without gaps is all that it can work on.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/Transforms/BufferizableOpInterfaceImpl.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/Kernel/Transforms/DestinationModel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::kernel;

static bool readsDestination(GeneratedOp op) { return op.getAccumulate(); }
static bool readsDestination(ReorderOp) { return false; }

namespace {

template <typename Op>
struct KernelModel
    : DstBufferizableOpInterfaceExternalModel<KernelModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<Op>(op).isDpsInit(&operand) || readsDestination(cast<Op>(op));
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto kernelOp = cast<Op>(op);
    if (!kernelOp.hasPureTensorSemantics())
      return success();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    FailureOr<DestinationBuffers> buffers = getDestinationBuffers(
        op, rewriter, options, state, readsDestination(kernelOp),
        memref::isStaticShapeAndContiguousRowMajor);
    if (failed(buffers))
      return failure();
    Op::create(rewriter, op->getLoc(), TypeRange(), buffers->operands,
               op->getAttrs());
    replaceWithDestinations(op, rewriter, *buffers);
    return success();
  }
};

} // namespace

void mlir::kernel::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, KernelDialect *) {
    GeneratedOp::attachInterface<KernelModel<GeneratedOp>>(*context);
    ReorderOp::attachInterface<KernelModel<ReorderOp>>(*context);
    context->loadDialect<memref::MemRefDialect>();
  });
}
