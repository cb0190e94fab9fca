//===- TestModule.h - Modules from text for unit tests ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_ANALYSIS_TESTMODULE_H
#define PRUNE_UNITTESTS_ANALYSIS_TESTMODULE_H

#include "Prune/InitAllDialects.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

namespace mlir::prune {

/// A module with all that our analyses know, parsed from text.
class TestModule {
public:
  explicit TestModule(llvm::StringRef text) {
    DialectRegistry registry;
    registry
        .insert<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                math::MathDialect, tensor::TensorDialect>();
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
  }

  func::FuncOp getFunction() { return *module->getOps<func::FuncOp>().begin(); }
  Block &getBlock() { return getFunction().getBody().front(); }

  /// Result of the operation at a position of the block.
  Value getResult(unsigned position) {
    return std::next(getBlock().begin(), position)->getResult(0);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

} // namespace mlir::prune

#endif // PRUNE_UNITTESTS_ANALYSIS_TESTMODULE_H
