//===- VerifyBufferizable.cpp - prune-verify-bufferizable -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"

#define DEBUG_TYPE "prune-verify-bufferizable"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYBUFFERIZABLEPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;

namespace {
struct VerifyBufferizable final
    : prune::impl::VerifyBufferizablePassBase<VerifyBufferizable> {
  void runOnOperation() override {
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if ((llvm::none_of(op->getOperandTypes(), isTensor) &&
           llvm::none_of(op->getResultTypes(), isTensor)) ||
          isa<bufferization::BufferizableOpInterface>(op))
        return WalkResult::advance();
      op->emitOpError("on tensors has no lowering to buffers: it can be "
                      "neither compiled nor run");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
