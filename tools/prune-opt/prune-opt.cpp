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

#include "Prune/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Debug.h"
#include "llvm/Support/PrettyStackTrace.h"

// The packaged LLVM is built without its own --debug-only.
static llvm::cl::list<std::string> debugOnly(
    "prune-debug-only", llvm::cl::CommaSeparated, llvm::cl::Hidden,
    llvm::cl::desc("Comma-separated debug types of our code to print"),
    llvm::cl::cb<void, std::string>([](const std::string &) {
      llvm::DebugFlag = true;
    }));

int main(int argc, char **argv) {
  llvm::setBugReportMsg("prune-opt crashed: please report this with the input "
                        "and the command.\n");
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  mlir::prune::registerAllDialects(registry);
  mlir::prune::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Pruning compiler driver\n", registry));
}
