//===- DependentDialectsTest.cpp - Passes name the dialects they need -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A pass that creates an operation of a dialect that neither its input nor
// anything before it uses ends the process, unless it declares the dialect. The
// inputs of the regression tests mostly use all dialects already, so that a
// forgotten declaration shows nowhere. Here their pipelines run under an
// instrumentation that looks at each pass alone: an operation that was not
// there before must be of a dialect that the pass declares.
//
//===----------------------------------------------------------------------===//

#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"
#include "Prune/Support/PassStatistics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include "gtest/gtest.h"

#include <regex>

using namespace mlir;

static llvm::StringSet<> collectNames(Operation *root) {
  llvm::StringSet<> names;
  root->walk(
      [&](Operation *op) { names.insert(op->getName().getStringRef()); });
  return names;
}

namespace {

/// Notes operations that a pass created without a declaration of the dialect.
class DeclarationCheck : public PassInstrumentation {
public:
  explicit DeclarationCheck(llvm::StringSet<> &faults) : faults(faults) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    if (mlir::prune::isOurPass(pass->getArgument()))
      before = collectNames(op);
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    if (!mlir::prune::isOurPass(pass->getArgument()))
      return;
    DialectRegistry declared;
    pass->getDependentDialects(declared);
    auto names = declared.getDialectNames();
    for (const auto &entry : collectNames(op)) {
      StringRef name = entry.getKey();
      StringRef dialect = name.split('.').first;
      // There is a function wherever a pass of ours runs.
      bool isGiven = before.contains(name) || dialect == "func";
      if (!isGiven && !llvm::is_contained(names, dialect))
        faults.insert((pass->getArgument() + " creates " + name).str());
    }
  }

private:
  llvm::StringSet<> before;
  llvm::StringSet<> &faults;
};

} // namespace

/// The pipelines in the RUN lines of a test.
static std::vector<std::string> findPipelines(StringRef text) {
  static const std::regex expression(
      "pass-pipeline=(?:\"([^\"]*)\"|'([^']*)')");
  std::string whole = text.str();
  std::vector<std::string> pipelines;
  for (std::sregex_iterator it(whole.begin(), whole.end(), expression), end;
       it != end; ++it)
    pipelines.push_back((*it)[1].length() ? (*it)[1] : (*it)[2]);
  return pipelines;
}

namespace {

class DependentDialects : public testing::Test {
protected:
  DependentDialects() {
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    prune::registerAllDialects(registry);
  }

  static void SetUpTestSuite() {
    mlir::registerAllPasses();
    prune::registerAllPasses();
  }

  /// Runs one pipeline on one part of a test; what does not parse or fails is
  /// a matter of the test itself.
  void run(StringRef text, StringRef pipeline) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.allowUnregisteredDialects();
    ScopedDiagnosticHandler silence(&context, [](Diagnostic &) {});
    auto module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return;
    PassManager manager(&context);
    std::string message;
    llvm::raw_string_ostream stream(message);
    FailureOr<OpPassManager> parsed = parsePassPipeline(pipeline, stream);
    if (failed(parsed) || parsed->getOpAnchorName() != "builtin.module")
      return;
    static_cast<OpPassManager &>(manager) = std::move(*parsed);
    manager.addInstrumentation(std::make_unique<DeclarationCheck>(faults));
    numRuns += succeeded(manager.run(*module));
  }

  void runFile(StringRef path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(static_cast<bool>(buffer)) << path.str();
    StringRef text = (*buffer)->getBuffer();
    SmallVector<StringRef> parts;
    text.split(parts, "// -----");
    for (const std::string &pipeline : findPipelines(text))
      for (StringRef part : parts)
        run(part, pipeline);
  }

  DialectRegistry registry;
  llvm::StringSet<> faults;
  int64_t numRuns = 0;
};

TEST_F(DependentDialects, OfEachPassInTheRegressionTests) {
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator it(PRUNE_TEST_DIR, error),
       end;
       it != end && !error; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".mlir")
      runFile(it->path());
  for (const auto &fault : faults)
    ADD_FAILURE() << fault.getKey().str() << ", which it does not declare";
  EXPECT_GT(numRuns, 300);
}

} // namespace
