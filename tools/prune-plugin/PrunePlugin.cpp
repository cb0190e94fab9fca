//===- PrunePlugin.cpp - Our dialects and passes for stock mlir-opt -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loadable module that gives any tool built on the same libMLIR.so our
// dialects, interface models, passes and pipelines:
//
//   mlir-opt --load-dialect-plugin=PrunePlugin.so --pass-pipeline="..."
//
// Loading it as a dialect plugin registers the passes as well: the parser runs
// before a pass could load the dialect. Passes that come from a plugin have no
// flags of their own, only names in a textual pipeline.
//
//===----------------------------------------------------------------------===//

#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

extern "C" LLVM_ATTRIBUTE_WEAK
    LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::DialectPluginLibraryInfo
    mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Prune", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            mlir::prune::registerAllDialects(*registry);
            mlir::prune::registerAllPasses();
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK
    LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::PassPluginLibraryInfo
    mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "PrunePasses", LLVM_VERSION_STRING,
          [] { mlir::prune::registerAllPasses(); }};
}
