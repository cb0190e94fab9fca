//===- BufferizableOpInterfaceImpl.cpp - Bufferization --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/OneDNN/Transforms/BufferizableOpInterfaceImpl.h"

#include "Prune/Dialect/Kernel/Transforms/DestinationModel.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::onednn;

void mlir::onednn::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, OneDNNDialect *) {
    kernel::attachDestinationModels<MatmulOp, ConvolutionOp,
                                    ConvolutionBackwardDataOp,
                                    ConvolutionBackwardWeightsOp>(context);
    context->loadDialect<memref::MemRefDialect>();
  });
}
