//===- CompressPipeline.cpp - To a smaller network ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One builder function per form. The contract of each form is checked where it
// is reached, so that a broken step is reported where it broke.
//
//===----------------------------------------------------------------------===//

#include "Prune/Pipelines/CompressPipeline.h"

#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::prune;

using Strings = SmallVector<std::string>;

static Strings toStrings(ArrayRef<std::string> texts) {
  return Strings(texts.begin(), texts.end());
}

/// Alive: func, linalg, tensor, arith, math, prune.
static void addToScored(OpPassManager &manager, const MaskOptions &options) {
  // Closed gates prune whatever the rule says.
  manager.addPass(createFoldGatesPass());
  ScorePassOptions score;
  score.criterion = options.criterion;
  score.seed = options.seed;
  score.p = options.p;
  score.granularity = options.granularity;
  score.parameters = toStrings(options.parameters);
  score.ignore = toStrings(options.ignore);
  score.excludeEnds = options.excludeEnds;
  manager.addPass(createScorePass(score));
}

static void addToMasked(OpPassManager &manager, const MaskOptions &options) {
  SelectMasksPassOptions select;
  select.threshold = toStrings(options.threshold);
  select.stdFactor = toStrings(options.stdFactor);
  select.sparsity = toStrings(options.sparsity);
  select.scope = options.scope;
  select.cap = toStrings(options.cap);
  select.roundTo = options.roundTo;
  select.threads = options.selectThreads;
  select.allowEmpty = options.allowEmpty;
  manager.addPass(createSelectMasksPass(select));
  // What is chosen as a whole leaves as a whole.
  if (StringRef(options.granularity).starts_with("channel"))
    manager.addPass(createExtendMasksPass());
}

/// The masked form holds for what a granularity fits; a weight that it does not
/// fit was left alone, so only the chosen granularity that fits all is checked.
static void checkMasked(OpPassManager &manager, const MaskOptions &options) {
  if (options.granularity != "unstructured" || options.excludeEnds)
    return;
  VerifyMaskedPassOptions verify;
  verify.parameters = toStrings(options.parameters);
  verify.ignore = toStrings(options.ignore);
  manager.addPass(createVerifyMaskedPass(verify));
}

/// Alive: func, linalg, tensor, arith, math.
static void addToCompact(OpPassManager &manager,
                         const CompactOptions &options) {
  // Before neurons are removed: a constant that only the next bias needs to
  // take up is one addition then.
  if (options.foldBatchNorms)
    manager.addPass(createFoldBatchNormsPass());
  EliminateDeadNeuronsPassOptions elimination;
  elimination.recordKept = options.recordKept;
  elimination.composeKept = options.composeKept;
  elimination.foldBorders = options.foldBorders;
  elimination.finite = options.finite;
  manager.addPass(createEliminateDeadNeuronsPass(elimination));
  // Folded layers leave constants and empty tensors behind.
  manager.addPass(createCanonicalizerPass());
  VerifyCompactPassOptions verify;
  verify.finite = options.finite;
  manager.addPass(createVerifyCompactPass(verify));
}

void prune::buildMaskPipeline(OpPassManager &manager,
                              const MaskOptions &options) {
  addToScored(manager, options);
  addToMasked(manager, options);
  checkMasked(manager, options);
}

void prune::buildCompactPipeline(OpPassManager &manager,
                                 const CompactOptions &options) {
  manager.addPass(createFoldMasksPass());
  addToCompact(manager, options);
}

void prune::buildKernelPipeline(OpPassManager &manager,
                                const KernelPipelineOptions &options) {
  manager.addPass(createFoldBatchNormsPass());
  SelectKernelsPassOptions select;
  select.model = options.model;
  select.threads = options.threads;
  manager.addPass(createSelectKernelsPass(select));
}

void prune::buildCompressPipeline(OpPassManager &manager,
                                  const CompressPipelineOptions &options) {
  addToScored(manager, options);
  if (options.stopAfter == CompressForm::Scored)
    return;
  addToMasked(manager, options);
  checkMasked(manager, options);
  if (options.stopAfter == CompressForm::Masked)
    return;
  manager.addPass(createFoldMasksPass());
  if (options.stopAfter == CompressForm::Folded)
    return;
  addToCompact(manager, options);
}

void prune::registerCompressPipelines() {
  PassPipelineRegistration<MaskPipelineOptions>(
      "prune-mask-pipeline",
      "From the model form with values to the masked form", buildMaskPipeline);
  PassPipelineRegistration<CompactPipelineOptions>(
      "prune-compact-pipeline",
      "From the masked form to the compact form, dead neurons removed",
      buildCompactPipeline);
  PassPipelineRegistration<KernelPipelineOptions>(
      "prune-kernel-pipeline",
      "From the compact form to the kernel form, normalizations folded",
      buildKernelPipeline);
  PassPipelineRegistration<CompressPipelineOptions>(
      "prune-compress-pipeline",
      "Prune the weights of a network and remove the neurons that die, "
      "stoppable after any form",
      buildCompressPipeline);
}
