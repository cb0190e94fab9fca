//===- BytecodeVersionTest.cpp - Tests of versions of bytecode ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/IR/PruneBytecode.h"
#include "Prune/InitAllDialects.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

constexpr llvm::StringLiteral kPresent = R"mlir(
func.func @f(%w: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = "prune.compress"(%w) {pattern = dense<[1, 3]> : tensor<2xi32>} : (tensor<2x3xf32>) -> tensor<2xf32>
  %1 = "prune.decompress"(%0) {pattern = dense<[1, 3]> : tensor<2xi32>} : (tensor<2xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
})mlir";

/// The same before operations were renamed.
constexpr llvm::StringLiteral kOld = R"mlir(
func.func @f(%w: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = "prune.pack"(%w) {pattern = dense<[1, 3]> : tensor<2xi32>} : (tensor<2x3xf32>) -> tensor<2xf32>
  %1 = "prune.unpack"(%0) {pattern = dense<[1, 3]> : tensor<2xi32>} : (tensor<2xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
})mlir";

class BytecodeVersionTest : public ::testing::Test {
protected:
  BytecodeVersionTest() {
    DialectRegistry registry;
    registry.insert<func::FuncDialect>();
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  OwningOpRef<ModuleOp> parse(StringRef text, bool verify = true) {
    return parseSourceString<ModuleOp>(text, ParserConfig(&context, verify));
  }

  std::string write(StringRef text, std::optional<uint64_t> version) {
    // Nobody knows the old operations: they are not verified.
    OwningOpRef<ModuleOp> module = parse(text, /*verify=*/false);
    BytecodeWriterConfig config;
    if (version)
      config.setDialectVersion<PruneDialect>(
          std::make_unique<PruneVersion>(*version));
    std::string bytes;
    llvm::raw_string_ostream stream(bytes);
    EXPECT_TRUE(succeeded(writeBytecodeToFile(*module, stream, config)));
    return bytes;
  }

  static std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream(text) << module;
    return text;
  }

  MLIRContext context;
};

TEST_F(BytecodeVersionTest, PresentVersionIsReadAsItIs) {
  OwningOpRef<ModuleOp> module = parse(write(kPresent, std::nullopt));
  ASSERT_TRUE(module);
  EXPECT_EQ(print(*module), print(*parse(kPresent)));
}

TEST_F(BytecodeVersionTest, OldOperationsGetTheirPresentNames) {
  OwningOpRef<ModuleOp> module = parse(write(kOld, 0));
  ASSERT_TRUE(module);
  EXPECT_EQ(print(*module), print(*parse(kPresent)));
}

TEST_F(BytecodeVersionTest, NewerVersionsAreRefused) {
  std::string said;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    said += diagnostic.str() + "\n";
    return success();
  });
  EXPECT_FALSE(parse(write(kPresent, 2)));
  EXPECT_NE(said.find("version 2 of the prune dialect is newer than this "
                      "compiler, which reads versions up to 1"),
            std::string::npos)
      << said;
}

} // namespace
