//===- BufferizableOpInterfaceImpl.cpp - Bufferization --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/Transforms/BufferizableOpInterfaceImpl.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/Kernel/Transforms/DestinationModel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::kernel;

void mlir::kernel::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, KernelDialect *) {
    kernel::attachDestinationModels<
        GeneratedOp, ReorderOp, SpmmOp, SddmmOp, LanePermuteOp, TransposeOp,
        SelectGroupsOp, SparseConvolutionOp, SparseConvolutionBackwardDataOp,
        SparseConvolutionBackwardWeightsOp, MaxPoolOp, MaxPoolBackwardOp,
        AveragePoolOp, AveragePoolBackwardOp>(context);
    context->loadDialect<memref::MemRefDialect>();
  });
}
