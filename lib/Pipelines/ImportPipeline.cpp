//===- ImportPipeline.cpp - Into the model form ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// prune-import-pipeline: from linalg on tensors, as torch-mlir writes a
// network, to the model form. Common subexpressions are not merged before
// parameters have their names: equal initial values are not one parameter.
//
//===----------------------------------------------------------------------===//

#include "Prune/Pipelines/ImportPipeline.h"

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::prune;

static void addAnnotateModel(OpPassManager &manager,
                             const ImportPipelineOptions &options) {
  AnnotateModelPassOptions mark;
  mark.function = options.function;
  mark.inputs.assign(options.inputs.begin(), options.inputs.end());
  mark.parameters.assign(options.parameters.begin(), options.parameters.end());
  mark.buffers.assign(options.buffers.begin(), options.buffers.end());
  mark.constants.assign(options.constants.begin(), options.constants.end());
  // Whose layer was not known when it had no values.
  mark.refineScales = options.bound;
  manager.addPass(createAnnotateModelPass(mark));
}

void mlir::prune::buildImportPipeline(OpPassManager &manager,
                                      const ImportPipelineOptions &options) {
  if (options.bound) {
    // What the first import could not evaluate without values.
    manager.addNestedPass<func::FuncOp>(createFoldReparametrizationsPass());
    // What was computed is read as it is; parameters keep their shape.
    CanonicalizeWeightsPassOptions weights;
    weights.keepOrder = true;
    manager.addNestedPass<func::FuncOp>(createCanonicalizeWeightsPass(weights));
    manager.addNestedPass<func::FuncOp>(createFuseBiasAddsPass());
    // The parts of what was evaluated.
    manager.addPass(createCanonicalizerPass());
    addAnnotateModel(manager, options);
    return;
  }
  // Frameworks write reshapes, casts and comparisons of extents that vanish
  // with static shapes; what is left of a body must be one operation for the
  // passes after.
  manager.addPass(createSimplifyImportsPass());
  manager.addPass(createCanonicalizerPass());
  // Places are computed from constants that the canonicalization has folded.
  manager.addPass(createSimplifyGathersPass());
  // Before anything else looks at element-wise operations.
  manager.addNestedPass<func::FuncOp>(createRecognizeBatchNormsPass());
  // Before weights are looked for.
  manager.addNestedPass<func::FuncOp>(createFoldReparametrizationsPass());
  // Transposes leave first, so that every weight is next to its contraction.
  manager.addNestedPass<func::FuncOp>(createCanonicalizeWeightsPass());
  manager.addNestedPass<func::FuncOp>(createFuseBiasAddsPass());
  // Fills and destinations that lost their users.
  manager.addPass(createCanonicalizerPass());
  addAnnotateModel(manager, options);
  // Parameters differ by their mark now.
  manager.addPass(createCSEPass());
}

void mlir::prune::registerImportPipeline() {
  PassPipelineRegistration<ImportPipelineOptions>(
      "prune-import-pipeline",
      "From linalg on tensors, as frameworks emit it, to the model form",
      buildImportPipeline);
}
