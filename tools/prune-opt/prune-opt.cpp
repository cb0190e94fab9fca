//===- prune-opt.cpp - Driver of the passes -------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// mlir-opt with the prune and onednn dialects and our passes and pipelines; all
// of upstream is registered too, so that upstream passes run in one pipeline
// with ours.
//
//===----------------------------------------------------------------------===//

#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"
#include "Prune/Support/DebugOptions.h"
#include "Prune/Support/PassStatistics.h"
#include "Prune/Support/Renames.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/ToolOutputFile.h"

// The packaged LLVM is built without its report of the statistics of passes.
static llvm::cl::opt<bool> passStatistics(
    "prune-pass-statistics",
    llvm::cl::desc("Print the statistics of our passes to standard error"));

/// Runs the driver on one file, with our instrumentation beside what the
/// command line asks for.
static mlir::LogicalResult run(llvm::StringRef inputName,
                               llvm::StringRef outputName,
                               mlir::DialectRegistry &registry) {
  mlir::MlirOptMainConfig config =
      mlir::MlirOptMainConfig::createFromCLOptions();
  if (passStatistics)
    config.setPassPipelineSetupFn([base = config](mlir::PassManager &manager) {
      manager.addInstrumentation(
          mlir::prune::createPassStatisticsPrinter(llvm::errs()));
      return base.setupPassPipeline(manager);
    });
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> input =
      mlir::openInputFile(inputName, &message);
  std::unique_ptr<llvm::ToolOutputFile> output =
      input ? mlir::openOutputFile(outputName, &message) : nullptr;
  if (!output) {
    llvm::errs() << message << "\n";
    return mlir::failure();
  }
  if (failed(MlirOptMain(output->os(), std::move(input), registry, config)))
    return mlir::failure();
  output->keep();
  return mlir::success();
}

/// True, with an error, when a pipeline or the flag of a pass on the command
/// line has names that changed.
static bool hasOldNames(llvm::ArrayRef<char *> arguments) {
  bool isPipeline = false;
  for (llvm::StringRef argument : arguments) {
    llvm::StringRef flag = argument.ltrim('-').split('=').first;
    bool isFlag = argument.starts_with("-");
    bool isOurs = flag.starts_with("prune-") || flag.starts_with("convert-");
    std::string text;
    if (isPipeline || (isFlag && (isOurs || flag == "pass-pipeline")))
      text = mlir::prune::explainOldNames(argument);
    if (!text.empty()) {
      llvm::errs() << "error: " << text << "\n";
      return true;
    }
    isPipeline = isFlag && argument.ltrim('-') == "pass-pipeline";
  }
  return false;
}

int main(int argc, char **argv) {
  llvm::setBugReportMsg("prune-opt crashed: please report this with the input "
                        "and the command.\n");
  if (hasOldNames(llvm::ArrayRef(argv, argc).drop_front()))
    return 1;
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  mlir::prune::registerAllDialects(registry);
  mlir::prune::registerAllPasses();
  mlir::prune::registerDebugOptions();
  auto [inputName, outputName] = mlir::registerAndParseCLIOptions(
      argc, argv, "Pruning compiler driver\n", registry);
  // What only lists things needs no input; the stock driver does it.
  if (!passStatistics)
    return mlir::asMainReturnCode(
        mlir::MlirOptMain(argc, argv, inputName, outputName, registry));
  llvm::InitLLVM initialized(argc, argv);
  return mlir::asMainReturnCode(run(inputName, outputName, registry));
}
